"""From frames to texture windows, and from texture windows to the 1 Hz grid of the film.

Texture windows last 5 s and follow each other by 3.35 s (33% overlap); the last one ends with the
sound, so that all of it counts and every window is whole. A sound under 5 s is one window. A frame
belongs to a window if its middle lies inside. Statistics are over the frames that are there and
have a value; nothing is padded.

On the grid, a moment takes the linear interpolation between the two windows whose middles lie
around it; before the first middle and after the last, that window's value is held. A window
without a value has no weight; if both have none, neither has the grid.
"""

import numpy as np

from scorelens.features.frames import Series

WINDOW_S, HOP_S = 5.0, 3.35


def window_edges(duration_s: float) -> tuple[np.ndarray, np.ndarray]:
    """Starts and ends of the texture windows of a sound: two (windows,) arrays, s."""
    if duration_s <= WINDOW_S:
        return np.array([0.0]), np.array([duration_s])
    last = duration_s - WINDOW_S
    starts = np.append(np.arange(0, last, HOP_S), last)
    return starts, starts + WINDOW_S


def window_statistics(series: Series, starts_s: np.ndarray, ends_s: np.ndarray) -> np.ndarray:
    """Mean and (population) standard deviation of each feature in each window.

    Returns (windows, k, 2) float64, NaN where no frame of the window has a value.
    """
    valid = np.isfinite(series.values)
    values = np.where(valid, series.values, 0).astype(np.float64)
    level = values.sum(0) / np.maximum(valid.sum(0), 1)
    values = np.where(valid, values - level, 0)  # small numbers keep the digits of the squares
    edges = np.searchsorted(series.times_s, np.stack([starts_s, ends_s]))
    n, total, squares = (_sums(part, edges) for part in (valid, values, values * values))
    with np.errstate(invalid="ignore"):
        mean = total / n
        deviation = np.sqrt(np.maximum(squares / n - mean * mean, 0))
    return np.stack([mean + level, deviation], axis=2)


def at_moments(statistics: np.ndarray, middles_s: np.ndarray, moments_s: np.ndarray) -> np.ndarray:
    """Interpolate window statistics, as the module says.

    statistics: (windows, k) float64. middles_s: (windows,) ascending. moments_s: (m,).
    Returns (m, k) float64.
    """
    place = np.interp(moments_s, middles_s, np.arange(len(middles_s)))
    before = place.astype(np.int64)
    after = np.minimum(before + 1, len(middles_s) - 1)
    share = (place - before)[:, None]
    valid = np.isfinite(statistics)
    filled = np.where(valid, statistics, 0)
    left, right = (1 - share) * valid[before], share * valid[after]
    with np.errstate(invalid="ignore"):
        return (left * filled[before] + right * filled[after]) / (left + right)


def _sums(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Sums of rows edges[0][w] to edges[1][w] for each window w: (windows, k)."""
    running = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, 0, np.float64)])
    return running[edges[1]] - running[edges[0]]
