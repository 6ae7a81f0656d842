"""Paired comparison of two models on the same groups, by approximate randomisation.

If two models are equally good, which of them made which predictions for a group is a toss of a
coin (Noreen, "Computer-Intensive Methods for Testing Hypotheses", 1989; Yeh, COLING 2000). One toss
decides for all units and training runs of a group: the groups (films or titles) are what a result
must hold for.
"""

import numpy as np

from scorelens.evaluation.average_precision import average_precision
from scorelens.evaluation.bootstrap import draw_groups, percentile_interval
from scorelens.evaluation.classification import precision_recall_f1
from scorelens.evaluation.permutation import BLOCK, is_as_good, p_value
from scorelens.evaluation.predictions import Predictions


def draw_swaps(groups: int, random: np.random.Generator, repeats: int = 1) -> np.ndarray:
    """Toss a coin for each group: does it swap the predictions of the two models?

    Parameters
    ----------
    groups, repeats : int
    random : numpy.random.Generator

    Returns
    -------
    ndarray of bool, shape (repeats, groups)
    """
    return random.random((repeats, groups)) < 0.5


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
    first: np.ndarray, second: np.ndarray, repeats: int, seed: int
) -> dict[str, float]:
    """Compare two models by their macro F1.

    Parameters
    ----------
    first, second : ndarray of float, shape (3, runs, groups, genres)
        From `classification.confusion_counts`, for the same groups in the same order. The numbers
        of runs may differ; F1 is the mean over them.
    repeats : int
        Random assignments, and bootstrap samples.
    seed : int

    Returns
    -------
    dict of str to float
        `difference` (first less second), its 95% bootstrap interval over groups, `low` and `high`,
        and the two-sided `p`.
    """
    runs = np.lcm(first.shape[1], second.shape[1])
    counts = [np.tile(one, (1, runs // one.shape[1], 1, 1)) for one in (first, second)]
    groups = first.shape[2]
    random = np.random.default_rng(seed)
    difference = np.subtract(*(macro_f1(one.sum(axis=2)) for one in counts))
    extreme, sampled = 0, []
    for done in range(0, repeats, BLOCK):
        size = min(BLOCK, repeats - done)
        keep = draw_swaps(groups, random, size).astype(float)
        swapped = [macro_f1(keep @ a + (1 - keep) @ b) for a, b in (counts, counts[::-1])]
        extreme += is_as_good(np.abs(swapped[0] - swapped[1]), np.abs(difference)).sum()
        draws = draw_groups(groups, size, random).astype(float)
        sampled.append(np.subtract(*(macro_f1(draws @ one) for one in counts)))
    low, high = percentile_interval(np.concatenate(sampled))
    return {"difference": difference, "low": low, "high": high, "p": p_value(extreme, repeats)}


def compare_average_precision(
    first: Predictions, second: Predictions, permutations: int, seed: int
) -> np.ndarray:
    """Test whether two models differ in average precision, genre by genre.

    The ranks of the units are swapped, so that the scale of neither model counts.

    Parameters
    ----------
    first, second : Predictions
        Of the same units and genres; the first training run counts.
    permutations : int
        Random swaps.
    seed : int

    Returns
    -------
    ndarray of float, shape (genres,)
        Two-sided p-values.
    """
    from scipy.stats import rankdata  # slow to import: not for who compares F1

    labels = first.unit_labels
    ranks = np.stack([rankdata(one.probability[0], axis=0) for one in (first, second)])
    observed = _difference(*ranks, labels)
    random = np.random.default_rng([seed, permutations])
    reached = np.zeros(len(observed))
    for _ in range(permutations):
        swap = draw_swaps(len(first.labels), random)[0][first.group][:, None]
        permuted = _difference(*np.where(swap, ranks[::-1], ranks), labels)
        reached += is_as_good(permuted, observed)
    return p_value(reached, permutations)


def _difference(first: np.ndarray, second: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Absolute difference of two rankings in average precision, (genres,)."""
    once = np.ones((1, len(labels)))
    return abs(average_precision(first, labels, once) - average_precision(second, labels, once))[0]
