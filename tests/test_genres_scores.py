"""The scores of the genre models against scikit-learn and the binomial law, and their pictures."""

import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom
from sklearn.metrics import precision_recall_fscore_support

from scorelens.genres import plot, score
from scorelens.tables import GENRE_SCORES, PREDICTIONS, read_table, write_table

GENRES = ["Action", "Drama", "Horror", "Science Fiction"]


def predictions(said, true):
    """A table of predictions from two arrays (films, genres)."""
    films, genres = said.shape
    return pd.DataFrame(
        {
            "film_id": np.repeat([f"film_{k:03d}" for k in range(films)], genres),
            "genre": np.tile(GENRES[:genres], films),
            "probability": said.ravel().astype(float),
            "predicted": said.ravel(),
            "actual": true.ravel(),
            "fold": np.repeat(np.arange(films), genres),
        }
    )


def random_answers(seed, films=40):
    random = np.random.default_rng(seed)
    true = random.random((films, 4)) < 0.4
    said = true ^ (random.random((films, 4)) < 0.3)
    return said, true


def test_scores_agree_with_scikit_learn():
    said, true = random_answers(0)
    said[:, 3] = False  # a genre never predicted: precision 0
    table = score.score_predictions(predictions(said, true), 10, 0)
    assert table["genre"].tolist() == [*GENRES, "macro"]
    theirs = precision_recall_fscore_support(true, said, average=None, zero_division=0)
    mean = precision_recall_fscore_support(true, said, average="macro", zero_division=0)
    for place, measure in enumerate(score.MEASURES):
        np.testing.assert_allclose(table[measure][:-1], theirs[place])
        assert table[measure].iloc[-1] == pytest.approx(mean[place])


def test_the_interval_of_a_precision_is_that_of_a_binomial_share():
    films = 200
    true = np.zeros((films, 1), bool)
    true[:60] = True
    table = score.score_predictions(predictions(np.ones_like(true), true), 20000, 1)
    low, high = binom.ppf([0.025, 0.975], films, 0.3) / films
    assert table["precision"][0] == pytest.approx(0.3)
    assert table["precision_low"][0] == pytest.approx(low, abs=0.006)
    assert table["precision_high"][0] == pytest.approx(high, abs=0.006)
    assert table[["recall", "recall_low", "recall_high"]].iloc[0].tolist() == [1, 1, 1]


def test_the_interval_agrees_with_a_loop_over_scikit_learn():
    said, true = random_answers(1, films=60)
    table = score.score_predictions(predictions(said, true), 4000, 2).set_index("genre")
    random = np.random.default_rng(3)
    draws = [random.integers(0, 60, 60) for _ in range(600)]
    macro = [
        precision_recall_fscore_support(true[d], said[d], average="macro", zero_division=0)[2]
        for d in draws
    ]
    low, high = np.percentile(macro, [2.5, 97.5])
    assert table.loc["macro", "f1_low"] == pytest.approx(low, abs=0.015)
    assert table.loc["macro", "f1_high"] == pytest.approx(high, abs=0.015)


def test_nothing_predicted_and_nothing_true_scores_zero():
    nothing = np.zeros((5, 2), bool)
    table = score.score_predictions(predictions(nothing, nothing), 50, 0)
    assert (table.drop(columns="genre") == 0).all(axis=None)


@given(st.tuples(*[st.integers(0, 50)] * 3))
def test_f1_is_the_harmonic_mean(outcomes):
    precision, recall, f1 = score.measures(np.array(outcomes, float))
    assert min(precision, recall) - 1e-12 <= f1 <= max(precision, recall) + 1e-12
    assert f1 * (precision + recall) == pytest.approx(2 * precision * recall)


@pytest.fixture
def scores(tmp_path):
    """A table of scores of two runs, as the workflow writes it."""
    runs = {("none", "plurality"): 0, ("mir", "imv_svm"): 1}
    paths = {}
    for run, seed in runs.items():
        paths[run] = tmp_path / f"{run[1]}.parquet"
        write_table(predictions(*random_answers(seed)), paths[run], PREDICTIONS)
    score.score(paths, repeats=100, seed=0, output=tmp_path / "scores.tsv")
    return tmp_path / "scores.tsv"


def test_the_table_says_what_each_row_is_about(scores):
    table = read_table(scores, GENRE_SCORES)
    assert table["level"].tolist() == ["film"] * 5 + ["cue"] * 5
    assert table["model"].tolist() == ["plurality"] * 5 + ["imv_svm"] * 5
    assert table["feature_set"].tolist() == ["none"] * 5 + ["mir"] * 5
    assert (table["f1_low"] <= table["f1_high"]).all()


def texts(path):
    return [
        "".join(node.itertext()) for node in ET.parse(path).iter("{http://www.w3.org/2000/svg}text")
    ]


def test_the_pictures_name_every_model_genre_and_number(scores, tmp_path):
    plot.plot(scores, tmp_path / "macro.svg", tmp_path / "genres.svg")
    macro, genres = texts(tmp_path / "macro.svg"), texts(tmp_path / "genres.svg")
    for words in (macro, genres):
        assert {"Plurality", "IMV SVM (mir)"} <= set(words)
    assert {"Precision", "Recall", "F1"} <= set(macro)
    assert {*" ".join(GENRES).split(), "macro"} <= set(genres)
    table = read_table(scores, GENRE_SCORES)
    assert {f"{value:.2f}" for value in table["f1"]} <= set(genres)


def test_the_macro_picture_has_a_dot_at_each_value(scores):
    table = read_table(scores, GENRE_SCORES)
    figure = plot.macro_figure(table)
    axis = figure.axes[2]
    dots = {line.get_xdata()[0] for line in axis.lines if line.get_marker() == "o"}
    assert dots == set(table.loc[table["genre"] == "macro", "f1"])
    plot.plt.close(figure)


def test_a_random_guess_is_scored_over_many_draws():
    """Recall of a genre is the probability of the guess, precision the frequency of the genre."""
    films, share, probability = 400, np.array([0.25, 0.5]), np.array([0.4, 0.1])
    rng = np.random.default_rng(3)
    actual = rng.random((films, 2)) < share
    frame = pd.DataFrame(
        {
            "film_id": np.repeat([f"film_{k}" for k in range(films)], 2),
            "genre": ["Drama", "Horror"] * films,
            "probability": np.tile(probability, films),
            "predicted": False,
            "actual": actual.ravel(),
            "fold": np.repeat(np.arange(films), 2),
        }
    )
    table = score.score_predictions(frame, 500, 1, guessed=True).set_index("genre")
    np.testing.assert_allclose(table.recall[:2], probability, atol=0.01)
    np.testing.assert_allclose(table.precision[:2], actual.mean(0), atol=0.01)
    assert (table.f1_low < table.f1).all() and (table.f1 < table.f1_high).all()
