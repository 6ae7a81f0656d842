"""Which part of the frame holds the picture, in each stretch of a film.

Bars change when the film does: scenes that open up to the whole frame, a prologue in 4:3, a
broadcast of another shape. Rows and columns are followed apart from each other, and so are frames
of each size. What a frame shows holds until others show something else for `HOLD_S`, and then from
the first of those on; a frame that shows nothing, as it is dark, is like the one before it.

Bars that differ between the two sides are more often the shadows of a scene. They count if all of
the key frames that are read first have them, if they last for `LASTING_S`, or all of the film.
"""

import os
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from scorelens.visuals import colour, letterbox
from scorelens.visuals.letterbox import Detected, Edges

HOLD_S = 2
LASTING_S = 60


class Evidence(NamedTuple):
    """Edges, the number of the sample that first shows them, and for how many seconds."""

    edges: Edges
    sample: int
    seconds: int


class AxisTracker:
    """Follows the edges of the picture on one axis, from sample to sample.

    edges: of each sample; later ones can change them. current: those of the last sample.
    candidates: those that it may have in the end.
    """

    def __init__(self, size: int, guess: Edges):
        self.size, self.whole = size, Edges(0, size)
        self.current, self.candidates = guess, []
        self.known = list(dict.fromkeys([guess, self.whole]))
        self.edges, self.is_settled, self.pending = [], False, []
        self.uneven, self.first_shown = Evidence(self.whole, 0, 0), None
        self.changed = -HOLD_S  # at which sample, counted from 0

    def add(self, shares: np.ndarray, seconds: int) -> None:
        """Take the next frame, which is on screen in the middle of so many seconds.

        shares: of each line that passes the lower and the upper level, shape (2, lines), 0..1.
        """
        detected = letterbox.detect_edges(shares)
        edges = self._edges(detected, shares)
        self.edges.append(self.current)
        if edges is not None:
            self._settle(Evidence(edges, len(self.edges) - 1, seconds))
        uneven = self._settle_uneven(detected, seconds)
        self.candidates = [self.current, edges or self.current, uneven or self.current]

    @property
    def is_changing(self) -> bool:
        """Whether the edges of frames to come may differ from these, or did a moment ago."""
        is_recent = len(self.edges) - self.changed <= HOLD_S
        is_due = self.uneven.seconds >= LASTING_S - HOLD_S
        return is_recent or is_due or bool(self.pending)

    def finish(self) -> None:
        """Take what little a short film shows, or all of a film."""
        if not self.is_settled:
            for one in self.pending:
                self._settle_start(one)
                self._change(one)
        if self.uneven.sample == self.first_shown and self.uneven.seconds:
            self._change(self.uneven._replace(sample=0))

    def _edges(self, detected: Detected, shares: np.ndarray) -> Edges | None:
        """The edges that a frame shows, those that are known already if it is as good as them."""
        both = detected.edges
        if both and letterbox.are_near(both, self.current, self.size):
            return self.current
        if both and letterbox.are_even(both, self.size):
            before = [*self.known, *(evidence.edges for evidence in self.pending)]
            return next((e for e in before if letterbox.are_near(both, e, self.size)), both)
        if self._has_side(detected, self.current):
            return self.current
        if detected.first == 0 or detected.end == self.size:
            return self.whole
        one_sided = (e for e in self.known if self._has_side(detected, e))
        confirmed = (e for e in [self.current, *self.known] if letterbox.confirms(shares, e))
        return next(one_sided, None) or next(confirmed, None)

    def _has_side(self, detected: Detected, edges: Edges) -> bool:
        return any(
            letterbox.is_near(line, known, self.size)
            for line, known in zip(detected, edges, strict=True)
        )

    def _settle(self, evidence: Evidence) -> None:
        if evidence.edges == self.current:
            self.pending = []
            self._settle_start(evidence)
            return
        self.pending.append(evidence)
        if sum(one.seconds for one in self.pending) >= HOLD_S:
            self._settle_start(self.pending[0])
            for one in self.pending:
                self._change(one)
            if evidence.edges not in self.known and len({e.edges for e in self.pending}) == 1:
                self.known.append(evidence.edges)
            self.pending = []

    def _settle_start(self, evidence: Evidence) -> None:
        """The samples before the first that shows anything are like that one."""
        if not self.is_settled:
            self.edges[: evidence.sample] = [evidence.edges] * evidence.sample
            self.is_settled = True

    def _change(self, evidence: Evidence) -> None:
        """From a sample on, all have other edges."""
        after = len(self.edges) - evidence.sample
        self.edges[evidence.sample :] = [evidence.edges] * after
        self.current, self.changed = evidence.edges, len(self.edges) - 1

    def _settle_uneven(self, detected: Detected, seconds: int) -> Edges | None:
        """Change to uneven edges once they last; returns those of the frame."""
        if self.first_shown is None and detected != (None, None):
            self.first_shown = len(self.edges) - 1
        both, sides = detected.edges, zip(detected, self.uneven.edges, strict=True)
        if any(a is not None and not letterbox.is_near(a, b, self.size) for a, b in sides):
            self.uneven = Evidence(both or self.whole, len(self.edges) - 1, 0)
        edges = self.uneven.edges
        if both is None or edges == self.current or letterbox.are_even(edges, self.size):
            return None
        self.uneven = self.uneven._replace(seconds=self.uneven.seconds + seconds)
        if self.uneven.seconds >= LASTING_S:
            self._change(self.uneven)
            self.known.append(edges)
        return edges


class CropTracker:
    """Follows the part of the frame that holds the picture, from sample to sample.

    video: the film; a few of its key frames are read first. black_level: luma, 0..1, up to which a
    bar is black; 0 keeps the bars.
    """

    def __init__(self, video: str | os.PathLike, black_level: float):
        self.black_level, self.samples = black_level, []
        self.axes = _guess(video, black_level) if black_level > 0 else {}

    def current(self, size: tuple[int, int]) -> colour.Crop:
        """The crop of a frame of this size (h, w), by what is known so far."""
        if size not in self.axes:
            return colour.WHOLE
        return _crop(size, [axis.current for axis in self.axes[size]])

    def is_changing(self, size: tuple[int, int]) -> bool:
        """Whether the crop of frames of this size may change soon, or did a moment ago."""
        return size not in self.axes or any(axis.is_changing for axis in self.axes[size])

    def add(self, planes: colour.Planes, seconds: int) -> list[colour.Crop]:
        """Take the next sample, which is on screen in the middle of so many seconds.

        Returns the crops that it may have in the end.
        """
        size = planes.y.shape
        if self.black_level == 0:
            self.samples.append((size, None))
            return [colour.WHOLE]
        if size not in self.axes:
            self.axes[size] = [AxisTracker(lines, Edges(0, lines)) for lines in size]
        axes = self.axes[size]
        self.samples.append((size, len(axes[0].edges)))
        for axis, shares in zip(axes, letterbox.lit_shares(planes, self.black_level), strict=True):
            axis.add(shares, seconds)
        candidates = zip(*(axis.candidates for axis in axes), strict=True)
        return list(dict.fromkeys(_crop(size, edges) for edges in candidates))

    def crops(self) -> list[colour.Crop]:
        """The crop of each sample, once there are no more."""
        for axis in (axis for axes in self.axes.values() for axis in axes):
            axis.finish()
        return [
            colour.WHOLE
            if number is None
            else _crop(size, [axis.edges[number] for axis in self.axes[size]])
            for size, number in self.samples
        ]


def _guess(video, black_level: float) -> dict[tuple[int, int], list[AxisTracker]]:
    """Trackers of both axes by the size of the frame, from a few key frames."""
    frames = list(letterbox.key_frame_edges(video, black_level))
    trackers = {}
    for size in {size for size, _ in frames}:
        detected = zip(*(axes for other, axes in frames if other == size), strict=True)
        shown = [[one.edges for one in axis if one.edges] for axis in detected]
        trackers[size] = [
            AxisTracker(lines, letterbox.most_common(axis, lines))
            for lines, axis in zip(size, shown, strict=True)
        ]
    return trackers


def _crop(size: tuple[int, int], edges: Sequence[Edges]) -> colour.Crop:
    (top, bottom), (left, right) = edges
    height, width = size
    return colour.Crop(top / height, bottom / height, left / width, right / width)
