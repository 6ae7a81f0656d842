"""Permutation importance: informative groups, shuffling, and scores against scikit-learn."""

import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import f1_score

from scorelens.errors import ConfigError, TableError
from scorelens.evaluation.classification import with_macro
from scorelens.evaluation.predictions import from_table
from scorelens.genres import MODELS
from scorelens.genres.evaluate import score
from scorelens.genres.model import fold_jobs, folds, prediction_io
from scorelens.importance import choose_run, plot, rank
from scorelens.learning.packed_bags import Bags
from scorelens.tables import (
    BAGS,
    FILMS,
    IMPORTANCE,
    PREDICTIONS,
    read_table,
    write_table,
)
from tests.group_tables import write_film_groups

torch.set_num_threads(1)

GENRES = ["Action", "Drama", "Horror"]
SETTINGS = {
    "forest": {"n_estimators": 10, "max_leaf_nodes": 16},
    "svm": {"c": 1.0},
    "knn": {"n_neighbors": 3},
    "network": {
        "hidden": 8,
        "dropout": 0.25,
        "learning_rate": 0.01,
        "batch_size": 8,
        "epochs": 40,
    },
}
WIDTHS = {"voice": 3, "noise": 4, "silence": 2}
MUSIC_MODELS = [
    *("average_pooling", "single_attention", "simple_mi_random_forest"),
    *("imv_random_forest", "simple_mi_svm", "imv_knn"),
]


def make_corpus(films=24, seed=0):
    """Bags in which only `voice` depends on the labels; `noise` is random, `silence` is 0.25.

    The labels shift `voice` by five standard deviations, so that models make few errors.
    """
    random = np.random.default_rng(seed)
    actual = random.random((films, len(GENRES))) < 0.5
    sizes = random.integers(2, 6, films)
    values = random.standard_normal((sizes.sum(), sum(WIDTHS.values()))).astype(np.float32)
    values[:, :3] += 5 * np.repeat(actual, sizes, axis=0)
    values[:, 7:] = 0.25
    values[random.random(len(values)) < 0.05, 4] = np.nan
    return Bags(values, np.concatenate([[0], np.cumsum(sizes)])), actual


COLUMNS = [f"{group}.{group}_{k}.mean" for group, width in WIDTHS.items() for k in range(width)]
GROUPS = list(rank.feature_groups(COLUMNS, "bags").values())


def trained(model, bags, actual, settings=None):
    settings = settings or SETTINGS[MODELS[model]]
    fitted = folds.train_folds(model, bags, actual, range(len(actual)), settings, 5, 1)
    return [one.arrays for one in fitted]


def ranked(model, bags, actual, repeats=20, together=False):
    orders = rank.draw_orders(GROUPS, len(bags.instances), repeats, together, 1)
    intact, shuffled = rank.predict_shuffled(
        model, iter(trained(model, bags, actual)), bags, GROUPS, orders
    )
    return {
        group: rank.score_group(intact, predicted, actual, 200, 0)
        for group, predicted in zip(WIDTHS, shuffled, strict=True)
    }


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("model", ["average_pooling", "single_attention", "simple_mi_svm"])
def test_only_the_informative_group_has_importance(model, together):
    tables = ranked(model, *make_corpus(), together=together)
    voice, noise = (tables[group].iloc[-1] for group in ("voice", "noise"))
    assert voice["f1"] > 0.9
    assert voice["score"] > 0.25 and voice["low"] > 0.1 and voice["repeat_low"] > 0.1
    assert abs(noise["score"]) < 0.05 < voice["score"] / 5


@pytest.mark.parametrize("model", ["average_pooling", "imv_knn"])
def test_constant_group_has_zero_importance(model):
    silence = ranked(model, *make_corpus(), repeats=5)["silence"]
    assert (silence.drop(columns="f1") == 0).all(axis=None)


@pytest.mark.parametrize("model", MUSIC_MODELS)
@pytest.mark.parametrize(("at_once", "together"), [(1, False), (7, True), (4096, False)])
def test_batched_predictions_equal_single_predictions(monkeypatch, model, at_once, together):
    """Chunks of any size give the predictions of single films, groups and repeats."""
    monkeypatch.setattr(rank, "CHUNK_INSTANCES", at_once)
    bags, actual = make_corpus(films=6, seed=4)
    settings = SETTINGS[MODELS[model]] | {"epochs": 3}
    fitted = trained(model, bags, actual, settings)
    orders = rank.draw_orders(GROUPS, len(bags.instances), 4, together, 2)
    intact, shuffled = rank.predict_shuffled(model, iter(fitted), bags, GROUPS, orders)
    for film, fold in enumerate(fitted):
        np.testing.assert_array_equal(
            intact[film], folds.predict_bags(model, fold, bags.one(film))[1][0]
        )
        for group, columns in enumerate(GROUPS):
            for repeat in range(4):
                instances = bags.instances.copy()
                for index, column in enumerate(columns):
                    order = orders[group][0 if together else index, repeat]
                    instances[:, column] = instances[order, column]
                expected = folds.predict_bags(model, fold, Bags(instances, bags.starts).one(film))[
                    1
                ][0]
                np.testing.assert_array_equal(shuffled[group, repeat, film], expected)


def test_shuffling_permutes_only_the_columns_of_one_group(monkeypatch):
    bags, _ = make_corpus(films=9)
    bags = Bags(np.arange(bags.instances.size, dtype=np.float32).reshape(-1, 9), bags.starts)
    calls = {}

    def record(model, fold, copies):
        calls.setdefault(fold, []).append(copies)
        return None, np.zeros((len(copies.sizes), 3), bool)

    monkeypatch.setattr(rank, "predict_bags", record)
    orders = rank.draw_orders(GROUPS, len(bags.instances), 3, True, 0)
    rank.predict_shuffled("any", iter(range(9)), bags, GROUPS, orders)
    for number, columns in enumerate(GROUPS):
        others = np.setdiff1d(np.arange(9), columns)
        # The first call for a film has the intact film; each later call the repeats of one group.
        copies = [calls[film][1 + number].instances.reshape(3, -1, 9) for film in range(9)]
        for repeat in np.concatenate(copies, axis=1):
            sorted_rows = repeat[np.argsort(repeat[:, columns[0]])]
            np.testing.assert_array_equal(sorted_rows[:, columns], bags.instances[:, columns])
            np.testing.assert_array_equal(repeat[:, others], bags.instances[:, others])
            assert (repeat[:, columns] != bags.instances[:, columns]).mean() > 0.8


@pytest.mark.parametrize("together", [False, True])
def test_orders_are_distinct_permutations(together):
    orders = rank.draw_orders(GROUPS, 50, 20, together, 3)
    assert [len(order) for order in orders] == ([1, 1, 1] if together else [3, 4, 2])
    rows = np.concatenate(orders[:1] if together else orders).reshape(-1, 50)
    np.testing.assert_array_equal(np.sort(rows, axis=1), np.tile(np.arange(50), (len(rows), 1)))
    assert len(np.unique(rows, axis=0)) == len(rows)
    assert (orders[0] != rank.draw_orders(GROUPS, 50, 20, together, 4)[0]).any()


def random_decisions(films=40, repeats=12):
    random = np.random.default_rng(0)
    actual = random.random((films, 3)) < 0.4
    intact = actual ^ (random.random((films, 3)) < 0.1)
    shuffled = actual ^ (random.random((repeats, films, 3)) < 0.4)
    intact[:, 2] = False  # a genre never predicted: F1 0
    return intact, shuffled, actual


def test_scores_match_scikit_learn():
    intact, shuffled, actual = random_decisions()
    table = rank.score_group(intact, shuffled, actual, 10, 0)
    f1 = f1_score(actual, intact, average=None, zero_division=0)
    shuffled_f1 = [
        f1_score(actual, predicted, average=None, zero_division=0) for predicted in shuffled
    ]
    np.testing.assert_allclose(table["f1"], [*f1, f1.mean()])
    decrease = with_macro(f1 - np.array(shuffled_f1))
    np.testing.assert_allclose(table["score"], decrease.mean(axis=0))
    np.testing.assert_allclose(table["repeat_low"], np.quantile(decrease, 0.025, axis=0))
    np.testing.assert_allclose(table["repeat_high"], np.quantile(decrease, 0.975, axis=0))


def test_interval_matches_bootstrap_with_scikit_learn():
    intact, shuffled, actual = random_decisions()
    table = rank.score_group(intact, shuffled, actual, 4000, 0)
    random = np.random.default_rng(9)

    def macro(predicted, films):
        return f1_score(actual[films], predicted[films], average="macro", zero_division=0)

    decrease = []
    for films in random.integers(0, 40, (150, 40)):
        decrease.append(
            macro(intact, films) - np.mean([macro(predicted, films) for predicted in shuffled])
        )
    low, high = np.percentile(decrease, [2.5, 97.5])
    assert table["low"].iloc[-1] == pytest.approx(low, abs=0.025)
    assert table["high"].iloc[-1] == pytest.approx(high, abs=0.025)


def test_copies_of_films_in_their_groups_change_no_interval():
    intact, shuffled, actual = random_decisions()
    table = rank.score_group(intact, shuffled, actual, 100, 0)
    copies = np.tile(intact, (2, 1)), np.tile(shuffled, (1, 2, 1)), np.tile(actual, (2, 1))
    grouped = rank.score_group(*copies, 100, 0, np.tile(np.arange(40), 2))
    np.testing.assert_allclose(grouped, table, atol=1e-12)
    alone = rank.score_group(*copies, 100, 0)
    width, narrow = (one["high"].iloc[-1] - one["low"].iloc[-1] for one in (table, alone))
    assert narrow < 0.85 * width


def write_run(folder, model="average_pooling"):
    """Write the files of a trained run; the last film of the table has no cues."""
    bags, actual = make_corpus()
    ids = [f"film_{k:02d}" for k in range(len(actual) + 1)]
    films = pd.DataFrame({"film_id": ids, "title": ids, "year": 2015})
    labels = [tuple(np.array(GENRES)[row]) for row in actual]
    films["genres"] = [*labels, ("Drama",)]
    films = films.assign(duration_s=60.0, has_picture=True, tracks=1)
    write_table(films, folder / "films.tsv", FILMS)
    table = pd.DataFrame(bags.instances, columns=COLUMNS)
    table["film_id"] = np.array(ids)[bags.bag_of_instance]
    table["cue_id"] = [f"cue_{k}" for k in range(len(table))]
    write_table(table.assign(n_frames=5), folder / "bags.parquet", BAGS)
    outputs = {"models": folder / "models.zip"}
    fold_jobs.train_chunk(
        model=model,
        feature_set="mir",
        films=folder / "films.tsv",
        bags=folder / "bags.parquet",
        genres=GENRES,
        settings=SETTINGS[MODELS[model]],
        chunk=(0, 1),
        seed=5,
        threads=1,
        outputs=outputs | {name: folder / f"{name}.parquet" for name in prediction_io.PARTS},
    )


def rank_run(folder, seed=1, groups=None):
    paths = {"bags": folder / "bags.parquet", "films": folder / "films.tsv"}
    paths |= {"models": folder / "models.zip", "output": folder / "scores.tsv"}
    rank.rank(**paths, together=False, repeats=10, samples=100, seed=seed, groups=groups)
    return read_table(folder / "scores.tsv", IMPORTANCE)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    write_run(folder)
    return folder


def test_importance_table_has_every_genre_and_group_and_f1(run):
    table = rank_run(run)
    assert table["genre"].tolist() == [name for name in (*GENRES, "overall") for _ in WIDTHS]
    assert table["group"].tolist() == list(WIDTHS) * 4
    assert set(table["model"]) == {"average_pooling"} and set(table["feature_set"]) == {"mir"}
    predictions = read_table(run / "predictions.parquet", PREDICTIONS)
    expected = score.score_predictions(
        from_table(predictions, ["film_id"], run="repeat"), 10, 0
    ).set_index("genre")["f1"]
    expected = expected.rename({"macro": "overall"})
    np.testing.assert_allclose(table["f1"], expected[table["genre"]])


def test_output_is_deterministic_and_depends_on_the_seed(run):
    tables = []
    for seed in (1, 1, 2):
        rank_run(run, seed)
        tables.append((run / "scores.tsv").read_bytes())
    assert tables[0] == tables[1] != tables[2]


def test_groups_of_films_are_drawn_whole_and_films_alone_as_before(run, tmp_path):
    films = read_table(run / "films.tsv", FILMS)["film_id"].tolist()
    tables = [rank_run(run)]
    for size in (1, 6):
        groups = write_film_groups(tmp_path / "groups.tsv", films, size)
        tables.append(rank_run(run, groups=groups))
    without, alone, grouped = tables
    pd.testing.assert_frame_equal(alone, without)
    bounds = ["low", "high"]
    pd.testing.assert_frame_equal(grouped.drop(columns=bounds), without.drop(columns=bounds))
    voice = without["group"] == "voice"
    assert (grouped.loc[voice, bounds] != without.loc[voice, bounds]).all(axis=None)


def test_importance_figure_labels_panels_and_draws_dots_at_scores(run):
    table = rank_run(run)
    plot.plot(run / "scores.tsv", run / "scores.svg")
    texts = ET.parse(run / "scores.svg").iter("{http://www.w3.org/2000/svg}text")
    drawn = {"".join(node.itertext()) for node in texts}
    assert {"Voice", "Noise", "Silence", "Average pooling (mir), films held out"} <= drawn
    f1 = table.drop_duplicates("genre").set_index("genre")["f1"]
    panels = ["Overall", *GENRES]
    assert {f"{name} (F1 {f1[name.replace('O', 'o')]:.2f})" for name in panels} <= drawn
    figure = plot.importance_figure(table)
    for axis, genre in zip(figure.axes, ["overall", *GENRES], strict=True):
        dots = [line for line in axis.lines if line.get_marker() == "o"]
        assert set(dots[0].get_xdata()) == set(table.loc[table["genre"] == genre, "score"])
    best = [label.get_text() for label in figure.axes[0].get_yticklabels()][-1]
    assert best == "Voice"
    plot.plt.close(figure)


def test_single_feature_group_is_an_error():
    with pytest.raises(TableError) as error:
        rank.feature_groups(["mfcc.mfcc_1.mean", "mfcc.mfcc_1.std"], "results/bags/own.parquet")
    assert str(error.value) == (
        "results/bags/own.parquet: groups of features: mfcc\n"
        "  expected: at least 2\n"
        "  hint: a group is the first part of a column's name, such as `mfcc` in mfcc.mfcc_1.mean"
    )


RUNS = [
    ("none", "plurality"),
    ("vggish", "imv_svm"),
    ("vggish", "average_pooling"),
    ("mir_tracks", "imv_svm"),
    ("mir_tracks", "average_pooling"),
]


def test_default_run_is_the_papers_model_on_first_set_with_groups():
    assert choose_run(RUNS, "", "") == ("mir_tracks", "average_pooling")
    assert choose_run(RUNS[:4], "", "imv_svm") == ("mir_tracks", "imv_svm")
    assert choose_run([RUNS[0], RUNS[3]], "", "") == ("mir_tracks", "imv_svm")


def test_choose_run_without_groups_or_models_returns_none():
    assert choose_run(RUNS[:3], "", "") is None
    assert choose_run(RUNS[:1], "", "") is None


def test_configured_set_and_model_outside_the_run_are_an_error():
    with pytest.raises(ConfigError) as error:
        choose_run(RUNS, "vggish", "plurality")
    assert str(error.value) == (
        "2 problems were found\n"
        "config: importance.feature_set: is 'vggish'\n"
        "  expected: one of mir_tracks; or empty\n"
        "  hint: it must be among features.sets, and embeddings have no groups\n"
        "config: importance.model: is 'plurality'\n"
        "  expected: one of imv_svm, average_pooling; or empty\n"
        "  hint: it must be among genres.models, and no baseline"
    )


def test_configured_set_is_an_error_if_no_set_has_groups():
    with pytest.raises(ConfigError) as error:
        choose_run(RUNS[:1], "mir", "")
    assert str(error.value) == (
        "config: importance.feature_set: is 'mir'\n"
        "  expected: no other, for the run has none; or empty\n"
        "  hint: it must be among features.sets, and embeddings have no groups"
    )
