"""Other renditions of composed tracks: the same notes in another key, tempo and instrumentation."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from scorelens.corpus import GENRES, MUSIC_RATE_HZ, Score, draw_music, render

from .albums import Track, compose_track
from .plan import Cue
from .signals import fit, samples
from .treatments import Make, Span, Take, part

TEMPO = (0.85, 1.18)
SEMITONES = range(-5, 7)
OPTIONAL_PARTS = ("pad", "bass", "pulse", "cluster")  # one of them may be left out


@dataclass(frozen=True)
class Rendition:
    """A rendition of a track: its sound, its tempo against the track's, and its transposition."""

    sound: Track
    tempo: float
    semitones: int


def compose_renditions(
    folder: Path, albums: int, tracks: int, track_s: float, seed: int
) -> dict[str, Rendition]:
    """Render every track of `albums.compose_albums` anew, by its track_id in the benchmarks."""
    folder.mkdir(parents=True, exist_ok=True)
    return {
        f"album_{album}_track_{track}": _rendition(folder, album, track, track_s, seed)
        for album in range(albums)
        for track in range(tracks)
    }


def _rendition(folder: Path, album: int, track: int, track_s: float, seed: int) -> Rendition:
    """Play a track with the recipe of a random genre, in half the cases without a part or drums."""
    score, _ = compose_track(seed, album, track_s, np.random.default_rng([seed, album, track]))
    rng = np.random.default_rng([seed, album, track, 1])
    tempo = float(np.exp(rng.uniform(*np.log(TEMPO))))
    semitones = int(rng.choice(SEMITONES))
    recipe = draw_music(GENRES[rng.integers(len(GENRES))], rng)
    omitted = str(rng.choice(OPTIONAL_PARTS)) if rng.random() < 0.5 else ""
    has_drums = rng.random() < 0.5
    path = folder / f"album_{album}_track_{track}.flac"
    if not path.exists():
        changed = rearranged(score, tempo, semitones, omitted, has_drums)
        soundfile.write(path, render(changed, recipe, rng), MUSIC_RATE_HZ)
    return Rendition(Track(str(path), 0.0, soundfile.info(path).duration), tempo, semitones)


def rearranged(score: Score, tempo: float, semitones: int, omitted: str, has_drums: bool) -> Score:
    """A score in another tempo and key, without a part or drums."""
    parts = {
        name: [
            note._replace(
                onset_s=note.onset_s / tempo,
                duration_s=note.duration_s / tempo,
                pitch=note.pitch + semitones,
            )
            for note in notes
        ]
        for name, notes in score.parts.items()
        if name != omitted
    }
    strokes = [stroke._replace(onset_s=stroke.onset_s / tempo) for stroke in score.drums]
    return Score(score.length_s / tempo, parts, strokes if has_drums else [])


def other_rendition(renditions: Mapping[str, Rendition]) -> Make:
    """Play another rendition of the track of a cue; a decoy is that of a track of another album."""

    def make(cue: Cue, sounds: Mapping[str, Track], rng: np.random.Generator) -> Take:
        rendition = renditions[cue.track_id]
        music, start_s = part(cue, rendition.sound, cue.length_s)
        length = samples(cue.length_s)
        place = (start_s * rendition.tempo, rendition.tempo, rendition.semitones)
        return Take(fit(music, length), [Span(cue.track_id, 0, length, *place)])

    return make
