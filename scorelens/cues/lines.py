"""Propose lines along which a film may play a track: position, tempo and pitch, window by window.

All that a passage of music matches lies on one line of track time against film time, at one ratio
of pitch. Matches of triplets vote for it (`fingerprints.triplets`): the tempo need not be known.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from scorelens.fingerprints import (
    STEPS_PER_OCTAVE,
    TripletIndex,
    Triplets,
    concatenate_ranges,
    triplet_keys,
)

WINDOW_S = 20.0  # length of the half-overlapping windows in which lines are searched
WINDOW_LINES = 6  # of a window
MIN_VOTES = 8  # triplets that a line must have in a window
MAX_PITCH = 2.6 / 12  # octaves, up and down
MAX_TEMPO = 1.11  # and its inverse
TEMPO_STEP = 0.0025
CELL_S = 2.0  # of track time, in which votes are counted before the tempo is searched
CELL_OCTAVES = 1 / STEPS_PER_OCTAVE
CELLS_PER_LINE = 4  # cells that are searched for each line of a window
CELL_BITS, PITCH_BITS = 20, 6  # of the number of a cell
BIN_FRAMES = 2  # of track time at the middle of the window, in which votes of a tempo are counted
SAME_FRAMES = 40  # lines of a track nearer than this are one
SAME_OCTAVES = 0.3 / 12


class Line(NamedTuple):
    """A line of track time against film time.

    Parameters
    ----------
    track : int
        Position of the track in the index.
    film_frame, track_frame : float
        A point of the line: the middle of the window that showed it, hops.
    rate : float
        Track frames that pass in a frame of the film.
    octaves : float
        How much higher the film plays the track.
    votes : int
        Triplets on the line in its window.
    """

    track: int
    film_frame: float
    track_frame: float
    rate: float
    octaves: float
    votes: int

    def track_frame_at(self, film_frame: float | np.ndarray) -> float | np.ndarray:
        """Track time at a time of the film, hops."""
        return self.track_frame + self.rate * (film_frame - self.film_frame)


def propose_lines(film: Triplets, index: TripletIndex, hop_s: float) -> list[Line]:
    """Find the lines with the most votes in each window of a film.

    Parameters
    ----------
    film : Triplets
        Of the film, in order of time, with the thinning of the index.
    index : TripletIndex
        The album.
    hop_s : float
        Length of a frame, s.

    Returns
    -------
    list of Line
        Window by window, in each that with the most votes first.
    """
    keys = triplet_keys(film.hashes, film.octaves)
    reach = round(MAX_PITCH * STEPS_PER_OCTAVE)
    low = np.searchsorted(index.keys, keys - reach)
    counts = np.searchsorted(index.keys, keys + reach, side="right") - low
    lines = []
    for middle, window in _windows(film.frames, hop_s):
        entry = concatenate_ranges(low[window], counts[window])
        query = np.repeat(np.arange(window.start, window.stop), counts[window])
        rate = index.triplets.spans[entry] / film.spans[query]
        near = np.abs(np.log(rate)) <= np.log(MAX_TEMPO)
        entry, query = entry[near], query[near]
        votes = _Votes(
            index.tracks[entry].astype(np.int64),
            film.frames[query] - middle,
            index.triplets.frames[entry],
            film.octaves[query] - index.triplets.octaves[entry],
        )
        lines += [Line(track, middle, *line) for track, *line in _window_lines(votes, hop_s)]
    return lines


@dataclass(frozen=True)
class _Votes:
    """Matches of a window: film time from its middle and track time, frames; pitch, octaves."""

    track: np.ndarray
    film: np.ndarray
    position: np.ndarray
    octaves: np.ndarray


def _windows(frames: np.ndarray, hop_s: float) -> Iterator[tuple[float, slice]]:
    """Middle of each window, and the triplets that start in it."""
    length, stop = WINDOW_S / hop_s, frames[-1:].max(initial=-1) + 1
    starts = np.arange(0, stop, length / 2)
    low, high = np.searchsorted(frames, starts), np.searchsorted(frames, starts + length)
    for start, a, b in zip(starts, low, high, strict=True):
        if b > a:
            yield start + length / 2, slice(a, b)


def _window_lines(votes: _Votes, hop_s: float) -> list[tuple]:
    """Track, track frame, rate, pitch and votes of the lines of a window, the strongest first."""
    cell_frames = CELL_S / hop_s
    diagonal = votes.position - votes.film  # track frame at the middle, were the rate 1
    place = ((diagonal + WINDOW_S / hop_s) // cell_frames).astype(np.int64)
    step = np.rint(votes.octaves / CELL_OCTAVES).astype(np.int64) + (1 << PITCH_BITS >> 1)
    cells = (votes.track << CELL_BITS | place) << PITCH_BITS | step
    values, counts = np.unique(cells, return_counts=True)
    order = np.argsort(-counts, kind="stable")[: CELLS_PER_LINE * WINDOW_LINES]
    lines: list[tuple] = []
    for cell, count in zip(values[order].tolist(), counts[order].tolist(), strict=True):
        if 2 * count < MIN_VOTES:
            break
        track = cell >> CELL_BITS + PITCH_BITS
        middle = ((cell >> PITCH_BITS & (1 << CELL_BITS) - 1) + 0.5) * cell_frames
        middle -= WINDOW_S / hop_s
        octaves = ((cell & (1 << PITCH_BITS) - 1) - (1 << PITCH_BITS >> 1)) * CELL_OCTAVES
        near = (votes.track == track) & (np.abs(votes.octaves - octaves) <= 1.2 * CELL_OCTAVES)
        near &= np.abs(diagonal - middle) <= 1.5 * cell_frames
        line = _best_rate(votes.film[near], votes.position[near], votes.octaves[near])
        if line[-1] >= MIN_VOTES and not any(_is_same(track, line, one) for one in lines):
            lines.append((track, *line))
    return sorted(lines, key=lambda line: -line[-1])[:WINDOW_LINES]


def _best_rate(film: np.ndarray, position: np.ndarray, octaves: np.ndarray) -> tuple:
    """Track frame, rate, pitch and votes of the line through most of the matches (Hough)."""
    span = np.log(MAX_TEMPO)
    rates = np.exp(np.linspace(-span, span, 2 * round(span / TEMPO_STEP) + 1))
    level = position - rates[:, None] * film
    bins = np.rint(level / BIN_FRAMES).astype(np.int64)
    bins -= bins.min()
    width = int(bins.max()) + 2
    flat = (bins + width * np.arange(len(rates))[:, None]).ravel()
    counts = np.bincount(flat, minlength=width * len(rates)).reshape(-1, width)
    counts[:, :-1] += counts[:, 1:]  # a line that falls between two bins
    row, column = np.unravel_index(counts.argmax(), counts.shape)
    on_line = (bins[row] == column) | (bins[row] == column + 1)
    frame = float(np.median(level[row][on_line]))
    return frame, float(rates[row]), float(np.median(octaves[on_line])), int(counts[row, column])


def _is_same(track: int, line: tuple, other: tuple) -> bool:
    frame, _, octaves, _ = line
    is_near = abs(frame - other[1]) < SAME_FRAMES and abs(octaves - other[3]) < SAME_OCTAVES
    return track == other[0] and is_near
