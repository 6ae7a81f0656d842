"""Mixes of music, speech and effects at 16 kHz, with the truth of every second."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from scorelens import media
from scorelens.albums.files import list_files
from scorelens.corpus.synthesis import composer, instruments, sounds
from scorelens.corpus.synthesis.demo_plan import GENRES
from scorelens.corpus.synthesis.recipes import draw_music
from scorelens.errors import MediaError

RATE_HZ = 16000
SEGMENT_S = 20
LEVELS_DB = (-35.0, -15.0)  # RMS of a segment against full scale
PAUSES_S = (0.15, 0.7)  # between phrases of speech
FRAME = RATE_HZ // 100
AUDIBLE_DB = -25.0  # against the RMS of a segment's music, or of a phrase
SNRS_DB = (10, 0, -10)
SPEECH, EFFECTS = "speech", "effects"
# Each: what is mixed; music over the rest, dB.
CONDITIONS: dict[str, tuple[tuple[str, ...], float | None]] = {
    "music": (("music",), None),
    **{f"music {snr:+d} dB, speech": (("music", SPEECH), snr) for snr in SNRS_DB},
    **{f"music {snr:+d} dB, effects": (("music", EFFECTS), snr) for snr in SNRS_DB},
    "speech": ((SPEECH,), None),
    "effects": ((EFFECTS,), None),
    "speech, effects": ((SPEECH, EFFECTS), None),
    "silence": ((), None),
}
Source = Callable[[np.random.Generator], np.ndarray]  # draws a mono clip, float32 (n,)


class Mix(NamedTuple):
    """A film: samples (n,), the condition of each second, and what sounds in it.

    music, speech: float64, 1 or 0 by the second; NaN where that is open (a pause, a fade).
    """

    samples: np.ndarray
    conditions: np.ndarray
    music: np.ndarray
    speech: np.ndarray


def make_mix(music: Source, speech: Source, effects: Source, rng: np.random.Generator) -> Mix:
    """One segment of each condition, in random order."""
    names = rng.permutation(list(CONDITIONS))
    parts = [_segment(CONDITIONS[name], music, speech, effects, rng) for name in names]
    samples, has_music, has_speech = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Mix(samples, np.repeat(names, SEGMENT_S), has_music, has_speech)


def files_of(folder: Path, half: int | None = None) -> list[str]:
    """The sound files of a folder and its subfolders; every other one for half 0 or 1."""
    paths = []
    for path in map(str, list_files(folder)):
        with contextlib.suppress(MediaError):
            media.probe(path)
            paths.append(path)
    return paths if half is None else paths[half::2]


def clips(paths: list[str]) -> Source:
    """Draw whole files."""
    cache: dict[str, np.ndarray] = {}

    def draw(rng: np.random.Generator) -> np.ndarray:
        path = paths[rng.integers(len(paths))]
        if path not in cache:
            cache[path] = media.read_audio(path, RATE_HZ)
        return cache[path]

    return draw


def excerpts(paths: list[str]) -> Source:
    """Draw audible excerpts of a segment's length."""

    def draw(rng: np.random.Generator) -> np.ndarray:
        while True:
            path = paths[rng.integers(len(paths))]
            start_s = rng.uniform(0, max(0.0, media.probe(path).duration_s - SEGMENT_S))
            part = media.read_audio(media.Sound(path, start_s, start_s + SEGMENT_S), RATE_HZ)
            if len(part) and rms(part) > 1e-3:
                return np.resize(part, SEGMENT_S * RATE_HZ)

    return draw


def composed() -> tuple[Source, Source, Source]:
    """Music, speech-like babble and effects as the demo has them."""

    def music(rng: np.random.Generator) -> np.ndarray:
        recipe = draw_music(GENRES[rng.integers(len(GENRES))], rng)
        notes = composer.compose(composer.draw_theme(rng), recipe, SEGMENT_S + 2.0, rng)
        wave = instruments.render(notes, recipe, rng)
        mono = wave if wave.ndim == 1 else wave.mean(1)
        positions = np.arange(SEGMENT_S * RATE_HZ) * instruments.MUSIC_RATE_HZ / RATE_HZ
        return np.interp(positions, np.arange(len(mono)), mono).astype(np.float32)

    return (
        music,
        lambda rng: sounds.babble(rng, RATE_HZ),
        lambda rng: sounds.effect(rng, RATE_HZ),
    )


def rms(sound: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(sound), dtype=np.float64)))


def _segment(condition, music: Source, speech: Source, effects: Source, rng):
    """Samples of a segment, and by the second whether music and speech sound."""
    kinds, snr_db = condition
    length = SEGMENT_S * RATE_HZ
    mix, rest = np.zeros(length, np.float32), np.zeros(length, np.float32)
    has_music, has_speech = np.zeros(SEGMENT_S), np.zeros(SEGMENT_S)
    if SPEECH in kinds:
        talk, has_speech = _talk(speech, length, rng)
        rest += talk
    if EFFECTS in kinds:
        rest += _row_of(effects, length, (0.0, 2.0), rng)[0] * rng.uniform(0.3, 1.0)
    if "music" in kinds:
        mix = music(rng)[:length].copy()
        has_music = _by_second(_is_audible(mix, rms(mix)))
        if snr_db is not None:
            mix *= 10 ** (snr_db / 20) * rms(rest) / rms(mix)
    mix = mix + rest
    level = 10 ** (rng.uniform(*LEVELS_DB) / 20) / max(rms(mix), 1e-9)
    mix = mix * min(level, 0.98 / max(np.abs(mix).max(), 1e-9)) if kinds else mix
    room = rng.standard_normal(length).astype(np.float32) * np.float32(10 ** (-65 / 20))
    return (mix + room).astype(np.float32), has_music, has_speech


def _talk(speech: Source, length: int, rng):
    talk, starts = _row_of(speech, length, PAUSES_S, rng)
    active = np.zeros(length // FRAME, bool)
    for start, end in starts:
        phrase = talk[start:end]
        active[start // FRAME : start // FRAME + len(phrase) // FRAME] |= _is_audible(
            phrase, rms(phrase)
        )
    return talk, _by_second(active)


def _row_of(source: Source, length: int, pauses_s: tuple[float, float], rng):
    """Clips at one level, one after the other, and where each lies."""
    row, spans, position = np.zeros(length, np.float32), [], 0
    while position < length:
        clip = source(rng)[: length - position]
        if rms(clip) > 0:
            row[position : position + len(clip)] = clip * (0.1 / rms(clip))
            spans.append((position, position + len(clip)))
        position += len(clip) + round(rng.uniform(*pauses_s) * RATE_HZ)
    return row, spans


def _is_audible(sound: np.ndarray, level: float) -> np.ndarray:
    """By frames of 10 ms."""
    frames = sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME)
    return np.sqrt((frames**2).mean(1)) > level * 10 ** (AUDIBLE_DB / 20)


def _by_second(active: np.ndarray) -> np.ndarray:
    """1 where half of a second or more is active, 0 where a tenth or less is, NaN between."""
    share = active[: SEGMENT_S * 100].reshape(SEGMENT_S, 100).mean(1)
    return np.where(share >= 0.5, 1.0, np.where(share <= 0.1, 0.0, np.nan))
