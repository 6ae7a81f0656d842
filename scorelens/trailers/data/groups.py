"""Group the titles of trailers that must not be on two sides of a split.

Titles are one group if they share a name in the column `group` of the trailers, or if their films
are one group in the corpus. A film is that of a title if both have the same bare title.
"""

import logging
import os
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from scorelens.groups import join_groups
from scorelens.learning.film_groups import join_with_corpus
from scorelens.tables import TRAILER_GROUPS, read_table, write_table
from scorelens.trailers.data.table import bare_title, read_trailers, title_groups

log = logging.getLogger(__name__)


class TitleGroups(NamedTuple):
    """The groups of the titles of trailers.

    Parameters
    ----------
    of_title : dict of str to str
        Title -> the first title of its group.
    of_film : dict of str to list of str
        Film of the corpus -> the titles of its group; films without any are left out.
    """

    of_title: dict[str, str]
    of_film: dict[str, list[str]]


def write_groups(
    table: str | os.PathLike,
    genres: Sequence[str],
    films: Mapping[str, str],
    film_groups: str | os.PathLike | None,
    output: str | os.PathLike,
) -> None:
    """Write the group of every title.

    Parameters
    ----------
    table : path
        Of trailers (`table.read_trailers`).
    genres : sequence of str
        Genres that trailers may have.
    films : mapping of str to str
        film_id -> title of the films of the corpus that may be those of the trailers.
    film_groups : path or None
        The groups of the films (tables.FILM_GROUPS); None without films.
    output : path
        Where the table of TRAILER_GROUPS goes.
    """
    names = title_groups(read_trailers(table, genres))
    groups = group_titles(names, films, film_groups)
    write_table(groups, output, TRAILER_GROUPS)
    log.info("%d titles in %d groups", len(groups), groups["group"].nunique())


def group_titles(
    names: Mapping[str, Collection[str]],
    films: Mapping[str, str],
    film_groups: str | os.PathLike | None,
) -> pd.DataFrame:
    """Group titles by the names of their groups and by the groups of their films.

    Parameters
    ----------
    names : mapping of str to collection of str
        Title -> its groups by the table of trailers, in order.
    films, film_groups
        As `write_groups` takes them.

    Returns
    -------
    pandas.DataFrame
        Columns of TRAILER_GROUPS, in the order of the titles.
    """
    marked = {_mark(title): of_title for title, of_title in names.items()}
    joined = join_with_corpus([*marked], marked, film_groups)
    by_bare: dict[str, list[str]] = {}
    for title in names:
        by_bare.setdefault(bare_title(title), []).append(_mark(title))
    same_films = [
        [film, *by_bare.get(bare_title(title), ())]
        for film, title in films.items()
        if film in joined
    ]
    group = join_groups([*joined], [*joined.items(), *same_films])
    members: dict[str, list[str]] = {}
    for one in group:
        members.setdefault(group[one], []).append(one)
    rows = [
        (title, _unmark(first), tuple(one for one in members[first] if one != _mark(_unmark(one))))
        for title in names
        for first in [group[_mark(title)]]
    ]
    return pd.DataFrame(rows, columns=TRAILER_GROUPS.names)


def read_groups(path: str | os.PathLike) -> TitleGroups:
    """Read the groups of the titles.

    Parameters
    ----------
    path : path
        A table of TRAILER_GROUPS.

    Returns
    -------
    TitleGroups
    """
    table = read_table(path, TRAILER_GROUPS)
    of_film: dict[str, list[str]] = {}
    for title, films in zip(table["title"], table["films"], strict=True):
        for film in films:
            of_film.setdefault(film, []).append(title)
    return TitleGroups(dict(zip(table["title"], table["group"], strict=True)), of_film)


def _mark(title: str) -> str:
    """A title as an item beside ids of films; no id has a space at its start."""
    return f" {title}"


def _unmark(item: str) -> str:
    return item[1:]
