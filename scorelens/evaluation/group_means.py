"""Means over groups (films) with bootstrap intervals, for descriptions rather than scores."""

import numpy as np
from scipy import stats

TAIL = 0.025  # of a 95% interval, on either side


def bootstrap_means(
    values: np.ndarray, draws: np.ndarray, cluster: np.ndarray | None = None
) -> np.ndarray:
    """Mean over groups and its 95% interval, by expanded percentiles of bootstrap samples.

    Percentiles of the bootstrap are too narrow for few groups. Expanded ones are as wide as those
    of Student's t are for a normal mean.

    Parameters
    ----------
    values : ndarray of float, shape (groups, k)
        NaN where a group has no value.
    draws : ndarray of int, shape (samples, groups)
        How often each sample draws each group, from `bootstrap.draw_groups`.
    cluster : ndarray of int, shape (groups,), optional
        The cluster of each group that the samples draw as a whole; each group is one if left out.

    Returns
    -------
    ndarray of float, shape (3, k)
        Mean, lower and upper bound; NaN without a value, bounds under two clusters.

    References
    ----------
    Hesterberg, What teachers should know about the bootstrap, The American Statistician 69(4),
    2015, section 4.2.

    Examples
    --------
    >>> bootstrap_means(np.array([[1.0], [3.0]]), np.array([[2, 0], [1, 1], [0, 2]])).T.tolist()
    [[2.0, 1.0, 3.0]]
    """
    known = np.isfinite(values)
    filled = np.where(known, values, 0)
    n = known.sum(0)
    result = np.full((3, values.shape[1]), np.nan)
    np.divide(filled.sum(0), n, out=result[0], where=n > 0)
    weight = draws @ known.astype(int)
    sampled = np.divide(draws @ filled, weight, out=np.full(weight.shape, np.nan), where=weight > 0)
    cluster = np.arange(len(values)) if cluster is None else cluster
    clusters = np.array([len(np.unique(cluster[column])) for column in known.T])
    for column in np.flatnonzero(clusters > 1):
        tail = expanded_tail(int(clusters[column]))
        result[1:, column] = np.nanquantile(sampled[:, column], [tail, 1 - tail])
    return result


def expanded_tail(groups: int) -> float:
    """Share of bootstrap samples beyond either bound of a 95% interval of a mean.

    Parameters
    ----------
    groups : int
        Number of groups, or of clusters, 2 or more.

    Returns
    -------
    float
        0.025 for many groups, less for few.

    Examples
    --------
    >>> round(expanded_tail(10_000), 4), round(expanded_tail(10), 4)
    (0.025, 0.0086)
    """
    expansion = np.sqrt(groups / (groups - 1))
    return float(stats.norm.cdf(expansion * stats.t.ppf(TAIL, groups - 1)))
