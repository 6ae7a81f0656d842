"""Black bars in one frame: between which lines of an axis, rows or columns, the picture lies.

A side of the frame tells where the picture ends in one of two ways. Either the outermost line is
lit over half of the picture's length: then there is no bar. Or a line that is lit so follows, within
a few lines, lines that are black but for a caption: then that is the straight edge of a bar. A
gradual edge, as shadows and the sky at night have, tells nothing, and neither does black.

What is lit in a bar (subtitles, the logo of a channel, a ticker) is no picture: it is lit over less
than half of the length, or it is a thin band with black on both sides.
"""

import os
from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np

from scorelens import media
from scorelens.visuals import colour, sampling

LOOKS, FEW_LOOKS = 12, 3  # at the most and at the least, for a first guess
LOOK_S = 15.0  # film for one look: a short film's key frames are a good part of its decoding
DARKEST_BAR = 2.5  # in black levels: a bar that is not quite black, or noisy, may be so bright
NOISE = 1 / 3  # of the black level, by which light must pass the bars of its frame
SMALLEST = 0.4  # of height or width; less is a small thing on black, not what bars leave
CAPTION = 0.1  # of height or width; a thicker band that is lit is picture
SOFT = 0.003  # of height or width, over which scaling or coding smears the edge of a bar
BLACK = 0.1  # of a bar's lines, at the most: what noise may light of them
FAINT = 0.1  # of a line, at the least: light that tells an edge which is known from other frames
EVEN = 0.02  # of height or width, by which the bars of the two sides may differ


class Edges(NamedTuple):
    """The first line of the picture on an axis, and one past its last."""

    first: int
    end: int


class Sides(NamedTuple):
    """What a frame tells of an axis: its first line and one past its last; None for nothing."""

    first: int | None
    end: int | None

    def both(self) -> Edges | None:
        """The edges if both sides tell."""
        return None if self.first is None or self.end is None else Edges(self.first, self.end)


def lit_shares(planes: colour.Planes, black_level: float) -> tuple[np.ndarray, np.ndarray]:
    """The share of each row, and of each column, whose luma passes that of black bars.

    black_level: luma, 0..1. A frame whose edges are a little brighter than that, or noisy, has its
    own level.
    """
    level = planes.black + _level(planes, black_level) * (planes.white - planes.black)
    lit = cv2.threshold(planes.y, level, 1, cv2.THRESH_BINARY)[1]
    height, width = lit.shape
    return _sums(lit, 1) / width, _sums(lit, 0) / height


def sides(shares: np.ndarray) -> Sides:
    """Where the picture begins and ends on an axis of which these shares of the lines are lit.

    Edges are on even lines, where chroma has lines too.
    """
    size = len(shares)
    extent = np.quantile(shares, 1 - SMALLEST / 2)  # of a line, that the picture may fill
    if extent < SMALLEST:
        return Sides(None, None)
    first, last = _first_line(shares, extent), _first_line(shares[::-1], extent)
    first = None if first is None else (first + 1) // 2 * 2
    end = None if last is None else size - last if last == 0 else (size - last) // 2 * 2
    if None not in (first, end) and end - first < SMALLEST * size:
        return Sides(None, None)
    return Sides(first, end)


def is_lit_between(shares: np.ndarray, edges: Edges) -> bool:
    """Whether light, faint perhaps, begins and ends at edges that are known from other frames."""
    return _begins(shares, edges.first) and _begins(shares[::-1], len(shares) - edges.end)


def are_even(edges: Edges, size: int) -> bool:
    """Whether the bars of both sides are as good as the same, as those of nearly all films are."""
    return abs(edges.first - (size - edges.end)) <= max(4, EVEN * size)


def is_near(line: int | None, other: int, size: int) -> bool:
    """Whether an edge that a frame tells is as good as another."""
    return line is not None and abs(line - other) <= _soft(size)


def are_near(edges: Edges, other: Edges, size: int) -> bool:
    """Whether both edges are as good as the others."""
    return all(is_near(line, known, size) for line, known in zip(edges, other, strict=True))


def first_looks(
    video: str | os.PathLike, black_level: float
) -> Iterator[tuple[tuple[int, int], Sides, Sides]]:
    """Size (h, w) of a few key frames of a film, and what each tells of its rows and columns."""
    duration_s = media.probe(video).duration_s
    looks = int(np.clip(duration_s / LOOK_S, FEW_LOOKS, LOOKS))
    for frame in sampling.spread_key_frames(video, looks):
        planes = colour.read_planes(frame)
        rows, columns = lit_shares(planes, black_level)
        yield planes.y.shape, sides(rows), sides(columns)


def usual_edges(looks: list[Edges], size: int) -> Edges:
    """The edges that most looks tell, the outermost of those that are near; all lines if none.

    Uneven bars count only if all looks tell them, and not one or two alone.
    """
    even = [edges for edges in looks if are_even(edges, size)]
    if even or len(looks) < FEW_LOOKS:
        looks, least = even, 1
    else:
        least = len(looks)
    alike = [[e for e in looks if are_near(e, other, size)] for other in looks]
    most = max(alike, key=len, default=[])
    if not most or len(most) < least:
        return Edges(0, size)
    return Edges(min(e.first for e in most), max(e.end for e in most))


def _level(planes: colour.Planes, black_level: float) -> float:
    """The luma, 0..1, above which a pixel is lit: what the darkest border of the frame has, and
    the noise; at least the black level.
    """
    borders = planes.y[:2], planes.y[-2:], planes.y[:, :2], planes.y[:, -2:]
    darkest = min(np.quantile(border, 0.95) for border in borders)
    luma = (darkest - planes.black) / (planes.white - planes.black)
    if luma > DARKEST_BAR * black_level:
        return black_level
    return max(black_level, luma + NOISE * black_level)


def _sums(lit: np.ndarray, axis: int) -> np.ndarray:
    kind = cv2.CV_32S if lit.dtype == np.uint8 else cv2.CV_32F
    return cv2.reduce(lit, axis, cv2.REDUCE_SUM, dtype=kind).ravel()


def _soft(size: int) -> int:
    return max(2, round(SOFT * size))


def _first_line(shares: np.ndarray, extent: float) -> int | None:
    """The first line of the picture; 0 if it reaches the frame's edge, None if it is not clear."""
    first = _after_captions(shares, shares * 2 >= extent)
    if not first:
        return first
    soft = _soft(len(shares))
    bar = shares[: max(1, first - soft)]
    step = shares[first : first + soft + 1].max() - bar[-1]
    return first if step * 2 >= extent and np.median(bar) <= BLACK else None


def _after_captions(shares: np.ndarray, by_half: np.ndarray) -> int | None:
    """The first line that is lit by half and no part of a caption, which black sets apart."""
    size = len(shares)
    bands = np.flatnonzero(np.diff(np.concatenate([[0], by_half, [0]]))).reshape(-1, 2)
    for (start, end), following in zip(bands, [*bands[1:, 0], size], strict=True):
        gap = shares[end:following]
        is_apart = len(gap) >= _soft(size) and np.median(gap) <= BLACK
        if not is_apart or end - start > CAPTION * size or 2 * start > (1 - SMALLEST) * size:
            return int(start)
    return None


def _begins(shares: np.ndarray, first: int) -> bool:
    soft = _soft(len(shares))
    inside = shares[first : first + soft + 1].mean()
    outside = shares[max(0, first - 2 * soft) : max(0, first - soft)]
    return bool(inside >= FAINT and (not first or outside.mean() * 5 <= inside))
