"""What the other stages take from the tracks of an album: their sound."""

from collections import Counter

import pandas as pd

from scorelens import media


def track_sounds(tracks: pd.DataFrame) -> "dict[str, str | media.Sound]":
    """The sound of every track: its file, or its part of a file that holds several.

    Parameters
    ----------
    tracks
        All rows of an album, with the columns of tables.TRACKS.

    Returns
    -------
    dict
        By track_id, what `media.audio_blocks` and `media.read_audio` take. The last track of a
        file runs to its end, wherever that is.
    """
    parts = Counter(tracks["path"])
    last_s = tracks.groupby("path")["start_s"].max()
    found = {}
    for row in tracks.itertuples():
        if parts[row.path] == 1 and not row.start_s:
            found[row.track_id] = row.path
        else:
            end_s = None if row.start_s == last_s[row.path] else row.start_s + row.duration_s
            found[row.track_id] = media.Sound(row.path, row.start_s, end_s)
    return found


def track_parts(tracks: pd.DataFrame) -> dict[str, dict]:
    """Where every track is, by track_id, as plain values for tables and pages.

    Parameters
    ----------
    tracks
        As `track_sounds` takes them.

    Returns
    -------
    dict
        Of each track `path`, `start_s` and `end_s`, s of the file, None where the file ends.
    """
    found = {}
    for track_id, sound in track_sounds(tracks).items():
        path, start_s, end_s = (sound if isinstance(sound, media.Sound) else media.Sound(sound))[:3]
        found[track_id] = {"path": path, "start_s": start_s, "end_s": end_s}
    return found


def time_fragment(start_s: float, end_s: float | None) -> str:
    """What a player wants after the address of a file to play a part of it (W3C Media Fragments).

    Parameters
    ----------
    start_s
        Where the part starts, s.
    end_s
        Where it ends, s; None or NaN at the end of the file.

    Examples
    --------
    >>> time_fragment(60.5, 90.0), time_fragment(60.5, None), time_fragment(0.0, None)
    ('#t=60.5,90', '#t=60.5', '')
    """
    end = "" if end_s is None or end_s != end_s else f",{end_s:.10g}"
    return f"#t={start_s:.10g}{end}" if start_s or end else ""


def track_digests(tracks: pd.DataFrame) -> dict[str, str]:
    """What stands for the sound of every track, by track_id: the SHA-256 of its file, and its part.

    Parameters
    ----------
    tracks
        As `track_sounds` takes them.
    """
    parts = Counter(tracks["path"])
    return {
        row.track_id: row.sha256
        if parts[row.path] == 1 and not row.start_s
        else f"{row.sha256} {row.start_s:.3f} {row.duration_s:.3f}"
        for row in tracks.itertuples()
    }
