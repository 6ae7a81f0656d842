"""Linear interpolation of rows of values in time, where rows may be missing."""

import numpy as np


def interpolate_rows(values: np.ndarray, times_s: np.ndarray, at_s: np.ndarray) -> np.ndarray:
    """Interpolate between the two rows around each moment.

    Before the first row and after the last, that row is held. A value that is not finite has no
    weight; where neither row has one, the result is NaN.

    Parameters
    ----------
    values : ndarray of float64, shape (n, k)
        One row a time, one at least.
    times_s : ndarray of float64, shape (n,)
        Times of the rows in s, ascending.
    at_s : ndarray of float64, shape (m,)
        Moments in s.

    Returns
    -------
    ndarray of float64, shape (m, k)

    Examples
    --------
    >>> values = np.array([[0.0, 1.0], [10.0, np.nan]])
    >>> interpolate_rows(values, np.array([1.0, 2.0]), np.array([0.0, 1.5])).tolist()
    [[0.0, 1.0], [5.0, 1.0]]
    """
    position = np.interp(at_s, times_s, np.arange(len(times_s)))
    before = position.astype(np.int64)
    after = np.minimum(before + 1, len(times_s) - 1)
    share = (position - before)[:, None]
    valid = np.isfinite(values)
    filled = np.where(valid, values, 0)
    left, right = (1 - share) * valid[before], share * valid[after]
    with np.errstate(invalid="ignore"):
        return (left * filled[before] + right * filled[after]) / (left + right)
