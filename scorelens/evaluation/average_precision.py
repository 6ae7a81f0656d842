"""Average precision: how well a model ranks the units of a genre before the others.

Chance is that of a random order (`random_average_precision`), never that of random decisions.
"""

import numpy as np

from scorelens.evaluation.classification import divided


def average_precision(probability: np.ndarray, labels: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Average precision of each genre in bootstrap samples.

    The sum over thresholds of the precision there times the increase in recall, as scikit-learn
    defines it: units of equal probability share a threshold, and nothing is interpolated.

    Parameters
    ----------
    probability : ndarray of float, shape (units, genres)
    labels : ndarray of bool, shape (units, genres)
    draws : ndarray of int or float, shape (samples, units)
        How often each sample draws each unit.

    Returns
    -------
    ndarray of float, shape (samples, genres)
        In 0..1; NaN where a sample draws no unit of the genre, 0 for a genre without any unit.

    Examples
    --------
    >>> probability, labels = np.array([[0.9], [0.8], [0.1]]), np.array([[True], [False], [True]])
    >>> average_precision(probability, labels, np.ones((1, 3))).round(3).tolist()
    [[0.833]]
    """
    columns = zip(probability.T, labels.T, strict=True)
    return np.stack([_one_genre(score, label, draws) for score, label in columns], axis=-1)


def permuted_average_precision(
    probability: np.ndarray, labels: np.ndarray, orders: np.ndarray
) -> np.ndarray:
    """Average precision of each genre when units exchange their labels.

    Parameters
    ----------
    probability : ndarray of float, shape (units, genres)
    labels : ndarray of bool, shape (units, genres)
    orders : ndarray of int, shape (orders, units)
        Whose labels each unit has.

    Returns
    -------
    ndarray of float, shape (orders, genres)
        In 0..1.
    """
    once = np.ones((1, len(probability)))
    columns = zip(probability.T, labels.T, strict=True)
    return np.stack([_one_genre(score, label[orders], once) for score, label in columns], axis=-1)


def random_average_precision(positives: np.ndarray | int, units: int) -> np.ndarray | float:
    """Expected average precision of a random order.

    At rank i stands one of the K positives among N units with probability K / N, and then
    (K - 1) / (N - 1) of the i - 1 units before it are positive. Summed over the ranks, with H the
    harmonic number of N: H / N + (1 - H / N) (K - 1) / (N - 1). For few positives it is much more
    than their share.

    Parameters
    ----------
    positives : int, or ndarray of int, shape (genres,)
        K, 1 or more.
    units : int
        N, 2 or more. Of units in groups, the number of groups.

    Returns
    -------
    float, or ndarray of float, shape (genres,)
        In 0..1.

    Examples
    --------
    >>> random_average_precision(np.array([1, 2]), 2).tolist()
    [0.75, 1.0]
    """
    first = (1 / np.arange(1, units + 1)).mean()
    return first + (1 - first) * (positives - 1) / (units - 1)


def _one_genre(probability: np.ndarray, labels: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Average precision in each sample; labels: (units,), or (samples, units)."""
    if not labels.any():
        return np.zeros(max(len(draws), np.atleast_2d(labels).shape[0]))
    order = np.argsort(-probability, kind="stable")
    falling = -probability[order]
    last = np.searchsorted(falling, falling, side="right") - 1  # the last unit of equal probability
    drawn = draws[:, order].astype(float)
    hits = drawn * labels[..., order]
    retrieved, correct = drawn.cumsum(axis=1), hits.cumsum(axis=1)
    precision = divided(correct, retrieved, 0)[:, last]
    return divided((hits * precision).sum(axis=1), correct[:, -1], np.nan)
