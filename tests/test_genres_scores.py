"""Scores of the genre models against scikit-learn and the binomial distribution."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom
from sklearn.metrics import average_precision_score, f1_score, precision_recall_fscore_support

from scorelens.evaluation.predictions import from_table
from scorelens.genres.evaluate import score
from scorelens.tables import GENRE_SCORES, PREDICTIONS, read_table, write_table
from tests.genre_tables import make_predictions

GENRES = ["Action", "Drama", "Horror", "Science Fiction"]


def predictions(predicted, labels, repeat=0):
    """A table of predictions from two arrays (films, genres); the probability is 0 or 1."""
    table = make_predictions(labels, predicted[None], GENRES[: predicted.shape[1]])
    return table.assign(repeat=repeat)


def scored(table, samples, seed, **options):
    predictions = from_table(table, ["film_id"], run="repeat")
    return score.score_predictions(predictions, samples, seed, **options)


def random_predictions(seed, films=40):
    random = np.random.default_rng(seed)
    labels = random.random((films, 4)) < 0.4
    predicted = labels ^ (random.random((films, 4)) < 0.3)
    return predicted, labels


def test_scores_match_scikit_learn():
    predicted, labels = random_predictions(0)
    predicted[:, 3] = False  # a genre never predicted: precision 0
    table = scored(predictions(predicted, labels), 10, 0)
    assert table["genre"].tolist() == [*GENRES, "macro"]
    expected = precision_recall_fscore_support(labels, predicted, average=None, zero_division=0)
    expected_macro = precision_recall_fscore_support(
        labels, predicted, average="macro", zero_division=0
    )
    for index, measure in enumerate(("precision", "recall", "f1")):
        np.testing.assert_allclose(table[measure][:-1], expected[index])
        assert table[measure].iloc[-1] == pytest.approx(expected_macro[index])


def test_precision_interval_matches_binomial_quantiles():
    films = 200
    labels = np.zeros((films, 1), bool)
    labels[:60] = True
    table = scored(predictions(np.ones_like(labels), labels), 20000, 1)
    low, high = binom.ppf([0.025, 0.975], films, 0.3) / films
    assert table["precision"][0] == pytest.approx(0.3)
    assert table["precision_low"][0] == pytest.approx(low, abs=0.006)
    assert table["precision_high"][0] == pytest.approx(high, abs=0.006)
    assert table[["recall", "recall_low", "recall_high"]].iloc[0].tolist() == [1, 1, 1]


def test_macro_f1_interval_matches_bootstrap_with_scikit_learn():
    predicted, labels = random_predictions(1, films=60)
    table = scored(predictions(predicted, labels), 4000, 2).set_index("genre")
    random = np.random.default_rng(3)
    draws = [random.integers(0, 60, 60) for _ in range(600)]
    macro = [
        precision_recall_fscore_support(labels[d], predicted[d], average="macro", zero_division=0)[
            2
        ]
        for d in draws
    ]
    low, high = np.percentile(macro, [2.5, 97.5])
    assert table.loc["macro", "f1_low"] == pytest.approx(low, abs=0.015)
    assert table.loc["macro", "f1_high"] == pytest.approx(high, abs=0.015)


def test_scores_without_positive_labels_and_predictions_are_zero():
    negatives = np.zeros((5, 2), bool)
    table = scored(predictions(negatives, negatives), 50, 0)
    assert (table.drop(columns=["genre", "f1_spread"]) == 0).all(axis=None)
    assert table["f1_spread"].isna().all()


def test_scores_are_means_over_runs_and_spread_is_std_of_f1():
    labels = random_predictions(0)[1]
    runs = [random_predictions(seed)[0] for seed in (4, 5, 6)]
    table = pd.concat([predictions(predicted, labels, k) for k, predicted in enumerate(runs)])
    result = scored(table, 200, 0).set_index("genre")
    f1 = np.array([f1_score(labels, predicted, average=None) for predicted in runs])
    np.testing.assert_allclose(result["f1"], [*f1.mean(axis=0), f1.mean()])
    np.testing.assert_allclose(result["f1_spread"][:-1], f1.std(axis=0, ddof=1))
    assert result.loc["macro", "f1_spread"] == pytest.approx(f1.mean(axis=1).std(ddof=1))
    ranked = [average_precision_score(labels, predicted, average="macro") for predicted in runs]
    assert result.loc["macro", "average_precision"] == pytest.approx(np.mean(ranked))


def test_duplicated_run_does_not_change_scores():
    predicted, labels = random_predictions(2)
    once = predictions(predicted, labels)
    one = scored(once, 300, 7)
    two = scored(pd.concat([once, once.assign(repeat=1)]), 300, 7)
    assert (two["f1_spread"] == 0).all()
    pd.testing.assert_frame_equal(one.drop(columns="f1_spread"), two.drop(columns="f1_spread"))


@pytest.fixture
def scores(tmp_path):
    """The score table of four models, as the workflow writes it."""
    runs = [("none", "random_guess"), ("none", "plurality"), ("mir", "imv_svm")]
    paths = {}
    for seed, run in enumerate([*runs, ("mir_frames", "max_pooling")]):
        paths[run] = tmp_path / f"{run[1]}.parquet"
        write_table(predictions(*random_predictions(seed)), paths[run], PREDICTIONS)
    score.score(paths, samples=100, permutations=99, seed=0, output=tmp_path / "scores.tsv")
    return read_table(tmp_path / "scores.tsv", GENRE_SCORES)


def test_score_table_has_level_model_and_feature_set(scores):
    assert scores["level"].tolist() == ["film"] * 10 + ["cue"] * 5 + ["frame"] * 5
    assert scores["model"].iloc[::5].tolist() == [
        "random_guess", "plurality", "imv_svm", "max_pooling",
    ]  # fmt: skip
    assert scores["feature_set"].iloc[::5].tolist() == ["none", "none", "mir", "mir_frames"]
    assert (scores["f1_low"] <= scores["f1_high"]).all()


def test_only_random_guess_has_no_permutation_test(scores):
    is_guess = scores["model"] == "random_guess"
    assert scores.loc[is_guess, ["permuted", "p_permuted"]].isna().all(axis=None)
    assert (scores.loc[~is_guess, "p_permuted"] >= 1 / 100).all()
    assert (scores.loc[~is_guess, "permuted"] > 0).all()


def test_best_models_have_highest_macro_f1_per_feature_set(scores):
    assert score.best_models(scores) == [("mir", "imv_svm"), ("mir_frames", "max_pooling")]
    rival = scores[scores["model"] == "imv_svm"].assign(model="imv_knn", f1=1.0)
    assert score.best_models(pd.concat([scores, rival], ignore_index=True)) == [
        ("mir", "imv_knn"),
        ("mir_frames", "max_pooling"),
    ]
    assert score.best_models(scores[scores["feature_set"] == "none"]) == []


def test_random_guess_scores_match_expected_values():
    """Expected recall is the guess probability; expected precision is the genre frequency."""
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
    table = scored(frame, 500, 1, is_guess=True).set_index("genre")
    np.testing.assert_allclose(table.recall[:2], probability, atol=0.01)
    np.testing.assert_allclose(table.precision[:2], actual.mean(0), atol=0.01)
    np.testing.assert_allclose(table.average_precision[:2], actual.mean(0), atol=0.01)
    assert (table.f1_low < table.f1).all() and (table.f1 < table.f1_high).all()
