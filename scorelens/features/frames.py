"""Cut sound into frames, leave out the silent ones, and apply functions to the rest in blocks.

Frame k starts at the sample nearest to k hops, so that hops need not be whole samples and times
do not drift. Only whole frames count: nothing is padded. A sound shorter than a frame is one
shorter frame, down to `MIN_SOUND_S`; below that there are no frames.
"""

from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
from scipy import fft

from scorelens.media.silence import MIN_SOUND_S, SILENCE_RMS

RATE_HZ = 22_050  # roughness grows with the square of rate x window, so the rate is fixed
BLOCK_BYTES = 1 << 19  # a block of frames stays in the processor's cache
HEAP_BYTES = 30 << 20  # the GNU C library adapts its threshold up to 32 MiB
LANES = 8  # the FFT transforms so many frames at once; left-over ones cost three times as much


class Series(NamedTuple):
    """Frame features that share a frame rate.

    Parameters
    ----------
    names : tuple of str
        k feature names.
    times_s : ndarray of float64, shape (frames,)
        Middle of each frame, s of the sound.
    values : ndarray of float32, shape (frames, k)
        NaN where a feature is undefined.
    """

    names: tuple[str, ...]
    times_s: np.ndarray
    values: np.ndarray


def measure_frames(
    samples: np.ndarray,
    length_s: float,
    hop_s: float,
    names: tuple[str, ...],
    measure: Callable[[np.ndarray], np.ndarray],
    silence_rms: float = SILENCE_RMS,
    rate_hz: int = RATE_HZ,
) -> Series:
    """Apply a function to every frame that is louder than silence.

    Parameters
    ----------
    samples : ndarray of float32, shape (n,)
        Mono samples.
    length_s, hop_s : float
        Length and hop of the frames, s.
    names : tuple of str
        Features that the function returns.
    measure : callable
        Takes frames (b, length) and returns values (b, len(names)).
    silence_rms : float
        A frame of lower RMS, or one that holds a NaN, gets NaN.
    rate_hz : int
        Sampling rate of the samples, Hz.

    Returns
    -------
    Series
    """
    _retain_heap()
    length = min(round(length_s * rate_hz), len(samples))
    starts = frame_starts(len(samples), length, hop_s, rate_hz)
    values = np.full((len(starts), len(names)), np.nan, np.float32)
    for rows, frames in _blocks(samples, starts, length):
        audible = rms(frames) >= silence_rms
        if audible.any():
            values[rows][audible] = measure(frames if audible.all() else frames[audible])
    return Series(names, (starts + length / 2) / rate_hz, values)


def split(series: Series, at: int) -> tuple[Series, Series]:
    """Split a series into its first features and the others.

    Parameters
    ----------
    series : Series
        The series.
    at : int
        Number of features of the first part.

    Returns
    -------
    tuple of Series
    """
    names, times_s, values = series
    return Series(names[:at], times_s, values[:, :at]), Series(names[at:], times_s, values[:, at:])


def rms(frames: np.ndarray) -> np.ndarray:
    """Root mean square of each frame.

    Parameters
    ----------
    frames : ndarray, shape (b, length)
        Samples.

    Returns
    -------
    ndarray, shape (b,)

    Examples
    --------
    >>> rms(np.array([[3.0, 4.0, 0.0, 0.0]]))
    array([2.5])
    """
    return np.sqrt(np.einsum("ij,ij->i", frames, frames) / frames.shape[1])


def hamming_spectrum(frames: np.ndarray, size: int, bins: slice = slice(None)) -> np.ndarray:
    """Amplitude spectrum of Hamming-windowed, zero-padded frames.

    Parameters
    ----------
    frames : ndarray of float32, shape (b, length)
        Samples.
    size : int
        Points of the FFT, at least `length`.
    bins : slice
        Bins to return.

    Returns
    -------
    ndarray of float32, shape (b, bins)
        Bin j lies at ``j * RATE_HZ / size`` Hz.
    """
    length = frames.shape[1]
    padded = np.empty((len(frames), size), np.float32)
    np.multiply(frames, hamming(length), out=padded[:, :length])
    padded[:, length:] = 0
    return np.abs(fft.rfft(padded, overwrite_x=True)[:, bins])


def frequencies_hz(size: int) -> np.ndarray:
    """Frequency of each bin of a spectrum.

    Parameters
    ----------
    size : int
        Points of the FFT.

    Returns
    -------
    ndarray of float32, shape (size // 2 + 1,)
        Hz.
    """
    return fft.rfftfreq(size, 1 / RATE_HZ).astype(np.float32)


@cache
def hamming(length: int) -> np.ndarray:
    """Symmetric Hamming window.

    Parameters
    ----------
    length : int
        Samples.

    Returns
    -------
    ndarray of float32, shape (length,)
    """
    return np.hamming(length).astype(np.float32)


@cache
def _retain_heap() -> None:
    """Free one large array, so that the C library retains the memory of later blocks."""
    # Otherwise it returns the memory to the system after each, and new pages cost as much as the
    # FFT.
    np.empty(HEAP_BYTES, np.uint8)


def frame_starts(n: int, length: int, hop_s: float, rate_hz: int = RATE_HZ) -> np.ndarray:
    """First sample of every frame of a sound.

    Parameters
    ----------
    n : int
        Samples of the sound.
    length : int
        Samples of a frame.
    hop_s : float
        Hop, s.
    rate_hz : int
        Sampling rate of the sound, Hz.

    Returns
    -------
    ndarray of int64, shape (frames,)
    """
    if n < round(MIN_SOUND_S * rate_hz):
        return np.zeros(0, np.int64)
    return whole_frame_starts(n, length, hop_s * rate_hz)


def whole_frame_starts(n: int, length: int, hop: float) -> np.ndarray:
    """First value of every whole frame of a series.

    Parameters
    ----------
    n : int
        Values of the series.
    length : int
        Values of a frame.
    hop : float
        Hop in values, not a whole number in general. A frame starts at the nearest value.

    Returns
    -------
    ndarray of int64, shape (frames,)

    Examples
    --------
    >>> whole_frame_starts(10, 4, 2.5)
    array([0, 2, 5])
    """
    starts = np.rint(np.arange(int((n - length) / hop) + 2) * hop).astype(np.int64)
    return starts[starts + length <= n]


def _blocks(
    samples: np.ndarray, starts: np.ndarray, length: int
) -> Iterator[tuple[slice, np.ndarray]]:
    if len(starts) == 0:
        return
    every_frame = np.lib.stride_tricks.sliding_window_view(samples, length)
    step = max(1, BLOCK_BYTES // (4 * length * LANES)) * LANES
    for first in range(0, len(starts), step):
        rows = slice(first, first + step)
        yield rows, every_frame[starts[rows]]
