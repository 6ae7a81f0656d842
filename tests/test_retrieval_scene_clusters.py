"""Films of one cluster in the evaluation of scenes are sampled and swapped together."""

import numpy as np

from scorelens.retrieval.evaluate.scene_metrics import score_scene_ranks, swap_films
from scorelens.retrieval.evaluate.scenes import Pool, score_scenes

FILM = np.repeat(np.arange(6), 2)  # of each scene
CLUSTER = np.array([0, 0, 1, 1, 2, 2])


def unit(values):
    return values / np.linalg.norm(values, axis=-1, keepdims=True)


def test_films_of_a_cluster_take_the_queries_of_another_cluster():
    """The rank of a scene is the number of the film whose query it has."""
    lists = np.tile(np.arange(6)[:, None], (1, 12))
    drawn = swap_films(lists, np.arange(6), FILM, CLUSTER)(np.random.default_rng(0), 200)
    givers = CLUSTER[drawn].reshape(200, 3, 4)
    assert (givers == givers[..., :1]).all()
    assert {tuple(row[:, 0]) for row in givers} == {
        (0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)
    }  # fmt: skip


def test_interval_of_clusters_is_that_of_their_means_in_larger_units():
    """Films of a cluster have the same ranks: as if there were half as many."""
    ranks = np.repeat([1, 1, 4, 4, 9, 9], 2)
    sizes, swap = np.full(12, 12), lambda random, count: np.tile(ranks, (count, 1))
    paired = score_scene_ranks(ranks, sizes, FILM, swap, 4000, 5, 1, CLUSTER)
    single = score_scene_ranks(
        ranks[::2], sizes[::2], np.repeat(np.arange(3), 2), swap_of(ranks[::2]), 4000, 5, 1
    )
    for name in ("low", "high"):
        np.testing.assert_allclose(paired[name], single[name], atol=0.02, rtol=0.05)


def swap_of(ranks):
    return lambda random, count: np.tile(ranks, (count, 1))


def test_scenes_of_a_single_cluster_have_p_1_among_all_tracks():
    random = np.random.default_rng(2)
    tracks = unit(random.normal(size=(12, 8)))
    films = unit(tracks[::2] + tracks[1::2])
    queries = {"scene": tracks + 0.01}
    pool = Pool(tracks, FILM, FILM, np.arange(12))
    alone = score_scenes(films, queries, pool, 50, 500, 0)
    together = score_scenes(films, queries, pool._replace(cluster=np.zeros(6, int)), 50, 500, 0)
    rows = {"alone": alone, "together": together}
    p = {
        name: table.query("pool == 'all' and measure == 'mean_percentile'")["p"].to_numpy()
        for name, table in rows.items()
    }
    assert (p["alone"] < 0.05).all()
    assert (p["together"] == 1).all()
    np.testing.assert_array_equal(alone["value"], together["value"])
