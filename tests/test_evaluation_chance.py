"""Simulations of chance: p <= .05 in about 5% of corpora without skill, for every metric."""

import numpy as np
import pytest

from scorelens.evaluation import label_ranking
from scorelens.evaluation.average_precision import average_precision, permuted_average_precision
from scorelens.evaluation.grouped_precision import permuted_grouped_precision
from scorelens.evaluation.multilabel_scores import permuted_tags
from scorelens.evaluation.permutation import (
    draw_orders,
    f1_in_order,
    is_as_good,
    p_value,
    permutation_f1,
)
from tests.null_corpora import draw_labels, noise, predictions_of

FILMS, ORDERS, CORPORA = 29, 99, 1000


def with_observed(orders):
    return np.concatenate([np.arange(orders.shape[1])[None], orders])


def p_of(values, lower_is_better=False):
    """values: the metric in the observed order, then in random ones."""
    return p_value(is_as_good(values[1:], values[0], lower_is_better).sum(), len(values) - 1)


def macro_f1_p(predictions, orders):
    values = f1_in_order(predictions.predicted, predictions.labels, with_observed(orders))
    return p_of(values[:, -1])


def average_precision_p(predictions, orders):
    arrays = predictions.probability[0], predictions.labels
    return p_of(permuted_average_precision(*arrays, with_observed(orders)).mean(axis=1))


def grouped_precision_p(predictions, orders):
    arrays = predictions.probability[0], predictions.group, predictions.labels
    return p_of(permuted_grouped_precision(*arrays, with_observed(orders)).mean(axis=1))


def tags_p(predictions, orders):
    """Macro F1 of the two most probable genres."""
    counts = predictions.count_by_group(predictions.rank <= 2)
    shares = (counts / predictions.group_sizes[:, None])[None]
    return p_of(permuted_tags(shares, predictions.labels, with_observed(orders))[2, 0, :, -2])


def ranking_values(predictions, orders):
    """Coverage error and label-ranking average precision, averaged within films first."""
    ranks = label_ranking.worst_ranks(predictions.probability[0])
    means = label_ranking.group_metrics(ranks, predictions.group, predictions.labels)
    return means[:, np.arange(len(predictions.labels)), with_observed(orders)].mean(axis=-1)


def coverage_p(predictions, orders):
    return p_of(ranking_values(predictions, orders)[0], lower_is_better=True)


def ranking_precision_p(predictions, orders):
    return p_of(ranking_values(predictions, orders)[1])


BY_FILM = {"macro_f1": macro_f1_p, "average_precision": average_precision_p}
BY_UNIT = {
    "grouped_average_precision": grouped_precision_p,
    "tags_f1": tags_p,
    "coverage_error": coverage_p,
    "label_ranking_average_precision": ranking_precision_p,
}


def share_significant(test, corpora, make_predictions):
    p = []
    for seed in range(corpora):
        random = np.random.default_rng(seed)
        predictions = make_predictions(random)
        p.append(test(predictions, draw_orders(FILMS, ORDERS, random)))
    return np.mean(np.array(p) <= 0.05)


@pytest.mark.slow
@pytest.mark.parametrize("metric", [*BY_FILM])
def test_noise_by_film_is_significant_in_3_to_7_percent(metric):
    def make_predictions(random):
        return noise(random, draw_labels(random, FILMS), np.ones(FILMS, int))

    assert 0.03 <= share_significant(BY_FILM[metric], CORPORA, make_predictions) <= 0.07


@pytest.mark.slow
@pytest.mark.parametrize("metric", [*BY_UNIT])
def test_noise_in_units_of_films_is_significant_in_3_to_7_percent(metric):
    """Films of the first genre have 1.8 times as many units, as in the audit."""

    def make_predictions(random):
        labels = draw_labels(random, FILMS, 4)
        return noise(random, labels, np.where(labels[:, 0], 9, 5))

    assert 0.03 <= share_significant(BY_UNIT[metric], CORPORA, make_predictions) <= 0.07


@pytest.mark.parametrize("metric", [*BY_UNIT])
@pytest.mark.parametrize("factor", [1.8, 10])
def test_constant_prediction_has_p_1_if_the_films_of_a_genre_have_more_units(metric, factor):
    """Unit by unit p was .00025 with 30 tracks against 3, and <= .05 in 88% with 1.8 times."""

    def make_predictions(random):
        labels = draw_labels(random, FILMS)
        sizes = np.where(labels[:, 0], round(3 * factor), 3)
        group = np.repeat(np.arange(FILMS), sizes)
        return predictions_of(np.tile(random.random(6), (len(group), 1)), labels, group)

    for seed in range(20):
        random = np.random.default_rng(seed)
        assert BY_UNIT[metric](make_predictions(random), draw_orders(FILMS, 50, random)) == 1


@pytest.mark.parametrize("metric", [*BY_FILM])
def test_constant_prediction_by_film_has_p_1(metric):
    random = np.random.default_rng(0)
    for _ in range(20):
        labels = draw_labels(random, FILMS)
        constant = np.tile(random.random(6), (FILMS, 1))
        predictions = predictions_of(constant, labels, np.arange(FILMS))
        assert BY_FILM[metric](predictions, draw_orders(FILMS, 50, random)) == 1


def test_average_precision_of_a_random_order_is_its_chance_and_that_of_0_1_draws_is_not():
    """On 29 films: a random order .31, decisions of 0 or 1 the share of the films, .24."""
    random = np.random.default_rng(0)
    labels = np.arange(FILMS)[:, None] < np.array([9, 13, 6, 5, 7, 4, 6, 4, 4, 9, 6])
    once = np.ones((1, FILMS))
    ranked, drawn = (
        np.mean([average_precision(draw(), labels, once).mean() for _ in range(400)])
        for draw in (
            lambda: random.random(labels.shape),
            lambda: (random.random(labels.shape) < labels.mean(axis=0)).astype(float),
        )
    )
    assert ranked == pytest.approx(0.31, abs=0.01)
    assert drawn < ranked - 0.04


def composers(random, films_each=4, count=12):
    """Films of composers who write for one genre: labels and noise depend on the composer."""
    cluster = np.repeat(np.arange(count), films_each)
    labels = (random.random((count, 2)) < 0.5)[cluster]
    scores = random.normal(size=(count, 2))[cluster] + 0.1 * random.normal(size=labels.shape)
    return predictions_of(1 / (1 + np.exp(-scores)), labels, np.arange(len(cluster)), cluster)


@pytest.mark.slow
def test_p_of_films_of_one_composer_is_at_its_level_only_if_clusters_are_exchanged():
    p = {True: [], False: []}
    for seed in range(600):
        predictions = composers(np.random.default_rng(seed))
        for clustered, values in p.items():
            cluster = predictions.cluster if clustered else None
            arrays = predictions.predicted, predictions.labels
            values.append(permutation_f1(*arrays, 199, seed, cluster)["p_permuted"][-1])
    assert np.mean(np.array(p[True]) <= 0.05) <= 0.07
    assert np.mean(np.array(p[False]) <= 0.05) > 0.15
