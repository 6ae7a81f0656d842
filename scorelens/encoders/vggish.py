"""The feature set `vggish`: 128 values of a network that was trained to tag videos by their sound.

Hershey et al. 2017, the published checkpoint, and the post-processing of AudioSet: a rotation
fitted to YouTube-8M (PCA), cut to -2..2 and quantised to 8 bits.
"""

import numpy as np
import torch
from torch.nn import functional

from scorelens.encoders import mel
from scorelens.features.columns import embedding

RATE_HZ = 16_000
FFT_SIZE, WINDOW, HOP, BANDS = 512, 400, 160, 64
LOW_HZ, HIGH_HZ = 125.0, 7500.0
OFFSET = 0.01
PATCH = PATCH_HOP = 96  # frames, 0.96 s
LEAST_SAMPLES = (PATCH - 1) * HOP + WINDOW
CENTRE_S = PATCH * HOP / 2 / RATE_HZ
PATCHES_AT_ONCE = 16
CUT = 2.0  # of the rotated values, before they are quantised

CONVOLUTIONS = (
    *("conv1", "conv2", "conv3/conv3_1", "conv3/conv3_2"),
    *("conv4/conv4_1", "conv4/conv4_2"),
)
BEFORE_POOLING = {"conv1", "conv2", "conv3/conv3_2", "conv4/conv4_2"}
DENSE = ("fc1/fc1_1", "fc1/fc1_2", "fc2")

COLUMNS = embedding(
    "vggish",
    128,
    "of the post-processed embedding, an 8-bit number",
    frame_s=PATCH * HOP / RATE_HZ,
    hop_s=PATCH_HOP * HOP / RATE_HZ,
    source="Hershey et al. 2017",
    low=0,
    high=255,
)
NAMES = tuple(feature.name for feature in COLUMNS)


def log_mel(samples: np.ndarray, offset: float = OFFSET) -> np.ndarray:
    """ln(amplitude + offset) in 64 mel bands of 125 to 7500 Hz, 25 ms frames each 10 ms.

    samples: (n,) float32 at RATE_HZ. Returns (frames, 64) float32, whole frames only.
    """
    bands = mel.htk_bands(RATE_HZ, FFT_SIZE, BANDS, LOW_HZ, HIGH_HZ)
    amplitude = mel.mel_spectrogram(samples, mel.hann(WINDOW), HOP, bands, exponent=1)
    return np.log(amplitude + np.float32(offset))


def patch_starts(frames: int) -> np.ndarray:
    """First frames of the whole patches of a log-mel spectrogram of so many frames."""
    return np.arange(0, frames - PATCH + 1, PATCH_HOP)


def layers(variables: dict[str, np.ndarray], device: str) -> dict:
    """The network's tensors on a device, from the variables of the published files.

    variables: `vggish/conv1/weights`, ..., `vggish/fc2/biases` of the checkpoint, and
    `pca_eigen_vectors` and `pca_means`.
    """
    tensors = {name: torch.from_numpy(value).to(device) for name, value in variables.items()}
    found = {
        "rotation": tensors["pca_eigen_vectors"].float(),
        "means": tensors["pca_means"].float().flatten(),
    }
    for name in (*CONVOLUTIONS, *DENSE):
        weights, biases = (tensors[f"vggish/{name}/{part}"] for part in ("weights", "biases"))
        turned = weights.permute(3, 2, 0, 1) if name in CONVOLUTIONS else weights.T
        found[name] = turned.contiguous(), biases
    return found


def embed(spectrogram: torch.Tensor, starts: np.ndarray, layers: dict) -> torch.Tensor:
    """The post-processed embeddings of patches of a spectrogram, whole numbers of 0 to 255.

    spectrogram: (frames, 64) as log_mel makes it. starts: (n,). Returns (n, 128) float32.
    """
    patches = torch.stack([spectrogram[start : start + PATCH] for start in starts])
    return postprocessed(raw(patches, layers), layers)


def raw(patches: torch.Tensor, layers: dict) -> torch.Tensor:
    """The network alone: (n, 96, 64) to (n, 128). There is no rectifier after the last layer."""
    maps = patches[:, None]
    for name in CONVOLUTIONS:
        maps = functional.conv2d(maps, *layers[name], padding=1).relu_()
        if name in BEFORE_POOLING:
            maps = functional.max_pool2d(maps, 2)
    hidden = maps.permute(0, 2, 3, 1).flatten(1)  # as TensorFlow lays it out: time, band, channel
    for name in DENSE[:-1]:
        hidden = functional.linear(hidden, *layers[name]).relu_()
    return functional.linear(hidden, *layers[DENSE[-1]])


def postprocessed(embeddings: torch.Tensor, layers: dict) -> torch.Tensor:
    """Rotate, cut to -2..2 and quantise to 0..255, towards zero: (n, 128) to (n, 128) float32."""
    rotated = (embeddings - layers["means"]) @ layers["rotation"].T
    return ((rotated.clamp(-CUT, CUT) + CUT) * (255 / (2 * CUT))).floor()
