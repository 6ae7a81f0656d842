"""Mel spectrograms as the published networks take them: Slaney's scale, and that of HTK."""

import numpy as np
from scipy import fft

FRAMES_AT_ONCE = 2048
SLANEY_KNEE_HZ, SLANEY_KNEE_MEL = 1000.0, 15.0  # linear below, logarithmic above


def mel_spectrogram(
    samples: np.ndarray, window: np.ndarray, hop: int, bands: np.ndarray, exponent: int
) -> np.ndarray:
    """Bands of |FFT| ** exponent of every whole frame.

    samples: (n,) float32. window: (length,) float32. hop: samples from frame to frame. bands:
    (size // 2 + 1, k) float32 for an FFT of `size` points, at least `length`; a frame is padded
    with zeros. Returns (frames, k) float32; no frames if n < length.
    """
    size = 2 * (len(bands) - 1)
    count = max((len(samples) - len(window)) // hop + 1, 0)
    result = np.empty((count, bands.shape[1]), np.float32)
    if count:
        frames = np.lib.stride_tricks.sliding_window_view(samples, len(window))[::hop]
        for first in range(0, count, FRAMES_AT_ONCE):
            rows = slice(first, first + FRAMES_AT_ONCE)
            spectrum = np.abs(fft.rfft(frames[rows] * window, size))
            result[rows] = (spectrum * spectrum if exponent == 2 else spectrum) @ bands
    return result


def hann(length: int) -> np.ndarray:
    """The periodic Hann window: (length,) float32."""
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)).astype(np.float32)


def slaney_bands(rate_hz: int, size: int, count: int) -> np.ndarray:
    """Triangles of unit area from 0 Hz to half the rate, even on Slaney's mel scale.

    Linear in Hz between their edges (Slaney 1998, Auditory Toolbox; librosa's default).
    Returns (size // 2 + 1, count) float32.
    """
    edges_hz = _slaney_hz(np.linspace(0, _slaney_mel(rate_hz / 2), count + 2))
    triangles = _triangles(fft.rfftfreq(size, 1 / rate_hz), edges_hz)
    return (triangles * 2 / (edges_hz[2:] - edges_hz[:-2])).astype(np.float32)


def htk_bands(rate_hz: int, size: int, count: int, low_hz: float, high_hz: float) -> np.ndarray:
    """Triangles of height 1, even and linear on HTK's mel scale, nothing at 0 Hz.

    Hershey et al. 2017, as VGGish and YAMNet use them. Returns (size // 2 + 1, count) float32.
    """
    edges = np.linspace(*_htk_mel(np.array([low_hz, high_hz])), count + 2)
    triangles = _triangles(_htk_mel(fft.rfftfreq(size, 1 / rate_hz)), edges)
    triangles[0] = 0
    return triangles.astype(np.float32)


def _triangles(place: np.ndarray, edges: np.ndarray) -> np.ndarray:
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    place = place[:, None]
    return np.maximum(
        np.minimum((place - low) / (centre - low), (high - place) / (high - centre)), 0
    )


def _htk_mel(hz: np.ndarray) -> np.ndarray:
    return 1127 * np.log1p(hz / 700)


def _slaney_mel(hz: float) -> float:
    return SLANEY_KNEE_MEL + 27 * np.log(hz / SLANEY_KNEE_HZ) / np.log(6.4)


def _slaney_hz(mel: np.ndarray) -> np.ndarray:
    above = SLANEY_KNEE_HZ * 6.4 ** ((mel - SLANEY_KNEE_MEL) / 27)
    return np.where(mel < SLANEY_KNEE_MEL, mel * SLANEY_KNEE_HZ / SLANEY_KNEE_MEL, above)
