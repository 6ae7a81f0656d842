"""What a picture shows, as 1280 values: EfficientNet-Lite0, trained to name what is in photographs.

Tan and Le 2019 (EfficientNet), in the published variant for small machines: ReLU6 for swish, no
squeeze and excitation. The vector is the layer before the names, pooled over the picture.
"""

import os
import struct
from collections.abc import Mapping

import numpy as np
import torch
from PIL import Image, ImageOps
from safetensors.numpy import load_file
from torch import nn
from torch.nn import functional

from scorelens.errors import MediaError, Problem
from scorelens.tagger.networks import device

SIDE = 224  # px
SIZE = 1280  # values of a vector
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
MEAN, RANGE = 127.0, 128.0  # of the published preparation: (x - 127) / 128
EPSILON, MOMENTUM = 1e-3, 0.01  # of the batch normalisation
PICTURES_AT_ONCE = 8
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
# What Pillow raises for half a file, for one of another kind, or for flipped bits.
DAMAGE = (EOFError, OSError, SyntaxError, ValueError, struct.error, Image.DecompressionBombError)


def read_picture(path: str | os.PathLike) -> np.ndarray:
    """The middle square of a picture file: uint8 (SIDE, SIDE, 3), RGB, 0 to 255.

    The way up that a camera noted is kept to; grey becomes RGB, 16 bits become 8, what is
    transparent becomes white, and of an animation the first picture counts. Raises MediaError if
    the file is missing or empty, is cut short, or is not a picture of FORMATS with 8 or 16 bits.
    """
    _check_file(path)
    try:
        with Image.open(path, formats=FORMATS) as picture:
            picture.load()
            upright = ImageOps.exif_transpose(picture)
            return _squared(_coloured(path, upright))
    except DAMAGE as error:
        what = f"cannot be read as a picture ({_reason(error, path)})"
        raise MediaError(Problem(str(path), what, _PICTURE, _BROKEN)) from error


def square(frame: np.ndarray) -> np.ndarray:
    """The middle square of a film's frame, as `read_picture` makes it of a file.

    frame: uint8 (height, width, 3), RGB, 0 to 255. The shorter side becomes SIDE.
    """
    return _squared(Image.fromarray(frame))


def load_network(weights: str | os.PathLike) -> "EfficientNetLite":
    """The network, ready to be asked, on the GPU if there is one.

    weights: its file of variables, as `scorelens.weights` writes it.
    """
    network = EfficientNetLite()
    network.load_state_dict(_renamed(load_file(weights)))
    return network.to(device()).eval()


@torch.inference_mode()
def embed_pictures(network: "EfficientNetLite", pictures: np.ndarray) -> np.ndarray:
    """The vectors of pictures: float32 (n, SIZE), each value 0 to 6.

    pictures: uint8 (n, SIDE, SIDE, 3), RGB, 0 to 255.
    """
    own = next(network.parameters()).device
    starts = range(0, len(pictures), PICTURES_AT_ONCE)
    parts = (pictures[start : start + PICTURES_AT_ONCE] for start in starts)
    found = [network(prepare(part).to(own)).float().cpu().numpy() for part in parts]
    return np.concatenate([np.zeros((0, SIZE), np.float32), *found])


def prepare(pictures: np.ndarray) -> torch.Tensor:
    """What the network takes: float32 (n, 3, SIDE, SIDE), -0.99 to 1, of pictures uint8."""
    values = torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2)
    return (values.float() - MEAN) / RANGE


class EfficientNetLite(nn.Module):
    """EfficientNet-Lite0 without its last layer. Its parts bear the published names."""

    def __init__(self) -> None:
        super().__init__()
        self.conv_stem = _SameConvolution(3, STEM, 3, 2)
        self.bn0 = _normalisation(STEM)
        self.blocks = nn.ModuleList()
        inputs = STEM
        for blocks, kernel, stride, expansion, channels in STAGES:
            for place in range(blocks):
                step = 1 if place else stride
                self.blocks.append(_Block(inputs, channels, kernel, step, expansion))
                inputs = channels
        self.conv_head = _SameConvolution(inputs, SIZE, 1)
        self.bn1 = _normalisation(SIZE)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """pictures: (B, 3, SIDE, SIDE), as `prepare` makes them. Returns (B, SIZE), 0 to 6."""
        maps = functional.relu6(self.bn0(self.conv_stem(pictures)))
        for block in self.blocks:
            maps = block(maps)
        return functional.relu6(self.bn1(self.conv_head(maps))).mean((2, 3))


class _Block(nn.Module):
    """Channels are expanded, each is filtered alone, and they are projected back."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = inputs * expansion
        self.expands, self.residual = expansion > 1, stride == 1 and inputs == outputs
        if self.expands:
            self.expand_conv = _SameConvolution(inputs, inner, 1)
            self.bn0 = _normalisation(inner)
        self.depthwise_conv = _SameConvolution(inner, inner, kernel, stride, groups=inner)
        self.bn1 = _normalisation(inner)
        self.project_conv = _SameConvolution(inner, outputs, 1)
        self.bn2 = _normalisation(outputs)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        inner = functional.relu6(self.bn0(self.expand_conv(maps))) if self.expands else maps
        inner = functional.relu6(self.bn1(self.depthwise_conv(inner)))
        outer = self.bn2(self.project_conv(inner))
        return maps + outer if self.residual else outer


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


def _normalisation(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, EPSILON, MOMENTUM)


def _renamed(variables: Mapping[str, np.ndarray]) -> dict[str, torch.Tensor]:
    """The published variables by the names of our parts, without the last layer."""
    return {
        name.replace("._", ".").removeprefix("_"): torch.from_numpy(value)
        for name, value in variables.items()
        if not name.startswith("_fc.")
    }


def _coloured(path, picture: Image.Image) -> Image.Image:
    """A picture of any mode in RGB, on white."""
    if picture.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(picture) // 257).astype(np.uint8)).convert("RGB")
    if picture.mode in ("I", "F"):
        what = "has samples of 32 bits, whose black and white no one knows"
        raise MediaError(Problem(str(path), what, _PICTURE, "save it as a PNG of 8 or 16 bits"))
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    picture = picture.convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(white, picture).convert("RGB")


def _squared(picture: Image.Image) -> np.ndarray:
    return np.asarray(ImageOps.fit(picture, (SIDE, SIDE), Image.Resampling.BICUBIC))


_PICTURE = f"a picture: {', '.join(FORMATS)}, 8 or 16 bits"
_BROKEN = "the file may be cut short or of another kind than its ending says; open it to check"


def _check_file(path) -> None:
    if not os.path.isfile(path):
        what = "is a folder" if os.path.isdir(path) else "does not exist"
        raise MediaError(Problem(str(path), what, _PICTURE, "check the path in the film table"))
    if os.path.getsize(path) == 0:
        raise MediaError(Problem(str(path), "is empty (0 bytes)", _PICTURE, "copy the file again"))


def _reason(error: Exception, path) -> str:
    if isinstance(error, Image.UnidentifiedImageError):
        return "of no kind that is known"
    return str(error).replace(os.fspath(path), "it") or type(error).__name__
