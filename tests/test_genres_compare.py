"""Paired significance tests between genre models."""

import itertools

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from scorelens import tables
from scorelens.evaluation.predictions import from_table
from scorelens.genres.evaluate import compare

GENRES = ("Action", "Drama")


def predictions(predicted: np.ndarray, actual: np.ndarray, first: int = 0) -> pd.DataFrame:
    """A table of PREDICTIONS; `predicted` and `actual` have the shape (films, genres)."""
    films, genres = np.indices(predicted.shape)
    return pd.DataFrame(
        {
            "film_id": [f"film_{first + film:02d}" for film in films.ravel()],
            "genre": [GENRES[genre] for genre in genres.ravel()],
            "probability": np.where(predicted.ravel(), 0.9, 0.1),
            "predicted": predicted.ravel(),
            "actual": actual.ravel(),
            "fold": films.ravel(),
            "repeat": 0,
        }
    )


def compare_tables(first: pd.DataFrame, second: pd.DataFrame, repeats: int, seed: int) -> dict:
    tables = [from_table(table, ["film_id"], run="repeat") for table in (first, second)]
    return compare.compare_pair(*tables, 200, repeats, seed)


def labels(films: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((films, len(GENRES))) < 0.5


def test_difference_matches_scikit_learn_macro_f1():
    actual, one, two = (labels(20, seed) for seed in (1, 2, 3))
    result = compare_tables(predictions(one, actual), predictions(two, actual), 10, seed=0)
    scores = [f1_score(actual, predicted, average="macro") for predicted in (one, two)]
    assert result["difference"] == pytest.approx(scores[0] - scores[1])
    assert result["films"] == 20


def test_p_value_matches_exact_permutation_test():
    actual = np.array([[1, 0], [1, 1], [0, 1], [1, 0], [0, 1], [1, 1]], bool)
    one, two = actual.copy(), actual.copy()
    one[5] = two[:5, 0] = False
    result = compare_tables(predictions(one, actual), predictions(two, actual), 20_000, seed=0)
    differences = []
    for swap in itertools.product([False, True], repeat=len(actual)):
        mask = np.array(swap)[:, None]
        pair = np.where(mask, two, one), np.where(mask, one, two)
        a, b = (f1_score(actual, predicted, average="macro", zero_division=0) for predicted in pair)
        differences.append(abs(a - b))
    exact = np.mean(np.array(differences) >= abs(result["difference"]) - 1e-12)
    assert 0.05 < exact < 0.95
    assert result["p"] == pytest.approx(exact, abs=0.012)  # 3 standard errors


def runs_of(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """The tables as training runs of one model."""
    return pd.concat([table.assign(repeat=run) for run, table in enumerate(tables)])


def test_difference_is_of_mean_f1_over_training_runs():
    actual = labels(20, 1)
    predicted = [[labels(20, seed) for seed in seeds] for seeds in ((2, 3), (4, 5, 6))]
    model_tables = [runs_of([predictions(run, actual) for run in runs]) for runs in predicted]
    result = compare_tables(*model_tables, 99, seed=0)
    means = [
        np.mean([f1_score(actual, run, average="macro") for run in runs]) for runs in predicted
    ]
    assert result["difference"] == pytest.approx(means[0] - means[1])


def test_duplicated_run_does_not_change_comparison():
    actual = labels(20, 1)
    one, two = (predictions(labels(20, seed), actual) for seed in (2, 3))
    once = compare_tables(one, two, 99, seed=0)
    assert compare_tables(runs_of([one] * 3), two, 99, seed=0) == pytest.approx(once)


def test_perfect_model_differs_significantly_from_random_model():
    actual = labels(60, 1)
    result = compare_tables(predictions(actual, actual), predictions(labels(60, 2), actual), 999, 0)
    assert result["p"] == 1 / 1000
    assert 0 < result["low"] < result["difference"] < result["high"]


def test_identical_models_have_zero_difference_and_p_value_one():
    actual, predicted = labels(30, 1), labels(30, 2)
    result = compare_tables(predictions(predicted, actual), predictions(predicted, actual), 99, 0)
    assert (result["difference"], result["low"], result["high"], result["p"]) == (0, 0, 0, 1)


def test_false_positive_rate_of_random_models_matches_the_level():
    p = []
    for seed in range(150):
        actual, one, two = (labels(25, 3 * seed + k) for k in range(3))
        pair = predictions(one, actual), predictions(two, actual)
        p.append(compare_tables(*pair, 199, seed)["p"])
    assert 0.08 < np.mean(np.array(p) <= 0.2) < 0.33  # 0.2, 4 standard errors


def test_comparison_uses_only_films_of_both_models():
    actual, predicted = labels(12, 1), labels(12, 2)
    early, late = (
        predictions(predicted[:8], actual[:8]),
        predictions(actual[4:], actual[4:], first=4),
    )
    result = compare_tables(early, late, 10, seed=0)
    assert result["films"] == 4
    expected = f1_score(actual[4:8], predicted[4:8], average="macro", zero_division=0)
    assert result["difference"] == pytest.approx(expected - 1)


def test_comparison_table_has_all_pairs_except_random_guess(tmp_path):
    actual = labels(10, 1)
    runs = [("none", "random_guess"), ("none", "plurality"), ("mir", "imv_knn"), ("mir", "imv_svm")]
    paths = {}
    for seed, run in enumerate(runs):
        paths[run] = tmp_path / f"{run[1]}.parquet"
        frame = predictions(labels(10, seed + 5), actual)
        tables.write_table(frame, paths[run], tables.PREDICTIONS)
    for name in ("a.tsv", "b.tsv"):
        compare.compare_models(paths, 50, 7, tmp_path / name)
    result = tables.read_table(tmp_path / "a.tsv", tables.GENRE_COMPARISONS)
    pairs = list(zip(result.model, result.other_model, strict=True))
    assert pairs == 2 * list(itertools.combinations(["plurality", "imv_knn", "imv_svm"], 2))
    assert result.measure.tolist() == ["f1"] * 3 + ["average_precision"] * 3
    assert (result.p_holm >= result.p).all()
    assert (tmp_path / "a.tsv").read_bytes() == (tmp_path / "b.tsv").read_bytes()


def test_single_model_gives_empty_comparison_table(tmp_path):
    tables.write_table(
        predictions(labels(4, 1), labels(4, 2)), tmp_path / "p.parquet", tables.PREDICTIONS
    )
    compare.compare_models({("mir", "imv_knn"): tmp_path / "p.parquet"}, 9, 0, tmp_path / "c.tsv")
    assert tables.read_table(tmp_path / "c.tsv", tables.GENRE_COMPARISONS).empty
