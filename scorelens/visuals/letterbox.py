"""Black bars round the picture: one crop for the whole film.

Bars are what stays black in all of a film, so a dark scene is not taken for one.
"""

import logging
import os
from collections.abc import Iterable

import av
import numpy as np

from scorelens.visuals import colour, sampling

LOOKS = 120  # key frames looked at, evenly spread over the film
FEW_LOOKS = 8  # fewer say too little about a film
LIT_SHARE = 0.02  # of the looks; what is lit less often is a damaged frame or a caption on a bar
SMALLEST = 0.4  # of height or width; less would be left by a small thing on black, not by bars

log = logging.getLogger(__name__)


def find_crop(video: str | os.PathLike, black_level: float, threads: int = 1) -> colour.Crop:
    """Find the part of the frame that holds the picture.

    A row or column belongs to the picture if its brightest pixel passes `black_level` (luma, 0..1)
    in more than `LIT_SHARE` of the frames looked at. These are key frames; a film that has too few
    is looked at every second instead. Raises MediaError if no frame can be decoded.
    """
    looks, rows, columns = lit_shares(sampling.spread_key_frames(video, LOOKS), black_level)
    if looks < FEW_LOOKS:
        frames = (frame for _, frame in sampling.frames_by_second(video, threads=threads))
        _, rows, columns = lit_shares(frames, black_level)
    crop = colour.Crop(*_bounds(rows), *_bounds(columns))
    log.info("%s: picture from %.3f to %.3f of the height, %.3f to %.3f of the width", video, *crop)
    return crop


def lit_shares(
    frames: Iterable[av.VideoFrame], black_level: float
) -> tuple[int, np.ndarray, np.ndarray]:
    """How many frames there are, and in which share of them each row and each column is lit.

    Frames of another size than the first are left out.
    """
    looks, rows, columns = 0, np.zeros(0), np.zeros(0)
    for frame in frames:
        planes = colour.read_planes(frame)
        bright = planes.black + black_level * (planes.white - planes.black)
        picture = colour.luma(planes)
        lit = picture.max(axis=1) > bright, picture.max(axis=0) > bright
        if not looks:
            rows, columns = (np.zeros(len(line)) for line in lit)
        if picture.shape == (len(rows), len(columns)):
            looks, rows, columns = looks + 1, rows + lit[0], columns + lit[1]
    return looks, rows / max(looks, 1), columns / max(looks, 1)


def _bounds(shares: np.ndarray) -> tuple[float, float]:
    """First and last lit line as shares of the size, on even lines, where chroma has lines too."""
    lit = np.flatnonzero(shares > LIT_SHARE)
    if not len(lit):
        return 0.0, 1.0
    first, size = lit[0] + lit[0] % 2, len(shares)
    end = size if lit[-1] == size - 1 else (lit[-1] + 1) // 2 * 2
    return (first / size, end / size) if end - first >= SMALLEST * size else (0.0, 1.0)
