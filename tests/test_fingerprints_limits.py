"""The lowest frequency bin of landmarks."""

import numpy as np
import pytest

from scorelens import fingerprints
from scorelens.fingerprints import Settings

LOWEST_BIN = 3


def landmark_bins(hz):
    """The bins of the landmarks of eight sine bursts of 0.5 s."""
    settings = Settings()
    time_s = np.arange(8 * settings.sample_rate_hz) / settings.sample_rate_hz
    wave = 0.3 * np.sin(2 * np.pi * hz * time_s) * (time_s % 1 < 0.5)
    landmarks = fingerprints.find_landmarks([wave.astype(np.float32)], settings)
    return set(landmarks.bins.tolist())


@pytest.mark.parametrize("bin_number", [3, 4, 8])
def test_tone_at_or_above_lowest_bin_has_landmark_in_its_bin(bin_number):
    assert bin_number in landmark_bins(bin_number * 11_025 / 2048)


@pytest.mark.parametrize("bin_number", [0.5, 1, 2])
def test_tone_below_lowest_bin_has_no_landmark_below_it(bin_number):
    assert min(landmark_bins(bin_number * 11_025 / 2048), default=LOWEST_BIN) >= LOWEST_BIN
