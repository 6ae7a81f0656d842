"""Summarise frame features in texture windows and interpolate these on the 1 Hz grid of a film.

Texture windows last 5 s and have a hop of 3.35 s (33% overlap); the last one ends with the sound,
so that all of it counts and every window is whole. A sound under 5 s is one window. A frame belongs
to a window if its middle lies inside. Statistics are over the frames that have a value; nothing is
padded.

The value at a moment is the linear interpolation between the two windows whose middles are around
it; before the first middle and after the last it is the value of that window. A window without a
value has no weight; if both have none, the moment has none.

A long sound is measured in pieces, so that memory does not grow with its length. The pieces overlap
by more than a window and the frames around it, and start where every frame rate has a frame, so a
window has the same frames as if the sound were one piece.
"""

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from scorelens.encoders.interpolation import interpolate_rows
from scorelens.features.frames import Series

WINDOW_S, HOP_S = 5.0, 3.35
TIE_S = 1e-6  # a frame whose middle is the start of a window lies in it despite rounding
PIECE_S = 600  # a multiple of 3 s: of every hop, and an even number of samples at half the rate
MARGIN_S = 10  # a window, and the longest frame on its edge


def summarise(
    samples: np.ndarray | Iterable[np.ndarray],
    rate_hz: int,
    moments_s: np.ndarray,
    names: list[str],
    measure: Callable[[np.ndarray], list[Series]],
) -> np.ndarray:
    """Summarise the frame features of a sound in texture windows and interpolate at given moments.

    Parameters
    ----------
    samples : ndarray of float32, shape (n,), or iterable of such
        Mono samples, or consecutive blocks of them.
    rate_hz : int
        Sample rate, Hz.
    moments_s : ndarray, shape (m,)
        Moments, s of the sound.
    names : list of str
        The k features, in the order of the result.
    measure : callable
        Returns the frame features of samples as a list of `Series`.

    Returns
    -------
    ndarray of float32, shape (m, 2 k)
        Mean and standard deviation of each feature; NaN where a feature is undefined and after the
        end of the sound.
    """
    blocks = [samples] if isinstance(samples, np.ndarray) else samples
    middles_s, statistics = [], []
    for piece, start_s, is_last in _pieces(blocks, rate_hz):
        end_s = start_s + len(piece) / rate_hz
        starts_s, ends_s = _whole_windows(start_s, end_s, is_last)
        by_name = {}
        for series in measure(piece):
            values = window_statistics(series, starts_s - start_s, ends_s - start_s)
            by_name |= zip(series.names, values.transpose(1, 0, 2), strict=True)
        statistics.append(np.concatenate([by_name[name] for name in names], axis=1))
        middles_s.append((starts_s + ends_s) / 2)
    values = interpolate_rows(np.concatenate(statistics), np.concatenate(middles_s), moments_s)
    values[moments_s > end_s + 1 / rate_hz] = np.nan
    return values.astype(np.float32)


def window_edges(duration_s: float) -> tuple[np.ndarray, np.ndarray]:
    """Starts and ends of the texture windows of a sound.

    Parameters
    ----------
    duration_s : float
        Duration of the sound, s.

    Returns
    -------
    starts_s, ends_s : ndarray, shape (windows,)
        s.

    Examples
    --------
    >>> window_edges(8.0)
    (array([0., 3.]), array([5., 8.]))
    """
    if duration_s <= WINDOW_S:
        return np.array([0.0]), np.array([duration_s])
    last = duration_s - WINDOW_S
    starts = np.append(np.arange(0, last, HOP_S), last)
    return starts, starts + WINDOW_S


def window_statistics(series: Series, starts_s: np.ndarray, ends_s: np.ndarray) -> np.ndarray:
    """Mean and population standard deviation of each feature in each window.

    Parameters
    ----------
    series : Series
        k frame features.
    starts_s, ends_s : ndarray, shape (windows,)
        Edges of the windows, s.

    Returns
    -------
    ndarray of float64, shape (windows, k, 2)
        NaN where no frame of the window has a value.
    """
    first, last = np.searchsorted(series.times_s, np.stack([starts_s, ends_s]) - TIE_S)
    frame = first[:, None] + np.arange((last - first).max())
    values = series.values[np.minimum(frame, len(series.values) - 1)].astype(np.float64)
    missing = ~np.isfinite(values) | (frame >= last[:, None])[:, :, None]
    n = values.shape[1] - np.count_nonzero(missing, axis=1)
    with np.errstate(invalid="ignore"):
        np.copyto(values, 0, where=missing)
        mean = values.sum(1) / n
        values -= mean[:, None]  # small numbers keep the digits of the squares
        np.copyto(values, 0, where=missing)
        deviation = np.sqrt(np.einsum("wfk,wfk->wk", values, values) / n)
    return np.stack([mean, deviation], axis=2)


def _pieces(blocks: Iterable[np.ndarray], rate_hz: int) -> Iterator[tuple[np.ndarray, float, bool]]:
    """Cut a sound into overlapping pieces: (samples, start in s, whether it is the last)."""
    step, length = PIECE_S * rate_hz, (PIECE_S + 2 * MARGIN_S) * rate_hz
    pending, count, start_s = [], 0, 0
    for block in blocks:
        pending, count = [*pending, block], count + len(block)
        while count > length:
            pending = [_joined(pending)]
            yield pending[0][:length], start_s, False
            pending, count, start_s = [pending[0][step:]], count - step, start_s + PIECE_S
    yield _joined(pending), start_s, True


def _joined(blocks: list[np.ndarray]) -> np.ndarray:
    return blocks[0] if len(blocks) == 1 else np.concatenate([np.zeros(0, np.float32), *blocks])


def _whole_windows(start_s: float, end_s: float, is_last: bool) -> tuple[np.ndarray, np.ndarray]:
    """Edges in the whole sound of the windows of a piece that belong to no other piece."""
    starts_s, ends_s = window_edges(end_s)
    first = start_s + MARGIN_S if start_s else 0
    after = np.inf if is_last else start_s + PIECE_S + MARGIN_S
    inside = (starts_s >= first) & (starts_s < after)
    return starts_s[inside], ends_s[inside]
