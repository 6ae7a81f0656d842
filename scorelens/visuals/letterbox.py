"""Black bars in one frame: between which lines of an axis, rows or columns, the picture lies.

A side of the frame shows where the picture ends in one of two ways. Either its outermost line is
lit over half of the picture's length: then there is no bar. Or such a line follows, within a few
lines, on lines that are black but for a caption: then that is the straight edge of a bar. A shadow
or the sky at night has no such edge. Where light grows slowly, the line at which pixels count as
lit depends on the level, so two levels must agree. Other sides, black ones too, show nothing.

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

KEY_FRAMES, FEW_KEY_FRAMES = 12, 3  # at the most and at the least, for a first guess
KEY_FRAME_S = 15.0  # film for one of them: a short film's are a good part of its decoding
BRIGHTEST_BAR = 3.0  # in black levels; bars that are not quite black, or noisy, may be so bright
FAINT = 1 / 3  # of a black level: the lower of the two levels, and what a bar is even to
BORDER, BLOCK = 8, 32  # lines at each side of the frame, and pixels along them in a mean
SMALLEST = 0.4  # of height or width; less is a small thing on black, not what bars leave
CAPTION = 0.1  # of height or width; a thicker band that is lit is picture
SOFT = 0.003  # of height or width, over which scaling or coding smears the edge of a bar
STRAY = 0.1  # of a bar's lines, at the most: what noise may light of them
FEW_LIT = 0.1  # of a line, at the least, to confirm an edge that other frames have shown
EVEN = 0.02  # of height or width, by which the bars of the two sides may differ


class Edges(NamedTuple):
    """The first line of the picture on an axis, and one past its last."""

    first: int
    end: int


class Detected(NamedTuple):
    """The first line of the picture and one past its last, as a frame shows them; None if not."""

    first: int | None
    end: int | None

    @property
    def edges(self) -> Edges | None:
        """The edges if both sides show theirs."""
        return None if self.first is None or self.end is None else Edges(self.first, self.end)


def lit_shares(planes: colour.Planes, black_level: float) -> tuple[np.ndarray, np.ndarray]:
    """The share of each row, and of each column, that passes a lower and an upper level.

    The upper one is `black_level`, luma 0..1, above what bars have, noise included, and the lower
    one a third of it. Returns arrays of shape (2, rows) and (2, columns), 0..1.
    """
    span, bars = planes.white - planes.black, _luma_of_bars(planes, black_level)
    height, width = planes.y.shape
    rows, columns = [], []
    for level in (bars + FAINT * black_level, bars + black_level):
        lit = cv2.threshold(planes.y, planes.black + level * span, 1, cv2.THRESH_BINARY)[1]
        rows.append(_sums(lit, 1) / width)
        columns.append(_sums(lit, 0) / height)
    return np.stack(rows), np.stack(columns)


def detect_edges(shares: np.ndarray) -> Detected:
    """Where the picture begins and ends on an axis, on even lines, where chroma has lines too.

    shares: of each line that passes the lower and the upper level, shape (2, lines), 0..1.
    """
    size = shares.shape[1]
    extents = np.quantile(shares, 1 - SMALLEST / 2, axis=1)  # of a line, that picture may fill
    if extents.min() < SMALLEST:
        return Detected(None, None)
    first, last = _first_line(shares, extents), _first_line(shares[:, ::-1], extents)
    first = None if first is None else (first + 1) // 2 * 2
    end = None if last is None else size - last if last == 0 else (size - last) // 2 * 2
    if None not in (first, end) and end - first < SMALLEST * size:
        return Detected(None, None)
    return Detected(first, end)


def confirms(shares: np.ndarray, edges: Edges) -> bool:
    """Whether light, a little perhaps, begins and ends at edges that other frames have shown.

    shares: as for `detect_edges`.
    """
    size = shares.shape[1]
    return _begins(shares, edges.first) and _begins(shares[:, ::-1], size - edges.end)


def are_even(edges: Edges, size: int) -> bool:
    """Whether the bars of both sides are as good as the same, as those of nearly all films are."""
    return abs(edges.first - (size - edges.end)) <= max(4, EVEN * size)


def is_near(line: int | None, other: int, size: int) -> bool:
    """Whether a detected edge is as good as another."""
    return line is not None and abs(line - other) <= _soft(size)


def are_near(edges: Edges, other: Edges, size: int) -> bool:
    """Whether both edges are as good as the others."""
    return all(is_near(line, known, size) for line, known in zip(edges, other, strict=True))


def key_frame_edges(
    video: str | os.PathLike, black_level: float
) -> Iterator[tuple[tuple[int, int], list[Detected]]]:
    """The size (h, w) of a few key frames, and what each shows of its rows and its columns."""
    duration_s = media.probe(video).duration_s
    count = int(np.clip(duration_s / KEY_FRAME_S, FEW_KEY_FRAMES, KEY_FRAMES))
    for frame in sampling.spread_key_frames(video, count):
        planes = colour.read_planes(frame)
        yield planes.y.shape, [detect_edges(axis) for axis in lit_shares(planes, black_level)]


def most_common(frames: list[Edges], size: int) -> Edges:
    """The edges that most frames show, the outermost of those that are near; all lines if none.

    Uneven bars count only if all frames show them, and no less than `FEW_KEY_FRAMES`.

    >>> most_common([Edges(12, 88), Edges(14, 88), Edges(0, 100)], 100)
    Edges(first=12, end=88)
    """
    even = [edges for edges in frames if are_even(edges, size)]
    least = 1 if even else max(FEW_KEY_FRAMES, len(frames))
    frames = even or frames
    alike = [[edges for edges in frames if are_near(edges, one, size)] for one in frames]
    most = max(alike, key=len, default=[])
    if len(most) < least:
        return Edges(0, size)
    return Edges(min(edges.first for edges in most), max(edges.end for edges in most))


def _luma_of_bars(planes: colour.Planes, black_level: float) -> float:
    """The luma, 0..1, up to which nearly all pixels of the darkest border lie.

    It is 0 if no border is as dark and flat as bars are: the pixels of a dim picture differ from
    place to place, those of noise only from each other.
    """
    borders = (part for y in (planes.y, planes.y.T) for part in (y[:BORDER], y[-BORDER:]))
    span, lumas = planes.white - planes.black, []
    for border in map(np.ascontiguousarray, borders):
        blocks = max(1, border.shape[1] // BLOCK), 1
        means = cv2.resize(border, blocks, interpolation=cv2.INTER_AREA)
        low, high = np.quantile(means, [0.05, 0.95])
        if high - low <= FAINT * black_level * span:
            lumas.append((np.quantile(border, 0.95) - planes.black) / span)
    darkest = min(lumas, default=0.0)
    return max(0.0, darkest) if darkest <= BRIGHTEST_BAR * black_level else 0.0


def _sums(lit: np.ndarray, axis: int) -> np.ndarray:
    kind = cv2.CV_32S if lit.dtype == np.uint8 else cv2.CV_32F
    return cv2.reduce(lit, axis, cv2.REDUCE_SUM, dtype=kind).ravel()


def _soft(size: int) -> int:
    return max(2, round(SOFT * size))


def _first_line(shares: np.ndarray, extents: np.ndarray) -> int | None:
    """The first line of the picture; 0 if it reaches the frame's border, None if it is not clear.

    extents: the share of a line that picture may fill, by level.
    """
    soft = _soft(shares.shape[1])
    lower, upper = (_edge(*of_level, soft) for of_level in zip(shares, extents, strict=True))
    return upper if None not in (lower, upper) and abs(upper - lower) <= soft else None


def _edge(shares: np.ndarray, extent: float, soft: int) -> int | None:
    by_half = shares * 2 >= extent
    first = _first_band(shares, by_half, soft)
    if not first:
        return first
    captions = np.flatnonzero(by_half[:first])
    start = captions[-1] + 1 if len(captions) else 0
    bar = shares[start : max(start + 1, first - soft)]
    step = shares[first : first + soft + 1].max() - bar[-1]
    return first if step * 2 >= extent and np.median(bar) <= STRAY else None


def _first_band(shares: np.ndarray, by_half: np.ndarray, soft: int) -> int | None:
    """The first line that is lit by half and no part of a caption, which black sets apart."""
    size = len(shares)
    bands = np.flatnonzero(np.diff(np.concatenate([[0], by_half, [0]]))).reshape(-1, 2)
    for (start, end), following in zip(bands, [*bands[1:, 0], size], strict=True):
        gap = shares[end:following]
        is_apart = len(gap) >= soft and np.median(gap) <= STRAY
        if not is_apart or end - start > CAPTION * size or 2 * start > (1 - SMALLEST) * size:
            return int(start)
    return None


def _begins(shares: np.ndarray, first: int) -> bool:
    """Whether the upper level is passed from a line on, and hardly the lower one before it."""
    soft = _soft(shares.shape[1])
    inside = shares[1, first : first + soft + 1].mean()
    outside = shares[0, max(0, first - 2 * soft) : max(0, first - soft)]
    return bool(inside >= FEW_LIT and (not len(outside) or outside.mean() * 5 <= inside))
