"""Precision, recall and F1 against scikit-learn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score, precision_recall_fscore_support

from scorelens.evaluation import classification


def decisions(seed, films=40):
    random = np.random.default_rng(seed)
    labels = random.random((films, 4)) < 0.4
    return labels ^ (random.random((films, 4)) < 0.3), labels


def test_metrics_agree_with_scikit_learn():
    predicted, labels = decisions(0)
    predicted[:, 3] = False  # a genre that is never predicted: precision 0
    counts = classification.confusion_counts(predicted, labels).sum(axis=1)
    expected = precision_recall_fscore_support(labels, predicted, zero_division=0)[:3]
    np.testing.assert_allclose(classification.precision_recall_f1(counts), expected)


def test_confusion_counts_cover_each_decision_once_except_true_negatives():
    predicted, labels = decisions(1)
    counts = classification.confusion_counts(np.stack([predicted, labels]), labels)
    assert counts.shape == (3, 2, 40, 4)
    np.testing.assert_array_equal(counts.sum(axis=0)[0], predicted | labels)
    assert (counts[0, 1] == labels).all() and not counts[1:, 1].any()


def test_f1_of_samples_agrees_with_scikit_learn():
    predicted, labels = decisions(2)
    draws = np.random.default_rng(0).multinomial(40, np.full(40, 1 / 40), 15)
    values = classification.sampled_f1(np.stack([predicted, ~predicted]), labels, draws)
    for run, decided in enumerate((predicted, ~predicted)):
        for sample, draw in enumerate(draws):
            rows = np.repeat(np.arange(40), draw)
            expected = f1_score(labels[rows], decided[rows], average=None, zero_division=0)
            np.testing.assert_allclose(values[run, sample], expected)


def test_f1_is_0_without_positive_predictions_and_labels():
    all_false = np.zeros((5, 2), bool)
    assert (classification.sampled_f1(all_false, all_false, np.ones((3, 5))) == 0).all()
    assert (classification.precision_recall_f1(np.zeros((3, 2))) == 0).all()


def test_with_macro_appends_the_mean_over_the_genres():
    by_genre = np.random.default_rng(0).random((3, 2, 5))
    values = classification.with_macro(by_genre)
    np.testing.assert_array_equal(values[..., :-1], by_genre)
    np.testing.assert_allclose(values[..., -1], by_genre.mean(axis=-1))


@given(st.tuples(*[st.integers(0, 50)] * 3))
def test_f1_is_the_harmonic_mean_of_precision_and_recall(outcomes):
    precision, recall, f1 = classification.precision_recall_f1(np.array(outcomes, float))
    assert min(precision, recall) - 1e-12 <= f1 <= max(precision, recall) + 1e-12
    assert f1 * (precision + recall) == pytest.approx(2 * precision * recall)
