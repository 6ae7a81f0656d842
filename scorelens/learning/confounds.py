"""Inputs of baselines that test whether a score is about genre, or about what goes with it.

A genre may go with the year of a film, how loud its music was mastered, or how long its album is: a
model of the music that is no better than a model of these shows nothing about the music. Random
values in the width of a feature set show what the number of features alone does.
"""

import zlib
from collections.abc import Sequence

import numpy as np

# Value and square are all but uncorrelated for values about these, a unit being the second number.
YEAR_SCALE = (2000.0, 10.0)  # years
LOUDNESS_SCALE = (-20.0, 10.0)  # dB
LENGTH_SCALE = (np.log(3600.0), 0.5)  # natural logarithm of seconds


def quadratic(values: np.ndarray, centre: float, unit: float) -> np.ndarray:
    """Make a column of values and one of their squares, for a genre of the middle or the ends.

    Parameters
    ----------
    values : ndarray of float, shape (n,)
        NaN where unknown.
    centre, unit : float
        What is 0 and 1 in the first column.

    Returns
    -------
    ndarray of float32, shape (n, 2)
        NaN where unknown.

    Examples
    --------
    >>> quadratic(np.array([2000.0, 2020.0]), 2000, 10).tolist()
    [[0.0, 0.0], [2.0, 4.0]]
    """
    scaled = (np.asarray(values, float) - centre) / unit
    return np.stack([scaled, scaled**2], axis=1).astype(np.float32)


def random_vectors(names: Sequence[str], width: int) -> np.ndarray:
    """Draw a vector for each name that says nothing about it, and depends on the name alone.

    Parameters
    ----------
    names : sequence of str
        Such as ids of films.
    width : int
        Values of each vector.

    Returns
    -------
    ndarray of float32, shape (n_names, width)
        Of a standard normal distribution.

    Examples
    --------
    >>> vectors = random_vectors(["a", "b", "a"], 2)
    >>> vectors.shape, (vectors[0] == vectors[1:]).all(axis=1).tolist()
    ((3, 2), [False, True])
    """
    return np.stack([_random_vector(name, width) for name in names])


def _random_vector(name: str, width: int) -> np.ndarray:
    random = np.random.default_rng(zlib.crc32(name.encode()))
    return random.standard_normal(width, np.float32)
