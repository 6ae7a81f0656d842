"""Synthesize speech-like babble and sound effects for the demo films, from formants and noise."""

import numpy as np
import soxr
from scipy import fft

_SPEECH_HZ = 16000
_STEP = 160  # samples between control points, 10 ms
_TOP_HZ = 4200  # voiced harmonics stop here

# First three formants of a man's vowels, Hz; those of a higher voice are higher.
_VOWELS = np.array(
    [(730, 1090, 2440), (530, 1840, 2480), (270, 2290, 3010), (570, 840, 2410), (300, 870, 2240)]
)
_BANDWIDTHS = np.array([80, 100, 140])
_GAINS = np.array([1.0, 0.6, 0.3])
_VOICES = ((105, 1.0), (125, 1.05), (195, 1.17), (225, 1.2))  # pitch in Hz, formant scale


def babble(rng: np.random.Generator, rate_hz: int) -> np.ndarray:
    """Synthesize a phrase of 0.6 to 3 s: syllables of gliding vowels, with consonants of noise.

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    rate_hz : int
        Sample rate of the clip, Hz.

    Returns
    -------
    ndarray of float32, shape (n,)
        Mono, peak 1.
    """
    pitch_hz, scale = _VOICES[rng.integers(len(_VOICES))]
    frames, vowels, voiced, hiss = _syllables(int(rng.integers(4, 14)), rng)
    melody = np.linspace(1.15, 0.85, frames) * (1 + 0.04 * rng.standard_normal(frames).cumsum() / 5)
    f0 = pitch_hz * np.clip(melody, 0.7, 1.5)
    speech = _voice(f0, vowels * scale, voiced) + 0.15 * _consonants(hiss, rng)
    return _resampled(speech, _SPEECH_HZ, rate_hz)


def effect(rng: np.random.Generator, rate_hz: int) -> np.ndarray:
    """Synthesize a sound effect: a door slam, an engine, a burst of noise or a whoosh.

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    rate_hz : int
        Sample rate of the clip, Hz.

    Returns
    -------
    ndarray of float32, shape (n,)
        Mono, peak 1.
    """
    make = (_slam, _engine, _burst, _whoosh)[rng.integers(4)]
    return _resampled(make(rng), _SPEECH_HZ, rate_hz)


def _syllables(count: int, rng):
    """Number of frames of 10 ms, and of each the formants (frames, 3), voicing and hiss, 0..1."""
    lengths = rng.integers(12, 26, count)
    targets = _VOWELS[rng.integers(len(_VOWELS), size=count)]
    onsets = np.concatenate([[0], np.cumsum(lengths)])
    frames = int(onsets[-1])
    centres = (onsets[:-1] + onsets[1:]) / 2
    time = np.arange(frames)
    vowels = np.stack([np.interp(time, centres, f) for f in targets.T], axis=1)
    voiced, hiss = np.zeros(frames), np.zeros(frames)
    for start, length in zip(onsets, lengths, strict=False):
        consonant = int(rng.integers(3, 9))
        hiss[start : start + consonant] = np.hanning(consonant) * rng.choice([0.2, 1.0])
        vowel = length - consonant
        voiced[start + consonant : start + length] = np.hanning(vowel) ** 0.4 * rng.uniform(0.6, 1)
    return frames, vowels, voiced, hiss


def _voice(f0: np.ndarray, formants: np.ndarray, voiced: np.ndarray) -> np.ndarray:
    """Harmonics of f0 (frames,), each with the level that the formants (frames, 3) give it."""
    k = np.arange(1, int(_TOP_HZ / f0.min()) + 1)
    hz = f0[:, None] * k
    distance = (hz[:, :, None] - formants[:, None, :]) / _BANDWIDTHS
    level = (_GAINS / (1 + distance**2)).sum(2) * voiced[:, None] / k**0.5 * (hz < _TOP_HZ)
    phase = np.cumsum(np.repeat(f0, _STEP)) * (2 * np.pi / _SPEECH_HZ)
    waves = np.sin(phase.astype(np.float32)[:, None] * k.astype(np.float32))
    return np.einsum("nk,nk->n", waves, _interpolated(level.astype(np.float32)))


def _consonants(hiss: np.ndarray, rng) -> np.ndarray:
    noise = np.diff(rng.standard_normal(len(hiss) * _STEP + 1, np.float32))
    return noise * _interpolated(hiss[:, None].astype(np.float32))[:, 0]


def _interpolated(control: np.ndarray) -> np.ndarray:
    """Control points (frames, k) as samples (frames * _STEP, k), by linear interpolation."""
    following = np.concatenate([control[1:], control[-1:]])
    weight = np.linspace(0, 1, _STEP, endpoint=False, dtype=np.float32)[None, :, None]
    samples = control[:, None, :] * (1 - weight) + following[:, None, :] * weight
    return samples.reshape(-1, control.shape[1])


def _slam(rng) -> np.ndarray:
    t = _times(rng.uniform(0.4, 0.9))
    thump = np.sin(2 * np.pi * rng.uniform(50, 90) * t) * np.exp(-t * 12)
    return thump + _noise(len(t), 100, 1800, rng) * np.exp(-t * 25)


def _engine(rng) -> np.ndarray:
    t = _times(rng.uniform(1.5, 4))
    revolutions = np.cumsum(np.linspace(1, rng.uniform(0.7, 1.6), len(t))) / _SPEECH_HZ
    cycle = (revolutions * rng.uniform(35, 70)) % 1
    motor = (2 * cycle - 1) * (0.7 + 0.3 * np.sin(2 * np.pi * 11 * t))
    return (motor + 0.5 * _noise(len(t), 80, 900, rng)) * np.hanning(len(t)) ** 0.25


def _burst(rng) -> np.ndarray:
    t = _times(rng.uniform(0.6, 2.0))
    return _noise(len(t), 60, rng.uniform(1500, 6000), rng) * np.exp(-t * rng.uniform(3, 8))


def _whoosh(rng) -> np.ndarray:
    t = _times(rng.uniform(0.5, 1.5))
    low = rng.uniform(300, 900)
    rise = np.linspace(0, 1, len(t))
    low_noise, high_noise = _noise(len(t), low, 2 * low, rng), _noise(len(t), 3 * low, 8 * low, rng)
    return (low_noise * (1 - rise) + high_noise * rise) * np.sin(np.pi * rise) ** 2


def _times(length_s: float) -> np.ndarray:
    return np.arange(round(length_s * _SPEECH_HZ), dtype=np.float32) / _SPEECH_HZ


def _noise(n: int, low_hz: float, high_hz: float, rng) -> np.ndarray:
    """Noise between two frequencies, RMS 1."""
    spectrum = fft.rfft(rng.standard_normal(n, np.float32))
    hz = fft.rfftfreq(n, 1 / _SPEECH_HZ)
    noise = fft.irfft(spectrum * ((hz >= low_hz) & (hz <= high_hz)), n)
    return noise / np.sqrt(np.mean(noise**2))


def _resampled(clip: np.ndarray, from_hz: int, to_hz: int) -> np.ndarray:
    clip = soxr.resample(clip.astype(np.float32), from_hz, to_hz, quality="HQ")
    return clip / np.abs(clip).max()
