"""Audio encoders: from the samples of a sound to embeddings at their times.

A module of `scorelens/encoders/audio/` describes one network:

- `SAMPLE_RATE_HZ`, `HOP` (samples from frame to frame), `PATCH` and `PATCH_HOP` (frames),
  `MIN_SAMPLES` (of a patch), `CENTRE_S` (from the start of a patch to its centre) and `BATCH_SIZE`
  (patches at once on the CPU);
- `log_mel(samples)`: the spectrogram; `patch_starts(frames)`: the first frames of its patches;
- `build_layers(variables, device)` and `embed_patches(spectrogram, starts, layers)`.

A sound shorter than one patch is repeated until it fills one, down to 0.05 s; a shorter one has no
embedding. Neither has a patch that is silent, or that holds a sample that is not finite.
"""

import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import NamedTuple

import numpy as np
import torch
from safetensors.numpy import load_file

from scorelens.encoders.interpolation import interpolate_rows
from scorelens.encoders.registry import ENCODERS
from scorelens.encoders.weight_loading import build_network
from scorelens.media.silence import MIN_SOUND_S, SILENCE_RMS
from scorelens.torch_device import device

GPU_BATCH_SIZE = 128  # patches

log = logging.getLogger(__name__)


class Embeddings(NamedTuple):
    """The embeddings of the patches of a sound.

    Attributes
    ----------
    times_s : ndarray of float64, shape (patches,)
        Centres of the patches, s.
    values : ndarray of float32, shape (patches, size)
        NaN where a patch is silent or broken.
    """

    times_s: np.ndarray
    values: np.ndarray


@dataclass(frozen=True)
class AudioEncoder:
    """A pretrained audio network with its weights.

    Parameters
    ----------
    name : str
        Its name in the registry.
    network : module
        Its module of `scorelens/encoders/audio/`.
    layers : dict
        From the module's `build_layers`.
    device : torch.device
        Where the layers are.
    """

    name: str
    network: ModuleType
    layers: dict
    device: torch.device

    @property
    def size(self) -> int:
        """Values of an embedding."""
        return ENCODERS[self.name].embedding_size

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the values of an embedding, (size,)."""
        return ENCODERS[self.name].feature_names

    @property
    def sample_rate_hz(self) -> int:
        """Sampling rate of the sounds that it takes, Hz."""
        return self.network.SAMPLE_RATE_HZ

    def encode(self, samples: np.ndarray) -> np.ndarray:
        """Embed the patches of a sound.

        Parameters
        ----------
        samples : ndarray of float32, shape (n,)
            Mono sound at `sample_rate_hz`.

        Returns
        -------
        ndarray of float32, shape (patches, size)
            NaN where a patch is silent or broken.
        """
        return self.encode_patches(samples).values

    def encode_patches(self, samples: np.ndarray) -> Embeddings:
        """Embed the patches of a sound, with their times.

        Parameters
        ----------
        samples : ndarray of float32, shape (n,)
            Mono sound at `sample_rate_hz`.

        Returns
        -------
        Embeddings
            Empty if the sound is shorter than 0.05 s.
        """
        network = self.network
        if len(samples) < MIN_SOUND_S * network.SAMPLE_RATE_HZ:
            return Embeddings(np.zeros(0), np.zeros((0, self.size), np.float32))
        if len(samples) < network.MIN_SAMPLES:
            samples = np.resize(samples, network.MIN_SAMPLES)
        finite = np.isfinite(samples)
        sound = samples if finite.all() else np.where(finite, samples, np.float32(0))
        spectrogram = network.log_mel(sound)
        starts = network.patch_starts(len(spectrogram))
        values = self._embed_batches(spectrogram, starts)
        values[~is_audible(samples, starts * network.HOP, network.MIN_SAMPLES)] = np.nan
        times_s = starts * network.HOP / network.SAMPLE_RATE_HZ + network.CENTRE_S
        return Embeddings(times_s, values)

    def encode_at(self, blocks: Iterable[np.ndarray], times_s: np.ndarray) -> np.ndarray:
        """Embed a sound at given moments, by interpolation between the centres of its patches.

        Parameters
        ----------
        blocks : iterable of ndarray of float32
            The samples, block after block, at `sample_rate_hz`.
        times_s : ndarray of float64, shape (m,)
            Moments in s of the sound.

        Returns
        -------
        ndarray of float32, shape (m, size)
            Before the first centre and after the last, that patch's embedding. NaN where there is
            none, and after the sound's end.
        """
        samples = np.concatenate([np.zeros(0, np.float32), *blocks])
        patches = self.encode_patches(samples)
        if not len(patches.times_s):
            return np.full((len(times_s), self.size), np.nan, np.float32)
        values = interpolate_rows(patches.values.astype(np.float64), patches.times_s, times_s)
        values[times_s > (len(samples) + 1) / self.sample_rate_hz] = np.nan
        return values.astype(np.float32)

    @torch.inference_mode()
    def _embed_batches(self, spectrogram: np.ndarray, starts: np.ndarray) -> np.ndarray:
        batch = self.network.BATCH_SIZE if self.device.type == "cpu" else GPU_BATCH_SIZE
        on_device = torch.from_numpy(spectrogram).to(self.device)
        parts = [
            self.network.embed_patches(on_device, starts[first : first + batch], self.layers)
            for first in range(0, len(starts), batch)
        ]
        return np.concatenate([part.cpu().numpy() for part in parts])


def load(name: str, weights: str | os.PathLike, threads: int | None = None) -> AudioEncoder:
    """Load an audio network, on the GPU if there is one.

    Parameters
    ----------
    name : str
        A name in the registry, of an audio network.
    weights : path
        Its variables, a file that `scorelens.pretrained.fetch` wrote.
    threads : int, optional
        Threads of the CPU; by default as PyTorch is set.

    Returns
    -------
    AudioEncoder

    Raises
    ------
    InputError
        If the file holds the variables of another network.
    """
    if threads:
        torch.set_num_threads(threads)
    network, target = network_module(name), device()
    layers = build_network(lambda v: network.build_layers(v, target), load_file(weights), weights)
    log.info("%s on %s", name, target if target.type == "cpu" else torch.cuda.get_device_name())
    return AudioEncoder(name, network, layers, target)


def network_module(name: str) -> ModuleType:
    """Give the module of an audio network.

    Parameters
    ----------
    name : str
        A name in the registry, of an audio network.

    Returns
    -------
    module
        Of `scorelens/encoders/audio/`.
    """
    return import_module(f"scorelens.encoders.audio.{ENCODERS[name].module}")


def is_audible(samples: np.ndarray, starts: np.ndarray, length: int) -> np.ndarray:
    """Tell which patches of a sound are louder than silence and hold only finite samples.

    Parameters
    ----------
    samples : ndarray of float32, shape (n,)
    starts : ndarray of int, shape (patches,)
        First sample of each patch.
    length : int
        Samples of a patch; one that reaches past the end is shorter.

    Returns
    -------
    ndarray of bool, shape (patches,)
    """
    patches = [samples[start : start + length] for start in starts]
    with np.errstate(invalid="ignore", over="ignore"):
        mean_square = np.array([patch @ patch / len(patch) for patch in patches])
    return np.isfinite(mean_square) & (mean_square >= SILENCE_RMS**2)
