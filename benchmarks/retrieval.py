"""Measure how fast a library of a million tracks is searched on one core, and its recall.

The library has a million vectors of 64 values like those of trained networks: tracks scattered
around albums around styles, with a few strong dimensions and many weak ones. There are three kinds
of queries:

- near: close to a track, as another track of its album;
- away: the same plus one offset shared by all queries, as image and text embeddings have in a space
  trained on pairs with music;
- noise: random, the hardest case. The last line of the table has noise queries in a library of
  noise, the worst case.

The table gives the CPU ms of one query for its ten nearest tracks (median and 95th percentile), and
the share of the ten nearest that is returned (recall). Further lines give the seconds for building,
saving and loading the index, and the peak memory of the process.

    python benchmarks/retrieval.py [VECTORS]
"""

import json
import resource
import sys
import tempfile
import time
from pathlib import Path

import faiss
import numpy as np
from threadpoolctl import threadpool_limits

from scorelens.retrieval import EMBEDDING_SIZE
from scorelens.retrieval.search import index

VECTORS = 1_000_000
STYLES, TRACKS_PER_ALBUM = 500, 10
SPREADS = {"style": 1.0, "album": 0.6, "track": 0.4}
DECAY = 0.5  # exponent of the strength of a dimension by its number
QUERY_DISTANCE, STEP = 0.5, 0.7  # of a query from its track, and from all tracks
QUERIES, NEIGHBOURS = 200, 10


def make_library(vectors, rng):
    """Unit vectors (n, 64): tracks around albums around styles."""
    albums = vectors // TRACKS_PER_ALBUM
    centres = scatter(STYLES, "style", rng)[rng.integers(0, STYLES, albums)]
    centres += scatter(albums, "album", rng)
    tracks = scatter(vectors, "track", rng)
    tracks += centres[rng.integers(0, albums, vectors)]
    return unit(tracks)


def scatter(rows, level, rng):
    """Normal vectors with decaying strength of the dimensions, rotated at random."""
    size = EMBEDDING_SIZE
    strength = np.arange(1, size + 1, dtype=np.float32) ** -DECAY
    rotation = np.linalg.qr(rng.standard_normal((size, size)))[0].astype(np.float32)
    values = rng.standard_normal((rows, size), dtype=np.float32)
    return SPREADS[level] * values * strength @ rotation


def make_queries(library, rng):
    """The three kinds: name -> (QUERIES, 64)."""
    size = EMBEDDING_SIZE
    noise_step = QUERY_DISTANCE * unit(rng.standard_normal((QUERIES, size)))
    near = library[rng.integers(0, len(library), QUERIES)] + noise_step
    step = STEP * unit(rng.standard_normal((1, size)))
    noise = rng.standard_normal((QUERIES, size))
    return {"near": unit(near), "away": unit(near + step), "noise": unit(noise)}


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def search_each(library, queries):
    """The rows returned for each query, and the CPU ms of each."""
    rows, times_ms = [], []
    for query in queries:
        start = time.process_time()
        rows.append(index.search_index(library, query[None], NEIGHBOURS).rows[0])
        times_ms.append(1e3 * (time.process_time() - start))
    return np.array(rows), np.array(times_ms)


def measure_search(exact, cells, queries):
    """Print the table. Returns for each kind of query: exact ms, ms, slow ms, recall."""
    print(f"{'queries':8s} {'exact ms':>9s} {'ms':>6s} {'slow ms':>8s} {'recall@10':>10s}")
    results = {}
    for kind, vectors in queries.items():
        truth, exact_ms = search_each(exact, vectors)
        rows, times_ms = search_each(cells, vectors)
        hits = [len(np.intersect1d(*pair)) for pair in zip(rows, truth, strict=True)]
        times = np.median(exact_ms), np.median(times_ms), np.quantile(times_ms, 0.95)
        results[kind] = [*times, np.mean(hits) / NEIGHBOURS]
        print("{:8s} {:9.2f} {:6.2f} {:8.2f} {:10.4f}".format(kind, *results[kind]), flush=True)
    return results


def memory_mb():
    """Peak memory of the process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def timed(what, work):
    """The result of some work, and its CPU seconds, which are printed."""
    start = time.process_time()
    result = work()
    spent_s = time.process_time() - start
    print(f"{what:24s} {spent_s:6.1f} s", flush=True)
    return result, spent_s


def main(vectors):
    rng = np.random.default_rng(0)
    library = make_library(vectors, rng)
    queries = make_queries(library, rng)
    per_album = TRACKS_PER_ALBUM
    ids = [f"album_{row // per_album:06d}_track_{row % per_album}" for row in range(vectors)]
    cells, build_s = timed("build", lambda: index.build_index(library, ids, max_exact=0))
    peak_mb = memory_mb()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index.npz"
        timed("save", lambda: index.save_index(cells, path))
        file_mb = path.stat().st_size / 1e6
        cells, _ = timed("load", lambda: index.load_index(path))
    exact = index.build_index(library, ids, max_exact=vectors)
    print(f"file {file_mb:.0f} MB; peak memory {peak_mb:.0f} MB")
    results = measure_search(exact, cells, queries)
    del exact, cells
    noise = unit(rng.standard_normal((vectors, EMBEDDING_SIZE), dtype=np.float32))
    exact, cells = (index.build_index(noise, ids, max_exact=limit) for limit in (vectors, 0))
    results |= measure_search(exact, cells, {"in noise": queries["noise"]})
    exact_ms, ms, slow_ms, recall = np.array(list(results.values())).T
    print(
        json.dumps(
            {
                "million_ms": round(ms.max(), 2),
                "recall_vs_exact": round(recall.min(), 4),
                "slow_ms": round(slow_ms.max(), 2),
                "exact_ms": round(exact_ms.max(), 2),
                "recall": {kind: round(values[-1], 4) for kind, values in results.items()},
                "build_s": round(build_s, 1),
                "file_mb": round(file_mb),
                "peak_mb": round(peak_mb),
                "vectors": vectors,
            }
        )
    )


if __name__ == "__main__":
    faiss.omp_set_num_threads(1)
    with threadpool_limits(1):
        main(int(sys.argv[1]) if sys.argv[1:] else VECTORS)
