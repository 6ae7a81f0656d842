"""The genres of the films as a matrix of labels."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scorelens.errors import Problem, TableError
from scorelens.tables import FILMS, read_table

# The rows of the films that a fold holds out; a number for a single film.
HeldOut = int | np.ndarray


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
    named = [set(names) for names in films["genres"]]
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


def deal_films(
    films: Sequence[str], present: Sequence[str], folds: int, seed: int
) -> list[np.ndarray]:
    """Deal the films into the folds that hold them out.

    films: all films in use. present: those of them that take part, in the same order. folds: 0
    holds out each film on its own, in order; another number deals the films at random into so many
    groups, of equal size or one film less. A film's group depends on all films in use, the number
    and the seed, so that it is the same for all models and feature sets.
    Returns the rows of `present` that each fold holds out, int64, ascending. No fold is empty.
    Raises TableError if all films fall to one fold, which leaves none to train on.
    """
    place = np.random.default_rng([seed, folds]).permutation(len(films)) % folds if folds else None
    group_of = dict(zip(films, range(len(films)) if place is None else place, strict=True))
    own = np.array([group_of[film] for film in present])
    dealt = [np.flatnonzero(own == group) for group in np.unique(own)]
    if len(dealt) < 2:
        found = f"{folds}: all {len(present)} films with cues are in one group"
        hint = "a model is tested on films that it never saw: choose more groups, or 0"
        raise TableError(Problem("config: genres.folds", found, "at least 2 groups", hint))
    return dealt


def training_frequency(actual: np.ndarray, held_out: HeldOut) -> np.ndarray:
    """The share of the training films that carry each genre.

    actual: bool (films, genres). held_out: rows of the films that are left out.
    Returns float32 (genres,), 0 to 1.
    """
    return np.delete(actual, held_out, axis=0).mean(axis=0, dtype=np.float32)
