"""Reliability bins and calibration error against hand calculation, scikit-learn and R."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from scorelens.evaluation.calibration_error import expected_calibration_error, reliability_bins


def error_of(bins):
    columns = (bins[name].to_numpy() for name in ("count", "confidence", "correct"))
    return expected_calibration_error(*columns)


def test_bins_agree_with_scikit_learn():
    random = np.random.default_rng(0)
    confidence = random.random(500)
    correct = random.random(500) < confidence**2
    bins = reliability_bins(confidence, correct, 10)
    share, mean = calibration_curve(correct, confidence, n_bins=10)
    np.testing.assert_allclose(bins["correct"], share)
    np.testing.assert_allclose(bins["confidence"], mean)
    assert bins["count"].sum() == 500
    assert (bins["correct_low"] <= bins["correct"]).all()
    assert (bins["correct"] <= bins["correct_high"]).all()


def test_bin_includes_its_lower_edge_and_the_last_bin_includes_1():
    bins = reliability_bins(np.array([0, 0.5, 1.0]), np.array([True, True, False]), 2)
    assert bins["count"].tolist() == [1, 2]
    assert bins[["low", "high"]].to_numpy().tolist() == [[0, 0.5], [0.5, 1]]


def test_wilson_interval_equals_r():
    """binom::binom.wilson(1, 2) in R."""
    bins = reliability_bins(np.array([0.6, 0.7]), np.array([True, False]), 1)
    row = bins.iloc[0]
    assert (row.correct_low, row.correct_high) == pytest.approx((0.0945, 0.9055), abs=1e-4)


def test_calibration_error_is_the_mean_gap_weighted_by_the_counts():
    bins = reliability_bins(np.array([0.1, 0.6, 0.8]), np.array([True, False, True]), 2)
    assert error_of(bins) == pytest.approx((0.9 + 2 * 0.2) / 3)


def test_calibrated_probabilities_have_an_error_near_0():
    random = np.random.default_rng(1)
    confidence = random.random(100_000)
    bins = reliability_bins(confidence, random.random(100_000) < confidence, 10)
    assert error_of(bins) < 0.01
    overconfident = reliability_bins(confidence, random.random(100_000) < confidence / 2, 10)
    assert error_of(overconfident) == pytest.approx(0.25, abs=0.01)


def test_calibration_error_without_predictions_is_nan():
    bins = reliability_bins(np.zeros(0), np.zeros(0, bool), 3)
    assert bins["count"].tolist() == [0, 0, 0]
    assert np.isnan(error_of(bins))
