"""Baselines of the tagger: what they take as input, and which genres they can and cannot find."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from scorelens import tables
from scorelens.learning.confounds import quadratic
from scorelens.learning.grouped_folds import split_dataset
from scorelens.tagger import BASELINES, MODEL_SPECS, TILE_S, dataset, patches, train
from scorelens.tagger.baseline_inputs import baseline_inputs, loudness_db
from scorelens.tagger.model import Model, predict_tiles
from tests.learning_dataset import make_dataset


def make_tiles(levels_db, tracks):
    """Tiles of equal bands at some levels, in dB."""
    mel = np.repeat(np.array(levels_db, np.float16), 128 * 100).reshape(-1, 128, 100)
    count = len(levels_db)
    return patches.Tiles(mel, np.array(tracks), TILE_S * np.arange(count), np.full(count, TILE_S))


def test_loudness_is_the_mean_power_in_db():
    tile = np.full((1, 128, 100), -80.0)
    tile[0, :64] = -10
    assert loudness_db(tile)[0] == pytest.approx(10 * np.log10(0.5 * (0.1 + 1e-8)))
    assert len(loudness_db(tile[:0])) == 0


def test_baseline_inputs_are_year_loudness_length_and_random_numbers():
    tiles = make_tiles([-30, -10, -20], [0, 0, 1])
    inputs = {
        model: baseline_inputs(model, tiles, "film_a", 2014.0, "musicnn") for model in BASELINES
    }
    assert inputs["frequency_ranking"].shape == (3, 0)
    np.testing.assert_allclose(inputs["year_alone"], [[1.4, 1.96]] * 3, rtol=1e-6)
    np.testing.assert_allclose(inputs["loudness_alone"], [[-1, 1], [1, 1], [0, 0]], atol=1e-3)
    length = (np.log(3 * TILE_S) - np.log(3600)) / 0.5
    np.testing.assert_allclose(inputs["length_alone"], [[length, length**2]] * 3, rtol=1e-5)
    assert inputs["random_features"].shape == (3, 200)
    again = baseline_inputs("random_features", tiles, "film_a", np.nan, "musicnn")
    np.testing.assert_array_equal(inputs["random_features"], again)
    other = baseline_inputs("random_features", tiles, "film_b", np.nan, "vggish")
    assert other.shape == (3, 128)
    assert abs(np.corrcoef(other.ravel(), again[:, :128].ravel())[0, 1]) < 0.2


def test_baseline_input_of_an_unknown_year_is_missing():
    tiles = make_tiles([-30], [0])
    assert np.isnan(baseline_inputs("year_alone", tiles, "film_a", np.nan, "musicnn")).all()


def test_dataset_of_year_has_the_year_of_each_film(tmp_path):
    rows = [("film_0", "A", 1994, ("Comedy",)), ("film_1", "B", None, ("Comedy", "Drama")),
            ("film_2", "C", 2020, ("Drama",))]  # fmt: skip
    films = tmp_path / "films.tsv"
    table = dict(zip(("film_id", "title", "year", "genres"), zip(*rows, strict=True), strict=True))
    frame = pd.DataFrame(table).assign(duration_s=9.0, has_picture=True, tracks=1)
    tables.write_table(frame.astype({"year": "Int64"}), films, tables.FILMS)
    paths = [tmp_path / f"film_{number}.npz" for number in range(3)]
    for path in paths:
        np.savez(path, track_ids=np.array(["one"]), **make_tiles([-20, -30], [0, 0])._asdict())
    albums = {path.stem: path.stem for path in paths}
    read = dataset.read_dataset(
        "year_alone", films, paths, albums, [], ["Comedy", "Drama"], 1, albums
    )
    expected = quadratic(np.array([1994, 1994, np.nan, np.nan, 2020, 2020]), 2000, 10)
    np.testing.assert_allclose(read.instances, expected)
    noise = dataset.read_dataset(
        "random_features", films, paths, albums, [], ["Comedy", "Drama"], 1, albums, "musicnn"
    )
    assert noise.instances.shape == (6, 200)
    assert noise.instances.std() == pytest.approx(1, abs=0.1)


def held_out_areas(model, corpus):
    """Area under the ROC curve of each genre, on tracks of films that are held out."""
    splits = split_dataset(corpus, True, 5, 0)[:-1]
    settings = {"genres": corpus.genres, "embedding": "musicnn"}
    score = np.zeros(corpus.labels.shape)
    for arrays, split in zip(train.fit(model, corpus, splits, settings, 0), splits, strict=True):
        rows = corpus.rows_of(split.held_out)
        probability, _ = predict_tiles(
            Model(model, corpus.genres, arrays), corpus.instances[rows], corpus.bag[rows]
        )
        score[corpus.bag[rows]] = probability
    return roc_auc_score(corpus.labels, score, average=None)


def test_year_alone_finds_the_genre_planted_in_the_year_and_no_other():
    corpus = make_dataset(films=60, tracks=2, each=1)
    years = np.random.default_rng(5).uniform(1960, 2020, 60)
    labels = np.random.default_rng(6).random((60, 3)) < 0.5
    labels[:, 0] = years > 1995
    labels[:, 1] = abs(years - 1990) < 12  # of the middle: the square finds it
    planted = corpus._replace(
        labels=labels[corpus.group], instances=quadratic(years[corpus.group[corpus.bag]], 2000, 10)
    )
    late, middle, random = held_out_areas("year_alone", planted)
    assert late > 0.95
    assert middle > 0.85
    assert 0.25 < random < 0.75


def test_random_features_are_at_chance():
    corpus = make_dataset(films=120, tracks=2, each=2)
    tiles = make_tiles([-20] * len(corpus.bag), corpus.bag)
    inputs = baseline_inputs("random_features", tiles, "film", np.nan, "musicnn")
    labels = np.random.default_rng(2).random((120, 3)) < 0.4
    areas = held_out_areas(
        "random_features", corpus._replace(instances=inputs, labels=labels[corpus.group])
    )
    assert abs(areas.mean() - 0.5) < 0.08


def test_baselines_are_calibrated_and_take_no_network_or_gpu():
    assert BASELINES == (
        "frequency_ranking", "year_alone", "loudness_alone", "length_alone", "random_features",
    )  # fmt: skip
    for model in BASELINES[1:]:
        assert MODEL_SPECS[model].calibrated
        assert not MODEL_SPECS[model].uses_gpu
