"""Add up, second by second, the evidence that each alignment of film with track plays."""

from dataclasses import dataclass

import numpy as np

from scorelens.cues.alignment import (
    STEP_S,
    TOLERANCE_FRAMES,
    Alignments,
    FilmHashes,
    Matches,
    match_hashes,
    windows,
)
from scorelens.fingerprints import Index

GATHER_S = 5.0  # a drifting alignment keeps its diagonal for so long
ALIGNMENTS_BLOCK = 256  # alignments summed by the second at once, to bound the memory


@dataclass(frozen=True)
class Evidence:
    """The evidence for each alignment, second by second.

    Parameters
    ----------
    alignments : Alignments
        k alignments.
    nats : ndarray of float32, shape (k, seconds)
        Log likelihood ratio of "this alignment plays" to "no music of the album plays".
    matches : Matches
        The matches on the alignments; their `alignment` is a position 0..k-1.
    chance : ndarray of float64, shape (seconds,)
        Matches that an alignment gets by chance.
    """

    alignments: Alignments
    nats: np.ndarray
    matches: Matches
    chance: np.ndarray


def second_of(frames: np.ndarray, index: Index) -> np.ndarray:
    """Second of the film that each frame falls in.

    Parameters
    ----------
    frames : ndarray of int, shape (n,)
        Film frames, hops.
    index : Index
        The album; gives the hop.

    Returns
    -------
    ndarray of int64, shape (n,)
    """
    return (frames * (index.settings.hop_s / STEP_S)).astype(np.int64)


def gather_evidence(
    film: FilmHashes,
    index: Index,
    alignments: Alignments,
    matched_share: float,
    max_evidence_per_s: float,
    min_evidence: float,
) -> Evidence:
    """Add up the evidence of every alignment that may hold a cue.

    Parameters
    ----------
    film : FilmHashes
        The film.
    index : Index
        The album at one speed.
    alignments : Alignments
        Those to consider.
    matched_share : float
        Share of the film's hashes that a playing track is expected to match, 0..1. Each second
        costs an alignment this share of the second's hashes.
    max_evidence_per_s : float
        Upper limit of the evidence that one second gives, nats.
    min_evidence : float
        An alignment whose best run of seconds has no more than this is left out, nats. The Viterbi
        path never takes it if this is the onset penalty.

    Returns
    -------
    Evidence
    """
    seconds = second_of(film.frames[-1:], index).max(initial=-1) + 1
    cost = matched_share * np.bincount(second_of(film.frames, index), minlength=seconds)
    matches, chance = _gather_matches(film, index, matched_share, alignments, seconds)
    retained = np.zeros(len(alignments.track), bool)
    nats = np.empty((len(retained), seconds), np.float32)  # untouched rows take no memory
    filled = 0
    for first in range(0, len(retained), ALIGNMENTS_BLOCK):
        block = slice(first, first + ALIGNMENTS_BLOCK)
        gain = _sum_by_second(matches, block, index, seconds)[: len(retained) - first]
        rows = (np.minimum(gain, max_evidence_per_s) - cost).astype(np.float32)
        retained[block] = max_run_sum(rows) > min_evidence
        rows = rows[retained[block]]
        nats[filled : filled + len(rows)] = rows
        filled += len(rows)
    matches = _renumber(matches, retained)
    return Evidence(alignments.select(retained), nats[:filled], matches, chance)


def max_run_sum(values: np.ndarray) -> np.ndarray:
    """Largest sum of consecutive entries of each row (the maximum subarray sum).

    Parameters
    ----------
    values : ndarray, shape (k, n)
        Any numbers.

    Returns
    -------
    ndarray of float64, shape (k,)
        0 where no entry is positive.

    Examples
    --------
    >>> max_run_sum(np.array([[1, -3, 2, 2, -1], [-1, -1, -1, -1, -1]]))
    array([4., 0.])
    """
    sums = np.cumsum(np.pad(values.astype(np.float64), ((0, 0), (1, 0))), axis=1)
    return (sums - np.minimum.accumulate(sums, axis=1)).max(axis=1, initial=0)


def _gather_matches(
    film: FilmHashes, index: Index, matched_share: float, alignments: Alignments, seconds: int
) -> tuple[Matches, np.ndarray]:
    """Matches on the alignments, one after the other, and chance matches of one in each second."""
    parts, chance = [Matches.empty()], np.zeros(seconds)
    positions = max(1.0, index.durations_s.sum() / index.settings.hop_s)
    half = GATHER_S / index.settings.hop_s / 2
    for number, window in enumerate(windows(film, index, GATHER_S, GATHER_S)):
        matches, counts = match_hashes(window, index, matched_share)
        chance += np.bincount(second_of(window.frames, index), counts, seconds)
        parts.append(_nearest(matches, alignments.keys((2 * number + 1) * half)))
    columns = zip(*(part.columns for part in parts), strict=True)
    joined = Matches(*map(np.concatenate, columns))
    order = np.argsort(joined.alignment, kind="stable")
    return joined.select(order), chance * (2 * TOLERANCE_FRAMES + 1) / positions


def _sum_by_second(matches: Matches, block: slice, index: Index, seconds: int) -> np.ndarray:
    """The evidence on a block of alignments, float64 (block, seconds)."""
    low, high = np.searchsorted(matches.alignment, [block.start, block.stop])
    row = matches.alignment[low:high] - block.start
    cell = row * seconds + second_of(matches.start[low:high], index)
    shape = block.stop - block.start, seconds
    return np.bincount(cell, matches.nats[low:high], shape[0] * shape[1]).reshape(shape)


def _nearest(matches: Matches, keys: np.ndarray) -> Matches:
    """The matches within the tolerance of an alignment, with its position instead of the key."""
    if not len(keys):
        return Matches.empty()
    order = np.argsort(keys, kind="stable")
    nearest = np.searchsorted(keys[order], matches.alignment - TOLERANCE_FRAMES)
    nearest = order[np.minimum(nearest, len(keys) - 1)]
    near = np.abs(keys[nearest] - matches.alignment) <= TOLERANCE_FRAMES
    return Matches(nearest[near], *(column[near] for column in matches.columns[1:]))


def _renumber(matches: Matches, retained: np.ndarray) -> Matches:
    """The matches of the retained alignments, with their new positions."""
    chosen = matches.select(retained[matches.alignment])
    return Matches(np.cumsum(retained)[chosen.alignment] - 1, *chosen.columns[1:])
