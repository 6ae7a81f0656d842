"""The feature set `musicnn`: 200 values of a network that was trained to tag songs.

Pons and Serra 2019 (musicnn), the network `MSD_musicnn`: 50 tags of the Million Song Dataset, from
patches of 3 s. The embedding is the layer before the tags. Patches follow each other by half their
length, and the last one ends with the sound.
"""

import numpy as np
import torch
from torch.nn import functional

from scorelens.encoders import mel
from scorelens.features.columns import embedding

RATE_HZ = 16_000
FFT_SIZE, HOP, BANDS = 512, 256, 96
PATCH = 187  # frames
PATCH_HOP = 94  # frames, 1.504 s
LEAST_SAMPLES = (PATCH - 1) * HOP
CENTRE_S = LEAST_SAMPLES / 2 / RATE_HZ
PATCHES_AT_ONCE = 4
EPSILON = 1e-3  # of the batch normalisation
EDGE = 3  # frames that the widest filter of a timbral layer reaches beyond its own

COLUMNS = embedding(
    "musicnn",
    200,
    "of the layer before the tags of MSD_musicnn",
    frame_s=PATCH * HOP / RATE_HZ,
    hop_s=PATCH_HOP * HOP / RATE_HZ,
    source="Pons and Serra 2019",
)
NAMES = tuple(feature.name for feature in COLUMNS)


def log_mel(samples: np.ndarray) -> np.ndarray:
    """log10(1 + 10000 power) in 96 mel bands, a frame each 16 ms, the first centred on 0 s.

    samples: (n,) float32 at RATE_HZ. Returns (1 + n // 256, 96) float32. The sound is padded with
    half a frame of silence at both ends.
    """
    bands = mel.slaney_bands(RATE_HZ, FFT_SIZE, BANDS)
    padded = np.pad(samples, FFT_SIZE // 2)
    power = mel.mel_spectrogram(padded, mel.hann(FFT_SIZE), HOP, bands, exponent=2)
    power *= 10_000
    power += 1
    return np.log10(power, out=power)


def patch_starts(frames: int) -> np.ndarray:
    """First frames of the patches of a log-mel spectrogram of so many frames, at least PATCH."""
    last = frames - PATCH
    return np.unique(np.append(np.arange(0, last, PATCH_HOP), last))


def layers(variables: dict[str, np.ndarray], device: str) -> dict:
    """The network's tensors on a device, from the variables of the published checkpoint.

    A maximum over frequency follows each layer of the front end; it is taken before the layer's
    normalisation, which keeps the order or, where its gain is negative, turns it round: those
    filters change their sign, and it comes back afterwards. That saves two passes over large maps.
    """
    tensors = {name: torch.from_numpy(value).to(device) for name, value in variables.items()}
    front = []
    for index in range(5):
        kernel, bias, gain, shift = _convolution(tensors, index)
        sign = torch.where(gain < 0, -1.0, 1.0)
        front.append((kernel * sign[:, None, None, None], bias * sign, sign, gain, shift))
    middle = [_convolution(tensors, index) for index in range(5, 8)]
    return {
        "input": _normalisation(tensors, 0),
        "timbral": front[:2],
        "temporal": front[2:],
        # A middle layer's kernel spans all channels of the layer below it: (64, channels, 7).
        "middle": [(k[:, 0].transpose(1, 2).contiguous(), *rest) for k, *rest in middle],
        "pooled": _normalisation(tensors, 9),
        "dense": (tensors["dense/kernel"].T.contiguous(), tensors["dense/bias"]),
        "embedding": _normalisation(tensors, 10),
    }


def embed(spectrogram: torch.Tensor, starts: np.ndarray, layers: dict) -> torch.Tensor:
    """The embeddings of patches of a spectrogram.

    spectrogram: (frames, 96) as log_mel makes it. starts: (n,) first frames of the patches,
    ascending and near each other. Returns (n, 200).
    """
    gain, shift = layers["input"]
    first, last = int(starts[0]), int(starts[-1]) + PATCH
    spectrogram, starts = spectrogram[first:last] * gain + shift, starts - first
    patches = torch.stack([spectrogram[start : start + PATCH] for start in starts])[:, None]
    timbral = [_timbral(spectrogram, patches, starts, layer) for layer in layers["timbral"]]
    temporal = [_temporal(patches, layer) for layer in layers["temporal"]]
    return _pooled(_middle(torch.cat(timbral + temporal, 1), layers["middle"]), layers)


def _timbral(spectrogram, patches, starts, layer) -> torch.Tensor:
    """A timbral layer of every patch: (n, channels, PATCH).

    Patches overlap, and a filter sees 7 frames: what lies inside is computed once for all of them,
    and only the frames at a patch's edges, which its zero padding reaches, for each alone.
    """
    inside = _strongest(spectrogram[None, None], layer)[0]
    head = functional.pad(patches[:, :, : 2 * EDGE], (0, 0, EDGE, 0))
    tail = functional.pad(patches[:, :, -2 * EDGE :], (0, 0, 0, EDGE))
    middle = [inside[:, start : start + PATCH - 2 * EDGE] for start in starts]
    maps = [_strongest(head, layer), torch.stack(middle), _strongest(tail, layer)]
    return _activated(torch.cat(maps, 2), layer)


def _temporal(patches, layer) -> torch.Tensor:
    """A temporal layer of every patch: (n, channels, PATCH). Its padding is TensorFlow's."""
    length = layer[0].shape[2]
    padded = functional.pad(patches, (0, 0, (length - 1) // 2, length // 2))
    return _activated(_strongest(padded, layer), layer)


def _strongest(patches, layer) -> torch.Tensor:
    """Convolution and maximum over frequency: (n, 1, frames, 96) to (n, channels, frames less)."""
    kernel, bias, *_ = layer
    return functional.conv2d(patches, kernel, bias).amax(3)


def _activated(maps, layer) -> torch.Tensor:
    *_, sign, gain, shift = layer
    return (maps * sign[:, None]).relu_() * gain[:, None] + shift[:, None]


def _middle(front, middle) -> torch.Tensor:
    """The front end and three layers over it, the last two residual: (n, 753, PATCH)."""
    maps = [front]
    for index, (kernel, bias, gain, shift) in enumerate(middle):
        found = functional.conv1d(maps[-1], kernel, bias, padding="same").relu_()
        found = found * gain[:, None] + shift[:, None]
        maps.append(found + maps[-1] if index else found)
    return torch.cat(maps, 1)


def _pooled(maps, layers) -> torch.Tensor:
    """Maximum and mean over time, in turn for each channel, and the dense layer: (n, 200)."""
    pooled = torch.stack([maps.amax(2), maps.mean(2)], 2).flatten(1)
    gain, shift = layers["pooled"]
    hidden = functional.linear(pooled * gain + shift, *layers["dense"]).relu_()
    gain, shift = layers["embedding"]
    return hidden * gain + shift


def _convolution(tensors, index: int) -> tuple[torch.Tensor, ...]:
    """Kernel (out, in, height, width), bias, and the normalisation that follows the layer."""
    name = f"conv2d_{index}" if index else "conv2d"
    kernel = tensors[f"{name}/kernel"].permute(3, 2, 0, 1).contiguous()
    return kernel, tensors[f"{name}/bias"], *_normalisation(tensors, index + 1)


def _normalisation(tensors, index: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Gain and shift of a batch normalisation with its moving statistics."""
    name = f"batch_normalization_{index}" if index else "batch_normalization"
    gain = tensors[f"{name}/gamma"] / torch.sqrt(tensors[f"{name}/moving_variance"] + EPSILON)
    return gain, tensors[f"{name}/beta"] - gain * tensors[f"{name}/moving_mean"]
