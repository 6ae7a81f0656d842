"""The tagger's scores of answers without skill, over many draws of films and labels."""

import numpy as np
import pytest

from scorelens.evaluation.average_precision import random_average_precision
from scorelens.evaluation.permutation import draw_orders
from scorelens.evaluation.predictions import Predictions, rank_genres
from scorelens.tagger import score
from tests.tagger_tables import make_labels

FILMS, GENRES, PERMUTATIONS = 29, 6, 199
TESTED = ("coverage_error", "label_ranking_average_precision", "f1")


def make_predictions(labels, probability, group):
    names = list("abcdef")
    return Predictions(
        None, names, probability[None], None, rank_genres(probability), group, labels
    )


def draw_answers(random, kind):
    """Predictions of one corpus: films of the first genre have 30 tracks, the others 3."""
    labels = make_labels(FILMS, GENRES, seed=random.integers(2**31))
    group = np.repeat(np.arange(FILMS), np.where(labels[:, 0], 30, 3))
    if kind == "constant":
        probability = np.tile(labels.mean(axis=0), (len(group), 1))
    else:
        of_film = random.normal(size=labels.shape)[group]
        probability = of_film + random.normal(size=of_film.shape)
    return make_predictions(labels, probability, group)


def p_values(kind, draws, seed):
    """p of every tested metric of many corpora, shape (draws, metrics)."""
    random, rows = np.random.default_rng(seed), []
    for _ in range(draws):
        predictions = draw_answers(random, kind)
        orders = draw_orders(FILMS, PERMUTATIONS, random)
        table = score.score_model(predictions, [1], np.ones((1, FILMS)), orders)
        table = table[table["genre"].isin(["all", "macro"])].set_index("measure")
        rows.append(table.loc[list(TESTED), "p"].tolist())
    return np.array(rows)


@pytest.mark.slow
def test_p_of_noise_is_below_5_percent_in_3_to_7_percent_of_1000_draws():
    rates = (p_values("noise", 1000, 1) <= 0.05).mean(axis=0)
    assert (0.03 <= rates).all(), rates
    assert (rates <= 0.07).all(), rates


def test_p_of_a_constant_answer_is_1_whatever_the_numbers_of_tracks():
    """Over units, not films, it had p .00025."""
    assert p_values("constant", 40, 2).tolist() == [[1, 1, 1]] * 40


def test_average_precision_of_noise_has_the_chance_of_a_random_order():
    random, values, chances = np.random.default_rng(3), [], []
    for _ in range(150):
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
