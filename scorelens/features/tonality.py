"""Compute chroma, key and mode after Gomez (2006), as MIRtoolbox does.

One difference: Gomez adds harmonics to the key profiles of Krumhansl and Kessler (1982), and
MIRtoolbox has the result as data under its own licence. Here the published ratings are used
unchanged; the tests show the results for triads.
"""

from functools import cache

import numpy as np

from scorelens.features import frames
from scorelens.features.frames import RATE_HZ, Series
from scorelens.features.profiles import MIRTOOLBOX

CHROMA_FRAME_S, CHROMA_FFT_SIZE = 0.2, 8192
KEY_FRAME_S, KEY_HOP_S, KEY_FFT_SIZE = 1.0, 0.5, 32_768
C_HZ = 261.6256
LOWEST_HZ, HIGHEST_HZ = 100.0, 6400.0  # six octaves

CHROMA_NAMES = tuple(f"pitch.chroma_{index}" for index in range(12))
KEY_NAMES = tuple(
    f"tone.{name}" for name in ("key_strength", "key_clarity", "key_mode", "tonic_cos", "tonic_sin")
)

# Probe-tone ratings of the pitch classes in C major and C minor (Krumhansl and Kessler 1982).
MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)


def chroma_features(samples: np.ndarray, hop_s: float = MIRTOOLBOX.chroma_hop_s) -> Series:
    """Chroma of 200 ms frames, divided by its largest value.

    Parameters
    ----------
    samples : ndarray of float32, shape (n,)
        Mono samples at `frames.RATE_HZ`.
    hop_s : float
        Hop of the frames, s.

    Returns
    -------
    Series
        12 pitch classes from C, 0..1.
    """

    def measure(block):
        return chroma(block, CHROMA_FFT_SIZE)

    return frames.measure_frames(samples, CHROMA_FRAME_S, hop_s, CHROMA_NAMES, measure)


def key_features(samples: np.ndarray) -> Series:
    """Key strength, clarity, mode and tonic of 1 s frames with a hop of 0.5 s.

    Parameters
    ----------
    samples : ndarray of float32, shape (n,)
        Mono samples at `frames.RATE_HZ`.

    Returns
    -------
    Series
        Features `KEY_NAMES`.
    """

    def measure(block):
        return estimate_key(chroma(block, KEY_FFT_SIZE))

    return frames.measure_frames(samples, KEY_FRAME_S, KEY_HOP_S, KEY_NAMES, measure)


def chroma(block: np.ndarray, fft_size: int) -> np.ndarray:
    """Chroma: mean amplitude of each semitone from 103.8 to 6272 Hz, summed over octaves.

    Parameters
    ----------
    block : ndarray of float32, shape (b, length)
        Frames at `frames.RATE_HZ`.
    fft_size : int
        Points of the FFT.

    Returns
    -------
    ndarray of float32, shape (b, 12)
        Pitch class 0 is C, the largest value is 1; NaN where the frame has no amplitude there.
    """
    bins, weights = _semitone_weights(fft_size)
    summed = frames.hamming_spectrum(block, fft_size, bins) @ weights
    largest = summed.max(1, keepdims=True)
    return np.divide(summed, largest, out=np.full_like(summed, np.nan), where=largest > 0)


def estimate_key(chroma: np.ndarray) -> np.ndarray:
    """Estimate the key by the Pearson correlation of chroma with the 24 key profiles.

    Parameters
    ----------
    chroma : ndarray, shape (b, 12)
        Pitch class 0 is C.

    Returns
    -------
    ndarray, shape (b, 5)
        Best correlation (key strength), best minus second-best (clarity), best major minus best
        minor (mode), cosine and sine of the tonic on the circle of fifths with C at 0. NaN where
        the chroma is flat.

    References
    ----------
    Krumhansl and Kessler, Tracing the dynamic changes in perceived tonal organization,
    Psychological Review 89(4), 1982.

    Examples
    --------
    >>> strength, _, mode, cosine, sine = estimate_key(np.array([MAJOR]))[0].round(3).tolist()
    >>> strength, mode > 0, cosine, sine
    (1.0, True, 1.0, 0.0)
    """
    correlation = key_correlations(chroma)
    second, best = np.sort(correlation, axis=1)[:, -2:].T
    mode = correlation[:, :12].max(1) - correlation[:, 12:].max(1)
    fifths = 2 * np.pi / 12 * (7 * (correlation.argmax(1) % 12) % 12)
    tonic = np.where(np.isnan(best), np.nan, [np.cos(fifths), np.sin(fifths)])
    return np.column_stack([best, best - second, mode, *tonic])


def key_correlations(chroma: np.ndarray) -> np.ndarray:
    """Pearson correlation of chroma with the 24 key profiles.

    Parameters
    ----------
    chroma : ndarray, shape (b, 12)
        Pitch class 0 is C.

    Returns
    -------
    ndarray, shape (b, 24)
        C major to B major, then C minor to B minor. NaN where the chroma is flat.
    """
    centred = chroma - chroma.mean(1, keepdims=True)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    unit = np.divide(centred, length, out=np.full_like(centred, np.nan), where=length > 1e-6)
    return unit @ _profiles()


@cache
def _semitone_weights(fft_size: int) -> tuple[slice, np.ndarray]:
    """Bins of six octaves, and the weights (bins, 12) that sum them to chroma."""
    frequency_hz = np.arange(fft_size // 2 + 1) * RATE_HZ / fft_size
    inside = np.flatnonzero((frequency_hz >= LOWEST_HZ) & (frequency_hz <= HIGHEST_HZ))
    bins = slice(inside[0], inside[-1] + 1)
    frequency_hz = frequency_hz[bins]
    lowest = int(np.ceil(12 * np.log2(LOWEST_HZ / C_HZ)))
    weights = np.zeros((len(frequency_hz), 12))
    for semitone in range(lowest, lowest + 72):
        below, centre, above = C_HZ * 2 ** (np.array([semitone - 1, semitone, semitone + 1]) / 12)
        band = (frequency_hz > (below + centre) / 2) & (frequency_hz < (centre + above) / 2)
        weights[band, semitone % 12] += 1 / band.sum()
    return bins, weights.astype(np.float32)


@cache
def _profiles() -> np.ndarray:
    """The 24 profiles as centred unit vectors, (12, 24) float32, major keys first."""
    rotated = [np.roll(profile, tonic) for profile in (MAJOR, MINOR) for tonic in range(12)]
    centred = np.array(rotated) - np.mean(rotated, axis=1, keepdims=True)
    return (centred / np.linalg.norm(centred, axis=1, keepdims=True)).T.astype(np.float32)
