"""Bootstrap over groups (films or titles): samples of the groups and percentile intervals."""

import numpy as np

from scorelens.evaluation import BOUNDS


def draw_groups(groups: int, samples: int, random: int | np.random.Generator) -> np.ndarray:
    """Draw bootstrap samples of groups: as many as there are, with replacement.

    Parameters
    ----------
    groups : int
        Number of groups, 1 or more.
    samples : int
        Number of bootstrap samples.
    random : int or numpy.random.Generator
        Seed, or the generator to draw from.

    Returns
    -------
    ndarray of int, shape (samples, groups)
        How often each sample draws each group; each row sums to `groups`.

    Examples
    --------
    >>> draw_groups(5, 3, 0).sum(axis=1).tolist()
    [5, 5, 5]
    """
    random = np.random.default_rng(random)
    return random.multinomial(groups, np.full(groups, 1 / groups), samples)


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
