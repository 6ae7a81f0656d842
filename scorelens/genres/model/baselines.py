"""The two baselines that look at no music: random guess and plurality (Ma et al. 2021, Table 4)."""

import os
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from scorelens.genres.model.labels import HeldOut, deal_films, read_labels, training_frequency
from scorelens.genres.model.prediction_io import prediction_rows, sha256
from scorelens.tables import PREDICTIONS, write_table


def fit_random_guess(
    actual: np.ndarray, seed: int, folds: Sequence[HeldOut] | None = None
) -> Iterator[dict[str, np.ndarray]]:
    """Guess each genre of the films held out with its frequency in the training films.

    actual: bool (films, genres). folds: the films that each fold holds out; each film on its own if
    left out. Yields `probability` float32 and `predicted` bool (genres,) of every film held out,
    fold by fold; the draws of a film depend on the seed and the film alone.
    """
    for held_out in folds or range(len(actual)):
        frequency = training_frequency(actual, held_out)
        for film in np.ravel(held_out):
            drawn = np.random.default_rng([seed, film]).random(len(frequency))
            yield {"probability": frequency, "predicted": drawn < frequency}


def fit_plurality(
    actual: np.ndarray, seed: int, folds: Sequence[HeldOut] | None = None
) -> Iterator[dict[str, np.ndarray]]:
    """Give the films held out the most frequent label set of the training films.

    actual, folds: as `fit_random_guess` takes them. Of equally frequent sets the one first met in
    the film table wins, so that `seed` has no part. Yields as `fit_random_guess` does, with
    probability 0 or 1.
    """
    for held_out in folds or range(len(actual)):
        training = np.delete(actual, held_out, axis=0)
        sets, first, count = np.unique(training, axis=0, return_index=True, return_counts=True)
        winner = sets[np.lexsort([first, -count])[0]]
        for _ in np.ravel(held_out):
            yield {"probability": winner.astype(np.float32), "predicted": winner}


FIT = {"random_guess": fit_random_guess, "plurality": fit_plurality}


def guess(
    model: str,
    films: str | os.PathLike,
    genres: Sequence[str],
    seed: int,
    predictions: str | os.PathLike,
    folds: int = 0,
) -> None:
    """Write the predictions of a baseline, with each film, or group of films, left out in turn.

    films: the table of films in use. folds: as `labels.deal_films` takes it.
    Raises TableError if there are fewer than two films, or one fold.
    """
    labels = read_labels(films, genres)
    dealt = deal_films(labels.film_ids, labels.film_ids, folds, seed)
    answers = FIT[model](labels.actual, seed, dealt)
    places = [(fold, film) for fold, held_out in enumerate(dealt) for film in held_out]
    tables = [
        prediction_rows(labels, film, fold, 0, answer["probability"], answer["predicted"])
        for (fold, film), answer in zip(places, answers, strict=True)
    ]
    provenance = {"seed": seed, "folds": folds, "films_sha256": sha256(films)}
    write_table(pd.concat(tables, ignore_index=True), predictions, PREDICTIONS, provenance)
