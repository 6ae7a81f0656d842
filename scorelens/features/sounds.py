"""The sound of every cue of a film: its part of the album's recording, or of the film itself."""

import os
from collections.abc import Iterator

import numpy as np
import pandas as pd

from scorelens import media, tables
from scorelens.errors import Problem, TableError


def sound_paths(
    cues: pd.DataFrame, source: str, tracks: str | os.PathLike, video: str | os.PathLike | None
) -> dict[str, str | os.PathLike]:
    """The files that hold the sound of cues: by track_id, or `film`; empty without cues.

    source: `album` (tracks, a tables.TRACKS) or `film` (video). Raises TableError for a cue whose
    track is unknown.
    """
    if source == "album":
        return _track_paths(cues, tracks)
    return {"film": video} if len(cues) else {}


def cue_sounds(
    cues: pd.DataFrame, source: str, paths: dict[str, str | os.PathLike], rate_hz: int
) -> Iterator[tuple[object, np.ndarray, float]]:
    """Each cue with its sound, from `album` or `film`: paths as sound_paths gives them."""
    if source == "album":
        return album_sounds(cues, paths, rate_hz)
    return film_sounds(cues, paths.get("film"), rate_hz)


def album_sounds(
    cues: pd.DataFrame, paths: dict[str, str], rate_hz: int
) -> Iterator[tuple[object, np.ndarray, float]]:
    """Each cue with its part of the album track, every track decoded once.

    paths: audio file of each track_id. Yields (cue, samples (n,) float32, sound seconds that pass
    in a film second), ordered by track. A cue that outlasts the track has fewer samples.
    """
    for track_id, group in cues.groupby("track_id", sort=True):
        track = media.read_audio(paths[track_id], rate_hz)
        for cue in group.itertuples():
            end_s = cue.track_start_s + (cue.film_end_s - cue.film_start_s) * cue.speed
            first, last = round(cue.track_start_s * rate_hz), round(end_s * rate_hz)
            yield cue, track[first:last], cue.speed


def film_sounds(
    cues: pd.DataFrame, video: str | os.PathLike, rate_hz: int
) -> Iterator[tuple[object, np.ndarray, float]]:
    """Each cue with its part of the film's sound, the film decoded once in bounded memory.

    Yields as album_sounds does, ordered by the cues' ends; a film second is a second of sound.
    """
    waiting = sorted(cues.itertuples(), key=lambda cue: cue.film_end_s)
    held, held_from = np.zeros(0, np.float32), 0
    for block in media.audio_blocks(video, rate_hz) if waiting else ():
        held = np.concatenate([held, block])
        decoded = held_from + len(held)
        while waiting and round(waiting[0].film_end_s * rate_hz) <= decoded:
            cue = waiting.pop(0)
            yield cue, _cut(held, held_from, cue, rate_hz), 1.0
        if not waiting:
            return
        needed = round(min(cue.film_start_s for cue in waiting) * rate_hz)
        passed = min(max(needed - held_from, 0), len(held))
        held, held_from = held[passed:], held_from + passed
    for cue in waiting:
        yield cue, _cut(held, held_from, cue, rate_hz), 1.0


def _cut(held: np.ndarray, held_from: int, cue, rate_hz: int) -> np.ndarray:
    span = (round(s * rate_hz) - held_from for s in (cue.film_start_s, cue.film_end_s))
    return held[slice(*(max(index, 0) for index in span))]


def _track_paths(cues: pd.DataFrame, tracks: str | os.PathLike) -> dict[str, str]:
    known = tables.read_table(tracks, tables.TRACKS).set_index("track_id")["path"]
    used = cues["track_id"].unique()
    problems = [
        Problem(
            str(tracks),
            f"has no track {track_id!r}, which a cue names",
            "every track that the cues name",
            "the album may have changed since the cues were matched; match them again",
        )
        for track_id in used
        if track_id not in known
    ]
    if problems:
        raise TableError(problems)
    return {track_id: known[track_id] for track_id in used}
