"""Compute tempo and pulse clarity from the autocorrelation of the onset envelope."""

from functools import cache, partial
from math import log

import numpy as np
from scipy import fft

from scorelens.features.frames import Series, whole_frame_starts
from scorelens.features.pitch import FRAME_S as BAND_FRAME_S
from scorelens.features.pitch import HOP_S as STEP_S

TEMPO_FRAME_S, TEMPO_HOP_S = 3.0, 0.3
PULSE_FRAME_S, PULSE_HOP_S = 5.0, 0.5
LAGS = np.arange(round(0.3 / STEP_S), round(1.5 / STEP_S) + 1)  # 200 to 40 BPM
RESONANCE_S = 0.5  # 120 BPM
COMPRESSION = 1000.0  # 30 dB below the highest still counts, side lobes do not
MIN_DEVIATION = 1e-4  # of the envelope; a steady tone under a sliding window has a tenth of it
MULTIPLES = range(2, 11)
FRAMES_AT_ONCE = 32
TINY = 1e-30  # far below the power of any audible band


def rhythm_features(bands: Series, has_resonance: bool = False) -> tuple[Series, Series]:
    """Compute tempo (3 s frames, hop 0.3 s) and pulse clarity (5 s frames, hop 0.5 s).

    Parameters
    ----------
    bands : Series
        Power of frequency bands every 12.5 ms, NaN in silence.
    has_resonance : bool
        Whether pulse clarity is weighted by the resonance curve, as tempo always is.

    Returns
    -------
    tempo, clarity : Series
        A sound under 3 s has neither; under 5 s pulse clarity is that of the whole sound.
    """
    tempo = _each_frame(bands, TEMPO_FRAME_S, TEMPO_HOP_S, "rhythm.tempo", tempo_bpm, np.nan)
    name = "rhythm.pulse_clarity"
    measure = partial(pulse_clarity, has_resonance=has_resonance)
    clarity = _each_frame(bands, PULSE_FRAME_S, PULSE_HOP_S, name, measure, 0)
    return tempo, clarity


def onset_envelope(power: np.ndarray) -> np.ndarray:
    """Onset envelope: mean increase of the compressed band power from step to step, smoothed.

    Power is compressed by log(1 + 1000 p), with p relative to the highest of the frame, so the
    envelope depends neither on loudness nor on the sound outside the frame.

    Parameters
    ----------
    power : ndarray, shape (frames, bands, steps)
        Band power.

    Returns
    -------
    ndarray, shape (frames, steps - 3)
        0..1.
    """
    level = power * (COMPRESSION / np.maximum(power.max((1, 2), keepdims=True), TINY))
    level += 1
    np.log(level, out=level)  # log1p is slow
    rises = np.diff(level, axis=2)
    rise = np.maximum(rises, 0, out=rises).mean(1) / log(1 + COMPRESSION)
    return (rise[:, :-2] + 2 * rise[:, 1:-1] + rise[:, 2:]) / 4


def tempo_bpm(correlation: np.ndarray) -> np.ndarray:
    """Tempo of each frame: the best lag, weighted around 120 BPM.

    Parameters
    ----------
    correlation : ndarray, shape (frames, lags)
        Normalised autocorrelation, lags from 0.

    Returns
    -------
    ndarray, shape (frames,)
        BPM, 40..200; NaN if there is no peak.

    References
    ----------
    Toiviainen and Snyder, Tapping to Bach, Music Perception 21(1), 2003.
    """
    enhanced = _enhance(correlation)
    value = enhanced[:, LAGS]
    is_peak = (value > 0) & (value >= enhanced[:, LAGS - 1]) & (value >= enhanced[:, LAGS + 1])
    best = LAGS[np.argmax(np.where(is_peak, value * resonance(LAGS * STEP_S), 0), axis=1)]
    rows = np.arange(len(best))
    left, middle, right = (correlation[rows, best + k].astype(np.float64) for k in (-1, 0, 1))
    curvature = left - 2 * middle + right
    shift = np.divide(
        0.5 * (left - right), curvature, out=np.zeros_like(curvature), where=curvature < 0
    )
    tempo = 60 / (STEP_S * (best + np.clip(shift, -0.5, 0.5)))
    return np.where(is_peak.any(1), np.clip(tempo, 40, 200), np.nan)


def resonance(period_s: np.ndarray) -> np.ndarray:
    """Preference of listeners who tap a pulse for its period, largest at 0.5 s (120 BPM).

    Parameters
    ----------
    period_s : ndarray
        Periods, s.

    Returns
    -------
    ndarray
        0..1; 0 at 0.125 s and at 2 s.

    References
    ----------
    Toiviainen and Snyder, Tapping to Bach: resonance-based modeling of pulse, Music Perception
    21(1), 2003; the curve of `mirautocor` in MIRtoolbox.

    Examples
    --------
    >>> resonance(np.array([0.25, 0.5, 1.0, 2.0])).tolist()
    [0.75, 1.0, 0.75, 0.0]
    """
    return np.maximum(1 - 0.25 * np.log2(period_s / RESONANCE_S) ** 2, 0)


def pulse_clarity(correlation: np.ndarray, has_resonance: bool = False) -> np.ndarray:
    """Largest normalised autocorrelation at lags of 0.3 to 1.5 s.

    Parameters
    ----------
    correlation : ndarray, shape (frames, lags)
        Normalised autocorrelation, lags from 0.
    has_resonance : bool
        Whether it is weighted by the resonance curve before, the default of `mirpulseclarity`.

    Returns
    -------
    ndarray, shape (frames,)
        0..1.

    References
    ----------
    Lartillot et al., Multi-feature modeling of pulse clarity, ISMIR 2008.
    """
    values = correlation[:, LAGS]
    if has_resonance:
        values = values * resonance(LAGS * STEP_S)
    return np.maximum(values.max(1), 0)


def autocorrelation(frames: np.ndarray) -> np.ndarray:
    """Normalised autocorrelation of each frame minus its mean.

    Parameters
    ----------
    frames : ndarray, shape (f, n)
        Onset envelopes.

    Returns
    -------
    ndarray, shape (f, lags)
        1 at lag 0.
    """
    centred = frames - frames.mean(1, keepdims=True)
    size = fft.next_fast_len(frames.shape[1] + LAGS[-1] + 2, real=True)
    spectrum = fft.rfft(centred, n=size)
    products = fft.irfft(spectrum.real**2 + spectrum.imag**2, n=size)[:, : LAGS[-1] + 2]
    return products / products[:, :1]


def _each_frame(bands: Series, length_s, hop_s, name, measure, without_onsets) -> Series:
    power = np.nan_to_num(bands.values)
    starts, length = _frames(len(power), length_s, hop_s)
    values = np.full((len(starts), 1), np.nan, np.float32)
    if len(starts) == 0:
        return Series((name,), np.zeros(0), values)
    every_frame = np.lib.stride_tricks.sliding_window_view(power, length, axis=0)
    for first in range(0, len(starts), FRAMES_AT_ONCE):
        rows = slice(first, first + FRAMES_AT_ONCE)
        block = every_frame[starts[rows]]
        envelope = onset_envelope(block)
        moving = envelope.std(1) >= MIN_DEVIATION
        values[rows][~moving & block.any((1, 2))] = without_onsets
        if moving.any():
            values[rows][moving, 0] = measure(autocorrelation(envelope[moving]))
    return Series((name,), (bands.times_s[starts] + bands.times_s[starts + length - 1]) / 2, values)


def _frames(steps: int, length_s: float, hop_s: float) -> tuple[np.ndarray, int]:
    """Starts and length, in steps, of frames whose bands lie within `length_s` of sound."""
    length = min(_steps(length_s), steps)
    if length < _steps(TEMPO_FRAME_S):
        return np.zeros(0, np.int64), length
    return whole_frame_starts(steps, length, hop_s / STEP_S), length


def _steps(length_s: float) -> int:
    return int((length_s - BAND_FRAME_S) / STEP_S + 1e-6) + 1


def _enhance(correlation: np.ndarray) -> np.ndarray:
    """Remove the peaks at multiples of a pulse (Tolonen and Karjalainen 2000)."""
    # Subtracts from the positive part its copies stretched by 2 to 10. Lags shorter than any tempo
    # are not copied: the lobe at lag 0 is no pulse, and fast notes should not hide the beat.
    positive = np.maximum(correlation, 0)
    positive[:, : LAGS[0] - 1] = 0
    enhanced = positive.copy()
    for below, weight in _stretched_lags(correlation.shape[1]):
        copy = positive[:, below] * (1 - weight) + positive[:, below + 1] * weight
        np.maximum(enhanced - copy, 0, out=enhanced)
    return enhanced


@cache
def _stretched_lags(lags: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """For each multiple, the whole lag below lag / multiple and the weight of the next one."""
    divided = [np.arange(lags) / multiple for multiple in MULTIPLES]
    return [(lag.astype(np.int64), (lag % 1).astype(np.float32)) for lag in divided]
