"""Black bars round the picture: one crop for the whole film.

Bars are what stays black in all of a film, so a dark scene is not taken for one. And bars end in a
straight line, of which daylight lights a good part at once: what stays black round the lamps of a
film that plays at night does not, and is kept.
"""

import os

import cv2
import numpy as np

from scorelens import media
from scorelens.visuals import colour, sampling

LOOKS, FEW_LOOKS = 12, 3  # at the most and at the least, for a first guess
LOOK_S = 15.0  # film for one look: a short film's key frames are a good part of its decoding
LIT_SHARE = 0.02  # of the film; what is lit less often is a damaged frame or a caption on a bar
SMALLEST = 0.4  # of height or width; less would be left by a small thing on black, not by bars
RIM = 0.02  # of height or width, at the end of what is lit, where a line must be lit by half
NEAR = 0.0125  # of height or width, by which a guess may be wrong


class Light:
    """How often each line of a film's picture is lit: anywhere, and over half of its length.

    looks: weight of the frames counted. rows, columns: of those lit, shape (2, lines). Frames of
    another size than the first are left out.
    """

    def __init__(self, black_level: float):
        self.black_level = black_level
        self.looks, self.rows, self.columns = 0, np.zeros((2, 0)), np.zeros((2, 0))

    def add(self, planes: colour.Planes, weight: int = 1) -> None:
        """Count a frame's lines; a pixel is lit if its luma passes `black_level` (0..1)."""
        level = planes.black + self.black_level * (planes.white - planes.black)
        lit = cv2.threshold(planes.y, level, 1, cv2.THRESH_BINARY)[1]
        height, width = lit.shape
        if not self.looks:
            self.rows, self.columns = np.zeros((2, height)), np.zeros((2, width))
        if lit.shape == (self.rows.shape[1], self.columns.shape[1]):
            self.looks += weight
            self.rows += weight * _lit(_sums(lit, 1), width)
            self.columns += weight * _lit(_sums(lit, 0), height)

    def crop(self) -> colour.Crop:
        """The part of the frame that is lit in more than `LIT_SHARE` of the looks."""
        looks = max(self.looks, 1)
        return colour.Crop(*_bounds(self.rows / looks), *_bounds(self.columns / looks))


def guess_crop(video: str | os.PathLike, black_level: float) -> colour.Crop:
    """The part of the frame that holds the picture, by a few key frames of the film."""
    light = Light(black_level)
    for frame in sampling.spread_key_frames(video, _looks(video)):
        light.add(colour.read_planes(frame))
    return light.crop()


def near(crop: colour.Crop, other: colour.Crop) -> bool:
    """Whether two crops are as good as the same."""
    return bool(np.abs(np.subtract(crop, other)).max() <= NEAR)


def _looks(video) -> int:
    duration_s = media.probe(video).duration_s
    return int(np.clip(duration_s / LOOK_S, FEW_LOOKS, LOOKS))


def _sums(lit: np.ndarray, axis: int) -> np.ndarray:
    kind = cv2.CV_32S if lit.dtype == np.uint8 else cv2.CV_32F
    return cv2.reduce(lit, axis, cv2.REDUCE_SUM, dtype=kind).ravel()


def _lit(pixels: np.ndarray, length: int) -> np.ndarray:
    return np.stack([pixels > 0, pixels * 2 >= length])


def _bounds(shares: np.ndarray) -> tuple[float, float]:
    """First and last lit line as shares of the size, on even lines, where chroma has lines too.

    shares: of the looks in which a line is lit anywhere and by half, (2, lines). The picture ends
    at the line that is lit by half, beyond which a codec may light a few pixels more. A side
    without such a line near its end has no bar.
    """
    anywhere, by_half = shares > LIT_SHARE
    lit, size = np.flatnonzero(anywhere), len(anywhere)
    if not len(lit):
        return 0.0, 1.0
    rim = max(2, round(RIM * size))
    straight = np.flatnonzero(by_half)
    starts, ends = straight[straight < lit[0] + rim], straight[straight > lit[-1] - rim] + 1
    first = int(starts[0] + 1) // 2 * 2 if len(starts) else 0
    end = int(ends[-1]) // 2 * 2 if len(ends) and lit[-1] < size - 1 else size
    return (first / size, end / size) if end - first >= SMALLEST * size else (0.0, 1.0)
