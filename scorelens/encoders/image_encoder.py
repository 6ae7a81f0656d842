"""Image encoders: from centre squares of pictures to embeddings.

A module of `scorelens/encoders/image/` describes one network: `MEAN` and `SCALE` of the published
preparation of pixels, (x - MEAN) / SCALE, and `from_variables(variables)`, which builds the network
as an `nn.Module`. The network takes float32 (n, 3, 224, 224) and returns (n, size).
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

import numpy as np
import torch
from safetensors.numpy import load_file
from torch import nn

from scorelens.encoders.registry import ENCODERS
from scorelens.encoders.weight_loading import build_network
from scorelens.torch_device import device

BATCH_SIZE = 8  # pictures


@dataclass(frozen=True)
class ImageEncoder:
    """A pretrained image network with its weights.

    Parameters
    ----------
    name : str
        Its name in the registry.
    network : nn.Module
        From `from_variables` of its module, on a device.
    size : int
        Values of an embedding.
    """

    name: str
    network: nn.Module
    size: int

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Embed images.

        Parameters
        ----------
        images : ndarray of uint8, shape (n, 224, 224, 3)
            RGB, 0 to 255.

        Returns
        -------
        ndarray of float32, shape (n, size)
        """
        return self._in_batches(self.network, images, (self.size,))

    def encode_maps(self, images: np.ndarray) -> np.ndarray:
        """Compute the feature maps of images, which their embeddings are the means of.

        Parameters
        ----------
        images : ndarray of uint8, shape (n, 224, 224, 3)
            RGB, 0 to 255.

        Returns
        -------
        ndarray of float32, shape (n, size, side, side)
            `side` is `map_side` of the network in the registry, which must not be 0.
        """
        side = ENCODERS[self.name].map_side
        return self._in_batches(self.network.feature_maps, images, (self.size, side, side))

    @torch.inference_mode()
    def _in_batches(
        self,
        compute: Callable[[torch.Tensor], torch.Tensor],
        images: np.ndarray,
        shape: tuple[int, ...],
    ) -> np.ndarray:
        """Compute for images, a batch after the other: float32 (n, *shape)."""
        target = next(self.network.parameters()).device
        starts = range(0, len(images), BATCH_SIZE)
        batches = (preprocess(self.name, images[s : s + BATCH_SIZE]) for s in starts)
        parts = [compute(batch.to(target)).float().cpu().numpy() for batch in batches]
        return np.concatenate([np.zeros((0, *shape), np.float32), *parts])


def load(name: str, weights: str | os.PathLike, threads: int | None = None) -> ImageEncoder:
    """Load an image network, on the GPU if there is one.

    Parameters
    ----------
    name : str
        A name in the registry, of an image network.
    weights : path
        Its variables, a file that `scorelens.pretrained.fetch` wrote.
    threads : int, optional
        Threads of the CPU; by default as PyTorch is set.

    Returns
    -------
    ImageEncoder

    Raises
    ------
    InputError
        If the file holds the variables of another network.
    """
    if threads:
        torch.set_num_threads(threads)
    network = build_network(network_module(name).from_variables, load_file(weights), weights)
    return ImageEncoder(name, network.to(device()).eval(), network.size)


def preprocess(name: str, images: np.ndarray) -> torch.Tensor:
    """Turn images into the input of a network, as it was published.

    Parameters
    ----------
    name : str
        A name in the registry, of an image network.
    images : ndarray of uint8, shape (n, 224, 224, 3)
        RGB, 0 to 255.

    Returns
    -------
    tensor of float32, shape (n, 3, 224, 224)
    """
    module = network_module(name)
    pixels = torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2)
    return (pixels.float() - module.MEAN) / module.SCALE


def network_module(name: str) -> ModuleType:
    """Give the module of an image network.

    Parameters
    ----------
    name : str
        A name in the registry, of an image network.

    Returns
    -------
    module
        Of `scorelens/encoders/image/`.
    """
    return import_module(f"scorelens.encoders.image.{ENCODERS[name].module}")
