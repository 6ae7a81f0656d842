"""Find recordings that share sound: the same track on two albums, two cuts of one film.

All hashes of all sketches are sorted once; equal ones are neighbours. Where two recordings share
sound, many different hashes agree on one offset between them.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from scorelens.fingerprints.sketches import Sketch, first_bins

MAX_NEIGHBOURS = 16  # a hash that more recordings have says little of two of them
TOLERANCE_FRAMES = 1  # of an offset: a landmark moves by a frame as a sound is cut or coded
# Hashes that agree on one offset, all different, and bins that they begin in. Unrelated tracks
# had 4 at most in 3 bins, copies one a second at least (docs/albums.md has the figures).
MIN_HASHES, MIN_BINS = 8, 4
MIN_SHARED_S, MIN_TRACK_SHARE = 10.0, 0.5  # of two tracks one suffices: a passage, or a short track
MIN_FILM_SHARE = 0.05  # of two films: more than the fanfare of a studio or a song
REACH_S = 1  # seconds around a hash that agrees, which count as shared


class SharedSound(NamedTuple):
    """Two recordings that share sound.

    Parameters
    ----------
    first, second : int
        Numbers of the recordings, the first one smaller.
    offset_s : float
        What a time of the second recording must be increased by to be that of the first, s; of
        several offsets the one on which most hashes agree.
    shared_s : float
        How much of the sound they share, s: the smaller of both recordings' counts.
    share : float
        The same as a share of the sound of the shorter one, 0..1. Silence does not count.
    """

    first: int
    second: int
    offset_s: float
    shared_s: float
    share: float


def find_shared_sound(
    sketches: Sequence[Sketch], owner: Sequence[int] | np.ndarray
) -> Iterator[SharedSound]:
    """Find the pairs of recordings that share sound.

    Time grows with the number of hashes (and its logarithm), not with the number of pairs.

    Parameters
    ----------
    sketches : sequence of Sketch
        Of the recordings, of one hop.
    owner : sequence of int
        Number of the album, or film, of each recording; recordings of one are not compared.

    Yields
    ------
    SharedSound
        In order of both numbers.
    """
    pairs = _equal_hashes(sketches, np.asarray(owner))
    for rows in _by_pair(pairs):
        agreeing = _agreeing(pairs, rows)
        if len(agreeing):
            yield _shared(pairs, agreeing, sketches)


class _Pairs(NamedTuple):
    """Hashes that two recordings have: their numbers, the hash, and its first frame in both."""

    first: np.ndarray
    second: np.ndarray
    hashes: np.ndarray
    first_frame: np.ndarray
    second_frame: np.ndarray


def _equal_hashes(sketches: Sequence[Sketch], owner: np.ndarray) -> _Pairs:
    """All pairs of equal hashes of recordings with different owners.

    Of a hash that a recording has several times, as music in loops does, the first time counts.
    """
    firsts = [np.unique(sketch.hashes, return_index=True) for sketch in sketches]
    number = np.repeat(np.arange(len(sketches)), [len(rows) for _, rows in firsts])
    hashes = np.concatenate([np.zeros(0, np.uint64), *(hashes for hashes, _ in firsts)])
    frames = [sketch.frames[rows] for sketch, (_, rows) in zip(sketches, firsts, strict=True)]
    order = np.argsort(hashes, kind="stable")  # of equal hashes the earlier recording comes first
    hashes, number = hashes[order], number[order]
    frames = np.concatenate([np.zeros(0, np.int32), *frames])[order]
    parts = [np.zeros((2, 0), np.int64)]
    for lag in range(1, min(MAX_NEIGHBOURS, len(hashes))):
        early = np.flatnonzero(hashes[lag:] == hashes[:-lag])
        early = early[owner[number[early]] != owner[number[early + lag]]]
        parts.append(np.stack([early, early + lag]))
    early, late = np.concatenate(parts, axis=1)
    return _Pairs(number[early], number[late], hashes[early], frames[early], frames[late])


def _by_pair(pairs: _Pairs) -> Iterator[np.ndarray]:
    """Rows of each pair of recordings with enough equal hashes, in order of both numbers."""
    order = np.lexsort([pairs.second, pairs.first])
    first, second = pairs.first[order], pairs.second[order]
    starts = np.flatnonzero((np.diff(first, prepend=-1) != 0) | (np.diff(second, prepend=-1) != 0))
    lengths = np.diff(starts, append=len(order))
    enough = lengths >= MIN_HASHES
    for start, length in zip(starts[enough], lengths[enough], strict=True):
        yield order[start : start + length]


def _agreeing(pairs: _Pairs, rows: np.ndarray) -> np.ndarray:
    """Rows of offsets on which enough hashes agree; those of the best offset come first."""
    offsets = pairs.first_frame[rows].astype(np.int64) - pairs.second_frame[rows]
    rows, offsets = rows[np.argsort(offsets, kind="stable")], np.sort(offsets)
    low = np.searchsorted(offsets, offsets - TOLERANCE_FRAMES)
    high = np.searchsorted(offsets, offsets + TOLERANCE_FRAMES, side="right")
    spans = sorted({*zip(low, high, strict=True)}, key=lambda span: (span[0] - span[1], span[0]))
    chosen = [rows[low:high] for low, high in spans if _is_varied(pairs.hashes[rows[low:high]])]
    return np.concatenate([np.zeros(0, np.int64), *chosen])


def _is_varied(hashes: np.ndarray) -> bool:
    """Whether these are enough different hashes, in bins enough; a tone has few."""
    return len(hashes) >= MIN_HASHES and len(np.unique(first_bins(hashes))) >= MIN_BINS


def _shared(pairs: _Pairs, rows: np.ndarray, sketches: Sequence[Sketch]) -> SharedSound:
    """What two recordings share. rows: of `_agreeing`."""
    first, second = int(pairs.first[rows[0]]), int(pairs.second[rows[0]])
    both = sketches[first], sketches[second]
    shared_s = min(_seconds_with(sketch, pairs.hashes[rows]) for sketch in both)
    offset = int(pairs.first_frame[rows[0]]) - int(pairs.second_frame[rows[0]])
    lengths_s = [len(np.unique(sketch.seconds)) for sketch in both]
    share = shared_s / min(lengths_s)
    return SharedSound(first, second, offset * both[0].hop_s, float(shared_s), share)


def _seconds_with(sketch: Sketch, hashes: np.ndarray) -> int:
    """How many seconds of a recording lie within `REACH_S` of one of some hashes."""
    matched_s = np.unique(sketch.seconds[np.isin(sketch.hashes, hashes)])
    reach = np.arange(-REACH_S, REACH_S + 1)
    return int(np.isin(np.unique(sketch.seconds), matched_s[:, None] + reach).sum())
