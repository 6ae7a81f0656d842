"""Average precision against scikit-learn, hand calculation and random orders."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from scorelens.evaluation.average_precision import (
    average_precision,
    binned_average_precision,
    permuted_average_precision,
    random_average_precision,
)
from tests.tagger_tables import make_labels

GROUP = np.array([0, 1, 1, 2, 3, 4, 5, 5, 5, 6, 7, 8, 9, 10, 11])


@pytest.mark.parametrize("levels", [2, 5, 1000])
def test_average_precision_agrees_with_scikit_learn(levels):
    """On bootstrap samples of films, with many or few tied probabilities."""
    random = np.random.default_rng(levels)
    labels = random.random((40, 4)) < (0.5, 0.3, 0.2, 0.1)
    probability = np.round(random.random((40, 4)) * levels) / levels
    draws = random.multinomial(40, np.full(40, 1 / 40), 20)
    values = average_precision(probability, labels, draws)
    for sample, row in zip(draws, values, strict=True):
        rows = np.repeat(np.arange(40), sample)
        for genre in np.flatnonzero(labels[rows].any(axis=0)):
            expected = average_precision_score(labels[rows, genre], probability[rows, genre])
            assert row[genre] == pytest.approx(expected)


def test_average_precision_by_hand():
    probability = np.array([[0.9], [0.8], [0.8], [0.1]])
    labels = np.array([[True], [False], [True], [True]])
    result = average_precision(probability, labels, np.ones((1, 4)))
    assert result[0, 0] == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)
    assert average_precision(probability, ~labels & False, np.ones((1, 4))) == 0


@pytest.mark.parametrize("levels", [3, 10_000])
def test_binned_average_precision_of_few_units_is_exact(levels):
    random = np.random.default_rng(levels)
    labels, film = make_labels(8, 4), random.integers(0, 8, 300)
    probability = np.round(random.random((300, 4)) * levels) / levels
    draws = random.multinomial(8, np.full(8, 1 / 8), 12)
    values = binned_average_precision(probability, film, labels, draws)
    exact = average_precision(probability, labels[film], draws[:, film])
    np.testing.assert_allclose(values, exact)


def test_binned_average_precision_of_many_units_is_within_0_002():
    random = np.random.default_rng(1)
    labels, film = make_labels(20, 5), random.integers(0, 20, 20_000)
    probability = 0.2 * labels[film] + random.random((20_000, 5))
    draws = random.multinomial(20, np.full(20, 1 / 20), 5)
    values = binned_average_precision(probability, film, labels, draws)
    exact = average_precision(probability, labels[film], draws[:, film])
    np.testing.assert_allclose(values, exact, atol=0.002)
    assert (values != exact).any()


def test_permuted_average_precision_equals_scikit_learn_on_permuted_labels():
    random = np.random.default_rng(1)
    actual, probability = make_labels(12, 4), random.random((15, 4))
    orders = np.random.default_rng(0).permuted(np.tile(np.arange(12), (6, 1)), axis=1)
    values = permuted_average_precision(probability, actual, GROUP, orders)
    for order, result in zip(orders, values, strict=True):
        expected = average_precision_score(actual[order][GROUP], probability, average=None)
        np.testing.assert_allclose(result, expected)


@pytest.mark.parametrize(("positives", "units"), [(3, 58), (24, 58), (1, 2), (5, 5)])
def test_random_average_precision_is_the_mean_over_random_orders(positives, units):
    random = np.random.default_rng(0)
    labels = np.arange(units) < positives
    values = [average_precision_score(labels, random.random(units)) for _ in range(500)]
    expected = random_average_precision(np.array([positives]), units)
    assert expected == pytest.approx(np.mean(values), abs=4 * np.std(values) / 500**0.5 + 1e-12)


def test_random_average_precision_by_hand():
    """Mean over the possible ranks of one, two or three positives among three units."""
    one = np.mean([1, 1 / 2, 1 / 3])
    two = np.mean([1, (1 + 2 / 3) / 2, (1 / 2 + 2 / 3) / 2])
    values = random_average_precision(np.array([1, 2, 3]), 3)
    np.testing.assert_allclose(values, [one, two, 1])
