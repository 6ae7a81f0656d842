"""Read the table of trailers, and list every fault of it at once.

Imported when the workflow is parsed: light imports only.
"""

import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from scorelens import film_table, paths, tsv
from scorelens.errors import ConfigError, Problem
from scorelens.groups import GROUP, group_names, group_problems, join_named_groups

YEAR_HINT = "if these are different films, put the year in the title"
COLUMNS = ("trailer_id", "title", "video", "genres")
YEAR = "year"  # an optional column


class Trailer(NamedTuple):
    """A trailer.

    Attributes
    ----------
    trailer_id : str
        Id of the trailer.
    title : str
        Title of the film. Trailers of one title are in the same fold.
    video : str
        Path of the file.
    genres : tuple of str
        Genres, in the order of the table.
    year : int or None
        Of the film's first release; None if the table does not have it.
    groups : tuple of str
        What its film may have in common with others, such as a franchise.
    """

    trailer_id: str
    title: str
    video: str
    genres: tuple[str, ...]
    year: int | None = None
    groups: tuple[str, ...] = ()


def read_trailers(path: str | os.PathLike, genres: Sequence[str]) -> list[Trailer]:
    """Read the trailers of a table: tab-separated with a header, paths relative to the table.

    Parameters
    ----------
    path : str or os.PathLike
        Path of the table. It has the columns of COLUMNS, and may have a `year` and a `group`;
        others are ignored. Semicolons separate genres, and groups.
    genres : sequence of str
        Labels that are allowed.

    Returns
    -------
    list of Trailer
        The trailers, by trailer id.

    Raises
    ------
    ConfigError
        With every fault of every row. It is a fault if trailers of one title have different genres,
        if two titles, or two groups, differ only in accents or punctuation (titles also in case),
        or if two titles share a file.
    """
    rows = tsv.read_rows(path, COLUMNS, "trailers", "trailer", further=[YEAR, GROUP])
    trailers = [_trailer(path, row) for _, row in rows]
    problems = [*film_table.id_problems(rows, path, "trailer"), *group_problems(rows, path)]
    for (number, row), trailer in zip(rows, trailers, strict=True):
        where = {name: tsv.cell(path, number, name) for name in COLUMNS}
        if not trailer.title:
            expected = "a title: trailers of one title are in the same fold"
            problems.append(Problem(where["title"], "is empty", expected))
        problems += _video_problems(where["video"], row, trailer.video)
        if not trailer.genres:
            hint = f"genres: {'; '.join(genres)}"
            problems.append(Problem(where["genres"], "is empty", "at least one genre", hint))
        problems += film_table.genre_problems(trailer.genres, genres, where["genres"])
        problems += film_table.year_problems(row.get(YEAR, ""), tsv.cell(path, number, YEAR))
    lines = [number for number, _ in rows]
    by_line = dict(zip(lines, trailers, strict=True))
    problems += [*_title_problems(path, by_line), *_shared_file_problems(path, by_line)]
    if problems:
        raise ConfigError(problems)
    return sorted(trailers)


def _title_problems(path: str | os.PathLike, trailers: Mapping[int, Trailer]) -> Iterator[Problem]:
    """Rows whose spelling or genres differ from the first row of their title, by line."""
    first: dict[str, int] = {}
    for number, trailer in trailers.items():
        line = first.setdefault(plain_title(trailer.title), number)
        other = trailers[line]
        if trailer.title != other.title:
            what = f"{trailer.title!r} is nearly {other.title!r} of line {line}"
            expected = "one spelling of a title, so that its trailers are in the same fold"
            yield Problem(tsv.cell(path, number, "title"), what, expected, YEAR_HINT)
        elif trailer.title and set(trailer.genres) != set(other.genres):
            what = f"differ from those of line {line}, of the same title {trailer.title!r}"
            expected = "the same genres for one title"
            yield Problem(tsv.cell(path, number, "genres"), what, expected, YEAR_HINT)


def _shared_file_problems(
    path: str | os.PathLike, trailers: Mapping[int, Trailer]
) -> Iterator[Problem]:
    """Rows whose file has another title in an earlier row, by line."""
    first: dict[str, int] = {}
    for number, trailer in trailers.items():
        line = first.setdefault(os.path.realpath(trailer.video), number)
        if os.path.isfile(trailer.video) and trailer.title != trailers[line].title:
            what = f"is also the file of line {line}, which has another title"
            yield Problem(tsv.cell(path, number, "video"), what, "one title for a file")


def plain_title(title: str) -> str:
    """Remove case, accents and punctuation from a title.

    Parameters
    ----------
    title : str
        Any title.

    Returns
    -------
    str
        The plain title; the title itself if nothing is left.

    Examples
    --------
    >>> plain_title("Élan: The Movie!")
    'elan the movie'
    """
    letters = unicodedata.normalize("NFKD", title.casefold())
    letters = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(re.sub(r"[\W_]+", " ", letters).split()) or title


def bare_title(title: str) -> str:
    """Strip a title of case, accents, punctuation and a year at its end.

    Titles of films and of trailers come from two tables. If in doubt they count as one: a trailer
    too few in training does less harm than the film's own.

    Parameters
    ----------
    title : str
        Any title.

    Returns
    -------
    str
        The bare title.

    Examples
    --------
    >>> bare_title("Amélie (2001)")
    'amelie'
    """
    words = plain_title(title).split()
    if len(words) > 1 and re.fullmatch(r"(18|19|20)\d\d", words[-1]):
        words.pop()
    return " ".join(words)


def title_groups(trailers: Iterable[Trailer]) -> dict[str, tuple[str, ...]]:
    """The groups of each title, by the column `group` of any of its trailers.

    Parameters
    ----------
    trailers : iterable of Trailer
        In the order of `read_trailers`.

    Returns
    -------
    dict of str to tuple of str
        By title, in the order in which they appear.
    """
    groups: dict[str, tuple[str, ...]] = {}
    for trailer in trailers:
        groups[trailer.title] = (*groups.get(trailer.title, ()), *trailer.groups)
    return groups


def join_titles(trailers: Iterable[Trailer]) -> dict[str, str]:
    """Group titles that share a name in the column `group`.

    Parameters
    ----------
    trailers : iterable of Trailer
        In the order of `read_trailers`.

    Returns
    -------
    dict of str to str
        Title -> the first title of its group.
    """
    names = title_groups(trailers)
    return join_named_groups([*names], names)


def _trailer(path: str | os.PathLike, row: Mapping[str, str]) -> Trailer:
    year = row.get(YEAR, "")
    return Trailer(
        trailer_id=row["trailer_id"],
        title=" ".join(row["title"].split()),
        video=paths.resolve(row["video"], os.path.dirname(os.fspath(path))),
        genres=film_table.genre_labels(row["genres"]),
        year=int(year) if year.isdecimal() else None,
        groups=group_names(row.get(GROUP, "")),
    )


def _video_problems(at: str, row: Mapping[str, str], video: str) -> Iterator[Problem]:
    if not row["video"]:
        yield Problem(at, "is empty", "the path of the trailer's file", paths.IN_TABLE)
    else:
        yield from paths.file_problems(at, video, "a media file")
