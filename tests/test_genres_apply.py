"""Saved genre models on new films and albums: windows, silence, file and track predictions."""

import logging

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from scorelens import tables
from scorelens.errors import MediaError, TableError
from scorelens.genres.model import folds
from scorelens.genres.new_media import apply
from scorelens.learning import model_io
from scorelens.learning.model_io import About
from scorelens.learning.packed_bags import Bags

torch.set_num_threads(1)

GENRES = ["Action", "Horror"]
FEATURES = ["a.one.mean", "a.two.mean"]
WEIGHTS = np.array([[1.0, -0.5], [0.25, 2.0]])  # of each genre, on standardised features
BIASES = np.array([0.1, -0.3])
FRAMES_PER_TRACK = {"opening": 31, "finale": 47}


def known_fold(shift):
    """A fold of logistic regressions, one per genre, with known parameters."""
    scaler = {"mean": np.float32([1, 2]), "inverse_std": np.float32([0.5, 4])}
    regressions = {"coefficients": WEIGHTS, "intercepts": BIASES + shift}
    return {"frequency": np.float32([0.5, 0.5]), **scaler, **regressions}


def known_probability(mean, shift):
    """The probability that `known_fold(shift)` predicts for a mean of shape (features,)."""
    return expit(WEIGHTS @ ((mean - [1, 2]) * [0.5, 4]) + BIASES + shift)


SHIFTS = np.linspace(-2, 2, 21)


@pytest.fixture
def models(tmp_path):
    """A model file of 21 folds of `known_fold`."""
    films = [f"film_{k:02d}" for k in range(len(SHIFTS))]
    about = About("simple_mi_logistic_regression", "mir", GENRES, FEATURES, films)
    path = tmp_path / "models.zip"
    model_io.save_folds(path, about, map(known_fold, SHIFTS))
    return path


def frame_table(lengths, features=FEATURES, seed=0):
    """Rows of tables.FEATURES for tracks, name -> frames; each feature is a random walk."""
    random = np.random.default_rng(seed)
    parts = []
    for track, length in lengths.items():
        walk = random.standard_normal((length, len(features))).cumsum(axis=0) / 8 + 1.5
        part = pd.DataFrame(walk.astype(np.float32), columns=features)
        part.insert(0, "film_id", "new")
        part.insert(1, "cue_id", track)
        part.insert(2, "time_s", np.arange(length, dtype=float))
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def apply_and_read(folder, models, frames, is_album=False, window_s=10, hop_s=4):
    """Run `apply_models` and read the two tables that it writes."""
    tables.write_table(frames, folder / "frames.parquet", tables.FEATURES)
    outputs = {"windows": folder / "windows.parquet", "predictions": folder / "predictions.tsv"}
    apply.apply_models(folder / "frames.parquet", models, is_album, window_s, hop_s, 1, **outputs)
    return (
        tables.read_table(outputs["windows"], tables.GENRE_APPLIED),
        tables.read_table(outputs["predictions"], tables.GENRE_MEDIA_PREDICTIONS),
    )


def test_window_probability_is_mean_over_folds_with_5_95_percentiles(tmp_path, models):
    frames = frame_table({"new": 25})
    windows, _ = apply_and_read(tmp_path, models, frames)
    assert windows.columns.tolist() == tables.GENRE_APPLIED.names
    assert windows["start_s"].unique().tolist() == [0, 4, 8, 12, 15]
    for start_s, rows in windows.groupby("start_s"):
        assert set(rows["end_s"]) == {start_s + 10}
        mean = frames[FEATURES].iloc[int(start_s) : int(start_s) + 10].mean().to_numpy()
        by_hand = np.array([known_probability(mean, shift) for shift in SHIFTS])
        expected = [by_hand.mean(axis=0), np.sort(by_hand, axis=0)[1], np.sort(by_hand, axis=0)[19]]
        predicted = rows.set_index("genre").loc[GENRES, ["probability", "fold_low", "fold_high"]]
        np.testing.assert_allclose(predicted.to_numpy().T, expected, atol=1e-5)


def test_film_prediction_is_of_the_bag_of_its_windows(tmp_path, models):
    frames = frame_table({"new": 25})
    _, track_predictions = apply_and_read(tmp_path, models, frames)
    values = frames[FEATURES].to_numpy(float)
    means = [values[start : start + 10].mean(axis=0) for start in (0, 4, 8, 12, 15)]
    probability = np.mean(
        [known_probability(np.mean(means, axis=0), shift) for shift in SHIFTS], axis=0
    )
    assert track_predictions["track_id"].tolist() == ["", ""]
    assert track_predictions["genre"].tolist() == GENRES
    np.testing.assert_allclose(track_predictions["probability"], probability, atol=1e-5)
    np.testing.assert_array_equal(track_predictions["predicted"], probability > 0.5)


def test_album_is_predicted_as_a_whole_and_per_track(tmp_path, models):
    frames = frame_table(FRAMES_PER_TRACK)
    windows, track_predictions = apply_and_read(tmp_path, models, frames, is_album=True)
    assert track_predictions["track_id"].drop_duplicates().tolist() == ["", "opening", "finale"]
    assert windows["track_id"].drop_duplicates().tolist() == ["opening", "finale"]
    for track, track_frames in frames.groupby("cue_id", sort=False):
        single_track = track_frames.assign(film_id=track)
        single_windows, single_predictions = apply_and_read(tmp_path, models, single_track)
        columns = ["start_s", "end_s", "genre", "probability", "fold_low", "fold_high"]
        rows = windows[windows["track_id"] == track]
        np.testing.assert_array_equal(rows[columns].to_numpy(), single_windows[columns].to_numpy())
        columns = ["genre", "probability", "fold_low", "fold_high", "predicted"]
        rows = track_predictions[track_predictions["track_id"] == track]
        np.testing.assert_array_equal(
            rows[columns].to_numpy(), single_predictions[columns].to_numpy()
        )


@given(st.integers(1, 200), st.integers(1, 40), st.integers(1, 40))
def test_windows_cover_every_frame_up_to_the_last(frames, window, hop):
    spans = apply.window_spans(frames, window, hop)
    assert spans[0, 0] == 0
    assert spans[-1, 1] == frames
    assert (np.diff(spans, axis=1) == min(window, frames)).all()
    steps = np.diff(spans[:, 0])
    assert (steps > 0).all()
    assert (steps[:-1] == hop).all()
    assert (steps[-1:] <= hop).all()


def test_file_shorter_than_a_window_is_one_window(tmp_path, models):
    windows, _ = apply_and_read(tmp_path, models, frame_table({"new": 3}))
    assert windows[["start_s", "end_s"]].drop_duplicates().to_numpy().tolist() == [[0, 3]]


def trained(folder, model, feature_set="mir", features=FEATURES, films=6):
    """A model file of folds trained for 3 epochs on noise shifted by the labels."""
    random = np.random.default_rng(3)
    actual = np.arange(films)[:, None] // [1, 2] % 2 == 0
    sizes = random.integers(2, 5, films)
    x = random.standard_normal((sizes.sum(), len(features))).astype(np.float32)
    x[:, : len(GENRES)] += np.repeat(actual, sizes, axis=0)
    settings = {"hidden": 6, "dropout": 0.25, "learning_rate": 0.01, "batch_size": 4, "epochs": 3}
    settings |= {"c": 1.0, "n_neighbors": 3}
    bags = Bags(x, np.append(0, np.cumsum(sizes)))
    fitted = folds.train_folds(model, bags, actual, range(films), settings, 1, 1)
    films_out = [f"film_{k}" for k in range(films)]
    about = About(model, feature_set, GENRES, list(features), films_out)
    path = folder / f"{model}.zip"
    model_io.save_folds(path, about, (one.arrays for one in fitted))
    return path


@pytest.mark.parametrize(
    "model", ["average_pooling", "max_pooling", "single_attention", "imv_svm", "simple_mi_knn"]
)
def test_window_predictions_equal_single_instance_predictions(tmp_path, model):
    models = trained(tmp_path, model)
    frames = frame_table({"new": 40})
    windows, track_predictions = apply_and_read(tmp_path, models, frames)
    about = model_io.load_about(models)
    values = frames[FEATURES].to_numpy(np.float32)
    starts = windows["start_s"].drop_duplicates().astype(int)
    means = np.stack([values[start : start + 10].mean(axis=0) for start in starts])

    def predict(instances):
        bag = Bags(instances, np.array([0, len(instances)]))
        loaded = (model_io.load_fold(models, film) for film in about.films)
        return np.stack([folds.predict_bags(model, fold, bag)[0][0] for fold in loaded])

    by_loop = np.stack([predict(instance[None]) for instance in means])
    probability = windows["probability"].to_numpy().reshape(len(means), len(GENRES))
    np.testing.assert_allclose(probability, by_loop.mean(axis=1), atol=1e-5)
    band = windows[["fold_low", "fold_high"]].to_numpy().reshape(len(means), len(GENRES), 2)
    expected = np.moveaxis(np.percentile(by_loop, (5, 95), axis=1), 0, -1)
    np.testing.assert_allclose(band, expected, atol=1e-5)
    np.testing.assert_allclose(
        track_predictions["probability"], predict(means).mean(axis=0), atol=1e-5
    )


def test_frame_level_model_predicts_window_as_bag_of_frames(tmp_path):
    models = trained(tmp_path, "max_pooling", feature_set="mir_frames")
    frames = frame_table({"new": 12})
    windows, _ = apply_and_read(tmp_path, models, frames, window_s=12)
    about = model_io.load_about(models)
    bag = Bags(frames[FEATURES].to_numpy(np.float32), np.array([0, 12]))
    probabilities = [
        folds.predict_bags("max_pooling", model_io.load_fold(models, film), bag)[0][0]
        for film in about.films
    ]
    np.testing.assert_allclose(windows["probability"], np.mean(probabilities, axis=0), atol=1e-6)


def test_predictions_do_not_depend_on_windows_per_batch(tmp_path, models, monkeypatch):
    frames = frame_table(FRAMES_PER_TRACK)
    single_batch = apply_and_read(tmp_path, models, frames, is_album=True)
    monkeypatch.setattr(apply, "WINDOWS_AT_ONCE", 3)
    parts = apply_and_read(tmp_path, models, frames, is_album=True)
    for one, other in zip(single_batch, parts, strict=True):
        pd.testing.assert_frame_equal(one, other, atol=1e-6)


def test_silent_windows_have_no_prediction(tmp_path, models):
    frames = frame_table({"new": 60})
    partly_silent = frames.copy()
    partly_silent.loc[20:39, FEATURES] = np.nan
    windows, track_predictions = apply_and_read(tmp_path, models, partly_silent)
    # Windows that lie entirely inside seconds 20 to 40 are left out.
    assert windows["start_s"].unique().tolist() == [0, 4, 8, 12, 16, 32, 36, 40, 44, 48, 50]
    audible_predictions, _ = apply_and_read(tmp_path, models, frames)
    audible = windows["start_s"].isin([0, 4, 8])
    expected = audible_predictions[audible_predictions["start_s"].isin([0, 4, 8])]
    np.testing.assert_array_equal(windows[audible]["probability"], expected["probability"])
    assert len(track_predictions) == len(GENRES)


def test_silent_track_is_logged_and_other_tracks_are_predicted(tmp_path, models, caplog):
    frames = frame_table({**FRAMES_PER_TRACK, "hush": 15})
    frames.loc[frames["cue_id"] == "hush", FEATURES] = np.nan
    with caplog.at_level(logging.WARNING):
        _, track_predictions = apply_and_read(tmp_path, models, frames, is_album=True)
    assert set(track_predictions["track_id"]) == {"", *FRAMES_PER_TRACK}
    assert "track hush is silent and has no result" in caplog.text


def test_entirely_silent_media_is_an_error(tmp_path, models):
    frames = frame_table({"new": 15})
    frames[FEATURES] = np.nan
    with pytest.raises(MediaError) as error:
        apply_and_read(tmp_path, models, frames)
    assert str(error.value) == (
        "config: genres.apply.media.new: is silent from beginning to end\n  expected: sound"
    )


def test_feature_columns_are_matched_by_name(tmp_path, models):
    frames = frame_table({"new": 25})
    reversed_columns = frames[["film_id", "cue_id", "time_s", *FEATURES[::-1]]]
    one, other = (
        apply_and_read(tmp_path, models, table)[0] for table in (frames, reversed_columns)
    )
    pd.testing.assert_frame_equal(one, other)


def test_features_that_differ_from_the_model_are_an_error(tmp_path, models):
    frames = frame_table({"new": 25}, features=["a.one.mean", "a.three.mean", "b.four.mean"])
    with pytest.raises(TableError) as error:
        apply_and_read(tmp_path, models, frames)
    assert str(error.value) == (
        f"{tmp_path}/frames.parquet: has other features than simple_mi_logistic_regression was "
        "trained on (3 and 2), such as a.three.mean, a.two.mean, b.four.mean\n"
        "  expected: the features of the set mir\n"
        "  hint: the models are of another version or feature set: train them again"
    )


def test_output_is_deterministic_and_has_provenance(tmp_path):
    models = trained(tmp_path, "single_attention")
    files = ("windows.parquet", "predictions.tsv")
    made = []
    for _ in range(2):
        apply_and_read(tmp_path, models, frame_table(FRAMES_PER_TRACK), is_album=True)
        made.append([(tmp_path / name).read_bytes() for name in files])
    assert made[0] == made[1]
    provenance = tables.read_provenance(tmp_path / "windows.parquet")
    assert provenance["model"] == "single_attention"
    assert provenance["feature_set"] == "mir"
    assert (provenance["folds"], provenance["window_s"], provenance["hop_s"]) == (6, 10, 4)
