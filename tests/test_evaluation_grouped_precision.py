"""Average precision over groups: by a loop, by drawing a unit of each group, and by units alone."""

import numpy as np
import pytest

from scorelens.evaluation import grouped_precision
from scorelens.evaluation.average_precision import (
    average_precision,
    permuted_average_precision,
    random_average_precision,
)
from scorelens.evaluation.grouped_precision import (
    grouped_average_precision,
    permuted_grouped_precision,
)
from tests.tagger_tables import make_labels

GROUP = np.array([0, 1, 1, 2, 3, 4, 5, 5, 5, 6, 7, 7])


def by_loop(score, group, label, draw):
    """Average precision of one genre, unit by unit."""
    groups, sizes, total = np.repeat(np.arange(len(draw)), draw), np.bincount(group), 0.0
    for copy, one in enumerate(groups):
        for unit in np.flatnonzero((group == one) & label[one]):
            above = [(score[group == other] >= score[unit]).mean() for other in groups]
            above[copy] = 1.0
            precision = np.dot(above, label[groups]) / sum(above)
            total += precision / sizes[one]
    return total / label[groups].sum()


@pytest.mark.parametrize("levels", [2, 1000])
def test_the_precision_over_groups_is_that_of_a_loop_over_units(levels):
    random = np.random.default_rng(levels)
    labels = make_labels(8, 3)
    probability = np.round(random.random((12, 3)) * levels) / levels
    draws = random.multinomial(8, np.full(8, 1 / 8), 6)
    values = grouped_average_precision(probability, GROUP, labels, draws)
    for draw, row in zip(draws, values, strict=True):
        for genre in range(3):
            if draw @ labels[:, genre]:
                expected = by_loop(probability[:, genre], GROUP, labels[:, genre], draw)
                assert row[genre] == pytest.approx(expected)


def test_groups_of_one_unit_have_the_average_precision_of_units():
    random = np.random.default_rng(0)
    labels, probability = make_labels(30, 4), np.round(random.random((30, 4)), 1)
    draws = random.multinomial(30, np.full(30, 1 / 30), 20)
    orders = random.permuted(np.tile(np.arange(30), (9, 1)), axis=1)
    values = grouped_average_precision(probability, np.arange(30), labels, draws)
    np.testing.assert_allclose(values, average_precision(probability, labels, draws))
    values = permuted_grouped_precision(probability, np.arange(30), labels, orders)
    np.testing.assert_allclose(values, permuted_average_precision(probability, labels, orders))


def test_it_is_near_the_mean_over_one_unit_of_each_group():
    random = np.random.default_rng(1)
    group, labels = np.repeat(np.arange(40), random.integers(1, 9, 40)), make_labels(40, 4)
    probability = 0.3 * labels[group] + random.random((len(group), 4))
    rows = [[random.choice(np.flatnonzero(group == one)) for one in range(40)] for _ in range(400)]
    once = np.ones((1, 40))
    expected = np.mean([average_precision(probability[r], labels, once)[0] for r in rows], axis=0)
    values = grouped_average_precision(probability, group, labels, once)[0]
    np.testing.assert_allclose(values, expected, atol=0.03)


def test_the_number_of_units_of_a_group_does_not_count():
    random = np.random.default_rng(2)
    labels, probability = make_labels(20, 3), random.random((20, 3))
    group = np.repeat(np.arange(20), random.integers(1, 9, 20))
    values = grouped_average_precision(probability[group], group, labels, np.ones((1, 20)))
    np.testing.assert_allclose(values, average_precision(probability, labels, np.ones((1, 20))))


def test_permuted_values_are_those_of_the_permuted_labels_whatever_the_block(monkeypatch):
    random = np.random.default_rng(3)
    labels, probability = make_labels(8, 3), random.random((12, 3))
    orders = random.permuted(np.tile(np.arange(8), (7, 1)), axis=1)
    once = np.ones((1, 8))
    expected = [
        grouped_average_precision(probability, GROUP, labels[order], once)[0] for order in orders
    ]
    monkeypatch.setattr(grouped_precision, "MAX_VALUES", 30)
    values = permuted_grouped_precision(probability, GROUP, labels, orders)
    np.testing.assert_allclose(values, expected)


def test_many_units_count_as_tied_with_their_neighbours_and_change_the_third_digit(monkeypatch):
    random = np.random.default_rng(1)
    labels, group = make_labels(20, 5), np.sort(random.integers(0, 20, 6_000))
    probability = 0.2 * labels[group] + random.random((6_000, 5))
    draws = random.multinomial(20, np.full(20, 1 / 20), 5)
    values = grouped_average_precision(probability, group, labels, draws)
    monkeypatch.setattr(grouped_precision, "THRESHOLDS", 6_000)
    exact = grouped_average_precision(probability, group, labels, draws)
    np.testing.assert_allclose(values, exact, atol=0.002)
    assert (values != exact).any()


def test_a_constant_prediction_has_the_share_of_the_groups_in_any_order():
    random = np.random.default_rng(4)
    labels = np.arange(20)[:, None] < 6
    group = np.repeat(np.arange(20), np.where(labels[:, 0], 30, 3))
    orders = random.permuted(np.tile(np.arange(20), (50, 1)), axis=1)
    constant = np.zeros((len(group), 1))
    assert permuted_grouped_precision(constant, group, labels, orders) == pytest.approx(6 / 20)
    assert random_average_precision(np.array([6]), 20) > 6 / 20
