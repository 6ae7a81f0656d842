"""The scores of the genre models against scikit-learn, the binomial law and all permutations."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom
from sklearn.metrics import average_precision_score, f1_score, precision_recall_fscore_support

from scorelens.evaluation import average_precision, permutation
from scorelens.genres.evaluate import score
from scorelens.tables import GENRE_SCORES, PREDICTIONS, read_table, write_table
from tests.genre_tables import make_predictions

GENRES = ["Action", "Drama", "Horror", "Science Fiction"]


def predictions(said, true, repeat=0):
    """A table of predictions from two arrays (films, genres); the probability is 0 or 1."""
    table = make_predictions(true, said[None], GENRES[: said.shape[1]])
    return table.assign(repeat=repeat)


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
    for place, measure in enumerate(("precision", "recall", "f1")):
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
    assert (table.drop(columns=["genre", "f1_spread"]) == 0).all(axis=None)
    assert table["f1_spread"].isna().all()


@given(st.tuples(*[st.integers(0, 50)] * 3))
def test_f1_is_the_harmonic_mean(outcomes):
    precision, recall, f1 = score.measures(np.array(outcomes, float))
    assert min(precision, recall) - 1e-12 <= f1 <= max(precision, recall) + 1e-12
    assert f1 * (precision + recall) == pytest.approx(2 * precision * recall)


def test_the_scores_of_several_runs_are_their_mean_and_the_spread_that_of_f1():
    true = random_answers(0)[1]
    runs = [random_answers(seed)[0] for seed in (4, 5, 6)]
    table = pd.concat([predictions(said, true, k) for k, said in enumerate(runs)])
    found = score.score_predictions(table, 200, 0).set_index("genre")
    f1 = np.array([f1_score(true, said, average=None) for said in runs])
    np.testing.assert_allclose(found["f1"], [*f1.mean(axis=0), f1.mean()])
    np.testing.assert_allclose(found["f1_spread"][:-1], f1.std(axis=0, ddof=1))
    assert found.loc["macro", "f1_spread"] == pytest.approx(f1.mean(axis=1).std(ddof=1))
    ranked = [average_precision_score(true, said, average="macro") for said in runs]
    assert found.loc["macro", "average_precision"] == pytest.approx(np.mean(ranked))


def test_a_run_that_is_repeated_changes_nothing():
    said, true = random_answers(2)
    once = predictions(said, true)
    one = score.score_predictions(once, 300, 7)
    two = score.score_predictions(pd.concat([once, once.assign(repeat=1)]), 300, 7)
    assert (two["f1_spread"] == 0).all()
    pd.testing.assert_frame_equal(one.drop(columns="f1_spread"), two.drop(columns="f1_spread"))


@pytest.mark.parametrize("levels", [2, 5, 1000])
def test_average_precision_agrees_with_scikit_learn(levels):
    """On films drawn anew, with many or few equal probabilities."""
    random = np.random.default_rng(levels)
    true = random.random((40, 4)) < (0.5, 0.3, 0.2, 0.1)
    probability = np.round(random.random((40, 4)) * levels) / levels
    draws = random.multinomial(40, np.full(40, 1 / 40), 20)
    found = average_precision.average_precision(probability, true, draws)
    for sample, row in zip(draws, found, strict=True):
        rows = np.repeat(np.arange(40), sample)
        for genre in np.flatnonzero(true[rows].any(axis=0)):
            theirs = average_precision_score(true[rows, genre], probability[rows, genre])
            assert row[genre] == pytest.approx(theirs)


def test_average_precision_by_hand():
    probability = np.array([[0.9], [0.8], [0.8], [0.1]])
    true = np.array([[True], [False], [True], [True]])
    each = average_precision.average_precision(probability, true, np.ones((1, 4)))
    assert each[0, 0] == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)
    assert average_precision.average_precision(probability, ~true & False, np.ones((1, 4))) == 0


def test_f1_by_chance_agrees_with_all_orders_of_five_films():
    random = np.random.default_rng(5)
    said, true = random.random((2, 5, 2)) < 0.5, random.random((5, 2)) < 0.5
    orders = np.array(list(itertools.permutations(range(5))))
    theirs = [
        np.mean([f1_score(true[order], run, average=None, zero_division=0) for run in said], axis=0)
        for order in orders
    ]
    found = permutation.f1_in_order(said, true, orders)
    np.testing.assert_allclose(found[:, :2], theirs)
    sampled = permutation.against_chance(said, true, 20_000, seed=0)
    np.testing.assert_allclose(sampled["permuted"], found.mean(axis=0), atol=0.006)
    exact = (found >= found[0] - 1e-12).mean(axis=0)  # the first order is the films' own
    assert 0.05 < exact[-1] < 0.95
    np.testing.assert_allclose(sampled["p_permuted"], exact, atol=0.012)


def test_right_answers_are_never_reached_by_chance_and_equal_ones_always():
    true = random_answers(1)[1]
    right = permutation.against_chance(true[None], true, 999, seed=1)
    assert (right["p_permuted"] == 1 / 1000).all()
    assert (right["permuted"] < 0.6).all()
    always = np.ones_like(true)
    same = permutation.against_chance(always[None], true, 999, seed=1)
    assert (same["p_permuted"] == 1).all()
    np.testing.assert_allclose(same["permuted"][:-1], f1_score(true, always, average=None))


def test_answers_without_skill_have_any_p():
    p = []
    for seed in range(200):
        random = np.random.default_rng(seed)
        said, true = random.random((1, 30, 3)) < 0.4, random.random((30, 3)) < 0.4
        p.append(permutation.against_chance(said, true, 199, seed)["p_permuted"][-1])
    assert np.mean(np.array(p) <= 0.5) == pytest.approx(0.5, abs=0.14)  # 4 standard errors
    assert np.mean(np.array(p) <= 0.1) == pytest.approx(0.1, abs=0.085)


def test_p_by_chance_does_not_depend_on_the_blocks(monkeypatch):
    said, true = random_answers(3)
    whole = permutation.against_chance(said[None], true, 50, 0)
    monkeypatch.setattr(permutation, "BLOCK", 7)
    parts = permutation.against_chance(said[None], true, 50, 0)
    for name, values in whole.items():
        np.testing.assert_allclose(values, parts[name])


@pytest.fixture
def scores(tmp_path):
    """A table of scores of four runs, as the workflow writes it."""
    runs = [("none", "random_guess"), ("none", "plurality"), ("mir", "imv_svm")]
    paths = {}
    for seed, run in enumerate([*runs, ("mir_frames", "max_pooling")]):
        paths[run] = tmp_path / f"{run[1]}.parquet"
        write_table(predictions(*random_answers(seed)), paths[run], PREDICTIONS)
    score.score(paths, samples=100, permutations=99, seed=0, output=tmp_path / "scores.tsv")
    return read_table(tmp_path / "scores.tsv", GENRE_SCORES)


def test_the_table_says_what_each_row_is_about(scores):
    assert scores["level"].tolist() == ["film"] * 10 + ["cue"] * 5 + ["frame"] * 5
    assert scores["model"].iloc[::5].tolist() == [
        "random_guess", "plurality", "imv_svm", "max_pooling",
    ]  # fmt: skip
    assert scores["feature_set"].iloc[::5].tolist() == ["none", "none", "mir", "mir_frames"]
    assert (scores["f1_low"] <= scores["f1_high"]).all()


def test_only_a_random_guess_has_no_f1_by_chance(scores):
    guess = scores["model"] == "random_guess"
    assert scores.loc[guess, ["permuted", "p_permuted"]].isna().all(axis=None)
    assert (scores.loc[~guess, "p_permuted"] >= 1 / 100).all()
    assert (scores.loc[~guess, "permuted"] > 0).all()


def test_the_best_models_are_those_of_the_highest_macro_f1_in_each_set(scores):
    assert score.best_models(scores) == [("mir", "imv_svm"), ("mir_frames", "max_pooling")]
    rival = scores[scores["model"] == "imv_svm"].assign(model="imv_knn", f1=1.0)
    assert score.best_models(pd.concat([scores, rival], ignore_index=True)) == [
        ("mir", "imv_knn"),
        ("mir_frames", "max_pooling"),
    ]
    assert score.best_models(scores[scores["feature_set"] == "none"]) == []


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
            "repeat": 0,
        }
    )
    table = score.score_predictions(frame, 500, 1, guessed=True).set_index("genre")
    np.testing.assert_allclose(table.recall[:2], probability, atol=0.01)
    np.testing.assert_allclose(table.precision[:2], actual.mean(0), atol=0.01)
    np.testing.assert_allclose(table.average_precision[:2], actual.mean(0), atol=0.01)
    assert (table.f1_low < table.f1).all() and (table.f1 < table.f1_high).all()
