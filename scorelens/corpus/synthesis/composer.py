"""Compose film music by rule: an album shares key, motif and chords, each track has its own recipe.

A score has notes for five parts (melody, pad, bass, pulse, cluster) and drum strokes. `instruments`
renders it as sound.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from scorelens.corpus.synthesis.recipes import MusicRecipe

MAJOR = (0, 2, 4, 5, 7, 9, 11)
MINOR = (0, 2, 3, 5, 7, 8, 11)
LYDIAN = (0, 2, 4, 6, 7, 9, 11)
TRIAD = (0, 2, 4)
SUSPENDED = (0, 1, 4)  # without a third, neither major nor minor; the chord of the lydian mode

_PROGRESSIONS = {
    MAJOR: ((0, 4, 5, 3), (0, 5, 3, 4), (0, 3, 1, 4), (0, 2, 3, 4)),
    MINOR: ((0, 5, 3, 4), (0, 3, 4, 0), (0, 5, 1, 4), (0, 3, 5, 4)),
    LYDIAN: ((0, 1, 0, 4), (0, 1, 5, 1), (0, 4, 1, 5), (0, 2, 1, 4)),
}
_BEATS = 4  # in a bar
_RHYTHMS = (
    (1, 1, 2),
    (1.5, 0.5, 2),
    (2, 1, 1),
    (1, 1, 1, 1),
    (3, 1),
    (0.5, 0.5, 1, 2),
    (1.5, 1.5, 1),
)


class Note(NamedTuple):
    """A note: onset and duration, s; pitch, MIDI semitones; level, 0..1."""

    onset_s: float
    duration_s: float
    pitch: float
    level: float


class Stroke(NamedTuple):
    """A drum stroke: onset, s; drum, `kick`, `snare` or `hat`; level, 0..1."""

    onset_s: float
    drum: str
    level: float


@dataclass(frozen=True)
class Theme:
    """What the tracks of an album share.

    Parameters
    ----------
    tonic : int
        Pitch class, 0..11.
    motif : tuple of (int, float)
        Scale step from the chord and length in beats of each note, over two bars.
    progression : int
        Number of the mode's chord progression, 0..3.
    """

    tonic: int
    motif: tuple[tuple[int, float], ...]
    progression: int


@dataclass(frozen=True)
class Score:
    """A composed track.

    Parameters
    ----------
    length_s : float
        Its duration, s.
    parts : dict of str to list of Note
        Notes of each part; times in s.
    drums : list of Stroke
        Drum strokes.
    """

    length_s: float
    parts: dict[str, list[Note]]
    drums: list[Stroke]


def draw_theme(rng: np.random.Generator) -> Theme:
    """Draw the key, motif and chord progression of an album.

    Parameters
    ----------
    rng : Generator
        Source of randomness.

    Returns
    -------
    Theme
    """
    return Theme(int(rng.integers(12)), _phrase(rng), int(rng.integers(4)))


def compose(theme: Theme, recipe: MusicRecipe, length_s: float, rng: np.random.Generator) -> Score:
    """Compose one track.

    Parameters
    ----------
    theme : Theme
        Of the album.
    recipe : MusicRecipe
        Of the track.
    length_s : float
        Its duration, s. A track has whole bars, so it is up to half a bar longer or shorter.
    rng : Generator
        Source of randomness.

    Returns
    -------
    Score
    """
    beat_s = 60 / recipe.tempo
    bars = max(4, round(length_s / (_BEATS * beat_s)))
    scale = _draw_scale(recipe, rng)
    roots = _chord_roots(theme, scale, recipe, bars, rng)
    times_s = _bar_times(bars, _BEATS * beat_s, recipe, rng)
    parts = {
        "melody": _melody(theme, scale, roots, recipe, rng),
        "pad": _pad(theme, scale, roots, recipe, rng),
        "bass": _bass(theme, scale, roots, recipe),
        "pulse": _pulse(theme, scale, roots, recipe, rng),
        "cluster": _cluster(theme, scale, roots, recipe, rng),
    }
    return Score(
        length_s=times_s[-1] + 1.5,  # room for the last notes to fade
        parts={k: _timed_notes(notes, times_s, beat_s, rng) for k, notes in parts.items()},
        drums=_timed_strokes(_drums(bars, recipe, rng), times_s, rng),
    )


def _draw_scale(recipe: MusicRecipe, rng) -> tuple[int, ...]:
    draw = rng.random()
    if draw < recipe.minor:
        return MINOR
    return LYDIAN if draw < recipe.minor + recipe.lydian else MAJOR


def _chord_roots(theme, scale, recipe, bars: int, rng) -> np.ndarray:
    """The scale step of each bar's chord. Fast music holds a chord for two bars."""
    # On average every other progression of four chords is the album's.
    hold = 1 if recipe.tempo < 100 else 2
    progressions = _PROGRESSIONS[scale]
    chosen = [
        progressions[theme.progression if rng.random() < 0.5 else rng.integers(len(progressions))]
        for _ in range(0, bars, 4 * hold)
    ]
    return np.repeat(np.concatenate(chosen), hold)[:bars]


def _bar_times(bars: int, bar_s: float, recipe, rng) -> np.ndarray:
    """Start of each bar and end of the last one, s. A strong pulse makes the tempo steady."""
    drift = 0.005 + 0.025 * (1 - recipe.pulse)
    lengths = bar_s * np.clip(1 + drift * rng.standard_normal(bars), 0.9, 1.1)
    return np.concatenate([[0], np.cumsum(lengths)])


def _pitch(theme, scale, step: int, centre: float) -> float:
    """MIDI pitch of a scale step, its octave such that step 0 lies within a tritone of `centre`."""
    octave, degree = divmod(int(step), len(scale))
    low = theme.tonic + 12 * round((centre - theme.tonic) / 12)
    return low + 12 * octave + scale[degree]


def _chord(scale) -> tuple[int, ...]:
    return SUSPENDED if scale is LYDIAN else TRIAD


def _phrase(rng) -> tuple[tuple[int, float], ...]:
    """Two bars of melody: mostly steps of one or two, sometimes leaps."""
    beats = [b for _ in range(2) for b in _RHYTHMS[rng.integers(len(_RHYTHMS))]]
    moves = rng.choice([-4, -2, -1, -1, 1, 1, 2, 3], size=len(beats))
    steps = np.clip(np.cumsum(moves) - moves[0], -5, 7)
    return tuple(zip(steps.tolist(), beats, strict=True))


def _melody(theme, scale, roots, recipe, rng) -> list[Note]:
    """The album's motif and a second phrase, half as fast in fast tracks with a weak pulse."""
    stretch = 2 if recipe.tempo > 110 and recipe.pulse < 0.75 else 1
    second, notes, bar = _phrase(rng), [], 0
    while bar + 2 * stretch <= len(roots):
        kind = rng.choice(["motif", "inversion", "second", "rest"], p=[0.4, 0.2, 0.3, 0.1])
        phrase = {"motif": theme.motif, "second": second, "rest": ()}.get(kind, theme.motif)
        sign = -1 if kind == "inversion" else 1
        beat = bar * _BEATS
        for step, beats in phrase:
            root = roots[min(int(beat // _BEATS), len(roots) - 1)]
            pitch = _pitch(theme, scale, root + sign * step, recipe.register)
            pitch += int(rng.random() < recipe.dissonance / 3)
            length = beats * stretch * (recipe.legato if beats < 3 else max(recipe.legato, 0.6))
            notes.append(Note(beat, length, pitch, rng.uniform(0.7, 1.0)))
            beat += beats * stretch
        bar += 2 * stretch
    return notes


def _pad(theme, scale, roots, recipe, rng) -> list[Note]:
    """One held chord a bar, in a random inversion."""
    chord, notes = _chord(scale), []
    for bar, root in enumerate(roots):
        inversion = rng.integers(len(chord))
        for number, step in enumerate(chord):
            pitch = _pitch(theme, scale, root + step, recipe.register - 9)
            raised = 12 if number < inversion else 0
            notes.append(Note(bar * _BEATS, _BEATS * 1.02, pitch + raised, 0.5))
    return notes


def _bass(theme, scale, roots, recipe) -> list[Note]:
    """Held roots; quavers where the pulse is strong."""
    gap = 0.5 if recipe.pulse > 0.7 else 2 if recipe.pulse > 0.45 else 4
    length, centre = gap * max(recipe.legato, 0.5), max(34, recipe.register - 27)
    beats = np.arange(0, len(roots) * _BEATS, gap).tolist()
    steps = [roots[int(beat // _BEATS)] for beat in beats]
    return [
        Note(beat, length, _pitch(theme, scale, step, centre), 0.9)
        for beat, step in zip(beats, steps, strict=True)
    ]


def _pulse(theme, scale, roots, recipe, rng) -> list[Note]:
    """A broken chord in crotchets, quavers or semiquavers; a new pattern every four bars."""
    if recipe.pulse < 0.2:
        return []
    gap = 0.25 if recipe.pulse > 0.85 and recipe.tempo < 130 else 0.5 if recipe.pulse > 0.4 else 1
    per_bar = int(_BEATS / gap)
    sections = len(roots) // 4 + 1
    steps = rng.choice([*_chord(scale), 7], size=(sections, per_bar))
    played = rng.random((sections, per_bar)) < 0.5 + recipe.pulse / 2
    accents = np.where(np.arange(per_bar) % 2, 0.6, 1.0) * recipe.pulse
    notes = []
    for bar, root in enumerate(roots):
        for i in np.flatnonzero(played[bar // 4]):
            pitch = _pitch(theme, scale, root + steps[bar // 4, i], recipe.register - 3)
            notes.append(Note(bar * _BEATS + i * gap, gap * 0.8, pitch, accents[i]))
    return notes


def _cluster(theme, scale, roots, recipe, rng) -> list[Note]:
    """Held foreign tones, a semitone or tritone from the chord's root."""
    foreign = rng.random(len(roots)) < recipe.dissonance
    return [
        Note(
            bar * _BEATS,
            _BEATS,
            _pitch(theme, scale, roots[bar], recipe.register - 4) + rng.choice([-1, 1, 6]),
            rng.uniform(0.4, 0.8),
        )
        for bar in np.flatnonzero(foreign)
    ]


def _drums(bars: int, recipe, rng) -> list[Stroke]:
    """A pattern of one bar, repeated with small changes. Very soft drums are left out."""
    if recipe.drums < 0.1:
        return []
    beats = np.arange(0, _BEATS, 0.5)
    probabilities = {
        "kick": np.where(beats % 2 == 0, 1.0, 0.3),
        "snare": np.where(beats % 2 == 1, 0.9, 0.1),
        "hat": np.full(len(beats), recipe.pulse),
    }
    played = {drum: rng.random(len(beats)) < p for drum, p in probabilities.items()}
    strokes = []
    for bar in range(bars):
        for drum, mask in played.items():
            varied = mask ^ (rng.random(len(beats)) < 0.06)
            levels = recipe.drums * rng.uniform(0.7, 1.0, len(beats))
            strokes += [
                Stroke(bar * _BEATS + beats[i], drum, levels[i]) for i in np.flatnonzero(varied)
            ]
    return strokes


def _onsets(events: list, times_s: np.ndarray, rng) -> list[float]:
    """Onsets in s, from beats and the bars' times, with a jitter of up to 10 ms."""
    beats = np.array([event.onset_s for event in events])
    onsets = np.interp(beats / _BEATS, np.arange(len(times_s)), times_s)
    return np.maximum(0, onsets + rng.uniform(-0.01, 0.01, len(events))).tolist()


def _timed_notes(notes: list[Note], times_s: np.ndarray, beat_s: float, rng) -> list[Note]:
    onsets = _onsets(notes, times_s, rng)
    return [
        note._replace(onset_s=onset, duration_s=note.duration_s * beat_s)
        for note, onset in zip(notes, onsets, strict=True)
    ]


def _timed_strokes(strokes: list[Stroke], times_s: np.ndarray, rng) -> list[Stroke]:
    onsets = _onsets(strokes, times_s, rng)
    return [s._replace(onset_s=onset) for s, onset in zip(strokes, onsets, strict=True)]
