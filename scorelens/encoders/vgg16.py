"""What a picture shows, as 512 values: VGG16, trained to name what is in photographs.

Simonyan and Zisserman 2015 (configuration D), with the weights that Keras publishes. The vector is
the last block of convolutions, pooled over the picture; the layers after it are left out.
"""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import torch
from torch import nn
from torch.nn import functional

SIZE = 512  # values of a vector
# Convolutions and channels of each block, before its maxima are pooled.
BLOCKS = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))
MEAN_RGB = (123.68, 116.779, 103.939)  # of the photographs that it learnt from


class VGG16(nn.Module):
    """The convolutions of VGG16. They take the colours in the order blue, green, red."""

    size = SIZE
    middle, reach = torch.tensor(MEAN_RGB)[:, None, None], 1.0  # of the published preparation

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList()
        inputs = 3
        for convolutions, channels in BLOCKS:
            widths = (inputs, *[channels] * convolutions)
            layers = (nn.Conv2d(*pair, 3, padding=1) for pair in pairwise(widths))
            self.blocks.append(nn.ModuleList(layers))
            inputs = channels

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """pictures: float32 (B, 3, 224, 224), RGB less MEAN_RGB. Returns (B, SIZE), from 0 on."""
        maps = pictures.flip(1)
        for block in self.blocks:
            for convolution in block:
                maps = functional.relu(convolution(maps))
            maps = functional.max_pool2d(maps, 2)
        return maps.mean((2, 3))


def of_variables(variables: Mapping[str, np.ndarray]) -> VGG16:
    """The network of a published file.

    variables: by their published names, `block1_conv1_W_1`, `block1_conv1_b_1` and so on.
    """
    network = VGG16()
    state = {}
    for block, convolutions in enumerate(network.blocks):
        for place in range(len(convolutions)):
            theirs, ours = f"block{block + 1}_conv{place + 1}", f"blocks.{block}.{place}"
            kernel = torch.from_numpy(variables[f"{theirs}_W_1"])  # height, width, inputs, outputs
            state[f"{ours}.weight"] = kernel.permute(3, 2, 0, 1)
            state[f"{ours}.bias"] = torch.from_numpy(variables[f"{theirs}_b_1"])
    network.load_state_dict(state)
    return network
