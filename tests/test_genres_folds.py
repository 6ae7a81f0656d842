"""Grouped genre folds: assignment of films, leakage within a group, and saved files."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from separable_bags import GENRES, make_corpus, write_corpus
from test_genres import KINDS, MUSIC_MODELS, SETTINGS, same_arrays, train

from scorelens.config import complete
from scorelens.errors import ConfigError, TableError
from scorelens.genres import BASELINES, MODELS, NETWORKS
from scorelens.genres.model import baselines, folds, prediction_io
from scorelens.genres.new_media import apply
from scorelens.importance import rank
from scorelens.learning import model_io
from scorelens.learning.grouped_folds import make_folds
from scorelens.learning.mil_training import fit_networks
from scorelens.learning.packed_bags import Bags
from scorelens.tables import IMPORTANCE, read_table

SCHEMAS = Path(__file__).resolve().parent.parent / "workflow" / "schemas"
SHORT = {
    name: block | ({"epochs": 3} if name == "network" else {}) for name, block in SETTINGS.items()
}
# Groups of different sizes: three and two films.
GROUPS = [np.array([0, 5, 9]), np.array([1, 4, 7]), np.array([2, 8]), np.array([3, 6])]


def ids(films):
    return [f"film_{k:02d}" for k in range(films)]


def train_groups(model, bags, actual, groups=GROUPS):
    settings = SHORT[MODELS[model]]
    fitted = folds.train_folds(model, bags, actual, groups, settings, seed=5, threads=1)
    return [one.arrays for one in fitted]


def test_one_fold_per_film_holds_out_films_in_order():
    assert [list(held_out) for held_out in make_folds(ids(4), ids(4), 0, 1)] == [[0], [1], [2], [3]]
    without = [film for film in ids(4) if film != "film_01"]
    assert [list(held_out) for held_out in make_folds(ids(4), without, 0, 1)] == [[0], [1], [2]]


@pytest.mark.parametrize(("films", "number"), [(10, 3), (100, 10), (5, 9), (31, 2)])
def test_groups_have_balanced_sizes_and_contain_every_film_once(films, number):
    held_out_films = make_folds(ids(films), ids(films), number, 3)
    assert len(held_out_films) == min(films, number)
    assert sorted(np.concatenate(held_out_films)) == list(range(films))
    sizes = [len(held_out) for held_out in held_out_films]
    assert max(sizes) - min(sizes) <= 1


def test_group_of_a_film_does_not_depend_on_films_without_cues():
    films = ids(30)
    present = [film for film in films if film not in ("film_02", "film_17")]
    of_all = [{films[k] for k in held_out} for held_out in make_folds(films, films, 5, 3)]
    remaining = [{present[k] for k in held_out} for held_out in make_folds(films, present, 5, 3)]
    assert remaining == [group - {"film_02", "film_17"} for group in of_all]


def test_groups_shuffle_films_of_a_periodic_table():
    genre = np.arange(1000) % 10  # unshuffled groups would hold one genre each
    for held_out in make_folds([str(k) for k in range(1000)], [str(k) for k in range(1000)], 10, 1):
        assert len(set(genre[held_out])) == 10


def test_single_fold_is_an_error_with_a_hint():
    with pytest.raises(TableError) as error:
        make_folds(ids(3), ids(3), 1, 0)
    text = str(error.value)
    assert "config: genres.folds: 1: all 3 films with cues are in one\n" in text
    assert "choose more folds, or 0" in text
    with pytest.raises(ConfigError, match=r"genres\.folds.*1 should not be valid"):
        complete({"genres": {"folds": 1}}, SCHEMAS)


@pytest.mark.parametrize("model", MUSIC_MODELS)
def test_fold_does_not_depend_on_held_out_group(model):
    bags, actual = make_corpus(films=10)
    other = Bags(bags.instances.copy(), bags.starts)
    other.instances[np.isin(bags.bag_of_instance, GROUPS[1])] = 1e3
    flipped = actual.copy()
    flipped[GROUPS[1]] = ~flipped[GROUPS[1]]
    before, after = train_groups(model, bags, actual), train_groups(model, other, flipped)
    assert same_arrays(before[1], after[1])
    assert not any(same_arrays(before[fold], after[fold]) for fold in (0, 2, 3))
    for film in GROUPS[1]:
        predictions = [
            folds.predict_bags(model, fitted[1], bags.one(film)) for fitted in (before, after)
        ]
        np.testing.assert_array_equal(predictions[0], predictions[1])


@pytest.mark.parametrize("model", baselines.BASELINES)
def test_baseline_does_not_depend_on_labels_of_held_out_group(model):
    _, actual = make_corpus(films=10)
    flipped, others = actual.copy(), ~actual
    flipped[GROUPS[1]], others[GROUPS[1]] = ~actual[GROUPS[1]], actual[GROUPS[1]]
    unchanged, same_group, other_films = (
        np.stack(
            [
                prediction["probability"]
                for prediction in baselines.BASELINES[model](labels, 5, GROUPS)
            ]
        )
        for labels in (actual, flipped, others)
    )
    np.testing.assert_array_equal(unchanged[3:6], same_group[3:6])
    assert (unchanged[3:6] != other_films[3:6]).any()
    assert (unchanged[:3] != same_group[:3]).any()


@pytest.mark.parametrize("model", MUSIC_MODELS)
def test_groups_of_one_film_equal_single_film_folds(model):
    bags, actual = make_corpus(films=6)
    single = train_groups(model, bags, actual, [0, 3])
    grouped = train_groups(model, bags, actual, [np.array([0]), np.array([3])])
    assert all(map(same_arrays, single, grouped))


def test_network_does_not_depend_on_groups_trained_together():
    bags, actual = make_corpus(films=10)
    together = fit_networks("single_attention", bags, actual, GROUPS, SHORT["network"], 7)
    for held_out, one in zip(GROUPS, together, strict=True):
        (alone,) = fit_networks("single_attention", bags, actual, [held_out], SHORT["network"], 7)
        np.testing.assert_allclose(one.curve, alone.curve, atol=1e-5)
        for name, value in alone.arrays.items():
            np.testing.assert_allclose(one.arrays[name], value, atol=1e-4)


def test_held_out_loss_is_the_mean_over_films_of_the_group():
    bags, actual = make_corpus(films=10)
    group, settings = np.array([1, 4]), SHORT["network"] | {"epochs": 1, "learning_rate": 1e-12}
    (fitted,) = fit_networks("average_pooling", bags, actual, [group], settings, 7)
    fold = {"frequency": np.full(3, 0.5, np.float32), **fitted.arrays}
    frequency = np.delete(actual, group, axis=0).mean(axis=0)
    probability = np.stack(
        [folds.predict_bags("average_pooling", fold, bags.one(k))[0][0] for k in group]
    )
    losses = -np.where(
        actual[group],
        np.log(probability) / (2 * frequency),
        np.log(1 - probability) / (2 * (1 - frequency)),
    )
    np.testing.assert_allclose(fitted.curve[0, 1], losses.mean(), rtol=1e-4)


@pytest.mark.parametrize("model", ["plurality", "imv_logistic_regression", "single_attention"])
def test_separable_genres_are_predicted_with_grouped_folds(tmp_path, model):
    write_corpus(tmp_path, *make_corpus())
    table = train(tmp_path, model, folds=4)
    assert table.groupby("film_id").fold.nunique().eq(1).all()
    assert sorted(table.groupby("fold").film_id.nunique()) == [5, 5, 5, 5]
    if model not in BASELINES:
        assert (table.predicted == table.actual).mean() > 0.75


@pytest.mark.parametrize("model", ["multi_attention", "simple_mi_knn"])
def test_joined_chunks_of_groups_equal_a_single_chunk(tmp_path, model):
    bags, actual = make_corpus(films=8)
    write_corpus(tmp_path, bags, actual, without_cues=["film_03"])
    settings = SHORT[MODELS[model]] | ({"repeats": 2} if model in NETWORKS else {})
    for number in range(4):  # more chunks than groups
        train(tmp_path, model, settings, (number, 4), folds=3)
    joined = {kind: tmp_path / f"joined.{kind}.{end}" for kind, end in KINDS.items()}
    written = {
        kind: [tmp_path / f"{model}.{kind}.{number}.{end}" for number in range(4)]
        for kind, end in KINDS.items()
    }
    prediction_io.gather_chunks(written, joined)
    predictions = train(tmp_path, model, settings, folds=3)
    for kind, contract in prediction_io.PARTS.items():
        whole = read_table(tmp_path / f"{model}.{kind}.0.parquet", contract)
        pd.testing.assert_frame_equal(read_table(joined[kind], contract), whole, atol=1e-5)
    about = model_io.load_about(joined["models"])
    assert len(about.films) == 7
    assert len(about.fold_names()) == 3
    first = predictions[predictions["repeat"] == 0]
    for film, film_rows in first.groupby("film_id"):
        fold = model_io.load_fold(joined["models"], film)
        probability, _ = folds.predict_bags(model, fold, bags.one(int(film[-2:])))
        np.testing.assert_allclose(film_rows["probability"], probability[0], atol=1e-5)
    with pytest.raises(KeyError, match="film_03"):
        model_io.load_fold(joined["models"], "film_03")


def test_importance_and_new_media_use_the_fold_of_the_group(tmp_path):
    bags, actual = make_corpus(films=9)
    write_corpus(tmp_path, bags, actual)
    bag_file = tmp_path / "bags.parquet"
    renamed = pd.read_parquet(bag_file).rename(columns={"a.b0.mean": "c.b0.mean"})
    renamed.to_parquet(bag_file)
    predictions = train(tmp_path, "simple_mi_logistic_regression", folds=3)
    models = tmp_path / "simple_mi_logistic_regression.models.0.zip"
    rank.rank(bag_file, tmp_path / "films.tsv", models, True, 5, 20, 0, tmp_path / "scores.tsv")
    scores = read_table(tmp_path / "scores.tsv", IMPORTANCE)
    hits = (
        predictions[predictions.predicted & predictions.actual]
        .groupby("genre")
        .size()
        .reindex(GENRES, fill_value=0)
    )
    f1 = 2 * hits / predictions.groupby("genre")[["predicted", "actual"]].sum().sum(axis=1)
    f1_scores = scores.drop_duplicates("genre").set_index("genre").f1
    np.testing.assert_allclose(f1_scores[GENRES], f1[GENRES], atol=1e-6)
    about = model_io.load_about(models)
    assert len(about.films) == 9
    assert apply.predict_folds(models, about, [bags.one(0)]).shape == (3, 1, len(GENRES))
