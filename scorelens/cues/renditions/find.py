"""Find other renditions of an album's tracks in a film, and write their table."""

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from scorelens import media, tables
from scorelens.albums.tracks import track_sounds
from scorelens.cues.confidence import confidence
from scorelens.cues.renditions import chroma
from scorelens.cues.renditions.alignment import (
    CONTEXT,
    SHIFTS,
    Paths,
    align,
    join_context,
    scale,
    trace,
    transpose,
)

RIVAL_SHARE = 0.3  # of the time of a path that another must share to be its rival
MIDDLE, SLOPE = 22.4, 4.2  # of the log odds that a rendition is right, over the log of its score
SPAN_S = CONTEXT * chroma.STEP_S  # that a position covers

log = logging.getLogger(__name__)


class Candidate(NamedTuple):
    """A path: its first and last position in the film, its track, transposition and end there."""

    score: float
    start: int
    end: int
    track: int
    shift: int
    track_end: int


def find_film(
    film_id: str,
    video: str | os.PathLike,
    status: str | os.PathLike,
    album: str | os.PathLike,
    cues: str | os.PathLike,
    table: str | os.PathLike,
    min_confidence: float,
    audio: str = "",
) -> None:
    """Write the table of RENDITIONS of a film. Its sound and its album are decoded once.

    Parameters
    ----------
    film_id : str
        Id of the film.
    video : path
        The film.
    status : path
        The film's row of the corpus check (`tables.STATUS`), which holds its hash.
    album : path
        The tracks of its album (`tables.ALBUM_TRACKS`).
    cues : path
        Its cues (`tables.CUES`), which are the recordings of the album themselves.
    table : path
        Where the table goes.
    min_confidence : float
        As `find_renditions` takes it.
    audio : str
        Number or language of the film's sound, empty for the default one.

    Raises
    ------
    MediaError
        If the film has no sound, or is not the file that was checked.
    """
    film = tables.read_table(status, tables.STATUS).iloc[0]
    media.require_bytes(video, film.video_bytes)
    sounds = track_sounds(tables.read_table(album, tables.ALBUM_TRACKS))
    tracks = {name: read_chroma(sound) for name, sound in sounds.items()}
    film_chroma = read_chroma(media.Sound(video, stream=audio))
    known = tables.read_table(cues, tables.CUES)
    rows = find_renditions(film_chroma, tracks, known, min_confidence)
    provenance = {"min_confidence": str(min_confidence), "video_sha256": film.video_sha256}
    rows.insert(0, "film_id", film_id)
    tables.write_table(
        tables.as_typed(rows, tables.RENDITIONS), table, tables.RENDITIONS, provenance
    )
    log.info("%s: %d other renditions of %d tracks", film_id, len(rows), rows.track_id.nunique())


def read_chroma(sound: media.Sound | str | os.PathLike) -> np.ndarray:
    """Decode a sound once and compute its chroma, as `chroma.chroma_sequence` returns it."""
    return chroma.chroma_sequence(media.audio_blocks(sound, chroma.RATE_HZ, chroma.BLOCK_S))


def find_renditions(
    film: np.ndarray, tracks: Mapping[str, np.ndarray], cues: pd.DataFrame, min_confidence: float
) -> pd.DataFrame:
    """Find where a film plays a track in another rendition.

    Parameters
    ----------
    film : ndarray of float32, shape (n, 12)
        Its chroma.
    tracks : mapping of str to ndarray of float32, shape (m, 12)
        Chroma of the tracks of its album.
    cues : DataFrame
        Its cues, columns `film_start_s` and `film_end_s`. There no rendition is searched.
    min_confidence : float
        Least confidence, 0..1.

    Returns
    -------
    DataFrame
        Rows of RENDITIONS without `film_id`, in order of time. They do not overlap.
    """
    names = list(tracks)
    joined = join_context(film)
    joined[_has_cue(len(joined), cues)] = 0
    scaled, scaled_tracks = scale(joined, [join_context(tracks[name]) for name in names])
    paths = [align(scaled, track) for track in scaled_tracks]
    least = score_of(min_confidence)
    chosen = choose([one for one in weigh(paths, least) if one.score >= least])
    rows = []
    for one in sorted(chosen, key=lambda one: one.start):
        part = scaled[one.start : one.end + 1]
        at, track_at = trace(part, transpose(scaled_tracks[one.track], one.shift), one.track_end)
        tempo, first = np.polyfit(at, track_at, 1) if len(at) > 1 else (1.0, track_at[0])
        rows.append(
            {
                "rendition_id": f"rendition_{len(rows) + 1:04d}",
                "track_id": names[one.track],
                "film_start_s": one.start * chroma.STEP_S,
                "film_end_s": one.end * chroma.STEP_S + SPAN_S,
                "track_start_s": max(0.0, first * chroma.STEP_S),
                "transposition_semitones": (one.shift + 5) % SHIFTS - 5,
                "tempo": tempo,
                "score": one.score,
                "confidence": float(confidence(one.score, MIDDLE, SLOPE)),
            }
        )
    return pd.DataFrame(rows, columns=tables.RENDITIONS.names[1:])


def _has_cue(n: int, cues: pd.DataFrame) -> np.ndarray:
    """Tell which of the first `n` positions of a film reach into a cue."""
    at_s = np.arange(n)[:, None] * chroma.STEP_S
    starts_s, ends_s = cues.film_start_s.to_numpy(float), cues.film_end_s.to_numpy(float)
    return ((at_s < ends_s) & (at_s + SPAN_S > starts_s)).any(axis=1)


def score_of(probability: float) -> float:
    """Score at which the confidence is `probability`.

    Examples
    --------
    >>> round(float(confidence(score_of(0.9), MIDDLE, SLOPE)), 2)
    0.9
    """
    odds = np.clip(probability, 1e-6, 1 - 1e-6) / (1 - np.clip(probability, 1e-6, 1 - 1e-6))
    return float(MIDDLE * odds ** (1 / SLOPE))


def weigh(paths: Sequence[Paths], least: float) -> Iterator[Candidate]:
    """List the paths that score enough, each with its lead over its best rival as the score.

    A rival is a path of another track or transposition through the same time of the film. What
    matches many tracks, or one in many keys, is no particular piece.

    Parameters
    ----------
    paths : sequence of Paths
        Those of each track.
    least : float
        Smallest score of a path.

    Yields
    ------
    Candidate
    """
    for track, track_paths in enumerate(paths):
        for one in _path_ends(track_paths, track, least):
            rivals = _gains(one, paths)
            rivals[track, one.shift] = 0
            yield one._replace(score=one.score - float(rivals.max()))


def _gains(one: Candidate, paths: Sequence[Paths]) -> np.ndarray:
    """The most that paths add in the time of a candidate, float32 (tracks, 12).

    Those that share less than `RIVAL_SHARE` of its time count 0.
    """
    rows = slice(one.start, one.end + 1)
    score, start = (
        np.stack([getattr(p, name)[rows] for p in paths]) for name in ("score", "start")
    )
    before = np.stack([p.score[one.start - 1] for p in paths])[:, None] if one.start else 0
    added = score - np.where(start < one.start, before, 0)
    shared = np.arange(one.start, one.end + 1)[:, None] - np.maximum(start, one.start)
    return np.where(shared >= RIVAL_SHARE * (one.end - one.start), added, 0).max(axis=1)


def _path_ends(paths: Paths, track: int, least: float) -> Iterator[Candidate]:
    """Of the paths that start at one place in one transposition, the best one."""
    ends, shifts = np.nonzero(paths.score >= least)
    order = np.argsort(-paths.score[ends, shifts], kind="stable")
    ends, shifts = ends[order], shifts[order]
    starts = paths.start[ends, shifts]
    firsts = np.unique(np.stack([starts, shifts]), axis=1, return_index=True)[1]
    for k in firsts:
        cell = ends[k], shifts[k]
        score, track_end = float(paths.score[cell]), int(paths.track_end[cell])
        yield Candidate(score, int(starts[k]), int(ends[k]), track, int(shifts[k]), track_end)


def choose(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Take the candidates that overlap none with a higher score.

    Parameters
    ----------
    candidates : sequence of Candidate

    Returns
    -------
    list of Candidate
        Highest score first.
    """
    chosen: list[Candidate] = []
    for one in sorted(candidates, reverse=True):
        if all(one.end < other.start or one.start > other.end for other in chosen):
            chosen.append(one)
    return chosen
