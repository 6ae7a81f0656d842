"""Tests whether one genre model is better than another, for every pair of models.

Approximate randomisation over films, corrected for all pairs after Holm. Ma et al. 2021 compare
their models by the scores alone.
"""

import os
from collections.abc import Mapping
from itertools import combinations

import numpy as np

from scorelens.evaluation.classification import confusion_counts
from scorelens.evaluation.paired import compare_macro_f1, compare_pairs
from scorelens.evaluation.predictions import Predictions
from scorelens.genres import RANDOM_GUESS
from scorelens.genres.evaluate.score import read_predictions
from scorelens.tables import GENRE_COMPARISONS, write_table


def compare_models(
    predictions: Mapping[tuple[str, str], str | os.PathLike],
    samples: int,
    seed: int,
    output: str | os.PathLike,
) -> None:
    """Compare every pair of models and write one table.

    A random guess is not compared: its decisions are one draw of many.

    Parameters
    ----------
    predictions : mapping of (feature set, model) to path
        Tables of PREDICTIONS.
    samples : int
        Bootstrap samples of the films. Of random assignments there are as many as the number of
        pairs asks for.
    seed : int
    output : path
        Where GENRE_COMPARISONS goes.
    """
    compared = {
        run: read_predictions(path) for run, path in predictions.items() if run[1] != RANDOM_GUESS
    }
    pairs = {names: tuple(map(compared.get, names)) for names in combinations(compared, 2)}
    table = compare_pairs(pairs, compare_pair, samples, seed)
    for prefix, runs in (("", table.pop("first")), ("other_", table.pop("second"))):
        for column, number in (("feature_set", 0), ("model", 1)):
            table[f"{prefix}{column}"] = runs.str[number]
    write_table(table.reindex(columns=GENRE_COMPARISONS.names), output, GENRE_COMPARISONS)


def compare_pair(
    first: Predictions, second: Predictions, samples: int, draws: int, seed: int
) -> dict[str, float]:
    """Compare the macro F1 of two models on the films that both have predictions for.

    Parameters
    ----------
    first, second : Predictions
        Units are films; F1 is the mean over a model's training runs.
    samples : int
        Bootstrap samples of the films.
    draws : int
        Random assignments, at most.
    seed : int

    Returns
    -------
    dict of str to float
        `films` (how many), `difference` (first less second), its 95% interval `low` and `high`,
        and the two-sided `p`.
    """
    names = [one.units["film_id"].to_numpy(object) for one in (first, second)]
    films, *rows = np.intersect1d(*names, return_indices=True)
    counts = [
        confusion_counts(one.predicted, one.labels)[:, :, row]
        for one, row in zip((first, second), rows, strict=True)
    ]
    cluster = first.cluster if first.cluster is None else first.cluster[rows[0]]
    return {"films": len(films)} | compare_macro_f1(*counts, samples, draws, seed, cluster)
