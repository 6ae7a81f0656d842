"""Make thumbnails of the frames of a film and compute the distance of two of them."""

from typing import NamedTuple

import cv2
import numpy as np

from scorelens.visuals import colour

WIDTH, HEIGHT = 64, 36  # pixels
LINES_READ = 2  # lines of the picture read for each line of the thumbnail
NOISE_STD = 0.02  # standard deviation of luma that is taken for noise


class Thumbnail(NamedTuple):
    """A small grey picture of a frame.

    Parameters
    ----------
    time_s : float
        When the frame comes on screen, s.
    pixels : ndarray of float32, shape (HEIGHT * WIDTH,)
        Luma (black 0, white 1) minus its mean.
    mean, variance : float
        Mean and variance of the luma.
    crop : Crop
        The part of the frame that the pixels show.
    whole : Thumbnail or None
        Thumbnail of the whole frame; None if this is one or none is needed.
    """

    time_s: float
    pixels: np.ndarray
    mean: float
    variance: float
    crop: colour.Crop = colour.WHOLE_FRAME
    whole: "Thumbnail | None" = None


def thumbnail(
    time_s: float,
    planes: colour.Planes,
    crop: colour.Crop = colour.WHOLE_FRAME,
    with_whole: bool = False,
) -> Thumbnail:
    """Make the thumbnail of a frame.

    Two lines of each band of lines are read, all of them from one field of an interlaced frame.

    Parameters
    ----------
    time_s : float
        When the frame comes on screen, s.
    planes : Planes
        The frame.
    crop : Crop
        The part to show.
    with_whole : bool
        Add a thumbnail of the whole frame, for comparison with frames of other crops.

    Returns
    -------
    Thumbnail
    """
    whole = thumbnail(time_s, planes) if with_whole and crop != colour.WHOLE_FRAME else None
    codes = cv2.resize(
        _few_lines(crop.apply(planes.y)), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA
    )
    luma = (codes.ravel().astype(np.float32) - planes.black) / (planes.white - planes.black)
    mean = luma.mean()
    pixels = luma - mean
    return Thumbnail(time_s, pixels, float(mean), float(pixels @ pixels) / luma.size, crop, whole)


def comparable(one: Thumbnail, other: Thumbnail) -> tuple[Thumbnail, Thumbnail]:
    """Two thumbnails of the same crop: those of the whole frames where the crops differ.

    Parameters
    ----------
    one, other : Thumbnail
        Of two frames.

    Returns
    -------
    tuple of Thumbnail
    """
    if one.crop == other.crop:
        return one, other
    return one.whole or one, other.whole or other


def distance(one: Thumbnail, other: Thumbnail) -> float:
    """Distance of two pictures: 1 minus their concordance.

    Concordance is 2 cov / (var + var + (difference of means)^2), with `NOISE_STD` squared added to
    numerator and denominator.

    Parameters
    ----------
    one, other : Thumbnail
        Of two frames.

    Returns
    -------
    float
        0..2: 0 for the same picture, about 1 for unrelated ones, dark or bright.

    References
    ----------
    Lin, A concordance correlation coefficient to evaluate reproducibility, Biometrics 1989.
    """
    one, other = comparable(one, other)
    shared = 2 * float(one.pixels @ other.pixels) / one.pixels.size
    total = one.variance + other.variance + (one.mean - other.mean) ** 2
    return 1 - (shared + NOISE_STD**2) / (total + NOISE_STD**2)


def _few_lines(plane: np.ndarray) -> np.ndarray:
    """Evenly spaced lines and a multiple of the thumbnail's width, if the plane is large enough."""
    height, width = plane.shape
    step, across = height // (LINES_READ * HEIGHT) // 2 * 2, width // WIDTH * WIDTH
    if not step or not across:
        return plane
    top, left = (height - step * LINES_READ * HEIGHT) // 2, (width - across) // 2
    return plane[top::step, left : left + across][: LINES_READ * HEIGHT]
