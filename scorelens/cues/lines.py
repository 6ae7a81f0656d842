"""Propose lines along which a film may play a track: position, tempo and pitch, window by window.

All that a passage of music matches lies on one line of track time against film time, at one ratio
of pitch. Matches of triplets vote for it (`fingerprints.triplets`): the tempo need not be known.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from scorelens.fingerprints import (
    FARTHEST_FRAMES,
    STEPS_PER_OCTAVE,
    Landmarks,
    TripletIndex,
    Triplets,
    concatenate_ranges,
    join_triplets,
    make_triplets,
    triplet_keys,
)

WINDOW_S = 20.0  # length of the half-overlapping windows in which lines are searched
BLOCK_WINDOWS = 60  # whose triplets are in memory at once
MIN_VOTES = 8  # triplets that a line must have in a window
MIN_PLAIN_VOTES = 5  # of a line whose tempo or speed is the track's: fewer match by chance
PLAIN_FRAMES = 1.5  # by which the span of a triplet differs at most along such a line
PLAIN_RATE = 0.008  # and its rate
MAX_TEMPO = 1.11  # and its inverse
TEMPO_STEP = 0.0025
CELL_S = 2.0  # of track time, in which votes are counted before the tempo is searched
CELL_OCTAVES = 1 / STEPS_PER_OCTAVE
CELLS_PER_LINE = 4  # cells that are searched for each line of a window
MAX_SPAN_FRAMES = 2 * FARTHEST_FRAMES  # of a triplet
CELL_BITS, PITCH_BITS = 20, 6  # of the number of a cell
BIN_FRAMES = 2  # of track time at the middle of the window, in which votes of a tempo are counted
SAME_FRAMES = 40  # lines of a track nearer than this are one
SAME_RATE = 0.01
SAME_OCTAVES = 0.3 / 12
AROUND = np.linspace(-PLAIN_RATE, PLAIN_RATE, 1 + 2 * round(PLAIN_RATE / TEMPO_STEP))
RATES = np.exp(
    np.linspace(-1, 1, 1 + 2 * round(np.log(MAX_TEMPO) / TEMPO_STEP)) * np.log(MAX_TEMPO)
)


class Search(NamedTuple):
    """What a search looks for, and at which cost.

    Parameters
    ----------
    is_wide : bool
        Whether tempo and pitch may change apart, or only together, as with speed.
    max_octaves : float
        How much higher or lower the music may be.
    window_lines : int
        Lines of each kind that are proposed for a window.
    rounds : int
        Tracks that may play at once.
    max_entries : int
        Triplets of the album.
    """

    is_wide: bool
    max_octaves: float
    window_lines: int
    rounds: int
    max_entries: int


SEARCHES = {
    "wide": Search(True, 2.6 / 12, 6, 2, 4_000_000),
    "narrow": Search(False, 1.3 / 12, 4, 1, 2_000_000),
}


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


def propose_lines(
    channels: Sequence[Landmarks], index: TripletIndex, hop_s: float, search: Search
) -> list[Line]:
    """Find the lines with the most votes in each window of a film.

    Parameters
    ----------
    channels : sequence of Landmarks
        Of the film. Memory does not grow with its length.
    index : TripletIndex
        The album.
    hop_s : float
        Length of a frame, s.
    search : Search
        One of `SEARCHES`.

    Returns
    -------
    list of Line
        Window by window, in each that with the most votes first.
    """
    length = WINDOW_S / hop_s
    stop = max((one.frames[-1:].max(initial=-1) for one in channels), default=-1) + 1
    starts = np.arange(0, stop, length / 2)
    lines = []
    for number in range(0, len(starts), BLOCK_WINDOWS):
        block = starts[number : number + BLOCK_WINDOWS]
        part = [one.between(block[0], block[-1] + length + MAX_SPAN_FRAMES) for one in channels]
        film = join_triplets([make_triplets(one, index.thinning) for one in part])
        find = _MatchFinder.of(film, index, search)
        bounds = np.searchsorted(film.frames, block), np.searchsorted(film.frames, block + length)
        for start, low, high in zip(block, *bounds, strict=True):
            votes = find.votes(slice(low, high), start + length / 2)
            best = _window_lines(votes, search, hop_s)
            lines += [Line(track, start + length / 2, *line) for track, *line in best]
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


@dataclass(frozen=True)
class _MatchFinder:
    """Triplets of a stretch of film, and the range of the index that each may match."""

    film: Triplets
    index: TripletIndex
    search: Search
    low: np.ndarray
    counts: np.ndarray

    @classmethod
    def of(cls, film: Triplets, index: TripletIndex, search: Search) -> "_MatchFinder":
        keys = triplet_keys(film.hashes, film.octaves)
        reach = round(search.max_octaves * STEPS_PER_OCTAVE)
        order = np.argsort(keys)  # numbers in order are found much faster
        low, high = np.empty((2, len(keys)), np.int64)
        low[order] = np.searchsorted(index.keys, keys[order] - reach)
        high[order] = np.searchsorted(index.keys, keys[order] + reach, side="right")
        return cls(film, index, search, low, high - low)

    def votes(self, window: slice, middle: float) -> _Votes:
        """Matches of the triplets of a window."""
        film, index = self.film, self.index.triplets
        entry = concatenate_ranges(self.low[window], self.counts[window])
        query = np.repeat(np.arange(window.start, window.stop), self.counts[window])
        octaves = film.octaves[query] - index.octaves[entry]
        track_span, film_span = index.spans[entry], film.spans[query]
        is_plain = np.abs(track_span - film_span * np.exp2(octaves)) <= PLAIN_FRAMES
        if self.search.is_wide:
            is_plain |= np.abs(track_span - film_span) <= PLAIN_FRAMES
            rate = np.log2(track_span / film_span, dtype=np.float32)
            is_near = np.maximum(np.abs(rate), np.abs(rate - octaves)) <= np.log2(MAX_TEMPO)
        kept = np.flatnonzero(is_near if self.search.is_wide else is_plain)
        entry, query = entry[kept], query[kept]
        return _Votes(
            self.index.tracks[entry].astype(np.int64),
            film.frames[query] - middle,
            index.frames[entry],
            octaves[kept],
            is_plain[kept],
        )


def _window_lines(votes: _Votes, search: Search, hop_s: float) -> list[tuple]:
    """Track, track frame, rate, pitch and votes of the lines of a window, the strongest first."""
    strongest = partial(_strongest_lines, hop_s=hop_s, count=search.window_lines)
    if not search.is_wide:
        return strongest(votes, min_votes=MIN_PLAIN_VOTES, rates_at=_speeds)
    plain = votes.select(votes.is_plain)
    lines = strongest(plain, min_votes=MIN_PLAIN_VOTES, rates_at=_plain_rates)
    free = strongest(votes, min_votes=MIN_VOTES, rates_at=lambda _: RATES)
    return lines + [line for line in free if not any(_is_same(line, one) for one in lines)]


def _strongest_lines(
    votes: _Votes, hop_s: float, count: int, min_votes: int, rates_at
) -> list[tuple]:
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
    best = np.argsort(-counts, kind="stable")[: CELLS_PER_LINE * count]
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
    return sorted(lines, key=lambda line: -line[-1])[:count]


def _speeds(octaves: float) -> np.ndarray:
    """Rates near that of a speed that changes the pitch so."""
    return 2.0**octaves * (1 + AROUND)


def _plain_rates(octaves: float) -> np.ndarray:
    return np.concatenate([1 + AROUND, _speeds(octaves)])


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
