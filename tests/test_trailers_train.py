"""Training of trailer models: leakage, calibration, thresholds and fusion of modalities."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, f1_score

from scorelens.errors import TableError
from scorelens.learning.calibration import PRIOR_STRENGTH, fit_log_odds
from scorelens.learning.grouped_folds import nested_folds
from scorelens.tables import TRAILER_MOMENTS, TRAILER_PREDICTIONS, read_table, write_table
from scorelens.trailers.data import dataset
from scorelens.trailers.model import ensemble, fusion, thresholds, train
from tests.trailer_tables import (
    GENRES,
    make_labels,
    make_vectors,
    write_sample,
    write_trailers,
    write_vectors,
)

torch.set_num_threads(1)

ATTENTION = {"hidden": 16, "dropout": 0.5, "learning_rate": 2e-3, "batch_size": 16, "epochs": 40}
NETWORK = {"learning_rate": 3e-3, "batch_size": 16, "epochs": 3, "patience": 3}
SETTINGS = {"genres": GENRES, "folds": 3, "attention": ATTENTION, "network": NETWORK}
TRAINED_MODELS = ("frame_linear", "sound_attention", "window_cnn")


def train_and_read(folder, model, actual, planted=(), vectors=None, title=None, seed=0):
    """Train a model on vectors; its tables of predictions and moments."""
    table = write_trailers(folder, actual, title)
    vectors = make_vectors(actual, list(planted)) if vectors is None else vectors
    paths = [write_vectors(folder / "vectors.parquet", vectors)]
    outputs = folder / f"{model}.parquet", folder / f"{model}_moments.parquet"
    train.train_trailers("vgg16", model, table, {}, paths, SETTINGS, seed, *outputs)
    contracts = TRAILER_PREDICTIONS, TRAILER_MOMENTS
    return [read_table(path, one) for path, one in zip(outputs, contracts, strict=True)]


def genre_matrix(table, column="probability", part="held_out"):
    rows = table[table["part"] == part]
    return rows.pivot(index="trailer_id", columns="genre", values=column)[GENRES].to_numpy()


def average_precisions(table):
    return average_precision_score(
        genre_matrix(table, "actual").astype(bool), genre_matrix(table), average=None
    )


def fit_synthetic(model, folder, change=None):
    """Inner ensembles of a synthetic dataset. change: applied to the dataset before the fit."""
    actual = make_labels(12)
    table = write_trailers(folder, actual)
    samples, vectors = {}, []
    if model == "window_cnn":
        random = np.random.default_rng(0)
        for number in range(12):
            sound = random.normal(0, 0.1, 48_000).astype(np.float32)
            path = write_sample(folder / f"{number}.npz", np.zeros((0, 224, 224, 3)), sound)
            samples[f"trailer_{number:02d}"] = path
    else:
        vectors = [write_vectors(folder / "vectors.parquet", make_vectors(actual, [0]))]
    corpus = dataset.read_dataset(model, table, GENRES, samples, vectors)
    folds = nested_folds(corpus, 3, dataset.N_INNER, 0)
    if change:
        corpus = change(corpus, folds)
    return ensemble.fit_ensembles(model, corpus, folds, SETTINGS, 0)


@pytest.mark.parametrize("model", TRAINED_MODELS)
def test_model_does_not_depend_on_held_out_inputs_and_labels(model, tmp_path):
    """Changed inputs and labels of held-out trailers leave the model bit-identical.

    So do those of its validation part, except for window_cnn, which stops early by them.
    """
    before = fit_synthetic(model, tmp_path)

    def change(corpus, folds):
        hidden = folds[0].held_out
        if model != "window_cnn":
            hidden = np.union1d(hidden, folds[0].inner[0])
        rows, actual = corpus.rows_of(hidden), corpus.labels.copy()
        changed = corpus.instances.copy()
        changed[rows] = changed[rows][::-1] * 3 - 1
        actual[hidden] = ~actual[hidden]
        return corpus._replace(instances=changed, labels=actual)

    after = fit_synthetic(model, tmp_path, change)
    for name, value in before[0][0].items():
        np.testing.assert_array_equal(value, after[0][0][name])
    assert any((value != after[1][0][name]).any() for name, value in before[1][0].items())


@pytest.mark.parametrize("model", ["frame_linear", "sound_attention"])
def test_predictions_of_a_fold_do_not_depend_on_held_out_labels(model, tmp_path):
    corpus = dataset.read_dataset(
        model,
        write_trailers(tmp_path, make_labels(14)),
        GENRES,
        {},
        [write_vectors(tmp_path / "vectors.parquet", make_vectors(make_labels(14), [0, 2]))],
    )
    fold = nested_folds(corpus, 3, dataset.N_INNER, 0)[0]
    actual = corpus.labels.copy()
    actual[fold.held_out] = ~actual[fold.held_out]
    tables = []
    for one in (corpus, corpus._replace(labels=actual)):
        [members] = ensemble.fit_ensembles(model, one, [fold], SETTINGS, 0)
        tables.append(train.predict_fold(model, members, one, fold))
    for column in ("probability", "threshold"):
        assert (tables[0][0][column] == tables[1][0][column]).all()
    assert tables[0][1].equals(tables[1][1])


@pytest.fixture(scope="module")
def modalities(tmp_path_factory):
    """Predictions by model. Planted: Horror and Drama in picture, Action and Drama in sound."""
    folder, actual = tmp_path_factory.mktemp("modalities"), make_labels(40, seed=3)
    paths = {}
    for model, planted, seed in (("frame_attention", [2, 3], 1), ("sound_attention", [0, 3], 2)):
        train_and_read(folder, model, actual, vectors=make_vectors(actual, planted, seed=seed))
        paths[model] = folder / f"{model}.parquet"
    paths["fusion"] = folder / "fusion.parquet"
    fusion.fuse_trailers(list(paths.values())[:2], paths["fusion"])
    return {model: read_table(path, TRAILER_PREDICTIONS) for model, path in paths.items()}


def test_genre_is_predicted_only_by_modalities_in_which_it_is_planted(modalities):
    picture, sound, both = (average_precisions(table) for table in modalities.values())
    action, comedy, horror, drama = range(4)
    assert min(picture[horror], picture[drama], sound[action], sound[drama]) > 0.9
    assert max(picture[action], sound[horror], picture[comedy], sound[comedy]) < 0.7
    assert min(both[[action, horror, drama]]) > 0.9
    assert both[comedy] < 0.7


def test_frame_cnn_learns_genres_planted_in_colour_and_brightness(tmp_path):
    """Action adds red and Horror darkens; the other genres have no signal."""
    combinations = list(itertools.product([False, True], repeat=4))[1:]  # uncorrelated genres
    actual, random, samples = np.array(combinations * 2), np.random.default_rng(0), {}
    for number, (action, _, horror, _) in enumerate(actual):
        frames = random.integers(60, 120, (4, 28, 28, 3)).repeat(8, axis=1).repeat(8, axis=2)
        frames[..., 0] += 100 * action
        frames //= 1 + 2 * horror
        path = write_sample(tmp_path / f"{number}.npz", frames.astype(np.uint8))
        samples[f"trailer_{number:02d}"] = path
    outputs = tmp_path / "predictions.parquet", tmp_path / "moments.parquet"
    table = write_trailers(tmp_path, actual)
    longer = SETTINGS | {"network": NETWORK | {"epochs": 12, "patience": 4}}
    train.train_trailers("none", "frame_cnn", table, samples, [], longer, 0, *outputs)
    precision = average_precisions(read_table(outputs[0], TRAILER_PREDICTIONS))
    assert min(precision[[0, 2]]) > 0.9
    assert max(precision[[1, 3]]) < 0.75


def test_every_trailer_is_held_out_once_and_trains_the_other_folds(modalities):
    for table in modalities.values():
        assert len(table) == 3 * 40 * 4
        held_out = table[table["part"] == "held_out"]
        assert not held_out.duplicated(["trailer_id", "genre"]).any()
        pairs = table[["fold", "title", "part"]].drop_duplicates()
        assert not pairs.duplicated(["fold", "title"]).any()
        assert table["seen"].all()


def test_tables_have_network_and_model_of_their_run(modalities, tmp_path):
    for model, table in modalities.items():
        network = "none" if model == "fusion" else "vgg16"
        assert set(zip(table["network"], table["model"], strict=True)) == {(network, model)}
    _, moments = train_and_read(tmp_path, "frame_linear", make_labels(12), [0])
    assert set(moments["network"]) == {"vgg16"}
    assert set(moments["model"]) == {"frame_linear"}


def test_probabilities_are_calibrated(modalities):
    for table in modalities.values():
        probability, actual = genre_matrix(table), genre_matrix(table, "actual").astype(bool)
        np.testing.assert_allclose(probability.mean(axis=0), actual.mean(axis=0), atol=0.12)
        for selected in (probability > 0.5, probability < 0.5):
            assert actual[selected].mean() == pytest.approx(probability[selected].mean(), abs=0.2)


def test_thresholds_are_constant_within_fold_and_genre(modalities):
    for table in modalities.values():
        assert (table.groupby(["fold", "genre"])["threshold"].nunique() == 1).all()
        predicted = genre_matrix(table) > genre_matrix(table, "threshold")
        score = f1_score(genre_matrix(table, "actual").astype(bool), predicted, average=None)
        assert table is modalities["frame_attention"] or score[0] > 0.8


def test_trailer_probability_is_within_the_range_of_its_moments(tmp_path):
    predictions, moments = train_and_read(tmp_path, "frame_attention", make_labels(14), [0])
    groups = moments.groupby(["trailer_id", "genre"])
    np.testing.assert_allclose(groups["weight"].sum(), 1, atol=1e-5)
    assert (groups.size() == 4).all()
    held_out = predictions[predictions["part"] == "held_out"].set_index(["trailer_id", "genre"])
    probability = held_out["probability"][groups["probability"].min().index]
    assert (probability >= groups["probability"].min() - 1e-6).all()
    assert (probability <= groups["probability"].max() + 1e-6).all()


def test_an_inner_ensemble_predicts_the_mean_of_its_models(tmp_path):
    [members, *_] = fit_synthetic("sound_attention", tmp_path)
    corpus = dataset.read_dataset(
        "sound_attention",
        tmp_path / "trailers.tsv",
        GENRES,
        {},
        [tmp_path / "vectors.parquet"],
    )
    trailers = np.array([1, 4, 5])
    alone = [ensemble.predict("sound_attention", one, corpus, trailers) for one in members]
    each = [one.bag_probability for one in alone]
    mean_prediction = ensemble.predict_mean("sound_attention", members, corpus, trailers)
    np.testing.assert_allclose(mean_prediction.bag_probability, np.mean(each, axis=0), atol=1e-6)
    np.testing.assert_allclose(mean_prediction.weight.reshape(3, 4, 4).sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("model", ["frequency", *TRAINED_MODELS[:2]])
def test_trailer_without_vectors_has_the_genre_frequency_of_its_fold(model, tmp_path):
    actual = make_labels(14)
    vectors = make_vectors(actual, [0])
    vectors[3] = np.nan
    table, moments = train_and_read(tmp_path, model, actual, vectors=vectors)
    unseen = table[~table["seen"]]
    ids = {f"trailer_{number:02d}" for number in range(14)} if model == "frequency" else set()
    assert set(unseen["trailer_id"]) == (ids or {"trailer_03"})
    assert "trailer_03" not in set(moments["trailer_id"])
    one = table[(table["trailer_id"] == "trailer_03") & (table["part"] == "held_out")]
    training = table[(table["fold"] == one["fold"].iloc[0]) & (table["part"] == "training")]
    frequency = training.groupby("genre")["actual"].mean()[GENRES]
    np.testing.assert_allclose(one.set_index("genre")["probability"][GENRES], frequency, rtol=1e-6)


def test_model_with_input_of_one_title_raises_table_error(tmp_path):
    vectors = make_vectors(make_labels(12), [0])
    vectors[1:] = np.nan
    message = (
        r"frame_linear: titles whose trailers have its input: 1(.|\n)*"
        r"leave the model out of trailers.models"
    )
    with pytest.raises(TableError, match=message):
        train_and_read(tmp_path, "frame_linear", make_labels(12), vectors=vectors)


def test_tables_are_identical_for_the_same_seed(tmp_path):
    actual = make_labels(12)
    tables = [
        train_and_read(tmp_path, "sound_attention", actual, [0], seed=seed) for seed in (5, 5, 6)
    ]
    assert tables[0][0].equals(tables[1][0])
    assert tables[0][1].equals(tables[1][1])
    assert not tables[0][0].equals(tables[2][0])


def test_tuned_thresholds_match_hand_calculation():
    probability = np.array([[0.9, 0.2], [0.6, 0.2], [0.5, 0.7], [0.1, 0.1]])
    actual = np.array([[True, False], [False, False], [True, False], [False, False]])
    # F1 of the first genre: 2/3 above 0.75, 2/4 above 0.55, 4/5 above 0.3, 4/6 above 0.05.
    tuned = thresholds.tune_thresholds(probability, actual, np.ones(4))
    np.testing.assert_allclose(tuned, [0.3, 1.0])
    # With weight 5 of the second trailer: 2/3 above 0.75, 4/9 above 0.3.
    tuned = thresholds.tune_thresholds(probability, actual, np.array([1.0, 5, 1, 1]))
    np.testing.assert_allclose(tuned, [0.75, 1.0])


@settings(max_examples=50)
@given(st.lists(st.tuples(st.floats(0.015625, 1, width=32), st.booleans()), min_size=1, max_size=9))
def test_tuned_threshold_maximises_f1(pairs):
    probability, actual = (np.array(values)[:, None] for values in zip(*pairs, strict=True))
    [threshold] = thresholds.tune_thresholds(probability, actual, np.ones(len(pairs)))
    assert 0 <= threshold <= 1
    if actual.any():
        score = f1_score(actual[:, 0], probability[:, 0] > threshold)
        others = [f1_score(actual[:, 0], probability[:, 0] > t - 1e-9) for t in probability[:, 0]]
        assert score >= max(others) - 1e-12


def test_fit_log_odds_minimises_the_penalised_loss():
    random = np.random.default_rng(0)
    parts, counts = random.normal(size=(60, 3)), random.random(60)
    actual = parts @ [2, 0, 1] + random.logistic(size=60) > 0
    expected = np.array([0.5, 0.5, 0])

    def loss(weights):
        logits = parts @ weights
        each = np.where(actual, np.logaddexp(0, -logits), np.logaddexp(0, logits))
        return counts @ each + PRIOR_STRENGTH / 2 * np.square(weights - expected).sum()

    fitted = fit_log_odds(parts, actual, counts, expected)
    for step in 0.02 * np.vstack([np.eye(3), -np.eye(3)]):
        assert loss(fitted) < loss(fitted + step)
    without_rows = fit_log_odds(np.zeros((0, 3)), np.zeros(0, bool), np.zeros(0), expected)
    np.testing.assert_allclose(without_rows, expected)


def test_fusion_does_not_depend_on_held_out_labels(modalities, tmp_path):
    paths = []
    for model in ("frame_attention", "sound_attention"):
        table = modalities[model].copy()
        hidden = (table["part"] == "held_out") & (table["fold"] == 0)
        table.loc[hidden, "actual"] = ~table.loc[hidden, "actual"]
        paths.append(tmp_path / f"{model}.parquet")
        write_table(table, paths[-1], TRAILER_PREDICTIONS)
    fusion.fuse_trailers(paths, tmp_path / "fusion.parquet")
    changed, original = (
        read_table(tmp_path / "fusion.parquet", TRAILER_PREDICTIONS),
        modalities["fusion"],
    )
    for column in ("probability", "threshold"):
        assert (changed[column] == original[column]).all()
