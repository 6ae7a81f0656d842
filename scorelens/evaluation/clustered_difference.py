"""Differences of medians between units in clusters: cue clips in films.

Clips of a film share its photography and its labels, and are no independent evidence. The median is
over units, as Table 5 of Ma et al. 2021 has it, but intervals resample whole clusters and p-values
exchange the labels of whole clusters. A test that takes the units for independent is beside them.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy import stats

from scorelens.evaluation.bootstrap import draw_groups, percentile_interval
from scorelens.evaluation.permutation import TIE, draw_orders, p_value

MIN_CLUSTERS = 2  # with units in a group; fewer have no spread to compare a difference with
BATCH_VALUES = 2**20  # values that are compared at once


class ClusteredDifferences(NamedTuple):
    """Differences of several groups of the same units, each group against the other units.

    Parameters
    ----------
    difference, low, high : ndarray of float, shape (groups,)
        Median of the group minus median of the other units, and the 95% percentile interval over
        samples of the clusters; NaN where a group or the others lie in fewer than MIN_CLUSTERS.
    p : ndarray of float, shape (groups,)
        Two-sided permutation p-value over clusters.
    p_independent : ndarray of float, shape (groups,)
        Two-sided p-value of the Mann-Whitney U test, which takes the units for independent.
    """

    difference: np.ndarray
    low: np.ndarray
    high: np.ndarray
    p: np.ndarray
    p_independent: np.ndarray


def compare_clustered(
    values: np.ndarray,
    groups: np.ndarray,
    cluster: np.ndarray,
    permutations: int,
    samples: int,
    seed: int,
) -> ClusteredDifferences:
    """Compare groups of units by their medians.

    Parameters
    ----------
    values : ndarray of float, shape (units,)
        None is missing.
    groups : ndarray of bool, shape (units, groups)
        Whether a unit lies in a group.
    cluster : ndarray of int, shape (units,)
        Cluster of each unit.
    permutations, samples : int
        Random orders of the clusters behind a p-value, and bootstrap samples behind an interval.
    seed : int

    Returns
    -------
    ClusteredDifferences

    Notes
    -----
    In a permutation each cluster gets the labels of another in their order, stretched to its
    number of units (`stretched_sources`). Where the units of a cluster have one label, that is the
    permutation of the clusters' labels; where they differ, labels that follow one another in a
    cluster still do.

    References
    ----------
    Mann and Whitney, "On a test of whether one of two random variables is stochastically larger
    than the other", Ann. Math. Stat., 1947: the test of Table 5 of Ma et al. 2021.
    """
    order = np.argsort(cluster, kind="stable")
    values, groups, cluster = values[order], groups[order], cluster[order]
    _, sizes = np.unique(cluster, return_counts=True)
    tested = np.array([_spans_clusters(group, cluster) for group in groups.T], bool)
    results = np.full((5, groups.shape[1]), np.nan)
    if tested.any():
        chosen = groups[:, tested]
        observed = _differences(values, chosen, np.ones((1, len(values)), np.int32))[0]
        exceeded = _count_exceeding(values, chosen, sizes, observed, permutations, seed)
        results[0, tested] = observed
        results[1:3, tested] = _intervals(values, chosen, sizes, samples, seed)
        results[3, tested] = p_value(exceeded, permutations)
        results[4, tested] = stats.mannwhitneyu(*_split(values, chosen), nan_policy="omit").pvalue
    return ClusteredDifferences(*results)


def stretched_sources(sizes: np.ndarray, orders: np.ndarray) -> np.ndarray:
    """Compute whose label each unit gets when clusters exchange theirs.

    Parameters
    ----------
    sizes : ndarray of int, shape (clusters,)
        Units of each cluster; units are packed cluster by cluster.
    orders : ndarray of int, shape (orders, clusters)
        Whose labels each cluster gets.

    Returns
    -------
    ndarray of int, shape (orders, units)
        The unit at the same relative position in the other cluster.

    Examples
    --------
    >>> stretched_sources(np.array([2, 4]), np.array([[0, 1], [1, 0]])).tolist()
    [[0, 1, 2, 3, 4, 5], [3, 5, 0, 0, 1, 1]]
    """
    starts = np.cumsum(sizes) - sizes
    cluster = np.repeat(np.arange(len(sizes)), sizes)
    position = np.arange(len(cluster)) - starts[cluster]
    other = orders[:, cluster]
    return starts[other] + (2 * position + 1) * sizes[other] // (2 * sizes[cluster])


def _spans_clusters(group: np.ndarray, cluster: np.ndarray) -> bool:
    inside, outside = (len(np.unique(cluster[mask])) for mask in (group, ~group))
    return min(inside, outside) >= MIN_CLUSTERS


def _split(values: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The values in each group and out of it, NaN elsewhere: float (units, groups) each."""
    column = values[:, None]
    return np.where(groups, column, np.nan), np.where(groups, np.nan, column)


def _count_exceeding(
    values: np.ndarray,
    groups: np.ndarray,
    sizes: np.ndarray,
    observed: np.ndarray,
    permutations: int,
    seed: int,
) -> np.ndarray:
    """How many permutations have a difference at least as large as the observed one, or none."""
    random, count = np.random.default_rng([seed, 0]), np.zeros(len(observed), int)
    rank = np.argsort(values, kind="stable")
    for batch in _batches(permutations, len(values)):
        sources = stretched_sources(sizes, draw_orders(len(sizes), batch, random))[:, rank]
        for number, group in enumerate(groups.T):
            permuted = _ranked_differences(values[rank], group[sources], np.ones_like(sources))
            # A difference that is not defined counts, so that p is too large rather than too small.
            count[number] += (~(np.abs(permuted) < abs(observed[number]) - TIE)).sum()
    return count


def _intervals(
    values: np.ndarray, groups: np.ndarray, sizes: np.ndarray, samples: int, seed: int
) -> np.ndarray:
    """Bounds over samples of the clusters: float (2, groups). An empty group does not count."""
    random, parts = np.random.default_rng([seed, 1]), []
    for batch in _batches(samples, len(values)):
        draws = draw_groups(len(sizes), batch, random)
        weights = np.repeat(draws, sizes, axis=1)
        parts.append(_differences(values, groups, weights))
    return np.stack(
        [percentile_interval(column[~np.isnan(column)]) for column in np.concatenate(parts).T],
        axis=1,
    )


def _batches(total: int, units: int) -> Iterator[int]:
    size = max(1, BATCH_VALUES // units)
    for done in range(0, total, size):
        yield min(size, total - done)


def _differences(values: np.ndarray, groups: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Differences with so many copies of each unit: float (samples, groups)."""
    rank = np.argsort(values, kind="stable")
    ranked, copies = values[rank], weights[:, rank]
    columns = [_ranked_differences(ranked, group[rank], copies) for group in groups.T]
    return np.stack(columns, axis=1)


def _ranked_differences(values: np.ndarray, group: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Median in the group minus median out of it, float (samples,).

    values: (units,), ascending. group: bool, (units,) or (samples, units). weights: copies of each
    unit, (samples, units).
    """
    inside = np.cumsum(weights * group, axis=1, dtype=np.int32)
    outside = np.cumsum(weights, axis=1, dtype=np.int32) - inside
    return _medians(values, inside) - _medians(values, outside)


def _medians(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Medians of ascending values by their cumulated counts; NaN where there are none."""
    total = counts[:, -1:]
    lower, upper = ((counts > half).argmax(axis=1) for half in ((total - 1) // 2, total // 2))
    return np.where(total[:, 0] > 0, (values[lower] + values[upper]) / 2, np.nan)
