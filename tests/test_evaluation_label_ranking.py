"""Coverage error and label-ranking average precision against scikit-learn and all orders."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import coverage_error, label_ranking_average_precision_score

from scorelens.evaluation import label_ranking
from tests.tagger_tables import make_labels

SKLEARN_METRICS = (coverage_error, label_ranking_average_precision_score)


@pytest.mark.parametrize("levels", [1, 3, 1000])
def test_rankings_agree_with_scikit_learn_with_and_without_ties(levels):
    random = np.random.default_rng(levels)
    probability = np.round(random.random((60, 7)) * levels) / levels
    label_sets = random.random((60, 7)) < 0.4
    label_sets[~label_sets.any(axis=1), 0] = True
    sums = label_ranking.group_sums(
        label_ranking.worst_ranks(probability), np.arange(60), label_sets
    )
    for values_of_metric, sklearn_metric in zip(sums, SKLEARN_METRICS, strict=True):
        assert np.diag(values_of_metric).mean() == pytest.approx(
            sklearn_metric(label_sets, probability)
        )


def test_rankings_by_hand():
    ranks = label_ranking.worst_ranks(np.array([[0.9, 0.1, 0.5, 0.5], [0.2, 0.2, 0.2, 0.2]]))
    assert ranks.tolist() == [[1, 4, 3, 3], [4, 4, 4, 4]]
    carried = np.array([True, False, True, False])
    assert label_ranking.coverage(ranks, carried).tolist() == [3, 4]
    np.testing.assert_allclose(
        label_ranking.label_ranking_precision(ranks, carried), [(1 + 2 / 3) / 2, 2 / 4]
    )


@settings(max_examples=60, deadline=None)
@given(
    arrays(float, (3, 6), elements=st.sampled_from([0, 0.25, 0.5, 1])),
    arrays(bool, 6).filter(np.any),
    st.permutations(range(6)),
)
def test_rankings_are_in_range_and_invariant_to_the_genre_order(probability, carried, order):
    ranks = label_ranking.worst_ranks(probability)
    precision = label_ranking.label_ranking_precision(ranks, carried)
    covered = label_ranking.coverage(ranks, carried)
    assert ((precision > 0) & (precision <= 1)).all()
    assert ((covered >= carried.sum()) & (covered <= 6)).all()
    other = label_ranking.worst_ranks(probability[:, order])
    assert (label_ranking.coverage(other, carried[order]) == covered).all()
    np.testing.assert_allclose(
        label_ranking.label_ranking_precision(other, carried[order]), precision
    )


def test_group_sums_equal_scikit_learn_for_each_pair_of_films():
    random = np.random.default_rng(0)
    label_sets, film = make_labels(5, 6), random.integers(0, 5, 40)
    probability = random.random((40, 6))
    sums = label_ranking.group_sums(label_ranking.worst_ranks(probability), film, label_sets)
    for values_of_metric, sklearn_metric in zip(sums, SKLEARN_METRICS, strict=True):
        for i, j in itertools.product(range(5), range(5)):
            units = probability[film == i]
            labels = np.tile(label_sets[j], (len(units), 1))
            assert values_of_metric[i, j] == pytest.approx(
                sklearn_metric(labels, units) * len(units)
            )


@pytest.mark.parametrize("genres", [1, 2, 4])
def test_random_means_equal_the_mean_over_all_orders(genres):
    label_sets = np.array(list(itertools.product([False, True], repeat=genres)))[1:]
    orders = np.array(list(itertools.permutations(range(genres))), float)
    values = label_ranking.random_means(label_sets)
    if genres == 1:  # scikit-learn rejects a single label
        assert values.tolist() == [[1], [1]]
        return
    for values_of_metric, sklearn_metric in zip(values, SKLEARN_METRICS, strict=True):
        for labels, value in zip(label_sets, values_of_metric, strict=True):
            assert value == pytest.approx(sklearn_metric(np.tile(labels, (len(orders), 1)), orders))
