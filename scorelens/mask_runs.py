"""Runs of true values in a mask."""

import numpy as np


def mask_runs(mask: np.ndarray) -> list[tuple[int, int]]:
    """Find the runs of true values.

    Parameters
    ----------
    mask : ndarray of bool, shape (n,)

    Returns
    -------
    list of (int, int)
        First index of each run, and the one after its last.

    Examples
    --------
    >>> mask_runs(np.array([True, True, False, True]))
    [(0, 2), (3, 4)]
    """
    changes = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return [(int(first), int(stop)) for first, stop in changes.reshape(-1, 2)]
