"""Make display names of tracks: title and artist, shortened to a maximum length."""

import itertools
import os
import unicodedata
from collections import Counter
from collections.abc import Iterator

import pandas as pd

from scorelens.albums.tags import clean_text

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
MIN_COLUMNS = 8  # of a shortened title; if it would be shorter, the id is used


def track_names(tracks: pd.DataFrame, columns: int | None = None) -> dict[str, str]:
    """Title and artist of every track where both fit, otherwise the title.

    Parameters
    ----------
    tracks : pd.DataFrame
        Rows of one album, with the columns of tables.TRACKS.
    columns : int or None
        Maximum length of a name, as `text_columns` counts it; None for any.

    Returns
    -------
    dict
        By track_id, such as `Main Title - Jo Field`; all different.
    """
    artists, names = track_artists(tracks), track_titles(tracks, columns)
    for track_id, title in track_titles(tracks).items():
        name = f"{title} - {artists[track_id]}"
        if artists[track_id] and (columns is None or text_columns(name) <= columns):
            names[track_id] = name
    return names


def track_titles(tracks: pd.DataFrame, columns: int | None = None) -> dict[str, str]:
    """Title of every track, all different.

    It is that of the tags or the CUE sheet, otherwise the name of the file without the extension,
    with the track's number if the file holds several. Titles that are equal, also after shortening,
    are followed by the numbers of disc and track, or by the id.

    Parameters
    ----------
    tracks : pd.DataFrame
        Rows of one album, with the columns of tables.TRACKS.
    columns : int or None
        Maximum length of a title, as `text_columns` counts it; None for any. A longer title ends in
        an ellipsis.

    Returns
    -------
    dict
        By track_id, in the order of the table.
    """
    titles = _titles(tracks)
    shown = {track_id: shorten(title, columns) for track_id, title in titles.items()}
    counts = Counter(shown.values())
    equal = tracks[tracks["track_id"].map(shown).map(counts) > 1]
    for _, rows in equal.groupby(equal["track_id"].map(shown)):
        for track_id, suffix in zip(rows["track_id"], _suffixes(rows), strict=True):
            shown[track_id] = _with_suffix(titles[track_id], suffix, track_id, columns)
    return shown


def track_artists(tracks: pd.DataFrame) -> dict[str, str]:
    """Artists of every track, otherwise its composers.

    Parameters
    ----------
    tracks : pd.DataFrame
        Rows with the columns of tables.TRACKS.

    Returns
    -------
    dict of str to str
        By track_id; empty if unknown.
    """
    return {row.track_id: row.artist or row.composer for row in tracks.itertuples()}


def track_credits(tracks: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Title, artist, composer and album of every track.

    Parameters
    ----------
    tracks : pd.DataFrame
        Rows of one album, with the columns of tables.TRACKS.

    Returns
    -------
    dict
        By track_id: `track_title`, `artist`, `composer` and `album`.
    """
    credits = tracks.set_index("track_id")[["artist", "composer", "album"]].to_dict("index")
    return {
        track_id: {"track_title": title, **credits[track_id]}
        for track_id, title in track_titles(tracks).items()
    }


def file_title(path: str | os.PathLike) -> str:
    """Title of a file without tags: its name without the extension, in one line.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    str

    Examples
    --------
    >>> file_title("album/03 Große Fahrt.flac")
    '03 Große Fahrt'
    """
    return clean_text(os.path.splitext(os.path.basename(path))[0])


def shorten(text: str, columns: int | None) -> str:
    """Shorten a text to a maximum length, with an ellipsis at its end.

    Parameters
    ----------
    text : str
        One line.
    columns : int or None
        Maximum length of the result, as `text_columns` counts it; None for any.

    Returns
    -------
    str

    Examples
    --------
    >>> shorten("The Night Train", 10), shorten("夜汽車の旅", 6)
    ('The Night…', '夜汽…')
    """
    if columns is None or text_columns(text) <= columns:
        return text
    lengths = itertools.accumulate(map(_columns, text))
    length = sum(1 for _ in itertools.takewhile(lambda end: end < columns, lengths))
    while length and unicodedata.category(text[length - 1]) in ("Cf", "Zs"):
        length -= 1
    return text[:length] + ELLIPSIS


def text_columns(text: str) -> int:
    """Length of a text in columns of a terminal: wide letters take two, combining accents none.

    Parameters
    ----------
    text : str
        One line.

    Returns
    -------
    int

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
    titles = {}
    for row in tracks.itertuples():
        name = file_title(row.path)
        if parts[row.path] > 1 and not pd.isna(row.number):
            name = f"{name} {row.number}"
        titles[row.track_id] = row.title or name or row.track_id
    return titles


def _suffixes(rows: pd.DataFrame) -> Iterator[str]:
    """Suffixes that distinguish tracks of one title."""
    discs, numbers = rows["disc"].astype("Int64").fillna(1), rows["number"]
    if numbers.isna().any() or rows.duplicated(["disc", "number"]).any():
        return iter(rows["track_id"])
    if (discs == discs.iloc[0]).all():
        return (f"track {number}" for number in numbers)
    return (f"disc {disc}, track {number}" for disc, number in zip(discs, numbers, strict=True))


def _with_suffix(title: str, suffix: str, track_id: str, columns: int | None) -> str:
    available = None if columns is None else columns - text_columns(f" ({suffix})")
    if available is not None and available < MIN_COLUMNS:
        return track_id
    return f"{shorten(title, available)} ({suffix})"
