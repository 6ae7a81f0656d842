"""Likeness of passages: the cosine of MusiCNN's embeddings, standardised and in few dimensions.

Each of the 200 values is standardised over the library, as some vary far more than others; then
the 64 first principal components are taken, which bounds memory and time and drops what hardly
varies.
"""

from dataclasses import dataclass

import numpy as np

DIMENSIONS = 64
FITTED = 20_000  # passages that mean, deviation and components are computed from
SEED = 1234
TINY = 1e-6


@dataclass(frozen=True)
class Space:
    """Where likeness is measured.

    Parameters
    ----------
    mean, deviation : ndarray of float32, shape (200,)
    components : ndarray of float32, shape (200, d)
        Orthonormal columns.
    """

    mean: np.ndarray
    deviation: np.ndarray
    components: np.ndarray

    def place(self, values: np.ndarray) -> np.ndarray:
        """Put embeddings into the space: (n, 200) to float32 (n, d), of length 1 or 0."""
        centred = (np.asarray(values, np.float32) - self.mean) / self.deviation
        return unit(centred @ self.components)


def fit_space(values: np.ndarray) -> Space:
    """Fit the space to the passages of a library.

    Parameters
    ----------
    values : ndarray, shape (passages, 200)
        One at least.

    Returns
    -------
    Space
        With at most DIMENSIONS, and no more than the passages span.
    """
    rows = np.arange(len(values))
    if len(rows) > FITTED:
        rows = np.sort(np.random.default_rng(SEED).choice(rows, FITTED, replace=False))
    sample = np.asarray(values[rows], np.float64)
    mean, deviation = sample.mean(0), sample.std(0)
    deviation[deviation < TINY] = 1
    centred = (sample - mean) / deviation
    variances, axes = np.linalg.eigh(centred.T @ centred / len(rows))
    wanted = np.argsort(-variances)[:DIMENSIONS]
    wanted = wanted[variances[wanted] > TINY]
    parts = mean, deviation, axes[:, wanted]
    return Space(*(part.astype(np.float32) for part in parts))


def unit(vectors: np.ndarray) -> np.ndarray:
    """Scale vectors to length 1; a zero stays one: float32 (n, d)."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.maximum(norms, np.finfo(np.float32).tiny)).astype(np.float32)


def best_in_tracks(cosines: np.ndarray, firsts: np.ndarray) -> np.ndarray:
    """Take the best passage of each track.

    Parameters
    ----------
    cosines : ndarray, shape (passages,)
    firsts : ndarray of int, shape (tracks,)
        First passage of each track.

    Returns
    -------
    ndarray, shape (tracks,)
    """
    return np.maximum.reduceat(cosines, firsts)


def track_likeness(passages: np.ndarray, firsts: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Likeness of tracks with some passages: each finds its best match, and these are averaged.

    Parameters
    ----------
    passages : ndarray of float32, shape (passages, d)
        Of length 1.
    firsts : ndarray of int, shape (tracks,)
    wanted : ndarray of float32, shape (m, d)
        Of length 1.

    Returns
    -------
    ndarray of float32, shape (tracks,)
        Mean cosines.
    """
    best = [best_in_tracks(passages @ one, firsts) for one in wanted]
    return np.mean(best, axis=0)
