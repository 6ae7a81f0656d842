"""Load any pretrained network by its name."""

import os
from importlib import import_module
from typing import Protocol

import numpy as np

from scorelens.encoders.registry import ENCODERS


class Encoder(Protocol):
    """A pretrained network with its weights: `audio_encoder`, `image_encoder` or `text_encoder`.

    Attributes
    ----------
    name : str
        Its name in the registry.
    size : int
        Values of an embedding.
    """

    name: str
    size: int

    def encode(self, inputs: object) -> np.ndarray:
        """Embed inputs of its modality: float32 (n, size)."""


def load(name: str, weights: str | os.PathLike, threads: int | None = None) -> Encoder:
    """Load a pretrained network, on the GPU if there is one.

    Parameters
    ----------
    name : str
        A name in `registry.ENCODERS`.
    weights : path
        Its variables, a file that `scorelens.pretrained.fetch` wrote.
    threads : int, optional
        Threads of the CPU; by default as PyTorch is set.

    Returns
    -------
    Encoder
        An `AudioEncoder`, `ImageEncoder` or `TextEncoder`.

    Raises
    ------
    InputError
        If the file holds the variables of another network.
    """
    module = import_module(f"scorelens.encoders.{ENCODERS[name].modality}_encoder")
    return module.load(name, weights, threads)
