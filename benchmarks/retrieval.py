"""How fast a library of a million tracks is searched on one core, and what the search misses.

A million vectors of 64 values, as trained networks give them: tracks lie around their albums, and
albums around styles, all with a few strong directions and many weak ones. Three kinds of queries:

- near: beside a track, as another of its album would be;
- away: the same, moved off all tracks by a step that all queries share, as pictures and texts lie
  beside music in a space that was learnt from pairs of them;
- noise: anywhere, which is the hardest that can be asked; and in the last line of the table of a
  library that is noise itself, the worst there is.

CPU milliseconds of one query at a time for the ten nearest, the median of the queries, and the
slowest but five in a hundred; the share of the true ten that is found; seconds of building, saving
and loading; the most memory that the process held up to there, the vectors with it.

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

from scorelens.retrieval import EMBEDDING
from scorelens.retrieval.search import index

VECTORS = 1_000_000
STYLES, ALBUM = 500, 10
SPREADS = {"style": 1.0, "album": 0.6, "track": 0.4}
DECAY = 0.5  # of the strength of a direction with its number
BESIDE, STEP = 0.5, 0.7  # how far a query lies from its track, and from all tracks
QUERIES, NEAREST = 200, 10


def make_library(vectors, random):
    """Vectors (n, 64) of length 1: tracks around albums around styles."""
    albums = vectors // ALBUM
    centres = scatter(STYLES, "style", random)[random.integers(0, STYLES, albums)]
    centres += scatter(albums, "album", random)
    tracks = scatter(vectors, "track", random)
    tracks += centres[random.integers(0, albums, vectors)]
    return unit(tracks)


def scatter(rows, level, random):
    """Normal vectors whose strength falls from direction to direction, turned at random."""
    strength = np.arange(1, EMBEDDING + 1, dtype=np.float32) ** -DECAY
    turn = np.linalg.qr(random.standard_normal((EMBEDDING, EMBEDDING)))[0].astype(np.float32)
    values = random.standard_normal((rows, EMBEDDING), dtype=np.float32)
    return SPREADS[level] * values * strength @ turn


def make_queries(library, random):
    """The three kinds: name -> (QUERIES, 64)."""
    beside = BESIDE * unit(random.standard_normal((QUERIES, EMBEDDING)))
    near = library[random.integers(0, len(library), QUERIES)] + beside
    step = STEP * unit(random.standard_normal((1, EMBEDDING)))
    noise = random.standard_normal((QUERIES, EMBEDDING))
    return {"near": unit(near), "away": unit(near + step), "noise": unit(noise)}


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def ask_each(library, queries):
    """Rows that are found, query by query, and the CPU ms of each."""
    rows, times_ms = [], []
    for query in queries:
        start = time.process_time()
        rows.append(index.search_index(library, query[None], NEAREST).rows[0])
        times_ms.append(1e3 * (time.process_time() - start))
    return np.array(rows), np.array(times_ms)


def measure_search(exact, cells, queries):
    """Print the table. Returns of each kind of query: exact ms, ms, slow ms, recall."""
    print(f"{'queries':8s} {'exact ms':>9s} {'ms':>6s} {'slow ms':>8s} {'recall@10':>10s}")
    found = {}
    for kind, asked in queries.items():
        truth, exact_ms = ask_each(exact, asked)
        rows, times_ms = ask_each(cells, asked)
        hits = [len(np.intersect1d(*pair)) for pair in zip(rows, truth, strict=True)]
        measures = np.median(exact_ms), np.median(times_ms), np.quantile(times_ms, 0.95)
        found[kind] = [*measures, np.mean(hits) / NEAREST]
        print("{:8s} {:9.2f} {:6.2f} {:8.2f} {:10.4f}".format(kind, *found[kind]), flush=True)
    return found


def memory_mb():
    """The most that the process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def timed(what, work):
    """What some work returns, and its CPU seconds, which are printed."""
    start = time.process_time()
    result = work()
    spent_s = time.process_time() - start
    print(f"{what:24s} {spent_s:6.1f} s", flush=True)
    return result, spent_s


def main(vectors):
    random = np.random.default_rng(0)
    library = make_library(vectors, random)
    queries = make_queries(library, random)
    ids = [f"album_{row // ALBUM:06d}_track_{row % ALBUM}" for row in range(vectors)]
    cells, build_s = timed("build", lambda: index.build_index(library, ids, max_exact=0))
    peak_mb = memory_mb()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index.npz"
        timed("save", lambda: index.save_index(cells, path))
        file_mb = path.stat().st_size / 1e6
        cells, _ = timed("load", lambda: index.load_index(path))
    exact = index.build_index(library, ids, max_exact=vectors)
    print(f"file {file_mb:.0f} MB; at most {peak_mb:.0f} MB in memory")
    found = measure_search(exact, cells, queries)
    del exact, cells
    noise = unit(random.standard_normal((vectors, EMBEDDING), dtype=np.float32))
    exact, cells = (index.build_index(noise, ids, max_exact=most) for most in (vectors, 0))
    found |= measure_search(exact, cells, {"in noise": queries["noise"]})
    exact_ms, ms, slow_ms, recall = np.array(list(found.values())).T
    print(
        json.dumps(
            {
                "million_ms": round(ms.max(), 2),
                "recall_vs_exact": round(recall.min(), 4),
                "slow_ms": round(slow_ms.max(), 2),
                "exact_ms": round(exact_ms.max(), 2),
                "recall": {kind: round(measures[-1], 4) for kind, measures in found.items()},
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
