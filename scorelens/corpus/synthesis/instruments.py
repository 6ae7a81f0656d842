"""Render a score as sound: wavetable voices, drums of noise and sines, noise and reverberation."""

import functools

import numpy as np
from scipy import fft

from scorelens.corpus.synthesis.composer import Note, Score, Stroke
from scorelens.corpus.synthesis.recipes import MusicRecipe

MUSIC_RATE_HZ = 24000
PEAK = 0.8
_TABLE = 2048
_VIBRATO_HZ = 5.3

# part: level, pan from left 0 to right 1, roll-off added to and attack times the recipe's
_PARTS = {
    "melody": (0.50, 0.42, 0.0, 1.0),
    "pad": (0.22, 0.60, 0.3, 2.0),
    "bass": (0.55, 0.50, 0.5, 0.5),
    "pulse": (0.32, 0.70, 0.0, 0.2),
    "cluster": (0.34, 0.30, 0.0, 1.5),
}


def render(score: Score, recipe: MusicRecipe, rng: np.random.Generator) -> np.ndarray:
    """Render a score as sound.

    Parameters
    ----------
    score : Score
        The notes.
    recipe : MusicRecipe
        How they are played.
    rng : Generator
        Source of randomness.

    Returns
    -------
    ndarray of float32, shape (n, 2)
        Stereo samples at `MUSIC_RATE_HZ`, peak 0.8.
    """
    n = round(score.length_s * MUSIC_RATE_HZ)
    music = np.zeros((2, n), np.float32)
    for name, notes in score.parts.items():
        level, pan, more_roll_off, slower = _PARTS[name]
        attack_s = max(0.004, recipe.attack * slower)
        roll_off = recipe.roll_off + more_roll_off
        part = _render_part(notes, n, recipe, roll_off, attack_s, name == "pad")
        music += _panned(part, level, pan)
    music += _panned(_render_drums(score.drums, n, rng), 0.9, 0.5)
    music += _noise(n, recipe, rng) * _rms(music)
    music = _with_swell(_with_reverberation(music, rng), recipe, rng)
    music *= PEAK / np.abs(music).max()
    return music.T


def _render_part(notes: list[Note], n: int, recipe, roll_off, attack_s, is_pad) -> np.ndarray:
    part = np.zeros(n + MUSIC_RATE_HZ * 8, np.float32)
    detune = 0.35 * recipe.dissonance if is_pad else 0.0  # semitones
    cached = functools.cache(lambda pitch, length: tone(pitch, length, recipe, roll_off, attack_s))
    for note in notes:
        at, length = round(note.onset_s * MUSIC_RATE_HZ), round(note.duration_s * MUSIC_RATE_HZ)
        for pitch in {note.pitch - detune / 2, note.pitch + detune / 2}:
            sound = cached(pitch, length)
            part[at : at + len(sound)] += np.float32(note.level) * sound
    return part[:n]


def tone(
    pitch: float, length: int, recipe: MusicRecipe, roll_off: float, attack_s: float
) -> np.ndarray:
    """Render one note, as loud as a sine of amplitude 1 while it is held.

    Parameters
    ----------
    pitch : float
        MIDI semitones.
    length : int
        Samples until the release, which comes on top.
    recipe : MusicRecipe
        Gives vibrato and legato.
    roll_off : float
        Harmonic k has amplitude ``k ** -roll_off``, up to 0.45 of the sample rate.
    attack_s : float
        Time to full level, s.

    Returns
    -------
    ndarray of float32, shape (n,)
    """
    hz = 440 * 2 ** ((pitch - 69) / 12)
    release = round((0.08 + 0.5 * attack_s) * MUSIC_RATE_HZ)
    t = np.arange(length + release, dtype=np.float32) / MUSIC_RATE_HZ
    vibrato = np.float32(hz * (2 ** (recipe.vibrato / 1200) - 1) / (2 * np.pi * _VIBRATO_HZ))
    cycles = np.float32(hz) * t
    if vibrato:
        cycles += vibrato * np.sin(np.float32(2 * np.pi * _VIBRATO_HZ) * t)
    table = _wave(round(roll_off, 3), min(40, int(0.45 * MUSIC_RATE_HZ / hz)))
    wave = table[(cycles * _TABLE).astype(np.int32) & (_TABLE - 1)]
    decay = np.exp(-t * np.float32(4 * (1 - recipe.legato))) if recipe.legato < 0.7 else 1
    return wave * _envelope(length, release, attack_s) * decay


def _envelope(length: int, release: int, attack_s: float) -> np.ndarray:
    envelope = np.ones(length + release, np.float32)
    attack = min(round(attack_s * MUSIC_RATE_HZ), length)
    envelope[:attack] = np.linspace(0, 1, attack, endpoint=False, dtype=np.float32)
    envelope[length:] = np.linspace(1, 0, release, dtype=np.float32) ** 2
    return envelope


@functools.lru_cache(maxsize=256)
def _wave(roll_off: float, harmonics: int) -> np.ndarray:
    """One cycle: harmonic k has amplitude k ** -roll_off, the RMS is that of a unit sine."""
    k = np.arange(1.0, harmonics + 1)
    spectrum = np.zeros(_TABLE // 2 + 1, complex)
    spectrum[1 : harmonics + 1] = -1j * k**-roll_off
    wave = fft.irfft(spectrum)
    return (wave / np.sqrt(2 * np.mean(wave**2))).astype(np.float32)


def _render_drums(strokes: list[Stroke], n: int, rng) -> np.ndarray:
    track = np.zeros(n + MUSIC_RATE_HZ, np.float32)
    kit = _drum_kit(rng)
    for stroke in strokes:
        at, sound = round(stroke.onset_s * MUSIC_RATE_HZ), kit[stroke.drum]
        track[at : at + len(sound)] += np.float32(stroke.level) * sound
    return track[:n]


def _drum_kit(rng) -> dict[str, np.ndarray]:
    t = np.arange(round(0.3 * MUSIC_RATE_HZ), dtype=np.float32) / MUSIC_RATE_HZ
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


def _noise(n: int, recipe, rng) -> np.ndarray:
    """Band noise around the melody's register, slowly modulated, for music of RMS 1."""
    size = fft.next_fast_len(n, real=True)
    hz = fft.rfftfreq(size, 1 / MUSIC_RATE_HZ).astype(np.float32)
    centre = 440 * 2 ** ((recipe.register - 57) / 12)
    shape = np.exp(-0.5 * (np.log2(np.maximum(hz, 1) / centre) / 0.9) ** 2).astype(np.float32)
    spectrum = rng.standard_normal((len(hz), 2), np.float32).view(np.complex64)[:, 0]
    noise = fft.irfft(spectrum * shape, size)[:n]
    modulation = 0.6 + 0.4 * np.sin(
        2 * np.pi * rng.uniform(0.08, 0.3) * np.arange(n) / MUSIC_RATE_HZ
    )
    noise = (noise * modulation).astype(np.float32)
    return recipe.noise / (1 - recipe.noise) * noise / _rms(noise)


def _with_reverberation(music: np.ndarray, rng) -> np.ndarray:
    """Add a reverberation of 1.1 s, independent on each side."""
    tail = round(1.1 * MUSIC_RATE_HZ)
    n = music.shape[1]
    size = fft.next_fast_len(n + tail, real=True)
    decay = np.exp(-6.9 * np.arange(tail, dtype=np.float32) / tail)
    response = rng.standard_normal((2, tail), np.float32) * decay * np.float32(0.012)
    wet = fft.irfft(fft.rfft(music, size) * fft.rfft(response, size), size)
    return music + wet[:, :n]


def _with_swell(music: np.ndarray, recipe, rng) -> np.ndarray:
    """Loudness that rises, falls or arches over the track by `recipe.swell` dB."""
    time = np.linspace(0, 1, music.shape[1], dtype=np.float32)
    curve = (time, 1 - time, np.sin(np.pi * time))[rng.integers(3)]
    music = music * 10 ** (np.float32(recipe.swell / 20) * (curve - 1))
    fade = round(1.2 * MUSIC_RATE_HZ)
    music[:, -fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    return music


def _panned(part: np.ndarray, level: float, pan: float) -> np.ndarray:
    angle = pan * np.pi / 2
    return np.array([[np.cos(angle)], [np.sin(angle)]], np.float32) * np.float32(level) * part


def _rms(x: np.ndarray) -> np.float32:
    return np.sqrt(np.mean(np.square(x), dtype=np.float64)).astype(np.float32)
