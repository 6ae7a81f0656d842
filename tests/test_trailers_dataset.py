"""Datasets of the trailer models: preprocessing, label filter, grouped folds and weights."""

import subprocess
import sys

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorelens.errors import TableError
from scorelens.learning.class_weights import group_weights
from scorelens.learning.datasets import Dataset, bag_per_group, bag_per_instance
from scorelens.learning.grouped_folds import nested_folds
from scorelens.trailers.data import dataset, preprocessing
from scorelens.trailers.data.preprocessing import RATE_HZ, WINDOW
from tests.trailer_tables import GENRES, make_labels, write_sample, write_trailers, write_vectors

NOISE = np.random.default_rng(0).normal(0, 0.1, 30 * RATE_HZ).astype(np.float32)


def make_dataset(title, trailer_of_row=None, genres=4) -> Dataset:
    """Dataset of one trailer per element of title. trailer_of_row: default one row per trailer."""
    title = np.asarray(title)
    trailer_of_row = np.arange(len(title)) if trailer_of_row is None else np.asarray(trailer_of_row)
    actual = make_labels(title.max() + 1, genres)[title]
    names = [(f"title {number}", f"trailer_{index}") for index, number in enumerate(title)]
    vectors = np.zeros((len(trailer_of_row), 3), np.float32)
    return Dataset(
        vectors,
        trailer_of_row,
        np.zeros(len(trailer_of_row)),
        names,
        title,
        title,
        GENRES[:genres],
        actual,
    )


def test_small_frames_stack_colour_channels_vertically():
    frame = np.random.default_rng(0).integers(0, 256, (2, 128, 128, 3)).astype(np.uint8)
    frames = preprocessing.small_frames(frame)
    assert frames.shape == (2, 192, 64)
    mean = frame.reshape(2, 64, 2, 64, 2, 3).mean(axis=(2, 4)) / 255
    for colour in range(3):
        channel = frames[:, 64 * colour : 64 * (colour + 1)]
        np.testing.assert_allclose(channel, mean[..., colour], atol=0.003)
    assert preprocessing.small_frames(np.zeros((0, 224, 224, 3), np.uint8)).shape == (0, 192, 64)


def test_mel_windows_of_30_s_are_ten_and_match_librosa():
    windows, middle_s = preprocessing.mel_windows(NOISE)
    assert windows.shape == (10, 64, 46)
    np.testing.assert_allclose(middle_s, 2.944 * (np.arange(10) + 0.5))
    power = librosa.feature.melspectrogram(
        y=NOISE[WINDOW : 2 * WINDOW],
        sr=RATE_HZ,
        n_fft=1024,
        hop_length=1024,
        n_mels=64,
        center=False,
    )
    np.testing.assert_allclose(windows[1], librosa.power_to_db(power), atol=0.04)


def test_mel_windows_repeat_short_sound_and_omit_silent_and_nan_windows():
    one_second = NOISE[:RATE_HZ]
    windows, middle_s = preprocessing.mel_windows(one_second)
    np.testing.assert_array_equal(
        windows, preprocessing.mel_windows(np.resize(one_second, WINDOW))[0]
    )
    assert middle_s.tolist() == [1.472]
    assert preprocessing.mel_windows(one_second[:-1])[0].shape == (0, 64, 46)
    damaged = NOISE.copy()
    damaged[WINDOW : 2 * WINDOW] = 0
    damaged[3 * WINDOW] = np.nan
    assert np.round(preprocessing.mel_windows(damaged)[1] / 2.944 - 0.5).tolist() == [
        0,
        2,
        4,
        5,
        6,
        7,
        8,
        9,
    ]


def test_dataset_has_one_bag_per_trailer_and_one_group_per_title(tmp_path):
    actual = np.array([[1, 0, 1, 0], [0, 1, 1, 0], [1, 1, 0, 1], [0, 1, 0, 0]], bool)
    title = np.array([0, 1, 1, 2, 3])
    vectors = np.random.default_rng(0).normal(size=(5, 2, 3))
    vectors[2] = np.nan
    table = write_trailers(tmp_path, actual, title)
    paths = [write_vectors(tmp_path / "vectors.parquet", vectors)]
    corpus = dataset.read_dataset("frame_linear", table, GENRES, {}, paths)
    assert corpus.genres == ["Action", "Comedy", "Horror"]  # only one title carries Drama
    assert corpus.bag_ids[2] == ("Title 01", "trailer_02")
    assert corpus.group.tolist() == [0, 1, 1, 2, 3]
    assert corpus.bag.tolist() == [0, 0, 1, 1, 3, 3, 4, 4]
    assert corpus.time_s.tolist() == [0, 2] * 4
    assert (corpus.labels == actual[title][:, :3]).all()
    np.testing.assert_allclose(corpus.instances, vectors[[0, 1, 3, 4]].reshape(8, 3), rtol=1e-6)
    assert dataset.nonempty(corpus, np.array([1, 2])).tolist() == [1]


def test_vectors_are_read_from_several_tables_in_any_order(tmp_path):
    table = write_trailers(tmp_path, make_labels(4))
    vectors = np.random.default_rng(0).normal(size=(4, 2, 3))
    parts = np.stack([vectors, vectors])
    parts[0, 2:], parts[1, :2] = np.nan, np.nan
    paths = [
        write_vectors(tmp_path / f"{index}.parquet", part_vectors)
        for index, part_vectors in enumerate(parts)
    ]
    corpus = dataset.read_dataset("sound_linear", table, GENRES, {}, paths[::-1])
    np.testing.assert_allclose(corpus.instances, vectors.reshape(8, 3), rtol=1e-6)


@pytest.mark.parametrize(
    ("model", "shape", "times"),
    [("frame_cnn", (192, 64), [0, 2, 4]), ("window_cnn", (64, 46), [1.472])],
)
def test_networks_from_scratch_read_frames_or_mel_windows_of_samples(tmp_path, model, shape, times):
    table = write_trailers(tmp_path, make_labels(4))
    frames = np.full((3, 224, 224, 3), 128, np.uint8)
    path = write_sample(tmp_path / "sample.npz", frames, NOISE[:WINDOW])
    samples = {f"trailer_{number:02d}": path for number in range(4)}
    corpus = dataset.read_dataset(model, table, GENRES, samples, [])
    assert corpus.instances.shape[1:] == shape
    assert corpus.time_s.tolist() == times * 4


def test_frequency_model_has_instances_without_columns(tmp_path):
    table = write_trailers(tmp_path, make_labels(4))
    corpus = dataset.read_dataset("frequency", table, GENRES, {}, [])
    assert corpus.instances.shape == (4, 0)
    assert corpus.nonempty_bags.tolist() == [0, 1, 2, 3]


def test_untrainable_genres_are_left_out_and_the_reason_is_logged(tmp_path, caplog):
    actual = np.array([[1, 1, 0, 0], [1, 1, 0, 1], [1, 0, 1, 1], [1, 0, 0, 0]], bool)
    table = write_trailers(tmp_path, actual, np.array([0, 1, 2, 2, 3]))
    with caplog.at_level("INFO"):
        corpus = dataset.read_dataset("frequency", table, GENRES, {}, [])
    assert corpus.genres == ["Comedy", "Drama"]
    assert (corpus.labels == actual[[0, 1, 2, 2, 3]][:, [1, 3]]).all()
    assert caplog.messages == [
        "Action is left out: carried by all",
        # Of one title, two trailers.
        "Horror is left out: fewer than two titles, or groups of titles, carry it",
    ]


def test_too_few_titles_or_genres_raise_table_error(tmp_path):
    table = write_trailers(tmp_path, np.ones((3, 4), bool), np.array([0, 1, 1, 2]))
    with pytest.raises(TableError) as error:
        dataset.read_dataset("frequency", table, GENRES, {}, [])
    assert str(error.value) == (
        "config: trailers.trailers: titles of trailers: 3\n"
        "  expected: at least 4\n"
        "  hint: a model is tested on titles held out of training: add trailers of other films"
    )
    actual = np.array([[1, 1, 0, 0], [1, 1, 0, 0], [1, 0, 1, 0], [1, 0, 0, 1]], bool)
    table = write_trailers(tmp_path, actual)
    with pytest.raises(TableError) as error:
        dataset.read_dataset("frequency", table, GENRES, {}, [])
    assert str(error.value) == (
        "config: trailers.trailers: genres that two titles or more carry, but not all: 1\n"
        "  expected: at least 2\n"
        "  hint: add trailers of other films"
    )


def test_label_filter_imports_no_heavy_library():
    """Snakemake imports the module on every parse of the workflow."""
    heavy = ("numpy", "pandas", "torch", "sklearn", "cv2")
    script = (
        "import sys; from scorelens.trailers.data.label_filter import trainable_genres; "
        f"print(sorted(set({heavy}) & set(sys.modules)))"
    )
    process = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert process.stdout.strip() == "[]"


@settings(max_examples=10)
@given(
    st.lists(st.integers(0, 7), min_size=9, max_size=25).filter(lambda drawn: len(set(drawn)) > 3),
    st.integers(2, 5),
    st.integers(0, 99),
)
def test_nested_folds_have_no_title_in_training_and_held_out(numbers, folds, seed):
    title = np.unique(numbers, return_inverse=True)[1]
    corpus = make_dataset(title)
    nested = nested_folds(corpus, folds, dataset.N_INNER, seed)
    held_out = np.concatenate([fold.held_out for fold in nested])
    assert sorted(held_out) == list(range(len(title)))
    for fold in nested:
        all_bags = np.append(fold.held_out, fold.training)
        assert sorted(all_bags) == list(range(len(title)))
        assert not set(title[fold.held_out]) & set(title[fold.training])
        assert sorted(np.concatenate(fold.inner)) == sorted(fold.training)
        for part in fold.inner:
            inner_training = np.setdiff1d(fold.training, part)
            assert len(inner_training)
            assert not set(title[part]) & set(title[inner_training])


def test_folds_do_not_depend_on_which_bags_are_empty():
    title = np.repeat(np.arange(12), 2)
    folds_of_all, folds_of_three = (
        nested_folds(make_dataset(title, trailer_of_row), 4, 3, 7)
        for trailer_of_row in (None, [0, 5, 9])
    )
    assert str(folds_of_all) == str(folds_of_three)
    assert str(folds_of_all) != str(nested_folds(make_dataset(title), 4, 3, 8))


def test_bag_per_instance_and_bag_per_group_regroup_instances():
    title = np.array([1, 0, 1, 2])
    # the last trailer has no instances
    corpus = make_dataset(title, trailer_of_row=[0, 0, 1, 2, 2])
    corpus = corpus._replace(instances=np.arange(5.0)[:, None], time_s=np.array([0.0, 2, 0, 0, 2]))
    moments, titles = bag_per_instance(corpus), bag_per_group(corpus)
    assert moments.group.tolist() == [1, 1, 0, 1, 1]
    assert moments.bag.tolist() == [0, 1, 2, 3, 4]
    assert (moments.labels == corpus.labels[[0, 0, 1, 2, 2]]).all()
    assert [name for _, name in moments.bag_ids] == [f"trailer_{n}" for n in (0, 0, 1, 2, 2)]
    assert titles.instances.ravel().tolist() == [2, 0, 1, 3, 4]
    assert titles.bag.tolist() == [0, 1, 1, 1, 1]
    assert titles.time_s.tolist() == [0, 0, 2, 0, 2]
    assert titles.group.tolist() == [0, 1, 2]
    assert (titles.labels == corpus.labels[[1, 0, 3]]).all()
    assert titles.nonempty_bags.tolist() == [0, 1]


def test_group_weights_sum_to_one_per_group():
    assert group_weights(np.array([3, 0, 3, 3])).tolist() == [1 / 3, 1, 1 / 3, 1 / 3]
