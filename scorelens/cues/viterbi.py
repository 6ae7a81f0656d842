"""Find the best path through a film: at each step one alignment plays, or none."""

from itertools import pairwise

import numpy as np


def best_path(nats: np.ndarray, onset_penalty: float | np.ndarray) -> np.ndarray:
    """Find the sequence of states with the most evidence in total.

    One alignment plays at a time, so cues never overlap. A gap is bridged only on one alignment,
    where that costs less than to start it again.

    Parameters
    ----------
    nats : ndarray of float32, shape (k, n)
        Evidence of k alignments in n steps against "none", which has 0 throughout.
    onset_penalty : float or ndarray of float, shape (k,)
        Cost of starting an alignment, nats. Ending one is free.

    Returns
    -------
    ndarray of int64, shape (n,)
        The alignment that plays in each step, or -1 for none.

    References
    ----------
    Viterbi, IEEE Transactions on Information Theory 13(2), 1967.

    Examples
    --------
    >>> best_path(np.array([[5, 5, -1, 5, -9]], np.float32), onset_penalty=3)
    array([ 0,  0,  0,  0, -1])
    """
    alignments, steps = nats.shape
    penalty = np.zeros(alignments + 1)
    penalty[1:] = onset_penalty
    states = np.arange(alignments + 1, dtype=np.min_scalar_type(alignments))  # state 0 is "none"
    total = -penalty  # of the best path that ends in each state
    previous = np.empty((steps, alignments + 1), states.dtype)
    for step in range(steps):
        best = total.argmax()
        changed = total[best] - penalty
        previous[step] = np.where(changed > total, best, states)
        total = np.maximum(changed, total)
        total[1:] += nats[:, step]
    return _trace_back(previous, total.argmax()) - 1


def max_run_sum(values: np.ndarray) -> np.ndarray:
    """Largest sum of consecutive entries of each row (the maximum subarray sum).

    Parameters
    ----------
    values : ndarray, shape (k, n)
        Any numbers.

    Returns
    -------
    ndarray of float64, shape (k,)
        0 where no entry is positive.

    Examples
    --------
    >>> max_run_sum(np.array([[1, -3, 2, 2, -1], [-1, -1, -1, -1, -1]]))
    array([4., 0.])
    """
    sums = np.cumsum(np.pad(values.astype(np.float64), ((0, 0), (1, 0))), axis=1)
    return (sums - np.minimum.accumulate(sums, axis=1)).max(axis=1, initial=0)


def runs(path: np.ndarray) -> list[tuple[int, int, int]]:
    """List the runs of one alignment in a path.

    Parameters
    ----------
    path : ndarray of int64, shape (n,)
        As `best_path` returns it.

    Returns
    -------
    list of (int, int, int)
        Alignment, first step, and step after the last.

    Examples
    --------
    >>> runs(np.array([-1, 2, 2, -1, 0]))
    [(2, 1, 3), (0, 4, 5)]
    """
    edges = np.flatnonzero(np.diff(path, prepend=-2, append=-2)).tolist()
    return [(int(path[a]), a, b) for a, b in pairwise(edges) if path[a] >= 0]


def _trace_back(previous: np.ndarray, state: int) -> np.ndarray:
    path = np.empty(len(previous), np.int64)
    for step in range(len(path) - 1, -1, -1):
        path[step] = state
        state = previous[step, state]
    return path
