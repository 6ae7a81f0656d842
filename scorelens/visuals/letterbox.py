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

import av
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
    extents = np.sort(shares, axis=1)[:, -round(SMALLEST * size / 2) - 1]  # that picture may fill
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
    with media.open_container(video) as container:  # its header's length is as good as any here
        duration_s = (container.duration or 0) / av.time_base
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

    It is 0 if that border is not as dark and flat as bars are: the pixels of a dim picture differ
    from place to place, those of noise only from each other.
    """
    y, span = planes.y, planes.white - planes.black
    borders = y[:BORDER], y[-BORDER:], y[:, :BORDER], y[:, -BORDER:]
    means = [cv2.mean(border)[0] for border in borders]
    brightest = planes.black + BRIGHTEST_BAR * black_level * span
    if min(means) > brightest or min(means) == planes.black:
        return 0.0
    border = borders[int(np.argmin(means))]
    border = np.ascontiguousarray(border if border.shape[0] <= BORDER else border.T)
    blocks = max(1, border.shape[1] // BLOCK), 1
    low, high = _quantiles(cv2.resize(border, blocks, interpolation=cv2.INTER_AREA), 0.05, 0.95)
    (top,) = _quantiles(border[:, :: max(1, border.shape[1] // 128)], 0.95)
    if high - low > FAINT * black_level * span or top > brightest:
        return 0.0
    return max(0.0, float(top - planes.black) / span)


def _quantiles(values: np.ndarray, *shares: float) -> list[float]:
    """Values below which these shares of all lie; many times as fast as NumPy's, on few values."""
    ascending = np.sort(values, axis=None)
    return [float(ascending[round(share * (ascending.size - 1))]) for share in shares]


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
    caption, first = _first_band(shares, shares * 2 >= extent, soft)
    if not first:
        return first
    bar = shares[caption : max(caption + 1, first - soft)]
    step = shares[first : first + soft + 1].max() - bar[-1]
    return first if step * 2 >= extent and _is_black(bar) else None


def _first_band(shares: np.ndarray, by_half: np.ndarray, soft: int) -> tuple[int, int | None]:
    """Where the captions end, and the first line after them that is lit by half; None without.

    A caption is a thin band that black sets apart.
    """
    size, caption = len(shares), 0
    start = int(by_half.argmax())
    while by_half[start] and 2 * start <= (1 - SMALLEST) * size:
        band = by_half[start : start + int(CAPTION * size) + 1]
        if band.all():
            return caption, start
        end = start + int(band.argmin())
        following = end + int(by_half[end:].argmax())
        gap = shares[end : following if by_half[following] else size]
        if len(gap) < soft or not _is_black(gap):
            return caption, start
        caption, start = end, following
    return caption, start if by_half[start] else None


def _is_black(lines: np.ndarray) -> bool:
    """Whether most lines are, but for noise."""
    return np.count_nonzero(lines > STRAY) * 2 <= len(lines)


def _begins(shares: np.ndarray, first: int) -> bool:
    """Whether the upper level is passed from a line on, and hardly the lower one before it."""
    soft = _soft(shares.shape[1])
    inside = shares[1, first : first + soft + 1].mean()
    outside = shares[0, max(0, first - 2 * soft) : max(0, first - soft)]
    return bool(inside >= FEW_LIT and (not len(outside) or outside.mean() * 5 <= inside))
