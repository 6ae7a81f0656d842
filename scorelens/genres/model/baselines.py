"""The baselines: random guess and plurality (Ma et al. 2021, Table 4), and what goes with genre."""

import os
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from scorelens.genres import CONFOUNDS
from scorelens.genres.model import confounds
from scorelens.genres.model.prediction_io import file_sha256, prediction_rows
from scorelens.learning.class_weights import label_frequency
from scorelens.learning.film_groups import read_film_groups
from scorelens.learning.grouped_folds import HeldOut, make_folds
from scorelens.learning.labels import read_labels
from scorelens.tables import PREDICTIONS, write_table


def random_guess(
    labels: np.ndarray, seed: int, folds: Sequence[HeldOut] | None = None
) -> Iterator[dict[str, np.ndarray]]:
    """Guess each genre of the films held out with its frequency in the training films.

    Parameters
    ----------
    labels : ndarray of bool, shape (n_films, n_genres)
        Labels of all films.
    seed : int
        The draws of a film depend on the seed and the film alone.
    folds : sequence of int or ndarray of int, optional
        The films that each fold holds out; by default each film on its own.

    Yields
    ------
    dict
        `probability`, float32 (n_genres,), and `predicted`, bool (n_genres,), of every film held
        out, fold by fold.
    """
    for held_out in folds or range(len(labels)):
        frequency = label_frequency(labels, held_out)
        for film in np.ravel(held_out):
            drawn = np.random.default_rng([seed, film]).random(len(frequency))
            yield {"probability": frequency, "predicted": drawn < frequency}


def plurality(
    labels: np.ndarray, seed: int, folds: Sequence[HeldOut] | None = None
) -> Iterator[dict[str, np.ndarray]]:
    """Give the films held out the most frequent label set of the training films.

    Parameters
    ----------
    labels : ndarray of bool, shape (n_films, n_genres)
        Labels of all films.
    seed : int
        Unused: of equally frequent sets the first one in the film table wins.
    folds : sequence of int or ndarray of int, optional
        The films that each fold holds out; by default each film on its own.

    Yields
    ------
    dict
        `probability`, float32 (n_genres,) of 0 or 1, and `predicted`, bool (n_genres,), of every
        film held out, fold by fold.
    """
    for held_out in folds or range(len(labels)):
        training = np.delete(labels, held_out, axis=0)
        sets, first, count = np.unique(training, axis=0, return_index=True, return_counts=True)
        winner = sets[np.lexsort([first, -count])[0]]
        for _ in np.ravel(held_out):
            yield {"probability": winner.astype(np.float32), "predicted": winner}


BASELINES = {"random_guess": random_guess, "plurality": plurality}


def predict_baseline(
    model: str,
    films: str | os.PathLike,
    genres: Sequence[str],
    seed: int,
    predictions: str | os.PathLike,
    folds: int = 0,
    groups: str | os.PathLike | None = None,
    tracks: str | os.PathLike | None = None,
    bags: str | os.PathLike | None = None,
    settings: Mapping[str, float] | None = None,
) -> None:
    """Write the predictions of a baseline, with each film, or group of films, held out in turn.

    Parameters
    ----------
    model : str
        A name of `scorelens.genres.BASELINES`.
    films : path
        The table of the films in use.
    genres : sequence of str
        The allowed genres.
    seed : int
        Of the folds and of the guesses.
    predictions : path
        Where the table of tables.PREDICTIONS goes.
    folds : int
        0 holds out each film, or group of films, on its own (`grouped_folds.make_folds`).
    groups : path, optional
        The groups of films (tables.FILM_GROUPS); by default each film is a group by itself.
    tracks, bags : path, optional
        The tables that `confounds.baseline_inputs` reads for the model.
    settings : mapping, optional
        Of the model.

    Raises
    ------
    TableError
        If there are fewer than two films, or one fold.
    """
    labels = read_labels(films, genres)
    film_groups = read_film_groups(groups) if groups else None
    held_out = make_folds(labels.film_ids, labels.film_ids, folds, seed, film_groups)
    if model in CONFOUNDS:
        paths = {"films": films, "tracks": tracks, "bags": bags}
        values = confounds.baseline_inputs(model, labels.film_ids, paths)
        arguments = model, values, labels.matrix, held_out, settings or {}, seed
        results = confounds.predict_films(*arguments)
    else:
        results = BASELINES[model](labels.matrix, seed, held_out)
    numbers = [(fold, film) for fold, members in enumerate(held_out) for film in members]
    tables = [
        prediction_rows(labels, film, fold, 0, result["probability"], result["predicted"])
        for (fold, film), result in zip(numbers, results, strict=True)
    ]
    provenance = {"seed": seed, "folds": folds, "films_sha256": file_sha256(films)}
    write_table(pd.concat(tables, ignore_index=True), predictions, PREDICTIONS, provenance)
