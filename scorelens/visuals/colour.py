"""Measure brightness, contrast, saturation and colourfulness of a frame inside its black bars.

- brightness: mean BT.709 luma, black 0, white 1
- contrast: standard deviation of luma (RMS contrast)
- saturation: mean of (max - min) / max over R, G, B, after HSV; 0 where max is below `DARK`
- colourfulness: M3 of Hasler and Suesstrunk 2003 (section 7), on R, G, B in 0..1

All are measured on the gamma-coded picture. Luma is the decoder's Y plane at full size. A film with
another matrix than BT.709 (older films use BT.601) gets its BT.709 luma from Y, Cb and Cr; it
differs from Y in colours and not in greys. A film that does not name its matrix is taken as BT.601
up to 576 lines and as BT.709 above, as players do. `hdr` converts a film in high dynamic range (PQ,
HLG) to the scale of the others, its luma as if it were grey. Both fields of an interlaced frame
count.

Saturation and colourfulness are measured on the picture downscaled to `WIDTH` pixels by area
averages: colours that alternate from pixel to pixel count as their mixture. On photographs, halving
the width lowered saturation by up to 0.02 and colourfulness by up to 0.004.
"""

import functools
import math
import re
from typing import NamedTuple

import av
import cv2
import numpy as np

from scorelens.visuals import hdr

MEASURES = ("brightness", "contrast", "saturation", "colourfulness")
WIDTH = 320  # pixels
DARK = 0.02  # below it one step of 8-bit chroma would count as full saturation
SD_LINES = 576

# The weights of R, G, B in luma, by FFmpeg's number of the matrix.
BT709, BT601, BT2020 = (0.2126, 0.7152, 0.0722), (0.299, 0.587, 0.114), (0.2627, 0.6780, 0.0593)
MATRICES = {1: BT709, 5: BT601, 6: BT601, 9: BT2020, 10: BT2020}
LIMITED_RANGE, FULL_RANGE = 1, 2  # FFmpeg's numbers

_YUV = re.compile(r"yuv[aj]?4\d\dp(\d+le)?")
_GREY = re.compile(r"gray(\d+le)?")


class Crop(NamedTuple):
    """The picture inside the black bars, as fractions 0..1 of the frame's height and width."""

    top: float
    bottom: float
    left: float
    right: float

    def apply(self, plane: np.ndarray) -> np.ndarray:
        """The part of a plane, luma or chroma of shape (h, w), that lies inside."""
        height, width = plane.shape
        rows = slice(round(self.top * height), round(self.bottom * height))
        return plane[rows, round(self.left * width) : round(self.right * width)]

    @property
    def area(self) -> float:
        """Fraction of the frame that lies inside, 0..1."""
        return (self.bottom - self.top) * (self.right - self.left)

    def aspect_ratio(self, frame_aspect: float) -> float:
        """Width over height of the part inside, from that of the whole frame."""
        return frame_aspect * (self.right - self.left) / (self.bottom - self.top)


WHOLE_FRAME = Crop(0.0, 1.0, 0.0, 1.0)


class Planes(NamedTuple):
    """Y, Cb and Cr of a frame as they are coded.

    Parameters
    ----------
    y : ndarray, shape (h, w)
        Luma codes.
    cb, cr : ndarray
        Chroma codes, of the same or a smaller shape.
    black, white : float
        Luma codes of black and white.
    neutral : float
        Chroma code of grey.
    span : float
        Distance of the chroma codes of -1/2 and 1/2.
    weights : tuple of float
        Weights of R, G and B in y.
    transfer : int
        FFmpeg's number of the transfer characteristics.
    """

    y: np.ndarray
    cb: np.ndarray
    cr: np.ndarray
    black: float
    white: float
    neutral: float
    span: float
    weights: tuple[float, float, float]
    transfer: int = 0


def cropped(planes: Planes, crop: Crop) -> Planes:
    """Crop the planes of a frame.

    Parameters
    ----------
    planes : Planes
        The frame.
    crop : Crop
        The part to return.

    Returns
    -------
    Planes
    """
    y, cb, cr = crop.apply(planes.y), crop.apply(planes.cb), crop.apply(planes.cr)
    return planes._replace(y=y, cb=cb, cr=cr)


class Moments(NamedTuple):
    """Means and standard deviations from which the statistics of a picture are computed.

    Parameters
    ----------
    brightness, contrast : float
        Mean, 0..1, and standard deviation, 0..0.5, of luma.
    saturation : float
        Mean, 0..1.
    opponent_std, opponent_mean : float
        Standard deviation and mean of the opponent colours of M3, 0..2.
    """

    brightness: float
    contrast: float
    saturation: float
    opponent_std: float
    opponent_mean: float

    def statistics(self) -> tuple[float, ...]:
        """Brightness 0..1, contrast 0..0.5, saturation 0..1 and colourfulness 0..2."""
        return (*self[:3], float(self.opponent_std + 0.3 * self.opponent_mean))

    def rescaled(self, area_ratio: float) -> "Moments":
        """Moments over another area that differs from this one by black only.

        Parameters
        ----------
        area_ratio : float
            The other area over this one.

        Returns
        -------
        Moments

        Examples
        --------
        >>> Moments(0.3, 0.3, 0.2, 0.0, 0.1).rescaled(0.5).statistics()
        (0.6, 0.0, 0.4, 0.06)
        """
        brightness, contrast = _rescaled(self.brightness, self.contrast, area_ratio)
        mean, std = _rescaled(self.opponent_mean, self.opponent_std, area_ratio)
        saturation = min(1.0, self.saturation / area_ratio)
        return Moments(min(1.0, brightness), min(0.5, contrast), saturation, std, mean)


def moments(planes: Planes) -> Moments:
    """Compute the moments of a picture.

    Parameters
    ----------
    planes : Planes
        The picture.

    Returns
    -------
    Moments
    """
    colours = small_picture(planes)
    return Moments(*_luma_statistics(planes), saturation(colours), *_opponent_colours(colours))


def statistics(planes: Planes) -> tuple[float, ...]:
    """Compute the statistics of a picture.

    Parameters
    ----------
    planes : Planes
        The picture.

    Returns
    -------
    tuple of float
        Brightness 0..1, contrast 0..0.5, saturation 0..1 and colourfulness 0..2.
    """
    return moments(planes).statistics()


def saturation(rgb: np.ndarray) -> float:
    """Mean HSV saturation; 0 where the largest of R, G and B is below `DARK`.

    Parameters
    ----------
    rgb : ndarray of float32, shape (3, h, w)
        R, G and B, 0..1.

    Returns
    -------
    float
        0..1.

    Examples
    --------
    >>> saturation(np.array([1.0, 0.5, 0.5], np.float32).reshape(3, 1, 1))
    0.5
    """
    high = rgb.max(axis=0)
    chroma = high - rgb.min(axis=0)
    return np.divide(chroma, high, out=np.zeros_like(high), where=high >= DARK).mean().item()


def colourfulness(rgb: np.ndarray) -> float:
    """Colourfulness M3.

    Parameters
    ----------
    rgb : ndarray of float32, shape (3, h, w)
        R, G and B, 0..1.

    Returns
    -------
    float
        0..2.

    References
    ----------
    Hasler and Suesstrunk, Measuring colourfulness in natural images, 2003, section 7.
    """
    std, mean = _opponent_colours(rgb)
    return float(std + 0.3 * mean)


def luma(planes: Planes) -> np.ndarray:
    """BT.709 luma of a picture.

    Parameters
    ----------
    planes : Planes
        The picture.

    Returns
    -------
    ndarray, shape (h, w)
        In the codes of `planes.y`; that plane itself if its matrix is BT.709.
    """
    if planes.weights == BT709:
        return planes.y
    _, of_cb, of_cr = np.array(BT709) @ _to_rgb(planes.weights)
    scale = (planes.white - planes.black) / planes.span
    offset = -planes.neutral * scale * (of_cb + of_cr)
    colours = cv2.addWeighted(
        planes.cb, scale * of_cb, planes.cr, scale * of_cr, offset, dtype=cv2.CV_32F
    )
    return cv2.add(cv2.resize(colours, planes.y.shape[::-1]), planes.y, dtype=cv2.CV_32F)


def small_picture(planes: Planes) -> np.ndarray:
    """Downscale a picture to at most `WIDTH` pixels and convert it to RGB.

    Parameters
    ----------
    planes : Planes
        The picture.

    Returns
    -------
    ndarray of float32, shape (3, h, w)
        R, G and B, 0..1.
    """
    height, width = planes.y.shape
    small = min(WIDTH, width)
    size = (small, max(1, round(height * small / width)))
    y, cb, cr = (_downscaled(plane, size) for plane in (planes.y, planes.cb, planes.cr))
    y = cv2.add(y, -planes.black, dtype=cv2.CV_32F)
    cb, cr = (cv2.add(chroma, -planes.neutral, dtype=cv2.CV_32F) for chroma in (cb, cr))
    in_luma = [1 / (planes.white - planes.black), 1 / planes.span, 1 / planes.span]
    rgb = cv2.transform(cv2.merge([y, cb, cr]), _to_rgb(planes.weights) * in_luma)
    rgb = np.stack(cv2.split(np.clip(rgb, 0, 1)))
    return hdr.standard_rgb(rgb, planes.transfer) if hdr.is_hdr(planes.transfer) else rgb


def read_planes(frame: av.VideoFrame) -> Planes:
    """Read the planes of a decoded frame.

    Parameters
    ----------
    frame : av.VideoFrame
        The frame.

    Returns
    -------
    Planes
        Views of the frame if it is planar YUV, otherwise converted.
    """
    name = frame.format.name
    is_rgb, grey, planar_name, bits = _format(name)
    if is_rgb:
        return _planes_of_rgb(frame.to_ndarray(format="rgb24"))
    planar = frame if planar_name == name else frame.reformat(format=planar_name)
    arrays = [_array(plane, bits) for plane in planar.planes]
    chroma = [np.full((1, 1), 1 << (bits - 1), arrays[0].dtype)] * 2 if grey else arrays[1:3]
    full = frame.color_range == FULL_RANGE or name.startswith("yuvj")
    if full or (grey and frame.color_range != LIMITED_RANGE):
        top = (1 << bits) - 1
        levels = (0, top, 1 << (bits - 1), top)
    else:
        levels = tuple(level << (bits - 8) for level in (16, 235, 128, 224))
    weights = MATRICES.get(frame.colorspace, BT601 if frame.height <= SD_LINES else BT709)
    return Planes(arrays[0], *chroma, *levels, weights, int(frame.color_trc))


def _rescaled(mean: float, std: float, area_ratio: float) -> tuple[float, float]:
    """Mean and standard deviation over a part of the pixels, if all others are 0."""
    scaled = float(mean) / area_ratio
    return scaled, math.sqrt(max(0.0, (mean**2 + std**2) / area_ratio - scaled**2))


def _opponent_colours(rgb: np.ndarray) -> tuple[float, float]:
    """Standard deviation and mean of red - green and yellow - blue, in both together."""
    red, green, blue = rgb
    rg, yb = red - green, (red + green) / 2 - blue
    return np.hypot(rg.std(), yb.std()), np.hypot(rg.mean(), yb.mean())


def _downscaled(plane: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A plane averaged by area to (width, height); first by halves, where OpenCV is fastest."""
    while plane.shape[1] >= 4 * size[0]:
        half = plane.shape[1] // 2, max(1, plane.shape[0] // 2)
        plane = cv2.resize(plane, half, interpolation=cv2.INTER_AREA)
    return cv2.resize(plane, size, interpolation=cv2.INTER_AREA)


def _luma_statistics(planes: Planes) -> tuple[float, float]:
    """Mean and standard deviation of luma, 0..1."""
    span = planes.white - planes.black
    if hdr.is_hdr(planes.transfer):
        codes = (np.arange(planes.y.max() + 1.0) - planes.black) / span
        levels = hdr.standard_luma(codes, planes.transfer)
        counts = cv2.calcHist([planes.y], [0], None, [len(levels)], [0, len(levels)]).ravel()
        mean = np.average(levels, weights=counts)
        return mean, np.sqrt(np.average((levels - mean) ** 2, weights=counts))
    mean, std = cv2.meanStdDev(np.clip(luma(planes), planes.black, planes.white))
    return (mean.item() - planes.black) / span, std.item() / span


@functools.cache
def _format(name: str) -> tuple[bool, bool, str, int]:
    """Whether a format is RGB and whether it is grey, its planar format, and bits of luma in it."""
    fmt = av.VideoFormat(name, 64, 64)
    grey = _GREY.fullmatch(name) is not None
    planar = name if grey or _YUV.fullmatch(name) else _planar(fmt)
    bits = av.VideoFormat(planar, 64, 64).components[0].bits
    return fmt.is_rgb or fmt.has_palette, grey, planar, bits


def _planar(fmt: av.VideoFormat) -> str:
    """The planar format with as much chroma as a packed one."""
    chroma = fmt.chroma_width(64), fmt.chroma_height(64)
    return {(32, 32): "yuv420p", (32, 64): "yuv422p"}.get(chroma, "yuv444p")


def _array(plane: av.video.plane.VideoPlane, bits: int) -> np.ndarray:
    codes = np.frombuffer(plane, np.uint8 if bits <= 8 else np.uint16)
    rows = codes.reshape(-1, plane.line_size // codes.itemsize)
    return rows[: plane.height, : plane.width]


def _planes_of_rgb(rgb: np.ndarray) -> Planes:
    whole = cv2.transform(rgb.astype(np.float32), np.linalg.inv(_to_rgb(BT709)))
    y, cb, cr = cv2.split(whole)
    return Planes(y, cb, cr, 0, 255, 0, 255, BT709)


def _to_rgb(weights: tuple[float, float, float]) -> np.ndarray:
    """The matrix from Y (0..1), Cb and Cr (-1/2..1/2) to R, G, B, shape (3, 3)."""
    red, green, blue = weights
    of_cr, of_cb = 2 * (1 - red), 2 * (1 - blue)
    return np.array(
        [[1, 0, of_cr], [1, -blue * of_cb / green, -red * of_cr / green], [1, of_cb, 0]]
    )
