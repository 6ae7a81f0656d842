"""Timbre, loudness and cepstra: the features of 50 ms frames, and crest and flatness."""

from functools import cache

import numpy as np
from scipy import fft

from scorelens.features import frames, roughness
from scorelens.features.frames import RATE_HZ, Series

FRAME_S, HOP_S = 0.05, 0.025
FFT_SIZE = 2048
BRIGHT_HZ = 1500.0
POWER_FRAME_S = 660 / RATE_HZ  # 29.9 ms: the FFT of 661 or 662 samples takes five times as long
POWER_HOP_S = 0.01
BANDS = 40
RANKS = np.arange(1, 14)
TINY = np.float32(1e-30)

ZERO_CROSSING_RATE = "timbre.zero_crossing_rate"
SHORT_NAMES = (
    "timbre.centroid",
    "timbre.spread",
    "timbre.skewness",
    "timbre.kurtosis",
    "tone.brightness",
    "tone.entropy",
    "timbre.roughness",
)
MFCC_NAMES = tuple(f"mfcc.mfcc_{rank}" for rank in RANKS)


def loudness(samples: np.ndarray) -> Series:
    """RMS of 50 ms frames, silent ones too. samples: (n,) float32."""
    return frames.measure_frames(
        samples, FRAME_S, HOP_S, ("dynamics.rms",), lambda f: frames.rms(f)[:, None], silence_rms=0
    )


def short_features(samples: np.ndarray) -> tuple[Series, Series]:
    """Timbre and tone, and MFCC, of 50 ms frames each 25 ms. samples: (n,) float32.

    Both series come from one spectrum a frame.
    """
    names = SHORT_NAMES + MFCC_NAMES
    both = frames.measure_frames(samples, FRAME_S, HOP_S, names, _short_block)
    short, mfcc = frames.split(both, len(SHORT_NAMES))
    rate = np.where(np.isnan(short.values[:, :1]), np.nan, _zero_crossing_rate(samples))
    values = np.concatenate([rate.astype(np.float32), short.values], axis=1)
    return Series((ZERO_CROSSING_RATE, *SHORT_NAMES), short.times_s, values), mfcc


def power_features(samples: np.ndarray) -> Series:
    """Crest and flatness of the power spectrum of rectangular 30 ms frames each 10 ms."""
    names = ("timbre.crest", "timbre.flatness")
    return frames.measure_frames(samples, POWER_FRAME_S, POWER_HOP_S, names, _power_block)


def slopes(series: Series, name: str) -> Series:
    """Regression slope a frame over two frames either side (Furui 1986), NaN at the edges.

    series: values (frames, k). name: group of the new columns, such as `dmfcc`.
    """
    v = series.values
    slope = np.full_like(v, np.nan)
    slope[2:-2] = (v[3:-1] - v[1:-3] + 2 * (v[4:] - v[:-4])) / 10
    names = tuple(f"{name}.{name}_{rank}" for rank in range(1, v.shape[1] + 1))
    return Series(names, series.times_s, slope)


def spectral_moments(spectrum: np.ndarray, frequency_hz: np.ndarray) -> np.ndarray:
    """Centroid, spread (Hz), skewness and kurtosis of amplitude spectra.

    spectrum: (b, bins). frequency_hz: (bins,). Returns (b, 4).
    """
    share = spectrum / spectrum.sum(1, keepdims=True)
    centroid = share @ frequency_hz
    distance = frequency_hz - centroid[:, None]
    square = distance * distance
    variance = np.einsum("ij,ij->i", square, share)
    weighted = square * share
    third = np.einsum("ij,ij->i", weighted, distance)
    fourth = np.einsum("ij,ij->i", weighted, square)
    return np.stack([centroid, np.sqrt(variance), third / variance**1.5, fourth / variance**2], 1)


def cepstra(spectrum: np.ndarray) -> np.ndarray:
    """MFCC 1 to 13 of amplitude spectra (b, FFT_SIZE // 2 + 1): (b, 13) float32."""
    return np.log10(np.maximum(spectrum @ slaney_bands(FFT_SIZE), TINY)) @ _cosines()


@cache
def slaney_bands(size: int) -> np.ndarray:
    """Slaney's 40 triangular bands of unit area: (size // 2 + 1, 40) float32.

    Thirteen edges lie 66.67 Hz apart from 133.33 Hz on, the others by a factor of 1.0711703.
    """
    linear = 400 / 3 + 200 / 3 * np.arange(13)
    edges = np.concatenate([linear, linear[-1] * 1.0711703 ** np.arange(1, BANDS - 10)])
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    f = frames.frequencies_hz(size)[:, None]
    triangle = np.minimum((f - low) / (centre - low), (high - f) / (high - centre))
    return (2 / (high - low) * np.maximum(triangle, 0)).astype(np.float32)


@cache
def _cosines() -> np.ndarray:
    angle = np.pi * np.outer(np.arange(BANDS) + 0.5, RANKS) / BANDS
    return (np.cos(angle) / np.sqrt(BANDS / 2)).astype(np.float32)


def _short_block(block: np.ndarray) -> np.ndarray:
    spectrum = frames.hamming_spectrum(block, FFT_SIZE)
    frequency_hz = frames.frequencies_hz(FFT_SIZE)
    total = spectrum.sum(1)
    share = spectrum / total[:, None]
    columns = [
        spectral_moments(spectrum, frequency_hz),
        spectrum[:, frequency_hz > BRIGHT_HZ].sum(1) / total,
        -np.einsum("ij,ij->i", share, np.log(share + TINY)) / np.log(share.shape[1]),
        roughness.roughness(spectrum, RATE_HZ / FFT_SIZE),
        cepstra(spectrum),
    ]
    return np.column_stack(columns)


def _zero_crossing_rate(samples: np.ndarray) -> np.ndarray:
    """Upward sign changes a second of each frame, the one into its first sample included."""
    upward = np.zeros(len(samples), np.float32)
    upward[1:] = (samples[:-1] < 0) & (samples[1:] >= 0)

    def rate(block):
        return block.mean(1, keepdims=True) * RATE_HZ

    names = (ZERO_CROSSING_RATE,)
    return frames.measure_frames(upward, FRAME_S, HOP_S, names, rate, silence_rms=0).values


def _power_block(block: np.ndarray) -> np.ndarray:
    bins = fft.rfft(block)
    power = np.maximum(bins.real**2 + bins.imag**2, TINY)
    mean = power.mean(1)
    return np.stack([power.max(1) / mean, np.exp(np.log(power).mean(1)) / mean], 1)
