"""The feature set `yamnet`: 1024 values of a small network that was trained to tag videos.

The network of AudioSet's YAMNet, a MobileNet (Howard et al. 2017): 521 classes of sound from
patches of 0.96 s, each half a patch. The embedding is the layer before the classes.
"""

import numpy as np
import torch
from torch.nn import functional

from scorelens.encoders import vggish
from scorelens.features.columns import embedding

RATE_HZ, HOP, PATCH = vggish.RATE_HZ, vggish.HOP, vggish.PATCH
LEAST_SAMPLES, CENTRE_S = vggish.LEAST_SAMPLES, vggish.CENTRE_S
OFFSET = 0.001
PATCH_HOP = 48  # frames, 0.48 s
PATCHES_AT_ONCE = 16
EPSILON = 1e-4  # of the batch normalisation
STRIDES = (2, 1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)  # of layers 1 to 14

COLUMNS = embedding(
    "yamnet",
    1024,
    "of the layer before the classes",
    frame_s=PATCH * HOP / RATE_HZ,
    hop_s=PATCH_HOP * HOP / RATE_HZ,
    source="Howard et al. 2017; Plakal and Ellis 2019 (YAMNet)",
    low=0,
)
NAMES = tuple(feature.name for feature in COLUMNS)


def log_mel(samples: np.ndarray) -> np.ndarray:
    """VGGish's spectrogram with an offset of 0.001: (n,) float32 at RATE_HZ to (frames, 64)."""
    return vggish.log_mel(samples, OFFSET)


def patch_starts(frames: int) -> np.ndarray:
    """First frames of the whole patches of a log-mel spectrogram of so many frames."""
    return np.arange(0, frames - PATCH + 1, PATCH_HOP)


def layers(variables: dict[str, np.ndarray], device: str) -> dict:
    """The network's tensors on a device, from the variables of the published weights.

    variables: `layer1/conv/kernel`, `layer1/conv/bn/beta`, ..., `layer14/pointwise_conv/bn/...`.
    Each normalisation is folded into the kernel before it.
    """
    tensors = {name: torch.from_numpy(value).to(device) for name, value in variables.items()}
    names = ["layer1/conv"] + [
        f"layer{number}/{part}_conv"
        for number in range(2, len(STRIDES) + 1)
        for part in ("depthwise", "pointwise")
    ]
    return {name: _folded(tensors, name) for name in names}


def embed(spectrogram: torch.Tensor, starts: np.ndarray, layers: dict) -> torch.Tensor:
    """The embeddings of patches of a spectrogram, not negative.

    spectrogram: (frames, 64) as log_mel makes it. starts: (n,). Returns (n, 1024).
    """
    patches = torch.stack([spectrogram[start : start + PATCH] for start in starts])
    maps = patches[:, None].contiguous(memory_format=torch.channels_last)
    for name, (kernel, bias) in layers.items():
        stride = 1 if "pointwise" in name else STRIDES[int(name.split("/")[0][5:]) - 1]
        maps = _convolved(maps, kernel, bias, stride)
    return maps.mean((2, 3))


def _convolved(maps, kernel, bias, stride: int) -> torch.Tensor:
    """Convolution and rectifier; the padding is TensorFlow's `same`, more behind than before."""
    groups = maps.shape[1] // kernel.shape[1]
    if stride == 2:
        maps = functional.pad(maps, (0, 1, 0, 1))
    padding = kernel.shape[2] // 2 if stride == 1 else 0
    return functional.conv2d(maps, kernel, bias, stride, padding, groups=groups).relu_()


def _folded(tensors, name: str) -> tuple[torch.Tensor, torch.Tensor]:
    part = "depthwise_kernel" if "depthwise" in name else "kernel"
    kernel = tensors[f"{name}/{part}"]  # height, width, in, out; depthwise: channels, 1
    kernel = kernel.permute(2, 3, 0, 1) if "depthwise" in name else kernel.permute(3, 2, 0, 1)
    gain = 1 / torch.sqrt(tensors[f"{name}/bn/moving_variance"] + EPSILON)
    bias = tensors[f"{name}/bn/beta"] - tensors[f"{name}/bn/moving_mean"] * gain
    return (kernel * gain[:, None, None, None]).contiguous(), bias
