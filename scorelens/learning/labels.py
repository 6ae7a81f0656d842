"""The genres of films as a matrix of labels, read from the film table."""

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from scorelens.errors import Problem, TableError
from scorelens.tables import FILMS, read_table

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Labels:
    """The labels of some films.

    Parameters
    ----------
    film_ids : list of str
        Names of the rows.
    genres : list of str
        Names of the columns.
    matrix : ndarray of bool, shape (n_films, n_genres)
        Whether a film carries a genre.
    unlabelled : frozenset of str
        Films in use that have no genres, and so no row.
    """

    film_ids: list[str]
    genres: list[str]
    matrix: np.ndarray
    unlabelled: frozenset[str] = frozenset()

    def select(self, film_ids: Sequence[str]) -> "Labels":
        """Return the labels of these films alone, in this order."""
        rows = [self.film_ids.index(film) for film in film_ids]
        return Labels(list(film_ids), self.genres, self.matrix[rows], self.unlabelled)


def labelled_films(path: str | os.PathLike) -> pd.DataFrame:
    """Read the film table without the films that have no genres; the log names these.

    Parameters
    ----------
    path : path
        The table of the films in use (tables.FILMS).

    Returns
    -------
    DataFrame
        Its rows, numbered from 0.
    """
    films = read_table(path, FILMS)
    labelled = films["genres"].map(len) > 0
    if not labelled.all():
        message = "films without genres, left out of training and scoring: %s"
        log.warning(message, ", ".join(films["film_id"][~labelled]))
    return films[labelled].reset_index(drop=True)


def read_labels(path: str | os.PathLike, genres: Sequence[str]) -> Labels:
    """Read the genres of the film table.

    Parameters
    ----------
    path : path
        The table of the films in use (tables.FILMS).
    genres : sequence of str
        The allowed genres, in the order of the columns.

    Returns
    -------
    Labels
        A row for each film of the table that has genres.

    Raises
    ------
    TableError
        If a film carries a genre that is not allowed, or fewer than two films have genres.
    """
    films = labelled_films(path)
    if len(films) < 2:
        raise too_few_films(path, len(films), "films with genres")
    named = [set(names) for names in films["genres"]]
    unknown = [
        Problem(
            f"{path}, film {film}", f"the genre {name!r} is not listed", f"one of {list(genres)}"
        )
        for film, names in zip(films["film_id"], named, strict=True)
        for name in sorted(names - set(genres))
    ]
    if unknown:
        raise TableError(unknown)
    matrix = np.array([[genre in names for genre in genres] for names in named], bool)
    unlabelled = frozenset(read_table(path, FILMS)["film_id"]) - {*films["film_id"]}
    return Labels(films["film_id"].tolist(), list(genres), matrix, unlabelled)


def too_few_films(path: str | os.PathLike, count: int, what: str) -> TableError:
    """Make the error for a corpus that leaves no film to train on when one is held out.

    Parameters
    ----------
    path : path
        The table that has too few films.
    count : int
        How many it has.
    what : str
        What was counted, such as "films with cues".

    Returns
    -------
    TableError
        The error to raise.
    """
    hint = (
        "a model is tested on films held out of training: add films, "
        "or name `cues` as the only target"
    )
    return TableError(Problem(str(path), f"{what}: {count}", "at least 2", hint))
