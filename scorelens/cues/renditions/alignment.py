"""Local alignment of the chroma of a film with that of a track, in all transpositions.

A cell compares some seconds of film and track. Its similarity is divided by what is usual between
the film's and the album's other positions and transpositions, so that chords which hold or come
often count little. Paths go down the diagonals, and beside them where the tempo differs.

References
----------
Serra, Serra and Andrzejak, Cross recurrence quantification for cover song identification, New
Journal of Physics 11, 2009.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

SHIFTS = 12
CONTEXT = 6  # chroma vectors that a cell compares
USUAL = 3.0  # similarity, in standard deviations, that adds nothing
LOW, HIGH = -3.0, 4.0  # limits of what a cell adds
SKEW = 1.0  # cost of a step beside the diagonal
SMALLEST = 3e-3  # eigenvalue that is whitened, relative to the largest
ROWS = 256  # of the film that are compared at once


class Paths(NamedTuple):
    """The best path that ends at each position of a film, for each transposition.

    Parameters
    ----------
    score : ndarray of float32, shape (n, 12)
        What its cells add up to, 0 or more.
    start : ndarray of int32, shape (n, 12)
        Position of the film at which it starts.
    track_end : ndarray of int32, shape (n, 12)
        Position of the track at which it ends.
    """

    score: np.ndarray
    start: np.ndarray
    track_end: np.ndarray


class _Row(NamedTuple):
    """Paths to the cells of one position of the film, two columns first: score and start."""

    score: np.ndarray
    start: np.ndarray


def join_context(chroma: np.ndarray) -> np.ndarray:
    """Join each chroma vector with those that follow it.

    Parameters
    ----------
    chroma : ndarray of float32, shape (n, 12)

    Returns
    -------
    ndarray of float32, shape (max(0, n - CONTEXT + 1), 12 * CONTEXT)
    """
    if len(chroma) < CONTEXT:
        return np.zeros((0, SHIFTS * CONTEXT), np.float32)
    view = np.lib.stride_tricks.sliding_window_view(chroma, CONTEXT, axis=0)
    return np.ascontiguousarray(view.transpose(0, 2, 1)).reshape(-1, SHIFTS * CONTEXT)


def transpose(joined: np.ndarray, semitones: int) -> np.ndarray:
    """Transpose joined chroma vectors up, by so many semitones."""
    parts = joined.reshape(len(joined), CONTEXT, SHIFTS)
    return np.roll(parts, semitones, axis=2).reshape(joined.shape)


def scale(film: np.ndarray, tracks: Sequence[np.ndarray]) -> tuple[np.ndarray, list[np.ndarray]]:
    """Scale joined chroma so that products of film and track have a standard deviation of 1.

    The directions in which the album varies much are weighed less; then each position of the film
    is divided by its usual similarity with the album, and each of the album by that with the film,
    both to the power of one half.

    Parameters
    ----------
    film : ndarray of float32, shape (n, 12 * CONTEXT)
    tracks : sequence of ndarray of float32, shape (m, 12 * CONTEXT)

    Returns
    -------
    film : ndarray of float32, shape (n, 12 * CONTEXT)
    tracks : list of ndarray of float32, shape (m, 12 * CONTEXT)
    """
    whitener = _whitener(_covariance(tracks))
    film, tracks = film @ whitener, [track @ whitener for track in tracks]
    usual, usual_track = _covariance(tracks), _covariance([film])
    return _divided(film, usual), [_divided(track, usual_track) for track in tracks]


def _covariance(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Mean outer product of joined chroma, over all positions and transpositions."""
    total = np.zeros((SHIFTS * CONTEXT, SHIFTS * CONTEXT))
    for part in parts:
        outer = (part.T @ part).reshape(CONTEXT, SHIFTS, CONTEXT, SHIFTS)
        turned = (np.roll(outer, (n, n), (1, 3)) for n in range(SHIFTS))
        total += sum(turned).reshape(total.shape)
    return total / (SHIFTS * max(1, sum(map(len, parts))))


def _whitener(covariance: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(covariance)
    raised = np.maximum(values, SMALLEST * values[-1] + 1e-9)
    return ((vectors / np.sqrt(raised)) @ vectors.T).astype(np.float32)


def _divided(joined: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    variance = np.einsum("ij,ij->i", joined @ covariance, joined)
    fourth_root = np.sqrt(np.sqrt(np.maximum(variance, 0)))[:, None]
    divided = np.divide(joined, fourth_root, out=np.zeros_like(joined), where=fourth_root > 1e-6)
    return divided.astype(np.float32)


def align(film: np.ndarray, track: np.ndarray) -> Paths:
    """Find the best path to each position of a film, in bounded memory.

    Parameters
    ----------
    film, track : ndarray of float32, shape (n, 12 * CONTEXT) and (m, 12 * CONTEXT)
        As `scale` returns them. No path goes through a position of the film that is 0.

    Returns
    -------
    Paths
    """
    n, m = len(film), len(track)
    paths = Paths(*(np.zeros((n, SHIFTS), kind) for kind in (np.float32, np.int32, np.int32)))
    turned = np.concatenate([transpose(track, shift) for shift in range(SHIFTS)])
    is_open = film.any(axis=1)
    # Two columns before each track, in which no path ends.
    blank = _Row(np.zeros((SHIFTS, m + 2), np.float32), np.zeros((SHIFTS, m + 2), np.int32))
    before = last = blank
    for first in range(0, n if m else 0, ROWS):
        gains = cell_gains(film[first : first + ROWS], turned).reshape(-1, SHIFTS, m)
        for row, gain in enumerate(gains, first):
            before, last = last, _advance(before, last, gain, row) if is_open[row] else blank
            ends = last.score[:, 2:].argmax(1)
            cells = (np.arange(SHIFTS), ends + 2)
            paths.score[row], paths.start[row] = last.score[cells], last.start[cells]
            paths.track_end[row] = ends
    return paths


def cell_gains(film: np.ndarray, track: np.ndarray) -> np.ndarray:
    """What each cell adds to a path.

    Parameters
    ----------
    film, track : ndarray of float32, shape (n, 12 * CONTEXT) and (m, 12 * CONTEXT)

    Returns
    -------
    ndarray of float32, shape (n, m)
    """
    gains = film @ track.T
    gains -= np.float32(USUAL)
    return np.clip(gains, LOW, HIGH, out=gains)


def _advance(before: "_Row", last: "_Row", gain: np.ndarray, row: int) -> "_Row":
    """The best paths to a row of cells, from the row before and the one before that."""
    score, start = np.zeros_like(last.score), np.full_like(last.start, row)
    best, origin = score[:, 2:], start[:, 2:]
    for row_from, columns, cost in (
        (last, slice(1, -1), 0.0),
        (last, slice(-2), SKEW),  # two positions of the track in one of the film
        (before, slice(1, -1), SKEW),  # one in two
    ):
        arrived = row_from.score[:, columns] - np.float32(cost)
        better = arrived > best
        np.copyto(best, arrived, where=better)
        np.copyto(origin, row_from.start[:, columns], where=better)
    best += gain
    np.maximum(best, 0, out=best)
    return _Row(score, start)


def trace(film: np.ndarray, track: np.ndarray, track_end: int) -> tuple[np.ndarray, np.ndarray]:
    """Trace the best path through a part of a film, from its first to its last position.

    Parameters
    ----------
    film, track : ndarray of float32, shape (n, 12 * CONTEXT) and (m, 12 * CONTEXT)
        As `scale` returns them, the track transposed.
    track_end : int
        Position of the track at which the path ends.

    Returns
    -------
    film_at, track_at : ndarray of int, shape (cells,)
        Positions of its cells, in order.
    """
    gains = cell_gains(film, track)
    n, m = gains.shape
    scores = np.full((n + 2, m + 2), -np.inf, np.float32)
    scores[2, 2:] = gains[0]
    for row in range(3, n + 2):
        origins = (
            scores[row - 1, 1:-1],
            scores[row - 1, :-2] - SKEW,
            scores[row - 2, 1:-1] - SKEW,
        )
        scores[row, 2:] = np.max(origins, axis=0) + gains[row - 2]
    steps = ((1, 1, 0.0), (1, 2, SKEW), (2, 1, SKEW))
    row, column, cells = n + 1, track_end + 2, []
    while scores[row, column] > -np.inf:
        cells.append((row - 2, column - 2))
        down, right, _ = max(steps, key=lambda s: scores[row - s[0], column - s[1]] - s[2])
        row, column = row - down, column - right
    film_at, track_at = np.array(cells[::-1]).T
    return film_at, track_at
