"""The lowest frequency of a landmark."""

import numpy as np
import pytest

from scorelens import fingerprints
from scorelens.fingerprints import Settings

LOWEST_BIN = 3


def bins_of(hz):
    """The bins of the landmarks of bursts of a sine."""
    settings = Settings()
    time_s = np.arange(8 * settings.sample_rate_hz) / settings.sample_rate_hz
    wave = 0.3 * np.sin(2 * np.pi * hz * time_s) * (time_s % 1 < 0.5)
    landmarks = fingerprints.find_landmarks([wave.astype(np.float32)], settings)
    return set(landmarks.bins.tolist())


@pytest.mark.parametrize("number", [3, 4, 8])
def test_a_tone_at_or_above_the_lowest_bin_is_a_landmark_there(number):
    assert number in bins_of(number * 11_025 / 2048)


@pytest.mark.parametrize("number", [0.5, 1, 2])
def test_a_tone_below_it_has_no_landmark_there(number):
    assert min(bins_of(number * 11_025 / 2048), default=LOWEST_BIN) >= LOWEST_BIN
