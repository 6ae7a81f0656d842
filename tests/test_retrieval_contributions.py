"""Search results and contributions of query parts match hand-computed values."""

import numpy as np
import pytest

from scorelens.encoders.text_encoder import Text
from scorelens.retrieval.search import query_encoder, search
from scorelens.retrieval.search.index import build_index
from scorelens.retrieval.search.query_encoder import QueryEmbeddings, embed_search
from scorelens.retrieval.search.search_config import Search


@pytest.fixture
def sum_model(monkeypatch):
    """Stub model that embeds a query as the normalized sum of its image and text vectors."""

    def embed(model, views):
        joined = sum(views.values())
        return joined / np.linalg.norm(joined, axis=1, keepdims=True)

    monkeypatch.setattr(query_encoder, "embed_queries", embed)


X, Y, Z = np.eye(3, dtype=np.float32)
WHOLE = Search("s", "p", ("t",), image="i", track="noir/theme", known=True)
VECTORS = QueryEmbeddings(
    images={"s": X},
    texts={Text("t", "p"): Y, Text("t", ""): 3 * Y, Text("", "p"): Y - X},
    tracks={"s": Z},
    index_rows={"s": 1},
    pictures={},
)


def test_embed_search_of_parts_matches_hand_computed_values(sum_model):
    def embedded(*parts):
        return embed_search(WHOLE, parts, None, VECTORS).tolist()

    half, third = np.sqrt(0.5), np.sqrt(0.1)
    assert embedded("image") == pytest.approx([1, 0, 0])
    assert embedded("track") == pytest.approx([0, 0, 1])
    assert embedded("image", "tags") == pytest.approx([third, 3 * third, 0])
    assert embedded("image", "tags", "plot", "track") == pytest.approx([0.5, 0.5, half])
    assert embedded("plot", "track") == pytest.approx([-0.5, 0.5, half])


def test_contribution_is_the_drop_of_the_cosine_without_the_part(sum_model):
    library = build_index(np.stack([X, Z, Y]), ["x", "own", "y"])
    results = search.rank_results(WHOLE, None, VECTORS, library, np.arange(3), 5)
    assert results["row"].tolist() == [0, 2]  # without the track of the query
    assert results["rank"].tolist() == [1, 2]
    assert results["cosine"].tolist() == pytest.approx([0.5, 0.5])
    root = np.sqrt(0.05)
    without = {
        "image": [0, np.sqrt(0.5)],
        "tags": [0, np.sqrt(0.5)],  # X + (Y - X) is Y
        "plot": [root, 3 * root],
        "track": [np.sqrt(0.5), np.sqrt(0.5)],
    }
    for part, cosines in without.items():
        assert results[part].tolist() == pytest.approx([0.5 - c for c in cosines]), part
    assert results["moved_by"].tolist() == ["image", "plot"]


def test_contribution_of_a_single_part_is_the_whole_cosine(sum_model):
    query = Search("s", image="i")
    library = build_index([X, Y], ["x", "y"])
    results = search.rank_results(
        query, None, VECTORS._replace(index_rows={}), library, np.arange(2), 1
    )
    assert results[["rank", "row", "cosine", "image"]].to_numpy().tolist() == [[1, 0, 1, 1]]
    assert results["moved_by"].tolist() == ["image"]
    assert results[["tags", "plot", "track"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("limit", "expected"), [(1, [0]), (2, [0, 3]), (3, [0, 3, 5]), (9, [0, 3, 5])]
)
def test_each_file_is_one_result_and_the_query_file_is_excluded(sum_model, limit, expected):
    library_vectors = [X, Z, X + 0.1 * Y, Y, Z + 0.1 * X, Y - Z, Y]
    library = build_index(np.stack(library_vectors), list("abcdefg"))
    files = np.array([7, 5, 7, 2, 5, 1, 2])
    query = Search("s", image="i", track="noir/theme", known=True)
    vectors = VECTORS._replace(images={"s": 3 * X})
    results = search.rank_results(query, None, vectors, library, files, limit)
    assert results["row"].tolist() == expected
    assert results["rank"].tolist() == list(range(1, len(expected) + 1))
