"""The table of what films show and tell, checked whole: every fault is listed, not the first.

Imported when the workflow is parsed: light imports only.
"""

import logging
import os
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from scorelens import charsets, film_table, paths, tsv
from scorelens.albums.files import NO_ALBUM, Album, Listing, scan
from scorelens.errors import ConfigError, InputError, Problem, closest

COLUMNS = ("film_id", "title", "year", "image", "plot", "tags", "album", "subtitles")
DESCRIBING = ("image", "plot", "tags")
FILES = {"image": "a picture", "plot": "a text file", "subtitles": "a file of subtitles"}


log = logging.getLogger(__name__)


class Described(NamedTuple):
    """A film, its music, and what is known of it besides.

    image, plot, subtitles: paths of files; None without. tags: as given, each once. album: of a
    film outside the corpus without an id.
    """

    film_id: str
    title: str
    year: int
    image: str | None
    plot: str | None
    tags: tuple[str, ...]
    subtitles: str | None
    album: Album


def read_films(path: str | os.PathLike, corpus: Mapping[str, film_table.Film]) -> list[Described]:
    """The films of a table (TSV with a header; columns of COLUMNS), by film_id.

    corpus: its films by id; those of the table that are among them take year and album from there,
    and the title unless the table has one. The others need title, year and album. Of the columns
    only film_id and one of DESCRIBING must be there; what a column that is not there would say is
    empty; others are left alone. Paths are relative to the table. No audio file may stand in two
    albums. Raises ConfigError with every fault of every row.
    """
    found = tsv.read_rows(path, COLUMNS[:1], "retrieval", further=COLUMNS)
    rows = [(number, dict.fromkeys(COLUMNS, "") | row) for number, row in found]
    listings = [_listing(path, row, corpus) for _, row in rows]
    albums = [
        _album_of(row, listing, corpus) for (_, row), listing in zip(rows, listings, strict=True)
    ]
    problems = [
        *_column_problems(path, found[0][1]),
        *film_table.id_problems(rows, path),
        *_shared_problems(path, rows, albums),
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
        _described(path, row, album, corpus) for (_, row), album in zip(rows, albums, strict=True)
    ]
    return sorted(films)


def read_paragraphs(path: str | os.PathLike) -> list[str]:
    """The paragraphs of a text file, divided by lines without text, each in one line.

    An encoding that had to be guessed is named in the log. Raises InputError if the file cannot be
    read.
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


def _column_problems(path, row: Mapping[str, str]) -> Iterator[Problem]:
    """A column that is misspelt would be passed over, for most may be left out.

    Those under quite another name are not told from the user's own, unless nothing is described.
    """
    absent = [name for name in COLUMNS if name not in row]
    for name in row:
        if name not in COLUMNS and (hint := closest(name, absent)):
            expected = f"columns of {', '.join(COLUMNS)}"
            yield Problem(f"{path}, header", f"has a column {name!r}", expected, hint)
    if not any(name in row for name in DESCRIBING):
        expected = f"one at least of {', '.join(DESCRIBING)}: what the films show and tell"
        yield Problem(f"{path}, header", "describes nothing", expected)


def _shared_problems(path, rows, albums) -> Iterator[Problem]:
    """Files in the albums of two films: a model could learn from what it is then tested with.

    Films of the corpus may share a whole album: `copies` keeps it on one side of the split.
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


def _listing(path, row, corpus) -> Listing | None:
    """What lies in the album of a film that is not in the corpus; None without."""
    if row["film_id"] in corpus or not row["album"]:
        return None
    return scan(_beside(path, row["album"]))


def _album_of(row, listing: Listing | None, corpus) -> Album:
    if row["film_id"] in corpus:
        return corpus[row["film_id"]].album
    return Album("", listing.folder, listing.files) if listing else NO_ALBUM


def _problems_in_corpus(path, number: int, row, film: film_table.Film) -> Iterator[Problem]:
    yield from _year_problems(tsv.cell(path, number, "year"), row["year"], film)
    at = tsv.cell(path, number, "album")
    if row["album"]:
        yield Problem(at, f"is {row['album']!r}", f"nothing: {film.film_id} has the corpus's album")
    if not film.album.files and not film.problems:
        yield Problem(at, f"{film.film_id} has no audio in the corpus", "a film with an album")


def _year_problems(at: str, year: str, film: film_table.Film) -> Iterator[Problem]:
    """What is wrong with the year that the table gives a film of the corpus."""
    bad = list(film_table.year_problems(year, at))
    yield from bad
    if not year and film.year is None:
        yield Problem(at, "is empty here and in the corpus", "a year: it splits the films")
    elif year and not bad and film.year not in (None, int(year)):
        expected = f"{film.year}, the corpus's year of {film.film_id}"
        yield Problem(at, f"is {year}", expected, "leave it empty")


def _problems_outside(path, number: int, row, listing, corpus) -> Iterator[Problem]:
    near = closest(row["film_id"], list(corpus))
    for name in ("title", "year"):
        if not row[name]:
            expected = f"a {name}: {row['film_id']} is no film of the corpus"
            yield Problem(tsv.cell(path, number, name), "is empty", expected, near)
    yield from film_table.year_problems(row["year"], tsv.cell(path, number, "year"))
    album = _beside(path, row["album"])
    yield from film_table.album_problems(album, listing, tsv.cell(path, number, "album"))
    if row["subtitles"]:
        expected = f"nothing: {row['film_id']} is no film of the corpus"
        yield Problem(tsv.cell(path, number, "subtitles"), "are given", expected, near)


def _file_problems(path, number: int, row) -> Iterator[Problem]:
    for name, kind in FILES.items():
        if row[name]:
            at = tsv.cell(path, number, name)
            yield from paths.file_problems(at, _beside(path, row[name]), kind)


def _described(path, row, album: Album, corpus) -> Described:
    film = corpus.get(row["film_id"])
    files = {name: _beside(path, row[name]) or None for name in FILES}
    tags = (" ".join(tag.split()) for tag in row["tags"].split(";"))
    return Described(
        film_id=row["film_id"],
        title=" ".join(row["title"].split()) or film.title,
        year=int(row["year"] or film.year),
        tags=tuple(dict.fromkeys(tag for tag in tags if tag)),
        album=album,
        **files,
    )


def _beside(path, inside: str) -> str:
    return paths.resolve(inside, os.path.dirname(os.fspath(path)))
