"""The tagger's scores of answers without skill, over many draws of films and labels."""

import numpy as np
import pandas as pd
import pytest

from scorelens.evaluation.average_precision import random_average_precision
from scorelens.evaluation.multilabel_scores import score_tags
from scorelens.evaluation.permutation import draw_orders
from scorelens.evaluation.predictions import Predictions, rank_genres
from scorelens.tagger import score
from scorelens.tagger.film_rankings import best_of_models
from tests.tagger_tables import make_labels

FILMS, GENRES, PERMUTATIONS = 29, 6, 199


def make_predictions(labels, probability, group):
    units, ranks = pd.DataFrame(index=range(len(group))), rank_genres(probability)
    return Predictions(units, list("abcdef"), probability[None], None, ranks, group, labels)


def draw_answers(random, kind):
    """Predictions of one corpus: films of the first genre have 10 tracks, the others 1."""
    labels = make_labels(FILMS, GENRES, seed=random.integers(2**31))
    group = np.repeat(np.arange(FILMS), np.where(labels[:, 0], 10, 1))
    if kind == "constant":
        probability = np.tile(labels.mean(axis=0), (len(group), 1))
    else:
        of_film = random.normal(size=labels.shape)[group]
        probability = of_film + random.normal(size=of_film.shape)
    return make_predictions(labels, probability, group)


def p_values(kind, draws, seed):
    """p of coverage error, ranking precision and macro F1 of one tag, shape (draws, 3)."""
    random, rows = np.random.default_rng(seed), []
    for _ in range(draws):
        predictions = draw_answers(random, kind)
        orders = draw_orders(FILMS, PERMUTATIONS, random)
        ranking = best_of_models({"cnn": predictions}, orders)  # of one model: its own p
        counts = predictions.count_by_group(predictions.rank <= 1)[None]
        tags = score_tags(counts, [1], predictions, np.ones((1, FILMS)), orders)
        f1 = tags[(tags["measure"] == "f1") & (tags["genre"] == "macro")]
        rows.append([*ranking["p_best"], *f1["p"]])
    return np.array(rows)


@pytest.mark.slow
def test_p_of_noise_is_below_5_percent_in_3_to_7_percent_of_1000_draws():
    rates = (p_values("noise", 1000, 1) <= 0.05).mean(axis=0)
    assert (rates >= 0.03).all(), rates
    assert (rates <= 0.07).all(), rates


def test_p_of_a_constant_answer_is_1_whatever_the_numbers_of_tracks():
    """Over units, not films, it had p .00025."""
    assert p_values("constant", 20, 2).tolist() == [[1, 1, 1]] * 20


def test_average_precision_of_noise_has_the_chance_of_a_random_order():
    random, values, chances = np.random.default_rng(3), [], []
    for _ in range(60):
        predictions = draw_answers(random, "noise")
        none = np.empty((0, FILMS), int)
        table = score.score_model(predictions, [1], np.ones((1, FILMS)), none)
        row = table[(table["measure"] == "average_precision") & (table["genre"] == "macro")]
        values.append(row["value"].item())
        chances.append(row["chance"].item())
        carriers = predictions.labels.sum(axis=0)
        expected = random_average_precision(np.maximum(carriers, 1), FILMS).mean()
        assert chances[-1] == pytest.approx(expected)
    assert np.mean(values) == pytest.approx(np.mean(chances), abs=0.02)
