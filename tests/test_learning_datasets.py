"""Folds, training sets, scalers, calibration, and linear and attention models of embeddings."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from scorelens.learning import (
    attention_model,
    calibration,
    grouped_folds,
    linear_model,
    scaling,
    training_sets,
)
from scorelens.learning.instance_predictions import pool_by_weight
from tests.learning_dataset import make_dataset


@pytest.mark.parametrize("by", ["film", "track"])
def test_every_track_is_held_out_once_and_the_last_split_has_none(by):
    corpus = make_dataset()
    *folds, last = grouped_folds.split_dataset(corpus, by == "film", 4, seed=3)
    assert len(folds) == 4
    np.testing.assert_array_equal(
        np.sort(np.concatenate([split.held_out for split in folds])), corpus.nonempty_bags
    )
    for split in (*folds, last):
        parts = np.concatenate(split)
        np.testing.assert_array_equal(np.sort(parts), corpus.nonempty_bags)
    assert not len(last.held_out)


@given(seed=st.integers(0, 1000), folds=st.integers(2, 12))
@settings(max_examples=30, deadline=None)
def test_split_by_film_puts_each_film_in_one_subset(seed, folds):
    corpus = make_dataset()
    for split in grouped_folds.split_dataset(corpus, True, folds, seed):
        films = [set(corpus.group[tracks]) for tracks in split]
        assert sum(map(len, films)) == len(set.union(*films)) == 10


def test_balanced_folds_have_equal_genre_counts():
    labels = np.eye(3, dtype=bool)[np.repeat(np.arange(3), 4)]
    folds = grouped_folds.balanced_folds(labels, np.full(12, 5), 4, np.random.default_rng(0))
    assert [labels[rows].sum(axis=0).tolist() for rows in folds] == [[1, 1, 1]] * 4
    assert sorted(np.concatenate(folds)) == list(range(12))
    few = grouped_folds.balanced_folds(labels[:2], np.ones(2), 5, np.random.default_rng(0))
    assert len(few) == 2


def test_split_by_track_can_put_a_film_in_two_subsets():
    corpus = make_dataset()
    split = grouped_folds.split_dataset(corpus, False, 4, 3)[0]
    assert set(corpus.group[split.held_out]) & set(corpus.group[split.training])


def test_validation_rows_are_a_fifth_and_have_every_genre():
    labels = np.zeros((10, 2), bool)
    labels[:5, 0] = labels[5:, 1] = True
    drawn = grouped_folds._validation_rows(np.arange(10), labels, np.random.default_rng(0))
    assert labels[drawn].sum(axis=0).tolist() == [1, 1]
    assert len(grouped_folds._validation_rows(np.arange(2), labels, np.random.default_rng(0))) == 0


def test_class_targets_have_one_row_per_class_and_equal_class_weights():
    actual = np.array([[1, 0], [1, 1], [1, 0], [0, 0]], bool)
    result = training_sets.class_targets(np.arange(10, 14), actual, 0, np.random.default_rng(0))
    assert sorted(zip(result.rows, result.targets, strict=True)) == [
        (10, 0),
        (11, 0),
        (11, 1),
        (12, 0),
    ]
    sums = [result.weights[result.targets == number].sum() for number in (0, 1)]
    np.testing.assert_allclose(sums, [2, 2])
    few = training_sets.class_targets(np.arange(10, 14), actual, 1, np.random.default_rng(0))
    assert np.bincount(few.targets).tolist() == [1, 1]


def test_one_vs_rest_draws_as_many_negatives_as_positives():
    is_positive = np.array([True, False, False, True, False, False])
    result = training_sets.one_vs_rest_targets(
        np.arange(6), is_positive, 0, np.random.default_rng(0)
    )
    assert set(result.rows[result.targets[:, 0] == 1]) == {0, 3}
    assert len(set(result.rows[result.targets[:, 0] == 0]) - {0, 3}) == 2
    none = training_sets.one_vs_rest_targets(
        np.arange(6), np.zeros(6, bool), 0, np.random.default_rng(0)
    )
    assert none.targets.shape == (0, 1)


def test_bands_are_scaled_to_zero_mean_and_unit_variance():
    random = np.random.default_rng(0)
    inputs = random.normal(5, 2, (60, 4, 10)).astype(np.float32)
    inputs[:, 2] = 7
    mean, inverse_std = scaling.fit_band_scaler(inputs)
    scaled = (inputs - mean[:, None]) * inverse_std[:, None]
    np.testing.assert_allclose(scaled.mean((0, 2)), 0, atol=1e-4)
    np.testing.assert_allclose(scaled.std((0, 2)), [1, 1, 0, 1], atol=1e-4)


def test_platt_recovers_slope_and_offset_and_defaults_to_prior_offset():
    random = np.random.default_rng(0)
    odds = random.normal(size=(4000, 2)) * 2
    actual = random.random(odds.shape) < special.expit(0.5 * odds - 1)
    many = calibration.fit_platt(special.expit(odds), actual, np.ones(4000), np.zeros(2))
    np.testing.assert_allclose(many, [[0.5, 0.5], [-1, -1]], atol=0.1)
    np.testing.assert_allclose(
        calibration.apply_platt(special.expit(odds), many),
        special.expit(many[0] * odds + many[1]),
        atol=1e-5,
    )
    empty = np.zeros((0, 2))
    none = calibration.fit_platt(empty, empty > 0, np.zeros(0), np.array([0, -2]))
    np.testing.assert_allclose(none, [[1, 1], [0, -2]])


def test_linear_model_predicts_separable_genres():
    corpus = make_dataset(films=24)
    split = grouped_folds.split_dataset(corpus, True, 4, 0)[0]
    arrays = linear_model.fit_linear(corpus, split.training)
    rows = corpus.rows_of(split.held_out)
    predicted = linear_model.predict_linear(arrays, corpus.instances[rows]) > 0.5
    assert (predicted == corpus.labels[corpus.bag[rows]]).mean() > 0.8


def test_attention_predicts_separable_genres_and_weights_sum_to_one():
    corpus = make_dataset(films=24)
    split = grouped_folds.split_dataset(corpus, True, 4, 0)[0]
    settings = {"hidden": 16, "dropout": 0.2, "learning_rate": 3e-3, "batch_size": 16, "epochs": 30}
    training = np.union1d(split.training, split.validation)
    arrays = attention_model.fit_attention(corpus, training, settings, seed=0)
    rows = corpus.rows_of(split.held_out)
    track = corpus.bag[rows]
    probability, weight = attention_model.predict_attention(arrays, corpus.instances[rows], track)
    tracks = pool_by_weight(probability, weight, track)
    assert ((tracks > 0.5) == corpus.labels[split.held_out]).mean() > 0.8
    sums = np.add.reduceat(weight, np.searchsorted(track, split.held_out), axis=0)
    np.testing.assert_allclose(sums, 1, rtol=1e-5)
