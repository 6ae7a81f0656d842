"""The tagger: tiles, what is held out, what each network hears, calibration, models at work."""

import librosa
import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from scorelens import tables
from scorelens.errors import InputError, TableError
from scorelens.learning import calibration, dataset, embedding_models, training_sets
from scorelens.learning.dataset import Material
from scorelens.tagger import MODELS, RATE_HZ, TILE_S, label_filter, patches, train
from scorelens.tagger.model import Model, load_model, save_model, tag_tiles, tag_tracks
from tests.album_tables import write_tracks

NOISE = np.random.default_rng(0).normal(0, 0.1, 3 * patches.TILE + 999).astype(np.float32)


def made_up(films=10, tracks=4, each=3, genres=("Comedy", "Drama", "Horror")) -> Material:
    """A corpus whose embeddings give the genres away; film 0 is of all genres, film 1 of none."""
    random = np.random.default_rng(1)
    labels = random.random((films, len(genres))) < 0.5
    labels[0], labels[1] = True, False
    film = np.repeat(np.arange(films), tracks)
    track = np.repeat(np.arange(films * tracks), each)
    inputs = random.normal(size=(len(track), 6)) + 3 * np.pad(labels, ((0, 0), (0, 3)))[film[track]]
    return Material(
        inputs.astype(np.float32),
        track,
        np.tile(np.arange(each) * TILE_S, films * tracks),
        [
            (f"film_{number}", f"track_{place}")
            for number in range(films)
            for place in range(tracks)
        ],
        film,
        film,
        list(genres),
        labels[film],
    )


def test_tiles_are_librosas_bands_and_coefficients():
    found = patches.cut_track([NOISE])
    power = librosa.feature.melspectrogram(
        y=NOISE[patches.TILE : 2 * patches.TILE],
        sr=RATE_HZ,
        n_fft=2048,
        hop_length=2048,
        center=False,
    )
    decibels = librosa.power_to_db(power)
    np.testing.assert_allclose(found.mel[1], decibels, atol=0.02)
    coefficients = librosa.feature.mfcc(S=decibels, n_mfcc=41)[1:]
    assert coefficients.shape == (40, 100)
    np.testing.assert_allclose(patches.mfcc(found.mel)[1], coefficients, atol=0.01)


def test_a_tile_is_about_nine_seconds_and_what_is_left_is_none():
    found = patches.cut_track([NOISE])
    assert pytest.approx(9.288, abs=1e-3) == TILE_S
    np.testing.assert_allclose(found.start_s, [0, TILE_S, 2 * TILE_S])
    np.testing.assert_allclose(found.length_s, TILE_S)


def test_blocks_change_nothing():
    whole, cut = (
        patches.cut_track([NOISE]),
        patches.cut_track([NOISE[: patches.TILE], NOISE[patches.TILE :]]),
    )
    for one, other in zip(whole, cut, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-3)


def test_a_short_track_is_repeated_until_it_fills_a_tile():
    second = NOISE[: 2 * RATE_HZ]
    found = patches.cut_track([second])
    whole = patches.cut_track([np.resize(second, patches.TILE)])
    np.testing.assert_array_equal(found.mel, whole.mel)
    assert found.length_s.tolist() == [2.0]
    assert len(patches.cut_track([NOISE[: RATE_HZ - 1]]).mel) == 0
    assert len(patches.cut_track([]).mel) == 0


def test_silence_and_broken_samples_are_left_out():
    sound = NOISE.copy()
    sound[: patches.TILE] = 1e-6
    sound[patches.TILE + 5] = np.nan
    found = patches.cut_track([sound])
    np.testing.assert_allclose(found.start_s, [2 * TILE_S])
    assert np.isfinite(found.mel).all()


def test_no_band_lies_more_than_80_db_under_the_loudest():
    time_s = np.arange(patches.TILE) / RATE_HZ
    found = patches.cut_track([np.sin(2 * np.pi * 440 * time_s).astype(np.float32)])
    assert found.mel.max() - found.mel.min() == pytest.approx(80, abs=0.1)


def test_an_album_goes_to_a_file_and_back(tmp_path):
    rows = []
    for name, sound in {"a": NOISE, "b": np.zeros_like(NOISE), "c": NOISE[: patches.TILE]}.items():
        soundfile.write(tmp_path / f"{name}.wav", sound, RATE_HZ, subtype="FLOAT")
        rows.append(("album", name, tmp_path / f"{name}.wav", 1.0, RATE_HZ))
    write_tracks(rows, tmp_path / "tracks.tsv", tables.ALBUM_TRACKS)
    patches.tile_album(tmp_path / "tracks.tsv", tmp_path / "film.npz")
    found, names = patches.read_tiles(tmp_path / "film.npz")
    assert names == ["a", "b", "c"]
    assert found.track.tolist() == [0, 0, 0, 2]
    np.testing.assert_array_equal(found.mel[:3], patches.cut_track([NOISE]).mel)


def test_damaged_tiles_are_named(tmp_path):
    (tmp_path / "film.npz").write_bytes(b"half")
    with pytest.raises(InputError, match=r"film.npz: cannot be read .*\n.*tiles of an album"):
        patches.read_tiles(tmp_path / "film.npz")


def test_the_embedding_of_a_tile_is_the_mean_of_its_seconds():
    values = np.arange(40, dtype=np.float32).reshape(20, 2)
    values[3] = np.nan
    found = dataset.tile_means(values, np.arange(20.0), np.array([0, TILE_S, 5 * TILE_S]))
    # The middle of second 8 (8.5 s) lies in the first tile, that of second 9 in the second.
    first = np.delete(np.arange(9), 3)
    np.testing.assert_allclose(found[0], [2 * first.mean(), 2 * first.mean() + 1])
    np.testing.assert_allclose(found[1], [2 * 13.5, 2 * 13.5 + 1])  # seconds 9 to 18
    assert np.isnan(found[2]).all()


@pytest.mark.parametrize("by", ["film", "track"])
def test_every_track_is_held_out_once_and_the_last_split_holds_none(by):
    corpus = made_up()
    *folds, last = dataset.split(corpus, by, 4, seed=3)
    assert len(folds) == 4
    np.testing.assert_array_equal(
        np.sort(np.concatenate([one.held_out for one in folds])), corpus.heard
    )
    for one in (*folds, last):
        parts = np.concatenate(one)
        np.testing.assert_array_equal(np.sort(parts), corpus.heard)
    assert not len(last.held_out)


@given(seed=st.integers(0, 1000), folds=st.integers(2, 12))
@settings(max_examples=30, deadline=None)
def test_no_film_is_on_two_sides(seed, folds):
    corpus = made_up()
    for one in dataset.split(corpus, "film", folds, seed):
        films = [set(corpus.film[tracks]) for tracks in one]
        assert sum(map(len, films)) == len(set.union(*films)) == 10


def test_folds_are_alike_in_their_genres():
    labels = np.eye(3, dtype=bool)[np.repeat(np.arange(3), 4)]
    dealt = dataset.deal_alike(labels, np.full(12, 5), 4, np.random.default_rng(0))
    assert [labels[rows].sum(axis=0).tolist() for rows in dealt] == [[1, 1, 1]] * 4
    assert sorted(np.concatenate(dealt)) == list(range(12))
    assert len(dataset.deal_alike(labels[:2], np.ones(2), 5, np.random.default_rng(0))) == 2


def test_by_track_a_film_may_be_on_two_sides():
    corpus = made_up()
    one = dataset.split(corpus, "track", 4, 3)[0]
    assert set(corpus.film[one.held_out]) & set(corpus.film[one.training])


def test_the_films_that_stop_the_training_are_a_fifth_and_carry_the_genres():
    labels = np.zeros((10, 2), bool)
    labels[:5, 0] = labels[5:, 1] = True
    drawn = dataset._representative(np.arange(10), labels, np.random.default_rng(0))
    assert labels[drawn].sum(axis=0).tolist() == [1, 1]
    assert len(dataset._representative(np.arange(2), labels, np.random.default_rng(0))) == 0


def test_a_class_is_heard_as_itself_and_counts_like_the_others():
    actual = np.array([[1, 0], [1, 1], [1, 0], [0, 0]], bool)
    found = training_sets.by_class(np.arange(10, 14), actual, 0, np.random.default_rng(0))
    assert sorted(zip(found.rows, found.targets, strict=True)) == [
        (10, 0),
        (11, 0),
        (11, 1),
        (12, 0),
    ]
    sums = [found.weights[found.targets == number].sum() for number in (0, 1)]
    np.testing.assert_allclose(sums, [2, 2])
    few = training_sets.by_class(np.arange(10, 14), actual, 1, np.random.default_rng(0))
    assert np.bincount(few.targets).tolist() == [1, 1]


def test_one_against_all_draws_as_many_of_others():
    carries = np.array([True, False, False, True, False, False])
    found = training_sets.one_against_all(np.arange(6), carries, 0, np.random.default_rng(0))
    assert set(found.rows[found.targets[:, 0] == 1]) == {0, 3}
    assert len(set(found.rows[found.targets[:, 0] == 0]) - {0, 3}) == 2
    none = training_sets.one_against_all(
        np.arange(6), np.zeros(6, bool), 0, np.random.default_rng(0)
    )
    assert none.targets.shape == (0, 1)


def test_the_scale_is_that_of_the_tracks_that_teach():
    random = np.random.default_rng(0)
    inputs = random.normal(5, 2, (60, 4, 10)).astype(np.float32)
    inputs[:, 2] = 7
    mean, gain = training_sets.scale(inputs)
    scaled = (inputs - mean[:, None]) * gain[:, None]
    np.testing.assert_allclose(scaled.mean((0, 2)), 0, atol=1e-4)
    np.testing.assert_allclose(scaled.std((0, 2)), [1, 1, 0, 1], atol=1e-4)


def test_lessons_hold_no_tile_of_a_film_held_out():
    corpus = made_up()
    corpus = corpus._replace(inputs=np.zeros((len(corpus.track), 4, 5), np.float32))
    settings = {"tiles_per_track": 2, "tiles_per_class": 5}
    one = dataset.split(corpus, "film", 5, 0)[0]
    for model in ("cnn", "cnn_ensemble", "mel_cnn"):
        for lesson in training_sets.lessons_of(model, corpus, one, settings, (0, 1)).values():
            assert set(corpus.track[lesson.rows]) <= set(one.training)
            assert set(corpus.track[lesson.held_rows]) <= set(one.validation)
            if model == "mel_cnn":
                assert np.bincount(corpus.track[lesson.rows]).max() == 2


def test_calibration_finds_the_line_and_leaves_what_few_tracks_cannot_tell():
    random = np.random.default_rng(0)
    odds = random.normal(size=(4000, 2)) * 2
    actual = random.random(odds.shape) < special.expit(0.5 * odds - 1)
    many = calibration.fit_lines(special.expit(odds), actual, np.ones(4000), np.zeros(2))
    np.testing.assert_allclose(many, [[0.5, 0.5], [-1, -1]], atol=0.1)
    np.testing.assert_allclose(
        calibration.on_lines(special.expit(odds), many),
        special.expit(many[0] * odds + many[1]),
        atol=1e-5,
    )
    nothing = np.zeros((0, 2))
    none = calibration.fit_lines(nothing, nothing > 0, np.zeros(0), np.array([0, -2]))
    np.testing.assert_allclose(none, [[1, 1], [0, -2]])


def test_a_linear_model_learns_what_the_embeddings_tell():
    corpus = made_up(films=24)
    one = dataset.split(corpus, "film", 4, 0)[0]
    arrays = embedding_models.learn_linear(corpus, one.training)
    rows = corpus.tiles_of(one.held_out)
    said = embedding_models.ask_linear(arrays, corpus.inputs[rows]) > 0.5
    assert (said == corpus.actual[corpus.track[rows]]).mean() > 0.8


def test_attention_learns_too_and_its_weights_sum_to_one():
    corpus = made_up(films=24)
    one = dataset.split(corpus, "film", 4, 0)[0]
    settings = {"hidden": 16, "dropout": 0.2, "learning_rate": 3e-3, "batch": 16, "epochs": 30}
    everything = np.union1d(one.training, one.validation)
    arrays = embedding_models.learn_attention(corpus, everything, settings, seed=0)
    rows = corpus.tiles_of(one.held_out)
    track = corpus.track[rows]
    probability, weight = embedding_models.ask_attention(arrays, corpus.inputs[rows], track)
    tracks = tag_tracks(probability, weight, track)
    assert ((tracks > 0.5) == corpus.actual[one.held_out]).mean() > 0.8
    sums = np.add.reduceat(weight, np.searchsorted(track, one.held_out), axis=0)
    np.testing.assert_allclose(sums, 1, rtol=1e-5)


def test_a_model_file_gives_the_same_answers_and_says_what_it_is(tmp_path):
    corpus = made_up(films=24)
    learnt = embedding_models.learn_linear(corpus, corpus.heard)
    arrays = {f"all/{name}": value for name, value in learnt.items()}
    arrays["calibration"] = np.array([[2, 1, 1], [0, -1, 0]], np.float32)
    model = Model("embedding_linear", corpus.genres, arrays, 24, "musicnn")
    save_model(tmp_path / "model.safetensors", model)
    read = load_model(tmp_path / "model.safetensors")
    assert (read.name, read.genres, read.films, read.embedding) == (
        "embedding_linear", corpus.genres, 24, "musicnn",
    )  # fmt: skip
    for one, other in zip(
        tag_tiles(model, corpus.inputs, corpus.track),
        tag_tiles(read, corpus.inputs, corpus.track),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)
    raw = embedding_models.ask_linear(learnt, corpus.inputs)
    said, weight = tag_tiles(read, corpus.inputs, corpus.track)
    np.testing.assert_allclose(
        said, special.expit(special.logit(raw) * [2, 1, 1] + [0, -1, 0]), atol=1e-4
    )
    np.testing.assert_allclose(weight, 1 / 3)
    whole = tag_tracks(said, weight, corpus.track)
    np.testing.assert_allclose(whole[0], said[:3].mean(axis=0), rtol=1e-5)


def test_a_damaged_model_is_named(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"half a model")
    with pytest.raises(InputError, match=r"model.safetensors: cannot be read .*\n.*of the tagger"):
        load_model(tmp_path / "model.safetensors")


def test_without_a_network_of_its_own_a_genre_has_its_frequency():
    corpus = made_up()
    corpus = corpus._replace(inputs=np.zeros((len(corpus.track), 20, 18), np.float32))
    corpus.actual[:, 0], corpus.actual[:, 2] = False, True
    one = dataset.split(corpus, "film", 4, 0)[0]
    settings = {
        "tiles_per_track": 0,
        "tiles_per_class": 0,
        "network": {"learning_rate": 1e-3, "batch": 32, "epochs": 1, "patience": 1},
    }
    (arrays,) = train.learn("cnn_ensemble", corpus, [one], settings, 0)
    said, _ = tag_tiles(Model("cnn_ensemble", corpus.genres, arrays), corpus.inputs, corpus.track)
    assert (said[:, 0] == 0).all()
    assert (said[:, 2] == 1).all()
    assert (said[:, 1] > 0).all()
    assert (said[:, 1] < 1).all()


SETTINGS = {
    "tiles_per_track": 0,
    "tiles_per_class": 0,
    "network": {"learning_rate": 1e-3, "batch": 64, "epochs": 1, "patience": 1},
    "attention": {
        "hidden": 4, "dropout": 0.5, "learning_rate": 1e-3, "batch": 16, "epochs": 1,
    },
}  # fmt: skip


@pytest.mark.parametrize("model", list(MODELS))
def test_what_is_held_out_teaches_nothing(model):
    corpus = made_up()
    if MODELS[model] in ("mfcc", "mel"):
        height, width = (60, 24) if model == "mel_cnn" else (40, 36)
        noise = np.random.default_rng(0).normal(size=(len(corpus.track), height, width))
        corpus = corpus._replace(inputs=noise.astype(np.float32))
    one = dataset.split(corpus, "film", 4, 0)[:1]
    (before,) = train.learn(model, corpus, one, SETTINGS, 0)
    inputs, actual = corpus.inputs.copy(), corpus.actual.copy()
    inputs[corpus.tiles_of(one[0].held_out)] = 9
    actual[one[0].held_out] ^= True
    (after,) = train.learn(model, corpus._replace(inputs=inputs, actual=actual), one, SETTINGS, 0)
    assert before.keys() == after.keys()
    for name in before:
        np.testing.assert_array_equal(before[name], after[name])


def test_ranking_by_frequency_says_the_same_of_all_tracks():
    arrays = {"frequency": np.float32([0, 0.5, 1])}
    said, _ = tag_tiles(
        Model("frequency_ranking", list("abc"), arrays), np.zeros((4, 0)), np.arange(4)
    )
    np.testing.assert_array_equal(said, np.tile(arrays["frequency"], (4, 1)))


def own_albums(films):
    return {f"film_{number}": f"film_{number}" for number in range(films)}


def film_table(folder, genres):
    rows = [
        (f"film_{number}", f"F {number}", 2000, tuple(text.split(";")), 60.0, True, 1)
        for number, text in enumerate(genres)
    ]
    path = folder / "films.tsv"
    tables.write_table(pd.DataFrame(rows, columns=tables.FILMS.names), path, tables.FILMS)
    paths = []
    for number in range(len(genres)):
        found = patches.cut_track([NOISE])
        paths.append(folder / f"film_{number}.npz")
        np.savez(paths[-1], track_ids=np.array(["one"]), **found._asdict())
    return path, paths


def test_genres_with_too_few_tracks_or_films_are_left_out(tmp_path, caplog):
    films, paths = film_table(tmp_path, ["Comedy;Drama", "Comedy", "Horror;Drama", "Drama"])
    caplog.set_level("INFO")
    asked = ["Comedy", "Drama", "Horror", "War"]
    found = dataset.read_material("cnn", films, paths[::-1], own_albums(4), [], asked, 2)
    assert found.genres == ["Comedy", "Drama"]
    assert found.inputs.shape == (12, 40, 100)
    assert found.actual.tolist() == [[True, True], [True, False], [False, True], [False, True]]
    assert "Horror is left out: too few tracks or films carry it" in caplog.text


def test_a_genre_is_taught_by_enough_tracks_of_two_films_that_have_some():
    albums = [(["Comedy", "Drama"], 5), (["Comedy"], 4), (["Drama"], 0), (["Horror"], 50)]
    asked = ["Drama", "Comedy", "Horror", "War"]
    assert label_filter.teachable(asked, albums, 9) == ["Comedy"]
    assert label_filter.teachable(asked, albums, 10) == []


def test_too_few_genres_is_an_error(tmp_path):
    films, paths = film_table(tmp_path, ["Comedy", "Comedy"])
    with pytest.raises(
        TableError, match=r"at least 2 tracks, of two films or more: 1\n.*\n.*least_tracks"
    ):
        dataset.read_material("mel_cnn", films, paths, own_albums(2), [], ["Comedy", "Drama"], 2)
