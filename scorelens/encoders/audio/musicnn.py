"""MusiCNN (Pons and Serra 2019): 200 values of a network that was trained to tag songs.

The network is `MSD_musicnn`: 50 tags of the Million Song Dataset, from patches of 3 s. The
embedding is the layer before the tags. Patches follow each other by half their length, and the last
one ends with the sound.
"""

import numpy as np
import torch
from torch.nn import functional

from scorelens.encoders import mel

SAMPLE_RATE_HZ = 16_000
FFT_SIZE, HOP, BANDS = 512, 256, 96  # samples, samples, mel bands
PATCH = 187  # frames
PATCH_HOP = 94  # frames, 1.504 s
MIN_SAMPLES = (PATCH - 1) * HOP
CENTRE_S = MIN_SAMPLES / 2 / SAMPLE_RATE_HZ
BATCH_SIZE = 4  # patches
EPSILON = 1e-3  # of the batch normalization
EDGE = 3  # frames that the widest filter of a timbral layer reaches beyond its own


def log_mel(samples: np.ndarray) -> np.ndarray:
    """Compute log10(1 + 10000 power) in 96 mel bands, a frame each 16 ms, the first at 0 s.

    The sound is padded with half a frame of silence at both ends.

    Parameters
    ----------
    samples : ndarray of float32, shape (n,)
        Mono sound at SAMPLE_RATE_HZ.

    Returns
    -------
    ndarray of float32, shape (1 + n // 256, 96)
    """
    bands = mel.slaney_bands(SAMPLE_RATE_HZ, FFT_SIZE, BANDS)
    padded = np.pad(samples, FFT_SIZE // 2)
    power = mel.mel_spectrogram(padded, mel.hann(FFT_SIZE), HOP, bands, exponent=2)
    power *= 10_000
    power += 1
    return np.log10(power, out=power)


def patch_starts(frames: int) -> np.ndarray:
    """Give the first frame of each patch of a log-mel spectrogram.

    Parameters
    ----------
    frames : int
        Frames of the spectrogram, PATCH at least.

    Returns
    -------
    ndarray of int64, shape (patches,)

    Examples
    --------
    >>> patch_starts(300).tolist()
    [0, 94, 113]
    """
    last = frames - PATCH
    return np.unique(np.append(np.arange(0, last, PATCH_HOP), last))


def build_layers(variables: dict[str, np.ndarray], device: torch.device) -> dict:
    """Turn the variables of the published checkpoint into tensors for `embed_patches`.

    A maximum over frequency follows each layer of the front end. It is taken before the layer's
    batch normalization, which keeps the order of values or, where its scale is negative, reverses
    it: the filters concerned change their sign, and it is restored afterwards. This saves two
    passes over large maps.

    Parameters
    ----------
    variables : dict of str to ndarray
        Arrays by their names in the checkpoint.
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
    front_end = []
    for index in range(5):
        kernel, bias, scale, shift = _convolution(tensors, index)
        sign = torch.where(scale < 0, -1.0, 1.0)
        front_end.append((kernel * sign[:, None, None, None], bias * sign, sign, scale, shift))
    mid_end = [_convolution(tensors, index) for index in range(5, 8)]
    return {
        "input": _batch_normalization(tensors, 0),
        "timbral": front_end[:2],
        "temporal": front_end[2:],
        # A kernel of the mid-end spans all channels of the layer below it: (64, channels, 7).
        "mid_end": [(k[:, 0].transpose(1, 2).contiguous(), *rest) for k, *rest in mid_end],
        "pooled": _batch_normalization(tensors, 9),
        "dense": (tensors["dense/kernel"].T.contiguous(), tensors["dense/bias"]),
        "embedding": _batch_normalization(tensors, 10),
    }


def embed_patches(spectrogram: torch.Tensor, starts: np.ndarray, layers: dict) -> torch.Tensor:
    """Embed patches of a log-mel spectrogram.

    Parameters
    ----------
    spectrogram : tensor of float32, shape (frames, 96)
        As `log_mel` makes it.
    starts : ndarray of int, shape (n,)
        First frames of the patches, ascending and near each other.
    layers : dict
        From `build_layers`.

    Returns
    -------
    tensor of float32, shape (n, 200)
    """
    scale, shift = layers["input"]
    first, last = int(starts[0]), int(starts[-1]) + PATCH
    spectrogram, starts = spectrogram[first:last] * scale + shift, starts - first
    patches = torch.stack([spectrogram[start : start + PATCH] for start in starts])[:, None]
    timbral = [_timbral(spectrogram, patches, starts, layer) for layer in layers["timbral"]]
    temporal = [_temporal(patches, layer) for layer in layers["temporal"]]
    return _back_end(_mid_end(torch.cat(timbral + temporal, 1), layers["mid_end"]), layers)


def _timbral(spectrogram, patches, starts, layer) -> torch.Tensor:
    """Apply a timbral layer to every patch: (n, channels, PATCH).

    Patches overlap, and a filter spans 7 frames: what lies inside is computed once for all of them,
    and only the frames at a patch's edges, which its zero padding reaches, for each alone.
    """
    shared = _max_over_frequency(spectrogram[None, None], layer)[0]
    head = functional.pad(patches[:, :, : 2 * EDGE], (0, 0, EDGE, 0))
    tail = functional.pad(patches[:, :, -2 * EDGE :], (0, 0, 0, EDGE))
    inside = [shared[:, start : start + PATCH - 2 * EDGE] for start in starts]
    maps = [
        _max_over_frequency(head, layer),
        torch.stack(inside),
        _max_over_frequency(tail, layer),
    ]
    return _activation(torch.cat(maps, 2), layer)


def _temporal(patches, layer) -> torch.Tensor:
    """Apply a temporal layer to every patch: (n, channels, PATCH). Its padding is TensorFlow's."""
    length = layer[0].shape[2]
    padded = functional.pad(patches, (0, 0, (length - 1) // 2, length // 2))
    return _activation(_max_over_frequency(padded, layer), layer)


def _max_over_frequency(patches, layer) -> torch.Tensor:
    """Convolve, then pool: (n, 1, frames, 96) to (n, channels, fewer frames)."""
    kernel, bias, *_ = layer
    return functional.conv2d(patches, kernel, bias).amax(3)


def _activation(maps, layer) -> torch.Tensor:
    *_, sign, scale, shift = layer
    return (maps * sign[:, None]).relu_() * scale[:, None] + shift[:, None]


def _mid_end(front_end, layers) -> torch.Tensor:
    """Stack the front end and three layers over it, the last two residual: (n, 753, PATCH)."""
    maps = [front_end]
    for index, (kernel, bias, scale, shift) in enumerate(layers):
        hidden = functional.conv1d(maps[-1], kernel, bias, padding="same").relu_()
        hidden = hidden * scale[:, None] + shift[:, None]
        maps.append(hidden + maps[-1] if index else hidden)
    return torch.cat(maps, 1)


def _back_end(maps, layers) -> torch.Tensor:
    """Pool maximum and mean over time, in turn for each channel; the dense layer: (n, 200)."""
    pooled = torch.stack([maps.amax(2), maps.mean(2)], 2).flatten(1)
    scale, shift = layers["pooled"]
    hidden = functional.linear(pooled * scale + shift, *layers["dense"]).relu_()
    scale, shift = layers["embedding"]
    return hidden * scale + shift


def _convolution(tensors, index: int) -> tuple[torch.Tensor, ...]:
    """Kernel (out, in, height, width), bias, scale and shift of a layer."""
    name = f"conv2d_{index}" if index else "conv2d"
    kernel = tensors[f"{name}/kernel"].permute(3, 2, 0, 1).contiguous()
    return kernel, tensors[f"{name}/bias"], *_batch_normalization(tensors, index + 1)


def _batch_normalization(tensors, index: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Scale and shift of a batch normalization with its moving statistics."""
    name = f"batch_normalization_{index}" if index else "batch_normalization"
    scale = tensors[f"{name}/gamma"] / torch.sqrt(tensors[f"{name}/moving_variance"] + EPSILON)
    return scale, tensors[f"{name}/beta"] - scale * tensors[f"{name}/moving_mean"]
