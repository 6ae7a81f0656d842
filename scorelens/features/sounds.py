"""The sound of every cue of a film: its part of the album's recording, or of the film itself."""

import os
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pandas as pd

from scorelens import media, tables
from scorelens.albums.tracks import track_digests, track_sounds
from scorelens.errors import Problem, TableError


def cue_sources(
    cues: pd.DataFrame,
    source: str,
    tracks: str | os.PathLike,
    video: media.Sound | str | os.PathLike | None,
) -> dict[str, media.Sound | str | os.PathLike]:
    """Where the sound of cues is: by track_id, or of the `film`; empty without cues.

    source: as cue_sounds takes it; tracks: a tables.TRACKS. Raises TableError for a cue whose track
    is unknown.
    """
    if source == "film":
        return {"film": video} if len(cues) else {}
    return _of_used_tracks(cues, tracks, track_sounds)


def source_digests(
    cues: pd.DataFrame,
    source: str,
    tracks: str | os.PathLike,
    video: media.Sound | str | os.PathLike | None,
) -> dict[str, str]:
    """What stands for the content of each of `cue_sources`, which takes the same."""
    if source == "film":
        return {"film": _digest(video)} if len(cues) else {}
    return _of_used_tracks(cues, tracks, track_digests)


def whole_tracks(tracks: str | os.PathLike) -> pd.DataFrame:
    """The tracks of an album as cues that play them whole, in the columns that sounds are cut by.

    tracks: a tables.TRACKS.
    """
    album = tables.read_table(tracks, tables.TRACKS)
    return pd.DataFrame(
        {
            "cue_id": album.track_id,
            "track_id": album.track_id,
            "film_start_s": 0.0,
            "film_end_s": album.duration_s,
            "track_start_s": 0.0,
            "speed": 1.0,
        }
    )


def cue_sounds(
    cues: pd.DataFrame,
    source: str,
    sources: dict[str, media.Sound | str | os.PathLike],
    rate_hz: int,
) -> Iterator[tuple[object, Iterable[np.ndarray], float]]:
    """Each cue with its sound, every file decoded once, in bounded memory.

    source: `album`, `film`, or `tracks`, of which the cues are the whole (`whole_tracks`).
    sources: as cue_sources gives them. Yields (cue, blocks of float32 samples one after the other,
    sound seconds that pass in a film second). A cue that outlasts its file has fewer samples.
    The blocks of a whole track must be read before the next cue is asked for.
    """
    if source == "tracks":
        for cue in cues.itertuples():
            yield cue, media.audio_blocks(sources[cue.track_id], rate_hz), 1.0
    elif source == "film":
        spans = zip(cues.film_start_s, cues.film_end_s, cues.itertuples(), strict=True)
        for cue, samples in cuts(list(spans), sources.get("film"), rate_hz):
            yield cue, [samples], 1.0
    else:
        for track_id, group in cues.groupby("track_id", sort=True):
            ends = group.track_start_s + (group.film_end_s - group.film_start_s) * group.speed
            spans = zip(group.track_start_s, ends, group.itertuples(), strict=True)
            for cue, samples in cuts(list(spans), sources[track_id], rate_hz):
                yield cue, [samples], cue.speed


def cuts(
    spans: list[tuple[float, float, object]],
    source: media.Sound | str | os.PathLike | None,
    rate_hz: int,
) -> Iterator[tuple[object, np.ndarray]]:
    """Parts of a sound, decoded once and no further than needed, in the order of their ends.

    spans: start and end in s, and what the part is for. Yields that, and samples (n,) float32.
    """
    waiting = sorted(spans, key=lambda span: span[1])
    held, held_from = np.zeros(0, np.float32), 0
    for block in media.audio_blocks(source, rate_hz) if waiting else ():
        held = np.concatenate([held, block])
        decoded = held_from + len(held)
        while waiting and round(waiting[0][1] * rate_hz) <= decoded:
            yield _cut(held, held_from, waiting.pop(0), rate_hz)
        if not waiting:
            return
        needed = round(min(start_s for start_s, *_ in waiting) * rate_hz)
        passed = min(max(needed - held_from, 0), len(held))
        held, held_from = held[passed:], held_from + passed
    for span in waiting:
        yield _cut(held, held_from, span, rate_hz)


def _cut(held: np.ndarray, held_from: int, span, rate_hz: int) -> tuple[object, np.ndarray]:
    first, last = (max(0, round(time_s * rate_hz) - held_from) for time_s in span[:2])
    return span[2], held[first:last]


def _digest(video: media.Sound | str | os.PathLike) -> str:
    """The SHA-256 of a film's file, and which of its sounds if that is chosen."""
    if isinstance(video, media.Sound):
        return f"{media.sha256(video.path)} sound {video.stream}"
    return media.sha256(video)


def _of_used_tracks(
    cues: pd.DataFrame, tracks: str | os.PathLike, make: Callable[[pd.DataFrame], dict]
) -> dict:
    """What a function makes of an album, by track_id, of the tracks that cues play."""
    known = make(tables.read_table(tracks, tables.TRACKS))
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
