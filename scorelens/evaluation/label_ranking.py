"""Metrics of a ranking of labels: coverage error and label-ranking average precision.

The units of a group have its labels. A metric is averaged over the units of each group first, for
the labels of each group, so that bootstrap samples and permutations of the groups are means over
groups, whatever the number of units.
"""

import numpy as np

from scorelens.evaluation.predictions import group_means

RANKINGS = ("coverage_error", "label_ranking_average_precision")


def bounds(genres: int) -> tuple[np.ndarray, np.ndarray]:
    """Smallest and largest values of the metrics of `RANKINGS`, as `bootstrap.interval` takes them.

    Parameters
    ----------
    genres : int

    Returns
    -------
    tuple of ndarray of float, shape (2,)
    """
    return np.array([1.0, 0.0]), np.array([float(genres), 1.0])


def worst_ranks(probability: np.ndarray) -> np.ndarray:
    """Rank the genres of each unit; tied ones share the worst rank of theirs.

    Parameters
    ----------
    probability : ndarray of float, shape (units, genres)

    Returns
    -------
    ndarray of int16, shape (units, genres)
        1 for the most probable genre.

    Examples
    --------
    >>> worst_ranks(np.array([[0.9, 0.2, 0.2]])).tolist()
    [[1, 3, 3]]
    """
    columns = probability.T
    ranks = [(columns >= column).sum(axis=0, dtype=np.int16) for column in columns]
    return np.stack(ranks, axis=1)


def coverage(ranks: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Number of genres from the top of the ranking until all labels are covered.

    Its mean over units is scikit-learn's `coverage_error`.

    Parameters
    ----------
    ranks : ndarray of int, shape (units, genres)
        From `worst_ranks`.
    labels : ndarray of bool, shape (genres,)
        The labels of all these units, one at least.

    Returns
    -------
    ndarray of int, shape (units,)
        In 1..genres.

    Examples
    --------
    >>> coverage(np.array([[1, 3, 2]]), np.array([True, False, True])).tolist()
    [2]
    """
    return ranks[:, labels].max(axis=1)


def label_ranking_precision(ranks: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Mean over the labels of the share of labels among the genres ranked down to each.

    Its mean over units is scikit-learn's `label_ranking_average_precision_score`.

    Parameters
    ----------
    ranks : ndarray of int, shape (units, genres)
        From `worst_ranks`.
    labels : ndarray of bool, shape (genres,)
        The labels of all these units, one at least.

    Returns
    -------
    ndarray of float, shape (units,)
        In 0..1.

    Examples
    --------
    >>> label_ranking_precision(np.array([[1, 3, 2]]), np.array([False, True, False])).round(3)
    array([0.333])
    """
    label_ranks = ranks[:, labels]
    reached = np.stack([(label_ranks <= rank[:, None]).sum(axis=1) for rank in label_ranks.T], 1)
    return (reached / label_ranks).mean(axis=1)


def group_metrics(ranks: np.ndarray, group: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Average the metrics of `RANKINGS` over the units of each group, for the labels of each group.

    Parameters
    ----------
    ranks : ndarray of int, shape (units, genres)
        From `worst_ranks`.
    group : ndarray of int, shape (units,)
        Group of each unit: a row of `labels`.
    labels : ndarray of bool, shape (groups, genres)
        A label at least in each row.

    Returns
    -------
    ndarray of float, shape (2, groups, groups)
        [metric, i, j]: the mean over the units of group i, if they had the labels of group j. The
        diagonal has the metrics of the groups, whose mean is the score.
    """
    sets, which = np.unique(labels, axis=0, return_inverse=True)
    values = [
        [metric(ranks, label_set) for label_set in sets]
        for metric in (coverage, label_ranking_precision)
    ]
    return np.swapaxes(group_means(np.array(values), group, len(labels)), 1, 2)[:, :, which]


def random_means(labels: np.ndarray) -> np.ndarray:
    """Expected values of the metrics of `RANKINGS` for a random order of the genres.

    A label at rank r has on average (r - 1) (labels - 1) / (genres - 1) other labels before it, and
    each rank is equally probable.

    Parameters
    ----------
    labels : ndarray of bool, shape (groups, genres)
        A label at least in each row.

    Returns
    -------
    ndarray of float, shape (2, groups)

    Examples
    --------
    >>> random_means(np.array([[True, False]])).tolist()
    [[1.5], [0.75]]
    """
    genres, counts = labels.shape[1], labels.sum(axis=1)
    rank = np.arange(1, genres + 1)
    before = np.outer(counts - 1, rank - 1) / max(genres - 1, 1)
    return np.stack([counts * (genres + 1) / (counts + 1), ((1 + before) / rank).mean(axis=1)])
