"""VGGish: its front end against known values, and random weights against TensorFlow."""

import math

import numpy as np
import pytest
import torch

from scorelens.encoders.audio import vggish
from scorelens.pretrained.variables import read_variables

SHAPES = {
    "conv1": (3, 3, 1, 64),
    "conv2": (3, 3, 64, 128),
    "conv3/conv3_1": (3, 3, 128, 256),
    "conv3/conv3_2": (3, 3, 256, 256),
    "conv4/conv4_1": (3, 3, 256, 512),
    "conv4/conv4_2": (3, 3, 512, 512),
    "fc1/fc1_1": (12288, 4096),
    "fc1/fc1_2": (4096, 4096),
    "fc2": (4096, 128),
}


def sine(seconds=3.0, hz=1000.0):
    t = np.arange(round(seconds * vggish.SAMPLE_RATE_HZ)) / vggish.SAMPLE_RATE_HZ
    return np.sin(2 * np.pi * hz * t).astype(np.float32)


def random_variables():
    """Random weights of the published shapes and names, scaled to preserve the variance."""
    rng = np.random.default_rng(1)
    variables = {}
    for name, shape in SHAPES.items():
        scale = math.sqrt(2 / math.prod(shape[:-1]))
        variables[f"vggish/{name}/weights"] = rng.standard_normal(shape, np.float32) * np.float32(
            scale
        )
        variables[f"vggish/{name}/biases"] = rng.standard_normal(shape[-1], np.float32) / 10
    return variables


def simple_pca():
    """A rotation that swaps neighbouring values and scales by 0.5, and distinct means."""
    rotation = 0.5 * np.eye(128, dtype=np.float32)[np.arange(128) ^ 1]
    return {
        "pca_eigen_vectors": rotation,
        "pca_means": np.linspace(-1, 1, 128, dtype=np.float32)[:, None],
    }


def log_mel_patches(samples):
    spectrogram = vggish.log_mel(samples)
    starts = vggish.patch_starts(len(spectrogram))
    return np.stack([spectrogram[start : start + vggish.PATCH] for start in starts])


def test_log_mel_of_a_sine_has_the_known_mean_and_deviation():
    spectrograms = log_mel_patches(sine())
    assert spectrograms.shape == (3, 96, 64)
    assert spectrograms.dtype == np.float32
    assert spectrograms.mean() == pytest.approx(-3.4296, abs=5e-4)
    assert spectrograms.std() == pytest.approx(2.1266, abs=5e-4)


def test_log_mel_of_silence_is_the_log_of_the_offset():
    assert log_mel_patches(np.zeros(16_000, np.float32)) == pytest.approx(-4.60517, abs=1e-5)


@pytest.mark.parametrize(
    ("samples", "count"), [(15_599, 0), (15_600, 1), (30_959, 1), (30_960, 2), (48_000, 3)]
)
def test_only_whole_patches_are_used(samples, count):
    frames = len(vggish.log_mel(np.zeros(samples, np.float32)))
    assert vggish.patch_starts(frames).tolist() == [96 * k for k in range(count)]
    assert vggish.MIN_SAMPLES == 15_600


def test_parameter_count_equals_the_published_one():
    count = sum(math.prod(shape) + shape[-1] for shape in SHAPES.values())
    assert count == 72_141_184


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A checkpoint of random weights in the published format, written by TensorFlow."""
    from tensorflow.compat import v1

    path = tmp_path_factory.mktemp("vggish") / "vggish_model.ckpt"
    values = random_variables()
    with v1.Graph().as_default(), v1.Session() as session:
        placeholders = {name: v1.placeholder(v1.float32, v.shape) for name, v in values.items()}
        variables = {
            name: v1.Variable(placeholder, name=name) for name, placeholder in placeholders.items()
        }
        for name, variable in variables.items():
            session.run(variable.initializer, {placeholders[name]: values[name]})
        v1.train.Saver(write_version=1).save(session, str(path), write_meta_graph=False)
    return path


def embed_with_tensorflow(spectrograms, values):
    """The published network in TensorFlow operations."""
    import tensorflow as tf

    maps = tf.constant(spectrograms[..., None])
    for name in SHAPES:
        kernel, bias = (values[f"vggish/{name}/{part}"] for part in ("weights", "biases"))
        if name.startswith("conv"):
            maps = tf.nn.relu(tf.nn.conv2d(maps, kernel, 1, "SAME") + bias)
            if name in ("conv1", "conv2", "conv3/conv3_2", "conv4/conv4_2"):
                maps = tf.nn.max_pool2d(maps, 2, 2, "SAME")
            continue
        if name == "fc1/fc1_1":
            maps = tf.reshape(maps, (len(spectrograms), -1))
        maps = maps @ kernel + bias
        maps = maps if name == "fc2" else tf.nn.relu(maps)
    return maps.numpy()


@pytest.mark.slow
def test_embeddings_of_a_loaded_checkpoint_equal_tensorflow(checkpoint):
    torch.set_num_threads(1)
    variables = read_variables(checkpoint)
    assert {name: value.shape for name, value in variables.items() if "weights" in name} == {
        f"vggish/{name}/weights": shape for name, shape in SHAPES.items()
    }
    assert sum(value.size for value in variables.values()) == 72_141_184
    layers = vggish.build_layers({**variables, **simple_pca()}, torch.device("cpu"))
    spectrograms = log_mel_patches(sine())
    with torch.inference_mode():
        embeddings = vggish.forward(torch.from_numpy(spectrograms), layers).numpy()
    expected = embed_with_tensorflow(spectrograms, variables)
    assert expected.min() < 0 < expected.max()  # no ReLU at the output
    assert embeddings == pytest.approx(expected, abs=1e-4 * float(np.abs(expected).max()))


def test_postprocess_with_a_simple_pca_by_hand():
    pca = {name: torch.from_numpy(value) for name, value in simple_pca().items()}
    layers = {"rotation": pca["pca_eigen_vectors"], "means": pca["pca_means"].flatten()}
    embeddings = np.zeros((1, 128), np.float32)
    embeddings[0, :6] = simple_pca()["pca_means"][:6, 0] + [0, 2, -2, 3.9, 100, -100]
    processed = vggish.postprocess(torch.from_numpy(embeddings), layers).numpy()
    # 0.5 x (neighbour - its mean), clipped to [-2, 2], + 2, x 63.75, truncated.
    assert processed[0, :6].tolist() == [191, 127, 251, 63, 0, 255]
    centred = -simple_pca()["pca_means"][6:, 0].astype(np.float64)
    swapped = 0.5 * centred[np.arange(122) ^ 1]
    assert processed[0, 6:] == pytest.approx(np.floor((swapped + 2) * 63.75), abs=1)
    assert processed.shape == (1, 128)
