"""Baselines of trailers: one number alone, and random values instead of embeddings."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score

from scorelens.errors import TableError
from scorelens.evaluation.average_precision import random_average_precision
from scorelens.tables import TRAILER_PREDICTIONS, TRAILER_SAMPLES, read_table, write_table
from scorelens.trailers import BASELINES, MODELS
from scorelens.trailers.data import dataset
from scorelens.trailers.data.frame_sampling import EMPTY, RATE_HZ, Sampling, sample_trailers
from scorelens.trailers.data.inputs import random_values
from scorelens.trailers.model import ensemble, train
from tests.trailer_tables import (
    GENRES,
    make_labels,
    make_vectors,
    trailer_ids,
    write_trailers,
    write_vectors,
)

SETTINGS = {"genres": GENRES, "folds": 5}


def write_sample_table(path, **columns):
    """A table of TRAILER_SAMPLES with some columns of numbers, (trailers,) each."""
    count = len(next(iter(columns.values())))
    rows = {"trailer_id": trailer_ids(count), "frames": 10, "skipped": 0, "sound_s": 30.0}
    rows |= {"length_s": 90.0, "loudness_db": -20.0, "note": None}
    write_table(pd.DataFrame(rows | columns)[TRAILER_SAMPLES.names], path, TRAILER_SAMPLES)
    return path


def add_years(table, years):
    rows = pd.read_csv(table, sep="\t", dtype=str)
    rows.assign(year=years).to_csv(table, sep="\t", index=False)


def read_inputs(model, folder, actual, tables=()):
    """The dataset of a model for trailers that have a title each."""
    return dataset.read_dataset(model, write_trailers(folder, actual), GENRES, {}, tables)


def precision_by_genre(model, folder, actual, tables=(), seed=0):
    """Average precision of each genre by held-out predictions."""
    outputs = folder / f"{model}.parquet", folder / f"{model}_moments.parquet"
    table = folder / "trailers.tsv"
    train.train_trailers("vgg16", model, table, {}, tables, SETTINGS, seed, *outputs)
    rows = read_table(outputs[0], TRAILER_PREDICTIONS)
    rows = rows[rows["part"] == "held_out"]
    wide = rows.pivot_table("probability", "trailer_id", "genre")[GENRES]
    return average_precision_score(actual, wide.to_numpy(), average=None)


def test_every_baseline_has_no_modality_and_every_other_model_has_one():
    assert {name for name, modality in MODELS.items() if not modality} == set(BASELINES)


def test_loudness_and_length_are_those_of_the_sample_table(tmp_path):
    loudness = np.array([-10.0, np.nan, -30.0, -40.0])
    path = write_sample_table(tmp_path / "a.tsv", loudness_db=loudness, length_s=[5.0, 6, 7, 8])
    loud = read_inputs("loudness", tmp_path, make_labels(4), [path])
    assert loud.instances.ravel().tolist() == [-10, -30, -40]
    assert loud.bag.tolist() == [0, 2, 3]
    length = read_inputs("length", tmp_path, make_labels(4), [path])
    assert length.instances.ravel().tolist() == [5, 6, 7, 8]


def test_year_is_that_of_the_trailer_table_and_unknown_ones_have_no_instance(tmp_path):
    table = write_trailers(tmp_path, make_labels(4))
    add_years(table, ["1999", None, "2004", "2010"])
    years = dataset.read_dataset("year", table, GENRES, {}, [])
    assert years.instances.ravel().tolist() == [1999, 2004, 2010]
    assert years.nonempty_bags.tolist() == [0, 2, 3]


@pytest.mark.parametrize("model", ["loudness", "length"])
def test_genre_at_one_end_or_in_the_middle_of_a_scale_is_predicted(model, tmp_path):
    """Action is at the high end, Comedy in the middle; the others are independent of the value."""
    random = np.random.default_rng(1)
    values = random.uniform(-3, 3, 90)
    actual = make_labels(90, seed=2)
    actual[:, 0], actual[:, 1] = values > 1, np.abs(values) < 1
    actual[~actual.any(axis=1), 3] = True
    column = {"loudness": "loudness_db", "length": "length_s"}[model]
    path = write_sample_table(tmp_path / "a.tsv", **{column: values + 10})
    write_trailers(tmp_path, actual)
    precision = precision_by_genre(model, tmp_path, actual, [path])
    chance = random_average_precision(actual.sum(axis=0), 90)
    assert precision[:2].min() > 0.9
    assert precision[2] < chance[2] + 0.1


def test_random_values_have_the_shape_of_the_embeddings_and_none_of_their_content(tmp_path):
    actual = make_labels(40, seed=3)
    vectors = make_vectors(actual, [0, 1, 2, 3])
    paths = [write_vectors(tmp_path / "vectors.parquet", vectors)]
    embedded, noise = (
        read_inputs(model, tmp_path, actual, paths) for model in ("frame_linear", "frame_random")
    )
    assert noise.instances.shape == embedded.instances.shape
    assert (noise.bag == embedded.bag).all()
    assert np.abs(np.corrcoef(noise.instances.ravel(), embedded.instances.ravel())[0, 1]) < 0.1
    again = read_inputs("frame_random", tmp_path, actual, paths)
    np.testing.assert_array_equal(noise.instances, again.instances)
    precision = precision_by_genre("frame_linear", tmp_path, actual, paths)
    by_chance = precision_by_genre("frame_random", tmp_path, actual, paths)
    chance = random_average_precision(actual.sum(axis=0), 40)
    assert precision.min() > 0.9
    assert (by_chance - chance).mean() < 0.1


def test_random_values_are_standard_normal():
    values = random_values("trailer_01", (200, 200))
    assert abs(values.mean()) < 0.02
    assert values.std() == pytest.approx(1, abs=0.02)
    assert not np.array_equal(values, random_values("trailer_02", (200, 200)))


def test_loudness_of_a_sample_is_its_root_mean_square(tmp_path, monkeypatch):
    """A sine of amplitude 0.1 has -23.01 dB; silence and a skipped trailer have no loudness."""
    tone = 0.1 * np.sin(2 * np.pi * 440 * np.arange(3 * RATE_HZ) / RATE_HZ).astype(np.float32)
    made = {
        "loud": EMPTY._replace(sound=tone, length_s=61.5),
        "silent": EMPTY._replace(sound=np.zeros(RATE_HZ, np.float32), length_s=8.0),
        "skipped": EMPTY,
    }
    monkeypatch.setattr(
        "scorelens.trailers.data.frame_sampling.sample_trailer", lambda name, *_: (made[name], "")
    )
    outputs = [tmp_path / f"{name}.npz" for name in made]
    sample_trailers(
        {name: name for name in made}, outputs, tmp_path / "t.tsv", Sampling(0, 1, 1, 3)
    )
    table = read_table(tmp_path / "t.tsv", TRAILER_SAMPLES)
    np.testing.assert_allclose(table["loudness_db"], [-23.0103, np.nan, np.nan], atol=1e-3)
    np.testing.assert_allclose(table["length_s"], [61.5, 8, np.nan])


def test_year_that_no_trailer_has_is_an_error_that_says_what_to_do(tmp_path):
    corpus = read_inputs("year", tmp_path, make_labels(8))
    assert len(corpus.nonempty_bags) == 0
    with pytest.raises(TableError, match="year: titles whose trailers have its input: 0"):
        folds = train.nested_folds(corpus, 2, dataset.N_INNER, 0)
        ensemble.fit_ensembles("year", corpus, folds, {}, 0)
