"""Paired comparison of two models on the same groups, by approximate randomisation.

If two models are equally good, which of them made which predictions for a group is a toss of a
coin (Noreen, "Computer-Intensive Methods for Testing Hypotheses", 1989; Yeh, COLING 2000). One toss
decides for all units and training runs of a group, and for all groups of a cluster: they are what a
result must hold for. Every comparison gives the same row: `difference` (first less second), its 95%
bootstrap interval `low` and `high`, and the two-sided `p`; `compare_pairs` adds `p_holm`.

The random swaps stop as soon as enough of them reach the observed difference, so that many pairs
can have the draws that their number requires (`permutation.sequential_p`,
`multiplicity.comparison_draws`).
"""

from collections.abc import Callable, Hashable, Mapping

import numpy as np
import pandas as pd

from scorelens.evaluation.bootstrap import draw_groups, interval
from scorelens.evaluation.classification import divided, precision_recall_f1, with_macro
from scorelens.evaluation.grouped_precision import (
    Ranking,
    missing_share,
    precision_sum,
    rank_units,
)
from scorelens.evaluation.multiplicity import comparison_draws, holm
from scorelens.evaluation.paired_precision import count_above, precision_difference
from scorelens.evaluation.permutation import BLOCK, TIE, sequential_p
from scorelens.evaluation.predictions import Predictions

NO_PAIR = ["first", "second", "difference", "low", "high", "p"]
# The difference of two models when groups swap their predictions, in samples of the groups:
# (swapped (n, groups), drawn (n, groups)) to (n, ...).
Difference = Callable[[np.ndarray, np.ndarray], np.ndarray]


def draw_swaps(
    groups: int,
    random: np.random.Generator,
    repeats: int = 1,
    cluster: np.ndarray | None = None,
) -> np.ndarray:
    """Toss a coin for each cluster: do its groups swap the predictions of the two models?

    Parameters
    ----------
    groups, repeats : int
    random : numpy.random.Generator
    cluster : ndarray of int, shape (groups,), optional
        Cluster of each group, from 0; each group is a cluster if left out.

    Returns
    -------
    ndarray of bool, shape (repeats, groups)
    """
    cluster = np.arange(groups) if cluster is None else cluster
    return (random.random((repeats, cluster.max() + 1)) < 0.5)[:, cluster]


def macro_f1(counts: np.ndarray) -> np.ndarray:
    """Mean F1 over runs and genres.

    Parameters
    ----------
    counts : ndarray of float, shape (3, runs, ..., genres)
        As `classification.precision_recall_f1` takes them.

    Returns
    -------
    ndarray of float, shape (...)
    """
    return precision_recall_f1(counts)[2].mean(axis=(0, -1))


def compare_macro_f1(
    first: np.ndarray,
    second: np.ndarray,
    samples: int,
    draws: int,
    seed: int,
    cluster: np.ndarray | None = None,
) -> dict[str, float]:
    """Compare two models by their macro F1.

    Parameters
    ----------
    first, second : ndarray of float, shape (3, runs, groups, genres)
        From `classification.confusion_counts`, for the same groups in the same order; of groups of
        units the means over the units (`multilabel_scores.confusion_shares`). The numbers of runs
        may differ; F1 is the mean over them.
    samples : int
        Bootstrap samples of the clusters.
    draws : int
        Random swaps, at most.
    seed : int
    cluster : ndarray of int, shape (groups,), optional
        Cluster of each group; each group is a cluster if left out.

    Returns
    -------
    dict of str to float
        `difference`, `low`, `high`, `p`.
    """
    one, other = _same_runs(first, second, axis=1)

    def difference(swapped: np.ndarray, drawn: np.ndarray) -> np.ndarray:
        stay, move = drawn * ~swapped, drawn * swapped
        values = [macro_f1(stay @ a + move @ b) for a, b in ((one, other), (other, one))]
        return np.subtract(*values)

    return compare(difference, first.shape[2], samples, draws, seed, cluster)


def compare_means(
    first: np.ndarray,
    second: np.ndarray,
    samples: int,
    draws: int,
    seed: int,
    cluster: np.ndarray | None = None,
    width: float = 1.0,
) -> dict[str, float]:
    """Compare two models by a metric that is a mean over groups.

    Such as label-ranking average precision and coverage error, or the reciprocal rank, recall at k
    and percentile of retrieval, averaged over the units of each group first.

    Parameters
    ----------
    first, second : ndarray of float, shape (runs, groups)
        The metric of each group, by training run; the numbers of runs may differ.
    samples, draws, seed, cluster
        As `compare_macro_f1` takes them.
    width : float
        Largest difference that the metric can have, such as genres - 1 of a coverage error.

    Returns
    -------
    dict of str to float
        `difference`, `low`, `high`, `p`.
    """
    gain = first.mean(axis=0) - second.mean(axis=0)

    def difference(swapped: np.ndarray, drawn: np.ndarray) -> np.ndarray:
        return (drawn * np.where(swapped, -1, 1)) @ gain / drawn.sum(axis=1)

    return compare(difference, len(gain), samples, draws, seed, cluster, width)


def compare_average_precision(
    first: Predictions, second: Predictions, samples: int, draws: int, seed: int
) -> dict[str, np.ndarray]:
    """Compare two models by average precision, genre by genre and by the mean over the genres.

    Parameters
    ----------
    first, second : Predictions
        Of the same units, genres and clusters; the numbers of runs may differ.
    samples, draws, seed : int
        As `compare_macro_f1` takes them.

    Returns
    -------
    dict of str to ndarray of float, shape (genres + 1,)
        `difference`, `low`, `high`, `p`; the last value is that of the mean over the genres.
    """
    difference = average_precision_difference(first, second)
    return compare(difference, len(first.labels), samples, draws, seed, first.cluster)


def compare_macro_precision(
    first: Predictions, second: Predictions, samples: int, draws: int, seed: int
) -> dict[str, float]:
    """Compare two models by the mean over the genres of average precision alone.

    Fewer draws are needed than for `compare_average_precision`, which goes on until every genre has
    its p-value.

    Parameters
    ----------
    first, second, samples, draws, seed
        As `compare_average_precision` takes them.

    Returns
    -------
    dict of str to float
        `difference`, `low`, `high`, `p`.
    """
    by_genre = average_precision_difference(first, second)

    def difference(swapped: np.ndarray, drawn: np.ndarray) -> np.ndarray:
        return by_genre(swapped, drawn)[:, -1]

    return compare(difference, len(first.labels), samples, draws, seed, first.cluster)


def average_precision_difference(first: Predictions, second: Predictions) -> Difference:
    """The difference in average precision of two models, as `compare` takes it.

    Each group weighs the same, whatever the number of its units (`grouped_precision`). The ranks of
    the units are swapped, so that the scale of neither model counts.

    Parameters
    ----------
    first, second : Predictions
        Of the same units and genres; the numbers of runs may differ.

    Returns
    -------
    callable
        Its result has the shape (n, genres + 1), the mean over the genres last.
    """
    from scipy.stats import rankdata  # slow to import: not for who compares F1

    pair = _same_runs(first.probability, second.probability, axis=0)
    ranks = np.stack([rankdata(one, axis=1) for one in pair], axis=1)
    if first.group_sizes.max() == 1:
        return _single_difference(ranks[:, :, np.argsort(first.group)], first.labels)
    groups, columns = len(first.labels), first.labels.astype(float).T
    rankings = [
        [_rank_pair(scores, first.group, groups) for scores in np.moveaxis(run, -1, 0)]
        for run in ranks  # (2, units, genres)
    ]

    def difference(swapped: np.ndarray, drawn: np.ndarray) -> np.ndarray:
        weights = drawn * ~swapped, drawn * swapped
        by_run = [
            [_precision_difference(*one, *weights) for one in zip(run, columns, strict=True)]
            for run in rankings
        ]
        return with_macro(np.moveaxis(by_run, 1, -1).mean(axis=0))

    return difference


def _single_difference(ranks: np.ndarray, labels: np.ndarray) -> Difference:
    """The same where each group has a single unit. ranks: (runs, 2, groups, genres)."""
    carried = [genre for genre in range(labels.shape[1]) if labels[:, genre].any()]
    counts = [
        [(genre, count_above(run[:, :, genre], labels[:, genre])) for genre in carried]
        for run in ranks
    ]

    def difference(swapped: np.ndarray, drawn: np.ndarray) -> np.ndarray:
        values = np.zeros((len(counts), max(len(swapped), len(drawn)), labels.shape[1]))
        for run, of_run in zip(values, counts, strict=True):
            for genre, one in of_run:
                run[:, genre] = precision_difference(one, labels[:, genre], swapped, drawn)
        return with_macro(values.mean(axis=0))

    return difference


def compare_pairs(
    pairs: Mapping[tuple[Hashable, Hashable], tuple],
    comparison: Callable[..., Mapping[str, float]],
    samples: int,
    seed: int,
    **options: object,
) -> pd.DataFrame:
    """Compare pairs of models by one metric, with as many draws as their number requires.

    Parameters
    ----------
    pairs : mapping of (name, name) to (first, second)
        What `comparison` takes of both models.
    comparison : callable
        `compare_macro_f1`, `compare_means` or another that takes (first, second, samples, draws,
        seed, **options) and returns a row.
    samples, seed : int
        The same for all pairs.
    **options
        Passed on, such as `cluster`.

    Returns
    -------
    pandas.DataFrame, one row per pair
        `first`, `second` (names), what `comparison` returns, and `p_holm`, corrected over the pairs
        (Holm).
    """
    draws = comparison_draws(len(pairs))
    rows = [
        {"first": names[0], "second": names[1]}
        | dict(comparison(*pair, samples, draws, seed, **options))
        for names, pair in pairs.items()
    ]
    table = pd.DataFrame(rows, columns=None if rows else NO_PAIR)
    return table.assign(p_holm=holm(table["p"].to_numpy(float)))


def compare(
    difference: Difference,
    groups: int,
    samples: int,
    draws: int,
    seed: int,
    cluster: np.ndarray | None = None,
    width: float = 1.0,
) -> dict:
    """Test a difference of two models, and give its interval.

    Parameters
    ----------
    difference : callable
        `difference(swapped, drawn)` returns float (n, ...): the difference of the models when the
        groups in `swapped`, bool (n, groups), swap their predictions, in samples that draw each
        group as often as in `drawn`, float (n or 1, groups).
    groups, samples, draws, seed, cluster, width
        As `compare_means` takes them.

    Returns
    -------
    dict
        `difference`, `low`, `high`, `p`: float, or ndarray of float of the shape of a difference.
    """
    swaps, resampling = (np.random.default_rng([seed, stream]) for stream in range(2))
    no_swap, once = np.zeros((1, groups), bool), np.ones((1, groups))
    observed = difference(no_swap, once)[0]
    blocks = (
        difference(draw_swaps(groups, swaps, min(BLOCK, draws - done), cluster), once)
        for done in range(0, draws, BLOCK)
    )
    p = sequential_p(np.abs(block) >= np.abs(observed) - TIE for block in blocks)
    drawn = draw_groups(groups, samples, resampling, cluster).astype(float)
    parts = np.split(drawn, range(BLOCK, samples, BLOCK))
    sampled = np.concatenate([difference(no_swap, part) for part in parts])
    low, high = interval(observed, sampled, bounds=(-width, width))
    return {"difference": observed, "low": low, "high": high, "p": p}


def _same_runs(first: np.ndarray, second: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """Repeat the runs along an axis, so that both have as many and each counts the same."""
    runs = np.lcm(first.shape[axis], second.shape[axis])
    repeated = (np.concatenate([one] * (runs // one.shape[axis]), axis) for one in (first, second))
    return tuple(repeated)


def _rank_pair(scores: np.ndarray, group: np.ndarray, groups: int) -> list[list[Ranking]]:
    """Rank the units of each model among the units of each: [model][other model].

    scores: (2, units), on one scale.
    """
    return [[rank_units(one, other, group, groups) for other in scores] for one in scores]


def _precision_difference(
    rankings: list[list[Ranking]], label: np.ndarray, stay: np.ndarray, move: np.ndarray
) -> np.ndarray:
    """Average precision of the first model less that of the second, of one genre: (n,).

    label: (groups,). stay, move: (n, groups), how often each group counts with the predictions of
    the model itself, or of the other.
    """
    missing = [missing_share(rankings[model][model]) for model in range(2)]
    sums = [
        _precision_of(rankings, missing, label, weights) for weights in ((stay, move), (move, stay))
    ]
    return divided(sums[0] - sums[1], (stay + move) @ label, np.nan)


def _precision_of(
    rankings: list[list[Ranking]], missing: list[np.ndarray], label: np.ndarray, weights: tuple
) -> np.ndarray:
    """Sum of the precision of a genre's groups, that count with either model's predictions: (n,).

    weights: of each model, (n, groups).
    """
    value = 0.0
    for model, row in enumerate(rankings):
        correct, total = (
            sum(one.above @ (weight * factor).T for one, weight in zip(row, weights, strict=True))
            for factor in (label, 1.0)
        )
        value = value + precision_sum(
            row[model], missing[model], weights[model] * label, correct, total
        )
    return value
