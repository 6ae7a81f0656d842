"""Treatments of music as signals: what loudspeakers, rooms, editors and machines do to it.

Sounds are float32 of shape (n, 2) at `RATE_HZ`. All random numbers come from the given generator.
"""

import subprocess

import imageio_ffmpeg
import numpy as np
import soxr
from scipy import fft, ndimage, signal

RATE_HZ = 44100
FLOOR = 1e-9  # of an RMS


def samples(seconds: float) -> int:
    return round(seconds * RATE_HZ)


def rms(sound: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(sound), dtype=np.float64))) if sound.size else 0.0


def fit(sound: np.ndarray, length: int) -> np.ndarray:
    """Cut a sound to a length, or add silence."""
    missing = max(0, length - len(sound))
    return np.pad(sound[:length], ((0, missing), (0, 0)))


def mono(sound: np.ndarray) -> np.ndarray:
    return np.repeat(sound.mean(axis=1, keepdims=True), 2, axis=1)


def left_only(sound: np.ndarray) -> np.ndarray:
    """The left channel, in both."""
    return np.repeat(sound[:, :1], 2, axis=1)


def side(sound: np.ndarray) -> np.ndarray:
    """Left minus right, in both channels: what sits in the centre is gone."""
    return np.repeat(sound[:, :1] - sound[:, 1:], 2, axis=1) / 2


def band(sound: np.ndarray, low_hz: float, high_hz: float, order: int = 4) -> np.ndarray:
    """Butterworth band-pass; a low edge of 0 makes it a low-pass."""
    edges, kind = ((low_hz, high_hz), "bandpass") if low_hz else (high_hz, "lowpass")
    sections = signal.butter(order, edges, kind, fs=RATE_HZ, output="sos")
    return signal.sosfilt(sections, sound, axis=0).astype(np.float32)


def tilted(sound: np.ndarray, db_per_octave: float) -> np.ndarray:
    """Change the level by so much an octave, around 1 kHz, from 40 Hz to 16 kHz."""
    length = fft.next_fast_len(len(sound), real=True)
    hz = np.clip(fft.rfftfreq(length, 1 / RATE_HZ), 40, 16000)
    gain = 10 ** (db_per_octave * np.log2(hz / 1000) / 20)
    spectrum = fft.rfft(sound, length, axis=0) * gain[:, None].astype(np.float32)
    return fft.irfft(spectrum, length, axis=0)[: len(sound)].astype(np.float32)


def room_response(
    decay_s: float, direct_db: float, high_hz: float, rng: np.random.Generator
) -> np.ndarray:
    """Impulse response of a room: the direct sound, then noise that decays by 60 dB in `decay_s`.

    direct_db: energy of the direct sound to that of the reverberation. high_hz: what the walls
    absorb above.
    """
    n = samples(1.1 * decay_s)
    tail = rng.standard_normal((n, 2), np.float32)
    tail *= (10 ** (-3 * np.arange(n) / samples(decay_s)))[:, None].astype(np.float32)
    tail[: samples(0.012)] = 0  # the first reflection
    tail = band(tail, 0, high_hz, order=1)
    tail *= np.float32(1 / max(np.sqrt(2) * rms(tail) * np.sqrt(n), FLOOR))
    tail[0] += 10 ** (direct_db / 20)
    return tail


def in_room(sound: np.ndarray, response: np.ndarray) -> np.ndarray:
    return signal.oaconvolve(sound, response, axes=0)[: len(sound)].astype(np.float32)


def hall(sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return in_room(sound, room_response(2.2, -3.0, 5000, rng))


def small_speaker(sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A small loudspeaker, heard from across a living room."""
    return in_room(band(mono(sound), 350, 6000, 2), room_response(0.45, -2.0, 6000, rng))


def next_room(sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Through a wall."""
    return band(in_room(mono(sound), room_response(0.6, -6.0, 4000, rng)), 0, 500, 2)


def radio(sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One channel of 300 to 3400 Hz, overdriven."""
    narrow = band(mono(sound), 300, 3400)
    return np.tanh(narrow * np.float32(1.5 / max(rms(narrow), FLOOR)))


def limited(sound: np.ndarray, above_rms_db: float = 2.0) -> np.ndarray:
    """A limiter whose threshold is so little above the RMS that it is always at work."""
    threshold = rms(sound) * 10 ** (above_rms_db / 20) + FLOOR
    peak = ndimage.maximum_filter1d(np.abs(sound).max(axis=1), samples(0.005))
    release = 1 - np.exp(-1 / samples(0.08))
    slow = signal.lfilter([release], [1, release - 1], peak)
    gain = threshold / np.maximum(threshold, np.maximum(slow, peak))
    smoothed = ndimage.uniform_filter1d(gain, samples(0.005)).astype(np.float32)
    return sound * smoothed[:, None]


def wow(sound: np.ndarray, depth: float, rate_hz: float) -> np.ndarray:
    """Speed that goes up and down by `depth` of itself, so many times a second."""
    swing = depth * RATE_HZ / (2 * np.pi * rate_hz)  # samples
    time = np.arange(len(sound))
    at = time + swing * np.sin(2 * np.pi * rate_hz * time / RATE_HZ)
    return np.stack([np.interp(at, time, channel) for channel in sound.T], 1).astype(np.float32)


def old_film(sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """An optical sound track: 100 to 5000 Hz, a wow of 0.3%, hiss 22 dB below, and crackle."""
    worn = band(wow(mono(sound), 0.003, 0.7), 100, 5000, 2)
    level = max(rms(worn), FLOOR)
    hiss = rng.standard_normal((len(sound), 1), np.float32) * np.float32(level * 10 ** (-22 / 20))
    crackle = np.zeros((len(sound), 1), np.float32)
    clicks = rng.integers(0, len(sound), len(sound) // samples(0.2))
    crackle[clicks, 0] = rng.standard_normal(len(clicks)).astype(np.float32) * np.float32(6 * level)
    return worn + hiss + band(crackle, 500, 6000, 2)


def played_at(sound: np.ndarray, speed: float) -> np.ndarray:
    """Play at another speed, pitch and all."""
    return soxr.resample(sound, RATE_HZ * speed, RATE_HZ)


def stretched(sound: np.ndarray, tempo: float = 1.0, semitones: float = 0.0) -> np.ndarray:
    """Change tempo and pitch apart, with the Rubber Band library in FFmpeg.

    Its default for transients detunes steady tones by up to 1%.
    """
    chain = f"rubberband=tempo={tempo!r}:pitch={2 ** (semitones / 12)!r}:transients=smooth"
    raw = ("-f", "f32le", "-ac", "2", "-ar", str(RATE_HZ))
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *raw, "-i", "-", "-af", chain]
    contiguous = np.ascontiguousarray(sound, np.float32)
    done = subprocess.run(
        [*command, *raw, "-"], input=contiguous.tobytes(), capture_output=True, check=True
    )
    shifted = np.frombuffer(done.stdout, np.float32).reshape(-1, 2)
    return fit(shifted, round(len(sound) / tempo))


def faded(sound: np.ndarray, in_s: float, out_s: float) -> np.ndarray:
    """Fade in and out, each over at most half of the sound."""
    rise, fall = (min(samples(s), len(sound) // 2) for s in (in_s, out_s))
    gain = np.ones(len(sound), np.float32)
    gain[:rise] = np.linspace(0, 1, rise, dtype=np.float32)
    gain[len(gain) - fall :] *= np.linspace(1, 0, fall, dtype=np.float32)
    return sound * gain[:, None]


def joined(first: np.ndarray, second: np.ndarray, overlap: int) -> np.ndarray:
    """Cross-fade two sounds at equal power."""
    rise = np.sqrt(np.linspace(0, 1, overlap, dtype=np.float32))[:, None]
    both = first[len(first) - overlap :] * rise[::-1] + second[:overlap] * rise
    return np.concatenate([first[: len(first) - overlap], both, second[overlap:]])


def chords(length: int, rng: np.random.Generator) -> np.ndarray:
    """Tones of 0.5 to 4 s, one to four of the tempered scale at once, as in a test signal."""
    parts, total = [], 0
    while total < length:
        n = samples(rng.uniform(0.5, 4))
        hz = 110 * 2 ** (rng.integers(0, 49, rng.integers(1, 5)) / 12)
        chord = np.sin(2 * np.pi * hz[:, None] * np.arange(n) / RATE_HZ).mean(axis=0)
        parts.append(faded(np.repeat(chord[:, None], 2, axis=1).astype(np.float32), 0.02, 0.02))
        total += n
    return np.concatenate(parts)[:length]
