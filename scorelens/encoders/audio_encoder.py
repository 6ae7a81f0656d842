"""What the feature sets of pretrained networks share: from a sound to embeddings at their times.

A network's module says how its log-mel spectrogram is made (`log_mel`), which frames make a patch
(`patch_starts`) and what becomes of patches (`layers`, `embed`). A sound shorter than one patch is
repeated until it fills one, down to 0.05 s; below that there is no embedding. A patch that is
silent, or holds a sample that is not finite, has none either: what a network says of silence is
not about music.
"""

import logging
import os
from collections.abc import Iterable
from types import ModuleType

import numpy as np
import torch
from safetensors.numpy import load_file

from scorelens.encoders import musicnn, vggish, yamnet
from scorelens.features import texture
from scorelens.features.frames import SHORTEST_S, SILENCE_RMS, Series
from scorelens.features.table import FeatureSet

MODULES = {"musicnn": musicnn, "vggish": vggish, "yamnet": yamnet}
GPU_PATCHES_AT_ONCE = 128

log = logging.getLogger(__name__)


def load(feature_set: str, weights: str | os.PathLike, threads: int = 1) -> FeatureSet:
    """A network with its weights, on the GPU if there is one, as a feature set.

    feature_set: a name of MODULES. weights: its file of variables, as `scorelens.pretrained` writes
    it. threads: of the CPU.
    """
    torch.set_num_threads(threads)
    network = MODULES[feature_set]
    device = "cuda" if torch.cuda.is_available() else "cpu"
    layers = network.layers(load_file(weights), device)
    log.info("%s on %s", feature_set, device if device == "cpu" else torch.cuda.get_device_name())

    def measured(blocks: Iterable[np.ndarray], moments_s: np.ndarray) -> np.ndarray:
        samples = np.concatenate([np.zeros(0, np.float32), *blocks])
        return measure(samples, moments_s, network, layers, device)

    return FeatureSet(network.NAMES, network.RATE_HZ, measured)


def measure(
    samples: np.ndarray, moments_s: np.ndarray, network: ModuleType, layers: dict, device: str
) -> np.ndarray:
    """A network's embedding of a sound at given moments.

    samples: (n,) float32 at the network's RATE_HZ. moments_s: (m,) s. Returns (m, d) float32:
    between the centres of two patches what lies between their embeddings, before the first and
    after the last that one's; NaN where there is none and after the sound's end.
    """
    series = frames(samples, network, layers, device)
    if not len(series.times_s):
        return np.full((len(moments_s), len(series.names)), np.nan, np.float32)
    values = texture.at_moments(series.values.astype(np.float64), series.times_s, moments_s)
    values[moments_s > (len(samples) + 1) / network.RATE_HZ] = np.nan
    return values.astype(np.float32)


def frames(samples: np.ndarray, network: ModuleType, layers: dict, device: str) -> Series:
    """The embeddings of a sound's patches at the patches' centres.

    samples: (n,) float32 at the network's RATE_HZ. Silent and broken patches are NaN.
    """
    if len(samples) < SHORTEST_S * network.RATE_HZ:
        return Series(network.NAMES, np.zeros(0), np.zeros((0, len(network.NAMES)), np.float32))
    if len(samples) < network.LEAST_SAMPLES:
        samples = np.resize(samples, network.LEAST_SAMPLES)
    finite = np.isfinite(samples)
    sound = samples if finite.all() else np.where(finite, samples, np.float32(0))
    spectrogram = network.log_mel(sound)
    starts = network.patch_starts(len(spectrogram))
    values = _embedded(spectrogram, starts, network, layers, device)
    values[~_heard(samples, starts * network.HOP, network.LEAST_SAMPLES)] = np.nan
    return Series(network.NAMES, starts * network.HOP / network.RATE_HZ + network.CENTRE_S, values)


def _heard(samples: np.ndarray, starts: np.ndarray, length: int) -> np.ndarray:
    """Which patches are louder than silence and hold finite samples alone: (patches,) bool."""
    patches = [samples[start : start + length] for start in starts]
    with np.errstate(invalid="ignore", over="ignore"):
        mean_square = np.array([patch @ patch / len(patch) for patch in patches])
    return np.isfinite(mean_square) & (mean_square >= SILENCE_RMS**2)


@torch.inference_mode()
def _embedded(spectrogram, starts, network, layers, device) -> np.ndarray:
    at_once = network.PATCHES_AT_ONCE if device == "cpu" else GPU_PATCHES_AT_ONCE
    spectrogram = torch.from_numpy(spectrogram).to(device)
    parts = [
        network.embed(spectrogram, starts[first : first + at_once], layers).cpu().numpy()
        for first in range(0, len(starts), at_once)
    ]
    return np.concatenate(parts)
