"""Levels of powers, and their ratios."""

import numpy as np

LIMIT_DB = 30.0  # ratios beyond are not measurable, and are cut
FLOOR_DB = -100.0  # lowest level
SILENCE = 3 * 10 ** (FLOOR_DB / 10)  # power of music and rest together


def ratio_of(music: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Ratio of powers in dB, cut to `LIMIT_DB`; that of silence is the lowest.

    Parameters
    ----------
    music, rest : ndarray of float, shape (n,)
        Mean squares.

    Returns
    -------
    ndarray of float, shape (n,)
        dB, -30..30.

    Examples
    --------
    >>> ratio_of(np.array([1.0, 1.0, 0.0]), np.array([0.1, 0.0, 0.0])).tolist()
    [10.0, 30.0, -30.0]
    """
    ratio_db = np.clip(decibels(music) - decibels(rest), -LIMIT_DB, LIMIT_DB)
    return np.where(music + rest > SILENCE, ratio_db, -LIMIT_DB)


def decibels(power: np.ndarray) -> np.ndarray:
    """Level of a power.

    Parameters
    ----------
    power : ndarray of float, shape (n,)
        Mean squares.

    Returns
    -------
    ndarray of float, shape (n,)
        dB of full scale; at least twice `FLOOR_DB`.
    """
    return 10 * np.log10(np.maximum(power, 10 ** (FLOOR_DB / 5)))
