"""YAMNet (Plakal and Ellis 2019): 1024 values of a small network that was trained to tag videos.

A MobileNet (Howard et al. 2017) with 521 classes of sound, on patches of 0.96 s that overlap by
half. The embedding is the layer before the classes.
"""

import numpy as np
import torch
from torch.nn import functional

from scorelens.encoders.audio import vggish

SAMPLE_RATE_HZ, HOP, PATCH = vggish.SAMPLE_RATE_HZ, vggish.HOP, vggish.PATCH
MIN_SAMPLES, CENTRE_S = vggish.MIN_SAMPLES, vggish.CENTRE_S
OFFSET = 0.001  # added to the amplitude before the logarithm
PATCH_HOP = 48  # frames, 0.48 s
BATCH_SIZE = 16  # patches
EPSILON = 1e-4  # of the batch normalization
STRIDES = (2, 1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)  # of layers 1 to 14


def log_mel(samples: np.ndarray) -> np.ndarray:
    """Compute ln(amplitude + 0.001) in 64 mel bands of 125 to 7500 Hz, 25 ms frames each 10 ms.

    Parameters
    ----------
    samples : ndarray of float32, shape (n,)
        Mono sound at SAMPLE_RATE_HZ.

    Returns
    -------
    ndarray of float32, shape (frames, 64)
        Whole frames only.
    """
    return vggish.log_mel(samples, OFFSET)


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
    >>> patch_starts(200).tolist()
    [0, 48, 96]
    """
    return np.arange(0, frames - PATCH + 1, PATCH_HOP)


def build_layers(variables: dict[str, np.ndarray], device: torch.device) -> dict:
    """Turn the variables of the published weights into tensors for `embed_patches`.

    Each batch normalization is folded into the kernel before it.

    Parameters
    ----------
    variables : dict of str to ndarray
        `layer1/conv/kernel`, `layer1/conv/bn/beta`, ..., `layer14/pointwise_conv/bn/...`.
    device : torch.device

    Returns
    -------
    dict of str to tuple of tensors
        Kernel and bias of each layer, in order.

    Raises
    ------
    KeyError
        If a variable is missing.
    """
    tensors = {name: torch.from_numpy(value).to(device) for name, value in variables.items()}
    names = ["layer1/conv"] + [
        f"layer{number}/{part}_conv"
        for number in range(2, len(STRIDES) + 1)
        for part in ("depthwise", "pointwise")
    ]
    return {name: _folded(tensors, name) for name in names}


def embed_patches(spectrogram: torch.Tensor, starts: np.ndarray, layers: dict) -> torch.Tensor:
    """Embed patches of a log-mel spectrogram.

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
    tensor of float32, shape (n, 1024)
        Not negative.
    """
    patches = torch.stack([spectrogram[start : start + PATCH] for start in starts])
    maps = patches[:, None].contiguous(memory_format=torch.channels_last)
    for name, (kernel, bias) in layers.items():
        stride = 1 if "pointwise" in name else STRIDES[int(name.split("/")[0][5:]) - 1]
        maps = _convolve(maps, kernel, bias, stride)
    return maps.mean((2, 3))


def _convolve(maps, kernel, bias, stride: int) -> torch.Tensor:
    """Convolution and rectifier; the padding is TensorFlow's `same`, more behind than before."""
    groups = maps.shape[1] // kernel.shape[1]
    if stride == 2:
        maps = functional.pad(maps, (0, 1, 0, 1))
    padding = kernel.shape[2] // 2 if stride == 1 else 0
    return functional.conv2d(maps, kernel, bias, stride, padding, groups=groups).relu_()


def _folded(tensors, name: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Kernel and bias of a layer, the batch normalization folded in."""
    part = "depthwise_kernel" if "depthwise" in name else "kernel"
    kernel = tensors[f"{name}/{part}"]  # height, width, in, out; depthwise: channels, 1
    kernel = kernel.permute(2, 3, 0, 1) if "depthwise" in name else kernel.permute(3, 2, 0, 1)
    scale = 1 / torch.sqrt(tensors[f"{name}/bn/moving_variance"] + EPSILON)
    bias = tensors[f"{name}/bn/beta"] - tensors[f"{name}/bn/moving_mean"] * scale
    return (kernel * scale[:, None, None, None]).contiguous(), bias
