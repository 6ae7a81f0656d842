"""Permutation tests against all orders and under the null hypothesis."""

import itertools

import numpy as np
import pytest
from sklearn.metrics import f1_score

from scorelens.evaluation import permutation


def random_decisions(seed, films=40):
    random = np.random.default_rng(seed)
    labels = random.random((films, 4)) < 0.4
    return labels ^ (random.random((films, 4)) < 0.3), labels


def test_draw_orders_gives_every_order_equal_probability():
    orders = permutation.draw_orders(3, 6000, 0)
    values, counts = np.unique(orders, axis=0, return_counts=True)
    assert values.tolist() == [list(order) for order in itertools.permutations(range(3))]
    np.testing.assert_allclose(counts / 6000, 1 / 6, atol=0.02)


def test_draw_orders_continues_the_given_generator():
    random = np.random.default_rng(4)
    drawn = np.concatenate([permutation.draw_orders(5, 3, random) for _ in range(2)])
    np.testing.assert_array_equal(drawn, permutation.draw_orders(5, 6, 4))


def test_is_as_good_includes_ties_and_supports_lower_is_better():
    observed = np.array([0.1 + 0.2, 5.0])
    permuted = np.array([[0.3, 5.0], [0.31, 4.0], [0.29, 6.0]])
    lower = np.array([False, True])
    values = permutation.is_as_good(permuted, observed, lower)
    assert values.tolist() == [[True, True], [True, True], [False, False]]


def test_p_value_by_hand():
    assert permutation.p_value(0, 999) == 1 / 1000
    assert permutation.p_value(np.array([4, 9]), 9).tolist() == [0.5, 1]


def test_permuted_f1_agrees_with_all_orders_of_five_films():
    random = np.random.default_rng(5)
    predicted, labels = random.random((2, 5, 2)) < 0.5, random.random((5, 2)) < 0.5
    orders = np.array(list(itertools.permutations(range(5))))
    expected = [
        np.mean(
            [f1_score(labels[order], run, average=None, zero_division=0) for run in predicted],
            axis=0,
        )
        for order in orders
    ]
    values = permutation.f1_in_order(predicted, labels, orders)
    np.testing.assert_allclose(values[:, :2], expected)
    sampled = permutation.permutation_f1(predicted, labels, 20_000, seed=0)
    np.testing.assert_allclose(sampled["permuted"], values.mean(axis=0), atol=0.006)
    exact = (values >= values[0] - 1e-12).mean(axis=0)  # the first order is the identity
    assert 0.05 < exact[-1] < 0.95
    np.testing.assert_allclose(sampled["p_permuted"], exact, atol=0.012)


def test_perfect_predictions_have_the_minimum_p_and_constant_ones_p_1():
    labels = random_decisions(1)[1]
    perfect_result = permutation.permutation_f1(labels[None], labels, 999, seed=1)
    assert (perfect_result["p_permuted"] == 1 / 1000).all()
    assert (perfect_result["permuted"] < 0.6).all()
    constant = np.ones_like(labels)
    constant_result = permutation.permutation_f1(constant[None], labels, 999, seed=1)
    assert (constant_result["p_permuted"] == 1).all()
    np.testing.assert_allclose(
        constant_result["permuted"][:-1], f1_score(labels, constant, average=None)
    )


def test_p_is_uniform_for_random_predictions():
    p = []
    for seed in range(200):
        random = np.random.default_rng(seed)
        predicted, labels = random.random((1, 30, 3)) < 0.4, random.random((30, 3)) < 0.4
        p.append(permutation.permutation_f1(predicted, labels, 199, seed)["p_permuted"][-1])
    assert np.mean(np.array(p) <= 0.5) == pytest.approx(0.5, abs=0.14)  # 4 standard errors
    assert np.mean(np.array(p) <= 0.1) == pytest.approx(0.1, abs=0.085)


def test_permuted_f1_does_not_depend_on_the_block_size(monkeypatch):
    predicted, labels = random_decisions(3)
    whole = permutation.permutation_f1(predicted[None], labels, 50, 0)
    monkeypatch.setattr(permutation, "BLOCK", 7)
    parts = permutation.permutation_f1(predicted[None], labels, 50, 0)
    for name, values in whole.items():
        np.testing.assert_allclose(values, parts[name])


def test_draw_orders_permutes_groups_only_within_strata():
    title = np.array([0, 1, 1, 2, 3, 3, 3, 4, 4, 5])
    orders = permutation.draw_orders(6, 400, 0, np.bincount(title))
    values, counts = np.unique(orders, axis=0, return_counts=True)
    assert set(map(tuple, values)) == {
        (*(a, b, c, 3, d, e),)
        for a, c, e in itertools.permutations((0, 2, 5))
        for b, d in itertools.permutations((1, 4))
    }
    assert counts.min() > 12  # the mean is 33
    np.testing.assert_array_equal(orders, permutation.draw_orders(6, 400, 0, np.bincount(title)))
    assert not np.array_equal(orders, permutation.draw_orders(6, 400, 1, np.bincount(title)))
