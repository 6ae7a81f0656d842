"""Tests of the track index: exact search, search in FAISS cells, and its file."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors

from scorelens.errors import InputError
from scorelens.retrieval.search import index
from scorelens.retrieval.search.index import (
    build_index,
    load_index,
    save_index,
    search_index,
    vectors_of,
)


def random_vectors(rows, size=64, seed=0):
    """Random track vectors in clusters, one for about ten tracks."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(rows // 10 + 1, size))
    tracks = centres[random.integers(0, len(centres), rows)] + random.normal(size=(rows, size)) / 2
    return tracks.astype(np.float32)


def track_ids(rows):
    return [f"track_{row}" for row in range(rows)]


@pytest.fixture(scope="module")
def cell_index():
    return build_index(random_vectors(20_000), track_ids(20_000), max_exact=1000)


def test_exact_search_returns_hand_computed_cosines():
    library = build_index([[3, 4], [10, 0], [-2, 0], [0, 0]], ["a", "b", "c", "nothing"])
    results = search_index(library, [[5, 0], [0, 1]], 4)
    assert library.ids[results.rows].tolist() == [
        ["b", "a", "nothing", "c"],
        ["a", "b", "c", "nothing"],
    ]
    assert results.cosines == pytest.approx(np.array([[1, 0.6, 0, -1], [0.8, 0, 0, 0]]))
    assert results.rows.dtype == np.int64
    assert results.cosines.dtype == np.float32


@given(st.integers(1, 60), st.integers(0, 5), st.integers(0, 70), st.integers(1, 25))
def test_exact_search_matches_scikit_learn_nearest_neighbors(rows, queries, limit, block):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "BLOCK", block)
        patch.setattr(index, "QUERIES_PER_CHUNK", 2)
        library_vectors, query_vectors = random_vectors(rows, 5), random_vectors(queries, 5, seed=1)
        results = search_index(build_index(library_vectors, track_ids(rows)), query_vectors, limit)
    returned = min(limit, rows)
    assert results.rows.shape == results.cosines.shape == (queries, returned)
    if queries and returned:
        nearest = NearestNeighbors(n_neighbors=returned, metric="cosine").fit(library_vectors)
        distances, expected = nearest.kneighbors(query_vectors)
        assert np.array_equal(results.rows, expected)
        assert results.cosines == pytest.approx(1 - distances, abs=1e-5)


def test_search_of_empty_index_returns_no_rows():
    results = search_index(build_index(np.zeros((0, 64)), []), random_vectors(3), 5)
    assert results.rows.shape == (3, 0)


def test_cell_search_of_random_vectors_has_95_percent_recall(caplog):
    """Random vectors without clusters, for which half of the cells are searched."""
    random = np.random.default_rng(2)
    library_vectors = random.standard_normal((index.MAX_EXACT + 1, 64), dtype=np.float32)
    query_vectors = random.standard_normal((100, 64))
    caplog.set_level("INFO", "scorelens.retrieval.search.index")
    library = build_index(library_vectors, track_ids(len(library_vectors)))
    assert library.vectors is None
    assert library.cells.nlist == 1024
    assert library.cells.nprobe == 512
    message = "200001 vectors in 1024 cells, of which 512 are searched: recall 9"
    assert caplog.messages[0].startswith(message)
    results = search_index(library, query_vectors, 10)
    exact = search_index(
        build_index(library_vectors, track_ids(len(library_vectors)), len(library_vectors)),
        query_vectors,
        10,
    )
    recall = [
        len(np.intersect1d(*pair)) / 10 for pair in zip(results.rows, exact.rows, strict=True)
    ]
    assert np.mean(recall) >= 0.95
    same = results.rows == exact.rows
    assert results.cosines[same] == pytest.approx(exact.cosines[same], abs=1e-5)
    assert (np.diff(results.cosines) <= 0).all()


def test_fewer_cells_are_searched_for_vectors_of_low_effective_dimension(cell_index):
    strength = np.arange(1, 65) ** -1.0
    library = build_index(random_vectors(20_000) * strength, track_ids(20_000), max_exact=1000)
    assert library.cells.nlist == cell_index.cells.nlist == 256
    assert (library.cells.nprobe, cell_index.cells.nprobe) == (128, 256)


def test_more_cells_are_searched_for_many_neighbours(cell_index):
    results = search_index(cell_index, random_vectors(2, seed=3), 30_000)
    assert np.array_equal(np.sort(results.rows), np.tile(np.arange(20_000), (2, 1)))


def test_build_index_with_cells_is_deterministic(cell_index):
    import faiss

    rebuilt = build_index(random_vectors(20_000), track_ids(20_000), max_exact=1000)
    assert np.array_equal(
        faiss.serialize_index(rebuilt.cells), faiss.serialize_index(cell_index.cells)
    )


@pytest.mark.parametrize("max_exact", [5000, 1000])
def test_search_with_stored_vector_returns_its_own_track_first(max_exact):
    library_vectors = random_vectors(5000)
    library = build_index(library_vectors, track_ids(5000), max_exact)
    stored = vectors_of(library, np.array([4321, 7]))
    assert stored == pytest.approx(
        library_vectors[[4321, 7]] / np.linalg.norm(library_vectors[[4321, 7]], axis=1)[:, None]
    )
    results = search_index(library, stored, 1)
    assert library.ids[results.rows[:, 0]].tolist() == ["track_4321", "track_7"]
    assert results.cosines == pytest.approx(np.ones((2, 1)), abs=1e-6)


@pytest.mark.parametrize("max_exact", [5000, 1000])
def test_index_round_trip_gives_equal_search_results(tmp_path, max_exact):
    library = build_index(random_vectors(5000), ["é", *track_ids(4999)], max_exact)
    save_index(library, tmp_path / "index.npz")
    loaded = load_index(tmp_path / "index.npz")
    assert np.array_equal(loaded.ids, library.ids)
    query_vectors = random_vectors(20, seed=4)
    for actual, expected in zip(
        search_index(loaded, query_vectors, 7), search_index(library, query_vectors, 7), strict=True
    ):
        assert np.array_equal(actual, expected)
    assert [path.name for path in tmp_path.iterdir()] == ["index.npz"]


def test_truncated_index_error_names_the_file(tmp_path):
    path = tmp_path / "index.npz"
    save_index(build_index(random_vectors(50), track_ids(50)), path)
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(InputError) as error:
        load_index(path)
    assert str(error.value) == (
        f"{path}: cannot be read (File is not a zip file)\n"
        "  expected: an index of a library\n"
        "  hint: the file is damaged: delete it and run again, and it is made anew"
    )


def test_invalid_vectors_raise_value_error():
    with pytest.raises(ValueError, match="3 vectors, but 2 ids"):
        build_index(random_vectors(3), track_ids(2))
    with pytest.raises(ValueError, match="a value that is not finite"):
        build_index([[1, np.nan]], ["a"])


def test_small_index_does_not_import_faiss(home):
    code = (
        "import sys; from scorelens.retrieval.search.index import *\n"
        "search_index(build_index([[1, 0]], ['a']), [[1, 0]], 1); print('faiss' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=home, capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr


def test_index_with_pickled_objects_is_rejected(tmp_path):
    path = tmp_path / "index.npz"
    np.savez(path, ids=np.array([{"code": "anything"}], object), vectors=np.zeros((1, 2)))
    with pytest.raises(InputError, match="an index of a library"):
        load_index(path)
