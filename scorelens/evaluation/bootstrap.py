"""Bootstrap over groups (films or titles): samples of the groups and percentile intervals."""

import numpy as np
from scipy import special

from scorelens.evaluation import BOUNDS

Z = 1.959964
CLIP = 1e-3


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
        each group is its own cluster if left out.

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
    bounds: tuple[float, float] = (0.0, 1.0),
) -> np.ndarray:
    """95% interval of a metric: the interval of all stages (docs/evaluation.md).

    It covers the value that the metric has on average over corpora of this size, whose films come
    from where these come from, with the models as they are: what another training would change is
    left out, unless the metric is a mean over training runs.

    Parameters
    ----------
    value : float or ndarray of float, shape (...)
        The metric.
    sampled : ndarray of float
        The metric in bootstrap samples of the groups, along `axis`; NaN where it is not defined.
    axis : int
        The axis of the samples.
    bounds : tuple of float
        Smallest and largest value that the metric can have.

    Returns
    -------
    ndarray of float, shape (2, ...)
        Lower and upper bound, within `bounds`.
    """
    least, most = bounds
    scale = np.asarray(most, float) - least
    share, shares = (value - least) / scale, (np.moveaxis(sampled, axis, 0) - least) / scale
    spread = np.nanstd(shares, axis=0)
    clipped = np.clip(share, CLIP, 1 - CLIP)
    half = Z * spread / (clipped * (1 - clipped))
    ends = special.expit(special.logit(clipped) + np.stack([-half, half]))
    return least + scale * np.stack([np.minimum(ends[0], share), np.maximum(ends[1], share)])


def sign_p(differences: np.ndarray) -> float:
    """Two-sided p of a difference being zero, from its bootstrap samples.

    Twice (1 + k) / (1 + samples), at most 1, where k samples lie on the rarer side of zero or on
    it. Apart from the added one it agrees with the 95% percentile interval.

    Parameters
    ----------
    differences : ndarray of float, shape (samples,)

    Returns
    -------
    float
        In 0..1.

    Examples
    --------
    >>> sign_p(np.array([0.1, 0.2, 0.3]))
    0.5
    """
    rarer = min((differences <= 0).sum(), (differences >= 0).sum())
    return min(1.0, float(2 * (1 + rarer) / (1 + len(differences))))
