"""Match the hashes of a film with an album and find the alignments of film time with track time.

An alignment is one track at one diagonal, film frame minus track frame. The diagonal may drift
where the film runs a little faster or slower than the track. All that a cue matches lies on its
alignment; chance matches are spread over all of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from scorelens.fingerprints import Index, concatenate_ranges, hash_span

STEP_S = 1.0  # evidence is added up by the second
SEARCH_S = 20.0  # length of the half-overlapping windows in which alignments are searched
MAX_CANDIDATES = 10  # alignments of a window
MIN_CANDIDATE_NATS = 15.0
TOLERANCE_FRAMES = 1  # a peak moves by a frame as noise is added to it
SLOPE_FRAMES = 3  # matches so near to an alignment show its slope
TRACKING_S = 60.0  # windows within this span show whether an alignment drifts
MAX_SLOPE = 0.003  # a track that drifts more from its film shares too few hashes with it
KEY_SHIFT = 22  # bits of an alignment's key that hold the diagonal
KEY_ORIGIN = 1 << 21  # added to the diagonals, which may be negative


@dataclass(frozen=True)
class FilmHashes:
    """The hashes of a film in order of time.

    Parameters
    ----------
    hashes : ndarray of uint32, shape (n,)
        As `fingerprints.pair_landmarks` makes them.
    frames : ndarray of int32, shape (n,)
        Time in the film, hops.
    """

    hashes: np.ndarray
    frames: np.ndarray


@dataclass(frozen=True)
class Alignments:
    """Alignments of film with tracks.

    Parameters
    ----------
    track : ndarray of int64, shape (k,)
        Position of the track in the index.
    diagonal : ndarray of float64, shape (k,)
        Film frame minus track frame at the start of the film.
    slope : ndarray of float64, shape (k,)
        Frames that the diagonal grows by in a frame of film.
    """

    track: np.ndarray
    diagonal: np.ndarray
    slope: np.ndarray

    def keys(self, frame: float) -> np.ndarray:
        """Track and diagonal at a frame of the film, packed into one int64 each."""
        diagonal = np.rint(self.diagonal + self.slope * frame).astype(np.int64)
        return (self.track << KEY_SHIFT) + diagonal + KEY_ORIGIN

    def select(self, mask: np.ndarray) -> "Alignments":
        return Alignments(self.track[mask], self.diagonal[mask], self.slope[mask])


@dataclass(frozen=True)
class Matches:
    """Hashes that film and album share.

    Parameters
    ----------
    alignment : ndarray of int64, shape (n,)
        Key of the alignment that the match lies on, or its position in an `Alignments`.
    diagonal : ndarray of int32, shape (n,)
        Film frame minus track frame.
    start, end : ndarray of int32, shape (n,)
        Film frames of the two landmarks.
    nats : ndarray of float32, shape (n,)
        Evidence of the match.
    """

    alignment: np.ndarray
    diagonal: np.ndarray
    start: np.ndarray
    end: np.ndarray
    nats: np.ndarray

    def select(self, mask: np.ndarray) -> "Matches":
        return Matches(*(column[mask] for column in self.columns))

    @property
    def columns(self) -> tuple[np.ndarray, ...]:
        return self.alignment, self.diagonal, self.start, self.end, self.nats

    @classmethod
    def empty(cls) -> "Matches":
        dtypes = np.int64, np.int32, np.int32, np.int32, np.float32
        return cls(*(np.zeros(0, dtype) for dtype in dtypes))


@dataclass(frozen=True)
class Candidates:
    """Alignments that stand out in a window of the film.

    Parameters
    ----------
    key : ndarray of int64, shape (n,)
        Track and diagonal, packed.
    nats : ndarray of float64, shape (n,)
        Evidence in the window.
    frame : ndarray of float64, shape (n,)
        Film frame at the weighted mean of the matches.
    diagonal : ndarray of float64, shape (n,)
        Diagonal at that frame.
    slope : ndarray of float64, shape (n,)
        Slope of the diagonal, by weighted regression.
    spread : ndarray of float64, shape (n,)
        Weighted sum of squared distances of the matches from `frame`, nats frames^2. The precision
        of the slope grows with it.
    """

    key: np.ndarray
    nats: np.ndarray
    frame: np.ndarray
    diagonal: np.ndarray
    slope: np.ndarray
    spread: np.ndarray

    @property
    def columns(self) -> tuple[np.ndarray, ...]:
        return self.key, self.nats, self.frame, self.diagonal, self.slope, self.spread


def search_alignments(film: FilmHashes, index: Index, matched_share: float) -> list[Candidates]:
    """Find the alignments that stand out in each window of a film.

    Parameters
    ----------
    film : FilmHashes
        The film.
    index : Index
        The album at one speed.
    matched_share : float
        Share of the film's hashes that a playing track is expected to match, 0..1.

    Returns
    -------
    list of Candidates
        One a window, each with the strongest alignment first.
    """
    candidates = []
    for window in windows(film, index, SEARCH_S, SEARCH_S / 2):
        matches, _ = match_hashes(window, index, matched_share)
        keys, nats = _strongest(matches)
        rows = np.array([_regress(matches, key) for key in keys]).reshape(-1, 4)
        candidates.append(Candidates(keys, nats, *rows.T))
    return candidates


def choose_alignments(candidates: list[Candidates], index: Index, drift: float) -> Alignments:
    """Merge the candidates of all windows: each alignment once, where it is strongest.

    Parameters
    ----------
    candidates : list of Candidates
        Of the film's windows.
    index : Index
        The album.
    drift : float
        Slope that an alignment gets unless it clearly drifts away from it.

    Returns
    -------
    Alignments
    """
    if not candidates:
        return Alignments(np.zeros(0, np.int64), np.zeros(0), np.zeros(0))
    columns = zip(*(window.columns for window in candidates), strict=True)
    every = Candidates(*(np.concatenate(column) for column in columns))
    slopes = np.full(len(every.key), drift)
    alignments = Alignments(every.key >> KEY_SHIFT, every.diagonal.copy(), slopes)
    chosen: list[int] = []
    for position in np.lexsort((every.key, -every.nats)).tolist():
        known = alignments.select(np.array(chosen, np.int64))
        gap = known.diagonal + known.slope * every.frame[position] - every.diagonal[position]
        same_track = known.track == alignments.track[position]
        if not (same_track & (np.abs(gap) <= 2 * TOLERANCE_FRAMES)).any():
            slopes[position] = _fit_slope(every, index, position, drift)
            alignments.diagonal[position] -= slopes[position] * every.frame[position]
            chosen.append(position)
    return alignments.select(np.sort(np.array(chosen, np.int64)))


def match_hashes(
    film: FilmHashes, index: Index, matched_share: float
) -> tuple[Matches, np.ndarray]:
    """Match the hashes of a film with those of an album.

    A hash with `c` of the album's `n` entries weighs log(matched_share * n / c) nats: the log ratio
    of how often it occurs if `matched_share` of the film's hashes are the track's, to how often it
    is drawn from the album by chance. Hashes that weigh nothing, the commonest, are skipped.
    Neighbouring pairs share landmarks, so this is on purpose less than independent pairs would
    weigh.

    Parameters
    ----------
    film : FilmHashes
        The film, or a window of it.
    index : Index
        The album at one speed.
    matched_share : float
        Share of the film's hashes that a playing track is expected to match, 0..1.

    Returns
    -------
    matches : Matches
        With keys as `alignment`.
    counts : ndarray of int64, shape (len(film.hashes),)
        Matches of each hash.
    """
    low = np.searchsorted(index.hashes, film.hashes)
    counts = np.searchsorted(index.hashes, film.hashes, side="right") - low
    nats = np.log(matched_share * max(1, len(index.hashes)) / np.maximum(counts, 1))
    counts[nats <= 0] = 0
    entry = concatenate_ranges(low, counts)
    start = np.repeat(film.frames, counts)
    diagonal = start - index.frames[entry]
    key = (index.tracks[entry].astype(np.int64) << KEY_SHIFT) + diagonal + KEY_ORIGIN
    end = start + hash_span(index.hashes[entry])
    return Matches(key, diagonal, start, end, np.repeat(nats, counts).astype(np.float32)), counts


def windows(film: FilmHashes, index: Index, length_s: float, hop_s: float) -> Iterator[FilmHashes]:
    """Cut the hashes of a film into windows.

    Parameters
    ----------
    film : FilmHashes
        The film.
    index : Index
        The album; gives the hop of the frames.
    length_s, hop_s : float
        Length of a window and distance between the starts of two windows, s.

    Yields
    ------
    FilmHashes
    """
    stop = film.frames[-1:].max(initial=-1) + 1
    starts = np.arange(0, stop, hop_s / index.settings.hop_s)
    low = np.searchsorted(film.frames, starts)
    high = np.searchsorted(film.frames, starts + length_s / index.settings.hop_s)
    for a, b in zip(low, high, strict=True):
        yield FilmHashes(film.hashes[a:b], film.frames[a:b])


def _strongest(matches: Matches) -> tuple[np.ndarray, np.ndarray]:
    """Keys with the most evidence, and how much it is, counting the diagonals beside them."""
    keys, inverse = np.unique(matches.alignment, return_inverse=True)
    sums = np.concatenate([[0.0], np.cumsum(np.bincount(inverse, matches.nats, len(keys)))])
    total = sums[np.searchsorted(keys, keys + TOLERANCE_FRAMES, side="right")]
    total -= sums[np.searchsorted(keys, keys - TOLERANCE_FRAMES)]
    best = np.argsort(-total, kind="stable")[:MAX_CANDIDATES]
    best = best[total[best] >= MIN_CANDIDATE_NATS]
    return keys[best], total[best]


def _fit_slope(every: Candidates, index: Index, position: int, drift: float) -> float:
    """Slope of one candidate along the windows around it that hold the same alignment."""
    distance = every.frame - every.frame[position]
    gap = every.diagonal - every.diagonal[position] - drift * distance
    same_track = every.key >> KEY_SHIFT == every.key[position] >> KEY_SHIFT
    near = same_track & (np.abs(gap) <= SLOPE_FRAMES)
    near &= np.abs(distance) <= TRACKING_S / 2 / index.settings.hop_s
    weight = every.nats[near]
    distance, gap = distance[near] - np.average(distance[near], weights=weight), gap[near]
    slope = (weight * distance * gap).sum() / max(1.0, (weight * distance**2).sum())
    is_clear = abs(slope) * np.ptp(distance) > TOLERANCE_FRAMES
    return drift + slope if abs(slope) <= MAX_SLOPE and is_clear else drift


def _regress(matches: Matches, key: int) -> tuple[float, float, float, float]:
    """Frame, diagonal, slope and spread of the matches near an alignment."""
    near = np.abs(matches.alignment - key) <= SLOPE_FRAMES
    start, nats = matches.start[near].astype(np.float64), matches.nats[near]
    residual = (matches.alignment[near] - key).astype(np.float64)
    frame, middle = np.average(start, weights=nats), np.average(residual, weights=nats)
    spread = (nats * (start - frame) ** 2).sum()
    slope = (nats * (start - frame) * (residual - middle)).sum() / max(spread, 1.0)
    return frame, (key & ((1 << KEY_SHIFT) - 1)) - KEY_ORIGIN + middle, slope, spread
