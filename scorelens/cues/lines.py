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
MIN_PLAIN_VOTES = 5  # of a line whose tempo or speed is the track's: fewer match by chance
PLAIN_FRAMES = 1.5  # by which the span of a triplet differs at most along such a line
PLAIN_RATE = 0.008  # and its rate
MAX_PITCH = 2.6 / 12  # octaves, up and down
MAX_TEMPO = 1.11  # and its inverse
TEMPO_STEP = 0.0025
CELL_S = 2.0  # of track time, in which votes are counted before the tempo is searched
CELL_OCTAVES = 1 / STEPS_PER_OCTAVE
CELLS_PER_LINE = 4  # cells that are searched for each line of a window
CELL_BITS, PITCH_BITS = 20, 6  # of the number of a cell
BIN_FRAMES = 2  # of track time at the middle of the window, in which votes of a tempo are counted
SAME_FRAMES = 40  # lines of a track nearer than this are one
SAME_RATE = 0.01
SAME_OCTAVES = 0.3 / 12
RATES = np.exp(np.linspace(-1, 1, 1 + 2 * round(np.log(MAX_TEMPO) / TEMPO_STEP)) * np.log(MAX_TEMPO))


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
        octaves = film.octaves[query] - index.triplets.octaves[entry]
        votes = _Votes(
            index.tracks[entry].astype(np.int64),
            film.frames[query] - middle,
            index.triplets.frames[entry],
            octaves,
            _is_plain(index.triplets.spans[entry], film.spans[query], octaves),
        )
        lines += [Line(track, middle, *line) for track, *line in _window_lines(votes, hop_s)]
    return lines


@dataclass(frozen=True)
class _Votes:
    """Matches of a window: film time from its middle and track time, frames; pitch, octaves.

    is_plain: whether the music plays at the tempo of the track, or as a whole at another speed.
    """

    track: np.ndarray
    film: np.ndarray
    position: np.ndarray
    octaves: np.ndarray
    is_plain: np.ndarray

    def select(self, chosen: np.ndarray) -> "_Votes":
        return _Votes(
            self.track[chosen],
            self.film[chosen],
            self.position[chosen],
            self.octaves[chosen],
            self.is_plain[chosen],
        )


def _is_plain(track_span: np.ndarray, film_span: np.ndarray, octaves: np.ndarray) -> np.ndarray:
    at_tempo = np.abs(track_span - film_span) <= PLAIN_FRAMES
    return at_tempo | (np.abs(track_span - film_span * np.exp2(octaves)) <= PLAIN_FRAMES)


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
    plain = _strongest_lines(votes.select(votes.is_plain), hop_s, MIN_PLAIN_VOTES, _plain_rates)
    free = _strongest_lines(votes, hop_s, MIN_VOTES, lambda _: RATES)
    return plain + [line for line in free if not any(_is_same(line, one) for one in plain)]


def _strongest_lines(votes: _Votes, hop_s: float, min_votes: int, rates_at) -> list[tuple]:
    """Lines with the most votes; `rates_at` lists the rates that lines of a pitch may have."""
    cell_frames = CELL_S / hop_s
    diagonal = votes.position - votes.film  # track frame at the middle, were the rate 1
    place = ((diagonal + WINDOW_S / hop_s) // cell_frames).astype(np.int64) + 1
    step = np.rint(votes.octaves / CELL_OCTAVES).astype(np.int64) + (1 << PITCH_BITS >> 1)
    cells = (votes.track << CELL_BITS | place) << PITCH_BITS | step
    order = np.argsort(cells)
    cells = cells[order]
    firsts = np.flatnonzero(np.diff(cells, prepend=-1))
    counts = np.diff(firsts, append=len(cells))
    best = np.argsort(-counts, kind="stable")[: CELLS_PER_LINE * WINDOW_LINES]
    lines: list[tuple] = []
    for cell in cells[firsts[best[2 * counts[best] >= min_votes]]].tolist():
        # Votes of neighbouring places follow one another.
        places = (cell >> PITCH_BITS) + np.array([-1, 2]) << PITCH_BITS
        near = votes.select(order[slice(*np.searchsorted(cells, places))])
        octaves = ((cell & (1 << PITCH_BITS) - 1) - (1 << PITCH_BITS >> 1)) * CELL_OCTAVES
        near = near.select(np.abs(near.octaves - octaves) <= 1.2 * CELL_OCTAVES)
        line = _best_rate(near.film, near.position, near.octaves, rates_at(octaves))
        line = (cell >> CELL_BITS + PITCH_BITS, *line)
        if line[-1] >= min_votes and not any(_is_same(line, one) for one in lines):
            lines.append(line)
    return sorted(lines, key=lambda line: -line[-1])[:WINDOW_LINES]


def _plain_rates(octaves: float) -> np.ndarray:
    """Rates near 1, and near that of a speed that changes the pitch so."""
    around = np.linspace(-PLAIN_RATE, PLAIN_RATE, 1 + 2 * round(PLAIN_RATE / TEMPO_STEP))
    return np.concatenate([1 + around, 2.0**octaves * (1 + around)])


def _best_rate(
    film: np.ndarray, position: np.ndarray, octaves: np.ndarray, rates: np.ndarray
) -> tuple[float, float, float, int]:
    """Track frame, rate, pitch and votes of the line through most of the matches (Hough)."""
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


def _is_same(line: tuple, other: tuple) -> bool:
    (track, frame, rate, octaves, _), (other_track, other_frame, other_rate, other_octaves, _) = (
        line,
        other,
    )
    return (
        track == other_track
        and abs(frame - other_frame) < SAME_FRAMES
        and abs(rate - other_rate) < SAME_RATE
        and abs(octaves - other_octaves) < SAME_OCTAVES
    )
