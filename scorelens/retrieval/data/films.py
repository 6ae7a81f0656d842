"""Read the table that describes films for retrieval, and list every fault of it at once.

Imported when the workflow is parsed: light imports only.
"""

import logging
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from scorelens import charsets, film_table, paths, tsv
from scorelens.albums.files import NO_ALBUM, Album, Listing, scan
from scorelens.errors import ConfigError, InputError, Problem, closest
from scorelens.groups import GROUP, group_names, group_problems

COLUMNS = ("film_id", "title", "year", "image", "plot", "tags", "album", "subtitles", GROUP)
DESCRIPTION_COLUMNS = ("image", "plot", "tags")
FILES = {"image": "a picture", "plot": "a text file", "subtitles": "a file of subtitles"}

log = logging.getLogger(__name__)


class FilmDescription(NamedTuple):
    """A film with its picture, plot, tags, subtitles and album.

    Attributes
    ----------
    film_id, title : str
        Id and title.
    year : int
        Year, by which films are split.
    image, plot, subtitles : str or None
        Paths of the files.
    tags : tuple of str
        Tags as given, without duplicates.
    album : Album
        Album; without an id if the film is outside the corpus.
    groups : tuple of str
        Groups by the table; a film of the corpus has those of the corpus as well.
    """

    film_id: str
    title: str
    year: int
    image: str | None
    plot: str | None
    tags: tuple[str, ...]
    subtitles: str | None
    album: Album
    groups: tuple[str, ...] = ()


def read_films(
    path: str | os.PathLike, corpus: Mapping[str, film_table.Film]
) -> list[FilmDescription]:
    """Read the films of a table: tab-separated with a header, paths relative to the table.

    A film of the corpus takes its year and album from there, and its title unless the table has
    one. Other films need a title, a year and an album. Of COLUMNS only `film_id` and one of
    DESCRIPTION_COLUMNS are required; further columns are ignored.

    Parameters
    ----------
    path : str or os.PathLike
        Path of the table.
    corpus : mapping of str to film_table.Film
        Films of the corpus, by film id.

    Returns
    -------
    list of FilmDescription
        The films, by film id.

    Raises
    ------
    ConfigError
        With every fault of every row. An audio file in the albums of two films is one.
    """
    read = tsv.read_rows(path, COLUMNS[:1], "retrieval", further=COLUMNS)
    rows = [(number, dict.fromkeys(COLUMNS, "") | row) for number, row in read]
    listings = [_album_listing(path, row, corpus) for _, row in rows]
    albums = [
        _album(row, listing, corpus) for (_, row), listing in zip(rows, listings, strict=True)
    ]
    problems = [
        *_column_problems(path, read[0][1]),
        *film_table.id_problems(rows, path),
        *group_problems(rows, path),
        *_shared_file_problems(path, rows, albums),
    ]
    for (number, row), listing in zip(rows, listings, strict=True):
        film = corpus.get(row["film_id"])
        if film:
            problems += _problems_in_corpus(path, number, row, film)
        else:
            problems += _problems_outside(path, number, row, listing, corpus)
        problems += _file_problems(path, number, row)
    if problems:
        raise ConfigError(problems)
    films = [
        _description(path, row, album, corpus) for (_, row), album in zip(rows, albums, strict=True)
    ]
    return sorted(films)


def read_paragraphs(path: str | os.PathLike) -> list[str]:
    """Read the paragraphs of a text file. Blank lines separate them.

    The log names an encoding that had to be guessed.

    Parameters
    ----------
    path : str or os.PathLike
        Path of the file.

    Returns
    -------
    list of str
        One line per paragraph.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    try:
        text, doubt = charsets.read_text(path)
    except OSError as error:
        problem = Problem(str(path), f"cannot be read ({error.strerror})", "a text file")
        raise InputError(problem) from None
    if doubt:
        log.warning("%s: %s; if its words come out wrong, save it as UTF-8", path, doubt)
    paragraphs = (" ".join(part.split()) for part in re.split(r"\n\s*\n", text))
    return [paragraph for paragraph in paragraphs if paragraph]


def _column_problems(path: str | os.PathLike, row: Mapping[str, str]) -> Iterator[Problem]:
    """Misspelt columns, which would otherwise be ignored since most columns are optional."""
    absent = [name for name in COLUMNS if name not in row]
    for name in row:
        if name not in COLUMNS and (hint := closest(name, absent)):
            expected = f"columns of {', '.join(COLUMNS)}"
            yield Problem(f"{path}, header", f"has a column {name!r}", expected, hint)
    if not any(name in row for name in DESCRIPTION_COLUMNS):
        expected = f"at least one of {', '.join(DESCRIPTION_COLUMNS)}"
        yield Problem(f"{path}, header", "has no column that describes the films", expected)


def _shared_file_problems(
    path: str | os.PathLike, rows: Sequence[tuple[int, dict]], albums: Sequence[Album]
) -> Iterator[Problem]:
    """Audio files in the albums of two films, which could leak from training into test.

    Films of the corpus may share a whole album: `deduplication` keeps it on one side of the split.
    """
    owners, seen = {}, set()
    for (number, row), album in zip(rows, albums, strict=True):
        shared = {}
        if album.album_id and album.album_id in seen:
            continue
        seen.add(album.album_id)
        for file in album.files:
            owner = owners.setdefault(os.path.realpath(file), row["film_id"])
            shared.setdefault(owner, []).append(file)
        for owner, (first, *others) in shared.items():
            if owner != row["film_id"]:
                more = f" and {len(others)} more" if others else ""
                what = f"{row['film_id']} shares {first}{more} with {owner}"
                expected = "each audio file in the album of one film"
                yield Problem(tsv.cell(path, number, "album"), what, expected)


def _album_listing(
    path: str | os.PathLike, row: Mapping[str, str], corpus: Mapping[str, film_table.Film]
) -> Listing | None:
    """The files of the album of a film outside the corpus; None without an album."""
    if row["film_id"] in corpus or not row["album"]:
        return None
    return scan(_resolve(path, row["album"]))


def _album(
    row: Mapping[str, str], listing: Listing | None, corpus: Mapping[str, film_table.Film]
) -> Album:
    if row["film_id"] in corpus:
        return corpus[row["film_id"]].album
    return Album("", listing.folder, listing.files) if listing else NO_ALBUM


def _problems_in_corpus(
    path: str | os.PathLike, number: int, row: Mapping[str, str], film: film_table.Film
) -> Iterator[Problem]:
    yield from _year_problems(tsv.cell(path, number, "year"), row["year"], film)
    at = tsv.cell(path, number, "album")
    if row["album"]:
        yield Problem(at, f"is {row['album']!r}", f"nothing: {film.film_id} has the corpus's album")
    if not film.album.files and not film.problems:
        yield Problem(at, f"{film.film_id} has no audio in the corpus", "a film with an album")


def _year_problems(at: str, year: str, film: film_table.Film) -> Iterator[Problem]:
    """Faults of the year of a film of the corpus."""
    bad = list(film_table.year_problems(year, at))
    yield from bad
    if not year and film.year is None:
        yield Problem(at, "is empty here and in the corpus", "a year: it splits the films")
    elif year and not bad and film.year not in (None, int(year)):
        expected = f"{film.year}, the corpus's year of {film.film_id}"
        yield Problem(at, f"is {year}", expected, "leave it empty")


def _problems_outside(
    path: str | os.PathLike,
    number: int,
    row: Mapping[str, str],
    listing: Listing | None,
    corpus: Mapping[str, film_table.Film],
) -> Iterator[Problem]:
    near = closest(row["film_id"], list(corpus))
    for name in ("title", "year"):
        if not row[name]:
            expected = f"a {name}: {row['film_id']} is no film of the corpus"
            yield Problem(tsv.cell(path, number, name), "is empty", expected, near)
    yield from film_table.year_problems(row["year"], tsv.cell(path, number, "year"))
    album = _resolve(path, row["album"])
    yield from film_table.album_problems(album, listing, tsv.cell(path, number, "album"))
    if row["subtitles"]:
        expected = f"nothing: {row['film_id']} is no film of the corpus"
        yield Problem(tsv.cell(path, number, "subtitles"), "are given", expected, near)


def _file_problems(
    path: str | os.PathLike, number: int, row: Mapping[str, str]
) -> Iterator[Problem]:
    for name, kind in FILES.items():
        if row[name]:
            at = tsv.cell(path, number, name)
            yield from paths.file_problems(at, _resolve(path, row[name]), kind)


def _description(
    path: str | os.PathLike,
    row: Mapping[str, str],
    album: Album,
    corpus: Mapping[str, film_table.Film],
) -> FilmDescription:
    film = corpus.get(row["film_id"])
    files = {name: _resolve(path, row[name]) or None for name in FILES}
    tags = (" ".join(tag.split()) for tag in row["tags"].split(";"))
    return FilmDescription(
        film_id=row["film_id"],
        title=" ".join(row["title"].split()) or film.title,
        year=int(row["year"] or film.year),
        tags=tuple(dict.fromkeys(tag for tag in tags if tag)),
        album=album,
        groups=group_names(row[GROUP]),
        **files,
    )


def _resolve(path: str | os.PathLike, inside: str) -> str:
    return paths.resolve(inside, os.path.dirname(os.fspath(path)))
