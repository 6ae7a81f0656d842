"""Track which part of the frame holds the picture, inside black bars that change over a film.

Bars change with the scene: some scenes fill the whole frame, a prologue is in 4:3, a broadcast has
another shape. Rows and columns are tracked independently, and so are frames of each size. Detected
edges hold until other frames show other edges for `MIN_CHANGE_S`; these then count from the first
such frame. A frame without edges, such as a dark one, is like the one before it.

Bars that differ between the two sides are more often shadows in a scene. They count if all of the
key frames that are read first have them, if they last for `MIN_ASYMMETRIC_S`, or the whole film.
"""

import os
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from scorelens.visuals import colour, letterbox
from scorelens.visuals.letterbox import Detected, Edges

MIN_CHANGE_S = 2
MIN_ASYMMETRIC_S = 60


class Evidence(NamedTuple):
    """Edges, the number of the sample that first shows them, and the seconds they last."""

    edges: Edges
    sample: int
    seconds: int


class AxisTracker:
    """Tracks the edges of the picture on one axis, from sample to sample.

    Attribute `edges` has those of each sample, which later samples can change; `current` those of
    the last sample; `candidates` those that it may get.

    Parameters
    ----------
    size : int
        Lines of the axis.
    initial : Edges
        Edges before the first sample.
    """

    def __init__(self, size: int, initial: Edges):
        self.size, self.whole = size, Edges(0, size)
        self.current, self.candidates = initial, []
        self.known = list(dict.fromkeys([initial, self.whole]))
        self.edges, self.has_start, self.pending = [], False, []
        self.asymmetric, self.first_detected = Evidence(self.whole, 0, 0), None
        self.changed = -MIN_CHANGE_S  # number of the sample, counted from 0

    def add(self, shares: np.ndarray, seconds: int) -> None:
        """Add the next frame.

        Parameters
        ----------
        shares : ndarray, shape (2, lines)
            Share of each line that is above the lower and the upper level, 0..1.
        seconds : int
            Seconds in whose middle the frame is on screen.
        """
        detected = letterbox.detect_edges(shares)
        edges = self._edges(detected, shares)
        self.edges.append(self.current)
        if edges is not None:
            self._update(Evidence(edges, len(self.edges) - 1, seconds))
        asymmetric = self._update_asymmetric(detected, seconds)
        self.candidates = [self.current, edges or self.current, asymmetric or self.current]

    @property
    def is_changing(self) -> bool:
        """Whether the edges changed a moment ago or may change with the next frames."""
        is_recent = len(self.edges) - self.changed <= MIN_CHANGE_S
        is_near = self.asymmetric.seconds >= MIN_ASYMMETRIC_S - MIN_CHANGE_S
        return is_recent or is_near or bool(self.pending)

    def finish(self) -> None:
        """Accept the pending edges of a short film, and asymmetric edges of the whole film."""
        if not self.has_start:
            for one in self.pending:
                self._fill_start(one)
                self._change(one)
        if self.asymmetric.sample == self.first_detected and self.asymmetric.seconds:
            self._change(self.asymmetric._replace(sample=0))

    def _edges(self, detected: Detected, shares: np.ndarray) -> Edges | None:
        """The edges that a frame shows, or known edges that are near."""
        both = detected.edges
        if both and letterbox.are_near(both, self.current, self.size):
            return self.current
        if both and letterbox.are_symmetric(both, self.size):
            earlier = [*self.known, *(evidence.edges for evidence in self.pending)]
            return next((e for e in earlier if letterbox.are_near(both, e, self.size)), both)
        if self._has_side(detected, self.current):
            return self.current
        if detected.first == 0 or detected.end == self.size:
            return self.whole
        one_sided = (e for e in self.known if self._has_side(detected, e))
        confirmed = (e for e in [self.current, *self.known] if letterbox.is_confirmed(shares, e))
        return next(one_sided, None) or next(confirmed, None)

    def _has_side(self, detected: Detected, edges: Edges) -> bool:
        return any(
            letterbox.is_near(line, known, self.size)
            for line, known in zip(detected, edges, strict=True)
        )

    def _update(self, evidence: Evidence) -> None:
        if evidence.edges == self.current:
            self.pending = []
            self._fill_start(evidence)
            return
        self.pending.append(evidence)
        if sum(one.seconds for one in self.pending) >= MIN_CHANGE_S:
            self._fill_start(self.pending[0])
            for one in self.pending:
                self._change(one)
            if evidence.edges not in self.known and len({e.edges for e in self.pending}) == 1:
                self.known.append(evidence.edges)
            self.pending = []

    def _fill_start(self, evidence: Evidence) -> None:
        """Samples before the first one with edges get its edges."""
        if not self.has_start:
            self.edges[: evidence.sample] = [evidence.edges] * evidence.sample
            self.has_start = True

    def _change(self, evidence: Evidence) -> None:
        """Change the edges of all samples from one on."""
        after = len(self.edges) - evidence.sample
        self.edges[evidence.sample :] = [evidence.edges] * after
        self.current, self.changed = evidence.edges, len(self.edges) - 1

    def _update_asymmetric(self, detected: Detected, seconds: int) -> Edges | None:
        """Change to asymmetric edges once they last; return those of the frame."""
        if self.first_detected is None and detected != (None, None):
            self.first_detected = len(self.edges) - 1
        both, sides = detected.edges, zip(detected, self.asymmetric.edges, strict=True)
        if any(a is not None and not letterbox.is_near(a, b, self.size) for a, b in sides):
            self.asymmetric = Evidence(both or self.whole, len(self.edges) - 1, 0)
        edges = self.asymmetric.edges
        if both is None or edges == self.current or letterbox.are_symmetric(edges, self.size):
            return None
        self.asymmetric = self.asymmetric._replace(seconds=self.asymmetric.seconds + seconds)
        if self.asymmetric.seconds >= MIN_ASYMMETRIC_S:
            self._change(self.asymmetric)
            self.known.append(edges)
        return edges


class CropTracker:
    """Tracks the part of the frame that holds the picture, from sample to sample.

    Parameters
    ----------
    video : path
        The film. A few of its key frames are read first.
    black_level : float
        Luma, 0..1, up to which a bar is black; 0 keeps the bars.
    """

    def __init__(self, video: str | os.PathLike, black_level: float):
        self.black_level, self.samples = black_level, []
        self._latest = {}  # by the size of the frame, until the next sample of that size
        self.axes = _initial_trackers(video, black_level) if black_level > 0 else {}

    def latest(self, size: tuple[int, int]) -> tuple[colour.Crop, bool]:
        """The crop after the last sample, as far as it is known, and whether it is changing.

        Parameters
        ----------
        size : tuple of int
            Height and width of a frame.

        Returns
        -------
        crop : Crop
        is_changing : bool
            Whether the crop changed a moment ago or may change soon.
        """
        if size not in self._latest:
            axes = self.axes.get(size, ())
            crop = _crop(size, [axis.current for axis in axes]) if axes else colour.WHOLE_FRAME
            self._latest[size] = crop, not axes or any(axis.is_changing for axis in axes)
        return self._latest[size]

    def add(self, planes: colour.Planes, seconds: int) -> list[colour.Crop]:
        """Add the next sample.

        Parameters
        ----------
        planes : Planes
            The frame.
        seconds : int
            Seconds in whose middle it is on screen.

        Returns
        -------
        list of Crop
            Crops that it may get.
        """
        size = planes.y.shape
        if self.black_level == 0:
            self.samples.append((size, None))
            return [colour.WHOLE_FRAME]
        if size not in self.axes:
            self.axes[size] = [AxisTracker(lines, Edges(0, lines)) for lines in size]
        axes = self.axes[size]
        self._latest.pop(size, None)
        self.samples.append((size, len(axes[0].edges)))
        for axis, shares in zip(axes, letterbox.lit_shares(planes, self.black_level), strict=True):
            axis.add(shares, seconds)
        candidates = zip(*(axis.candidates for axis in axes), strict=True)
        return list(dict.fromkeys(_crop(size, edges) for edges in candidates))

    def crops(self) -> list[colour.Crop]:
        """Crop of each sample, after the last one."""
        for axis in (axis for axes in self.axes.values() for axis in axes):
            axis.finish()
        return [
            colour.WHOLE_FRAME
            if number is None
            else _crop(size, [axis.edges[number] for axis in self.axes[size]])
            for size, number in self.samples
        ]


def _initial_trackers(video, black_level: float) -> dict[tuple[int, int], list[AxisTracker]]:
    """Trackers of both axes by the size of the frame, initialised from a few key frames."""
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
