"""The genres of the films as a matrix of labels."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scorelens.errors import Problem, TableError
from scorelens.tables import FILMS, read_table


@dataclass(frozen=True)
class Labels:
    """The films' labels: bool (films, genres), with the names of rows and columns."""

    film_ids: list[str]
    genres: list[str]
    actual: np.ndarray

    def of(self, film_ids: Sequence[str]) -> "Labels":
        """The labels of these films alone, in this order."""
        rows = [self.film_ids.index(film) for film in film_ids]
        return Labels(list(film_ids), self.genres, self.actual[rows])


def read_labels(path: str | os.PathLike, genres: Sequence[str]) -> Labels:
    """Read the film table's genres.

    path: the table of films in use. genres: the names that count, in the order of the columns.
    Raises TableError if a film carries another genre or if there are fewer than two films.
    """
    films = read_table(path, FILMS)
    if len(films) < 2:
        raise too_few_films(path, len(films), "films")
    named = [{name.strip() for name in text.split(";")} - {""} for text in films["genres"]]
    strange = [
        Problem(
            f"{path}, film {film}", f"the genre {name!r} is not listed", f"one of {list(genres)}"
        )
        for film, names in zip(films["film_id"], named, strict=True)
        for name in sorted(names - set(genres))
    ]
    if strange:
        raise TableError(strange)
    actual = np.array([[genre in names for genre in genres] for names in named], bool)
    return Labels(films["film_id"].tolist(), list(genres), actual)


def too_few_films(path: str | os.PathLike, found: int, what: str) -> TableError:
    """The error for a corpus that leaves no film to train on when one is held out."""
    hint = "a model is tested on a film that it never saw: add films, or ask for `cues` alone"
    return TableError(Problem(str(path), f"{what}: {found}", "at least 2", hint))


def training_frequency(actual: np.ndarray, held_out: int) -> np.ndarray:
    """The share of the training films that carry each genre.

    actual: bool (films, genres). held_out: row of the film that is left out.
    Returns float32 (genres,), 0 to 1.
    """
    return np.delete(actual, held_out, axis=0).mean(axis=0, dtype=np.float32)
