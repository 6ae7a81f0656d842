"""Feature maps of VGG16 and the CNN on them: shapes, layers, table and what it learns."""

import itertools

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.numpy import save_file
from sklearn.metrics import average_precision_score
from torch import nn

from scorelens import tables
from scorelens.encoders import image_encoder
from scorelens.encoders.registry import ENCODERS, IMAGE_ENCODERS
from scorelens.learning import cnn, cnn_architectures
from scorelens.tables import TRAILER_MAPS, TRAILER_PREDICTIONS, write_table
from scorelens.trailers import runs
from scorelens.trailers.data import dataset, embed
from scorelens.trailers.data.frame_sampling import Sample
from scorelens.trailers.model import networks, train
from tests.test_trailers_embed import random_vgg16
from tests.trailer_tables import GENRES, make_labels, trailer_ids, write_trailers

torch.set_num_threads(1)

SIDE, PLANES = 7, 512
NETWORK = {"learning_rate": 1e-3, "batch_size": 32, "epochs": 6, "patience": 6}


def write_maps(path, maps):
    """A table of TRAILER_MAPS. maps: float (trailers, frames, planes, side, side)."""
    trailers, planes = maps.shape[0], maps.shape[2]
    cells = maps.transpose(0, 1, 3, 4, 2)
    trailer, frame, row, column = (part.ravel() for part in np.indices(cells.shape[:4]))
    keys = {
        "trailer_id": np.array(trailer_ids(trailers))[trailer],
        "number": frame,
        "time_s": frame * 2.0,
        "row": row,
        "column": column,
    }
    values = pd.DataFrame(
        cells.reshape(-1, planes).astype(np.float32), columns=[f"m_{n:04d}" for n in range(planes)]
    )
    write_table(pd.concat([pd.DataFrame(keys), values], axis=1), path, TRAILER_MAPS)
    return path


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("vgg16") / "vgg16.safetensors"
    save_file(random_vgg16(), path)
    return path


def test_map_size_of_the_registry_is_that_of_the_network():
    for name in IMAGE_ENCODERS:
        spec = ENCODERS[name]
        module = image_encoder.network_module(name)
        gives_maps = any(hasattr(item, "feature_maps") for item in vars(module).values())
        assert gives_maps == bool(spec.map_side), name
    assert (ENCODERS["vgg16"].embedding_size, ENCODERS["vgg16"].map_side) == (PLANES, SIDE)


def test_embedding_is_the_mean_of_the_feature_maps(weights, tmp_path):
    frames = np.random.default_rng(1).integers(0, 256, (1, 224, 224, 3), np.uint8)
    sample = Sample(frames, np.array([7]), np.array([0.3]), 0, np.zeros(0, np.float32))
    empty = sample._replace(frames=frames[:0], frame_number=np.zeros(0, int), frame_s=np.zeros(0))
    paths = {name: tmp_path / f"{name}.npz" for name in ("none", "one")}
    for path, one in zip(paths.values(), (empty, sample), strict=True):
        np.savez(path, **one._asdict())
    embed.map_trailers(paths, "vgg16", weights, tmp_path / "maps.parquet")
    embed.embed_trailers(paths, "vgg16", weights, tmp_path / "vectors.parquet")
    maps = tables.read_table(tmp_path / "maps.parquet", TRAILER_MAPS)
    vectors = tables.read_table(tmp_path / "vectors.parquet", tables.TRAILER_VECTORS)
    assert maps["trailer_id"].tolist() == ["one"] * SIDE**2
    assert maps["number"].tolist() == [7] * SIDE**2
    assert maps["row"].tolist() == np.repeat(range(SIDE), SIDE).tolist()
    assert maps["column"].tolist() == [*range(SIDE)] * SIDE
    columns = tables.feature_columns(maps, TRAILER_MAPS)
    mean = maps.groupby("number")[columns].mean().to_numpy()
    np.testing.assert_allclose(mean, vectors[columns].to_numpy(), rtol=1e-4)
    expected = image_encoder.load("vgg16", weights).encode_maps(frames)
    np.testing.assert_array_equal(
        maps[columns].to_numpy().reshape(1, SIDE, SIDE, PLANES), expected.transpose(0, 2, 3, 1)
    )


def test_maps_of_a_table_become_planes_one_above_the_other(tmp_path):
    random = np.random.default_rng(0)
    maps = random.random((4, 2, 3, SIDE, SIDE)).astype(np.float16)
    paths = [write_maps(tmp_path / "a.parquet", maps[:3])]
    table = write_trailers(tmp_path, make_labels(4))
    corpus = dataset.read_dataset("frame_map_cnn", table, GENRES, {}, paths)
    assert corpus.instances.shape == (6, 3 * SIDE, SIDE)
    assert corpus.instances.dtype == np.float16
    np.testing.assert_array_equal(corpus.instances.reshape(3, 2, 3, SIDE, SIDE), maps[:3])
    assert corpus.bag.tolist() == [0, 0, 1, 1, 2, 2]  # the fourth trailer has no frames
    assert corpus.time_s.tolist() == [0, 2] * 3


def test_cnn_on_maps_agrees_with_plain_torch_modules():
    plain = nn.Sequential(
        nn.Conv2d(PLANES, 64, 3), nn.ReLU(), nn.MaxPool2d(5), nn.Flatten(), nn.Linear(64, 10)
    )
    random = np.random.default_rng(0)
    shape = PLANES * SIDE, SIDE
    member = cnn_architectures.initial_parameters("map_cnn", *shape, 10, random)
    assert sum(value.size for value in member.values()) == 64 * (PLANES * 9 + 1) + 65 * 10
    maps = random.random((5, *shape)).astype(np.float32)
    scale = {
        "mean": np.repeat(random.random(PLANES), SIDE).astype(np.float32),
        "inverse_std": np.repeat(1 + random.random(PLANES), SIDE).astype(np.float32),
    }
    for value, one in zip(plain.parameters(), member.values(), strict=True):
        value.data = torch.from_numpy(one)
    [probability] = cnn.predict("map_cnn", [member | scale], maps)
    mean, inverse_std = (torch.from_numpy(part)[:, None] for part in scale.values())
    scaled = (torch.from_numpy(maps) - mean) * inverse_std
    expected = plain(scaled.reshape(5, PLANES, SIDE, SIDE)).sigmoid().detach()
    np.testing.assert_allclose(probability, expected, atol=1e-5)


def test_each_plane_is_scaled_over_all_its_positions():
    maps = np.random.default_rng(0).normal(2, np.arange(1, 513)[:, None, None], (6, 512, 7, 7))
    corpus = dataset.Dataset(
        maps.reshape(6, -1, 7).astype(np.float32),
        np.arange(6),
        np.zeros(6),
        [(f"t{n}", f"t{n}") for n in range(6)],
        np.arange(6),
        np.arange(6),
        GENRES,
        make_labels(6),
    )
    training = networks.training_set("frame_map_cnn", corpus, np.arange(4), np.array([4, 5]), (0,))
    expected = 1 / maps[:4].std(axis=(0, 2, 3))
    np.testing.assert_allclose(training.inverse_std, np.repeat(expected, 7), rtol=1e-4)


@pytest.mark.slow
def test_cnn_learns_where_in_the_picture_a_map_is_high(tmp_path):
    """Action is a map that is high at the left, Comedy the same at the right: means are equal."""
    labels = np.array(list(itertools.product([False, True], repeat=4))[1:] * 2)
    random = np.random.default_rng(0)
    maps = random.random((30, 2, PLANES, SIDE, SIDE)).astype(np.float32)
    left, right = labels[:, 0], labels[:, 1]
    maps[left, :, :40, :, :3] += 1.5
    maps[right, :, :40, :, 4:] += 1.5
    neither = ~left & ~right
    maps[neither, :, :40] += 1.5 * 3 / 7
    table = write_trailers(tmp_path, labels)
    outputs = tmp_path / "predictions.parquet", tmp_path / "moments.parquet"
    train.train_trailers(
        "vgg16",
        "frame_map_cnn",
        table,
        {},
        [write_maps(tmp_path / "maps.parquet", maps)],
        {"genres": GENRES, "folds": 2, "network": NETWORK},
        0,
        *outputs,
    )
    rows = tables.read_table(outputs[0], TRAILER_PREDICTIONS)
    rows = rows[rows["part"] == "held_out"]
    probability = rows.pivot_table("probability", "trailer_id", "genre")[GENRES].to_numpy()
    precision = average_precision_score(labels, probability, average=None)
    assert precision[:2].min() > 0.85, precision


def test_model_on_maps_has_runs_on_networks_that_give_maps():
    models = ["frame_map_cnn", "frame_linear"]
    assert runs(models, ["efficientnet_lite0", "vgg16"], []) == [
        ("efficientnet_lite0", "frame_linear"),
        ("vgg16", "frame_linear"),
        ("vgg16", "frame_map_cnn"),
    ]
    assert runs(models[:1], ["efficientnet_lite0"], []) == []
