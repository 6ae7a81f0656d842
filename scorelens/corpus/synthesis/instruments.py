"""Play a score: wavetable voices, drums of noise and sine, breath, and the room."""

import functools

import numpy as np
from scipy import fft

from scorelens.corpus.synthesis.composer import Note, Score, Stroke
from scorelens.corpus.synthesis.recipes import MusicRecipe

RATE_HZ = 24000
PEAK = 0.8
_TABLE = 2048
_VIBRATO_HZ = 5.3

# part: level, place from left 0 to right 1, roll-off and attack against the recipe's
_PARTS = {
    "melody": (0.50, 0.42, 0.0, 1.0),
    "pad": (0.22, 0.60, 0.3, 2.0),
    "bass": (0.55, 0.50, 0.5, 0.5),
    "pulse": (0.32, 0.70, 0.0, 0.2),
    "cluster": (0.34, 0.30, 0.0, 1.5),
}


def play(score: Score, recipe: MusicRecipe, rng: np.random.Generator) -> np.ndarray:
    """The sound of a score: float32 of shape (n, 2) at RATE_HZ, peak PEAK."""
    n = round(score.length_s * RATE_HZ)
    music = np.zeros((2, n), np.float32)
    for name, notes in score.parts.items():
        level, place, darker, slower = _PARTS[name]
        attack_s = max(0.004, recipe.attack * slower)
        part = _play_part(notes, n, recipe, recipe.roll_off + darker, attack_s, name == "pad")
        music += _panned(part, level, place)
    music += _panned(_play_drums(score.drums, n, rng), 0.9, 0.5)
    music += _breath(n, recipe, rng) * _rms(music)
    music = _swelled(_with_room(music, rng), recipe, rng)
    music *= PEAK / np.abs(music).max()
    return music.T


def _play_part(notes: list[Note], n: int, recipe, roll_off, attack_s, is_pad) -> np.ndarray:
    part = np.zeros(n + RATE_HZ * 8, np.float32)
    detune = 0.35 * recipe.dissonance if is_pad else 0.0  # semitones
    sound = functools.cache(lambda pitch, length: tone(pitch, length, recipe, roll_off, attack_s))
    for note in notes:
        at, length = round(note.onset_s * RATE_HZ), round(note.duration_s * RATE_HZ)
        for pitch in {note.pitch - detune / 2, note.pitch + detune / 2}:
            sounding = sound(pitch, length)
            part[at : at + len(sounding)] += np.float32(note.level) * sounding
    return part[:n]


def tone(
    pitch: float, length: int, recipe: MusicRecipe, roll_off: float, attack_s: float
) -> np.ndarray:
    """One note, float32 of shape (n,), as loud as a sine of amplitude 1 while it is held.

    pitch: MIDI semitones. length: samples until it is let go; the release comes on top.
    Harmonic k has amplitude k ** -roll_off, up to 0.45 of the rate. attack_s: s to full level.
    """
    hz = 440 * 2 ** ((pitch - 69) / 12)
    release = round((0.08 + 0.5 * attack_s) * RATE_HZ)
    t = np.arange(length + release, dtype=np.float32) / RATE_HZ
    swing = np.float32(hz * (2 ** (recipe.vibrato / 1200) - 1) / (2 * np.pi * _VIBRATO_HZ))
    cycles = np.float32(hz) * t
    if swing:
        cycles += swing * np.sin(np.float32(2 * np.pi * _VIBRATO_HZ) * t)
    table = _wave(round(roll_off, 3), min(40, int(0.45 * RATE_HZ / hz)))
    wave = table[(cycles * _TABLE).astype(np.int32) & (_TABLE - 1)]
    plucked = np.exp(-t * np.float32(4 * (1 - recipe.legato))) if recipe.legato < 0.7 else 1
    return wave * _envelope(length, release, attack_s) * plucked


def _envelope(length: int, release: int, attack_s: float) -> np.ndarray:
    envelope = np.ones(length + release, np.float32)
    attack = min(round(attack_s * RATE_HZ), length)
    envelope[:attack] = np.linspace(0, 1, attack, endpoint=False, dtype=np.float32)
    envelope[length:] = np.linspace(1, 0, release, dtype=np.float32) ** 2
    return envelope


@functools.lru_cache(maxsize=256)
def _wave(roll_off: float, harmonics: int) -> np.ndarray:
    """One cycle of a sum of sines, harmonic k with amplitude k ** -roll_off, RMS of a unit sine."""
    k = np.arange(1.0, harmonics + 1)
    spectrum = np.zeros(_TABLE // 2 + 1, complex)
    spectrum[1 : harmonics + 1] = -1j * k**-roll_off
    wave = fft.irfft(spectrum)
    return (wave / np.sqrt(2 * np.mean(wave**2))).astype(np.float32)


def _play_drums(strokes: list[Stroke], n: int, rng) -> np.ndarray:
    track = np.zeros(n + RATE_HZ, np.float32)
    kit = _drum_kit(rng)
    for stroke in strokes:
        at, sound = round(stroke.onset_s * RATE_HZ), kit[stroke.drum]
        track[at : at + len(sound)] += np.float32(stroke.level) * sound
    return track[:n]


def _drum_kit(rng) -> dict[str, np.ndarray]:
    t = np.arange(round(0.3 * RATE_HZ), dtype=np.float32) / RATE_HZ
    noise = rng.standard_normal(len(t), np.float32)
    low = rng.uniform(45, 65)
    kick = np.sin(2 * np.pi * (low * t + 4 * (1 - np.exp(-t * 30)))) * np.exp(-t * 14)
    snare = (0.5 * noise + np.sin(2 * np.pi * 190 * t)) * np.exp(-t * 22)
    hat = np.diff(noise, append=0) * np.exp(-t * 60)
    return {
        "kick": kick.astype(np.float32),
        "snare": (0.5 * snare).astype(np.float32),
        "hat": (0.18 * hat).astype(np.float32),
    }


def _breath(n: int, recipe, rng) -> np.ndarray:
    """Band noise round the melody's register that comes and goes, for music of RMS 1."""
    size = fft.next_fast_len(n, real=True)
    hz = fft.rfftfreq(size, 1 / RATE_HZ).astype(np.float32)
    centre = 440 * 2 ** ((recipe.register - 57) / 12)
    shape = np.exp(-0.5 * (np.log2(np.maximum(hz, 1) / centre) / 0.9) ** 2).astype(np.float32)
    noise = rng.standard_normal((len(hz), 2), np.float32).view(np.complex64)[:, 0]
    wind = fft.irfft(noise * shape, size)[:n]
    tide = 0.6 + 0.4 * np.sin(2 * np.pi * rng.uniform(0.08, 0.3) * np.arange(n) / RATE_HZ)
    wind = (wind * tide).astype(np.float32)
    return recipe.breath / (1 - recipe.breath) * wind / _rms(wind)


def _with_room(music: np.ndarray, rng) -> np.ndarray:
    """Add a reverberation of 1.1 s, its own on each side."""
    tail = round(1.1 * RATE_HZ)
    n = music.shape[1]
    size = fft.next_fast_len(n + tail, real=True)
    decay = np.exp(-6.9 * np.arange(tail, dtype=np.float32) / tail)
    room = rng.standard_normal((2, tail), np.float32) * decay * np.float32(0.012)
    wet = fft.irfft(fft.rfft(music, size) * fft.rfft(room, size), size)
    return music + wet[:, :n]


def _swelled(music: np.ndarray, recipe, rng) -> np.ndarray:
    """Loudness that rises, falls or arches over the track, `recipe.swell` dB from low to high."""
    place = np.linspace(0, 1, music.shape[1], dtype=np.float32)
    curve = (place, 1 - place, np.sin(np.pi * place))[rng.integers(3)]
    music = music * 10 ** (np.float32(recipe.swell / 20) * (curve - 1))
    fade = round(1.2 * RATE_HZ)
    music[:, -fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    return music


def _panned(part: np.ndarray, level: float, place: float) -> np.ndarray:
    angle = place * np.pi / 2
    return np.array([[np.cos(angle)], [np.sin(angle)]], np.float32) * np.float32(level) * part


def _rms(x: np.ndarray) -> np.float32:
    return np.sqrt(np.mean(np.square(x), dtype=np.float64)).astype(np.float32)
