"""What to call a track where a person reads: its title and artist, cut to the room there is."""

import itertools
import os
import unicodedata
from collections import Counter
from collections.abc import Iterator

import pandas as pd

from scorelens.albums.tags import clean_text

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
LEAST_COLUMNS = 8  # of a title that is cut; with less of it, the id alone stands


def track_names(tracks: pd.DataFrame, columns: int | None = None) -> dict[str, str]:
    """Title and artist of every track where there is room for both, else the title.

    Parameters
    ----------
    tracks
        Rows of one album, with the columns of tables.TRACKS.
    columns
        As `track_titles` takes it.

    Returns
    -------
    dict
        By track_id, such as `Main Title - Jo Field`; no two alike.
    """
    artists, found = track_artists(tracks), track_titles(tracks, columns)
    for track_id, title in track_titles(tracks).items():
        name = f"{title} - {artists[track_id]}"
        if artists[track_id] and (columns is None or text_columns(name) <= columns):
            found[track_id] = name
    return found


def track_titles(tracks: pd.DataFrame, columns: int | None = None) -> dict[str, str]:
    """The title of every track, each another one.

    It is that of the tags or the CUE sheet, else the name of the file without the ending, with the
    track's number if the file holds several. Titles that are the same, or would be when cut, are
    followed by the numbers of disc and track, or by the id.

    Parameters
    ----------
    tracks
        Rows of one album, with the columns of tables.TRACKS.
    columns
        Room for a title, as `text_columns` counts it; None for any. A title that is longer ends in
        an ellipsis.

    Returns
    -------
    dict
        By track_id, in the order of the table.
    """
    titles = _titles(tracks)
    found = {track_id: shorten(title, columns) for track_id, title in titles.items()}
    counts = Counter(found.values())
    alike = tracks[tracks["track_id"].map(found).map(counts) > 1]
    for _, rows in alike.groupby(alike["track_id"].map(found)):
        for track_id, mark in zip(rows["track_id"], _marks(rows), strict=True):
            found[track_id] = _marked(titles[track_id], mark, track_id, columns)
    return found


def track_artists(tracks: pd.DataFrame) -> dict[str, str]:
    """Who made every track, by track_id: the artists, else the composers; empty if unknown.

    Parameters
    ----------
    tracks
        Rows with the columns of tables.TRACKS.
    """
    return {row.track_id: row.artist or row.composer for row in tracks.itertuples()}


def track_credits(tracks: pd.DataFrame) -> dict[str, dict[str, str]]:
    """What a table or a page shows of every track, by track_id.

    Parameters
    ----------
    tracks
        Rows of one album, with the columns of tables.TRACKS.

    Returns
    -------
    dict
        Of each track `track_title` (as `track_titles` gives it), `artist`, `composer` and `album`.
    """
    own = tracks.set_index("track_id")[["artist", "composer", "album"]].to_dict("index")
    return {
        track_id: {"track_title": title, **own[track_id]}
        for track_id, title in track_titles(tracks).items()
    }


def file_title(path: str | os.PathLike) -> str:
    """What to call a file that has no title: its name without the ending, in one line.

    Parameters
    ----------
    path
        Of the file.

    Examples
    --------
    >>> file_title("album/03 Große Fahrt.flac")
    '03 Große Fahrt'
    """
    return clean_text(os.path.splitext(os.path.basename(path))[0])


def shorten(text: str, columns: int | None) -> str:
    """A text that ends in an ellipsis where it is too long.

    Parameters
    ----------
    text
        Of one line.
    columns
        What the whole may be long at most, as `text_columns` counts it; None for any length.

    Examples
    --------
    >>> shorten("The Night Train", 10), shorten("夜汽車の旅", 6)
    ('The Night…', '夜汽…')
    """
    if columns is None or text_columns(text) <= columns:
        return text
    lengths = itertools.accumulate(map(_columns, text))
    kept = sum(1 for _ in itertools.takewhile(lambda length: length < columns, lengths))
    while kept and unicodedata.category(text[kept - 1]) in ("Cf", "Zs"):
        kept -= 1
    return text[:kept] + ELLIPSIS


def text_columns(text: str) -> int:
    """How long a text is in columns of a terminal: wide letters take two, accents on them none.

    Parameters
    ----------
    text
        Of one line.

    Examples
    --------
    >>> text_columns("Night"), text_columns("夜汽車"), text_columns("e\\u0301")
    (5, 6, 1)
    """
    return sum(map(_columns, text))


def _columns(letter: str) -> int:
    if unicodedata.category(letter) in ("Mn", "Mc", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def _titles(tracks: pd.DataFrame) -> dict[str, str]:
    parts = Counter(tracks["path"])
    found = {}
    for row in tracks.itertuples():
        name = file_title(row.path)
        if parts[row.path] > 1 and not pd.isna(row.number):
            name = f"{name} {row.number}"
        found[row.track_id] = row.title or name or row.track_id
    return found


def _marks(rows: pd.DataFrame) -> Iterator[str]:
    """What tells tracks of one title apart."""
    discs, numbers = rows["disc"].astype("Int64").fillna(1), rows["number"]
    if numbers.isna().any() or rows.duplicated(["disc", "number"]).any():
        return iter(rows["track_id"])
    if (discs == discs.iloc[0]).all():
        return (f"track {number}" for number in numbers)
    return (f"disc {disc}, track {number}" for disc, number in zip(discs, numbers, strict=True))


def _marked(title: str, mark: str, track_id: str, columns: int | None) -> str:
    room = None if columns is None else columns - text_columns(f" ({mark})")
    if room is not None and room < LEAST_COLUMNS:
        return track_id
    return f"{shorten(title, room)} ({mark})"
