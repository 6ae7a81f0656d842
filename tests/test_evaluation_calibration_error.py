"""Reliability bins and calibration error against hand calculation, scikit-learn and R."""

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.calibration import calibration_curve

from scorelens.evaluation.calibration_error import (
    bin_gaps,
    calibrated_errors,
    expected_calibration_error,
    gap_error,
    reliability_bins,
    wilson_interval,
)


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


def test_groups_weigh_the_same_in_bins_of_units():
    """Group 0 has one unit at .6, group 1 three: its true outcome weighs a third."""
    probability = np.array([0.6, 0.6, 0.7, 0.8])
    outcome, group = np.array([False, True, False, False]), np.array([0, 1, 1, 1])
    row = reliability_bins(probability, outcome, 2, group).iloc[1]
    assert (row["count"], row.groups) == (4, 2)
    assert row.weight == pytest.approx(2)
    assert row.correct == pytest.approx((0 + 1 / 3) / 2)
    assert row.confidence == pytest.approx((0.6 + 0.7) / 2)
    low, high = wilson_interval(np.array([1 / 6]), np.array([2]))
    assert (row.correct_low, row.correct_high) == (low[0], high[0])


def test_wilson_interval_agrees_with_scipy():
    counts = np.array([1, 5, 20, 300])
    hits = counts // 3
    expected = [
        binomtest(int(hit), int(count)).proportion_ci(method="wilson")
        for hit, count in zip(hits, counts, strict=True)
    ]
    np.testing.assert_allclose(wilson_interval(hits / counts, counts).T, expected, rtol=1e-6)


def random_units(seed, groups=12, genres=3):
    random = np.random.default_rng(seed)
    group = np.sort(np.concatenate([np.arange(groups), random.integers(0, groups, 20)]))
    outcome = (random.random((groups, genres)) < 0.4)[group]
    return random.random((len(group), genres)), outcome, group


def test_error_from_gaps_equals_that_from_bins_in_samples_of_the_groups():
    probability, outcome, group = random_units(0)
    draws = np.random.default_rng(1).multinomial(12, np.full(12, 1 / 12), 6).astype(float)
    errors = gap_error(bin_gaps(probability, outcome, group), draws)
    for sample, draw in enumerate(draws):
        rows = np.repeat(np.arange(len(group)), draw[group].astype(int))
        copies = np.concatenate([np.arange(n) for n in draw[group].astype(int)])
        drawn = np.unique(np.stack([group[rows], copies]), axis=1, return_inverse=True)[1]
        for genre in range(3):
            bins = reliability_bins(
                probability[rows, genre], outcome[rows, genre], group=drawn.ravel()
            )
            expected = expected_calibration_error(bins["weight"], bins.confidence, bins.correct)
            assert errors[genre, sample] == pytest.approx(expected)


def test_error_over_all_genres_has_them_in_the_same_bins():
    probability, outcome, group = random_units(1)
    [[*_, error]] = gap_error(bin_gaps(probability, outcome, group), np.ones((1, 12))).T
    bins = reliability_bins(probability.ravel(), outcome.ravel(), group=np.repeat(group, 3))
    assert error == pytest.approx(
        expected_calibration_error(bins["weight"], bins.confidence, bins.correct)
    )


def test_calibrated_error_of_one_unit_by_hand():
    """A probability of .3 is off by .3 if the outcome is false, and by .7 if it is true."""
    random = np.random.default_rng(0)
    errors = calibrated_errors(np.array([[0.3]]), np.zeros(1, int), True, 4000, random)
    assert set(errors[0].round(9)) == {0.3, 0.7}
    assert errors[0].mean() == pytest.approx(0.7 * 0.3 + 0.3 * 0.7, abs=0.02)


def test_calibrated_error_falls_with_the_films_and_not_with_their_units():
    def error(films, units):
        random = np.random.default_rng(0)
        probability = random.random((films, 2))
        group = np.repeat(np.arange(films), units)
        return calibrated_errors(probability[group], group, True, 60, random)[-1].mean()

    assert error(30, 8) == pytest.approx(error(30, 1), rel=0.15)
    assert error(480, 1) < error(30, 1) / 3


def test_independent_units_of_a_group_have_a_smaller_calibrated_error_than_shared_ones():
    group = np.repeat(np.arange(10), 20)
    probability = np.full((200, 1), 0.5)
    shared, independent = (
        calibrated_errors(probability, group, is_shared, 200, np.random.default_rng(0))[0].mean()
        for is_shared in (True, False)
    )
    assert shared == pytest.approx(np.abs(binom_errors(10)).mean(), abs=0.02)
    assert independent == pytest.approx(np.abs(binom_errors(200)).mean(), abs=0.005)


def binom_errors(number):
    return np.random.default_rng(1).binomial(number, 0.5, 20_000) / number - 0.5
