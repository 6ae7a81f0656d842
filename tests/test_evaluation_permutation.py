"""Permutation tests against all orders and under the null hypothesis."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
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


CLUSTER = np.array([0, 1, 0, 2, 2, 3, 4])  # two pairs of films, and three alone


def test_clusters_exchange_all_their_groups_with_clusters_of_their_size():
    orders = permutation.draw_orders(7, 4000, 0, cluster=CLUSTER)
    pairs = [(0, 2), (3, 4)]
    expected = {
        (*np.array([first[0], singles[0], first[1], *second, *singles[1:]]),)
        for first, second in (pairs, pairs[::-1])
        for singles in itertools.permutations((1, 5, 6))
    }
    values, counts = np.unique(orders, axis=0, return_counts=True)
    assert set(map(tuple, values.tolist())) == expected
    np.testing.assert_allclose(counts / 4000, 1 / 12, atol=0.02)


def test_clusters_of_unique_size_are_not_exchanged():
    cluster = np.array([0, 0, 0, 1, 2])
    orders = permutation.draw_orders(5, 50, 0, cluster=cluster)
    assert (orders[:, :3] == [0, 1, 2]).all()
    assert permutation.exchangeable(5, cluster=cluster).tolist() == [False] * 3 + [True] * 2


def test_clusters_match_in_the_strata_of_their_groups():
    cluster, strata = np.array([0, 0, 1, 1, 2, 2]), np.array([1, 5, 5, 1, 1, 1])
    orders = permutation.draw_orders(6, 200, 0, strata, cluster)
    assert set(map(tuple, orders.tolist())) == {(0, 1, 2, 3, 4, 5), (3, 2, 1, 0, 4, 5)}
    assert permutation.exchangeable(6, strata, cluster).tolist() == [True] * 4 + [False] * 2


@given(st.lists(st.integers(0, 6), min_size=1, max_size=20), st.integers(0, 99))
def test_orders_map_clusters_to_clusters_of_equal_size(numbers, seed):
    cluster = np.unique(numbers, return_inverse=True)[1]
    orders = permutation.draw_orders(len(cluster), 5, seed, cluster=cluster)
    sizes = np.bincount(cluster)
    for order in orders:
        assert sorted(order) == list(range(len(cluster)))
        givers = [set(cluster[order[cluster == one]]) for one in range(len(sizes))]
        assert all(len(one) == 1 for one in givers)
        assert [sizes[one.pop()] for one in givers] == sizes.tolist()
    moved = (orders != np.arange(len(cluster))).any(axis=0)
    assert not moved[~permutation.exchangeable(len(cluster), cluster=cluster)].any()


def test_orders_with_a_cluster_per_group_equal_orders_without_clusters():
    np.testing.assert_array_equal(
        permutation.draw_orders(9, 20, 3), permutation.draw_orders(9, 20, 3, cluster=np.arange(9))
    )


def test_sequential_p_stops_at_the_draw_that_is_enough():
    reached = np.zeros((3, 400), bool)
    reached[0, ::2], reached[1, 0] = True, True
    reached[2, 100:200] = True
    blocks = iter(np.split(reached.T, [150, 300]))
    p = permutation.sequential_p(blocks)
    assert p.tolist() == [100 / 199, (1 + 1) / 401, 100 / 200]


def test_sequential_p_reads_no_more_blocks_than_it_needs():
    blocks = iter([np.ones((100, 2), bool), np.ones((100, 2), bool)])
    assert permutation.sequential_p(blocks).tolist() == [1, 1]
    assert len(list(blocks)) == 1


def test_sequential_p_is_at_its_level_without_an_effect():
    """The observed value is one of as many uniform ones: p <= a in a share a of the tests."""
    random = np.random.default_rng(0)
    observed, drawn = random.random(2000), random.random((2000, 999))
    p = permutation.sequential_p([(drawn >= observed[:, None]).T])
    for level in (0.05, 0.2, 0.5):
        assert np.mean(p <= level) == pytest.approx(level, abs=4 * np.sqrt(level / 2000))
