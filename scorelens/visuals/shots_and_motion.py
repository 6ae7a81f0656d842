"""Detect cuts and measure shot lengths and motion, from thumbnails of every decoded frame.

A cut is a moment at which the frames of the `FLASH_S` before it and those of the `FLASH_S` after it
all differ: their nearest pair has a distance of at least `MIN_DISTANCE`. After a flash the old
picture comes back, so a flash is no cut. The distance must also be `MIN_RATIO` times the usual one
of neighbouring frames in the `AROUND_S` before and after it, so a fast pan is no cut. Fades and
dissolves do not happen at one moment and are not counted.

The motion energy of a second is the mean absolute difference of the luma (0..1) of thumbnails that
are on screen `STEP_S` apart, each minus its mean: a change of light alone is no motion. Pairs with
a cut between them are left out.
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
MIN_FRAMES = 2  # on each side of a cut, if `FLASH_S` holds fewer
AROUND_S = 0.7
MIN_DISTANCE = 0.35
MIN_RATIO = 2.0


class ShotsAndMotion:
    """Cuts, shot lengths and motion of a film whose thumbnails come one by one.

    Holds about a second of thumbnails.
    """

    def __init__(self):
        self.cuts, self.motion, self.newest_s = CutDetector(), MotionMeter(), -1.0

    def add(self, shown: Thumbnail) -> None:
        """Add the next frame. One whose time stamp goes back, as in damaged films, is ignored."""
        if shown.time_s > self.newest_s:
            self.newest_s = shown.time_s
            self.cuts.add(shown)
            self.motion.add(shown)

    def by_second(self, seconds: int, end_s: float) -> pd.DataFrame:
        """Cuts, shot length and motion energy of each second of the film.

        Parameters
        ----------
        seconds : int
            Number of rows.
        end_s : float
            End of the film, s.

        Returns
        -------
        DataFrame
            `cuts`: cuts in the second. `shot_length_s`: length of the shot on screen in the middle
            of the second; start and end of the film bound shots too. `motion_energy`: 0..1, NaN
            where cuts leave no pair.
        """
        cuts_s = self.cuts.times_s()
        edges_s = np.concatenate([[0], cuts_s, [end_s]])
        shot = np.searchsorted(edges_s[1:-1], np.arange(seconds) + 0.5, side="right")
        return pd.DataFrame(
            {
                "cuts": np.bincount(cuts_s.astype(np.int64), minlength=seconds)[:seconds],
                "shot_length_s": np.diff(edges_s)[shot].astype(np.float32),
                "motion_energy": self.motion.by_second(seconds, end_s, cuts_s),
            }
        )


class CutDetector:
    """Detects the cuts of a film whose thumbnails come one by one."""

    def __init__(self):
        self.recent, self.waiting = collections.deque(), collections.deque()
        self.frames_s, self.distances = [], []  # of every frame, and from the one before it
        self.candidates = []  # time, and distance of the nearest frames on both sides

    def add(self, shown: Thumbnail) -> None:
        """Add the next frame; times ascend."""
        before = self.recent[-1] if self.recent else shown
        distance = thumbnails.distance(before, shown)
        self.frames_s.append(shown.time_s)
        self.distances.append(distance)
        self.recent.append(shown)
        if distance >= MIN_DISTANCE:
            self.waiting.append(shown.time_s)
        while self.waiting and self._is_past(self.waiting[0]):
            self._compare(self.waiting.popleft())
        oldest_s = (self.waiting or self.frames_s[-1:])[0] - FLASH_S
        while len(self.recent) > MIN_FRAMES and self.recent[MIN_FRAMES].time_s < oldest_s:
            self.recent.popleft()

    def times_s(self) -> np.ndarray:
        """Times at which the first frame of a shot comes on screen, s, float64, ascending."""
        while self.waiting:
            self._compare(self.waiting.popleft())
        frames_s, distances = np.array(self.frames_s), np.array(self.distances)
        cuts = []
        for time_s, gap in self.candidates:
            if gap < max(MIN_DISTANCE, MIN_RATIO * _usual_distance(frames_s, distances, time_s)):
                continue
            if not cuts or time_s - cuts[-1][0] > FLASH_S:
                cuts.append((time_s, gap))
            elif gap > cuts[-1][1]:
                cuts[-1] = time_s, gap
        return np.array([time_s for time_s, _ in cuts], np.float64)

    def _is_past(self, time_s: float) -> bool:
        newest_s = self.recent[-1].time_s
        after = sum(shown.time_s >= time_s for shown in self.recent)
        return newest_s > time_s + FLASH_S and after >= MIN_FRAMES

    def _compare(self, time_s: float) -> None:
        before = [shown for shown in reversed(self.recent) if shown.time_s < time_s]
        after = [shown for shown in self.recent if shown.time_s >= time_s]
        pairs = itertools.product(_nearest(before, time_s), _nearest(after, time_s))
        self.candidates.append((time_s, min(itertools.starmap(thumbnails.distance, pairs))))


class MotionMeter:
    """Compares the frames on screen on a grid of `STEP_S`; thumbnails come one by one."""

    def __init__(self):
        self.on_screen, self.on_grid = None, None
        self.steps = []  # energy, and the times of the two frames

    def add(self, shown: Thumbnail) -> None:
        """Add the next frame; times ascend."""
        self._step_to(shown.time_s)
        self.on_screen = shown
        self.on_grid = self.on_grid or shown

    def by_second(self, seconds: int, end_s: float, cuts_s: np.ndarray) -> np.ndarray:
        """Motion energy of each second.

        Parameters
        ----------
        seconds : int
            Number of seconds.
        end_s : float
            End of the film, s.
        cuts_s : ndarray of float64
            Times of the cuts, s.

        Returns
        -------
        ndarray of float32, shape (seconds,)
            0..1; NaN where cuts leave no pair.
        """
        self._step_to(end_s)
        energy, from_s, to_s = np.array(self.steps, np.float64).reshape(-1, 3)[: seconds * STEPS].T
        cut = np.searchsorted(cuts_s, from_s, "right") < np.searchsorted(cuts_s, to_s, "right")
        sums, counts = (
            np.bincount((np.arange(len(energy)) // STEPS)[~cut], weights, seconds)
            for weights in (energy[~cut], None)
        )
        mean = np.full(seconds, np.nan)
        return np.divide(sums, counts, out=mean, where=counts > 0).astype(np.float32)

    def _step_to(self, time_s: float) -> None:
        """Add the steps that end before `time_s`, until when the frame is on screen."""
        while self.on_screen and (len(self.steps) + 1) * STEP_S < time_s:
            before, after = thumbnails.comparable(self.on_grid, self.on_screen)
            energy = np.abs(after.pixels - before.pixels).mean().item()
            self.steps.append((energy, self.on_grid.time_s, self.on_screen.time_s))
            self.on_grid = self.on_screen


def _nearest(frames: list[Thumbnail], time_s: float) -> list[Thumbnail]:
    """Of frames, nearest first, those within `FLASH_S`, but at least `MIN_FRAMES`."""
    return [
        shown
        for rank, shown in enumerate(frames)
        if rank < MIN_FRAMES or abs(shown.time_s - time_s) <= FLASH_S
    ]


def _usual_distance(times_s: np.ndarray, distances: np.ndarray, time_s: float) -> float:
    """The upper quartile of the distances before `time_s` or after it, whichever is larger."""
    first, middle, end = np.searchsorted(times_s, [time_s - AROUND_S, time_s, time_s + AROUND_S])
    sides = distances[first:middle], distances[middle + 1 : end]
    return max((np.quantile(side, 0.75) for side in sides if len(side)), default=0.0)
