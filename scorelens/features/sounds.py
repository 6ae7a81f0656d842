"""Find and decode the sound of every cue of a film, from the album or from the film itself."""

import os
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pandas as pd

from scorelens import media, tables
from scorelens.albums.tracks import track_digests, track_sounds
from scorelens.errors import Problem, TableError
from scorelens.media.cuts import cut_sound


def cue_sources(
    cues: pd.DataFrame,
    source: str,
    tracks: str | os.PathLike,
    video: media.Sound | str | os.PathLike | None,
) -> dict[str, media.Sound | str | os.PathLike]:
    """Find the sound of cues.

    Parameters
    ----------
    cues : DataFrame
        Rows of tables.CUES, or from `whole_tracks`.
    source : {"album", "film", "tracks"}
        Where the sound comes from.
    tracks : path
        The tracks of the album (tables.TRACKS).
    video : Sound or path or None
        The film, or one of its sounds, if `source` is `film`.

    Returns
    -------
    dict of str to Sound or path
        By track_id, or of `film`; empty without cues.

    Raises
    ------
    TableError
        If the track of a cue is unknown.
    """
    if source == "film":
        return {"film": video} if len(cues) else {}
    return _for_used_tracks(cues, tracks, track_sounds)


def source_digests(
    cues: pd.DataFrame,
    source: str,
    tracks: str | os.PathLike,
    video: media.Sound | str | os.PathLike | None,
) -> dict[str, str]:
    """Identify the content of the sound of cues.

    Parameters
    ----------
    cues : DataFrame
        Rows of tables.CUES, or from `whole_tracks`.
    source : {"album", "film", "tracks"}
        Where the sound comes from.
    tracks : path
        The tracks of the album (tables.TRACKS).
    video : Sound or path or None
        The film, or one of its sounds, if `source` is `film`.

    Returns
    -------
    dict of str to str
        By track_id, or of `film`: a SHA-256, and which part of the file; empty without cues.

    Raises
    ------
    TableError
        If the track of a cue is unknown.
    """
    if source == "film":
        return {"film": _digest(video)} if len(cues) else {}
    return _for_used_tracks(cues, tracks, track_digests)


def whole_tracks(tracks: str | os.PathLike) -> pd.DataFrame:
    """Make cues that play each track of an album as a whole.

    Parameters
    ----------
    tracks : path
        The tracks of the album (tables.TRACKS).

    Returns
    -------
    DataFrame
        The columns of tables.CUES that sounds are cut by, one row a track.
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
    """Decode the sound of each cue, every file once, in bounded memory.

    The blocks of a whole track must be read before the next cue is asked for.

    Parameters
    ----------
    cues : DataFrame
        Rows of tables.CUES, or from `whole_tracks`.
    source : {"album", "film", "tracks"}
        Where the sound comes from.
    sources : dict of str to Sound or path
        From `cue_sources`.
    rate_hz : int
        Sampling rate of the result, Hz.

    Yields
    ------
    cue : namedtuple
        A row of `cues`.
    blocks : iterable of ndarray of float32
        Its samples, block after block; fewer if the cue outlasts its file.
    speed : float
        Seconds of sound that pass in a second of the film.

    Raises
    ------
    MediaError
        If a file does not decode.
    """
    if source == "tracks":
        for cue in cues.itertuples():
            yield cue, media.audio_blocks(sources[cue.track_id], rate_hz), 1.0
    elif source == "film":
        parts = zip(cues.film_start_s, cues.film_end_s, cues.itertuples(), strict=True)
        for cue, samples in cut_sound(list(parts), sources.get("film"), rate_hz):
            yield cue, [samples], 1.0
    else:
        for track_id, group in cues.groupby("track_id", sort=True):
            ends = group.track_start_s + (group.film_end_s - group.film_start_s) * group.speed
            parts = zip(group.track_start_s, ends, group.itertuples(), strict=True)
            for cue, samples in cut_sound(list(parts), sources[track_id], rate_hz):
                yield cue, [samples], cue.speed


def _digest(video: media.Sound | str | os.PathLike) -> str:
    if isinstance(video, media.Sound):
        return f"{media.sha256(video.path)} sound {video.stream}"
    return media.sha256(video)


def _for_used_tracks(
    cues: pd.DataFrame, tracks: str | os.PathLike, make: Callable[[pd.DataFrame], dict]
) -> dict:
    """What a function returns for an album, of the tracks that cues play, by track_id."""
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
