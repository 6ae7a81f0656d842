"""Bootstrap over groups (films or titles) or their clusters: samples, and intervals of metrics."""

import numpy as np
from scipy import special

from scorelens.evaluation import BOUNDS

Z = 1.959964  # of a 95% interval
PSEUDO = 0.5  # observations at each bound that an interval of a score adds
SMALLEST = 1e-9  # share of the width between a value and its bound, on the logit scale


def draw_groups(
    groups: int,
    samples: int,
    random: int | np.random.Generator,
    cluster: np.ndarray | None = None,
) -> np.ndarray:
    """Draw bootstrap samples of groups: as many clusters as there are, with replacement.

    Parameters
    ----------
    groups : int
        Number of groups, 1 or more.
    samples : int
        Number of bootstrap samples.
    random : int or numpy.random.Generator
        Seed, or the generator to draw from.
    cluster : ndarray of int, shape (groups,), optional
        Cluster of each group, from 0 with none left out. A cluster is drawn with all its groups;
        each group is a cluster if left out.

    Returns
    -------
    ndarray of int, shape (samples, groups)
        How often each sample draws each group; without clusters each row sums to `groups`.

    References
    ----------
    Davison and Hinkley, "Bootstrap Methods and their Application", 1997, section 3.8: whole
    clusters are resampled, and nothing within them.

    Examples
    --------
    >>> draw_groups(5, 3, 0).sum(axis=1).tolist()
    [5, 5, 5]
    >>> draws = draw_groups(3, 9, 0, cluster=np.array([0, 1, 0]))
    >>> bool((draws[:, 0] == draws[:, 2]).all())
    True
    """
    random = np.random.default_rng(random)
    cluster = np.arange(groups) if cluster is None else cluster
    clusters = int(cluster.max()) + 1
    draws = random.multinomial(clusters, np.full(clusters, 1 / clusters), samples)
    return draws if clusters == groups else draws[:, cluster]


def percentile_interval(sampled: np.ndarray, axis: int = 0) -> np.ndarray:
    """95% percentile interval (Efron 1979) of a metric from its bootstrap samples.

    Parameters
    ----------
    sampled : ndarray of float
        The metric in each sample.
    axis : int
        The axis of the samples.

    Returns
    -------
    ndarray of float, shape (2, ...)
        Lower and upper bound.

    Examples
    --------
    >>> percentile_interval(np.arange(101.0)).tolist()
    [2.5, 97.5]
    """
    return np.percentile(sampled, BOUNDS, axis=axis)


def interval(
    value: np.ndarray | float,
    sampled: np.ndarray,
    axis: int = 0,
    bounds: tuple[np.ndarray | float, np.ndarray | float] = (0.0, 1.0),
    observations: np.ndarray | float = np.inf,
) -> np.ndarray:
    """95% interval of a metric, the same for all metrics and stages (docs/evaluation.md).

    It is symmetric around the metric on the logit scale between the bounds, with the standard
    deviation of the bootstrap samples. A score of few observations gets half an observation more at
    either bound (as the Wilson and Agresti-Coull intervals of a share do): where all are right,
    samples do not vary. It covers the mean that the metric has over corpora of this size, whose
    films come from where these come from, with the models as they are. What another training would
    change is left out, unless the metric is a mean over training runs.

    Parameters
    ----------
    value : float or ndarray of float, shape (...)
        The metric.
    sampled : ndarray of float
        The metric in bootstrap samples of the groups, along `axis`; NaN where it is not defined.
    axis : int
        The axis of the samples.
    bounds : tuple of float or ndarray of float
        Smallest and largest value that the metric can have.
    observations : float or ndarray of float
        Of scores: on how many observations they rest (`score_observations`). Infinite for
        differences and errors, which are far from their bounds.

    Returns
    -------
    ndarray of float, shape (2, ...)
        Lower and upper bound, within `bounds`; the value lies between them.

    References
    ----------
    Boyd, Eng and Page, "Area under the precision-recall curve: point estimates and confidence
    intervals", ECML 2013: the logit interval. Agresti and Coull, "Approximate is better than
    exact for interval estimation of binomial proportions", Am. Stat., 1998.

    Examples
    --------
    >>> interval(0.5, 0.5 + 0.1 * np.array([-1, 1])).round(2).tolist()
    [0.31, 0.69]
    >>> interval(1.0, np.ones(9), observations=10).round(2).tolist()
    [0.55, 1.0]
    """
    least, width = bounds[0], np.subtract(bounds[1], bounds[0])
    share, inverse = (value - least) / width, 1 / np.asarray(observations, float)
    added = PSEUDO * inverse
    centre = np.clip((share + added) / (1 + 2 * added), SMALLEST, 1 - SMALLEST)
    between = inverse * (share - centre) ** 2 + added * inverse * (centre**2 + (1 - centre) ** 2)
    spread = np.ma.filled(np.ma.masked_invalid(sampled).std(axis=axis), 0) / width
    half = Z * np.sqrt(spread**2 + between) / (1 + 2 * added) / (centre * (1 - centre))
    ends = special.expit(special.logit(centre) + np.stack([-half, half]))
    ends = np.stack([np.minimum(ends[0], share), np.maximum(ends[1], share)])
    return least + width * ends


def error_interval(value: np.ndarray | float, sampled: np.ndarray, axis: int = 0) -> np.ndarray:
    """95% interval of a calibration error: 1.96 standard deviations on either side, within 0..1.

    An error near 0 varies by more than its distance from 0, where the logit scale of `interval`
    has no end.

    Parameters
    ----------
    value : float or ndarray of float, shape (...)
        The error.
    sampled : ndarray of float
        The error in bootstrap samples of the groups, along `axis`.
    axis : int
        The axis of the samples.

    Returns
    -------
    ndarray of float, shape (2, ...)
        Lower and upper bound.

    Examples
    --------
    >>> error_interval(0.01, 0.03 + 0.01 * np.array([-1, 1])).round(3).tolist()
    [0.0, 0.03]
    """
    half = Z * np.std(sampled, axis=axis)
    return np.clip(np.stack([value - half, value + half]), 0.0, 1.0)


def score_observations(
    labels: np.ndarray, means: int, cluster: np.ndarray | None = None
) -> np.ndarray:
    """On how many observations the scores of genres and of their means rest, for `interval`.

    The geometric mean of the number of clusters that carry the genre (1 at least) and of all, and
    for a mean over the genres that of all. It was chosen by simulation
    (benchmarks/evaluation_coverage.py).

    Parameters
    ----------
    labels : ndarray of bool, shape (groups, genres)
    means : int
        Number of means that follow the genres.
    cluster : ndarray of int, shape (groups,), optional
        Cluster of each group; each group is a cluster if left out.

    Returns
    -------
    ndarray of float, shape (genres + means,)

    Examples
    --------
    >>> score_observations(np.array([[True], [False], [False], [False]]), 1).tolist()
    [2.0, 4.0]
    """
    cluster = np.arange(len(labels)) if cluster is None else cluster
    clusters = len(np.unique(cluster))
    carriers = [max(1, len(np.unique(cluster[label]))) for label in labels.T]
    return np.append(np.sqrt(np.multiply(carriers, clusters)), [float(clusters)] * means)
