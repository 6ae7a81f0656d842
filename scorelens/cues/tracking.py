"""Follow the music of a film: which lines play when, several at once.

The best path through the lines is found twice. The second time landmarks that the first cues
explain count no more, so that music under other music remains.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import NamedTuple

import numpy as np

from scorelens.cues import viterbi
from scorelens.cues.coincidence import TrackLandmarks, fit_line, line_evidence, matched_landmarks
from scorelens.cues.lines import WINDOW_S, Line, propose_lines
from scorelens.fingerprints import Landmarks, TripletIndex, join_triplets, make_triplets

REACH_S = 45.0  # how far beyond its window a line is followed
SAME_FRAMES = 6  # lines of a track that meet within so many frames, and
SAME_OCTAVES = 0.012  # are as high, are one
ROUNDS = 2  # tracks at once
NEAR_SHARE = 0.5  # of the onset penalty that the window of a line must bring
GRIDS = 2  # of tracks that are held in memory, 16 MB each for three minutes


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
    for number in range(ROUNDS):
        lines = fit_lines(film, tracks, _propose(film, index, free, runs), lines)
        row_of = partial(_row, film, tracks, grid_of, free if number else None, max_evidence_per_s)
        lines, nats = _promising(lines, row_of, onset_penalty)
        path = viterbi.runs(viterbi.best_path(nats, onset_penalty))
        spans = sorted(path, key=lambda run: lines[run[0]].track)
        longer = [_refitted(film, tracks, lines[row], first, stop) for row, first, stop in spans]
        if longer:
            # Fitted to all that it explains, a line is followed further than from one window.
            rows = [row_of(line, *span[1:]) for line, span in zip(longer, spans, strict=True)]
            lines, nats = lines + longer, np.concatenate([nats, np.stack(rows)])
            path = viterbi.runs(viterbi.best_path(nats, onset_penalty))
        for row, first, stop in sorted(path, key=lambda run: lines[run[0]].track):
            runs.append(_run(lines, nats[:, first:stop].sum(axis=1), row, first, stop))
            _explain(film, grid_of(lines[row].track), lines[row], first, stop, free)
    return sorted(runs, key=lambda run: run.first)


def _propose(film: Film, index: TripletIndex, free, runs: Sequence[Run]) -> list[Line]:
    """Lines of the landmarks that are free, in the runs if there are any."""
    parts = []
    for channel, mask in zip(film.channels, free, strict=True):
        second = (channel.frames * film.hop_s).astype(np.int64)
        plays = np.zeros(film.seconds, bool)
        for run in runs:
            plays[run.first : run.stop] = True
        usable = mask & plays[second] if runs else mask
        parts.append(make_triplets(channel.select(usable), index.thinning))
    return propose_lines(join_triplets(parts), index, film.hop_s)


def _promising(lines, row_of, onset_penalty: float) -> tuple[list[Line], np.ndarray]:
    """Lines that bring the onset penalty somewhere, and their evidence, float32 (k, seconds)."""
    rows, promising = [], []
    for line in lines:
        near = viterbi.max_run_sum(row_of(line, reach_s=0.0)[None])[0]
        if near <= NEAR_SHARE * onset_penalty:
            continue
        row = row_of(line)
        if viterbi.max_run_sum(row[None])[0] > onset_penalty:
            rows.append(row)
            promising.append(line)
    return promising, np.stack(rows) if rows else np.zeros((0, row_of.args[0].seconds), np.float32)


def _refitted(film: Film, tracks, line: Line, first: int, stop: int) -> Line:
    """A line fitted to all seconds of a run."""
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


def _row(
    film, tracks, grid_of, free, max_evidence_per_s: float, line: Line, first=None, stop=None, reach_s=REACH_S
) -> np.ndarray:
    """Evidence of a line in every second of the film, float32, around its window or a run."""
    if first is None:
        centre = line.film_frame * film.hop_s
        first, stop = centre - WINDOW_S / 2, centre + WINDOW_S / 2
    stretch = max(0.0, first - reach_s), min(float(film.seconds), stop + reach_s)
    evidence = line_evidence(
        film.channels, tracks[line.track], grid_of(line.track), line, stretch, film.hop_s, free
    )
    row = np.full(film.seconds, FAR, np.float32)
    row[evidence.first : evidence.first + len(evidence.nats)] = evidence.nats
    return np.minimum(row, max_evidence_per_s)


def _is_same(line: Line, known: Line, half: float) -> bool:
    """Whether a line of a track goes where a known one goes, `half` frames around its window."""
    before, after = (
        known.track_frame_at(frame) - line.track_frame_at(frame)
        for frame in (line.film_frame - half, line.film_frame + half)
    )
    gap = max(abs(before), abs(after))
    return gap <= SAME_FRAMES and abs(line.octaves - known.octaves) <= SAME_OCTAVES
