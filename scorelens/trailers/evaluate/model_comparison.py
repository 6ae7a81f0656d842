"""Compares every pair of models of trailers on the same titles, with Holm's correction."""

import os
from collections.abc import Mapping
from itertools import combinations

import numpy as np
import pandas as pd

from scorelens.evaluation.classification import confusion_counts
from scorelens.evaluation.paired import compare_macro_f1, compare_macro_precision, compare_pairs
from scorelens.evaluation.predictions import Predictions
from scorelens.tables import TRAILER_COMPARISONS, write_table
from scorelens.trailers import Run
from scorelens.trailers.evaluate.predictions import read_predictions


def compare_models(
    predictions: Mapping[Run, str | os.PathLike],
    samples: int,
    seed: int,
    output: str | os.PathLike,
    groups: Mapping[str, str] | None = None,
) -> None:
    """Compare every pair of runs, baselines among them, and write one table.

    Parameters
    ----------
    predictions : mapping of (network, model) to path
        Tables of TRAILER_PREDICTIONS, all of the same trailers and genres.
    samples : int
        Bootstrap samples of the titles. Of random swaps there are as many as the number of pairs
        requires.
    seed : int
    output : path
        Where TRAILER_COMPARISONS goes.
    groups : mapping of str to str, optional
        As `predictions.read_predictions` takes it.
    """
    runs = {run: read_predictions(path, groups) for run, path in predictions.items()}
    pairs = {names: tuple(map(runs.get, names)) for names in combinations(runs, 2)}
    measures = {"average_precision": compare_macro_precision, "f1": compare_tuned_f1}
    table = pd.concat(
        compare_pairs(pairs, comparison, samples, seed).assign(measure=measure)
        for measure, comparison in measures.items()
    )
    for prefix, names in (("", table.pop("first")), ("other_", table.pop("second"))):
        for column, number in (("network", 0), ("model", 1)):
            table[f"{prefix}{column}"] = names.str[number]
    write_table(table[TRAILER_COMPARISONS.names], output, TRAILER_COMPARISONS)


def compare_tuned_f1(
    first: Predictions, second: Predictions, samples: int, draws: int, seed: int
) -> dict[str, float]:
    """Compare two models by macro F1 at the tuned thresholds, each title with the same weight.

    Parameters
    ----------
    first, second : Predictions
        Of the same trailers and genres, with tuned thresholds.
    samples : int
        Bootstrap samples of the titles.
    draws : int
        Random swaps, at most.
    seed : int

    Returns
    -------
    dict of str to float
        `difference` (first less second), its 95% interval `low` and `high`, and the two-sided `p`.
    """
    counts = [_counts_by_title(one) for one in (first, second)]
    return compare_macro_f1(*counts, samples, draws, seed, first.cluster)


def _counts_by_title(predictions: Predictions) -> np.ndarray:
    """Means of the counts over the trailers of each title: float (3, runs, titles, genres)."""
    tagged = predictions.probability > predictions.thresholds
    counts = confusion_counts(tagged, predictions.unit_labels)
    return predictions.mean_by_group(counts.swapaxes(-1, -2)).swapaxes(-1, -2)
