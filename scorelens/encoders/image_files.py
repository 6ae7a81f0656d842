"""Read image files as centre squares of RGB pixels, the input of the image networks."""

import os
import struct

import numpy as np
from PIL import Image, ImageOps

from scorelens.errors import MediaError, Problem

SIDE = 224  # pixels; all image networks of the registry take it
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
# What Pillow raises for half a file, for one of another kind, or for flipped bits.
DAMAGE = (EOFError, OSError, SyntaxError, ValueError, struct.error, Image.DecompressionBombError)

_EXPECTED = f"an image: {', '.join(FORMATS)}, 8 or 16 bits"
_DAMAGED = "the file may be cut short or of another kind than its ending says; open it to check"


def read_image(path: str | os.PathLike) -> np.ndarray:
    """Read the centre square of an image file.

    The orientation that a camera noted is applied; grey becomes RGB, 16 bits become 8, what is
    transparent becomes white, and of an animation the first image counts.

    Parameters
    ----------
    path : path

    Returns
    -------
    ndarray of uint8, shape (SIDE, SIDE, 3)
        RGB, 0 to 255.

    Raises
    ------
    MediaError
        If the file is missing, empty or cut short, or is not an image of FORMATS with 8 or 16 bits.
    """
    check_image_file(path)
    try:
        with Image.open(path, formats=FORMATS) as image:
            image.load()
            upright = ImageOps.exif_transpose(image)
            return _centre_square(_to_rgb(path, upright))
    except DAMAGE as error:
        what = f"cannot be read as an image ({_reason(error, path)})"
        raise MediaError(Problem(str(path), what, _EXPECTED, _DAMAGED)) from error


def check_image_file(path: str | os.PathLike) -> None:
    """Check that a file is there and is not empty.

    Parameters
    ----------
    path : path

    Raises
    ------
    MediaError
        If it is not.
    """
    if not os.path.isfile(path):
        what = "is a folder" if os.path.isdir(path) else "does not exist"
        raise MediaError(Problem(str(path), what, _EXPECTED, "check the path"))
    if os.path.getsize(path) == 0:
        hint = "copy the file again"
        raise MediaError(Problem(str(path), "is empty (0 bytes)", _EXPECTED, hint))


def centre_square(frame: np.ndarray) -> np.ndarray:
    """Crop and resize a film's frame to its centre square.

    Parameters
    ----------
    frame : ndarray of uint8, shape (height, width, 3)
        RGB, 0 to 255. The shorter side becomes SIDE.

    Returns
    -------
    ndarray of uint8, shape (SIDE, SIDE, 3)

    Examples
    --------
    >>> centre_square(np.zeros((480, 640, 3), np.uint8)).shape
    (224, 224, 3)
    """
    return _centre_square(Image.fromarray(frame))


def _to_rgb(path, image: Image.Image) -> Image.Image:
    """Convert an image of any mode to RGB, on white."""
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) // 257).astype(np.uint8)).convert("RGB")
    if image.mode in ("I", "F"):
        what = "has samples of 32 bits, whose range is not known"
        raise MediaError(Problem(str(path), what, _EXPECTED, "save it as a PNG of 8 or 16 bits"))
    if not image.has_transparency_data:
        return image.convert("RGB")
    image = image.convert("RGBA")
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image).convert("RGB")


def _centre_square(image: Image.Image) -> np.ndarray:
    return np.array(ImageOps.fit(image, (SIDE, SIDE), Image.Resampling.BICUBIC))


def _reason(error: Exception, path) -> str:
    if isinstance(error, Image.UnidentifiedImageError):
        return "of an unknown kind"
    return str(error).replace(os.fspath(path), "it") or type(error).__name__
