"""Cuts, shots and motion of a film, from thumbnails of every frame that is decoded.

A cut stands between two frames if the frames of the `FLASH_S` before it and those of the `FLASH_S`
after it are all apart: their nearest pair is at a distance of `APART` or more. After a flash the
old picture comes back, so a flash is no cut. And a cut stands out: the distance is `OUTSTANDING`
times the usual one of neighbouring frames in the `AROUND_S` before and after it, so a fast pan is
none. Fades and dissolves happen at no one moment and are not counted.

The motion energy of a second is the mean absolute difference of the luma (0..1) of the thumbnails
that are on screen `STEP_S` apart, each less its mean: a change of light alone is no motion. Pairs
with a cut between them are left out.
"""

import collections
import itertools

import numpy as np
import pandas as pd

from scorelens.visuals import thumbnails
from scorelens.visuals.thumbnails import Thumbnail

STEPS = 4  # in a second
STEP_S = 1 / STEPS
FLASH_S = 0.3
FEW_FRAMES = 2  # on each side of a cut, if `FLASH_S` holds fewer
AROUND_S = 0.7
APART = 0.35
OUTSTANDING = 2.0


class Pulse:
    """Takes the thumbnails of a film one by one and keeps a second of them."""

    def __init__(self):
        self.cuts, self.motion, self.newest_s = Cuts(), Motion(), -1.0

    def add(self, shown: Thumbnail) -> None:
        """Take the next frame; one whose time stamp goes back, as in damaged films, is left out."""
        if shown.time_s > self.newest_s:
            self.newest_s = shown.time_s
            self.cuts.add(shown)
            self.motion.add(shown)

    def by_second(self, seconds: int, end_s: float) -> pd.DataFrame:
        """`cuts`, `shot_length_s` and `motion_energy` of each second of a film of `end_s`.

        cuts: cuts in the second. shot_length_s: length of the shot that is on screen in the middle
        of the second; the film's start and end bound shots too. motion_energy: 0..1, NaN where cuts
        leave no pair.
        """
        cuts_s = self.cuts.found()
        edges_s = np.concatenate([[0], cuts_s, [end_s]])
        shot = np.searchsorted(edges_s[1:-1], np.arange(seconds) + 0.5, side="right")
        return pd.DataFrame(
            {
                "cuts": np.bincount(cuts_s.astype(np.int64), minlength=seconds)[:seconds],
                "shot_length_s": np.diff(edges_s)[shot].astype(np.float32),
                "motion_energy": self.motion.by_second(seconds, end_s, cuts_s),
            }
        )


class Cuts:
    """Finds the cuts of a film whose thumbnails come one by one."""

    def __init__(self):
        self.recent, self.waiting = collections.deque(), collections.deque()
        self.times_s, self.distances = [], []  # of every frame, and from the one before it
        self.candidates = []  # time, and distance of the nearest frames across it

    def add(self, shown: Thumbnail) -> None:
        """Take the next frame; times ascend."""
        before = self.recent[-1] if self.recent else shown
        distance = thumbnails.distance(before, shown)
        self.times_s.append(shown.time_s)
        self.distances.append(distance)
        self.recent.append(shown)
        if distance >= APART:
            self.waiting.append(shown.time_s)
        while self.waiting and self._is_past(self.waiting[0]):
            self._compare(self.waiting.popleft())
        oldest_s = (self.waiting or self.times_s[-1:])[0] - FLASH_S
        while len(self.recent) > FEW_FRAMES and self.recent[FEW_FRAMES].time_s < oldest_s:
            self.recent.popleft()

    def found(self) -> np.ndarray:
        """When the first frame of a shot comes on screen, s, float64, ascending."""
        while self.waiting:
            self._compare(self.waiting.popleft())
        times_s, distances = np.array(self.times_s), np.array(self.distances)
        cuts = []
        for time_s, gap in self.candidates:
            if gap < max(APART, OUTSTANDING * _usual(times_s, distances, time_s)):
                continue
            if not cuts or time_s - cuts[-1][0] > FLASH_S:
                cuts.append((time_s, gap))
            elif gap > cuts[-1][1]:
                cuts[-1] = time_s, gap
        return np.array([time_s for time_s, _ in cuts], np.float64)

    def _is_past(self, time_s: float) -> bool:
        newest_s = self.recent[-1].time_s
        after = sum(shown.time_s >= time_s for shown in self.recent)
        return newest_s > time_s + FLASH_S and after >= FEW_FRAMES

    def _compare(self, time_s: float) -> None:
        before = [shown for shown in reversed(self.recent) if shown.time_s < time_s]
        after = [shown for shown in self.recent if shown.time_s >= time_s]
        pairs = itertools.product(_nearest(before, time_s), _nearest(after, time_s))
        self.candidates.append((time_s, min(itertools.starmap(thumbnails.distance, pairs))))


class Motion:
    """Compares what is on screen on a grid of `STEP_S`, from thumbnails that come one by one."""

    def __init__(self):
        self.on_screen, self.on_grid = None, None
        self.steps = []  # energy, and the times of the two frames

    def add(self, shown: Thumbnail) -> None:
        """Take the next frame; times ascend."""
        self._step_to(shown.time_s)
        self.on_screen = shown
        self.on_grid = self.on_grid or shown

    def by_second(self, seconds: int, end_s: float, cuts_s: np.ndarray) -> np.ndarray:
        """The motion energy of each second, float32, 0..1; NaN where cuts leave no pair."""
        self._step_to(end_s)
        energy, from_s, to_s = np.array(self.steps, np.float64).reshape(-1, 3)[: seconds * STEPS].T
        cut = np.searchsorted(cuts_s, from_s, "right") < np.searchsorted(cuts_s, to_s, "right")
        sums, counts = (
            np.bincount((np.arange(len(energy)) // STEPS)[~cut], weights, seconds)
            for weights in (energy[~cut], None)
        )
        known = np.full(seconds, np.nan)
        return np.divide(sums, counts, out=known, where=counts > 0).astype(np.float32)

    def _step_to(self, time_s: float) -> None:
        """The steps that end while the frame on screen is there, which is until `time_s`."""
        while self.on_screen and (len(self.steps) + 1) * STEP_S < time_s:
            before, after = thumbnails.alike(self.on_grid, self.on_screen)
            energy = np.abs(after.pixels - before.pixels).mean().item()
            self.steps.append((energy, self.on_grid.time_s, self.on_screen.time_s))
            self.on_grid = self.on_screen


def _nearest(frames: list[Thumbnail], time_s: float) -> list[Thumbnail]:
    """Of frames, the nearest first, those within `FLASH_S`, but at least `FEW_FRAMES`."""
    return [
        shown
        for place, shown in enumerate(frames)
        if place < FEW_FRAMES or abs(shown.time_s - time_s) <= FLASH_S
    ]


def _usual(times_s: np.ndarray, distances: np.ndarray, time_s: float) -> float:
    """The upper quartile of the distances before `time_s` or after it, whichever is larger."""
    first, place, end = np.searchsorted(times_s, [time_s - AROUND_S, time_s, time_s + AROUND_S])
    sides = distances[first:place], distances[place + 1 : end]
    return max((np.quantile(side, 0.75) for side in sides if len(side)), default=0.0)
