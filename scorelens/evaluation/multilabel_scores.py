"""Precision, recall and F1 of predicted tags, with intervals and chance, as columns of a table.

A score is averaged over the units of a group first, so that each group weighs the same: its value,
interval, chance and p belong together. `unit_value` is the same score over all units at once, as
the literature has it; groups with many units weigh more in it.
"""

from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas as pd

from scorelens.evaluation import MACRO, WEIGHTED
from scorelens.evaluation.bootstrap import interval, score_observations
from scorelens.evaluation.classification import (
    confusion_counts,
    precision_recall_f1,
    with_macro,
)
from scorelens.evaluation.permutation import is_as_good, p_value
from scorelens.evaluation.predictions import Predictions

TAG_METRICS = ("precision", "recall", "f1")


def score_columns(
    value: np.ndarray,
    sampled: np.ndarray,
    permuted: np.ndarray,
    lower_is_better: np.ndarray | bool = False,
    bounds: tuple[np.ndarray | float, np.ndarray | float] = (0.0, 1.0),
    observations: np.ndarray | float = np.inf,
) -> dict[str, np.ndarray]:
    """Make the columns of a table of scores, flattened.

    Parameters
    ----------
    value : ndarray of float, shape (...)
    sampled : ndarray of float, shape (..., samples)
        In bootstrap samples.
    permuted : ndarray of float, shape (..., permutations)
        None of them: there is no chance.
    lower_is_better : bool or ndarray of bool
        For an error; broadcasts against `permuted`.
    bounds : tuple of float or ndarray of float
        Smallest and largest value that the scores can have.
    observations : float or ndarray of float
        On how many observations the scores rest, see `bootstrap.interval`.

    Returns
    -------
    dict of str to ndarray of float
        `value`, `low` and `high` (95% interval), `chance` (mean over the permutations) and `p`; the
        last two are NaN without permutations.
    """
    low, high = interval(value, sampled, -1, bounds, observations)
    chance = p = np.full(value.shape, np.nan)
    if number := permuted.shape[-1]:
        chance = permuted.mean(axis=-1)
        p = p_value(is_as_good(permuted, value[..., None], lower_is_better).sum(axis=-1), number)
    columns = {"value": value, "low": low, "high": high, "chance": chance, "p": p}
    return {name: values.ravel() for name, values in columns.items()}


def score_tags(
    counts: np.ndarray,
    names: Sequence[object],
    predictions: Predictions,
    draws: np.ndarray,
    orders: np.ndarray,
) -> pd.DataFrame:
    """Score several ways to predict tags, genre by genre and on average.

    Parameters
    ----------
    counts : ndarray of float, shape (ways, groups, genres)
        How many units of a group get a genre as a tag (`Predictions.count_by_group`).
    names : sequence
        Names of the ways: thresholds, or numbers of tags.
    predictions : Predictions
        The labels count, and which unit is of which group.
    draws : ndarray of float, shape (samples, groups)
        How often each bootstrap sample draws each group.
    orders : ndarray of int, shape (permutations, groups)
        Whose labels each group has.

    Returns
    -------
    pandas.DataFrame
        measure, name, genre (also `macro`, and `weighted` by support), value, low, high, chance, p,
        unit_value, support (units that carry the genre, or all).
    """
    labels, sizes = predictions.labels, predictions.group_sizes[:, None]
    shares, once = counts / sizes, np.ones((1, len(labels)))
    value, unit_value = (
        sampled_tags(shares, labels, drawn)[:, :, 0] for drawn in (once, sizes.T.astype(float))
    )
    sampled = np.moveaxis(sampled_tags(shares, labels, draws), 2, -1)
    permuted = np.moveaxis(permuted_tags(shares, labels, orders), 2, -1)
    genres = [*predictions.genres, MACRO, WEIGHTED]
    table = pd.DataFrame(product(TAG_METRICS, names, genres), columns=["measure", "name", "genre"])
    repeated = np.tile(support(predictions, 2), len(TAG_METRICS) * len(names))
    observations = score_observations(labels, 2, predictions.cluster)
    columns = score_columns(value, sampled, permuted, observations=observations)
    return table.assign(**columns, unit_value=unit_value.ravel(), support=repeated)


def support(predictions: Predictions, means: int) -> np.ndarray:
    """Count the units that carry each genre, and all units once for each mean over the genres.

    Parameters
    ----------
    predictions : Predictions
    means : int
        Number of means that follow the genres.

    Returns
    -------
    ndarray of int, shape (genres + means,)
    """
    carriers = predictions.group_sizes @ predictions.labels
    return np.append(carriers, [len(predictions.units)] * means)


def confusion_shares(predictions: Predictions, tagged: np.ndarray) -> np.ndarray:
    """Average true positives, false positives and false negatives over the units of each group.

    Parameters
    ----------
    predictions : Predictions
    tagged : ndarray of bool, shape (units, genres)

    Returns
    -------
    ndarray of float, shape (3, 1, groups, genres)
        In 0..1, as `paired.compare_macro_f1` takes them, of one run.
    """
    counts = confusion_counts(tagged, predictions.unit_labels)
    means = predictions.mean_by_group(np.moveaxis(counts, 1, -1))
    return np.moveaxis(means, -1, 1)[:, None]


def sampled_tags(shares: np.ndarray, labels: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Precision, recall and F1 of tags in samples of the groups.

    Parameters
    ----------
    shares : ndarray of float, shape (ways, groups, genres)
        Share of the units of a group that get a genre as a tag.
    labels : ndarray of bool, shape (groups, genres)
    draws : ndarray of float, shape (samples, groups)
        How often each sample draws each group.

    Returns
    -------
    ndarray of float, shape (3, ways, samples, genres + 2)
        In 0..1, in the order of `TAG_METRICS`; the last two are the mean over the genres, and that
        weighted by support.
    """
    return _tag_metrics(draws @ (shares * labels), draws @ shares, draws @ labels)


def permuted_tags(shares: np.ndarray, labels: np.ndarray, orders: np.ndarray) -> np.ndarray:
    """Precision, recall and F1 of tags when groups exchange their labels.

    Parameters
    ----------
    shares, labels
        As `sampled_tags` takes them.
    orders : ndarray of int, shape (orders, groups)
        Whose labels each group has.

    Returns
    -------
    ndarray of float, shape (3, ways, orders, genres + 2)
        As `sampled_tags` returns them.
    """
    by_genre = zip(labels.T, np.moveaxis(shares, -1, 0), strict=True)
    hits = [label[orders].astype(float) @ share.T for label, share in by_genre]
    # The numbers of predictions and of labels are the same in any order.
    predicted, carriers = shares.sum(axis=1)[:, None], labels.sum(axis=0)
    return _tag_metrics(np.stack(hits, axis=-1).swapaxes(0, 1), predicted, carriers)


def _tag_metrics(hits: np.ndarray, predicted: np.ndarray, carriers: np.ndarray) -> np.ndarray:
    """Of each genre, their mean, and that weighted by support: (3, ways, ..., genres + 2)."""
    each = precision_recall_f1(np.stack([hits, predicted - hits, carriers - hits]))
    weighted = (each * carriers).sum(axis=-1, keepdims=True) / carriers.sum(axis=-1, keepdims=True)
    return np.concatenate([with_macro(each), weighted], axis=-1)
