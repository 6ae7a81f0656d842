"""Limits of the feature set `mir`: silence threshold, tempo range and pitch range."""

import numpy as np
import pytest

from scorelens.features import frames, mir, pitch, rhythm
from scorelens.features.columns import NAMES
from scorelens.features.frames import RATE_HZ

SILENCE_RMS = 1e-4
STEP_S = 0.0125  # between the lags of an autocorrelation


@pytest.mark.parametrize(("rms", "is_silent"), [(0.98e-4, True), (1.02e-4, False)])
def test_audio_below_minus_80_dbfs_is_silence(rms, is_silent):
    signs = np.random.default_rng(0).choice([-1.0, 1.0], 4 * RATE_HZ)
    values = mir.measure((rms * signs).astype(np.float32), np.array([1.5]))[0]
    by_name = dict(zip(NAMES, values, strict=True))
    assert by_name["dynamics.rms.mean"] == pytest.approx(rms, rel=1e-3)
    assert np.isnan(by_name["timbre.centroid.mean"]) == is_silent


def autocorrelation(period_s):
    """An autocorrelation whose only peak after lag 0 is at a period in s."""
    lag_s = np.arange(122) * STEP_S
    return np.maximum(1 - np.abs(lag_s - period_s) / 0.05, 0)[None]


@pytest.mark.parametrize(
    ("period_s", "bpm"),
    [(1.48, 60 / 1.48), (1.505, 40.0), (0.305, 60 / 0.305), (0.2955, 200.0), (0.5, 120.0)],
)
def test_tempo_is_limited_to_40_to_200_bpm(period_s, bpm):
    tempo = rhythm.tempo_bpm(autocorrelation(period_s))
    assert tempo == pytest.approx(bpm, rel=5e-3)
    assert 40 <= tempo[0] <= 200


@pytest.mark.parametrize("period_s", [0.2, 1.6])
def test_tempo_of_a_period_outside_the_limits_is_nan(period_s):
    assert np.isnan(rhythm.tempo_bpm(autocorrelation(period_s))).all()


def pitch_of(hz):
    """The pitch of 0.1 s of a tone with four partials, Hz."""
    time_s = np.arange(round(0.1 * RATE_HZ)) / RATE_HZ
    wave = sum(np.sin(2 * np.pi * h * hz * time_s) / h for h in range(1, 5))
    spectrum = frames.hamming_spectrum(wave[None].astype(np.float32), pitch.FFT_SIZE)
    return float(pitch.pitch_hz(spectrum**2, len(wave))[0])


@pytest.mark.parametrize("hz", [76, 2350])
def test_pitch_is_detected_from_75_to_2400_hz(hz):
    assert pitch_of(hz) == pytest.approx(hz, rel=0.01)


@pytest.mark.parametrize("hz", [60, 70])
def test_pitch_below_75_hz_is_not_detected(hz):
    assert pitch_of(hz) != pytest.approx(hz, rel=0.03)
