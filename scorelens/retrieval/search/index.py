"""Which tracks of a library lie nearest to a place: cosine search.

Of a small library every vector is compared. A large one is dealt into cells by k-means (an inverted
file, by Faiss), and the vectors of the cells that lie nearest are compared. How many cells that
takes hangs on the library, for a network that learns from contrasts spreads its tracks evenly; so
it is tried when the index is built, with queries from anywhere, the hardest that can be asked.
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

EXACT_MOST = 200_000  # vectors; comparing so many of 64 values takes a few ms
BLOCK = 65_536  # vectors that are compared at once; bounds the memory
QUERIES_AT_ONCE = 256  # alike
PROBED = 16  # one cell in so many is looked into, or in half as many, and so on
TRIALS, NEAREST = 100, 10  # queries that tell, and what they ask for
RECALL = 0.97  # of those that the exact search finds, in the trials
LESSONS = 64  # vectors of a cell that k-means sees
ROUNDS = 10  # of k-means
SEED = 1234

log = logging.getLogger(__name__)


class Index(NamedTuple):
    """Ids of a library, and what finds them.

    ids: str (n,). vectors: float32 (n, d), length 1 or 0; `cells` holds them of a large library,
    and then it is None.
    """

    ids: np.ndarray
    vectors: np.ndarray | None
    cells: "faiss.IndexIVFFlat | None"


class Found(NamedTuple):
    """The nearest of each query, the nearest first. rows: int64 (q, k). cosines: float32, alike."""

    rows: np.ndarray
    cosines: np.ndarray


def build_index(vectors: np.ndarray, ids: Sequence[str], exact_most: int = EXACT_MOST) -> Index:
    """An index of vectors (n, d), of any length, finite; a zero has the cosine 0 with everything.

    ids: n of them. exact_most: vectors of a library that is searched exactly. The same vectors give
    the same index.
    """
    vectors = _unit(vectors)
    if len(vectors) != len(ids):
        raise ValueError(f"{len(vectors)} vectors, but {len(ids)} ids")
    if not np.isfinite(vectors).all():
        raise ValueError("a vector holds a value that is not finite")
    names = np.asarray(ids, dtype=str)
    if len(vectors) <= exact_most:
        return Index(names, vectors, None)
    return Index(names, None, _celled(vectors))


def search_index(index: Index, queries: np.ndarray, most: int) -> Found:
    """The `most` nearest vectors of queries (q, d), of any length; all if there are fewer."""
    most = min(most, len(index.ids))
    starts = range(0, len(queries), QUERIES_AT_ONCE)
    parts = (_unit(queries[start : start + QUERIES_AT_ONCE]) for start in starts)
    search = _compare_all if index.cells is None else _look_into_cells
    none = Found(np.zeros((0, most), np.int64), np.zeros((0, most), np.float32))
    found = [none, *(search(index, part, most) for part in parts)]
    return Found(*(np.concatenate(column) for column in zip(*found, strict=True)))


def vectors_of(index: Index, rows: np.ndarray) -> np.ndarray:
    """The vectors of some rows of a library: float32 (len(rows), d), length 1 or 0."""
    if index.cells is None:
        return index.vectors[rows]
    index.cells.make_direct_map()
    return index.cells.reconstruct_batch(np.asarray(rows, np.int64))


def save_index(index: Index, path: str | os.PathLike) -> None:
    """Write an index to one file of arrays (.npz), under a temporary name first."""
    held = {"vectors": index.vectors}
    if index.cells is not None:
        import faiss

        held = {"cells": faiss.serialize_index(index.cells)}
    with tables.atomic(path) as temporary, temporary.open("wb") as file:
        np.savez(file, ids=index.ids, **held)


def load_index(path: str | os.PathLike) -> Index:
    """Read what save_index wrote. Raises InputError if the file is damaged."""
    with (
        naming_damage(path, "an index of a library"),
        open(path, "rb") as file,  # NumPy leaves a damaged one open
        np.load(file, allow_pickle=False) as arrays,
    ):
        held = dict(arrays)
    if "vectors" in held:
        return Index(held["ids"], held["vectors"], None)
    import faiss

    return Index(held["ids"], None, faiss.deserialize_index(held["cells"]))


def _unit(vectors) -> np.ndarray:
    vectors = np.asarray(vectors, np.float32)
    sizes = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.maximum(sizes, np.finfo(np.float32).tiny)


def _compare_all(index: Index, queries: np.ndarray, most: int) -> Found:
    if not most:
        return Found(np.zeros((len(queries), 0), np.int64), np.zeros((len(queries), 0), np.float32))
    parts = []
    for start in range(0, len(index.vectors), BLOCK):
        cosines = queries @ index.vectors[start : start + BLOCK].T
        few = min(most, cosines.shape[1])
        rows = np.argpartition(cosines, -few, axis=1)[:, -few:]
        parts.append(Found(rows + start, np.take_along_axis(cosines, rows, 1)))
    rows, cosines = (np.concatenate(column, 1) for column in zip(*parts, strict=True))
    order = np.lexsort((rows, -cosines))[:, :most]
    return Found(*(np.take_along_axis(values, order, 1) for values in (rows, cosines)))


def _look_into_cells(index: Index, queries: np.ndarray, most: int) -> Found:
    """Looks into more cells if a query finds less than it asks for."""
    import faiss

    probes = index.cells.nprobe
    while True:
        parameters = faiss.SearchParametersIVF(nprobe=probes)
        cosines, rows = index.cells.search(queries, most, params=parameters)
        if (rows >= 0).all():
            return Found(rows, cosines)
        probes *= 2


def _celled(vectors: np.ndarray) -> "faiss.IndexIVFFlat":
    """Vectors of length 1 in cells: about twice the square root of their number, a power of 2."""
    import faiss

    count = 2 ** round(np.log2(len(vectors)) / 2 + 1)
    nearest = faiss.IndexFlatIP(vectors.shape[1])
    cells = faiss.IndexIVFFlat(nearest, vectors.shape[1], count, faiss.METRIC_INNER_PRODUCT)
    cells.cp.spherical, cells.cp.seed = True, SEED
    cells.cp.niter, cells.cp.max_points_per_centroid = ROUNDS, LESSONS
    cells.train(vectors)
    cells.add(vectors)
    recall = _choose_probes(cells)
    said = "%d vectors in %d cells, of which %d are looked into: %.1f %% of the nearest are found"
    log.info(said, len(vectors), count, cells.nprobe, 100 * recall)
    return cells


def _choose_probes(cells: "faiss.IndexIVFFlat") -> float:
    """Sets how many cells are looked into. Returns the share of the nearest that is then found."""
    queries = _unit(np.random.default_rng(SEED).standard_normal((TRIALS, cells.d)))
    cells.nprobe = cells.nlist
    _, nearest = cells.search(queries, NEAREST)
    probes, recall = max(cells.nlist // PROBED, 1), 0.0
    while recall < RECALL:
        cells.nprobe = min(probes, cells.nlist)
        _, rows = cells.search(queries, NEAREST)
        recall = (rows[:, :, None] == nearest[:, None]).any(2).mean()
        probes *= 2
    return recall
