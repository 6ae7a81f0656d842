"""Average precision: how well a model ranks the units of a genre before the others."""

import numpy as np

THRESHOLDS = 1000  # of `binned_average_precision`, at most


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
        In 0..1; 0 where no unit of a sample has the genre.

    Examples
    --------
    >>> probability, labels = np.array([[0.9], [0.8], [0.1]]), np.array([[True], [False], [True]])
    >>> average_precision(probability, labels, np.ones((1, 3))).round(3).tolist()
    [[0.833]]
    """
    columns = zip(probability.T, labels.T, strict=True)
    return np.stack([_one_genre(score, label, draws) for score, label in columns], axis=-1)


def permuted_average_precision(
    probability: np.ndarray, labels: np.ndarray, group: np.ndarray, orders: np.ndarray
) -> np.ndarray:
    """Average precision of each genre when groups exchange their labels.

    Parameters
    ----------
    probability : ndarray of float, shape (units, genres)
    labels : ndarray of bool, shape (groups, genres)
    group : ndarray of int, shape (units,)
        Group of each unit: a row of `labels`.
    orders : ndarray of int, shape (orders, groups)
        Which group's labels each group has.

    Returns
    -------
    ndarray of float, shape (orders, genres)
        In 0..1.
    """
    once = np.ones((1, len(probability)))
    columns = zip(probability.T, labels.T, strict=True)
    genres = [_one_genre(score, label[orders][:, group], once) for score, label in columns]
    return np.stack(genres, axis=-1)


def random_average_precision(positives: np.ndarray, units: int) -> np.ndarray:
    """Expected average precision of a random order.

    At rank i stands one of the K positives among N units with probability K / N, and then
    (K - 1) / (N - 1) of the i - 1 units before it are positive. Summed over the ranks, with H the
    harmonic number of N: H / N + (1 - H / N) (K - 1) / (N - 1). For few positives it is much more
    than their share.

    Parameters
    ----------
    positives : ndarray of int, shape (genres,)
        K, 1 or more.
    units : int
        N, 2 or more.

    Returns
    -------
    ndarray of float, shape (genres,)
        In 0..1.

    Examples
    --------
    >>> random_average_precision(np.array([1, 2]), 2).tolist()
    [0.75, 1.0]
    """
    first = (1 / np.arange(1, units + 1)).mean()
    return first + (1 - first) * (positives - 1) / (units - 1)


def binned_average_precision(
    probability: np.ndarray, group: np.ndarray, labels: np.ndarray, draws: np.ndarray
) -> np.ndarray:
    """Average precision of each genre in bootstrap samples of groups that have many units.

    Uses at most `THRESHOLDS` thresholds. Of more units neighbours count as tied, which changes the
    third digit.

    Parameters
    ----------
    probability : ndarray of float, shape (units, genres)
    group : ndarray of int, shape (units,)
        Group of each unit: a row of `labels`.
    labels : ndarray of bool, shape (groups, genres)
    draws : ndarray of int or float, shape (samples, groups)
        How often each sample draws each group.

    Returns
    -------
    ndarray of float, shape (samples, genres)
        In 0..1; 0 where no group of a sample has the genre.
    """
    columns = zip(probability.T, labels.T, strict=True)
    return np.stack(
        [_binned_genre(score, group, label, draws) for score, label in columns], axis=-1
    )


def _one_genre(probability: np.ndarray, labels: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Average precision in each sample; labels: (units,), or (samples, units)."""
    order = np.argsort(-probability, kind="stable")
    falling = -probability[order]
    last = np.searchsorted(falling, falling, side="right") - 1  # the last unit of equal probability
    drawn = draws[:, order].astype(float)
    hits = drawn * labels[..., order]
    retrieved, correct = drawn.cumsum(axis=1), hits.cumsum(axis=1)
    precision = _ratio(correct, retrieved)[:, last]
    return _ratio((hits * precision).sum(axis=1), correct[:, -1])


def _binned_genre(
    probability: np.ndarray, group: np.ndarray, labels: np.ndarray, draws: np.ndarray
) -> np.ndarray:
    threshold, number = _thresholds(probability)
    cells = np.bincount(group * number + threshold, minlength=len(labels) * number)
    units = cells.reshape(len(labels), number).astype(float)
    draws = draws.astype(float)
    hits = draws[:, labels] @ units[labels]
    retrieved, correct = (draws @ units).cumsum(axis=1), hits.cumsum(axis=1)
    precision = _ratio(correct, retrieved)
    return _ratio((hits * precision).sum(axis=1), correct[:, -1])


def _thresholds(probability: np.ndarray) -> tuple[np.ndarray, int]:
    """The threshold of each unit, 0 for the most probable ones, and how many there are."""
    falling = np.sort(-probability)
    position = np.searchsorted(falling, -probability)  # the same for tied units
    used = position * min(THRESHOLDS, len(position)) // len(position)
    values, threshold = np.unique(used, return_inverse=True)
    return threshold, len(values)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
