"""Follow the music of a film: which lines play when, several at once.

The best path through the lines is found twice. The second time landmarks that the first cues
explain count no more, so that music under other music remains.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from scorelens.cues import viterbi
from scorelens.cues.coincidence import TrackLandmarks, fit_line, line_evidence, matched_landmarks
from scorelens.cues.lines import WINDOW_S, Line, Search, propose_lines
from scorelens.fingerprints import Landmarks, TripletIndex

REACH_S = 45.0  # how far beyond its window a line is followed
SAME_FRAMES = 6  # lines of a track that meet within so many frames, and
SAME_OCTAVES = 0.012  # are as high, are one
OWN_TEMPO = 0.012  # a tempo that differs less from what the pitch suggests is that
APART_PENALTY = 2.0  # times the onset penalty
NEAR_SHARE = 0.5  # of the onset penalty that the window of a line must bring
GRIDS = 2  # of tracks that are held in memory, 32 MB each for three minutes
FAR = -1e4  # nats of a second too far from the window of a line


class Run(NamedTuple):
    """A stretch of film in which a line plays.

    Parameters
    ----------
    line : Line
        The line.
    first, stop : int
        First second, and second after the last.
    nats : float
        Evidence of the line in these seconds.
    rivals : list of (Line, float)
        Other lines and their evidence in these seconds, those with the most first.
    """

    line: Line
    first: int
    stop: int
    nats: float
    rivals: list[tuple[Line, float]]


@dataclass(frozen=True)
class Film:
    """What is known of a film's sound.

    Parameters
    ----------
    channels : tuple of Landmarks
        The mix, and what is beside the centre.
    hop_s : float
        Length of a frame, s.
    """

    channels: tuple[Landmarks, ...]
    hop_s: float

    @property
    def seconds(self) -> int:
        """Length of the film in whole seconds, rounded up."""
        last = max((one.frames[-1:].max(initial=-1) for one in self.channels), default=-1)
        return int((last + 1) * self.hop_s) + 1


def fit_lines(
    film: Film,
    tracks: Sequence[TrackLandmarks],
    proposed: Sequence[Line],
    known: Sequence[Line] = (),
) -> list[Line]:
    """Fit every proposed line to its window, the strongest first; each line once.

    Parameters
    ----------
    film : Film
        The film.
    tracks : sequence of TrackLandmarks
        The album.
    proposed : sequence of Line
        Lines of the windows.
    known : sequence of Line
        Lines that are fitted.

    Returns
    -------
    list of Line
        Track by track, with those that are known.
    """
    half, reach = WINDOW_S / 2 / film.hop_s, (WINDOW_S + REACH_S) / film.hop_s
    by_track: dict[int, list[Line]] = {}
    for line in known:
        by_track.setdefault(line.track, []).append(line)
    for line in sorted(proposed, key=lambda one: -one.votes):
        fitted = by_track.setdefault(line.track, [])
        near = [one for one in fitted if abs(one.film_frame - line.film_frame) <= reach]
        if any(_is_same(line, one, half) for one in near):
            continue
        stretch = line.film_frame - half, line.film_frame + half
        level, rate, octaves = fit_line(film.channels, tracks[line.track], line, stretch)
        fitted.append(line._replace(track_frame=level, rate=rate, octaves=octaves))
    return [line for lines in by_track.values() for line in lines]


def track_music(
    film: Film,
    tracks: Sequence[TrackLandmarks],
    index: TripletIndex,
    search: Search,
    onset_penalty: float,
    max_evidence_per_s: float,
) -> list[Run]:
    """Find the stretches of film in which lines play.

    Parameters
    ----------
    film : Film
        The film.
    tracks : sequence of TrackLandmarks
        The album.
    index : TripletIndex
        Triplets of the album.
    search : Search
        One of `lines.SEARCHES`.
    onset_penalty : float
        Evidence that a stretch must bring, nats.
    max_evidence_per_s : float
        Upper limit of the evidence of one second, nats.

    Returns
    -------
    list of Run
        In order of time.
    """
    grid_of = lru_cache(maxsize=GRIDS)(lambda number: tracks[number].grid())
    free = [np.ones(len(channel.frames), bool) for channel in film.channels]
    runs: list[Run] = []
    lines: list[Line] = []
    for _ in range(search.rounds):
        evidence = _Evidence(film, tracks, grid_of, free, max_evidence_per_s)
        lines = fit_lines(film, tracks, _propose(film, index, search, free, runs), lines)
        lines, nats = _promising(lines, runs, evidence, onset_penalty)
        lines, nats = _longer(lines, nats, evidence, onset_penalty)
        path = _best_runs(lines, nats, onset_penalty)
        # In the order of tracks, so that no grid is made twice.
        for row, first, stop in sorted(path, key=lambda run: lines[run[0]].track):
            runs.append(_run(lines, nats[:, first:stop].sum(axis=1), row, first, stop))
            _explain(film, grid_of(lines[row].track), lines[row], first, stop, free)
    return sorted(runs, key=lambda run: run.first)


@dataclass(frozen=True)
class _Evidence:
    """Evidence of lines, from the landmarks of a film that are free."""

    film: Film
    tracks: Sequence[TrackLandmarks]
    grid_of: Callable[[int], np.ndarray]
    free: Sequence[np.ndarray]
    max_evidence_per_s: float

    def row(self, line: Line, start_s: float, end_s: float) -> np.ndarray:
        """Nats of every second of the film, float32, of a line that is followed so far."""
        seconds = self.film.seconds
        stretch = max(0.0, start_s), min(float(seconds), end_s)
        track, grid = self.tracks[line.track], self.grid_of(line.track)
        found = line_evidence(
            self.film.channels, track, grid, line, stretch, self.film.hop_s, self.free
        )
        row = np.full(seconds, FAR, np.float32)
        row[found.first : found.first + len(found.nats)] = found.nats
        return np.minimum(row, self.max_evidence_per_s)

    def around(self, line: Line, first: int, stop: int) -> np.ndarray:
        """The same of a line that plays from a second to another."""
        return self.row(line, first - REACH_S, stop + REACH_S)

    def window_row(self, line: Line, reach_s: float) -> np.ndarray:
        """The same around the window that showed the line."""
        centre, reach_s = line.film_frame * self.film.hop_s, WINDOW_S / 2 + reach_s
        return self.row(line, centre - reach_s, centre + reach_s)


def _propose(
    film: Film, index: TripletIndex, search: Search, free, runs: Sequence[Run]
) -> list[Line]:
    """Lines of the landmarks that are free, in the runs if there are any."""
    plays = np.full(film.seconds, not runs)
    for run in runs:
        plays[run.first : run.stop] = True
    usable = [
        channel.select(mask & plays[(channel.frames * film.hop_s).astype(np.int64)])
        for channel, mask in zip(film.channels, free, strict=True)
    ]
    return propose_lines(usable, index, film.hop_s, search)


def _penalty(line: Line, onset_penalty: float) -> float:
    """Evidence that a line must bring: more if tempo and pitch change apart, which is rarer."""
    is_plain = abs(line.rate / 2.0**line.octaves - 1) <= OWN_TEMPO
    return onset_penalty if is_plain else APART_PENALTY * onset_penalty


def _best_runs(
    lines: Sequence[Line], nats: np.ndarray, onset_penalty: float
) -> list[tuple[int, int, int]]:
    """Line, first second and second after the last of the stretches of the best path."""
    penalties = np.array([_penalty(line, onset_penalty) for line in lines])
    return viterbi.runs(viterbi.best_path(nats, penalties))


def _promising(
    lines: Sequence[Line], runs: Sequence[Run], evidence: _Evidence, onset_penalty: float
) -> tuple[list[Line], np.ndarray]:
    """Lines that bring the onset penalty somewhere, and their evidence, float32 (k, seconds).

    Lines of earlier runs may go on after or before them.
    """
    promising, rows = [run.line for run in runs], [np.zeros((0, evidence.film.seconds), np.float32)]
    rows += [evidence.around(run.line, run.first, run.stop)[None] for run in runs]
    for line in lines:
        near = evidence.window_row(line, 0.0)[None]
        penalty = _penalty(line, onset_penalty)
        if viterbi.max_run_sum(near)[0] > NEAR_SHARE * penalty:
            row = evidence.window_row(line, REACH_S)[None]
            if viterbi.max_run_sum(row)[0] > penalty:
                promising.append(line)
                rows.append(row)
    return promising, np.concatenate(rows)


def _longer(
    lines: list[Line], nats: np.ndarray, evidence: _Evidence, onset_penalty: float
) -> tuple[list[Line], np.ndarray]:
    """Add the lines of the best path, fitted to all that they explain and followed from there."""
    path = _best_runs(lines, nats, onset_penalty)
    fitted, rows = [], [nats]
    for row, first, stop in sorted(path, key=lambda run: lines[run[0]].track):
        fitted.append(refit(evidence.film, evidence.tracks, lines[row], first, stop))
        rows.append(evidence.around(fitted[-1], first, stop)[None])
    return lines + fitted, np.concatenate(rows)


def refit(film: Film, tracks: Sequence[TrackLandmarks], line: Line, first: int, stop: int) -> Line:
    """Fit a line to all seconds in which it plays.

    Parameters
    ----------
    film : Film
        The film.
    tracks : sequence of TrackLandmarks
        The album.
    line : Line
        The line.
    first, stop : int
        First second, and second after the last.

    Returns
    -------
    Line
    """
    middle = (first + stop) / 2 / film.hop_s
    line = line._replace(film_frame=middle, track_frame=line.track_frame_at(middle))
    stretch = first / film.hop_s, stop / film.hop_s
    level, rate, octaves = fit_line(film.channels, tracks[line.track], line, stretch)
    return line._replace(track_frame=level, rate=rate, octaves=octaves)


def _run(lines: list[Line], nats: np.ndarray, row: int, first: int, stop: int) -> Run:
    order = [k for k in np.argsort(-nats, kind="stable").tolist() if k != row and nats[k] > 0]
    rivals = [(lines[k], float(nats[k])) for k in order]
    return Run(lines[row], first, stop, float(nats[row]), rivals)


def _explain(film, grid, line: Line, first: int, stop: int, free: list[np.ndarray]) -> None:
    """Take the landmarks that coincide on a line from those that are free."""
    frames = first / film.hop_s, stop / film.hop_s
    for channel, mask in zip(film.channels, free, strict=True):
        mask[matched_landmarks(channel, grid, line, frames)] = False


def _is_same(line: Line, known: Line, half: float) -> bool:
    """Whether a line of a track goes where a known one goes, `half` frames around its window."""
    before, after = (
        known.track_frame_at(frame) - line.track_frame_at(frame)
        for frame in (line.film_frame - half, line.film_frame + half)
    )
    gap = max(abs(before), abs(after))
    return gap <= SAME_FRAMES and abs(line.octaves - known.octaves) <= SAME_OCTAVES
