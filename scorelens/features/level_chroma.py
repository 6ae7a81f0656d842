"""Compute chroma and key from levels within 20 dB of the strongest bin.

So did MIRtoolbox up to release 1.7.2 of 2019; since 1.8 of July 2021 `mirchromagram` takes
amplitudes, as `tonality` does. Frames and frequencies are those of its default call:

- `mirchromagram`: 0.2 s frames, hop 0.01 s. `mirkeystrength`: 0.1 s, hop 0.0125 s. `mirkey` and
  `mirmode`: 1 s, hop 0.5 s.
- Frames are padded to the next power of two.
- The lowest bin is the first from 100 Hz on, or, in a short frame, from where a bin of the frame is
  0.85 of a semitone: 198 Hz in 0.1 s. From there on whole octaves below 6400 Hz count: five.

Two differences: the strongest bin is that of the frame, as up to release 1.7.1, while 1.7.2 takes
that of all frames, each scaled to the same peak, which needs the file that was analysed as a whole.
And the key profiles are those of `tonality`.
"""

from functools import cache

import numpy as np
from scipy import fft, signal

from scorelens.features import frames, tonality
from scorelens.features.frames import RATE_HZ, Series

RANGE_DB = 20.0
LOWEST_HZ, HIGHEST_HZ = 100.0, 6400.0
SEMITONE_SHARE = 0.85  # width of a bin of an unpadded frame, in semitones, at the lowest frequency
HALF_RATE_HZ = RATE_HZ // 2  # holds the five octaves of frames of 0.2 s, at half the cost
KEY_STRENGTH_FRAME_S, KEY_STRENGTH_HOP_S = 0.1, 0.0125


def tonal_features(samples: np.ndarray, chroma_hop_s: float) -> list[Series]:
    """Compute chroma, key strength, and clarity, mode and tonic of the key.

    Parameters
    ----------
    samples : ndarray of float32, shape (n,)
        Mono samples at `frames.RATE_HZ`.
    chroma_hop_s : float
        Hop of the frames of chroma, s.

    Returns
    -------
    list of Series
        Features `tonality.CHROMA_NAMES` and `tonality.KEY_NAMES`; NaN in silence, for chroma that
        below 5 kHz.
    """
    half = half_rate(samples)
    strength, *others = tonality.KEY_NAMES
    return [
        frames.measure_frames(
            half,
            tonality.CHROMA_FRAME_S,
            chroma_hop_s,
            tonality.CHROMA_NAMES,
            lambda block: level_chroma(block, HALF_RATE_HZ),
            rate_hz=HALF_RATE_HZ,
        ),
        frames.measure_frames(
            samples, KEY_STRENGTH_FRAME_S, KEY_STRENGTH_HOP_S, (strength,), _key_strength
        ),
        frames.measure_frames(
            samples, tonality.KEY_FRAME_S, tonality.KEY_HOP_S, tuple(others), _key_but_strength
        ),
    ]


def half_rate(samples: np.ndarray) -> np.ndarray:
    """Resample to half the rate, flat within 0.01 dB up to the 3273 Hz that chroma needs.

    Parameters
    ----------
    samples : ndarray of float32, shape (n,)
        Mono samples at `frames.RATE_HZ`.

    Returns
    -------
    ndarray of float32, shape (n / 2,)
        At `HALF_RATE_HZ`. What would alias below 3273 Hz is 63 dB down.
    """
    return signal.resample_poly(samples, 1, 2, window=_low_pass()) if len(samples) else samples


def level_chroma(block: np.ndarray, rate_hz: int) -> np.ndarray:
    """Chroma: mean level of each semitone, summed over octaves, divided by the largest.

    Parameters
    ----------
    block : ndarray of float32, shape (b, length)
        Frames.
    rate_hz : int
        Sampling rate, Hz.

    Returns
    -------
    ndarray of float32, shape (b, 12)
        Pitch class 0 is C, the largest value is 1.
    """
    bins, weights = semitone_weights(block.shape[1], rate_hz)
    spectrum = frames.hamming_spectrum(block, fft_size(block.shape[1]), bins)
    summed = np.maximum(summed_levels(spectrum, weights), 0)
    return summed / summed.max(1, keepdims=True)


def summed_levels(spectrum: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted sums of the levels of bins above the level 20 dB below the strongest.

    Parameters
    ----------
    spectrum : ndarray of float32, shape (b, bins)
        Amplitudes, overwritten.
    weights : ndarray of float32, shape (bins, k)
        Weights.

    Returns
    -------
    ndarray of float32, shape (b, k)
        In nepers (8.7 dB): the strongest bin counts 2.3 (20 dB), one that is 20 dB weaker 0.

    References
    ----------
    The option `dB` of `mirspectrum`, MIRtoolbox.

    Examples
    --------
    >>> amplitudes = 10 ** (-np.array([[0.0, 5.0, 20.0, 90.0]]) / 20)
    >>> (summed_levels(amplitudes, np.eye(4)) * 20 / np.log(10)).round(6).tolist()
    [[20.0, 15.0, 0.0, 0.0]]
    """
    floor = spectrum.max(1, keepdims=True) / 10 ** (RANGE_DB / 20)
    np.maximum(spectrum, floor, out=spectrum)
    np.log(spectrum, out=spectrum)
    return spectrum @ weights - np.log(floor) * weights.sum(0)


@cache
def semitone_weights(length: int, rate_hz: int) -> tuple[slice, np.ndarray]:
    """Bins that count, and the weights that sum them to chroma.

    A semitone reaches half way to its neighbours. The first and the last weigh half.

    Parameters
    ----------
    length : int
        Samples of a frame.
    rate_hz : int
        Sampling rate, Hz.

    Returns
    -------
    bins : slice
        Of the spectrum of `fft_size(length)` points.
    weights : ndarray of float32, shape (bins, 12)
    """
    bins, frequency_hz = _whole_octaves(length, rate_hz)
    first, last = np.rint(12 * np.log2(frequency_hz[[0, -1]] / tonality.C_HZ)).astype(int)
    weights = np.zeros((len(frequency_hz), 12))
    for semitone in range(first, last + 1):
        steps = np.array([semitone - 1, semitone, semitone + 1])
        below, centre, above = tonality.C_HZ * 2 ** (steps / 12)
        band = (frequency_hz > (below + centre) / 2) & (frequency_hz < (centre + above) / 2)
        weight = 0.5 if semitone in (first, last) else 1.0
        weights[band, semitone % 12] += weight / max(band.sum(), 1)
    return bins, weights.astype(np.float32)


def fft_size(length: int) -> int:
    """Points of the FFT of a frame: the next power of two.

    Parameters
    ----------
    length : int
        Samples of the frame.

    Returns
    -------
    int

    Examples
    --------
    >>> fft_size(2205), fft_size(4096)
    (4096, 4096)
    """
    return 1 << (length - 1).bit_length()


def _whole_octaves(length: int, rate_hz: int) -> tuple[slice, np.ndarray]:
    """Bins from the lowest up to a whole number of octaves above it, and their frequencies, Hz."""
    semitone = SEMITONE_SHARE * (2 ** (1 / 12) - 1)
    lowest_hz = max(LOWEST_HZ, rate_hz / (length * semitone))
    frequency_hz = fft.rfftfreq(fft_size(length), 1 / rate_hz)
    first = np.searchsorted(frequency_hz, lowest_hz)
    highest_hz = frequency_hz[frequency_hz <= HIGHEST_HZ][-1]
    octaves = np.floor(np.log2(highest_hz / frequency_hz[first]))
    last = np.searchsorted(frequency_hz, frequency_hz[first] * 2**octaves, side="right")
    return slice(first, last), frequency_hz[first:last]


@cache
def _low_pass() -> np.ndarray:
    taps = signal.firwin(19, HALF_RATE_HZ / 2, window=("kaiser", 5.65), fs=RATE_HZ)
    return taps.astype(np.float32)


def _key_strength(block: np.ndarray) -> np.ndarray:
    return tonality.key_correlations(level_chroma(block, RATE_HZ)).max(1, keepdims=True)


def _key_but_strength(block: np.ndarray) -> np.ndarray:
    return tonality.estimate_key(level_chroma(block, RATE_HZ))[:, 1:]
