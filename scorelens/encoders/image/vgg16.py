"""VGG16 (Simonyan and Zisserman 2015): 512 values of a network that classifies photographs.

Configuration D of the paper, with the weights that Keras publishes. The embedding is the last block
of convolutions, averaged over the picture; the layers after it are left out.
"""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import torch
from torch import nn
from torch.nn import functional

SIZE = 512  # values of an embedding
# Convolutions and channels of each block, before its maxima are pooled.
BLOCKS = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))
MEAN = torch.tensor((123.68, 116.779, 103.939))[:, None, None]  # of the training pictures, RGB
SCALE = 1.0


class VGG16(nn.Module):
    """The convolutions of VGG16. They take the colours in the order blue, green, red."""

    size = SIZE

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList()
        inputs = 3
        for convolutions, channels in BLOCKS:
            widths = (inputs, *[channels] * convolutions)
            layers = (nn.Conv2d(*pair, 3, padding=1) for pair in pairwise(widths))
            self.blocks.append(nn.ModuleList(layers))
            inputs = channels

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Embed images.

        Parameters
        ----------
        images : tensor of float32, shape (n, 3, 224, 224)
            RGB less MEAN.

        Returns
        -------
        tensor of float32, shape (n, SIZE)
            Not negative.
        """
        return self.feature_maps(images).mean((2, 3))

    def feature_maps(self, images: torch.Tensor) -> torch.Tensor:
        """Compute the maps of the last block, which the embedding is the mean of.

        Parameters
        ----------
        images : tensor of float32, shape (n, 3, 224, 224)
            RGB less MEAN.

        Returns
        -------
        tensor of float32, shape (n, SIZE, 7, 7)
            Not negative.
        """
        maps = images.flip(1)
        for block in self.blocks:
            for convolution in block:
                maps = functional.relu(convolution(maps))
            maps = functional.max_pool2d(maps, 2)
        return maps


def from_variables(variables: Mapping[str, np.ndarray]) -> VGG16:
    """Build the network of a published file.

    Parameters
    ----------
    variables : mapping of str to ndarray
        By their published names, `block1_conv1_W_1`, `block1_conv1_b_1` and so on.

    Returns
    -------
    VGG16

    Raises
    ------
    KeyError
        If a variable is missing.
    RuntimeError
        If one has another shape.
    """
    network = VGG16()
    state = {}
    for block, convolutions in enumerate(network.blocks):
        for layer in range(len(convolutions)):
            old, new = f"block{block + 1}_conv{layer + 1}", f"blocks.{block}.{layer}"
            kernel = torch.from_numpy(variables[f"{old}_W_1"])  # height, width, inputs, outputs
            state[f"{new}.weight"] = kernel.permute(3, 2, 0, 1)
            state[f"{new}.bias"] = torch.from_numpy(variables[f"{old}_b_1"])
    network.load_state_dict(state)
    return network
