"""Which part of the frame holds the picture, in each stretch of a film.

Bars change when the film does: scenes that open up to the whole frame, a prologue in 4:3, a
broadcast of another shape. Rows and columns are followed one by one, and frames of each size by
themselves. What a look at a frame tells holds until others tell otherwise for `HOLD_S`, and then
from the first of those on; a frame that tells nothing, as it is dark, is like the one before it.

Bars of which the two sides differ are more often the shadows of a scene. They count if all key
frames that are looked at first have them, or if they last for `LASTING_S`.
"""

import os
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from scorelens.visuals import colour, letterbox
from scorelens.visuals.letterbox import Edges, Sides

HOLD_S = 2
LASTING_S = 60


class Telling(NamedTuple):
    """From which look on frames tell these edges, and for how many seconds they have."""

    look: int
    edges: Edges
    seconds: int


class Axis:
    """Follows the edges of the picture on one axis, look by look.

    looks: edges of each look so far; what later ones tell can change them. now: those of the last.
    seen: those that the last frame tells by itself, right or not.
    """

    def __init__(self, size: int, usual: Edges):
        self.size, self.whole = size, Edges(0, size)
        self.now = self.seen = usual
        self.known = list(dict.fromkeys([usual, self.whole]))
        self.looks, self.is_told = [], False
        self.waiting, self.uneven = [], Telling(0, self.whole, 0)

    def add(self, shares: np.ndarray, seconds: int) -> None:
        """Look at a frame that is on screen in the middle of so many seconds.

        shares: those of its lines that are lit, see `letterbox.lit_shares`.
        """
        told = letterbox.sides(shares)
        edges = self._judge(told, shares)
        self.looks.append(self.now)
        self.seen = edges or self.now
        if edges is not None:
            self._hear(Telling(len(self.looks) - 1, edges, seconds))
        self._keep_uneven(told, seconds)

    def _judge(self, told: Sides, shares: np.ndarray) -> Edges | None:
        """The edges of a frame, those that are known already if it is as good as them."""
        both = told.both()
        if both is not None and letterbox.are_near(both, self.now, self.size):
            return self.now
        if both is not None and letterbox.are_even(both, self.size):
            before = [*self.known, *(one.edges for one in self.waiting)]
            return next((e for e in before if letterbox.are_near(both, e, self.size)), both)
        if self._shares_a_side(told, self.now):
            return self.now
        if told.first == 0 or told.end == self.size:
            return self.whole
        known = [self.now, *self.known]
        for edges in known:
            if self._shares_a_side(told, edges):
                return edges
        return next((e for e in known if letterbox.is_lit_between(shares, e)), None)

    def _shares_a_side(self, told: Sides, edges: Edges) -> bool:
        return any(
            letterbox.is_near(line, known, self.size)
            for line, known in zip(told, edges, strict=True)
        )

    def _hear(self, telling: Telling) -> None:
        if telling.edges == self.now:
            self.waiting = []
            self._begin_with(telling.edges, telling.look)
            return
        self.waiting.append(telling)
        if sum(one.seconds for one in self.waiting) >= HOLD_S:
            self._begin_with(self.waiting[0].edges, self.waiting[0].look)
            for one in self.waiting:
                self._change(one.look, one.edges)
            if telling.edges not in self.known and len({one.edges for one in self.waiting}) == 1:
                self.known.append(telling.edges)
            self.waiting = []

    def _begin_with(self, edges: Edges, look: int) -> None:
        """The frames before the first that tells anything are like that one."""
        if not self.is_told:
            self.looks[:look] = [edges] * look
            self.is_told = True

    def _change(self, look: int, edges: Edges) -> None:
        """All looks from one on have other edges."""
        self.looks[look:] = [edges] * (len(self.looks) - look)
        self.now = edges

    def _keep_uneven(self, told: Sides, seconds: int) -> None:
        """Take over bars of two sizes once they last."""
        edges, both = self.uneven.edges, told.both()
        if any(
            line is not None and not letterbox.is_near(line, known, self.size)
            for line, known in zip(told, edges, strict=True)
        ):
            edges = both or self.whole
            self.uneven = Telling(len(self.looks) - 1, edges, 0)
        if both is None or edges == self.now or letterbox.are_even(edges, self.size):
            return
        self.seen = edges
        self.uneven = self.uneven._replace(seconds=self.uneven.seconds + seconds)
        if self.uneven.seconds >= LASTING_S:
            self._change(self.uneven.look, edges)
            self.known.append(edges)


class Look(NamedTuple):
    """A frame that was looked at: its size (h, w), and its number on the axes of that size."""

    size: tuple[int, int]
    number: int


class Stretches:
    """Tells the crop of each frame, and in the end that of each look.

    video: the film; a few of its key frames are looked at first. black_level: luma, 0..1, up to
    which a bar is black; 0 keeps the bars.
    """

    def __init__(self, video: str | os.PathLike, black_level: float):
        self.black_level, self.axes, self.looks = black_level, {}, []
        ahead = list(letterbox.first_looks(video, black_level)) if black_level > 0 else []
        for size in {size for size, *_ in ahead}:
            looks = [told for of_size, *told in ahead if of_size == size]
            self.axes[size] = [
                Axis(lines, letterbox.usual_edges([both for s in axis if (both := s.both())], lines))
                for lines, axis in zip(size, zip(*looks, strict=True), strict=True)
            ]

    def crop(self, size: tuple[int, int]) -> colour.Crop:
        """The part of a frame of this size (h, w) that holds the picture, by what is known now."""
        if size not in self.axes:
            return colour.WHOLE
        return _crop(size, [axis.now for axis in self.axes[size]])

    def look(self, planes: colour.Planes, seconds: int) -> list[colour.Crop]:
        """Look at a frame that is on screen in the middle of so many seconds.

        Returns the crops that it may turn out to have.
        """
        size = planes.y.shape
        if size not in self.axes:
            self.axes[size] = [Axis(lines, Edges(0, lines)) for lines in size]
        axes = self.axes[size]
        self.looks.append(Look(size, len(axes[0].looks)))
        if self.black_level > 0:
            shares = letterbox.lit_shares(planes, self.black_level)
        else:
            shares = [np.zeros(lines) for lines in size]
        for axis, lit in zip(axes, shares, strict=True):
            axis.add(lit, seconds)
        crops = [_crop(size, [a.now for a in axes]), _crop(size, [a.seen for a in axes])]
        return list(dict.fromkeys(crops))

    def crops(self) -> list[colour.Crop]:
        """The part of the frame that holds the picture, for each look."""
        return [
            _crop(size, [axis.looks[number] for axis in self.axes[size]])
            for size, number in self.looks
        ]


def _crop(size: tuple[int, int], edges: Sequence[Edges]) -> colour.Crop:
    (top, bottom), (left, right) = edges
    height, width = size
    return colour.Crop(top / height, bottom / height, left / width, right / width)
