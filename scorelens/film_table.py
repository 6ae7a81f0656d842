"""The table of films, checked whole: every fault is listed, not the first.

Imported when the workflow is parsed: light imports only.
"""

import os
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from scorelens import paths
from scorelens.albums.files import NO_ALBUM, Album, Listing, find_albums, scan
from scorelens.errors import ConfigError, Problem, closest
from scorelens.groups import GROUP, group_names, group_problems
from scorelens.ids import name_problems
from scorelens.tsv import Rows, cell, read_rows

FILM_COLUMNS = ("film_id", "title", "year", "video", "album", "genres")
FIRST_FILM_YEAR = 1878


@dataclass(frozen=True)
class Film:
    """One row of the film table, its paths resolved against the table's folder.

    Parameters
    ----------
    film_id : str
        Letters a-z, digits and underscores.
    title : str
        As the table has it.
    year : int or None
        Of the first release.
    genres : tuple of str
        Labels of the configuration; none if they are not known.
    video : str or None
        Path; None where the corpus makes the film itself.
    album : Album
        Films may share one.
    problems : tuple of Problem
        Faults of the row; they do not affect the other films.
    audio : str
        Number or language of the film's sound; empty for the default one.
    groups : tuple of str
        What it may have in common with other films, such as composer or franchise: films of one
        group are never on two sides of a split.
    """

    film_id: str
    title: str
    year: int | None
    genres: tuple[str, ...]
    video: str | None
    album: Album
    problems: tuple[Problem, ...] = field(default=())
    audio: str = ""
    groups: tuple[str, ...] = ()


def read_films(
    path: str | os.PathLike,
    genres: Sequence[str],
    made: bool = False,
    known_albums: Collection[str] = (),
) -> list[Film]:
    """Read the film table.

    Parameters
    ----------
    path : path-like
        TSV with a header. Columns of FILM_COLUMNS, `audio` and `group` are read; others are
        ignored.
    genres : sequence of str
        The labels allowed.
    made : bool
        Whether the corpus makes the films, so that there is no column `video`.
    known_albums : collection of str
        Ids of the albums of which there are results; a folder that moved keeps its id.

    Returns
    -------
    list of Film
        Faults of a row are in `problems` of its film.

    Raises
    ------
    ConfigError
        With every fault of every row, if the table itself does not hold: it cannot be read, a
        column is absent, a row is longer than the header, an id is bad or stands twice, a name of
        a group is none or is spelt in two ways.
    """
    columns = [c for c in FILM_COLUMNS if not (made and c == "video")]
    rows = read_rows(path, columns, further=[GROUP])
    listings = {album: scan(album) for album in (_album(row, path) for _, row in rows) if album}
    albums = find_albums(listings, known_albums)
    films = [_film(row, number, path, genres, made, listings, albums) for number, row in rows]
    broken = [*id_problems(rows, path), *group_problems(rows, path)]
    if broken:
        raise ConfigError(broken + [p for film in films for p in film.problems])
    return films


def id_problems(rows: Rows, path: str | os.PathLike, kind: str = "film") -> Iterator[Problem]:
    """Find ids that are no ids or stand twice.

    Parameters
    ----------
    rows : Rows
        Rows of `tsv.read_rows` with a title.
    path : path-like
        Their table.
    kind : str
        What a row describes; its id is in the column of that name with `_id`.

    Yields
    ------
    Problem
    """
    column = f"{kind}_id"
    counts = Counter(row[column] for _, row in rows)
    for number, row in rows:
        row_id, where = row[column], cell(path, number, column)
        yield from name_problems(where, row_id, row["title"] or kind)
        if row_id and counts[row_id] > 1:
            what = f"{row_id!r} stands in {counts[row_id]} rows"
            yield Problem(where, what, f"one row a {kind}", "rename one")


def _album(row: dict[str, str], path) -> str:
    """The folder of a row's album; empty without."""
    return paths.resolve(row["album"], os.path.dirname(os.fspath(path)))


def _film(
    row: dict[str, str],
    number: int,
    path,
    genres,
    made: bool,
    listings: dict[str, Listing],
    albums: dict[str, Album],
) -> Film:
    folder, album = os.path.dirname(os.fspath(path)), _album(row, path)
    video = "" if made else paths.resolve(row["video"], folder)
    labels = genre_labels(row["genres"])
    problems = [
        *genre_problems(labels, genres, cell(path, number, "genres")),
        *year_problems(row["year"], cell(path, number, "year")),
        *([] if made else _video_problems(video, cell(path, number, "video"))),
        *album_problems(album, listings.get(album), cell(path, number, "album")),
    ]
    return Film(
        film_id=row["film_id"],
        title=" ".join(row["title"].split()) or row["film_id"],
        year=int(row["year"]) if row["year"].isdecimal() else None,
        genres=labels,
        video=None if made else video,
        album=albums.get(album, NO_ALBUM),
        audio=row.get("audio", ""),
        groups=group_names(row.get(GROUP, "")),
        problems=tuple(problems),
    )


def genre_labels(text: str) -> tuple[str, ...]:
    """The genres of a cell, divided by semicolons.

    Parameters
    ----------
    text : str
        The cell.

    Returns
    -------
    tuple of str
        Without empty ones, and without spaces at their ends.

    Examples
    --------
    >>> genre_labels(" Drama;; Science  Fiction ")
    ('Drama', 'Science Fiction')
    """
    return tuple(" ".join(part.split()) for part in text.split(";") if part.strip())


def genre_problems(labels: Sequence[str], genres: Sequence[str], where: str) -> Iterator[Problem]:
    """Find what is wrong with the labels of a row.

    Parameters
    ----------
    labels : sequence of str
        Genres of the row.
    genres : sequence of str
        The labels allowed.
    where : str
        Location of the labels, for the message.

    Yields
    ------
    Problem
    """
    for label in labels:
        if label not in genres:
            expected = f"one of {list(genres)}"
            parts = [part.strip() for part in re.split(r"[,|/+&]", label)]
            divided = len(parts) > 1 and any(part in genres for part in parts)
            hint = f"semicolons divide genres: {';'.join(parts)}" if divided else ""
            what = f"{label!r} is not a genre of the config"
            yield Problem(where, what, expected, hint or closest(label, genres))
    for label, count in Counter(labels).items():
        if count > 1:
            yield Problem(where, f"{label!r} is named {count} times", "each genre once")


def year_problems(year: str, where: str) -> Iterator[Problem]:
    """Find what is wrong with a year.

    Parameters
    ----------
    year : str
        As the table has it; it may be empty.
    where : str
        Location of the year, for the message.

    Yields
    ------
    Problem
    """
    if year and not (year.isdecimal() and FIRST_FILM_YEAR <= int(year) <= 2200):
        yield Problem(where, f"is {year!r}", f"a year from {FIRST_FILM_YEAR} on, or nothing")


def _video_problems(video: str, where: str) -> Iterator[Problem]:
    if not video:
        yield Problem(where, "is empty", "the path of the film, relative to the table")
    else:
        yield from paths.file_problems(where, video, "a media file")


def album_problems(album: str, listing: Listing | None, where: str) -> Iterator[Problem]:
    """Find what is wrong with the folder of an album.

    Parameters
    ----------
    album : str
        Its path; it may be empty.
    listing : Listing or None
        The files in it; None without a path.
    where : str
        Location of the path, for the message.

    Yields
    ------
    Problem
    """
    if not album or listing is None:
        yield Problem(
            where, "is empty", "the folder of the soundtrack album, relative to the table"
        )
    elif not os.path.isdir(album):
        yield from paths.folder_problems(where, album, "a folder of audio files")
    else:
        yield from listing_problems(listing, where)


def listing_problems(listing: Listing, where: str) -> Iterator[Problem]:
    """Find what is wrong with the files of a folder of music.

    Parameters
    ----------
    listing : Listing
        The files.
    where : str
        Location of the path of the folder, for the message.

    Yields
    ------
    Problem
    """
    if not listing.inside and not listing.faults:
        yield Problem(where, f"{listing.folder} holds no audio file", "files with sound")
    for path, fault in listing.faults:
        yield Problem(where, f"{path!r} {fault}", "files that can be read", "rename or remove it")
