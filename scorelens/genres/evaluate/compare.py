"""Tests whether one genre model is better than another, for every pair of models.

Approximate randomisation over films, corrected for all pairs after Holm. Ma et al. 2021 compare
their models by the scores alone.
"""

import os
from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd

from scorelens.evaluation.classification import confusion_counts
from scorelens.evaluation.paired import compare_macro_f1, compare_macro_precision, compare_pairs
from scorelens.evaluation.predictions import Predictions
from scorelens.genres import RANDOM_GUESS
from scorelens.genres.evaluate.score import read_predictions
from scorelens.learning.film_groups import read_film_groups
from scorelens.tables import GENRE_COMPARISONS, write_table


def compare_models(
    predictions: Mapping[tuple[str, str], str | os.PathLike],
    samples: int,
    seed: int,
    output: str | os.PathLike,
    groups: str | os.PathLike | None = None,
) -> None:
    """Compare every pair of models by F1 and by average precision, and write one table.

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
    groups : path, optional
        The groups of films (tables.FILM_GROUPS), which swap predictions as a whole; by default each
        film is a group by itself.
    """
    clusters = read_film_groups(groups) if groups else None
    compared = {
        run: read_predictions(path, clusters)
        for run, path in predictions.items()
        if run[1] != RANDOM_GUESS
    }
    pairs = {names: tuple(map(compared.get, names)) for names in combinations(compared, 2)}
    measures = {"f1": compare_pair, "average_precision": compare_precision}
    tables = [
        compare_pairs(pairs, comparison, samples, seed).assign(measure=measure)
        for measure, comparison in measures.items()
    ]
    table = pd.concat(tables, ignore_index=True)
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
    pair = common_films(first, second)
    counts = [confusion_counts(one.predicted, one.labels) for one in pair]
    result = compare_macro_f1(*counts, samples, draws, seed, pair[0].cluster)
    return {"films": len(pair[0].labels)} | result


def compare_precision(
    first: Predictions, second: Predictions, samples: int, draws: int, seed: int
) -> dict[str, float]:
    """Compare the average precision of two models like `compare_pair`."""
    pair = common_films(first, second)
    result = compare_macro_precision(*pair, samples, draws, seed)
    return {"films": len(pair[0].labels)} | result


def common_films(first: Predictions, second: Predictions) -> tuple[Predictions, Predictions]:
    """Select the films that two models have predictions for.

    Parameters
    ----------
    first, second : Predictions
        Units are films.

    Returns
    -------
    tuple of Predictions
        Of the same films, in order of their ids, with the same clusters.
    """
    names = [one.units["film_id"].to_numpy(object) for one in (first, second)]
    _, *rows = np.intersect1d(*names, return_indices=True)
    return tuple(_select(one, row) for one, row in zip((first, second), rows, strict=True))


def _select(predictions: Predictions, rows: np.ndarray) -> Predictions:
    cluster = predictions.cluster
    if cluster is not None:
        cluster = np.unique(cluster[rows], return_inverse=True)[1]
    return replace(
        predictions,
        units=predictions.units.iloc[rows].reset_index(drop=True),
        probability=predictions.probability[:, rows],
        predicted=predictions.predicted[:, rows],
        rank=predictions.rank[rows],
        group=np.arange(len(rows)),
        labels=predictions.labels[rows],
        cluster=cluster,
    )
