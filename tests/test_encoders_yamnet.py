"""YAMNet: its front end, and random weights in the published file format."""

import h5py
import numpy as np
import pytest
import torch

from scorelens.encoders.audio import vggish, yamnet
from scorelens.pretrained.variables import read_variables
from tests.random_yamnet import variables


@pytest.fixture(scope="module")
def weights_file(tmp_path_factory):
    """Weights as Keras stores them: one group per layer, with attributes that list variables."""
    path = tmp_path_factory.mktemp("yamnet") / "yamnet.h5"
    values = variables()
    with h5py.File(path, "w") as file:
        layers = list(dict.fromkeys(name.rsplit("/", 1)[0] for name in values))
        file.attrs["layer_names"] = [layer.encode() for layer in layers]
        for layer in layers:
            names = [name for name in values if name.rsplit("/", 1)[0] == layer]
            group = file.require_group(layer)
            group.attrs["weight_names"] = [f"{name}:0".encode() for name in names]
            for name in names:
                group[f"{name}:0"] = values[name]
    return path


def embed_with_tensorflow(spectrograms, values):
    """The published network in TensorFlow operations."""
    import tensorflow as tf

    def batch_norm_relu(maps, name):
        mean, variance = values[f"{name}/bn/moving_mean"], values[f"{name}/bn/moving_variance"]
        beta = values[f"{name}/bn/beta"]
        return tf.nn.relu(tf.nn.batch_normalization(maps, mean, variance, beta, None, 1e-4))

    maps = tf.nn.conv2d(spectrograms[..., None], values["layer1/conv/kernel"], 2, "SAME")
    maps = batch_norm_relu(maps, "layer1/conv")
    for number in range(2, 15):
        stride = 2 if number in (3, 5, 7, 13) else 1
        name = f"layer{number}/depthwise_conv"
        kernel = values[f"{name}/depthwise_kernel"]
        maps = tf.nn.depthwise_conv2d(maps, kernel, [1, stride, stride, 1], "SAME")
        maps = batch_norm_relu(maps, name)
        name = f"layer{number}/pointwise_conv"
        maps = batch_norm_relu(tf.nn.conv2d(maps, values[f"{name}/kernel"], 1, "SAME"), name)
    return tf.reduce_mean(maps, (1, 2)).numpy()


@pytest.mark.slow
def test_embeddings_of_a_loaded_keras_file_equal_tensorflow(weights_file):
    torch.set_num_threads(1)
    variables_read = read_variables(weights_file)
    values = variables()
    assert variables_read.keys() == values.keys()
    assert sum(value.size for value in variables_read.values()) == 3_751_369
    rng = np.random.default_rng(2)
    spectrogram = rng.normal(-2, 1.5, (200, 64)).astype("f4")
    starts = yamnet.patch_starts(200)
    assert starts.tolist() == [0, 48, 96]
    with torch.inference_mode():
        layers = yamnet.build_layers(variables_read, torch.device("cpu"))
        embeddings = yamnet.embed_patches(torch.from_numpy(spectrogram), starts, layers).numpy()
    expected = embed_with_tensorflow(np.stack([spectrogram[s : s + 96] for s in starts]), values)
    assert embeddings.shape == (3, 1024)
    assert expected.std() > 0.1
    assert embeddings == pytest.approx(expected, abs=1e-4 * float(expected.max()))


def test_log_mel_equals_vggish_with_a_smaller_offset():
    samples = np.random.default_rng(0).normal(0, 0.1, 16_000).astype("f4")
    spectrogram = yamnet.log_mel(samples)
    assert np.exp(spectrogram) - 0.001 == pytest.approx(
        np.exp(vggish.log_mel(samples)) - 0.01, abs=1e-5
    )
    silence = yamnet.log_mel(np.zeros(16_000, "f4"))
    assert silence == pytest.approx(np.log(0.001), abs=1e-5)
