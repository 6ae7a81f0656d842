"""Measures of scenes, and what swapped queries give, by hand."""

import itertools

import numpy as np
import pytest

from scorelens.retrieval.evaluate.scene_metrics import (
    METRICS,
    random_order,
    score_scene_ranks,
    swap_films,
    swap_scenes,
)


def measured(ranks, tracks, film, swap, samples=200, permutations=200, seed=0):
    table = score_scene_ranks(
        np.array(ranks), np.array(tracks), np.array(film), swap, samples, permutations, seed
    )
    return table.set_index("measure")


def rank_lists(ranks, film):
    """Lists in which only the scene's own query is known: the others give rank 1."""
    lists = []
    for number in np.unique(film):
        film_ranks = np.array(ranks)[np.array(film) == number]
        lists.append(np.where(np.eye(len(film_ranks), dtype=bool), film_ranks, 1))
    return lists


def test_measures_by_hand():
    ranks, tracks, film = [1, 3, 7, 11], [11, 11, 11, 11], [0, 0, 0, 1]
    table = measured(ranks, tracks, film, swap_scenes(rank_lists(ranks, film)))
    assert tuple(table.index) == METRICS
    assert table["value"].tolist() == pytest.approx(
        [1 / 4, 2 / 4, 3 / 4, 5, (1 + 1 / 3 + 1 / 7 + 1 / 11) / 4, (1 + 0.8 + 0.4 + 0) / 4]
    )


def test_chance_is_the_mean_over_all_orders():
    """Lists of 3 and 4 tracks: every rank once, one list as probable as the other."""
    ranks = [*np.repeat([1, 2, 3], 4), *np.repeat([1, 2, 3, 4], 3)]
    shares = [np.mean(np.array(ranks) <= k) for k in (1, 5, 10)]
    percentile = np.mean([*np.repeat([1, 0.5, 0], 4), *np.repeat([1, 2 / 3, 1 / 3, 0], 3)])
    expected = [*shares, np.median(ranks), np.mean(1 / np.array(ranks)), percentile]
    assert random_order(np.array([3, 4])).tolist() == pytest.approx(expected)
    assert percentile == 0.5


def test_intervals_are_those_of_films_drawn_with_all_their_scenes():
    random = np.random.default_rng(0)
    film = np.repeat(np.arange(6), [1, 2, 3, 4, 5, 6])
    tracks = np.array([5, 9, 12, 20, 30, 14])[film]
    ranks = 1 + random.integers(tracks)
    draws = np.random.default_rng(3).multinomial(6, np.full(6, 1 / 6), 150)

    def plainly(rows):
        r, n = ranks[rows], tracks[rows]
        hits = [(r <= k).mean() for k in (1, 5, 10)]
        return [*hits, np.median(r), (1 / r).mean(), ((n - r) / (n - 1)).mean()]

    drawn = [
        plainly(
            np.concatenate([np.tile(np.flatnonzero(film == f), n) for f, n in enumerate(counts)])
        )
        for counts in draws
    ]
    lists = rank_lists(ranks, film)
    table = measured(ranks, tracks, film, swap_scenes(lists), samples=150, seed=3)
    expected = np.quantile(drawn, (0.025, 0.975), axis=0)
    np.testing.assert_allclose(table[["low", "high"]].T, expected)
    assert (table.low < table.high).all()


def test_scenes_swap_within_their_film():
    """All 3! * 2! ways, against as many drawn; the median is good if it is low."""
    lists = [np.array([[1, 4, 2], [5, 2, 6], [3, 1, 3]]), np.array([[2, 6], [5, 4]])]
    film, tracks = [0, 0, 0, 1, 1], [6] * 5
    ways = itertools.product(
        *(itertools.permutations(range(len(film_ranks))) for film_ranks in lists)
    )
    every = np.array([[*swapped_ranks(lists, way)] for way in ways])
    ranks = [1, 2, 3, 2, 4]
    table = measured(ranks, tracks, film, swap_scenes(lists), permutations=20_000)
    means = np.column_stack([(every == 1).mean(1), np.median(every, 1), (1 / every).mean(1)])
    names = ["recall_1", "median_rank", "reciprocal_rank"]
    np.testing.assert_allclose(table.permuted[names], means.mean(0), rtol=0.02)
    value = table.value[names].to_numpy()
    good = means >= value - 1e-12
    good[:, 1] = means[:, 1] <= value[1]
    np.testing.assert_allclose(table.p[names], good.mean(0), atol=0.015)


def swapped_ranks(lists, way):
    for film_ranks, order in zip(lists, way, strict=True):
        yield from film_ranks[list(order), np.arange(len(film_ranks))]


def test_films_swap_their_queries():
    lists = np.array([[1, 2, 9], [5, 6, 1]])
    film = np.array([0, 0, 1])
    swap = swap_films(lists, np.arange(2), film)
    table = measured([1, 2, 1], [9, 9, 9], film, swap, permutations=4000)
    # Half of the time they do, and the ranks are 5, 6 and 9.
    assert table.permuted["median_rank"] == pytest.approx((1 + 6) / 2, rel=0.05)
    assert table.p["reciprocal_rank"] == pytest.approx(0.5, abs=0.03)


def test_scenes_take_the_queries_of_another_films_scenes_one_after_the_other():
    """Films of three scenes, one and two; all six ways to deal them out."""
    film, owner = np.array([0, 0, 0, 1, 2, 2]), np.array([0, 0, 0, 1, 2, 2])
    lists = np.arange(1, 37).reshape(6, 6)
    rows = {0: [0, 1, 2], 1: [3, 3, 3], 2: [4, 5, 4]}
    expected = {
        tuple(
            lists[
                [row for count, f in zip((3, 1, 2), way, strict=True) for row in rows[f][:count]],
                np.arange(6),
            ].tolist()
        )
        for way in itertools.permutations(range(3))
    }
    drawn = swap_films(lists, owner, film)(np.random.default_rng(0), 300)
    assert set(map(tuple, drawn.tolist())) == expected


def test_films_without_a_scene_lend_their_queries():
    lists = np.array([[1, 1], [7, 8], [5, 6], [9, 4]])
    drawn = swap_films(lists, np.arange(4), np.array([0, 0]))(np.random.default_rng(0), 4000)
    result, counts = np.unique(drawn, axis=0, return_counts=True)
    assert result.tolist() == [[1, 1], [5, 6], [7, 8], [9, 4]]
    np.testing.assert_allclose(counts / 4000, 0.25, atol=0.03)


def test_a_scene_alone_has_nothing_to_swap_with():
    table = measured([1, 2], [9, 9], [0, 1], swap_scenes([np.array([[1]]), np.array([[2]])]))
    assert (table.permuted == table.value).all()
    assert (table.p == 1).all()
