"""Pictures, and what frozen networks say of them.

A picture becomes its middle square; a network of NETWORKS makes a vector of that.
"""

import os
import struct

import numpy as np
import torch
from PIL import Image, ImageOps
from safetensors.numpy import load_file
from torch import nn

from scorelens.encoders import efficientnet, vit
from scorelens.encoders.weight_loading import build
from scorelens.errors import MediaError, Problem
from scorelens.torch_device import device

NETWORKS = {"efficientnet_lite0": efficientnet, "vit": vit}
SIDE = 224  # px
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
    check_file(path)
    try:
        with Image.open(path, formats=FORMATS) as picture:
            picture.load()
            upright = ImageOps.exif_transpose(picture)
            return _squared(_coloured(path, upright))
    except DAMAGE as error:
        what = f"cannot be read as a picture ({_reason(error, path)})"
        raise MediaError(Problem(str(path), what, _PICTURE, _BROKEN)) from error


def check_file(path: str | os.PathLike) -> None:
    """Raise MediaError unless there is a file with something in it."""
    if not os.path.isfile(path):
        what = "is a folder" if os.path.isdir(path) else "does not exist"
        raise MediaError(Problem(str(path), what, _PICTURE, "check the path"))
    if os.path.getsize(path) == 0:
        raise MediaError(Problem(str(path), "is empty (0 bytes)", _PICTURE, "copy the file again"))


def square(frame: np.ndarray) -> np.ndarray:
    """The middle square of a film's frame, as `read_picture` makes it of a file.

    frame: uint8 (height, width, 3), RGB, 0 to 255. The shorter side becomes SIDE.
    """
    return _squared(Image.fromarray(frame))


def load_network(name: str, weights: str | os.PathLike) -> nn.Module:
    """A network, ready to be asked, on the GPU if there is one; its `size` is that of a vector.

    name: of NETWORKS. weights: its file of variables, as `scorelens.pretrained` writes it. Raises
    InputError if the file holds those of another network.
    """
    return build(NETWORKS[name].of_variables, load_file(weights), weights).to(device()).eval()


@torch.inference_mode()
def embed_pictures(network: nn.Module, pictures: np.ndarray) -> np.ndarray:
    """The vectors of pictures: float32 (n, network.size).

    pictures: uint8 (n, SIDE, SIDE, 3), RGB, 0 to 255.
    """
    own = next(network.parameters()).device
    starts = range(0, len(pictures), PICTURES_AT_ONCE)
    parts = (pictures[start : start + PICTURES_AT_ONCE] for start in starts)
    found = [network(prepare(network, part).to(own)).float().cpu().numpy() for part in parts]
    return np.concatenate([np.zeros((0, network.size), np.float32), *found])


def prepare(network: nn.Module, pictures: np.ndarray) -> torch.Tensor:
    """What a network takes: float32 (n, 3, SIDE, SIDE), about -1 to 1, of pictures uint8."""
    values = torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2)
    return (values.float() - network.middle) / network.reach


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
    return np.array(ImageOps.fit(picture, (SIDE, SIDE), Image.Resampling.BICUBIC))


_PICTURE = f"a picture: {', '.join(FORMATS)}, 8 or 16 bits"
_BROKEN = "the file may be cut short or of another kind than its ending says; open it to check"


def _reason(error: Exception, path) -> str:
    if isinstance(error, Image.UnidentifiedImageError):
        return "of no kind that is known"
    return str(error).replace(os.fspath(path), "it") or type(error).__name__
