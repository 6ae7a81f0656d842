"""Paired comparisons of the tagger's models, and p-values of the best of several."""

import numpy as np
import pandas as pd
import pytest

from scorelens.evaluation.label_ranking import RANKINGS
from scorelens.evaluation.permutation import draw_orders
from scorelens.evaluation.predictions import Predictions, rank_genres
from scorelens.tables import (
    TAGGER_COMPARISONS,
    TAGGER_SCORES,
    TAGGER_TILES,
    TAGGER_TRACKS,
    read_table,
    write_table,
)
from scorelens.tagger import compare, film_rankings, score
from scorelens.tagger.predictions import read_tracks
from tests.tagger_tables import make_labels, make_tables

COVERAGE, PRECISION = RANKINGS


def compared(folder, models, samples=300):
    """The table of comparisons of models, from their tables of tracks."""
    paths = {name: folder / f"{name}.parquet" for name in models}
    for name, table in models.items():
        write_table(table, paths[name], TAGGER_TRACKS)
    compare.compare_models(paths, samples, 0, folder / "comparisons.tsv")
    table = read_table(folder / "comparisons.tsv", TAGGER_COMPARISONS)
    return table.set_index(["measure", "model", "other_model"]), paths


def test_comparison_finds_the_better_model_and_no_difference_of_equal_ones(tmp_path):
    actual = make_labels(30, genres=6)
    tracks = {
        "dnn": make_tables(actual, 4, 2, 0.0, seed=1)[1],
        "cnn": make_tables(actual, 4, 2, 2.0, seed=2)[1],
    }
    table, paths = compared(tmp_path, tracks | {"mel_cnn": tracks["dnn"]})
    assert len(table) == 2 * 3
    assert (table["films"] == 30).all()
    equal = table.loc[(slice(None), "dnn", "mel_cnn"), :]
    assert equal[["difference", "low", "high"]].to_numpy().tolist() == [[0, 0, 0]] * 2
    assert (equal["p"] == 1).all()
    for measure, sign in ((COVERAGE, 1), (PRECISION, -1)):
        row = table.loc[(measure, "dnn", "cnn")]
        assert sign * row["low"] > 0
        assert row["p"] < 0.001
        assert row["p_holm"] == pytest.approx(3 * row["p"])
        values = [
            film_rankings.film_metrics(read_tracks(paths[name]))[RANKINGS.index(measure)].mean()
            for name in ("dnn", "cnn")
        ]
        assert row["difference"] == pytest.approx(values[0] - values[1])


def test_film_metrics_weigh_each_film_the_same():
    """A film of one track at rank 1 and one of three tracks at rank 2, of two genres."""
    probability = np.array([[[0.9, 0.1], [0.9, 0.1], [0.9, 0.1], [0.9, 0.1]]])
    labels = np.array([[True, False], [False, True]])
    predictions = Predictions(
        None, ["a", "b"], probability, None, rank_genres(probability[0]),
        np.array([0, 1, 1, 1]), labels,
    )  # fmt: skip
    np.testing.assert_allclose(film_rankings.film_metrics(predictions), [[1, 2], [1, 0.5]])
    exchanged = film_rankings.exchanged_metrics(predictions)
    np.testing.assert_allclose(exchanged[0], [[1, 2], [1, 2]])


def noise_models(labels, models, random):
    """Models without skill, of two tracks a film."""
    group = np.repeat(np.arange(len(labels)), 2)
    made = {}
    for model in models:
        drift = random.normal(size=labels.shape)[group]  # tracks of a film are alike
        scores = (drift + random.normal(size=drift.shape))[None]
        units, ranks = pd.DataFrame(index=range(len(group))), rank_genres(scores[0])
        made[model] = Predictions(units, list("abcdef"), scores, None, ranks, group, labels)
    return made


@pytest.mark.slow
def test_best_of_three_models_without_skill_is_significant_in_about_5_percent():
    """Of 500 draws; without adjustment it would be in up to 14 percent."""
    random, adjusted = np.random.default_rng(0), []
    for _ in range(500):
        labels = make_labels(29, 6, seed=random.integers(2**31))
        models = noise_models(labels, ["dnn", "cnn", "mel_cnn"], random)
        best = film_rankings.best_of_models(models, draw_orders(29, 99, random))
        adjusted.append(best.groupby("measure")["p_best"].min())
    rates = np.mean([values <= 0.05 for values in adjusted], axis=0)
    assert (rates >= 0.03).all(), rates
    assert (rates <= 0.075).all(), rates


def test_best_of_models_leaves_baselines_out_and_is_not_below_the_plain_p():
    random = np.random.default_rng(1)
    labels = make_labels(20, 6)
    models = noise_models(labels, ["frequency_ranking", "dnn", "year_alone", "cnn"], random)
    orders = draw_orders(20, 199, random)
    table = film_rankings.best_of_models(models, orders)
    assert table["model"].tolist() == ["dnn", "cnn"] * 2
    assert table["measure"].tolist() == [COVERAGE] * 2 + [PRECISION] * 2
    for model in ("dnn", "cnn"):
        alone = film_rankings.best_of_models({model: models[model]}, orders)
        both = table[table["model"] == model]
        assert (both["p_best"].to_numpy() >= alone["p_best"].to_numpy()).all()
    assert len(film_rankings.best_of_models({"year_alone": models["year_alone"]}, orders)) == 0


def test_p_best_of_a_single_model_is_its_permutation_p():
    random = np.random.default_rng(2)
    models = noise_models(make_labels(15, 6), ["cnn", "year_alone"], random)
    table = score.score_models(models, [1], np.ones((1, 15)), draw_orders(15, 199, random))
    rows = table[table["p_best"].notna()]
    assert rows["model"].tolist() == ["cnn", "cnn"]
    assert rows["measure"].tolist() == [COVERAGE, PRECISION]
    np.testing.assert_allclose(rows["p_best"], rows["p"])


def test_films_of_one_group_swap_and_exchange_together(tmp_path):
    """Copies of each film add nothing: the p of five films, not of twenty."""
    actual = np.repeat(make_labels(5, genres=6), 4, axis=0)
    tracks = {"dnn": 0.0, "cnn": 3.0}
    paths, scores = {}, {}
    for name, skill in tracks.items():
        tiles, table = make_tables(actual, 2, 2, skill, seed=3)
        paths[name], scores[name] = tmp_path / f"{name}.parquet", tmp_path / f"{name}_tiles.parquet"
        write_table(table, paths[name], TAGGER_TRACKS)
        write_table(tiles, scores[name], TAGGER_TILES)
    films = [f"film_{number:03d}" for number in range(20)]
    groups = {film: films[number // 4 * 4] for number, film in enumerate(films)}
    p = {}
    for name, grouping in (("films", None), ("groups", groups)):
        output = tmp_path / f"{name}.tsv"
        compare.compare_models(paths, 50, 0, output, grouping)
        p[name] = read_table(output, TAGGER_COMPARISONS)["p"].to_numpy()
    assert (p["films"] < 0.01).all()
    assert (p["groups"] >= 2 / 2**5 * 0.8).all()  # two of the 32 tosses are as extreme
    outputs = [tmp_path / f"{name}.tsv" for name in ("scores", "confusions", "outcomes")]
    score.score(scores, paths, [1], 20, 99, 0, *outputs, groups)
    table = read_table(outputs[0], TAGGER_SCORES)
    assert (table["exchangeable"] == 20).all()
    alone = groups | {film: film for film in films[:4]}
    score.score(scores, paths, [1], 20, 99, 0, *outputs, groups | {films[0]: "other"})
    assert (read_table(outputs[0], TAGGER_SCORES)["exchangeable"] == 16).all()
    score.score(scores, paths, [1], 20, 99, 0, *outputs, alone)
    assert (read_table(outputs[0], TAGGER_SCORES)["exchangeable"] == 20).all()
