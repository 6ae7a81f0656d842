"""Embeddings of trailers: VGG16 with random weights against Keras, and vector tables."""

import math

import h5py
import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.numpy import save_file

from scorelens import tables
from scorelens.encoders import audio_encoder, image_encoder
from scorelens.encoders.image import vgg16
from scorelens.encoders.image.efficientnet import EfficientNetLite
from scorelens.encoders.registry import AUDIO_ENCODERS, ENCODERS
from scorelens.errors import InputError
from scorelens.pretrained.fetch import fetch_network
from scorelens.trailers.data import embed
from scorelens.trailers.data.frame_sampling import RATE_HZ, Sample
from tests.random_yamnet import variables as random_yamnet

torch.set_num_threads(1)


def pictures(count, seed=1):
    return np.random.default_rng(seed).integers(0, 256, (count, 224, 224, 3), np.uint8)


def random_vgg16():
    """Random variables of published names and shapes, He-scaled to keep activations bounded."""
    rng = np.random.default_rng(2)
    variables, inputs = {}, 3
    for block, (convolutions, outputs) in enumerate(vgg16.BLOCKS, 1):
        for number in range(1, convolutions + 1):
            name, shape = f"block{block}_conv{number}", (3, 3, inputs, outputs)
            scale = np.float32(math.sqrt(2 / (9 * inputs)))
            variables[f"{name}_W_1"] = rng.standard_normal(shape, np.float32) * scale
            variables[f"{name}_b_1"] = rng.standard_normal(outputs, np.float32)
            inputs = outputs
    return variables


@pytest.fixture(scope="module")
def vgg16_file(tmp_path_factory):
    """VGG16 weights file in the Keras HDF5 format: one group per layer, some without variables."""
    path = tmp_path_factory.mktemp("vgg16") / ENCODERS["vgg16"].files[0].name
    variables = random_vgg16()
    with h5py.File(path, "w") as file:
        layers = ["input_1"]
        for block, (convolutions, _) in enumerate(vgg16.BLOCKS, 1):
            layers += [f"block{block}_conv{number + 1}" for number in range(convolutions)]
            layers.append(f"block{block}_pool")
        file.attrs["layer_names"] = [layer.encode() for layer in layers]
        for layer in layers:
            names = [f"{name}:0" for name in variables if name.startswith(layer)]
            group = file.create_group(layer)
            group.attrs["weight_names"] = np.array([name.encode() for name in names], "S")
            for name in names:
                group[name] = variables[name.removesuffix(":0")]
    return path


@pytest.mark.slow
def test_vgg16_from_keras_file_matches_keras(vgg16_file, tmp_path):
    """Reference: Keras VGG16 with its own preprocessing and average pooling."""
    from keras.applications.vgg16 import VGG16, preprocess_input

    fetch_network("vgg16", vgg16_file.parent, True, tmp_path, tmp_path / "vgg16.safetensors")
    _, encode = embed.load_trailer_encoder("vgg16", tmp_path / "vgg16.safetensors")
    frames = pictures(2)
    sample = Sample(frames, np.arange(2), np.arange(2.0), 0, np.zeros(0, np.float32))
    reference = VGG16(include_top=False, weights=None, pooling="avg", input_shape=(224, 224, 3))
    reference.set_weights(list(random_vgg16().values()))
    expected = reference(preprocess_input(frames.astype(np.float32))).numpy()
    assert expected.std() > 1
    np.testing.assert_allclose(
        encode(sample).values, expected, rtol=1e-3, atol=1e-3 * expected.std()
    )


def test_vgg16_has_published_number_of_parameters():
    network = vgg16.from_variables(random_vgg16())
    assert sum(parameter.numel() for parameter in network.parameters()) == 14_714_688


def test_audio_encoders_have_the_sample_rate_of_trailer_samples():
    rates = {audio_encoder.network_module(n).SAMPLE_RATE_HZ for n in AUDIO_ENCODERS}
    assert rates == {RATE_HZ}


# Tables


@pytest.fixture(scope="module")
def weights_files(tmp_path_factory):
    """Paths of random weights by network."""
    folder = tmp_path_factory.mktemp("weights")
    torch.manual_seed(3)
    state = EfficientNetLite().state_dict()
    image_variables = {name: value.numpy() for name, value in state.items()}
    by_network = {"efficientnet_lite0": image_variables, "yamnet": random_yamnet()}
    for name, variables in by_network.items():
        save_file(variables, folder / f"{name}.safetensors")
    return {name: folder / f"{name}.safetensors" for name in by_network}


@pytest.fixture
def samples(tmp_path):
    """Paths and samples of three trailers: complete, without frames, and silent until 3 s."""
    rng = np.random.default_rng(4)
    noise = (0.1 * rng.standard_normal(5 * RATE_HZ)).astype(np.float32)
    late = np.concatenate([np.zeros(3 * RATE_HZ, np.float32), noise[: 2 * RATE_HZ]])
    sample_by_id = {
        "all": Sample(pictures(3), np.array([7, 9, 12]), np.array([0.3, 0.4, 0.5]), 1, noise),
        "unseen": Sample(pictures(0), np.zeros(0, int), np.zeros(0), 2, noise),
        "late": Sample(pictures(1, 5), np.array([4]), np.array([0.2]), 0, late),
    }
    for name, sample in sample_by_id.items():
        np.savez(tmp_path / f"{name}.npz", **sample._asdict())
    return {name: tmp_path / f"{name}.npz" for name in sample_by_id}, sample_by_id


def read_vectors(path):
    return tables.read_table(path, tables.TRAILER_VECTORS)


def test_image_vectors_have_one_row_per_frame(samples, weights_files, tmp_path):
    paths, sample_by_id = samples
    weights_file = weights_files["efficientnet_lite0"]
    embed.embed_trailers(paths, "efficientnet_lite0", weights_file, tmp_path / "x.parquet")
    table = read_vectors(tmp_path / "x.parquet")
    assert table["trailer_id"].tolist() == ["all"] * 3 + ["late"]
    assert table["number"].tolist() == [7, 9, 12, 4]
    assert table["time_s"].tolist() == [0.3, 0.4, 0.5, 0.2]
    encoder = image_encoder.load("efficientnet_lite0", weights_file)
    frames = [sample_by_id["all"].frames, sample_by_id["late"].frames]
    expected = np.concatenate([encoder.encode(frames_of_sample) for frames_of_sample in frames])
    np.testing.assert_array_equal(table.filter(like="efficientnet_lite0_").to_numpy(), expected)
    provenance = tables.read_provenance(tmp_path / "x.parquet")
    assert provenance["network"] == "efficientnet_lite0"


def test_audio_vectors_have_one_row_per_window_except_silent_ones(samples, weights_files, tmp_path):
    """YAMNet windows last 0.96 s with a hop of 0.48 s; those that end in silence are omitted."""
    paths, sample_by_id = samples
    embed.embed_trailers(paths, "yamnet", weights_files["yamnet"], tmp_path / "x.parquet")
    table = read_vectors(tmp_path / "x.parquet")
    assert list(dict.fromkeys(table["trailer_id"])) == ["all", "unseen", "late"]
    complete = table[table["trailer_id"] == "all"]
    assert complete["number"].tolist() == list(range(9))
    np.testing.assert_allclose(complete["time_s"], 0.48 + 0.48 * np.arange(9))
    late = table[table["trailer_id"] == "late"]
    assert late["number"].tolist() == list(range(5, 9))
    expected = audio_encoder.load("yamnet", weights_files["yamnet"]).encode(
        sample_by_id["all"].sound
    )
    columns = list(ENCODERS["yamnet"].feature_names)
    np.testing.assert_array_equal(complete[columns].to_numpy(), expected)


def test_vectors_of_a_trailer_do_not_depend_on_other_trailers(samples, weights_files, tmp_path):
    paths, _ = samples
    for network, file in weights_files.items():
        embed.embed_trailers(paths, network, file, tmp_path / "many.parquet")
        embed.embed_trailers({"late": paths["late"]}, network, file, tmp_path / "one.parquet")
        many = read_vectors(tmp_path / "many.parquet")
        rows = many[many["trailer_id"] == "late"].reset_index(drop=True)
        pd.testing.assert_frame_equal(rows, read_vectors(tmp_path / "one.parquet"))


def test_trailers_without_frames_give_an_empty_table(samples, weights_files, tmp_path):
    paths, _ = samples
    only = {"unseen": paths["unseen"]}
    embed.embed_trailers(
        only, "efficientnet_lite0", weights_files["efficientnet_lite0"], tmp_path / "x.parquet"
    )
    table = read_vectors(tmp_path / "x.parquet")
    assert table.shape == (0, 3 + 1280)


@pytest.mark.parametrize("network", ["efficientnet_lite0", "vgg16", "musicnn"])
def test_weights_of_another_network_raise_input_error(samples, weights_files, tmp_path, network):
    paths, _ = samples
    with pytest.raises(InputError) as error:
        embed.embed_trailers(paths, network, weights_files["yamnet"], tmp_path / "x.parquet")
    lines = str(error.value).splitlines()
    assert lines[0].startswith(
        f"{weights_files['yamnet']}: holds the variables of another network ("
    )
    assert lines[1] == "  expected: those of the network named"
    assert not (tmp_path / "x.parquet").exists()
