"""Average precision over groups of units, in which each group weighs the same.

The metric of a unit is its precision among the groups: how much of what lies at or above it carries
the genre, if its group counts once, and every other group by the share of its units there. Over the
units of a group it is averaged first. It is what one unit of each group, drawn at random, would
have on average, to first order; with a single unit in each group it is the average precision
of `average_precision`. A group with many units moves it no more than one with few, so that the
numbers of units cannot pass for skill.
"""

from typing import NamedTuple

import numpy as np

from scorelens.evaluation.classification import divided

THRESHOLDS = 1000  # at most; of more units neighbours count as tied, which changes the third digit
MAX_VALUES = 2**22  # of cells in samples, in memory at a time


class Ranking(NamedTuple):
    """Units of groups by falling score. The units of a group at one threshold are a cell.

    Parameters
    ----------
    threshold : ndarray of int, shape (cells,)
        0 for the highest scores.
    group : ndarray of int, shape (cells,)
    share : ndarray of float, shape (cells,)
        Of the units of the group.
    above : ndarray of float, shape (thresholds, groups)
        Share of the units of each group at or above each threshold.
    """

    threshold: np.ndarray
    group: np.ndarray
    share: np.ndarray
    above: np.ndarray


def rank_units(score: np.ndarray, other: np.ndarray, group: np.ndarray, groups: int) -> Ranking:
    """Rank units by a score, among units by another score on the same scale.

    Parameters
    ----------
    score, other : ndarray of float, shape (units,)
        `other` counts in `above`; of one model it is `score`.
    group : ndarray of int, shape (units,)
        Group of each unit, with none left out.
    groups : int

    Returns
    -------
    Ranking
    """
    threshold, lowest = _thresholds(score)
    sizes, number = np.bincount(group, minlength=groups), len(lowest)
    cells, counts = np.unique(group * number + threshold, return_counts=True)
    # A unit is above every threshold from the first on whose lowest score it reaches.
    first = np.searchsorted(-lowest, -other)
    reached = np.bincount(group * (number + 1) + first, minlength=groups * (number + 1))
    above = reached.reshape(groups, -1)[:, :number].cumsum(axis=1) / sizes[:, None]
    of_cell = cells // number
    return Ranking(cells % number, of_cell, counts / sizes[of_cell], above.T)


def grouped_average_precision(
    probability: np.ndarray, group: np.ndarray, labels: np.ndarray, draws: np.ndarray
) -> np.ndarray:
    """Average precision over groups, of each genre in bootstrap samples of the groups.

    Parameters
    ----------
    probability : ndarray of float, shape (units, genres)
    group : ndarray of int, shape (units,)
        Group of each unit: a row of `labels`, with none left out.
    labels : ndarray of bool, shape (groups, genres)
    draws : ndarray of int or float, shape (samples, groups)
        How often each sample draws each group.

    Returns
    -------
    ndarray of float, shape (samples, genres)
        In 0..1; NaN where a sample draws no group of the genre, 0 for a genre without any group.
    """
    columns = zip(probability.T, labels.T, strict=True)
    draws = draws.astype(float)
    genres = [
        _in_blocks(rank_units(score, score, group, len(labels)), draws, label[None])
        for score, label in columns
    ]
    return np.stack(genres, axis=-1)


def permuted_grouped_precision(
    probability: np.ndarray, group: np.ndarray, labels: np.ndarray, orders: np.ndarray
) -> np.ndarray:
    """Average precision over groups, of each genre when groups exchange their labels.

    Parameters
    ----------
    probability, group, labels
        As `grouped_average_precision` takes them.
    orders : ndarray of int, shape (orders, groups)
        Whose labels each group has.

    Returns
    -------
    ndarray of float, shape (orders, genres)
        In 0..1.
    """
    columns = zip(probability.T, labels.T, strict=True)
    once = np.ones((1, len(labels)))
    genres = [
        _in_blocks(rank_units(score, score, group, len(labels)), once, label[orders])
        for score, label in columns
    ]
    return np.stack(genres, axis=-1)


def precision_sum(
    ranking: Ranking,
    missing: np.ndarray,
    gained: np.ndarray,
    correct: np.ndarray,
    total: np.ndarray,
) -> np.ndarray:
    """Sum the precision at the units of a genre, averaged over the units of each group.

    Parameters
    ----------
    ranking : Ranking
    missing : ndarray of float, shape (cells,)
        What is missing of a unit's group at or above it, so that it counts once.
    gained : ndarray of float, shape (samples, groups)
        How often each group counts, 0 where it lacks the genre.
    correct, total : ndarray of float, shape (thresholds, samples)
        Groups with the genre, and all groups, at or above each threshold.

    Returns
    -------
    ndarray of float, shape (samples,)
    """
    counted = gained.any(axis=0)[ranking.group]
    threshold, missing = ranking.threshold[counted], missing[counted, None]
    weight = ranking.share[counted, None] * gained.T[ranking.group[counted]]
    # Of a group that a sample does not draw there may be nothing at its threshold.
    return divided(weight * (correct[threshold] + missing), total[threshold] + missing, 0).sum(
        axis=0
    )


def missing_share(ranking: Ranking) -> np.ndarray:
    """Share of the units of a cell's group that lie below it, float (cells,)."""
    return 1 - ranking.above[ranking.threshold, ranking.group]


def _in_blocks(ranking: Ranking, draws: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Average precision of one genre: draws and labels (samples or 1, groups) to (samples,)."""
    samples = max(len(draws), len(labels))
    if not labels.any():
        return np.zeros(samples)
    missing, step = missing_share(ranking), max(1, MAX_VALUES // len(ranking.share))
    values = []
    for start in range(0, samples, step):
        drawn, label = (
            one[start : start + step] if len(one) > 1 else one for one in (draws, labels)
        )
        gained = drawn * label
        sums = precision_sum(
            ranking, missing, gained, ranking.above @ gained.T, ranking.above @ drawn.T
        )
        values.append(divided(sums, gained.sum(axis=1), np.nan))
    return np.concatenate(values)


def _thresholds(score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The threshold of each unit, 0 for the highest scores, and the lowest score at each."""
    falling = np.sort(-score)
    position = np.searchsorted(falling, -score)  # the same for tied units
    used = position * min(THRESHOLDS, len(position)) // len(position)
    values, threshold = np.unique(used, return_inverse=True)
    lowest = np.full(len(values), np.inf)
    np.minimum.at(lowest, threshold, score)
    return threshold, lowest
