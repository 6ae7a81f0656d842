"""Compute timbre, loudness and MFCC of 50 ms frames, and crest and flatness of 30 ms frames."""

from functools import cache

import numpy as np
from scipy import fft

from scorelens.features import frames, roughness
from scorelens.features.frames import RATE_HZ, Series
from scorelens.features.profiles import MIRTOOLBOX, Profile

FRAME_S, HOP_S = 0.05, 0.025
FFT_SIZE = 2048
BRIGHT_HZ = 1500.0
POWER_FRAME_S = 660 / RATE_HZ  # 29.9 ms: the FFT of 661 or 662 samples takes five times as long
BANDS = 40
COEFFICIENTS = np.arange(1, 14)
TINY = np.float32(1e-30)

ZERO_CROSSING_RATE = "timbre.zero_crossing_rate"
SHORT_NAMES = (
    "timbre.centroid",
    "timbre.spread",
    "timbre.skewness",
    "timbre.kurtosis",
    "tone.brightness",
    "tone.entropy",
)
ROUGHNESS_NAMES = ("timbre.roughness",)
MFCC_NAMES = tuple(f"mfcc.mfcc_{rank}" for rank in COEFFICIENTS)


def loudness(samples: np.ndarray) -> Series:
    """RMS of 50 ms frames, silent ones included.

    Parameters
    ----------
    samples : ndarray of float32, shape (n,)
        Mono samples at `frames.RATE_HZ`.

    Returns
    -------
    Series
    """
    return frames.measure_frames(
        samples,
        FRAME_S,
        HOP_S,
        ("dynamics.rms",),
        lambda f: frames.rms(f)[:, None],
        silence_rms=0,
    )


def short_features(
    samples: np.ndarray, profile: Profile = MIRTOOLBOX
) -> tuple[Series, Series, Series]:
    """Timbre and tone, MFCC, and roughness of 50 ms frames with a hop of 25 ms.

    All come from one spectrum a frame, unless the profile has fewer frames for roughness.

    Parameters
    ----------
    samples : ndarray of float32, shape (n,)
        Mono samples at `frames.RATE_HZ`.
    profile : Profile
        Frame rates.

    Returns
    -------
    short, mfcc, roughness : Series
        NaN in silence.
    """
    has_roughness = profile.roughness_hop_s == HOP_S

    def measure(block):
        spectrum = frames.hamming_spectrum(block, FFT_SIZE)
        rough = [_roughness(spectrum)] if has_roughness else []
        return np.column_stack([_shape(spectrum), cepstra(spectrum), *rough])

    names = SHORT_NAMES + MFCC_NAMES + (ROUGHNESS_NAMES if has_roughness else ())
    short, others = frames.split(
        frames.measure_frames(samples, FRAME_S, HOP_S, names, measure), len(SHORT_NAMES)
    )
    mfcc, rough = frames.split(others, len(MFCC_NAMES))
    rate = np.where(np.isnan(short.values[:, 0]), np.nan, _zero_crossing_rate(samples))
    values = np.column_stack([rate.astype(np.float32), short.values])
    short = Series((ZERO_CROSSING_RATE, *SHORT_NAMES), short.times_s, values)
    if not has_roughness:
        rough = _roughness_features(samples, profile.roughness_hop_s)
    return short, mfcc, rough


def power_features(samples: np.ndarray, hop_s: float = MIRTOOLBOX.power_hop_s) -> Series:
    """Crest and flatness of the power spectrum of rectangular 30 ms frames.

    Parameters
    ----------
    samples : ndarray of float32, shape (n,)
        Mono samples at `frames.RATE_HZ`.
    hop_s : float
        Hop of the frames, s.

    Returns
    -------
    Series
    """
    names = ("timbre.crest", "timbre.flatness")
    return frames.measure_frames(samples, POWER_FRAME_S, hop_s, names, _power_block)


def slopes(series: Series, name: str) -> Series:
    """Regression slope a frame, over two frames on either side.

    Parameters
    ----------
    series : Series
        k features.
    name : str
        Group of the new columns, such as `dmfcc`.

    Returns
    -------
    Series
        k slopes; NaN at the edges.

    References
    ----------
    Furui, Speaker-independent isolated word recognition using dynamic features of speech spectrum,
    IEEE Transactions on Acoustics, Speech, and Signal Processing 34(1), 1986.
    """
    v = series.values
    slope = np.full_like(v, np.nan)
    slope[2:-2] = (v[3:-1] - v[1:-3] + 2 * (v[4:] - v[:-4])) / 10
    names = tuple(f"{name}.{name}_{rank}" for rank in range(1, v.shape[1] + 1))
    return Series(names, series.times_s, slope)


def spectral_moments(spectrum: np.ndarray, frequency_hz: np.ndarray) -> np.ndarray:
    """Centroid, spread, skewness and kurtosis of amplitude spectra.

    One product with the powers of frequency gives all moments. They are around the middle of the
    range, in float64, so that moving them to the centroid loses no significant digits.

    Parameters
    ----------
    spectrum : ndarray, shape (b, bins)
        Amplitudes.
    frequency_hz : ndarray, shape (bins,)
        Evenly spaced from 0, Hz.

    Returns
    -------
    ndarray, shape (b, 4)
        Centroid and spread in Hz, skewness, kurtosis.
    """
    middle = float(frequency_hz[-1]) / 2
    raw = spectrum.astype(np.float64) @ _powers(len(frequency_hz))
    first, second, third, fourth = (raw[:, 1:] / raw[:, :1]).T
    variance = second - first**2
    third_central = third - 3 * first * second + 2 * first**3
    fourth_central = fourth - 4 * first * third + 6 * first**2 * second - 3 * first**4
    centroid, spread = middle * (1 + first), middle * np.sqrt(variance)
    return np.stack(
        [centroid, spread, third_central / variance**1.5, fourth_central / variance**2], 1
    )


@cache
def _powers(bins: int) -> np.ndarray:
    """Powers 0 to 4 of bins evenly spaced in -1..1, (bins, 5) float64."""
    return np.vander(np.linspace(-1, 1, bins), 5, increasing=True)


def entropy(spectrum: np.ndarray) -> np.ndarray:
    """Entropy of amplitude spectra over that of a flat spectrum.

    Parameters
    ----------
    spectrum : ndarray of float32, shape (b, bins)
        Amplitudes.

    Returns
    -------
    ndarray, shape (b,)
        0..1.
    """
    total = _sums(spectrum)
    logarithm = np.maximum(spectrum, TINY)
    np.log(logarithm, out=logarithm)
    products = np.einsum("ij,ij->i", spectrum, logarithm)
    return (np.log(total) - products / total) / np.log(spectrum.shape[1])


def cepstra(spectrum: np.ndarray) -> np.ndarray:
    """MFCC 1 to 13 of amplitude spectra.

    Parameters
    ----------
    spectrum : ndarray of float32, shape (b, FFT_SIZE // 2 + 1)
        Amplitudes.

    Returns
    -------
    ndarray of float32, shape (b, 13)

    References
    ----------
    Slaney, Auditory Toolbox, 1998.
    """
    bands = _nonzero_bands()
    return np.log10(np.maximum(spectrum[:, : len(bands)] @ bands, TINY)) @ _cosines()


@cache
def slaney_bands(size: int) -> np.ndarray:
    """Slaney's 40 triangular mel bands of unit area.

    Thirteen edges are 66.67 Hz apart from 133.33 Hz on, the others by a factor of 1.0711703.

    Parameters
    ----------
    size : int
        Points of the FFT.

    Returns
    -------
    ndarray of float32, shape (size // 2 + 1, 40)

    References
    ----------
    Slaney, Auditory Toolbox, 1998.
    """
    linear = 400 / 3 + 200 / 3 * np.arange(13)
    edges = np.concatenate([linear, linear[-1] * 1.0711703 ** np.arange(1, BANDS - 10)])
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    f = frames.frequencies_hz(size)[:, None]
    triangle = np.minimum((f - low) / (centre - low), (high - f) / (high - centre))
    return (2 / (high - low) * np.maximum(triangle, 0)).astype(np.float32)


@cache
def _nonzero_bands() -> np.ndarray:
    """Slaney's bands up to the last bin with a weight."""
    bands = slaney_bands(FFT_SIZE)
    return bands[: np.flatnonzero(bands.any(1))[-1] + 1]


@cache
def _cosines() -> np.ndarray:
    angle = np.pi * np.outer(np.arange(BANDS) + 0.5, COEFFICIENTS) / BANDS
    return (np.cos(angle) / np.sqrt(BANDS / 2)).astype(np.float32)


def _shape(spectrum: np.ndarray) -> np.ndarray:
    """Amplitude spectra (b, FFT_SIZE // 2 + 1) as SHORT_NAMES: (b, 6)."""
    frequency_hz = frames.frequencies_hz(FFT_SIZE)
    low_bins = np.searchsorted(frequency_hz, BRIGHT_HZ, side="right")
    brightness = 1 - _sums(spectrum[:, :low_bins]) / _sums(spectrum)
    return np.column_stack(
        [spectral_moments(spectrum, frequency_hz), brightness, entropy(spectrum)]
    )


def _sums(spectrum: np.ndarray) -> np.ndarray:
    return spectrum @ np.ones(spectrum.shape[1], np.float32)  # faster than sum


def _roughness_features(samples: np.ndarray, hop_s: float) -> Series:
    def measure(block):
        return _roughness(frames.hamming_spectrum(block, FFT_SIZE))[:, None]

    return frames.measure_frames(samples, FRAME_S, hop_s, ROUGHNESS_NAMES, measure)


def _roughness(spectrum: np.ndarray) -> np.ndarray:
    return roughness.roughness(spectrum, RATE_HZ / FFT_SIZE)


def _zero_crossing_rate(samples: np.ndarray) -> np.ndarray:
    """Upward sign changes a second of each frame, the one into its first sample included."""
    below = samples < 0
    crossings = 1 + np.flatnonzero(below[:-1] & ~below[1:])
    length = min(round(FRAME_S * RATE_HZ), len(samples))
    starts = frames.frame_starts(len(samples), length, HOP_S)
    first, after = np.searchsorted(crossings, [starts, starts + length])
    return (after - first) * (RATE_HZ / max(length, 1))


def _power_block(block: np.ndarray) -> np.ndarray:
    bins = fft.rfft(block)
    power = np.maximum(bins.real**2 + bins.imag**2, TINY)
    mean = power.mean(1)
    return np.stack([power.max(1) / mean, np.exp(np.log(power).mean(1)) / mean], 1)
