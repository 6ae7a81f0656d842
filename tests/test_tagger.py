"""Tests of the tagger: tiles, training sets, models and their files."""

import librosa
import numpy as np
import pandas as pd
import pytest
import soundfile
from scipy import special

from scorelens import tables
from scorelens.errors import InputError, TableError
from scorelens.learning import grouped_folds, linear_model
from scorelens.learning.instance_predictions import pool_by_weight
from scorelens.tagger import MODELS, RATE_HZ, TILE_S, dataset, inputs, label_filter, patches, train
from scorelens.tagger.model import Model, load_model, predict_tiles, save_model
from scorelens.tagger.models import networks
from tests.album_tables import write_tracks
from tests.learning_dataset import make_dataset

NOISE = np.random.default_rng(0).normal(0, 0.1, 3 * patches.TILE + 999).astype(np.float32)


def test_tiles_match_librosa_mel_bands_and_mfcc():
    tiles = patches.cut_track([NOISE])
    power = librosa.feature.melspectrogram(
        y=NOISE[patches.TILE : 2 * patches.TILE],
        sr=RATE_HZ,
        n_fft=2048,
        hop_length=2048,
        center=False,
    )
    decibels = librosa.power_to_db(power)
    np.testing.assert_allclose(tiles.mel[1], decibels, atol=0.02)
    coefficients = librosa.feature.mfcc(S=decibels, n_mfcc=41)[1:]
    assert coefficients.shape == (40, 100)
    np.testing.assert_allclose(patches.mfcc(tiles.mel)[1], coefficients, atol=0.01)


def test_tiles_are_9_3_seconds_long_and_the_remainder_is_dropped():
    tiles = patches.cut_track([NOISE])
    assert pytest.approx(9.288, abs=1e-3) == TILE_S
    np.testing.assert_allclose(tiles.start_s, [0, TILE_S, 2 * TILE_S])
    np.testing.assert_allclose(tiles.length_s, TILE_S)


def test_tiles_do_not_depend_on_the_audio_blocks():
    at_once, in_blocks = (
        patches.cut_track([NOISE]),
        patches.cut_track([NOISE[: patches.TILE], NOISE[patches.TILE :]]),
    )
    for one, other in zip(at_once, in_blocks, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-3)


def test_short_track_is_repeated_until_it_fills_a_tile():
    second = NOISE[: 2 * RATE_HZ]
    tiles = patches.cut_track([second])
    expected = patches.cut_track([np.resize(second, patches.TILE)])
    np.testing.assert_array_equal(tiles.mel, expected.mel)
    assert tiles.length_s.tolist() == [2.0]
    assert len(patches.cut_track([NOISE[: RATE_HZ - 1]]).mel) == 0
    assert len(patches.cut_track([]).mel) == 0


def test_silent_and_non_finite_tiles_are_left_out():
    sound = NOISE.copy()
    sound[: patches.TILE] = 1e-6
    sound[patches.TILE + 5] = np.nan
    tiles = patches.cut_track([sound])
    np.testing.assert_allclose(tiles.start_s, [2 * TILE_S])
    assert np.isfinite(tiles.mel).all()


def test_mel_bands_are_clipped_80_db_below_the_maximum():
    time_s = np.arange(patches.TILE) / RATE_HZ
    tiles = patches.cut_track([np.sin(2 * np.pi * 440 * time_s).astype(np.float32)])
    assert tiles.mel.max() - tiles.mel.min() == pytest.approx(80, abs=0.1)


def test_album_tiles_round_trip_through_a_file(tmp_path):
    rows = []
    for name, sound in {"a": NOISE, "b": np.zeros_like(NOISE), "c": NOISE[: patches.TILE]}.items():
        soundfile.write(tmp_path / f"{name}.wav", sound, RATE_HZ, subtype="FLOAT")
        rows.append(("album", name, tmp_path / f"{name}.wav", 1.0, RATE_HZ))
    write_tracks(rows, tmp_path / "tracks.tsv", tables.ALBUM_TRACKS)
    patches.tile_album(tmp_path / "tracks.tsv", tmp_path / "film.npz")
    tiles, names = patches.read_tiles(tmp_path / "film.npz")
    assert names == ["a", "b", "c"]
    assert tiles.track.tolist() == [0, 0, 0, 2]
    np.testing.assert_array_equal(tiles.mel[:3], patches.cut_track([NOISE]).mel)


def test_damaged_tiles_error_names_the_file(tmp_path):
    (tmp_path / "film.npz").write_bytes(b"half")
    with pytest.raises(InputError, match=r"film.npz: cannot be read .*\n.*tiles of an album"):
        patches.read_tiles(tmp_path / "film.npz")


def test_tile_embedding_is_the_mean_of_its_seconds():
    values = np.arange(40, dtype=np.float32).reshape(20, 2)
    values[3] = np.nan
    means = inputs.tile_means(values, np.arange(20.0), np.array([0, TILE_S, 5 * TILE_S]))
    # The middle of second 8 (8.5 s) lies in the first tile, that of second 9 in the second.
    first = np.delete(np.arange(9), 3)
    np.testing.assert_allclose(means[0], [2 * first.mean(), 2 * first.mean() + 1])
    np.testing.assert_allclose(means[1], [2 * 13.5, 2 * 13.5 + 1])  # seconds 9 to 18
    assert np.isnan(means[2]).all()


def test_training_sets_have_no_tiles_of_held_out_films():
    corpus = make_dataset()
    corpus = corpus._replace(instances=np.zeros((len(corpus.bag), 4, 5), np.float32))
    settings = {"tiles_per_track": 2, "tiles_per_class": 5}
    fold = grouped_folds.split_dataset(corpus, True, 5, 0)[0]
    for model in ("cnn", "cnn_ensemble", "mel_cnn"):
        for one_set in networks.training_sets(model, corpus, fold, settings, (0, 1)).values():
            assert set(corpus.bag[one_set.rows]) <= set(fold.training)
            assert set(corpus.bag[one_set.validation_rows]) <= set(fold.validation)
            if model == "mel_cnn":
                assert np.bincount(corpus.bag[one_set.rows]).max() == 2


def test_loaded_model_has_equal_predictions_and_metadata(tmp_path):
    corpus = make_dataset(films=24)
    fitted = linear_model.fit_linear(corpus, corpus.nonempty_bags)
    arrays = {f"all/{name}": value for name, value in fitted.items()}
    arrays["calibration"] = np.array([[2, 1, 1], [0, -1, 0]], np.float32)
    model = Model("embedding_linear", corpus.genres, arrays, 24, "musicnn")
    save_model(tmp_path / "model.safetensors", model)
    loaded = load_model(tmp_path / "model.safetensors")
    assert (loaded.name, loaded.genres, loaded.films, loaded.embedding) == (
        "embedding_linear", corpus.genres, 24, "musicnn",
    )  # fmt: skip
    for one, other in zip(
        predict_tiles(model, corpus.instances, corpus.bag),
        predict_tiles(loaded, corpus.instances, corpus.bag),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)
    raw = linear_model.predict_linear(fitted, corpus.instances)
    probability, weight = predict_tiles(loaded, corpus.instances, corpus.bag)
    np.testing.assert_allclose(
        probability, special.expit(special.logit(raw) * [2, 1, 1] + [0, -1, 0]), atol=1e-4
    )
    np.testing.assert_allclose(weight, 1 / 3)
    pooled = pool_by_weight(probability, weight, corpus.bag)
    np.testing.assert_allclose(pooled[0], probability[:3].mean(axis=0), rtol=1e-5)


def test_damaged_model_error_names_the_file(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"half a model")
    with pytest.raises(InputError, match=r"model.safetensors: cannot be read .*\n.*of the tagger"):
        load_model(tmp_path / "model.safetensors")


def test_genre_with_constant_labels_is_predicted_by_its_frequency():
    corpus = make_dataset()
    corpus = corpus._replace(instances=np.zeros((len(corpus.bag), 20, 18), np.float32))
    corpus.labels[:, 0], corpus.labels[:, 2] = False, True
    fold = grouped_folds.split_dataset(corpus, True, 4, 0)[0]
    settings = {
        "tiles_per_track": 0,
        "tiles_per_class": 0,
        "network": {"learning_rate": 1e-3, "batch_size": 32, "epochs": 1, "patience": 1},
    }
    (arrays,) = train.fit("cnn_ensemble", corpus, [fold], settings, 0)
    probability, _ = predict_tiles(
        Model("cnn_ensemble", corpus.genres, arrays), corpus.instances, corpus.bag
    )
    assert (probability[:, 0] == 0).all()
    assert (probability[:, 2] == 1).all()
    assert (probability[:, 1] > 0).all()
    assert (probability[:, 1] < 1).all()


SETTINGS = {
    "tiles_per_track": 0,
    "tiles_per_class": 0,
    "network": {"learning_rate": 1e-3, "batch_size": 64, "epochs": 1, "patience": 1},
    "attention": {
        "hidden": 4, "dropout": 0.5, "learning_rate": 1e-3, "batch_size": 16, "epochs": 1,
    },
}  # fmt: skip


@pytest.mark.parametrize("model", list(MODELS))
def test_training_does_not_depend_on_the_held_out_films(model):
    corpus = make_dataset()
    if MODELS[model] in ("mfcc", "mel"):
        height, width = (60, 24) if model == "mel_cnn" else (40, 36)
        noise = np.random.default_rng(0).normal(size=(len(corpus.bag), height, width))
        corpus = corpus._replace(instances=noise.astype(np.float32))
    folds = grouped_folds.split_dataset(corpus, True, 4, 0)[:1]
    (before,) = train.fit(model, corpus, folds, SETTINGS, 0)
    inputs, actual = corpus.instances.copy(), corpus.labels.copy()
    inputs[corpus.rows_of(folds[0].held_out)] = 9
    actual[folds[0].held_out] ^= True
    (after,) = train.fit(
        model, corpus._replace(instances=inputs, labels=actual), folds, SETTINGS, 0
    )
    assert before.keys() == after.keys()
    for name in before:
        np.testing.assert_array_equal(before[name], after[name])


def test_frequency_ranking_predicts_equal_probabilities_for_all_tracks():
    arrays = {"frequency": np.float32([0, 0.5, 1])}
    probability, _ = predict_tiles(
        Model("frequency_ranking", list("abc"), arrays), np.zeros((4, 0)), np.arange(4)
    )
    np.testing.assert_array_equal(probability, np.tile(arrays["frequency"], (4, 1)))


def one_album_a_film(films):
    return {f"film_{number}": f"film_{number}" for number in range(films)}


def film_table(folder, genres):
    rows = [
        (f"film_{number}", f"F {number}", 2000, tuple(filter(None, text.split(";"))), 60.0, True, 1)
        for number, text in enumerate(genres)
    ]
    path = folder / "films.tsv"
    tables.write_table(pd.DataFrame(rows, columns=tables.FILMS.names), path, tables.FILMS)
    paths = []
    for number in range(len(genres)):
        tiles = patches.cut_track([NOISE])
        paths.append(folder / f"film_{number}.npz")
        np.savez(paths[-1], track_ids=np.array(["one"]), **tiles._asdict())
    return path, paths


def test_genres_with_too_few_tracks_or_films_are_left_out(tmp_path, caplog):
    films, paths = film_table(tmp_path, ["Comedy;Drama", "Comedy", "Horror;Drama", "Drama"])
    caplog.set_level("INFO")
    genres = ["Comedy", "Drama", "Horror", "War"]
    albums = one_album_a_film(4)
    corpus = dataset.read_dataset("cnn", films, paths[::-1], albums, [], genres, 2, albums)
    assert corpus.genres == ["Comedy", "Drama"]
    assert corpus.instances.shape == (12, 40, 100)
    assert corpus.labels.tolist() == [[True, True], [True, False], [False, True], [False, True]]
    assert "Horror is left out: too few tracks, or of one group of films" in caplog.text


def test_films_without_genres_have_no_tracks_in_the_dataset(tmp_path, caplog):
    films, paths = film_table(tmp_path, ["Comedy;Drama", "", "Comedy", "Drama"])
    albums, genres = one_album_a_film(4), ["Comedy", "Drama"]
    corpus = dataset.read_dataset("cnn", films, paths, albums, [], genres, 1, albums)
    assert corpus.labels.tolist() == [[True, True], [True, False], [False, True]]
    assert [film for film, _ in corpus.bag_ids] == ["film_0", "film_2", "film_3"]
    assert "films without genres, left out of training and scoring: film_1" in caplog.messages


def test_trainable_genres_have_enough_tracks_of_at_least_two_groups_of_films():
    albums = [(["Comedy", "Drama"], 5), (["Comedy"], 4), (["Drama"], 0), (["Horror"], 50)]
    albums = [label_filter.AlbumLabels(number, *album) for number, album in enumerate(albums)]
    genres = ["Drama", "Comedy", "Horror", "War"]
    assert label_filter.trainable_genres(genres, albums, 9) == ["Comedy"]
    assert label_filter.trainable_genres(genres, albums, 10) == []
    together = [album._replace(group=0) for album in albums]
    assert label_filter.trainable_genres(genres, together, 9) == []


def test_film_groups_become_split_groups_and_albums_count_once(tmp_path):
    films, paths = film_table(tmp_path, ["Comedy;Drama", "Comedy", "Drama", "Drama"])
    albums = {f"film_{k}": f"film_{one}" for k, one in enumerate((0, 0, 2, 3))}
    groups = {f"film_{k}": f"film_{one}" for k, one in enumerate((0, 0, 2, 0))}
    genres = ["Comedy", "Drama"]
    with pytest.raises(TableError, match="at least 1 tracks, of two groups of films: 1"):
        dataset.read_dataset("mel_cnn", films, paths, albums, [], genres, 1, groups)
    groups["film_1"] = "film_1"
    albums["film_1"] = "film_1"
    corpus = dataset.read_dataset("mel_cnn", films, paths, albums, [], genres, 1, groups)
    assert corpus.split_group.tolist() == [0, 1, 2, 0]
    assert corpus.group.tolist() == [0, 1, 2, 3]
    one = dict.fromkeys(groups, "film_0")
    with pytest.raises(TableError):
        dataset.read_dataset("mel_cnn", films, paths, albums, [], genres, 1, one)


def test_too_few_genres_raise_table_error(tmp_path):
    films, paths = film_table(tmp_path, ["Comedy", "Comedy"])
    albums, genres = one_album_a_film(2), ["Comedy", "Drama"]
    message = r"at least 2 tracks, of two groups of films: 1\n.*\n.*min_tracks"
    with pytest.raises(TableError, match=message):
        dataset.read_dataset("mel_cnn", films, paths, albums, [], genres, 2, albums)
