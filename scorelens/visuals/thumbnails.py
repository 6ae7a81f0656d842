"""Small pictures of a film's frames, and how far two of them are from each other."""

from typing import NamedTuple

import cv2
import numpy as np

from scorelens.visuals import colour

WIDTH, HEIGHT = 64, 36  # pixels
LINES = 2  # of the picture that are read for a line of the thumbnail
GRAIN = 0.02  # standard deviation of luma that means nothing


class Thumbnail(NamedTuple):
    """When a frame comes on screen; its luma (black 0, white 1) less its mean; mean and variance.

    pixels: float32, shape (HEIGHT * WIDTH,). crop: the part of the frame that they show. whole: the
    thumbnail of all of the frame, or None if this is one or none is needed.
    """

    time_s: float
    pixels: np.ndarray
    mean: float
    variance: float
    crop: colour.Crop = colour.WHOLE
    whole: "Thumbnail | None" = None


def thumbnail(
    time_s: float,
    planes: colour.Planes,
    crop: colour.Crop = colour.WHOLE,
    with_whole: bool = False,
) -> Thumbnail:
    """The thumbnail of a frame that comes on screen at `time_s`, of the part inside a crop.

    with_whole: keep that of the whole frame too, which frames of other crops are compared with.
    Two lines out of each band of lines are read, all of them from one field of an interlaced frame.
    """
    whole = thumbnail(time_s, planes) if with_whole and crop != colour.WHOLE else None
    codes = cv2.resize(
        _few_lines(crop.cut(planes.y)), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA
    )
    luma = (codes.ravel().astype(np.float32) - planes.black) / (planes.white - planes.black)
    mean = luma.mean()
    pixels = luma - mean
    return Thumbnail(time_s, pixels, float(mean), float(pixels @ pixels) / luma.size, crop, whole)


def alike(one: Thumbnail, other: Thumbnail) -> tuple[Thumbnail, Thumbnail]:
    """Both thumbnails of one crop: of whole frames where theirs differ.

    So a frame is like the one before it even if other bars are known by then.
    """
    if one.crop == other.crop:
        return one, other
    return one.whole or one, other.whole or other


def distance(one: Thumbnail, other: Thumbnail) -> float:
    """1 - the concordance (Lin 1989) of two thumbnails, 0..2.

    Concordance is 2 cov / (var + var + (difference of means)^2), with `GRAIN` squared added above
    and below: 0 for the same picture, about 1 for unrelated ones, dark or bright alike.
    """
    one, other = alike(one, other)
    shared = 2 * float(one.pixels @ other.pixels) / one.pixels.size
    whole = one.variance + other.variance + (one.mean - other.mean) ** 2
    return 1 - (shared + GRAIN**2) / (whole + GRAIN**2)


def _few_lines(plane: np.ndarray) -> np.ndarray:
    """Evenly spaced lines and a width that the thumbnail divides, if the plane is large enough."""
    height, width = plane.shape
    step, across = height // (LINES * HEIGHT) // 2 * 2, width // WIDTH * WIDTH
    if not step or not across:
        return plane
    top, left = (height - step * LINES * HEIGHT) // 2, (width - across) // 2
    return plane[top::step, left : left + across][: LINES * HEIGHT]
