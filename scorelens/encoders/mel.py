"""Mel spectrograms and filter banks, on the scales of Slaney and of HTK.

Written here, although librosa has the same filter banks: importing `librosa.filters` takes longer
(1.2 s, numba among it) than most jobs that need a filter bank.
"""

import numpy as np
from scipy import fft

BATCH_FRAMES = 2048
SLANEY_KNEE_HZ, SLANEY_KNEE_MEL = 1000.0, 15.0  # linear below, logarithmic above


def mel_spectrogram(
    samples: np.ndarray, window: np.ndarray, hop: int, bands: np.ndarray, exponent: int
) -> np.ndarray:
    """Sum |FFT| ** exponent of every whole frame into bands.

    Parameters
    ----------
    samples : ndarray of float32, shape (n,)
        The sound.
    window : ndarray of float32, shape (length,)
        Multiplies each frame.
    hop : int
        Samples from frame to frame.
    bands : ndarray of float32, shape (size // 2 + 1, k)
        Filter bank for an FFT of `size` points, `length` at least; a frame is padded with zeros.
    exponent : {1, 2}
        1 for amplitude, 2 for power.

    Returns
    -------
    ndarray of float32, shape (frames, k)
        No frames if n < length.
    """
    size = 2 * (len(bands) - 1)
    count = max((len(samples) - len(window)) // hop + 1, 0)
    result = np.empty((count, bands.shape[1]), np.float32)
    if count:
        frames = np.lib.stride_tricks.sliding_window_view(samples, len(window))[::hop]
        for first in range(0, count, BATCH_FRAMES):
            rows = slice(first, first + BATCH_FRAMES)
            spectrum = np.abs(fft.rfft(frames[rows] * window, size))
            result[rows] = (spectrum * spectrum if exponent == 2 else spectrum) @ bands
    return result


def hann(length: int) -> np.ndarray:
    """Make the periodic Hann window.

    Parameters
    ----------
    length : int
        Samples.

    Returns
    -------
    ndarray of float32, shape (length,)

    Examples
    --------
    >>> hann(4).round(3).tolist()
    [0.0, 0.5, 1.0, 0.5]
    """
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)).astype(np.float32)


def slaney_bands(sample_rate_hz: int, size: int, count: int) -> np.ndarray:
    """Make triangles of unit area from 0 Hz to half the rate, even on Slaney's mel scale.

    They are linear in Hz between their edges, as librosa's default.

    Parameters
    ----------
    sample_rate_hz : int
        Sampling rate, Hz.
    size : int
        Points of the FFT.
    count : int
        Number of bands.

    Returns
    -------
    ndarray of float32, shape (size // 2 + 1, count)

    References
    ----------
    Slaney 1998, Auditory Toolbox.
    """
    edges_hz = _slaney_hz(np.linspace(0, _slaney_mel(sample_rate_hz / 2), count + 2))
    triangles = _triangles(fft.rfftfreq(size, 1 / sample_rate_hz), edges_hz)
    return (triangles * 2 / (edges_hz[2:] - edges_hz[:-2])).astype(np.float32)


def htk_bands(
    sample_rate_hz: int, size: int, count: int, min_hz: float, max_hz: float
) -> np.ndarray:
    """Make triangles of height 1, even and linear on HTK's mel scale, nothing at 0 Hz.

    Parameters
    ----------
    sample_rate_hz : int
        Sampling rate, Hz.
    size : int
        Points of the FFT.
    count : int
        Number of bands.
    min_hz, max_hz : float
        Lower edge of the first band and upper edge of the last, Hz.

    Returns
    -------
    ndarray of float32, shape (size // 2 + 1, count)

    References
    ----------
    Hershey et al. 2017, the code of VGGish.
    """
    edges = np.linspace(*_htk_mel(np.array([min_hz, max_hz])), count + 2)
    triangles = _triangles(_htk_mel(fft.rfftfreq(size, 1 / sample_rate_hz)), edges)
    triangles[0] = 0
    return triangles.astype(np.float32)


def _triangles(positions: np.ndarray, edges: np.ndarray) -> np.ndarray:
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    positions = positions[:, None]
    rising, falling = (positions - low) / (centre - low), (high - positions) / (high - centre)
    return np.maximum(np.minimum(rising, falling), 0)


def _htk_mel(hz: np.ndarray) -> np.ndarray:
    return 1127 * np.log1p(hz / 700)


def _slaney_mel(hz: float) -> float:
    return SLANEY_KNEE_MEL + 27 * np.log(hz / SLANEY_KNEE_HZ) / np.log(6.4)


def _slaney_hz(mel: np.ndarray) -> np.ndarray:
    above = SLANEY_KNEE_HZ * 6.4 ** ((mel - SLANEY_KNEE_MEL) / 27)
    return np.where(mel < SLANEY_KNEE_MEL, mel * SLANEY_KNEE_HZ / SLANEY_KNEE_MEL, above)
