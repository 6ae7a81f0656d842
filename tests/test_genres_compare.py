"""Paired tests between genre models."""

import itertools

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from scorelens import tables
from scorelens.evaluation.predictions import from_table
from scorelens.genres.evaluate import compare

GENRES = ("Action", "Drama")


def predictions(said: np.ndarray, true: np.ndarray, first: int = 0) -> pd.DataFrame:
    """A table of decisions: said, true (films, genres)."""
    films, genres = np.indices(said.shape)
    return pd.DataFrame(
        {
            "film_id": [f"film_{first + film:02d}" for film in films.ravel()],
            "genre": [GENRES[genre] for genre in genres.ravel()],
            "probability": np.where(said.ravel(), 0.9, 0.1),
            "predicted": said.ravel(),
            "actual": true.ravel(),
            "fold": films.ravel(),
            "repeat": 0,
        }
    )


def compared(first: pd.DataFrame, second: pd.DataFrame, repeats: int, seed: int) -> dict:
    tables = [from_table(table, ["film_id"], run="repeat") for table in (first, second)]
    return compare.compare_pair(*tables, repeats, seed)


def labels(films: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((films, len(GENRES))) < 0.5


def test_the_difference_is_that_of_scikit_learns_macro_f1():
    true, one, two = (labels(20, seed) for seed in (1, 2, 3))
    found = compared(predictions(one, true), predictions(two, true), 10, seed=0)
    scores = [f1_score(true, said, average="macro") for said in (one, two)]
    assert found["difference"] == pytest.approx(scores[0] - scores[1])
    assert found["films"] == 20


def test_p_is_the_share_of_all_assignments_of_the_films():
    true = np.array([[1, 0], [1, 1], [0, 1], [1, 0], [0, 1], [1, 1]], bool)
    one, two = true.copy(), true.copy()
    one[5] = two[:5, 0] = False
    found = compared(predictions(one, true), predictions(two, true), 20_000, seed=0)
    differences = []
    for swap in itertools.product([False, True], repeat=len(true)):
        mask = np.array(swap)[:, None]
        pair = np.where(mask, two, one), np.where(mask, one, two)
        a, b = (f1_score(true, said, average="macro", zero_division=0) for said in pair)
        differences.append(abs(a - b))
    exact = np.mean(np.array(differences) >= abs(found["difference"]) - 1e-12)
    assert 0.05 < exact < 0.95
    assert found["p"] == pytest.approx(exact, abs=0.012)  # 3 standard errors


def runs_of(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """The tables as the training runs of one model."""
    return pd.concat([table.assign(repeat=run) for run, table in enumerate(tables)])


def test_of_several_runs_the_mean_f1_counts_whatever_their_number():
    true = labels(20, 1)
    said = [[labels(20, seed) for seed in seeds] for seeds in ((2, 3), (4, 5, 6))]
    both = [runs_of([predictions(run, true) for run in runs]) for runs in said]
    found = compared(*both, 99, seed=0)
    means = [np.mean([f1_score(true, run, average="macro") for run in runs]) for runs in said]
    assert found["difference"] == pytest.approx(means[0] - means[1])


def test_a_run_that_is_repeated_is_no_further_evidence():
    true = labels(20, 1)
    one, two = (predictions(labels(20, seed), true) for seed in (2, 3))
    once = compared(one, two, 99, seed=0)
    assert compared(runs_of([one] * 3), two, 99, seed=0) == pytest.approx(once)


def test_a_model_that_is_right_differs_from_one_that_guesses():
    true = labels(60, 1)
    found = compared(predictions(true, true), predictions(labels(60, 2), true), 999, 0)
    assert found["p"] == 1 / 1000
    assert 0 < found["low"] < found["difference"] < found["high"]


def test_equal_models_do_not_differ():
    true, said = labels(30, 1), labels(30, 2)
    found = compared(predictions(said, true), predictions(said, true), 99, 0)
    assert (found["difference"], found["low"], found["high"], found["p"]) == (0, 0, 0, 1)


def test_guessers_differ_by_chance_as_often_as_the_level_says():
    p = []
    for seed in range(150):
        true, one, two = (labels(25, 3 * seed + k) for k in range(3))
        pair = predictions(one, true), predictions(two, true)
        p.append(compared(*pair, 199, seed)["p"])
    assert 0.08 < np.mean(np.array(p) <= 0.2) < 0.33  # 0.2, 4 standard errors


def test_only_the_films_of_both_count():
    true, said = labels(12, 1), labels(12, 2)
    early, late = predictions(said[:8], true[:8]), predictions(true[4:], true[4:], first=4)
    found = compared(early, late, 10, seed=0)
    assert found["films"] == 4
    expected = f1_score(true[4:8], said[4:8], average="macro", zero_division=0)
    assert found["difference"] == pytest.approx(expected - 1)


def test_every_pair_but_those_of_the_random_guess_is_in_the_table(tmp_path):
    true = labels(10, 1)
    runs = [("none", "random_guess"), ("none", "plurality"), ("mir", "imv_knn"), ("mir", "imv_svm")]
    paths = {}
    for seed, run in enumerate(runs):
        paths[run] = tmp_path / f"{run[1]}.parquet"
        frame = predictions(labels(10, seed + 5), true)
        tables.write_table(frame, paths[run], tables.PREDICTIONS)
    for name in ("a.tsv", "b.tsv"):
        compare.compare_models(paths, 50, 7, tmp_path / name)
    found = tables.read_table(tmp_path / "a.tsv", tables.GENRE_COMPARISONS)
    pairs = list(zip(found.model, found.other_model, strict=True))
    assert pairs == list(itertools.combinations(["plurality", "imv_knn", "imv_svm"], 2))
    assert (found.p_holm >= found.p).all()
    assert (tmp_path / "a.tsv").read_bytes() == (tmp_path / "b.tsv").read_bytes()


def test_one_model_alone_gives_an_empty_table(tmp_path):
    tables.write_table(
        predictions(labels(4, 1), labels(4, 2)), tmp_path / "p.parquet", tables.PREDICTIONS
    )
    compare.compare_models({("mir", "imv_knn"): tmp_path / "p.parquet"}, 9, 0, tmp_path / "c.tsv")
    assert tables.read_table(tmp_path / "c.tsv", tables.GENRE_COMPARISONS).empty
