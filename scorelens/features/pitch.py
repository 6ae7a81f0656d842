"""Compute pitch, inharmonicity and the power of critical bands, from 100 ms frames."""

from functools import cache

import numpy as np
from scipy import fft

from scorelens.features import frames
from scorelens.features.frames import RATE_HZ, Series
from scorelens.features.profiles import MIRTOOLBOX

FRAME_S, HOP_S = 0.1, 0.0125
LOWEST_HZ, HIGHEST_HZ = 75.0, 2400.0
LAGS = np.arange(int(RATE_HZ / HIGHEST_HZ) - 1, int(RATE_HZ / LOWEST_HZ) + 2)  # one more each side
FFT_SIZE = 2500  # frame and longest lag fit, so the circular autocorrelation is the linear one
SHORT_FFT_SIZE = 2048
SHORT_FRAME_S = SHORT_FFT_SIZE / RATE_HZ
MIN_PEAK = 0.9  # of the highest; the first peak that high is the period, not its multiple
BAND_EDGES_HZ = (
    0,
    100,
    200,
    300,
    400,
    510,
    630,
    770,
    920,
    1080,
    1270,
    1480,
    1720,
    2000,
    2320,
    2700,
    3150,
    3700,
    4400,
    5300,
    6400,
    7700,
    9500,
    11_025,
)  # Zwicker's critical bands up to the Nyquist frequency
BAND_NAMES = tuple(f"band_{index}" for index in range(len(BAND_EDGES_HZ) - 1))


def harmonic_features(
    samples: np.ndarray, inharmonicity_hop_s: float = MIRTOOLBOX.inharmonicity_hop_s
) -> tuple[Series, Series]:
    """Compute inharmonicity, and the mean power of 23 critical bands every 12.5 ms.

    Both come from one spectrum of a 100 ms frame if their hops are the same. If not, the bands have
    frames of 93 ms, whose FFT is cheap.

    Parameters
    ----------
    samples : ndarray of float32, shape (n,)
        Mono samples at `frames.RATE_HZ`.
    inharmonicity_hop_s : float
        Hop of inharmonicity, s.

    Returns
    -------
    inharmonicity, bands : Series
        NaN in silence.
    """
    names = ("tone.inharmonicity",)
    if inharmonicity_hop_s == HOP_S:
        both = frames.measure_frames(samples, FRAME_S, HOP_S, names + BAND_NAMES, _measure_both)
        return frames.split(both, 1)
    return (
        frames.measure_frames(samples, FRAME_S, inharmonicity_hop_s, names, _measure_inharmonicity),
        frames.measure_frames(samples, SHORT_FRAME_S, HOP_S, BAND_NAMES, _measure_bands),
    )


def inharmonicity(spectrum: np.ndarray, pitch_hz: np.ndarray) -> np.ndarray:
    """Twice the mean distance of amplitude from the nearest multiple of the pitch, in pitches.

    Parameters
    ----------
    spectrum : ndarray, shape (b, FFT_SIZE // 2 + 1)
        Amplitudes.
    pitch_hz : ndarray, shape (b,)
        Pitch of each frame, Hz.

    Returns
    -------
    ndarray, shape (b,)
        0..1; NaN without pitch.
    """
    ratio = frames.frequencies_hz(FFT_SIZE) / pitch_hz[:, None]
    distance = np.rint(ratio)
    np.abs(np.subtract(ratio, distance, out=distance), out=distance)
    return 2 * np.einsum("ij,ij->i", distance, spectrum) / spectrum.sum(1)


def pitch_hz(power: np.ndarray, length: int) -> np.ndarray:
    """Pitch of each frame, from the first high peak of its autocorrelation.

    Parameters
    ----------
    power : ndarray, shape (b, FFT_SIZE // 2 + 1)
        Squared amplitudes of frames with a Hamming window.
    length : int
        Samples of a frame.

    Returns
    -------
    ndarray of float32, shape (b,)
        Hz, 75 to about 2400; NaN if there is no peak.
    """
    correlation = _autocorrelation(power) / _window_autocorrelation(length)
    before, value, after = correlation[:, :-2], correlation[:, 1:-1], correlation[:, 2:]
    is_peak = (value > before) & (value >= after) & (value > 0)
    highest = np.where(is_peak, value, 0).max(1, keepdims=True)  # faster than max with `where`
    first = np.argmax(is_peak & (value >= MIN_PEAK * highest), axis=1)
    rows = np.arange(len(first))
    left, middle, right = (c[rows, first].astype(np.float64) for c in (before, value, after))
    with np.errstate(invalid="ignore", divide="ignore"):
        shift = 0.5 * (left - right) / (left - 2 * middle + right)
        pitch = RATE_HZ / (LAGS[1 + first] + shift)
    return np.where(is_peak.any(1), pitch, np.nan).astype(np.float32)


def _measure_both(block: np.ndarray) -> np.ndarray:
    spectrum = frames.hamming_spectrum(block, FFT_SIZE)
    power = spectrum * spectrum
    harmonic = inharmonicity(spectrum, pitch_hz(power, block.shape[1]))
    return np.column_stack([harmonic, power @ _critical_bands(FFT_SIZE)])


def _measure_inharmonicity(block: np.ndarray) -> np.ndarray:
    spectrum = frames.hamming_spectrum(block, FFT_SIZE)
    return inharmonicity(spectrum, pitch_hz(spectrum * spectrum, block.shape[1]))[:, None]


def _measure_bands(block: np.ndarray) -> np.ndarray:
    spectrum = frames.hamming_spectrum(block, SHORT_FFT_SIZE)
    return (spectrum * spectrum) @ _critical_bands(SHORT_FFT_SIZE)


def _autocorrelation(power: np.ndarray) -> np.ndarray:
    return fft.irfft(power, n=FFT_SIZE)[:, LAGS[0] : LAGS[-1] + 1]


@cache
def _critical_bands(size: int) -> np.ndarray:
    band = np.digitize(frames.frequencies_hz(size), BAND_EDGES_HZ[1:-1])
    member = band[:, None] == np.arange(len(BAND_NAMES))
    return (member / member.sum(0)).astype(np.float32)


@cache
def _window_autocorrelation(length: int) -> np.ndarray:
    window = frames.hamming_spectrum(np.ones((1, length), np.float32), FFT_SIZE)
    return _autocorrelation(window * window)
