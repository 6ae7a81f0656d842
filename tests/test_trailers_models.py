"""Models of trailers: layer shapes, input scaling, training rows and weights."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch import nn

from scorelens.learning import cnn, cnn_architectures
from scorelens.learning.datasets import Dataset
from scorelens.learning.grouped_folds import NestedFold
from scorelens.trailers.model import ensemble, networks
from tests.trailer_tables import GENRES, make_labels

torch.set_num_threads(1)

ATTENTION = {"hidden": 8, "dropout": 0.5, "learning_rate": 2e-3, "batch_size": 4, "epochs": 3}


def make_dataset(inputs, trailer, title=None):
    """Dataset. trailer: int (rows,). title: int (trailers,), default one title per trailer."""
    title = np.arange(trailer.max() + 1) if title is None else np.array(title)
    names = [
        (f"Title {title_number}", f"trailer_{number}") for number, title_number in enumerate(title)
    ]
    actual = make_labels(title.max() + 1)[title]
    values = np.asarray(inputs, np.float32)
    return Dataset(values, trailer, np.zeros(len(trailer)), names, title, title, GENRES, actual)


def fit_inner_model(model, corpus, part):
    """Fit one inner model, which is validated on `part`; no trailer is held out."""
    fold = NestedFold(corpus.nonempty_bags[:0], corpus.nonempty_bags, [np.array(part)])
    [[model_arrays]] = ensemble.fit_ensembles(model, corpus, [fold], {"attention": ATTENTION}, 0)
    return model_arrays


def test_frame_cnn_predictions_match_torch_modules():
    block = [(3, 16, 4), (16, 32, 2), (32, 64, 2)]
    layers = [
        layer
        for inputs, channels, pool in block
        for layer in (nn.Conv2d(inputs, channels, 3), nn.MaxPool2d(pool), nn.ReLU())
    ]
    reference = nn.Sequential(*layers, nn.Flatten(), nn.Linear(256, 10))
    random = np.random.default_rng(0)
    members = [
        cnn_architectures.initial_parameters("frame_cnn", 192, 64, 10, random) for _ in range(2)
    ]
    # 3 x 9 x 16 + 16, 16 x 9 x 32 + 32, 32 x 9 x 64 + 64; 64 -> 62 -> 15 -> 13 -> 6 -> 4 -> 2
    count = 448 + 4_640 + 18_496 + 64 * 2 * 2 * 10 + 10
    frames = random.random((5, 192, 64)).astype(np.float32)
    scale = {"mean": np.full(192, 0.5, np.float32), "inverse_std": np.full(192, 3, np.float32)}
    probabilities = cnn.predict("frame_cnn", [member | scale for member in members], frames)
    for member, probability in zip(members, probabilities, strict=True):
        assert sum(value.size for value in member.values()) == count
        for value, one in zip(reference.parameters(), member.values(), strict=True):
            value.data = torch.from_numpy(one)
        scaled = torch.from_numpy((frames.reshape(5, 3, 64, 64) - 0.5) * 3)
        np.testing.assert_allclose(probability, reference(scaled).sigmoid().detach(), atol=1e-5)


def test_mel_cnn_has_expected_number_of_parameters():
    """Feature maps: 64 x 46 -> 62 x 44 -> 15 x 22 -> 13 x 20 -> 6 x 10 -> 4 x 8 -> 4."""
    shapes = cnn_architectures.parameter_shapes("mel_cnn", 64, 46, 10)
    assert sum(np.prod(shape) for shape in shapes.values()) == 320 + 18_496 + 73_856 + 512 * 10 + 10


def test_frame_cnn_scales_per_colour_channel_and_not_per_row():
    """Letterbox rows are black in all frames; a scale per row would divide by nearly zero."""
    random = np.random.default_rng(0)
    frames = random.random((40, 3, 64, 64)) * np.array([1, 0.5, 0.25])[:, None, None]
    letterboxed = frames.copy()
    letterboxed[:, :, [*range(8), *range(56, 64)]] = random.random((40, 3, 16, 64)) / 255
    corpus = make_dataset(letterboxed.reshape(40, 192, 64), np.arange(40))
    training_set = networks.training_set(
        "frame_cnn", corpus, np.arange(30), np.arange(30, 40), (0,)
    )
    for colour, pixels in enumerate(letterboxed[:30].transpose(1, 0, 2, 3)):
        rows = slice(64 * colour, 64 * (colour + 1))
        np.testing.assert_allclose(training_set.mean[rows], pixels.mean(), rtol=1e-5)
        np.testing.assert_allclose(training_set.inverse_std[rows], 1 / pixels.std(), rtol=1e-5)
    scaled = (frames.reshape(40, 192, 64) - training_set.mean[:, None]) * training_set.inverse_std[
        :, None
    ]
    assert np.abs(scaled).max() < 4


def test_window_cnn_scales_each_mel_band():
    windows = np.random.default_rng(0).normal(size=(6, 64, 46)) * np.arange(1, 65)[:, None]
    training_set = networks.training_set(
        "window_cnn", make_dataset(windows, np.arange(6)), np.arange(4), np.array([4, 5]), (0,)
    )
    np.testing.assert_allclose(
        training_set.inverse_std, 1 / windows[:4].std(axis=(0, 2)), rtol=1e-5
    )


@pytest.mark.parametrize("model", ["frame_cnn", "window_cnn"])
def test_networks_from_scratch_weight_titles_equally(model):
    trailer = np.array([0, 0, 1, 2, 2, 2, 3, 3])
    corpus = make_dataset(np.zeros((8, 192, 64)), trailer, title=[0, 0, 1, 2])
    training_set = networks.training_set(model, corpus, np.array([0, 1, 2]), np.array([3]), (0,))
    np.testing.assert_allclose(training_set.weights, [1 / 3] * 6)
    np.testing.assert_allclose(training_set.validation_weights, [0.5, 0.5])
    assert (training_set.targets == corpus.labels[trailer[:6]]).all()


def test_frame_linear_trains_on_frames_and_weights_titles_equally():
    trailer = np.repeat(np.arange(9), [1, 2, 3, 4, 5, 3, 3, 3, 3])
    corpus = make_dataset(
        np.random.default_rng(0).normal(size=(27, 5)), trailer, title=[0, 0, 1, 2, 3, 4, 5, 6, 7]
    )
    fitted = fit_inner_model("frame_linear", corpus, [7, 8])
    rows = corpus.instances[trailer < 7]
    weights = np.repeat(1 / np.array([3, 3, 4, 5, 3, 3]), [3, 3, 4, 5, 3, 3])
    values = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    for genre, labels in enumerate(corpus.labels[trailer[trailer < 7]].T):
        reference = LogisticRegression(C=0.1, tol=1e-8).fit(values, labels, weights)
        np.testing.assert_allclose(fitted["weight"][:, genre], reference.coef_[0], atol=2e-3)
        np.testing.assert_allclose(fitted["bias"][genre], reference.intercept_[0], atol=2e-3)


def test_sound_attention_merges_the_trailers_of_a_title():
    vectors = np.random.default_rng(0).normal(size=(24, 5))
    one_trailer_model = fit_inner_model(
        "sound_attention", make_dataset(vectors, np.repeat(np.arange(8), 3)), [7]
    )
    trailer = np.array([0, 0, 1, *np.repeat(np.arange(2, 9), 3)])
    two_trailers = make_dataset(vectors, trailer, title=[0, 0, *range(1, 8)])
    two_trailers_model = fit_inner_model("sound_attention", two_trailers, [8])
    for name, value in one_trailer_model.items():
        np.testing.assert_array_equal(value, two_trailers_model[name])
    assert (
        one_trailer_model["frequency"] == make_labels(8)[:7].mean(axis=0, dtype=np.float32)
    ).all()
