"""Average precision against scikit-learn, hand calculation and random orders."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from scorelens.evaluation.average_precision import (
    average_precision,
    permuted_average_precision,
    random_average_precision,
)
from tests.tagger_tables import make_labels


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


def test_a_sample_without_the_genre_has_no_average_precision():
    probability, labels = np.array([[0.9], [0.1]]), np.array([[True], [False]])
    values = average_precision(probability, labels, np.array([[0, 2], [1, 1], [2, 0]]))
    np.testing.assert_array_equal(values[:, 0], [np.nan, 1, 1])


def test_permuted_average_precision_equals_scikit_learn_on_permuted_labels():
    random = np.random.default_rng(1)
    actual, probability = make_labels(12, 4), random.random((12, 4))
    orders = random.permuted(np.tile(np.arange(12), (6, 1)), axis=1)
    values = permuted_average_precision(probability, actual, orders)
    for order, result in zip(orders, values, strict=True):
        expected = average_precision_score(actual[order], probability, average=None)
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
