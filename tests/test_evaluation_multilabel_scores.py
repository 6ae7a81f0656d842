"""Scores of tags as table columns, against scikit-learn on the same samples and orders."""

import itertools

import numpy as np
import pandas as pd
from sklearn.metrics import precision_recall_fscore_support

from scorelens.evaluation.multilabel_scores import score_columns, score_tags, support
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
    columns = score_columns(value, value[..., None] + np.linspace(-1, 1, 41), permuted)
    assert columns["value"].tolist() == [1, 2, 3, 4]
    np.testing.assert_allclose(columns["low"], columns["value"] - 0.95)
    np.testing.assert_allclose(columns["high"], columns["value"] + 0.95)
    np.testing.assert_allclose(columns["chance"], columns["value"])
    assert columns["p"].tolist() == [3 / 4] * 4
    none_equal = score_columns(value, value[..., None], permuted[..., 1:])
    assert none_equal["p"].tolist() == [1] * 4
    lower = score_columns(value, value[..., None], permuted[..., 1:], lower_is_better=True)
    assert lower["p"].tolist() == [2 / 3] * 4
    no_orders = score_columns(value, value[..., None], np.empty((2, 2, 0)))
    assert np.isnan([no_orders["chance"], no_orders["p"]]).all()


def test_score_tags_agrees_with_scikit_learn_on_samples_and_all_orders():
    predictions = random_predictions()
    tagged = [predictions.probability[0] > limit for limit in (0.3, 0.6)]
    counts = np.stack([predictions.count_by_group(tags) for tags in tagged])
    draws = np.random.default_rng(1).multinomial(5, np.full(5, 1 / 5), 30).astype(float)
    draws[:, 4] += 1  # so that each genre has a group in each sample
    orders = np.array(list(itertools.permutations(range(5))))
    table = score_tags(counts, ["low", "high"], predictions, draws, orders)
    rows = [np.repeat(np.arange(8), draw[GROUP].astype(int)) for draw in draws]
    for name, tags in zip(("low", "high"), tagged, strict=True):
        for average in ("macro", "weighted"):
            options = {"average": average, "zero_division": 0}

            def scores(labels, tags, options=options):
                return precision_recall_fscore_support(labels, tags, **options)[:3]

            value = scores(predictions.unit_labels, tags)
            sampled = [scores(predictions.unit_labels[r], tags[r]) for r in rows]
            permuted = np.array([scores(predictions.labels[o][GROUP], tags) for o in orders])
            selected = table[(table["name"] == name) & (table["genre"] == average)]
            np.testing.assert_allclose(selected["value"], value)
            low, high = np.percentile(sampled, [2.5, 97.5], axis=0)
            np.testing.assert_allclose(selected["low"], low)
            np.testing.assert_allclose(selected["high"], high)
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
