"""Differences in average precision with one unit in each group, against two references."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from scorelens.evaluation.paired import average_precision_difference, compare_macro_precision
from scorelens.evaluation.predictions import Predictions, rank_genres

GROUPS, GENRES = 14, ["Action", "Drama", "Horror"]


def make_predictions(probability, labels):
    groups = len(labels)
    units = pd.DataFrame({"film_id": [f"film_{number:02d}" for number in range(groups)]})
    ranks = rank_genres(probability[0])
    return Predictions(
        units, GENRES, probability, probability > 0.5, ranks, np.arange(groups), labels
    )


def make_pair(seed, levels=5, runs=(1, 2)):
    """Two models with tied probabilities and different numbers of runs."""
    random = np.random.default_rng(seed)
    labels = random.random((GROUPS, 3)) < 0.4
    labels[0] = True
    return tuple(
        make_predictions(random.integers(0, levels, (count, GROUPS, 3)) / levels, labels)
        for count in runs
    )


def with_two_units(predictions):
    """Every group with the same unit twice: the metric over groups is the same."""
    twice = np.tile(np.arange(GROUPS), 2)
    return replace(
        predictions,
        units=predictions.units.iloc[twice].reset_index(drop=True),
        probability=predictions.probability[:, twice],
        predicted=predictions.predicted[:, twice],
        rank=predictions.rank[twice],
        group=twice,
    )


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000))
def test_difference_equals_that_of_groups_with_the_same_unit_twice(seed):
    pair, random = make_pair(seed), np.random.default_rng(seed)
    swapped = random.random((20, GROUPS)) < 0.5
    drawn = random.multinomial(GROUPS, np.full(GROUPS, 1 / GROUPS), 20).astype(float)
    single, double = (
        average_precision_difference(*models) for models in (pair, map(with_two_units, pair))
    )
    once = np.ones((1, GROUPS))
    np.testing.assert_allclose(single(swapped, once), double(swapped, once), atol=1e-12)
    still = np.zeros((1, GROUPS), bool)
    np.testing.assert_allclose(single(still, drawn), double(still, drawn), atol=1e-12)


def test_difference_in_swaps_equals_scikit_learn_with_exchanged_ranks():
    first, second = make_pair(3, levels=1000, runs=(1, 1))
    difference = average_precision_difference(first, second)
    swapped = np.random.default_rng(1).random((6, GROUPS)) < 0.5
    one, two = (  # ranks of continuous scores
        model.probability[0].argsort(axis=0).argsort(axis=0) for model in (first, second)
    )
    expected = [
        [
            average_precision_score(label, np.where(swap, b, a))
            - average_precision_score(label, np.where(swap, a, b))
            for a, b, label in zip(one.T, two.T, first.labels.T, strict=True)
        ]
        for swap in swapped
    ]
    values = difference(swapped, np.ones((1, GROUPS)))
    np.testing.assert_allclose(values[:, :3], expected)
    np.testing.assert_allclose(values[:, 3], np.mean(expected, axis=1))


def test_genre_without_carriers_has_no_difference():
    first, second = make_pair(5)
    labels = first.labels.copy()
    labels[:, 1] = False
    first, second = (replace(model, labels=labels) for model in (first, second))
    difference = average_precision_difference(first, second)
    values = difference(np.zeros((1, GROUPS), bool), np.ones((1, GROUPS)))
    assert values[0, 1] == 0
    assert values[0, 3] == pytest.approx(values[0, [0, 2]].sum() / 3)
    assert 0 < compare_macro_precision(first, second, 20, 99, 0)["p"] <= 1
