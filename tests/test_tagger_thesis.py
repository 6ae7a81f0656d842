"""The thesis's networks layer for layer: dropout, scaling of each value, principal components."""

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler
from torch.nn import functional

from scorelens.learning import cnn, cnn_architectures, grouped_folds, scaling
from scorelens.learning.grouped_folds import Split
from scorelens.tagger.model import Model, predict_tiles
from scorelens.tagger.models import networks, pca_network
from tests.learning_dataset import make_dataset

TRAINING = {"learning_rate": 1e-3, "batch_size": 16, "epochs": 3, "patience": 3}
SETTINGS = {"tiles_per_track": 0, "tiles_per_class": 0, "network": TRAINING}


@pytest.fixture
def tiles():
    """Ten films of 12 tiles each: values of 5 directions and little noise, of uneven scale."""
    dataset = make_dataset()
    random = np.random.default_rng(3)
    factors = (
        random.normal(size=(len(dataset.bag), 5)) + 2 * dataset.labels[dataset.bag].mean(1)[:, None]
    )
    values = factors @ random.normal(size=(5, 4 * 6)) + 0.05 * random.normal(
        size=(len(factors), 24)
    )
    scaled = 10 + values * random.uniform(0.1, 20, 24)
    return dataset._replace(instances=scaled.reshape(-1, 4, 6).astype(np.float32))


def test_dropout_of_dnn_is_only_before_and_between_the_dense_layers():
    sites = cnn_architectures.dropout_sites("dnn", 40, 100)
    assert sites == [((4000,), 0.2), ((50,), 0.5)]


def test_parameters_of_dnn_pca_are_those_of_its_widths():
    components, genres = 1234, 10
    shapes = cnn_architectures.parameter_shapes("dnn_pca", components, 1, genres)
    widths = [components, 1000, 100, 50, 50, genres]
    pairs = list(zip(widths[1:], widths[:-1], strict=True))
    assert [shapes[f"dense.{layer}.weight"] for layer in range(5)] == pairs
    assert sum(np.prod(shape) for shape in shapes.values()) == sum(a * (b + 1) for a, b in pairs)


@pytest.mark.parametrize("rows", [40, 2500])
def test_value_scaler_matches_scikit_learn_on_flat_instances(rows):
    patches = np.random.default_rng(0).normal(7, 3, (rows, 4, 5)).astype(np.float32)
    patches[:, 2, 3] = 1.5
    mean, inverse_std = scaling.fit_value_scaler(patches)
    reference = StandardScaler().fit(patches.reshape(rows, -1).astype(float))
    np.testing.assert_allclose(mean.ravel(), reference.mean_, rtol=1e-6)
    std = np.sqrt(reference.var_)
    expected = np.divide(1, std, out=np.zeros(20), where=std > 1e-6)
    np.testing.assert_allclose(inverse_std.ravel(), expected, rtol=1e-5)
    assert inverse_std[2, 3] == 0


def test_networks_scale_each_value_of_thesis_models_and_each_band_of_mel_cnn(tiles):
    [split, *_] = grouped_folds.split_dataset(tiles, True, 5, 0)
    training = tiles.instances[tiles.rows_of(split.training)].astype(float)
    for model in ("dnn", "dnn_pca", "cnn", "cnn_ensemble"):
        for one in networks.training_sets(model, tiles, split, SETTINGS, (0, 0)).values():
            np.testing.assert_allclose(one.mean, training.mean(0), rtol=1e-5)
            np.testing.assert_allclose(one.inverse_std, 1 / training.std(0), rtol=1e-4)
    [one] = networks.training_sets("mel_cnn", tiles, split, SETTINGS, (0, 0)).values()
    np.testing.assert_allclose(one.mean, training.mean((0, 2)), rtol=1e-5)


@pytest.mark.parametrize("shape", [(3, 4), (3, 4, 6)])
def test_standardise_broadcasts_scalers_of_rows_and_of_values(shape):
    random = np.random.default_rng(0)
    mean, inverse_std = (random.uniform(1, 2, shape) for _ in range(2))
    instances = random.normal(size=(3, 7, 4, 6))
    scaled = cnn.standardise(*map(torch.from_numpy, (instances, mean, inverse_std))).numpy()
    for member in range(3):
        offset, factor = (one[member].reshape(4, -1) for one in (mean, inverse_std))
        np.testing.assert_allclose(scaled[member], (instances[member] - offset) * factor)


@pytest.mark.parametrize("rows", [15, 200])
def test_components_retain_99_percent_of_the_variance(rows):
    values = np.random.default_rng(rows).normal(size=(rows, 24)) * np.geomspace(10, 0.01, 24)
    mean, components = pca_network.fit_components(values)
    reference = PCA(svd_solver="full").fit(values)
    number = np.searchsorted(np.cumsum(reference.explained_variance_ratio_), 0.99) + 1
    assert components.shape == (number, 24)
    residual = (values - mean) - (values - mean) @ components.T @ components
    retained = 1 - (residual**2).sum() / ((values - mean) ** 2).sum()
    assert 0.99 <= retained < 0.9999


def test_dnn_pca_predicts_as_components_followed_by_its_layers(tiles):
    [split, *_] = grouped_folds.split_dataset(tiles, True, 5, 0)
    [arrays] = pca_network.fit("dnn_pca", tiles, [split], SETTINGS, 0)
    [one] = networks.training_sets("dnn_pca", tiles, split, SETTINGS, (0, 7, 0)).values()
    scaled = ((tiles.instances - one.mean) * one.inverse_std).reshape(len(tiles.bag), -1)
    mean, components = pca_network.fit_components(scaled[np.unique(one.rows)])
    assert 4 <= len(components) <= 7
    first = arrays["all/dense.0.weight"]
    assert first.shape == (1000, 24)
    of_scores = first @ components.T
    np.testing.assert_allclose(of_scores @ components, first, atol=1e-5)  # nothing outside of them
    values = torch.from_numpy((scaled - mean) @ components.T).float()
    bias = arrays["all/dense.0.bias"] + first @ mean
    hidden = functional.relu(values @ torch.from_numpy(of_scores.T) + torch.from_numpy(bias))
    for layer in range(1, 5):
        weight, bias = (
            torch.from_numpy(arrays[f"all/dense.{layer}.{part}"]) for part in ("weight", "bias")
        )
        hidden = hidden @ weight.T + bias
        hidden = functional.relu(hidden) if layer < 4 else hidden
    model = Model("dnn_pca", tiles.genres, arrays)
    probability, _ = predict_tiles(model, tiles.instances, tiles.bag)
    np.testing.assert_allclose(probability, hidden.softmax(1).numpy(), atol=1e-4)
    assert probability.std() > 1e-3


def test_components_are_fitted_on_training_tracks_only(tiles):
    split = Split(np.arange(8), np.arange(8, 16), np.arange(16, 40))
    [before] = pca_network.fit("dnn_pca", tiles, [split], SETTINGS, 0)
    changed = tiles.instances.copy()
    changed[tiles.rows_of(split.held_out)] = 1e4
    [after] = pca_network.fit("dnn_pca", tiles._replace(instances=changed), [split], SETTINGS, 0)
    for name, value in before.items():
        np.testing.assert_array_equal(after[name], value)
