"""Tests of retrieval scores: synthetic embeddings against counts, and models of planted films."""

import numpy as np
import pandas as pd
import pytest
import torch
from retrieval_tables import SETTINGS, gather, train_model, write_inputs

from scorelens.retrieval import CONFIGURATIONS
from scorelens.retrieval.data.dataset import subsets
from scorelens.retrieval.evaluate import metrics
from scorelens.retrieval.evaluate.rankings import rank_embeddings
from scorelens.retrieval.evaluate.score import score_rankings, score_retrieval
from scorelens.tables import RETRIEVAL_COMPARISONS, RETRIEVAL_RANKS, RETRIEVAL_SCORES, read_table

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
    table = table.assign(configuration=configuration, repeat=0).astype(
        dict.fromkeys(axes, np.float32)
    )
    return table.sample(frac=1, random_state=0)


def outputs_in(folder):
    return {name: folder / f"{name}.tsv" for name in ("scores", "ranks", "comparisons")}


def score(tables, folder, samples=50, permutations=99):
    rankings = [one for table in tables for one in rank_embeddings(table)]
    outputs = outputs_in(folder)
    score_rankings(rankings, samples, permutations, 7, outputs)
    tables = (("scores", RETRIEVAL_SCORES), ("ranks", RETRIEVAL_RANKS))
    return tuple(read_table(outputs[name], table) for name, table in tables)


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
    assert len(scores) == (1 + 3) * sum(map(len, metrics.LEVELS.values()))
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
    outputs = outputs_in(tmp_path)
    score_retrieval(paths, inputs, "all", 200, 500, 0, outputs)
    table = read_table(outputs["scores"], RETRIEVAL_SCORES)
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
    ranks = read_table(outputs["ranks"], RETRIEVAL_RANKS)
    assert ranks["configuration"].value_counts().to_dict() == {
        "image": 100,
        "plot": 100,
        "all": 100,
    }


def test_films_of_a_group_are_drawn_and_swapped_together(tmp_path):
    """With all films in one group there is no other order, and no other sample."""
    rankings = rank_embeddings(make_embeddings("plot", np.random.default_rng(4)))
    rankings += rank_embeddings(make_embeddings("image", np.random.default_rng(5)))
    described = pd.DataFrame({"year": 2023, "group": "g"}, index=["f0", "f1", "f2"])
    outputs = outputs_in(tmp_path)
    score_rankings(rankings, 50, 99, 7, outputs, described)
    scores = read_table(outputs["scores"], RETRIEVAL_SCORES)
    assert (scores["p"] == 1).all()
    assert scores["p_in_years"].isna().all()
    comparisons = read_table(outputs["comparisons"], RETRIEVAL_COMPARISONS)
    assert (comparisons["p"] == 1).all()
    score_rankings(rankings, 50, 99, 7, outputs, described.assign(group=["f0", "f1", "f2"]))
    scores = read_table(outputs["scores"], RETRIEVAL_SCORES)
    assert (scores["p"] < 1).any()
    means = scores[scores["measure"] != "median_rank"]
    np.testing.assert_allclose(means["p_in_years"], means["p"], atol=0.15)  # all of one year
