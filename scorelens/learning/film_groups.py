"""The groups of films, of which none is ever on two sides of a split, as numbers.

The table is written by `group_corpus`: films that share audio, or a name in the column `group` of
the film table. Intervals and tests over films may resample the same numbers as clusters.
"""

import logging
import os
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from scorelens.groups import join_named_groups
from scorelens.tables import FILM_GROUPS, read_table

log = logging.getLogger(__name__)


def read_film_groups(path: str | os.PathLike) -> dict[str, str]:
    """Read the group of each film in use.

    Parameters
    ----------
    path : path
        A table of tables.FILM_GROUPS.

    Returns
    -------
    dict of str to str
        film_id -> group, the id of its first film.
    """
    table = read_table(path, FILM_GROUPS)
    return dict(zip(table["film_id"], table["group"], strict=True))


def join_with_corpus(
    items: Sequence[str],
    names: Mapping[str, Collection[str]],
    path: str | os.PathLike | None,
) -> dict[str, str]:
    """Group items of another table together with the films of the corpus.

    Parameters
    ----------
    items : sequence of str
        Ids of the items; one that is the id of a film of the corpus is that film.
    names : mapping of str to collection of str
        Groups of items by the column `group` of their table. Films of the corpus have theirs, too.
    path : path or None
        The groups of the corpus (tables.FILM_GROUPS); None without a corpus.

    Returns
    -------
    dict of str to str
        Item, or film of the corpus -> group, the id of the first item of all that are united with
        it, or the first film if there is no item.
    """
    if path is None:
        return join_named_groups(items, names)
    table = read_table(path, FILM_GROUPS)
    of_corpus = dict(zip(table["film_id"], table["names"], strict=True))
    everyone = dict.fromkeys([*items, *of_corpus])
    both = {one: [*names.get(one, ()), *of_corpus.get(one, ())] for one in everyone}
    return join_named_groups([*everyone], both, zip(table["film_id"], table["group"], strict=True))


def group_numbers(films: Sequence[str], groups: Mapping[str, str] | None) -> np.ndarray:
    """Number the groups of some films.

    Parameters
    ----------
    films : sequence of str
        Ids of films.
    groups : mapping of str to str or None
        film_id -> group, of these films at least; None if each film is a group by itself.

    Returns
    -------
    ndarray of int64, shape (n_films,)
        For each film the position of the first film of its group.

    Examples
    --------
    >>> group_numbers(["a", "b", "c", "d"], {"a": "a", "b": "b", "c": "a", "d": "d"})
    array([0, 1, 0, 3])
    """
    if groups is None:
        return np.arange(len(films))
    first: dict[str, int] = {}
    return np.array(
        [first.setdefault(groups[film], number) for number, film in enumerate(films)], np.int64
    )


def genres_of_one_group(labels: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Find the genres that no model can learn when their films are held out.

    Parameters
    ----------
    labels : ndarray of bool, shape (n_films, n_genres)
        Labels of the films.
    group : ndarray of int, shape (n_films,)
        Number of the group of each film.

    Returns
    -------
    ndarray of int64
        Columns of the genres that films of a single group carry, but more than one of these.

    Examples
    --------
    >>> genres_of_one_group(np.array([[1, 1], [1, 0], [0, 1]], bool), np.array([0, 0, 2]))
    array([0])
    """
    n_groups = np.array([len(np.unique(group[carries])) for carries in labels.T], np.int64)
    return np.flatnonzero((n_groups == 1) & (labels.sum(axis=0) > 1))


def warn_of_single_groups(genres: Sequence[str], labels: np.ndarray, group: np.ndarray) -> None:
    """Log in one line the genres whose films are all of one group.

    Parameters
    ----------
    genres : sequence of str
        Names of the columns of the labels.
    labels, group
        As `genres_of_one_group` takes them.
    """
    single = [genres[column] for column in genres_of_one_group(labels, group)]
    if single:
        message = "no model can learn %s: its films are all of one group, and held out together"
        log.warning(message, ", ".join(single))
