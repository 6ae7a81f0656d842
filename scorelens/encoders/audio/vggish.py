"""VGGish (Hershey et al. 2017): 128 values of a network that was trained to tag videos by sound.

The published checkpoint, and the post-processing of AudioSet: a rotation fitted to YouTube-8M
(PCA), clipped to -2..2 and quantized to 8 bits.
"""

import numpy as np
import torch
from torch.nn import functional

from scorelens.encoders import mel

SAMPLE_RATE_HZ = 16_000
FFT_SIZE, WINDOW, HOP, BANDS = 512, 400, 160, 64  # samples, samples, samples, mel bands
MIN_HZ, MAX_HZ = 125.0, 7500.0
OFFSET = 0.01  # added to the amplitude before the logarithm
PATCH = PATCH_HOP = 96  # frames, 0.96 s
MIN_SAMPLES = (PATCH - 1) * HOP + WINDOW
CENTRE_S = PATCH * HOP / 2 / SAMPLE_RATE_HZ
BATCH_SIZE = 16  # patches
CLIP = 2.0  # largest size of a rotated value, before it is quantized

CONVOLUTIONS = (
    *("conv1", "conv2", "conv3/conv3_1", "conv3/conv3_2"),
    *("conv4/conv4_1", "conv4/conv4_2"),
)
BEFORE_POOLING = {"conv1", "conv2", "conv3/conv3_2", "conv4/conv4_2"}
DENSE = ("fc1/fc1_1", "fc1/fc1_2", "fc2")


def log_mel(samples: np.ndarray, offset: float = OFFSET) -> np.ndarray:
    """Compute ln(amplitude + offset) in 64 mel bands of 125 to 7500 Hz, 25 ms frames each 10 ms.

    Parameters
    ----------
    samples : ndarray of float32, shape (n,)
        Mono sound at SAMPLE_RATE_HZ.
    offset : float
        Added to the amplitude, full scale 1.

    Returns
    -------
    ndarray of float32, shape (frames, 64)
        Whole frames only.
    """
    bands = mel.htk_bands(SAMPLE_RATE_HZ, FFT_SIZE, BANDS, MIN_HZ, MAX_HZ)
    amplitude = mel.mel_spectrogram(samples, mel.hann(WINDOW), HOP, bands, exponent=1)
    return np.log(amplitude + np.float32(offset))


def patch_starts(frames: int) -> np.ndarray:
    """Give the first frame of each whole patch of a log-mel spectrogram.

    Parameters
    ----------
    frames : int
        Frames of the spectrogram.

    Returns
    -------
    ndarray of int64, shape (patches,)

    Examples
    --------
    >>> patch_starts(290).tolist()
    [0, 96, 192]
    """
    return np.arange(0, frames - PATCH + 1, PATCH_HOP)


def build_layers(variables: dict[str, np.ndarray], device: torch.device) -> dict:
    """Turn the variables of the published files into tensors for `embed_patches`.

    Parameters
    ----------
    variables : dict of str to ndarray
        `vggish/conv1/weights`, ..., `vggish/fc2/biases` of the checkpoint, `pca_eigen_vectors` and
        `pca_means`.
    device : torch.device

    Returns
    -------
    dict of str to tensors

    Raises
    ------
    KeyError
        If a variable is missing.
    """
    tensors = {name: torch.from_numpy(value).to(device) for name, value in variables.items()}
    layers = {
        "rotation": tensors["pca_eigen_vectors"].float(),
        "means": tensors["pca_means"].float().flatten(),
    }
    for name in (*CONVOLUTIONS, *DENSE):
        weights, biases = (tensors[f"vggish/{name}/{part}"] for part in ("weights", "biases"))
        turned = weights.permute(3, 2, 0, 1) if name in CONVOLUTIONS else weights.T
        layers[name] = turned.contiguous(), biases
    return layers


def embed_patches(spectrogram: torch.Tensor, starts: np.ndarray, layers: dict) -> torch.Tensor:
    """Embed patches of a log-mel spectrogram, with the post-processing.

    Parameters
    ----------
    spectrogram : tensor of float32, shape (frames, 64)
        As `log_mel` makes it.
    starts : ndarray of int, shape (n,)
        First frames of the patches.
    layers : dict
        From `build_layers`.

    Returns
    -------
    tensor of float32, shape (n, 128)
        Whole numbers of 0 to 255.
    """
    patches = torch.stack([spectrogram[start : start + PATCH] for start in starts])
    return postprocess(forward(patches, layers), layers)


def forward(patches: torch.Tensor, layers: dict) -> torch.Tensor:
    """Run the network alone; there is no rectifier after the last layer.

    Parameters
    ----------
    patches : tensor of float32, shape (n, 96, 64)
    layers : dict
        From `build_layers`.

    Returns
    -------
    tensor of float32, shape (n, 128)
    """
    maps = patches[:, None]
    for name in CONVOLUTIONS:
        maps = functional.conv2d(maps, *layers[name], padding=1).relu_()
        if name in BEFORE_POOLING:
            maps = functional.max_pool2d(maps, 2)
    hidden = maps.permute(0, 2, 3, 1).flatten(1)  # as TensorFlow lays it out: time, band, channel
    for name in DENSE[:-1]:
        hidden = functional.linear(hidden, *layers[name]).relu_()
    return functional.linear(hidden, *layers[DENSE[-1]])


def postprocess(embeddings: torch.Tensor, layers: dict) -> torch.Tensor:
    """Rotate embeddings, clip them to -2..2 and quantize them to 0..255, rounding down.

    Parameters
    ----------
    embeddings : tensor of float32, shape (n, 128)
    layers : dict
        `rotation` (128, 128) and `means` (128,) are used.

    Returns
    -------
    tensor of float32, shape (n, 128)
    """
    rotated = (embeddings - layers["means"]) @ layers["rotation"].T
    return ((rotated.clamp(-CLIP, CLIP) + CLIP) * (255 / (2 * CLIP))).floor()
