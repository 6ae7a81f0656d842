"""The table of trailers, checked whole: every fault is listed, not the first.

Imported when the workflow is parsed: light imports only.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from scorelens import config
from scorelens.errors import ConfigError, Problem

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
    the table. Other columns are left alone. Raises ConfigError with every fault of every row.
    """
    rows = config.read_rows(path, COLUMNS, "trailers")
    seen = Counter(row["trailer_id"] for _, row in rows)
    trailers = [_trailer(path, row) for _, row in rows]
    problems = []
    for (number, row), trailer in zip(rows, trailers, strict=True):
        where = {name: config.cell(path, number, name) for name in COLUMNS}
        problems += _id_problems(where["trailer_id"], trailer, seen[trailer.trailer_id])
        if not trailer.title:
            expected = "a title: trailers of one title are never on both sides of a split"
            problems.append(Problem(where["title"], "is empty", expected))
        problems += _video_problems(where["video"], row, trailer.video)
        problems += _genre_problems(where["genres"], trailer.genres, genres)
    if problems:
        raise ConfigError(problems)
    return sorted(trailers)


def _trailer(path, row: Mapping[str, str]) -> Trailer:
    labels = (part.strip() for part in row["genres"].split(";"))
    return Trailer(
        trailer_id=row["trailer_id"],
        title=" ".join(row["title"].split()),
        video=os.path.join(os.path.dirname(os.fspath(path)), row["video"]),
        genres=tuple(label for label in labels if label),
    )


def _id_problems(at: str, trailer: Trailer, rows: int) -> Iterator[Problem]:
    if not re.fullmatch(r"[a-z0-9_]+", trailer.trailer_id):
        expected = "letters a-z, digits and underscores"
        hint = f"for example {config.slug(trailer.title or 'trailer')}"
        yield Problem(at, f"is {trailer.trailer_id!r}", expected, hint)
    elif rows > 1:
        what = f"{trailer.trailer_id!r} stands in {rows} rows"
        yield Problem(at, what, "one row a trailer", "rename one")


def _video_problems(at: str, row: Mapping[str, str], video: str) -> Iterator[Problem]:
    hint = "paths are relative to the table"
    if not row["video"]:
        yield Problem(at, "is empty", "the path of the trailer's file", hint)
    elif not os.path.isfile(video):
        what = "is a folder" if os.path.isdir(video) else "does not exist"
        yield Problem(at, f"{video} {what}", "a media file", hint)


def _genre_problems(at: str, labels: Sequence[str], genres: Sequence[str]) -> Iterator[Problem]:
    if not labels:
        yield Problem(at, "is empty", "at least one genre", f"genres: {'; '.join(genres)}")
    for label, count in Counter(labels).items():
        if label not in genres:
            what, expected = f"{label!r} is not a genre of the config", f"one of {list(genres)}"
            yield Problem(at, what, expected, config.closest(label, genres))
        elif count > 1:
            yield Problem(at, f"{label!r} is named {count} times", "each genre once")
