"""Tests of retrieval scores: synthetic embeddings against counts, and models of planted films."""

import numpy as np
import pandas as pd
import pytest
import torch
from retrieval_tables import SETTINGS, gather, train_model, write_inputs

from scorelens.retrieval import CONFIGURATIONS
from scorelens.retrieval.data.dataset import subsets
from scorelens.retrieval.evaluate import metrics
from scorelens.retrieval.evaluate.score import score_retrieval
from scorelens.tables import (
    RETRIEVAL_EMBEDDINGS,
    RETRIEVAL_RANKS,
    RETRIEVAL_SCORES,
    read_table,
    write_table,
)

torch.set_num_threads(1)

FILM = np.array([0, 0, 0, 1, 2, 2])  # of each track


def unit(values):
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def make_embeddings(configuration, random, near=0.0):
    """Two-dimensional embeddings of three films and six tracks, in shuffled rows.

    near: weight of the first track of a film in the embedding of the film.
    """
    tracks = unit(random.normal(size=(6, 2)))
    axes = ["p00", "p01"]
    tables = [
        pd.DataFrame(tracks, columns=axes).assign(
            kind="track", film_id=[f"f{film}" for film in FILM], track_id=list("abcdef"), seen=None
        )
    ]
    for parts in subsets(configuration):
        embeddings = unit(tracks[[0, 3, 4]] * near + (1 - near) * random.normal(size=(3, 2)))
        rows = pd.DataFrame(embeddings, columns=axes)
        keys = {"kind": "film", "film_id": ["f0", "f1", "f2"], "track_id": None}
        tables.append(rows.assign(**keys, seen="+".join(parts)))
    table = pd.concat([one.astype({"track_id": object, "seen": object}) for one in tables])
    table = table.assign(configuration=configuration).astype(dict.fromkeys(axes, np.float32))
    return table.sample(frac=1, random_state=0)


def score(tables, folder, samples=50, permutations=99):
    paths = []
    for number, table in enumerate(tables):
        paths.append(folder / f"embeddings_{number}.parquet")
        write_table(table, paths[-1], RETRIEVAL_EMBEDDINGS)
    outputs = folder / "scores.tsv", folder / "ranks.tsv"
    score_retrieval(paths, samples, permutations, 7, *outputs)
    return read_table(outputs[0], RETRIEVAL_SCORES), read_table(outputs[1], RETRIEVAL_RANKS)


def counted_ranks(table, parts):
    """Rank of each track for its film: the number of tracks with at least its cosine."""
    tracks = table[table["kind"] == "track"].sort_values("track_id")
    films = table[table["seen"] == parts].sort_values("film_id")
    cosines = films[["p00", "p01"]].to_numpy() @ tracks[["p00", "p01"]].to_numpy().T
    return np.array(
        [
            sum(other >= cosines[film, track] for other in cosines[film])
            for track, film in enumerate(FILM)
        ]
    )


def test_scores_and_ranks_match_explicit_counts(tmp_path):
    random = np.random.default_rng(3)
    tables = [make_embeddings(name, random) for name in ("image", "image_tags")]
    scores, ranks = score(tables, tmp_path)
    scores = scores.set_index(["configuration", "seen", "level", "measure"])["value"].sort_index()
    assert len(scores) == (1 + 3) * 2 * len(metrics.METRICS)
    for table in tables:
        name = table["configuration"].iloc[0]
        for parts in subsets(name):
            query = "+".join(parts)
            track_ranks = counted_ranks(table, query)
            first = np.array([track_ranks[film == FILM].min() for film in range(3)])
            for level, level_ranks in {"track": track_ranks, "film": first}.items():
                result = scores[name, query, level]
                assert result["recall_1"] == pytest.approx((level_ranks == 1).mean())
                assert result["recall_5"] == pytest.approx((level_ranks <= 5).mean())
                assert result["median_rank"] == np.median(level_ranks)
                assert result["reciprocal_rank"] == pytest.approx((1 / level_ranks).mean())
            if query == "+".join(CONFIGURATIONS[name]):
                by_film = ranks[ranks["configuration"] == name].set_index("film_id")
                assert by_film["first_rank"].tolist() == first.tolist()
                assert by_film["tracks"].tolist() == [3, 1, 2]
                medians = [np.median(track_ranks[film == FILM]) for film in range(3)]
                assert by_film["median_rank"].tolist() == medians
    assert len(ranks) == 6


def test_all_models_have_the_same_chance(tmp_path):
    random = np.random.default_rng(5)
    scores, _ = score([make_embeddings(name, random) for name in ("plot", "all")], tmp_path)
    chances = scores.groupby(["level", "measure"])["chance"].agg(["min", "max"])
    assert (chances["min"] == chances["max"]).all()
    assert (scores["low"] <= scores["value"]).all()
    assert (scores["value"] <= scores["high"]).all()


def test_film_embeddings_equal_to_a_track_rank_it_first(tmp_path):
    table = make_embeddings("plot", np.random.default_rng(1), near=1.0)
    scores, ranks = score([table], tmp_path)
    assert set(ranks["first_rank"]) == {1}
    first = scores[(scores["level"] == "film") & (scores["measure"] == "recall_1")]
    assert first["value"].item() == 1


def test_score_retrieval_is_deterministic(tmp_path):
    tables = [make_embeddings("all", np.random.default_rng(2))]
    score(tables, tmp_path)
    before = [(tmp_path / name).read_bytes() for name in ("scores.tsv", "ranks.tsv")]
    score(tables, tmp_path)
    assert [(tmp_path / name).read_bytes() for name in ("scores.tsv", "ranks.tsv")] == before


@pytest.mark.slow
def test_models_have_skill_only_with_the_planted_part(tmp_path):
    """Images correlate with the music, texts do not.

    So only queries with an image rank the tracks of test films better than chance.
    """
    inputs = gather(write_inputs(tmp_path / "left", planted="image"), tmp_path)
    settings = SETTINGS | {"epochs": 8}
    paths = []
    for name in ("image", "plot", "all"):
        paths.append(train_model(name, inputs, tmp_path, settings=settings)["embeddings"])
    outputs = tmp_path / "scores.tsv", tmp_path / "ranks.tsv"
    score_retrieval(paths, 200, 500, 0, *outputs)
    table = read_table(outputs[0], RETRIEVAL_SCORES)
    table = table[(table["level"] == "film") & (table["measure"] == "median_rank")]
    table = table.set_index(["configuration", "seen"])
    for model, seen in (("image", "image"), ("all", "image+tags+plot"), ("all", "image")):
        row = table.loc[(model, seen)]
        assert row["high"] < row["chance"] / 2, (model, seen)
        assert row["p"] < 0.01, (model, seen)
    for model, seen in (("plot", "plot"), ("all", "tags+plot"), ("all", "plot"), ("all", "tags")):
        row = table.loc[(model, seen)]
        assert row["value"] > 0.7 * row["permuted"], (model, seen)
        assert row["p"] > 0.01, (model, seen)
    ranks = read_table(outputs[1], RETRIEVAL_RANKS)
    assert ranks["configuration"].value_counts().to_dict() == {
        "image": 100,
        "plot": 100,
        "all": 100,
    }
