"""Genre models in cross-validation: predictions, leakage between folds, and saved files."""

import logging

import numpy as np
import pandas as pd
import pytest
import torch

from scorelens.errors import TableError
from scorelens.evaluation.predictions import from_table
from scorelens.genres import BASELINES, MODELS, NETWORKS
from scorelens.genres.evaluate import score
from scorelens.genres.model import baselines, fold_jobs, folds, prediction_io
from scorelens.learning import model_io
from scorelens.learning.packed_bags import Bags
from scorelens.tables import (
    BAGS,
    GENRE_CUES,
    GENRE_CURVES,
    PREDICTIONS,
    read_table,
    write_table,
)
from tests.separable_bags import GENRES, make_corpus, write_corpus

torch.set_num_threads(1)

NETWORK = {"hidden": 8, "dropout": 0.25, "learning_rate": 0.01, "batch_size": 8, "epochs": 30}
KINDS = {"models": "zip", "predictions": "parquet", "cues": "parquet", "curves": "parquet"}
SETTINGS = {
    None: {},
    "forest": {"n_estimators": 10, "max_leaf_nodes": 16},
    "svm": {"c": 1.0},
    "knn": {"n_neighbors": 3},
    "logistic": {"c": 0.01},
    "network": {**NETWORK, "repeats": 1},
}
MUSIC_MODELS = [model for model in MODELS if model not in BASELINES]


def train(folder, model, settings=None, chunk=(0, 1), folds=0):
    """Train one chunk of a model, or predict a baseline; return the predictions."""
    paths = {kind: folder / f"{model}.{kind}.{chunk[0]}.{end}" for kind, end in KINDS.items()}
    if model in BASELINES:
        baselines.predict_baseline(
            model, folder / "films.tsv", GENRES, 5, paths["predictions"], folds
        )
    else:
        fold_jobs.train_chunk(
            model=model,
            feature_set="mir",
            films=folder / "films.tsv",
            bags=folder / "bags.parquet",
            genres=GENRES,
            settings=settings or SETTINGS[MODELS[model]],
            chunk=chunk,
            seed=5,
            threads=1,
            outputs=paths,
            folds=folds,
        )
    return read_table(paths["predictions"], PREDICTIONS)


def macro_f1(folder, model):
    """Macro F1 and its interval."""
    predictions = from_table(train(folder, model), ["film_id"], run="repeat")
    row = score.score_predictions(predictions, 500, 0).set_index("genre").loc["macro"]
    return row["f1"], row["f1_low"], row["f1_high"]


@pytest.mark.parametrize("model", MUSIC_MODELS)
def test_separable_genres_score_above_random_guess(tmp_path, model):
    write_corpus(tmp_path, *make_corpus())
    _, low, _ = macro_f1(tmp_path, model)
    _, _, high = macro_f1(tmp_path, "random_guess")
    assert low > high


@pytest.mark.parametrize("model", MUSIC_MODELS)
def test_noise_features_do_not_score_above_random_guess(tmp_path, model):
    write_corpus(tmp_path, *make_corpus(shift=0.0, seed=3))
    _, low, _ = macro_f1(tmp_path, model)
    _, _, high = macro_f1(tmp_path, "random_guess")
    assert low < high


def same_arrays(one, other):
    """Whether the arrays of two folds are bitwise equal."""
    return all(np.array_equal(one[name], other[name]) for name in one)


def train_all(model, bags, actual):
    short = SETTINGS[MODELS[model]] | ({"epochs": 3} if model in NETWORKS else {})
    fitted = folds.train_folds(model, bags, actual, range(len(actual)), short, seed=5, threads=1)
    return [one.arrays for one in fitted]


@pytest.mark.parametrize("model", baselines.BASELINES)
def test_baseline_does_not_depend_on_labels_of_held_out_film(model):
    _, actual = make_corpus(films=10)
    held_out_flipped, others_flipped = actual.copy(), ~actual
    held_out_flipped[4], others_flipped[4] = ~actual[4], actual[4]
    first, same_fold, other_fold = (
        list(baselines.BASELINES[model](labels, 5))[4]["probability"]
        for labels in (actual, held_out_flipped, others_flipped)
    )
    np.testing.assert_array_equal(first, same_fold)
    assert (first != other_fold).any()


@pytest.mark.parametrize("model", MUSIC_MODELS)
def test_fold_does_not_depend_on_held_out_film(model):
    bags, actual = make_corpus(films=10)
    held_out = 4
    other = Bags(bags.instances.copy(), bags.starts)
    other.instances[bags.bag_of_instance == held_out] = 1e3
    flipped = actual.copy()
    flipped[held_out] = ~flipped[held_out]
    before = train_all(model, bags, actual)
    after = train_all(model, other, flipped)
    assert same_arrays(before[held_out], after[held_out])
    assert not same_arrays(before[0], after[0])
    probe = bags.one(held_out)
    predictions = [folds.predict_bags(model, fitted[held_out], probe) for fitted in (before, after)]
    np.testing.assert_array_equal(predictions[0], predictions[1])


@pytest.mark.parametrize("model", MUSIC_MODELS)
def test_feature_marking_held_out_film_does_not_change_prediction(model):
    bags, actual = make_corpus(films=10)
    marker = np.where(bags.bag_of_instance == 4, 1e4, 0).astype(np.float32)
    marked = Bags(np.column_stack([bags.instances, marker]), bags.starts)
    unmarked = Bags(np.column_stack([bags.instances, 0 * marker]), bags.starts)
    fold = train_all(model, marked, actual)[4]
    predictions = [
        folds.predict_bags(model, fold, variant.one(4)) for variant in (marked, unmarked)
    ]
    np.testing.assert_array_equal(predictions[0], predictions[1])


@pytest.mark.parametrize("model", MUSIC_MODELS)
def test_genre_constant_in_training_is_predicted_constant(model):
    bags, actual = make_corpus(films=8)
    actual[:] = [True, False, False]
    actual[2] = [False, True, False]
    for fold, fitted in enumerate(train_all(model, bags, actual)):
        probability, predicted = folds.predict_bags(model, fitted, bags.one(fold))
        assert np.isfinite(probability).all()
        assert not predicted[0, 2]
        if fold == 2:
            np.testing.assert_array_equal(probability, [[1, 0, 0]])


@pytest.mark.parametrize("model", MUSIC_MODELS)
def test_saved_fold_reproduces_its_predictions(tmp_path, model):
    bags, actual = make_corpus(films=8)
    write_corpus(tmp_path, bags, actual)
    table = train(tmp_path, model)
    path = tmp_path / f"{model}.models.0.zip"
    about = model_io.load_about(path)
    assert (about.model, about.feature_set, about.genres) == (model, "mir", GENRES)
    for number, film in enumerate(about.films):
        fold = model_io.load_fold(path, film)
        probability, predicted = folds.predict_bags(about.model, fold, bags.one(number))
        rows = table[table["film_id"] == film]
        np.testing.assert_allclose(rows["probability"], probability[0], rtol=0, atol=1e-12)
        np.testing.assert_array_equal(rows["predicted"], predicted[0])
        assert set(rows["fold"]) == {number}


@pytest.mark.parametrize("model", ["random_guess", "imv_random_forest", "feature_attention"])
def test_same_seed_gives_identical_files(tmp_path, model):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_corpus(tmp_path / name, *make_corpus(films=8))
        train(tmp_path / name, model)
    files = sorted((tmp_path / "one").glob(f"{model}.*"))
    assert len(files) == (1 if model in BASELINES else len(KINDS))
    for path in files:
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


@pytest.mark.parametrize("model", ["multi_attention", "simple_mi_knn"])
def test_joined_chunks_equal_a_single_chunk(tmp_path, model):
    write_corpus(tmp_path, *make_corpus(films=5), without_cues=["film_03"])
    settings = SETTINGS[MODELS[model]] | ({"repeats": 2} if model in NETWORKS else {})
    for number in range(6):  # more chunks than films
        train(tmp_path, model, settings, (number, 6))
    written = {
        kind: [tmp_path / f"{model}.{kind}.{number}.{end}" for number in range(6)]
        for kind, end in KINDS.items()
    }
    joined = {kind: tmp_path / f"joined.{kind}.{end}" for kind, end in KINDS.items()}
    prediction_io.gather_chunks(written, joined)
    train(tmp_path, model, settings)
    for kind, contract in prediction_io.PARTS.items():
        whole = read_table(tmp_path / f"{model}.{kind}.0.parquet", contract)
        pd.testing.assert_frame_equal(read_table(joined[kind], contract), whole, atol=1e-5)
    about = model_io.load_about(joined["models"])
    assert about.films == ["film_00", "film_01", "film_02", "film_04"]
    for film in about.films:
        one = model_io.load_fold(tmp_path / f"{model}.models.0.zip", film)
        for name, values in model_io.load_fold(joined["models"], film).items():
            np.testing.assert_allclose(values, one[name], atol=1e-5)


def test_repeats_differ_and_the_first_is_saved(tmp_path):
    bags, actual = make_corpus(films=6)
    write_corpus(tmp_path, bags, actual)
    table = train(tmp_path, "average_pooling", SETTINGS["network"] | {"repeats": 2})
    first, second = (table[table["repeat"] == run]["probability"].to_numpy() for run in (0, 1))
    assert np.abs(first - second).max() > 1e-3
    fold = model_io.load_fold(tmp_path / "average_pooling.models.0.zip", "film_02")
    saved, _ = folds.predict_bags("average_pooling", fold, bags.one(2))
    np.testing.assert_allclose(saved[0], first.reshape(6, -1)[2], atol=1e-6)


@pytest.mark.parametrize("model", ["average_pooling", "imv_knn", "single_attention"])
def test_cue_probabilities_average_to_film_probability_by_weight(tmp_path, model):
    bags, actual = make_corpus(films=6)
    write_corpus(tmp_path, bags, actual)
    predictions = train(tmp_path, model)
    table = read_table(tmp_path / f"{model}.cues.0.parquet", GENRE_CUES)
    assert len(table) == len(bags.instances) * len(GENRES)
    table["weighted"] = table["probability"] * table["weight"]
    sums = table.groupby(["film_id", "genre"])[["weight", "weighted"]].sum()
    np.testing.assert_allclose(sums["weight"], 1, atol=1e-6)
    # In these models the film's probability is the weighted mean over its cues.
    films = predictions.set_index(["film_id", "genre"])["probability"]
    np.testing.assert_allclose(sums["weighted"], films.loc[sums.index], atol=1e-6)


def test_frames_of_a_cue_get_one_cue_prediction(tmp_path):
    bags, actual = make_corpus(films=4)
    write_corpus(tmp_path, bags, actual)
    table = read_table(tmp_path / "bags.parquet", BAGS)
    table["cue_id"] = "cue_" + (table.groupby("film_id").cumcount() // 2).astype(str)
    write_table(table, tmp_path / "bags.parquet", BAGS)
    train(tmp_path, "single_attention")
    cues = read_table(tmp_path / "single_attention.cues.0.parquet", GENRE_CUES)
    pairs = table[["film_id", "cue_id"]].drop_duplicates()
    predicted_pairs = cues[["film_id", "cue_id"]].drop_duplicates()
    np.testing.assert_array_equal(predicted_pairs.to_numpy(), pairs.to_numpy())
    sums = cues.groupby(["film_id", "genre"])["weight"].sum()
    np.testing.assert_allclose(sums, 1, atol=1e-6)
    fold = model_io.load_fold(tmp_path / "single_attention.models.0.zip", "film_00")
    whole = bags.one(0)
    first, _ = folds.predict_bags(
        "single_attention", fold, Bags(whole.instances[:2], np.array([0, 2]))
    )
    np.testing.assert_allclose(cues["probability"][:3], first[0], atol=1e-6)


def test_training_loss_falls_and_classifiers_have_no_curves(tmp_path):
    write_corpus(tmp_path, *make_corpus(films=6))
    train(tmp_path, "average_pooling")
    curves = read_table(tmp_path / "average_pooling.curves.0.parquet", GENRE_CURVES)
    assert len(curves) == 6 * NETWORK["epochs"]
    by_epoch = curves.groupby("epoch")["training_loss"].mean()
    assert by_epoch[NETWORK["epochs"]] < 0.8 * by_epoch[1]
    train(tmp_path, "imv_svm")
    assert read_table(tmp_path / "imv_svm.curves.0.parquet", GENRE_CURVES).empty


def test_batched_bag_predictions_equal_single_bag_predictions():
    bags, actual = make_corpus(films=8)
    for model in MUSIC_MODELS:
        fold = train_all(model, bags, actual)[0]
        together, _ = folds.predict_bags(model, fold, bags)
        alone = [folds.predict_bags(model, fold, bags.one(k))[0][0] for k in range(8)]
        np.testing.assert_allclose(together, alone, atol=1e-6)


def test_film_without_cues_is_excluded_and_logged(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    write_corpus(tmp_path, *make_corpus(films=8), without_cues=["film_03"])
    table = train(tmp_path, "simple_mi_knn")
    assert "film_03" not in set(table["film_id"])
    assert sorted(set(table["fold"])) == list(range(7))
    assert table.loc[table["film_id"] == "film_04", "fold"].iloc[0] == 3
    assert "film_03: no cues, so no bag: left out of training and scoring" in caplog.text


def test_one_film_with_cues_is_an_error(tmp_path):
    write_corpus(tmp_path, *make_corpus(films=3), without_cues=["film_00", "film_02"])
    with pytest.raises(TableError) as error:
        train(tmp_path, "imv_svm")
    assert str(error.value) == (
        f"{tmp_path}/bags.parquet: films with cues: 1\n  expected: at least 2\n"
        "  hint: a model is tested on films held out of training: add films, "
        "or name `cues` as the only target"
    )
