"""Corrections for multiple tests, by hand and by their defining properties."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorelens.evaluation.multiplicity import (
    SMALLEST_P,
    benjamini_hochberg,
    best_of_p,
    comparison_draws,
    holm,
    warn_of_few_clusters,
)
from scorelens.evaluation.permutation import draw_orders, f1_in_order, p_value
from tests.null_corpora import draw_labels


@pytest.mark.parametrize(("clusters", "pairs", "warns"), [(9, 78, True), (9, 12, False)])
def test_few_clusters_cannot_be_significant_over_many_pairs(clusters, pairs, warns, caplog):
    swaps = np.array(list(product([-1, 1], repeat=clusters)))
    smallest = np.mean(np.abs(swaps.mean(axis=1)) >= 1)  # all films have the same difference
    assert (holm(np.append(smallest, np.ones(pairs - 1)))[0] > 0.05) == warns
    warn_of_few_clusters(clusters, pairs)
    assert ("none can be significant" in caplog.text) == warns


def test_benjamini_hochberg_by_hand():
    p = benjamini_hochberg(np.array([0.01, np.nan, 0.04, 0.03, 0.005]))
    np.testing.assert_allclose(p, [0.02, np.nan, 0.04, 0.04, 0.02])
    assert benjamini_hochberg(np.zeros(0)).tolist() == []
    assert np.isnan(benjamini_hochberg(np.full(3, np.nan))).all()


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_benjamini_hochberg_is_the_step_up_rule(values):
    p = np.sort(values)
    steps = p * len(p) / np.arange(1, len(p) + 1)
    by_hand = np.minimum.accumulate(steps[::-1])[::-1].clip(max=1)
    np.testing.assert_allclose(benjamini_hochberg(p), by_hand)


def test_holm_by_hand():
    p = holm(np.array([0.01, 0.04, 0.03, 0.005]))
    np.testing.assert_allclose(p, [0.03, 0.06, 0.06, 0.02])
    assert holm(np.zeros(0)).tolist() == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_preserves_the_order_and_never_lowers_p(values):
    p = np.array(values)
    corrected = holm(p)
    assert (corrected >= p - 1e-12).all()
    assert (corrected <= 1).all()
    assert (np.diff(corrected[np.argsort(p, kind="stable")]) >= 0).all()


@given(st.integers(1, 2000))
def test_holm_of_so_many_pairs_can_reach_the_smallest_p(pairs):
    """406 pairs: with 10,000 draws no corrected p was below .041."""
    smallest = 1 / (1 + comparison_draws(pairs))
    assert holm(np.append(smallest, np.ones(pairs - 1)))[0] <= SMALLEST_P + 1e-12


def test_best_of_p_by_hand():
    """Two models, three orders and the observed one: their values are standardised apart."""
    observed = np.array([3.0, 10.0])
    permuted = np.array([[0.0, 0.0, 1.0], [0.0, 20.0, 10.0]])
    values = np.column_stack([observed, permuted])
    standard = (values - values.mean(axis=1)[:, None]) / values.std(axis=1)[:, None]
    expected = [np.mean(standard.max(axis=0) >= value - 1e-9) for value in standard[:, 0]]
    assert best_of_p(observed, permuted).tolist() == expected
    assert best_of_p(-observed, -permuted, lower_is_better=True).tolist() == expected


def test_best_of_p_of_a_single_model_is_its_p():
    random = np.random.default_rng(0)
    observed, permuted = np.array([1.5]), random.normal(size=(1, 199))
    assert best_of_p(observed, permuted) == p_value((permuted >= 1.5).sum(), 199)


def test_best_of_p_of_equal_models_is_that_of_one_and_of_a_constant_model_is_1():
    random = np.random.default_rng(1)
    permuted = random.normal(size=(1, 199))
    one = best_of_p(np.array([1.5]), permuted)
    five = best_of_p(np.full(5, 1.5), np.tile(permuted, (5, 1)))
    np.testing.assert_array_equal(five, [*one] * 5)
    with_constant = best_of_p(
        np.array([1.5, 7.0]), np.concatenate([permuted, np.full((1, 199), 7)])
    )
    assert with_constant.tolist() == [one[0], 1]


def unskilled_models(random, films=29, models=28):
    """Decisions of models that share much of their noise, as models on the same music do."""
    labels = draw_labels(random, films)
    shared = random.normal(size=(1, *labels.shape))
    scores = 0.7 * shared + 0.7 * random.normal(size=(models, *labels.shape))
    return labels, scores > random.normal(0, 0.5, (models, 1, 1))


@pytest.mark.slow
def test_best_of_28_models_without_skill_is_significant_in_at_most_7_percent():
    """Without the adjustment the best has p <= .05 in more than 30% of the corpora."""
    adjusted, plain = [], []
    for seed in range(400):
        random = np.random.default_rng(seed)
        labels, decided = unskilled_models(random)
        orders = np.concatenate([np.arange(29)[None], draw_orders(29, 199, random)])
        values = np.array([f1_in_order(one[None], labels, orders)[:, -1] for one in decided])
        adjusted.append(best_of_p(values[:, 0], values[:, 1:]).min())
        plain.append((values >= values[:, :1] - 1e-12).mean(axis=1).min())
    assert 0.03 <= np.mean(np.array(adjusted) <= 0.05) <= 0.07
    assert np.mean(np.array(plain) <= 0.05) > 0.3


@pytest.mark.slow
def test_one_skilled_model_of_28_is_the_best_after_the_adjustment():
    random = np.random.default_rng(0)
    labels, decided = unskilled_models(random)
    decided[5] = labels ^ (random.random(labels.shape) < 0.15)
    orders = draw_orders(29, 999, random)
    values = [f1_in_order(one[None], labels, orders)[:, -1] for one in decided]
    observed = [f1_in_order(one[None], labels, np.arange(29)[None])[0, -1] for one in decided]
    p = best_of_p(np.array(observed), np.array(values))
    assert p[5] <= 0.002
    assert np.delete(p, 5).min() > 0.05
