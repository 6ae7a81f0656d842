"""Detect black bars in one frame: the first and last line of the picture on each axis.

The edge of the picture is clear in two cases. Either the outermost line of the frame is lit over
half of the picture's length: then there is no bar. Or such a line follows, within a few lines, on
lines that are black except for a caption: then it is the straight edge of a bar. A shadow or the
sky at night has no such edge. Where light increases slowly, the line at which pixels count as lit
depends on the level, so two levels must agree. In other cases, such as black frames, no edge is
detected.

What is lit in a bar (subtitles, the logo of a channel, a ticker) is no picture: it is lit over less
than half of the length, or it is a thin band with black on both sides.
"""

import functools
import os
from collections.abc import Iterator
from typing import NamedTuple

import av
import cv2
import numpy as np

from scorelens import media
from scorelens.visuals import colour, sampling

MIN_KEY_FRAMES, MAX_KEY_FRAMES = 3, 12  # for the initial edges
KEY_FRAME_S = 15.0  # of film for each: those of a short film are a large part of its decoding
MAX_BAR_LEVEL = 3.0  # black levels; bars that are not quite black, or noisy, may be so bright
LOWER_LEVEL = 1 / 3  # black levels: the lower of the two levels, and the flatness of a bar
BORDER, BLOCK = 8, 32  # lines at each side of the frame, and pixels along them in a mean
MIN_PICTURE = 0.4  # of height or width; less is a small object on black, not a picture with bars
MAX_CAPTION = 0.1  # of height or width; a thicker band that is lit is picture
EDGE_WIDTH = 0.003  # of height or width, over which scaling or coding smears the edge of a bar
MAX_NOISE = 0.1  # of a line of a bar that noise may light
MIN_CONFIRMING = 0.1  # of a line that must be lit to confirm an edge that other frames have shown
MAX_ASYMMETRY = 0.02  # of height or width, by which the bars of the two sides may differ


class Edges(NamedTuple):
    """First line of the picture on an axis, and one past its last."""

    first: int
    end: int


class Detected(NamedTuple):
    """First line of the picture and one past its last; None where no edge is detected."""

    first: int | None
    end: int | None

    @property
    def edges(self) -> Edges | None:
        """The edges if both are detected."""
        return None if self.first is None or self.end is None else Edges(self.first, self.end)


def lit_shares(planes: colour.Planes, black_level: float) -> tuple[np.ndarray, np.ndarray]:
    """Share of each row and column that is above a lower and an upper level.

    The levels are a third of `black_level` and `black_level` above the luma of the bars, noise
    included.

    Parameters
    ----------
    planes : Planes
        The frame.
    black_level : float
        Luma, 0..1.

    Returns
    -------
    rows : ndarray, shape (2, rows)
        0..1, lower level first.
    columns : ndarray, shape (2, columns)
        0..1, lower level first.
    """
    span, bars = planes.white - planes.black, _luma_of_bars(planes, black_level)
    height, width = planes.y.shape
    rows, columns = [], []
    for level in (bars + LOWER_LEVEL * black_level, bars + black_level):
        lit = cv2.threshold(planes.y, planes.black + level * span, 1, cv2.THRESH_BINARY)[1]
        rows.append(_sums(lit, 1) / width)
        columns.append(_sums(lit, 0) / height)
    return np.stack(rows), np.stack(columns)


def detect_edges(shares: np.ndarray) -> Detected:
    """Detect where the picture begins and ends on an axis.

    Parameters
    ----------
    shares : ndarray, shape (2, lines)
        Share of each line that is above the lower and the upper level, 0..1.

    Returns
    -------
    Detected
        On even lines, where chroma has lines too.
    """
    size = shares.shape[1]
    # Share of a line that the picture may fill, by level.
    extents = np.sort(shares, axis=1)[:, -round(MIN_PICTURE * size / 2) - 1]
    if extents.min() < MIN_PICTURE:
        return Detected(None, None)
    first, last = _first_line(shares, extents), _first_line(shares[:, ::-1], extents)
    first = None if first is None else (first + 1) // 2 * 2
    end = None if last is None else size - last if last == 0 else (size - last) // 2 * 2
    if None not in (first, end) and end - first < MIN_PICTURE * size:
        return Detected(None, None)
    return Detected(first, end)


def is_confirmed(shares: np.ndarray, edges: Edges) -> bool:
    """Whether some light begins and ends at edges that other frames have shown.

    Parameters
    ----------
    shares : ndarray, shape (2, lines)
        Share of each line that is above the lower and the upper level, 0..1.
    edges : Edges
        The edges of other frames.

    Returns
    -------
    bool
    """
    size = shares.shape[1]
    return _begins(shares, edges.first) and _begins(shares[:, ::-1], size - edges.end)


def are_symmetric(edges: Edges, size: int) -> bool:
    """Whether the bars of both sides are nearly the same, as in nearly all films.

    Parameters
    ----------
    edges : Edges
        Of the picture.
    size : int
        Lines of the axis.

    Returns
    -------
    bool

    Examples
    --------
    >>> are_symmetric(Edges(60, 420), 480), are_symmetric(Edges(60, 480), 480)
    (True, False)
    """
    return abs(edges.first - (size - edges.end)) <= max(4, MAX_ASYMMETRY * size)


def is_near(line: int | None, other: int, size: int) -> bool:
    """Whether a detected edge is nearly the same as another.

    Parameters
    ----------
    line : int or None
        The detected edge, if any.
    other : int
        The other edge.
    size : int
        Lines of the axis.

    Returns
    -------
    bool
    """
    return line is not None and abs(line - other) <= _edge_width(size)


def are_near(edges: Edges, other: Edges, size: int) -> bool:
    """Whether both edges are nearly the same as others.

    Parameters
    ----------
    edges, other : Edges
        Of two frames.
    size : int
        Lines of the axis.

    Returns
    -------
    bool
    """
    return all(is_near(line, known, size) for line, known in zip(edges, other, strict=True))


def key_frame_edges(
    video: str | os.PathLike, black_level: float
) -> Iterator[tuple[tuple[int, int], list[Detected]]]:
    """Detect the edges of a few key frames of a film.

    Parameters
    ----------
    video : path
        The film.
    black_level : float
        Luma, 0..1, up to which a bar is black.

    Yields
    ------
    size : tuple of int
        Height and width of a key frame.
    detected : list of Detected
        Its edges on rows and columns.
    """
    with media.open_container(video) as container:  # the length in its header is good enough here
        duration_s = (container.duration or 0) / av.time_base
    count = int(np.clip(duration_s / KEY_FRAME_S, MIN_KEY_FRAMES, MAX_KEY_FRAMES))
    for frame in sampling.spread_key_frames(video, count):
        planes = colour.read_planes(frame)
        yield planes.y.shape, [detect_edges(axis) for axis in lit_shares(planes, black_level)]


def most_common(frames: list[Edges], size: int) -> Edges:
    """Edges that most frames show, the outermost of those that are near each other.

    Parameters
    ----------
    frames : list of Edges
        Of the frames. Asymmetric bars count only if all frames show them, at least
        `MIN_KEY_FRAMES`.
    size : int
        Lines of the axis.

    Returns
    -------
    Edges
        All lines if there are none.

    Examples
    --------
    >>> most_common([Edges(12, 88), Edges(14, 88), Edges(0, 100)], 100)
    Edges(first=12, end=88)
    """
    symmetric = [edges for edges in frames if are_symmetric(edges, size)]
    min_count = 1 if symmetric else max(MIN_KEY_FRAMES, len(frames))
    frames = symmetric or frames
    groups = [[edges for edges in frames if are_near(edges, one, size)] for one in frames]
    largest = max(groups, key=len, default=[])
    if len(largest) < min_count:
        return Edges(0, size)
    return Edges(min(edges.first for edges in largest), max(edges.end for edges in largest))


def _luma_of_bars(planes: colour.Planes, black_level: float) -> float:
    """Luma, 0..1, below which nearly all pixels of the darkest border are."""
    # It is 0 if that border is not as dark and flat as bars are: the local means of a dim picture
    # differ, those of noise do not.
    y, span = planes.y, planes.white - planes.black
    borders = y[:BORDER], y[-BORDER:], y[:, :BORDER], y[:, -BORDER:]
    means = [cv2.mean(border)[0] for border in borders]
    brightest = planes.black + MAX_BAR_LEVEL * black_level * span
    if min(means) > brightest or min(means) == planes.black:
        return 0.0
    border = borders[int(np.argmin(means))]
    border = np.ascontiguousarray(border if border.shape[0] <= BORDER else border.T)
    blocks = max(1, border.shape[1] // BLOCK), 1
    low, high = _quantiles(cv2.resize(border, blocks, interpolation=cv2.INTER_AREA), 0.05, 0.95)
    (top,) = _quantiles(border[:, :: max(1, border.shape[1] // 128)], 0.95)
    if high - low > LOWER_LEVEL * black_level * span or top > brightest:
        return 0.0
    return max(0.0, float(top - planes.black) / span)


def _quantiles(values: np.ndarray, *shares: float) -> list[float]:
    """Quantiles of few values, many times faster than NumPy's."""
    ascending = np.sort(values, axis=None)
    return [float(ascending[round(share * (ascending.size - 1))]) for share in shares]


def _sums(lit: np.ndarray, axis: int) -> np.ndarray:
    kind = cv2.CV_32S if lit.dtype == np.uint8 else cv2.CV_32F
    return cv2.reduce(lit, axis, cv2.REDUCE_SUM, dtype=kind).ravel()


@functools.cache
def _edge_width(size: int) -> int:
    return max(2, round(EDGE_WIDTH * size))


def _first_line(shares: np.ndarray, extents: np.ndarray) -> int | None:
    """First line of the picture; 0 if it reaches the frame's border, None if it is not clear."""
    # extents: share of a line that the picture may fill, by level.
    width = _edge_width(shares.shape[1])
    lower, upper = (_edge(*of_level, width) for of_level in zip(shares, extents, strict=True))
    return upper if None not in (lower, upper) and abs(upper - lower) <= width else None


def _edge(shares: np.ndarray, extent: float, width: int) -> int | None:
    caption_end, first = _first_band(shares, shares * 2 >= extent, width)
    if not first:
        return first
    bar = shares[caption_end : max(caption_end + 1, first - width)]
    step = shares[first : first + width + 1].max() - bar[-1]
    return first if step * 2 >= extent and _is_black(bar) else None


def _first_band(shares: np.ndarray, is_lit: np.ndarray, width: int) -> tuple[int, int | None]:
    """Where the captions end, and the first lit line after them or None."""
    # A caption is a thin band with black on both sides.
    size, caption_end = len(shares), 0
    start = int(is_lit.argmax())
    while is_lit[start] and 2 * start <= (1 - MIN_PICTURE) * size:
        band = is_lit[start : start + int(MAX_CAPTION * size) + 1]
        if band.all():
            return caption_end, start
        end = start + int(band.argmin())
        following = end + int(is_lit[end:].argmax())
        gap = shares[end : following if is_lit[following] else size]
        if len(gap) < width or not _is_black(gap):
            return caption_end, start
        caption_end, start = end, following
    return caption_end, start if is_lit[start] else None


def _is_black(lines: np.ndarray) -> bool:
    """Whether most lines are black except for noise."""
    return np.count_nonzero(lines > MAX_NOISE) * 2 <= len(lines)


def _begins(shares: np.ndarray, first: int) -> bool:
    """Whether lines are above the upper level from one on, and hardly above the lower before it."""
    width = _edge_width(shares.shape[1])
    inside = shares[1, first : first + width + 1].mean()
    outside = shares[0, max(0, first - 2 * width) : max(0, first - width)]
    return bool(inside >= MIN_CONFIRMING and (not len(outside) or outside.mean() * 5 <= inside))
