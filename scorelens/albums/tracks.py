"""Locate the sound of the tracks of an album, and compute digests of it."""

from collections import Counter

import pandas as pd

from scorelens import media


def track_sounds(tracks: pd.DataFrame) -> "dict[str, str | media.Sound]":
    """Locate the sound of every track: its file, or its part of a file that holds several.

    Parameters
    ----------
    tracks : DataFrame
        All rows of an album, with the columns of `tables.TRACKS`.

    Returns
    -------
    dict of str to path or media.Sound
        By track_id. The last track of a file lasts until the end of the file.
    """
    parts = Counter(tracks["path"])
    last_s = tracks.groupby("path")["start_s"].max()
    sounds = {}
    for row in tracks.itertuples():
        if parts[row.path] == 1 and not row.start_s:
            sounds[row.track_id] = row.path
        else:
            end_s = None if row.start_s == last_s[row.path] else row.start_s + row.duration_s
            sounds[row.track_id] = media.Sound(row.path, row.start_s, end_s)
    return sounds


def track_parts(tracks: pd.DataFrame) -> dict[str, dict]:
    """Locate every track, as plain values for tables and pages.

    Parameters
    ----------
    tracks : DataFrame
        All rows of an album, with the columns of `tables.TRACKS`.

    Returns
    -------
    dict of str to dict
        By track_id: `path`, `start_s` and `end_s`, s of the file, None for the end of the file.
    """
    parts = {}
    for track_id, sound in track_sounds(tracks).items():
        path, start_s, end_s = (sound if isinstance(sound, media.Sound) else media.Sound(sound))[:3]
        parts[track_id] = {"path": path, "start_s": start_s, "end_s": end_s}
    return parts


def time_fragment(start_s: float, end_s: float | None) -> str:
    """URL fragment with which a player plays a part of a file.

    Parameters
    ----------
    start_s : float
        Start of the part, s.
    end_s : float or None
        End of the part, s; None or NaN for the end of the file.

    Returns
    -------
    str

    References
    ----------
    W3C, Media Fragments URI 1.0, section 4.2.1.

    Examples
    --------
    >>> time_fragment(60.5, 90.0), time_fragment(60.5, None), time_fragment(0.0, None)
    ('#t=60.5,90', '#t=60.5', '')
    """
    end = "" if end_s is None or end_s != end_s else f",{end_s:.10g}"
    return f"#t={start_s:.10g}{end}" if start_s or end else ""


def track_digests(tracks: pd.DataFrame) -> dict[str, str]:
    """Digest of the sound of every track.

    Parameters
    ----------
    tracks : DataFrame
        All rows of an album, with the columns of `tables.TRACKS`.

    Returns
    -------
    dict of str to str
        By track_id: the SHA-256 of its file, and its part of the file if that holds several.
    """
    parts = Counter(tracks["path"])
    return {
        row.track_id: row.sha256
        if parts[row.path] == 1 and not row.start_s
        else f"{row.sha256} {row.start_s:.3f} {row.duration_s:.3f}"
        for row in tracks.itertuples()
    }
