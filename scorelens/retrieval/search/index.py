"""Nearest-neighbour search of tracks by cosine: exact for small libraries, Faiss for large ones.

A small library is compared vector by vector. A large one is partitioned into cells by k-means (an
inverted file of Faiss), and a query is compared with the vectors of the nearest cells. How many
cells are needed depends on the library, since contrastive training spreads tracks evenly. The
number is therefore chosen when the index is built, by trials with random queries, the hardest case.
"""

import logging
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from scorelens import tables
from scorelens.errors import naming_damage

if TYPE_CHECKING:
    import faiss

MAX_EXACT = 200_000  # vectors of an exact index; comparing so many of 64 values takes a few ms
BLOCK = 65_536  # vectors that are compared at once; bounds the memory
QUERIES_PER_CHUNK = 256  # bounds the memory
MAX_CELLS_PER_PROBE = 16  # trials start with one cell in so many, then double the number
TRIALS, TRIAL_NEIGHBOURS = 100, 10  # queries of the trials, and neighbours of each
MIN_RECALL = 0.97  # of the trials, against the exact search
POINTS_PER_CELL = 64  # training vectors of k-means
KMEANS_ITERATIONS = 10
SEED = 1234

log = logging.getLogger(__name__)


class Index(NamedTuple):
    """An index of tracks.

    Attributes
    ----------
    ids : numpy.ndarray
        str (n,), ids of the tracks.
    vectors : numpy.ndarray or None
        float32 (n, d), unit vectors or zeros; None in a large index.
    cells : faiss.IndexIVFFlat or None
        The vectors of a large index.
    """

    ids: np.ndarray
    vectors: np.ndarray | None
    cells: "faiss.IndexIVFFlat | None"


class Neighbours(NamedTuple):
    """Nearest neighbours of queries, the nearest first.

    Attributes
    ----------
    rows : numpy.ndarray
        int64 (q, k), rows of the index.
    cosines : numpy.ndarray
        float32 (q, k), their cosines.
    """

    rows: np.ndarray
    cosines: np.ndarray


def build_index(vectors: np.ndarray, ids: Sequence[str], max_exact: int = MAX_EXACT) -> Index:
    """Build an index. Equal vectors give an equal index.

    Parameters
    ----------
    vectors : numpy.ndarray
        (n, d), finite, of any length; a zero vector has the cosine 0 with everything.
    ids : sequence of str
        n ids.
    max_exact : int
        Largest number of vectors that are searched exactly.

    Returns
    -------
    Index
        The index.

    Raises
    ------
    ValueError
        If the numbers of vectors and ids differ, or a value is not finite.

    Examples
    --------
    >>> index = build_index([[3, 4], [10, 0]], ["a", "b"])
    >>> search_index(index, [[5, 0]], 2).rows.tolist()
    [[1, 0]]
    """
    vectors = _normalize(vectors)
    if len(vectors) != len(ids):
        raise ValueError(f"{len(vectors)} vectors, but {len(ids)} ids")
    if not np.isfinite(vectors).all():
        raise ValueError("a vector holds a value that is not finite")
    names = np.asarray(ids, dtype=str)
    if len(vectors) <= max_exact:
        return Index(names, vectors, None)
    return Index(names, None, _build_cells(vectors))


def search_index(index: Index, queries: np.ndarray, k: int) -> Neighbours:
    """Find the nearest neighbours of queries.

    Parameters
    ----------
    index : Index
        The index.
    queries : numpy.ndarray
        (q, d), of any length.
    k : int
        Number of neighbours; all if the index has fewer.

    Returns
    -------
    Neighbours
        Rows and cosines, (q, min(k, n)).
    """
    k = min(k, len(index.ids))
    starts = range(0, len(queries), QUERIES_PER_CHUNK)
    chunks = (_normalize(queries[start : start + QUERIES_PER_CHUNK]) for start in starts)
    search = _search_exact if index.cells is None else _search_cells
    empty = Neighbours(np.zeros((0, k), np.int64), np.zeros((0, k), np.float32))
    parts = [empty, *(search(index, chunk, k) for chunk in chunks)]
    return Neighbours(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def vectors_of(index: Index, rows: np.ndarray) -> np.ndarray:
    """Look up vectors of an index.

    Parameters
    ----------
    index : Index
        The index.
    rows : numpy.ndarray
        int (m,), rows of the index.

    Returns
    -------
    numpy.ndarray
        float32 (m, d), unit vectors or zeros.
    """
    if index.cells is None:
        return index.vectors[rows]
    index.cells.make_direct_map()
    return index.cells.reconstruct_batch(np.asarray(rows, np.int64))


def save_index(index: Index, path: str | os.PathLike) -> None:
    """Write an index to a file of arrays (.npz, no pickle).

    Parameters
    ----------
    index : Index
        The index.
    path : str or os.PathLike
        Path of the file.
    """
    arrays = {"vectors": index.vectors}
    if index.cells is not None:
        import faiss

        arrays = {"cells": faiss.serialize_index(index.cells)}
    with tables.atomic(path) as temporary, temporary.open("wb") as file:
        np.savez(file, ids=index.ids, **arrays)


def load_index(path: str | os.PathLike) -> Index:
    """Read an index.

    Parameters
    ----------
    path : str or os.PathLike
        A file of `save_index`.

    Returns
    -------
    Index
        The index.

    Raises
    ------
    InputError
        If the file is damaged.
    """
    with (
        naming_damage(path, "an index of a library"),
        open(path, "rb") as file,  # NumPy leaves a damaged file open
        np.load(file, allow_pickle=False) as stored,
    ):
        arrays = dict(stored)
    if "vectors" in arrays:
        return Index(arrays["ids"], arrays["vectors"], None)
    import faiss

    return Index(arrays["ids"], None, faiss.deserialize_index(arrays["cells"]))


def _normalize(vectors: np.ndarray) -> np.ndarray:
    vectors = np.asarray(vectors, np.float32)
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.maximum(norms, np.finfo(np.float32).tiny)


def _search_exact(index: Index, queries: np.ndarray, k: int) -> Neighbours:
    if not k:
        empty = (len(queries), 0)
        return Neighbours(np.zeros(empty, np.int64), np.zeros(empty, np.float32))
    parts = []
    for start in range(0, len(index.vectors), BLOCK):
        cosines = queries @ index.vectors[start : start + BLOCK].T
        few = min(k, cosines.shape[1])
        rows = np.argpartition(cosines, -few, axis=1)[:, -few:]
        parts.append(Neighbours(rows + start, np.take_along_axis(cosines, rows, 1)))
    rows, cosines = (np.concatenate(column, 1) for column in zip(*parts, strict=True))
    order = np.lexsort((rows, -cosines))[:, :k]
    return Neighbours(*(np.take_along_axis(values, order, 1) for values in (rows, cosines)))


def _search_cells(index: Index, queries: np.ndarray, k: int) -> Neighbours:
    """Search the nearest cells; more of them if a query finds fewer than k vectors."""
    import faiss

    probes = index.cells.nprobe
    while True:
        parameters = faiss.SearchParametersIVF(nprobe=probes)
        cosines, rows = index.cells.search(queries, k, params=parameters)
        if (rows >= 0).all():
            return Neighbours(rows, cosines)
        probes *= 2


def _build_cells(vectors: np.ndarray) -> "faiss.IndexIVFFlat":
    """Partition unit vectors: about twice the square root of their number, a power of two."""
    import faiss

    count = 2 ** round(np.log2(len(vectors)) / 2 + 1)
    quantizer = faiss.IndexFlatIP(vectors.shape[1])
    cells = faiss.IndexIVFFlat(quantizer, vectors.shape[1], count, faiss.METRIC_INNER_PRODUCT)
    cells.cp.spherical, cells.cp.seed = True, SEED
    cells.cp.niter, cells.cp.max_points_per_centroid = KMEANS_ITERATIONS, POINTS_PER_CELL
    cells.train(vectors)
    cells.add(vectors)
    recall = _choose_probes(cells)
    message = "%d vectors in %d cells, of which %d are searched: recall %.1f %%"
    log.info(message, len(vectors), count, cells.nprobe, 100 * recall)
    return cells


def _choose_probes(cells: "faiss.IndexIVFFlat") -> float:
    """Choose how many cells are searched. Returns the recall of the trials."""
    queries = _normalize(np.random.default_rng(SEED).standard_normal((TRIALS, cells.d)))
    cells.nprobe = cells.nlist
    _, exact = cells.search(queries, TRIAL_NEIGHBOURS)
    probes, recall = max(cells.nlist // MAX_CELLS_PER_PROBE, 1), 0.0
    while recall < MIN_RECALL:
        cells.nprobe = min(probes, cells.nlist)
        _, rows = cells.search(queries, TRIAL_NEIGHBOURS)
        recall = (rows[:, :, None] == exact[:, None]).any(2).mean()
        probes *= 2
    return recall
