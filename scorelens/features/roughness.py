"""Compute roughness, the beating of close partials (Plomp and Levelt 1965, Sethares 1998)."""

from functools import cache

import numpy as np

MIN_PEAK = 0.01  # of the largest; the side lobes of the Hamming window are lower
NEGLIGIBLE = 1e-5  # the curve's maximum is 0.18; beyond this distance two partials do not beat
COLUMNS_AT_ONCE = 48


def roughness(spectrum: np.ndarray, bin_hz: float) -> np.ndarray:
    """Sum of v_i v_j d(f_i, f_j) over all pairs of spectral peaks.

    The product v' D v takes all peaks at once. D is a narrow band and is stored as blocks of
    columns.

    Parameters
    ----------
    spectrum : ndarray of float32, shape (b, bins)
        Amplitudes, v.
    bin_hz : float
        Distance of the bins, Hz.

    Returns
    -------
    ndarray, shape (b,)
        Proportional to the square of the amplitude.

    References
    ----------
    Sethares, Tuning, Timbre, Spectrum, Scale, 1998, appendix E.
    """
    peaks = _peaks(spectrum)
    beating = np.empty_like(peaks)
    for rows, columns, curve in _curve_blocks(spectrum.shape[1], bin_hz):
        np.matmul(peaks[:, rows], curve, out=beating[:, columns])
    return np.einsum("ij,ij->i", beating, peaks)


def dissonance(low_hz: np.ndarray, high_hz: np.ndarray) -> np.ndarray:
    """Dissonance of two pure tones of amplitude 1.

    Parameters
    ----------
    low_hz, high_hz : ndarray
        Frequencies, Hz; `low_hz` is at most `high_hz`.

    Returns
    -------
    ndarray
        0..0.18.

    References
    ----------
    Sethares, Tuning, Timbre, Spectrum, Scale, 1998, appendix E.

    Examples
    --------
    >>> dissonance(440.0, 440.0).item()
    0.0
    """
    scaled = 0.24 / (0.0207 * low_hz + 18.96) * (high_hz - low_hz)
    return np.exp(-3.51 * scaled) - np.exp(-5.75 * scaled)


def _peaks(spectrum: np.ndarray) -> np.ndarray:
    inner = spectrum[:, 1:-1]
    floor = MIN_PEAK * spectrum.max(1, keepdims=True)
    is_peak = (inner > spectrum[:, :-2]) & (inner >= spectrum[:, 2:]) & (inner > floor)
    peaks = np.zeros_like(spectrum)
    np.multiply(inner, is_peak, out=peaks[:, 1:-1])
    return peaks


@cache
def _curve_blocks(bins: int, bin_hz: float) -> list[tuple[slice, slice, np.ndarray]]:
    frequency_hz = np.arange(bins) * bin_hz
    blocks = []
    for first in range(0, bins, COLUMNS_AT_ONCE):
        last = min(first + COLUMNS_AT_ONCE, bins)
        low, high = np.meshgrid(frequency_hz[:last], frequency_hz[first:last], indexing="ij")
        curve = np.where(low < high, dissonance(np.minimum(low, high), high), 0)
        lowest = int(np.argmax((curve > NEGLIGIBLE).any(1)))
        blocks.append((slice(lowest, last), slice(first, last), curve[lowest:].astype(np.float32)))
    return blocks
