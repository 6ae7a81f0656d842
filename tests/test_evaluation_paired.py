"""Paired comparisons of models against all swaps, and of equal models."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata
from sklearn.metrics import average_precision_score, f1_score

from scorelens.evaluation import paired
from scorelens.evaluation.classification import confusion_counts
from scorelens.evaluation.predictions import Predictions, rank_genres

GROUP = np.array([0, 1, 1, 2, 3, 4, 5])


def decisions(seed, films=20):
    return np.random.default_rng(seed).random((films, 3)) < 0.5


def counts_of(labels, *runs):
    return confusion_counts(np.stack(runs), labels)


def mean_macro_f1(labels, runs):
    return np.mean([f1_score(labels, run, average="macro", zero_division=0) for run in runs])


def simulated_predictions(seed, skill, group=GROUP, genres=4):
    """Simulated predictions for units in groups; a greater `skill` is more accurate."""
    labels = np.random.default_rng(0).random((group.max() + 1, genres)) < 0.5
    labels[0], labels[1] = True, False  # each genre has a positive and a negative group
    noise = np.random.default_rng(seed).normal(0, 0.7, (len(group), genres))
    probability = 1 / (1 + np.exp(-skill * (2 * labels[group] - 1) - noise))
    units = pd.DataFrame({"title": group, "trailer_id": np.arange(len(group))})
    names = [f"Genre {number}" for number in range(genres)]
    ranks = rank_genres(probability)
    return Predictions(units, names, probability[None], None, ranks, group, labels)


def test_difference_equals_that_of_scikit_learn_macro_f1():
    labels, *models = (decisions(seed) for seed in (1, 2, 3))
    result = paired.compare_macro_f1(*(counts_of(labels, one) for one in models), 10, 0)
    first, second = (mean_macro_f1(labels, [one]) for one in models)
    assert result["difference"] == pytest.approx(first - second)


def test_interval_equals_scikit_learn_on_the_same_samples():
    labels, *models = (decisions(seed) for seed in (1, 2, 3))
    result = paired.compare_macro_f1(*(counts_of(labels, one) for one in models), 60, 5)
    random = np.random.default_rng(5)
    paired.draw_swaps(20, random, 60)
    sampled = []
    for draw in random.multinomial(20, np.full(20, 1 / 20), 60):
        rows = np.repeat(np.arange(20), draw)
        first, second = (mean_macro_f1(labels[rows], [one[rows]]) for one in models)
        sampled.append(first - second)
    low, high = np.percentile(sampled, [2.5, 97.5])
    assert (result["low"], result["high"]) == pytest.approx((low, high))


def test_difference_is_between_mean_f1_over_the_runs_of_each_model():
    labels = decisions(1)
    models = [[decisions(seed) for seed in seeds] for seeds in ((2, 3), (4, 5, 6))]
    result = paired.compare_macro_f1(*(counts_of(labels, *runs) for runs in models), 99, 0)
    first, second = (mean_macro_f1(labels, runs) for runs in models)
    assert result["difference"] == pytest.approx(first - second)


def test_p_does_not_depend_on_the_block_size(monkeypatch):
    labels, *models = (decisions(seed) for seed in (1, 2, 3))
    counts = [counts_of(labels, one) for one in models]
    whole = paired.compare_macro_f1(*counts, 4000, 0)
    monkeypatch.setattr(paired, "BLOCK", 700)
    parts = paired.compare_macro_f1(*counts, 4000, 0)
    assert parts["p"] == pytest.approx(whole["p"], abs=0.03)


def test_p_of_average_precision_agrees_with_all_swaps():
    first, second = simulated_predictions(1, 2.0), simulated_predictions(2, 0.3)
    labels = first.unit_labels
    ranks = [rankdata(one.probability[0], axis=0) for one in (first, second)]

    def difference(swap):
        one, other = np.where(swap, ranks[1], ranks[0]), np.where(swap, ranks[0], ranks[1])
        return [
            average_precision_score(labels[:, genre], one[:, genre])
            - average_precision_score(labels[:, genre], other[:, genre])
            for genre in range(4)
        ]

    differences = [
        difference(np.array(swap)[GROUP][:, None])
        for swap in itertools.product([False, True], repeat=6)
    ]
    as_large = np.abs(differences) >= np.abs(differences[0]) - 1e-9
    result = paired.compare_average_precision(first, second, 3000, 0)
    np.testing.assert_allclose(result, as_large.mean(axis=0), atol=0.03)


def test_p_of_average_precision_is_invariant_to_monotone_rescaling():
    first, second = simulated_predictions(1, 0.8), simulated_predictions(2, 0.8)
    scaled = simulated_predictions(1, 0.8).__dict__ | {"probability": first.probability**3 / 50}
    result = [
        paired.compare_average_precision(one, second, 50, 0)
        for one in (first, Predictions(**scaled))
    ]
    np.testing.assert_array_equal(*result)


def test_equal_models_have_difference_0_and_p_1():
    one = simulated_predictions(1, 1.0)
    assert (paired.compare_average_precision(one, one, 50, 0) == 1).all()
    labels, predicted = decisions(1), decisions(2)
    result = paired.compare_macro_f1(*[counts_of(labels, predicted)] * 2, 99, 0)
    assert tuple(result.values()) == (0, 0, 0, 1)
