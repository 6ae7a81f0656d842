"""Paired comparisons of models against all swaps, and of equal models."""

import dataclasses
import itertools

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata
from sklearn.metrics import f1_score

from scorelens.evaluation import paired, permutation
from scorelens.evaluation.bootstrap import interval
from scorelens.evaluation.classification import confusion_counts
from scorelens.evaluation.grouped_precision import grouped_average_precision
from scorelens.evaluation.multiplicity import holm
from scorelens.evaluation.predictions import Predictions, rank_genres
from tests.null_corpora import draw_labels, noise

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
    result = paired.compare_macro_f1(*(counts_of(labels, one) for one in models), 9, 9, 0)
    first, second = (mean_macro_f1(labels, [one]) for one in models)
    assert result["difference"] == pytest.approx(first - second)


def test_interval_equals_scikit_learn_on_the_same_samples():
    labels, *models = (decisions(seed) for seed in (1, 2, 3))
    result = paired.compare_macro_f1(*(counts_of(labels, one) for one in models), 60, 9, 5)
    random = np.random.default_rng([5, 1])
    sampled = []
    for draw in random.multinomial(20, np.full(20, 1 / 20), 60):
        rows = np.repeat(np.arange(20), draw)
        first, second = (mean_macro_f1(labels[rows], [one[rows]]) for one in models)
        sampled.append(first - second)
    low, high = interval(result["difference"], np.array(sampled), bounds=(-1.0, 1.0))
    assert (result["low"], result["high"]) == pytest.approx((low, high))


def test_difference_is_between_mean_f1_over_the_runs_of_each_model():
    labels = decisions(1)
    models = [[decisions(seed) for seed in seeds] for seeds in ((2, 3), (4, 5, 6))]
    result = paired.compare_macro_f1(*(counts_of(labels, *runs) for runs in models), 9, 99, 0)
    first, second = (mean_macro_f1(labels, runs) for runs in models)
    assert result["difference"] == pytest.approx(first - second)


def test_p_does_not_depend_on_the_block_size(monkeypatch):
    labels, *models = (decisions(seed) for seed in (1, 2, 3))
    counts = [counts_of(labels, one) for one in models]
    whole = paired.compare_macro_f1(*counts, 9, 4000, 0)
    monkeypatch.setattr(paired, "BLOCK", 700)
    parts = paired.compare_macro_f1(*counts, 9, 4000, 0)
    assert parts["p"] == pytest.approx(whole["p"], abs=0.03)


def test_p_of_average_precision_agrees_with_all_swaps(monkeypatch):
    monkeypatch.setattr(permutation, "ENOUGH", 10_000)
    once = np.ones((1, 6))
    first, second = simulated_predictions(1, 2.0), simulated_predictions(2, 0.3)
    ranks = [rankdata(one.probability[0], axis=0) for one in (first, second)]

    def difference(swap):
        one, other = np.where(swap, ranks[1], ranks[0]), np.where(swap, ranks[0], ranks[1])
        values = [
            grouped_average_precision(model, GROUP, first.labels, once)[0] for model in (one, other)
        ]
        return np.subtract(*values)

    differences = [
        difference(np.array(swap)[GROUP][:, None])
        for swap in itertools.product([False, True], repeat=6)
    ]
    as_large = np.abs(differences) >= np.abs(differences[0]) - 1e-9
    result = paired.compare_average_precision(first, second, 9, 3000, 0)
    np.testing.assert_allclose(result["p"][:-1], as_large.mean(axis=0), atol=0.03)


def test_p_of_average_precision_is_invariant_to_monotone_rescaling():
    first, second = simulated_predictions(1, 0.8), simulated_predictions(2, 0.8)
    scaled = simulated_predictions(1, 0.8).__dict__ | {"probability": first.probability**3 / 50}
    result = [
        tuple(paired.compare_average_precision(one, second, 20, 50, 0).values())
        for one in (first, Predictions(**scaled))
    ]
    np.testing.assert_array_equal(*result)


def test_equal_models_have_difference_0_and_p_1():
    one = simulated_predictions(1, 1.0)
    for name, values in paired.compare_average_precision(one, one, 20, 50, 0).items():
        assert (values == (name == "p")).all()
    labels, predicted = decisions(1), decisions(2)
    result = paired.compare_macro_f1(*[counts_of(labels, predicted)] * 2, 9, 99, 0)
    assert tuple(result.values()) == (0, 0, 0, 1)


def scores_by_film(random, cluster, skill=0.0):
    """A metric of two models for films of clusters that share a part of it: (1, films) each."""
    clusters = cluster.max() + 1
    shared = random.normal(size=(2, clusters))[:, cluster]
    values = 0.5 + 0.1 * (shared + 0.3 * random.normal(size=shared.shape))
    values[0] += skill
    return np.clip(values, 0, 1)[:, None]


def test_p_of_means_agrees_with_all_sign_flips(monkeypatch):
    monkeypatch.setattr(permutation, "ENOUGH", 10_000)
    first, second = np.random.default_rng(3).random((2, 2, 8))
    gain = (first - second).mean(axis=0)
    signs = np.array(list(itertools.product([-1, 1], repeat=8)))
    exact = np.mean(np.abs(signs @ gain) >= abs(gain.sum()) - 1e-12)
    result = paired.compare_means(first, second, 200, 4000, 0)
    assert result["difference"] == pytest.approx(gain.mean())
    assert result["p"] == pytest.approx(exact, abs=0.03)
    assert result["low"] < result["difference"] < result["high"]


def test_swaps_of_a_cluster_are_alike():
    cluster = np.array([0, 1, 0, 2, 1])
    swaps = paired.draw_swaps(5, np.random.default_rng(0), 4000, cluster)
    assert (swaps[:, 0] == swaps[:, 2]).all() and (swaps[:, 1] == swaps[:, 4]).all()
    np.testing.assert_allclose(swaps.mean(axis=0), 0.5, atol=0.04)


def test_units_of_many_films_swap_their_ranks_by_cluster():
    """With one cluster for all films the models differ as much after every swap: p is 1."""
    first, second = simulated_predictions(1, 2.0), simulated_predictions(2, 0.3)
    alone = dataclasses.replace(first, cluster=np.zeros(6, int))
    result = paired.compare_average_precision(alone, second, 5, 200, 0)
    assert (result["p"] == 1).all()


def test_average_precision_of_several_runs_is_their_mean():
    first, second = simulated_predictions(1, 2.0), simulated_predictions(2, 0.3)
    third = simulated_predictions(3, 1.0)
    both = dataclasses.replace(
        first, probability=np.concatenate([first.probability, third.probability])
    )
    results = [
        paired.compare_average_precision(one, second, 5, 9, 0)["difference"]
        for one in (first, third, both)
    ]
    np.testing.assert_allclose(results[2], (results[0] + results[1]) / 2)


def p_values_of_equal_models(random):
    """p-values of every comparison, of two models that are equally good."""
    labels = draw_labels(random, 30, 2)
    models = [noise(random, labels, np.ones(30, int)) for _ in range(2)]
    counts = [confusion_counts(one.predicted, labels) for one in models]
    means = scores_by_film(random, np.arange(30))
    options = 2, 99, int(random.integers(10**6))
    return (
        paired.compare_macro_f1(*counts, *options)["p"],
        paired.compare_means(*means, *options)["p"],
        paired.compare_average_precision(*models, *options)["p"][-1],
    )


@pytest.mark.slow
def test_models_of_equal_skill_differ_in_3_to_7_percent_by_every_metric():
    p = np.array([p_values_of_equal_models(np.random.default_rng(seed)) for seed in range(1000)])
    significant = (p <= 0.05).mean(axis=0)
    assert (significant >= 0.03).all() and (significant <= 0.07).all()


def test_models_that_share_errors_within_clusters_differ_too_often_unless_clusters_swap():
    cluster, p = np.repeat(np.arange(12), 3), {True: [], False: []}
    for seed in range(400):
        means = scores_by_film(np.random.default_rng(seed), cluster)
        for clustered, values in p.items():
            options = {"cluster": cluster} if clustered else {}
            values.append(paired.compare_means(*means, 2, 199, seed, **options)["p"])
    assert np.mean(np.array(p[True]) <= 0.05) <= 0.08
    assert np.mean(np.array(p[False]) <= 0.05) > 0.15


@pytest.mark.slow
def test_one_better_model_among_29_differs_after_the_correction_for_406_pairs():
    random = np.random.default_rng(0)
    models = {number: np.clip(random.normal(0.4, 0.1, (1, 29)), 0, 1) for number in range(28)}
    models["skilled"] = np.clip(random.normal(0.8, 0.1, (1, 29)), 0, 1)
    pairs = {pair: tuple(map(models.get, pair)) for pair in itertools.combinations(models, 2)}
    table = paired.compare_pairs(pairs, paired.compare_means, 50, 0)
    assert len(table) == 406
    skilled = table["second"] == "skilled"
    assert table["p_holm"][skilled].max() <= 0.011
    assert table["p_holm"][~skilled].min() > 0.05


def test_pairs_have_their_names_and_what_the_comparison_returns():
    random = np.random.default_rng(1)
    pairs = {("a", "b"): random.random((2, 1, 9)), ("a", "c"): random.random((2, 1, 9))}
    table = paired.compare_pairs(pairs, paired.compare_means, 20, 0, cluster=np.arange(9))
    assert table[["first", "second"]].to_numpy().tolist() == [["a", "b"], ["a", "c"]]
    np.testing.assert_allclose(table["p_holm"], holm(table["p"].to_numpy()))
    direct = paired.compare_means(*pairs["a", "c"], 20, 9999, 0)
    assert table.iloc[1][["difference", "low", "high", "p"]].to_dict() == pytest.approx(direct)
    assert paired.compare_pairs({}, paired.compare_means, 20, 0).empty
