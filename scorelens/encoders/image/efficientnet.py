"""EfficientNet-Lite0 (Tan and Le 2019): 1280 values of a network that classifies photographs.

The published variant for small machines: ReLU6 for swish, no squeeze and excitation. The embedding
is the layer before the classes, averaged over the picture.
"""

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn
from torch.nn import functional

MEAN, SCALE = 127.0, 128.0  # of the published preparation: (x - 127) / 128
SIZE = 1280  # values of an embedding
STEM = 32  # channels
# Of each stage: blocks, kernel, stride of the first block, expansion, channels.
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
EPSILON, MOMENTUM = 1e-3, 0.01  # of the batch normalization


class EfficientNetLite(nn.Module):
    """EfficientNet-Lite0 without its last layer. Its attributes have the published names."""

    size = SIZE

    def __init__(self) -> None:
        super().__init__()
        self.conv_stem = _SameConvolution(3, STEM, 3, 2)
        self.bn0 = _batch_norm(STEM)
        self.blocks = nn.ModuleList()
        inputs = STEM
        for blocks, kernel, stride, expansion, channels in STAGES:
            for block in range(blocks):
                step = 1 if block else stride
                self.blocks.append(_Block(inputs, channels, kernel, step, expansion))
                inputs = channels
        self.conv_head = _SameConvolution(inputs, SIZE, 1)
        self.bn1 = _batch_norm(SIZE)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Embed images.

        Parameters
        ----------
        images : tensor of float32, shape (n, 3, 224, 224)
            -0.99 to 1.

        Returns
        -------
        tensor of float32, shape (n, SIZE)
            0 to 6.
        """
        maps = functional.relu6(self.bn0(self.conv_stem(images)))
        for block in self.blocks:
            maps = block(maps)
        return functional.relu6(self.bn1(self.conv_head(maps))).mean((2, 3))


def from_variables(variables: Mapping[str, np.ndarray]) -> EfficientNetLite:
    """Build the network of a published file.

    Parameters
    ----------
    variables : mapping of str to ndarray
        By their published names; those of the last layer are ignored.

    Returns
    -------
    EfficientNetLite

    Raises
    ------
    RuntimeError
        If variables are missing, unknown, or of another shape.
    """
    network = EfficientNetLite()
    network.load_state_dict(
        {
            name.replace("._", ".").removeprefix("_"): torch.from_numpy(value)
            for name, value in variables.items()
            if not name.startswith("_fc.")
        }
    )
    return network


class _Block(nn.Module):
    """Channels are expanded, each is filtered alone, and they are projected back."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        self.expands, self.residual = expansion > 1, stride == 1 and inputs == outputs
        if self.expands:
            self.expand_conv = _SameConvolution(inputs, hidden, 1)
            self.bn0 = _batch_norm(hidden)
        self.depthwise_conv = _SameConvolution(hidden, hidden, kernel, stride, groups=hidden)
        self.bn1 = _batch_norm(hidden)
        self.project_conv = _SameConvolution(hidden, outputs, 1)
        self.bn2 = _batch_norm(outputs)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        hidden = functional.relu6(self.bn0(self.expand_conv(maps))) if self.expands else maps
        hidden = functional.relu6(self.bn1(self.depthwise_conv(hidden)))
        projected = self.bn2(self.project_conv(hidden))
        return maps + projected if self.residual else projected


class _SameConvolution(nn.Conv2d):
    """A convolution with TensorFlow's padding, of maps whose sides the stride divides.

    With stride 2 the padding is uneven: the right and the bottom get one more.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1):
        super().__init__(inputs, outputs, kernel, stride, groups=groups, bias=False)
        before, after = (kernel - stride) // 2, (kernel - stride + 1) // 2
        self.edges = (before, after) * 2

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        return super().forward(functional.pad(maps, self.edges))


def _batch_norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, EPSILON, MOMENTUM)
