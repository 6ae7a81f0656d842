"""The best course through a film: at each step one line plays, or none."""

from itertools import pairwise

import numpy as np


def best_path(nats: np.ndarray, entry: float) -> np.ndarray:
    """The states with the most evidence in all (Viterbi, IEEE Trans. Inf. Theory 13(2), 1967).

    nats: float32 (k, n), evidence of k lines in n steps against "none", which has 0 throughout.
    entry: what it costs to start a line, nats; to end one is free.
    Returns int64 (n,): the line that plays, or -1 for none. One line at a time, so cues never
    overlap, and a gap is bridged only on one line, where that costs less than to start it again.
    """
    lines, steps = nats.shape
    price = np.full(lines + 1, float(entry))
    price[0] = 0
    states = np.arange(lines + 1, dtype=np.min_scalar_type(lines))  # state 0 is "none"
    total = -price  # of the best course that ends in each state
    came_from = np.empty((steps, lines + 1), states.dtype)
    for step in range(steps):
        best = total.argmax()
        changed = total[best] - price
        came_from[step] = np.where(changed > total, best, states)
        total = np.maximum(changed, total)
        total[1:] += nats[:, step]
    return _trace_back(came_from, total.argmax()) - 1


def stretches(path: np.ndarray) -> list[tuple[int, int, int]]:
    """The runs of one line in a path, as (line, first step, step after the last)."""
    edges = np.flatnonzero(np.diff(path, prepend=-2, append=-2)).tolist()
    return [(int(path[a]), a, b) for a, b in pairwise(edges) if path[a] >= 0]


def _trace_back(came_from: np.ndarray, state: int) -> np.ndarray:
    path = np.empty(len(came_from), np.int64)
    for step in range(len(path) - 1, -1, -1):
        path[step] = state
        state = came_from[step, state]
    return path
