"""The table of trailers, checked whole: every fault is listed, not the first.

Imported when the workflow is parsed: light imports only.
"""

import os
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from scorelens import film_table, paths, tsv
from scorelens.errors import ConfigError, Problem

APART = "if these are different films, tell them apart: put the year in the title"
COLUMNS = ("trailer_id", "title", "video", "genres")


class Trailer(NamedTuple):
    """A trailer. title: of what it is for; trailers of one title belong together. video: its file.

    genres: of the labels that the config allows, in the order of the table.
    """

    trailer_id: str
    title: str
    video: str
    genres: tuple[str, ...]


def read_trailers(path: str | os.PathLike, genres: Sequence[str]) -> list[Trailer]:
    """The trailers of a table (TSV with a header; columns of COLUMNS), by trailer_id.

    genres: the labels allowed; those of a trailer are divided by semicolons. Paths are relative to
    the table. Other columns are left alone. Raises ConfigError with every fault of every row; it is
    one if trailers of one title carry different genres, if two titles differ in nothing but case,
    accents and punctuation, or if two titles share a file.
    """
    rows = tsv.read_rows(path, COLUMNS, "trailers", "trailer")
    trailers = [_trailer(path, row) for _, row in rows]
    problems = list(film_table.id_problems(rows, path, "trailer"))
    for (number, row), trailer in zip(rows, trailers, strict=True):
        where = {name: tsv.cell(path, number, name) for name in COLUMNS}
        if not trailer.title:
            expected = "a title: trailers of one title are never on both sides of a split"
            problems.append(Problem(where["title"], "is empty", expected))
        problems += _video_problems(where["video"], row, trailer.video)
        problems += film_table.genre_problems(trailer.genres, genres, where["genres"])
    lines = [number for number, _ in rows]
    by_line = dict(zip(lines, trailers, strict=True))
    problems += [*_title_problems(path, by_line), *_copy_problems(path, by_line)]
    if problems:
        raise ConfigError(problems)
    return sorted(trailers)


def _title_problems(path, trailers: Mapping[int, Trailer]) -> Iterator[Problem]:
    """Rows whose title is spelt, or whose genres are, unlike those of the first row of their title.

    trailers: by line.
    """
    first: dict[str, int] = {}
    for number, trailer in trailers.items():
        before = first.setdefault(plain_title(trailer.title), number)
        other = trailers[before]
        if trailer.title != other.title:
            what = f"{trailer.title!r} is all but {other.title!r} of line {before}"
            expected = "one spelling of a title, so that it is never on both sides of a split"
            yield Problem(tsv.cell(path, number, "title"), what, expected, APART)
        elif trailer.title and set(trailer.genres) != set(other.genres):
            what = f"differ from those of line {before}, of the same title {trailer.title!r}"
            expected = "the same genres for one title"
            yield Problem(tsv.cell(path, number, "genres"), what, expected, APART)


def _copy_problems(path, trailers: Mapping[int, Trailer]) -> Iterator[Problem]:
    """Rows whose file stands under another title as well. trailers: by line."""
    first: dict[str, int] = {}
    for number, trailer in trailers.items():
        before = first.setdefault(os.path.realpath(trailer.video), number)
        if os.path.isfile(trailer.video) and trailer.title != trailers[before].title:
            what = f"is the file of line {before} too, of another title"
            yield Problem(tsv.cell(path, number, "video"), what, "one title for a file")


def plain_title(title: str) -> str:
    """A title without case, accents and punctuation; as it is if nothing else is in it."""
    letters = unicodedata.normalize("NFKD", title.casefold())
    kept = "".join(one for one in letters if not unicodedata.combining(one))
    return " ".join(re.sub(r"[\W_]+", " ", kept).split()) or title


def _trailer(path, row: Mapping[str, str]) -> Trailer:
    return Trailer(
        trailer_id=row["trailer_id"],
        title=" ".join(row["title"].split()),
        video=paths.resolve(row["video"], os.path.dirname(os.fspath(path))),
        genres=film_table.genre_labels(row["genres"]),
    )


def _video_problems(at: str, row: Mapping[str, str], video: str) -> Iterator[Problem]:
    if not row["video"]:
        yield Problem(at, "is empty", "the path of the trailer's file", paths.IN_TABLE)
    else:
        yield from paths.file_problems(at, video, "a media file")
