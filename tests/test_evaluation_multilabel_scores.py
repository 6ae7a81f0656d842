"""Scores of tags as table columns, against scikit-learn on the same samples and orders."""

import itertools

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import precision_recall_fscore_support

from scorelens.evaluation.bootstrap import interval
from scorelens.evaluation.multilabel_scores import (
    confusion_shares,
    score_columns,
    score_tags,
    support,
)
from scorelens.evaluation.paired import macro_f1
from scorelens.evaluation.predictions import Predictions, rank_genres
from tests.tagger_tables import make_labels

GROUP = np.array([0, 0, 1, 2, 2, 2, 3, 4])


def random_predictions(seed=0):
    labels = make_labels(5, 3)
    labels[4] = True  # so that each genre has a group
    probability = np.random.default_rng(seed).random((8, 3))
    units = pd.DataFrame({"film_id": GROUP, "track_id": np.arange(8)})
    ranks = rank_genres(probability)
    return Predictions(units, ["A", "B", "C"], probability[None], None, ranks, GROUP, labels)


def test_score_columns_by_hand():
    value = np.array([[1.0, 2.0], [3.0, 4.0]])
    permuted = value[..., None] + np.array([-1, 0, 1])
    sampled = value[..., None] + np.linspace(-1, 1, 41)
    columns = score_columns(value, sampled, permuted, bounds=(-9.0, 9.0))
    assert columns["value"].tolist() == [1, 2, 3, 4]
    low, high = interval(value, sampled, -1, (-9.0, 9.0))
    np.testing.assert_array_equal([columns["low"], columns["high"]], [low.ravel(), high.ravel()])
    np.testing.assert_allclose(columns["chance"], columns["value"])
    assert columns["p"].tolist() == [3 / 4] * 4
    width = {"bounds": (-9.0, 9.0)}
    none_equal = score_columns(value, sampled, permuted[..., 1:], **width)
    assert none_equal["p"].tolist() == [1] * 4
    lower = score_columns(value, sampled, permuted[..., 1:], lower_is_better=True, **width)
    assert lower["p"].tolist() == [2 / 3] * 4
    no_orders = score_columns(value, sampled, np.empty((2, 2, 0)), **width)
    assert np.isnan([no_orders["chance"], no_orders["p"]]).all()


def test_score_tags_agrees_with_scikit_learn_on_samples_and_all_orders():
    predictions = random_predictions()
    tagged = [predictions.probability[0] > limit for limit in (0.3, 0.6)]
    counts = np.stack([predictions.count_by_group(tags) for tags in tagged])
    draws = np.random.default_rng(1).multinomial(5, np.full(5, 1 / 5), 30).astype(float)
    draws[:, 4] += 1  # so that each genre has a group in each sample
    orders = np.array(list(itertools.permutations(range(5))))
    table = score_tags(counts, ["low", "high"], predictions, draws, orders)
    weight = 1 / np.bincount(GROUP)[GROUP]
    for name, tags in zip(("low", "high"), tagged, strict=True):
        for average in ("macro", "weighted"):
            options = {"average": average, "zero_division": 0}

            def scores(labels, weights, tags=tags, options=options):
                options = options | {"sample_weight": weights}
                return precision_recall_fscore_support(labels, tags, **options)[:3]

            labels = predictions.unit_labels
            value = scores(labels, weight)
            sampled = [scores(labels, weight * draw[GROUP]) for draw in draws]
            permuted = np.array([scores(predictions.labels[o][GROUP], weight) for o in orders])
            selected = table[(table["name"] == name) & (table["genre"] == average)]
            np.testing.assert_allclose(selected["value"], value)
            bounds = interval(np.array(value), np.array(sampled), observations=5)
            np.testing.assert_allclose(selected[["low", "high"]].T, bounds)
            np.testing.assert_allclose(selected["unit_value"], scores(labels, None))
            np.testing.assert_allclose(selected["chance"], permuted.mean(axis=0))
            as_good = (permuted >= np.array(value) - 1e-12).sum(axis=0)
            np.testing.assert_allclose(selected["p"], (1 + as_good) / 121)


def test_support_is_the_number_of_labelled_units():
    predictions = random_predictions()
    expected = [*predictions.unit_labels.sum(axis=0), 8, 8]
    assert support(predictions, 2).tolist() == expected
    table = score_tags(
        np.zeros((1, 5, 3)), ["none"], predictions, np.ones((1, 5)), np.empty((0, 5), int)
    )
    assert table["support"].tolist() == expected * 3
    assert (table["value"] == 0).all()


def test_confusion_shares_give_the_f1_of_scikit_learn_with_the_same_weight_for_each_group():
    predictions = random_predictions()
    tagged = predictions.probability[0] > 0.4
    counts = confusion_shares(predictions, tagged).sum(axis=2)
    expected = precision_recall_fscore_support(
        predictions.unit_labels,
        tagged,
        average="macro",
        zero_division=0,
        sample_weight=1 / np.bincount(GROUP)[GROUP],
    )
    assert macro_f1(counts) == pytest.approx(expected[2])
