"""Tests of scene metrics and query permutations against hand-computed values."""

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
    """Ranks (queries, scenes) of each film: given for a scene's own query, 1 for the others."""
    lists = []
    for number in np.unique(film):
        film_ranks = np.array(ranks)[np.array(film) == number]
        lists.append(np.where(np.eye(len(film_ranks), dtype=bool), film_ranks, 1))
    return lists


def test_score_scene_ranks_returns_hand_computed_measures():
    ranks, tracks, film = [1, 3, 7, 11], [11, 11, 11, 11], [0, 0, 0, 1]
    table = measured(ranks, tracks, film, swap_scenes(rank_lists(ranks, film)))
    assert tuple(table.index) == METRICS
    assert table["value"].tolist() == pytest.approx(
        [1 / 4, 2 / 4, 3 / 4, 5, (1 + 1 / 3 + 1 / 7 + 1 / 11) / 4, (1 + 0.8 + 0.4 + 0) / 4]
    )


def test_random_order_matches_the_mean_over_all_ranks():
    """One list of 3 tracks and one of 4, with equal weight and uniform ranks."""
    ranks = [*np.repeat([1, 2, 3], 4), *np.repeat([1, 2, 3, 4], 3)]
    shares = [np.mean(np.array(ranks) <= k) for k in (1, 5, 10)]
    percentile = np.mean([*np.repeat([1, 0.5, 0], 4), *np.repeat([1, 2 / 3, 1 / 3, 0], 3)])
    expected = [*shares, np.median(ranks), np.mean(1 / np.array(ranks)), percentile]
    assert random_order(np.array([3, 4])).tolist() == pytest.approx(expected)
    assert percentile == 0.5


def test_intervals_match_explicit_bootstrap_over_films():
    random = np.random.default_rng(0)
    film = np.repeat(np.arange(6), [1, 2, 3, 4, 5, 6])
    tracks = np.array([5, 9, 12, 20, 30, 14])[film]
    ranks = 1 + random.integers(tracks)
    draws = np.random.default_rng(3).multinomial(6, np.full(6, 1 / 6), 150)

    def reference_measures(rows):
        r, n = ranks[rows], tracks[rows]
        hits = [(r <= k).mean() for k in (1, 5, 10)]
        return [*hits, np.median(r), (1 / r).mean(), ((n - r) / (n - 1)).mean()]

    drawn = [
        reference_measures(
            np.concatenate([np.tile(np.flatnonzero(film == f), n) for f, n in enumerate(counts)])
        )
        for counts in draws
    ]
    lists = rank_lists(ranks, film)
    table = measured(ranks, tracks, film, swap_scenes(lists), samples=150, seed=3)
    expected = np.quantile(drawn, (0.025, 0.975), axis=0)
    np.testing.assert_allclose(table[["low", "high"]].T, expected)
    assert (table.low < table.high).all()


def test_swap_scenes_matches_all_permutations_within_films():
    """20,000 random permutations against all 3! * 2!; for the median, lower is better."""
    lists = [np.array([[1, 4, 2], [5, 2, 6], [3, 1, 3]]), np.array([[2, 6], [5, 4]])]
    film, tracks = [0, 0, 0, 1, 1], [6] * 5
    all_orders = itertools.product(
        *(itertools.permutations(range(len(film_ranks))) for film_ranks in lists)
    )
    permuted = np.array([[*swapped_ranks(lists, orders)] for orders in all_orders])
    ranks = [1, 2, 3, 2, 4]
    table = measured(ranks, tracks, film, swap_scenes(lists), permutations=20_000)
    means = np.column_stack(
        [(permuted == 1).mean(1), np.median(permuted, 1), (1 / permuted).mean(1)]
    )
    measures = ["recall_1", "median_rank", "reciprocal_rank"]
    np.testing.assert_allclose(table.permuted[measures], means.mean(0), rtol=0.02)
    value = table.value[measures].to_numpy()
    at_least_as_good = means >= value - 1e-12
    at_least_as_good[:, 1] = means[:, 1] <= value[1]
    np.testing.assert_allclose(table.p[measures], at_least_as_good.mean(0), atol=0.015)


def swapped_ranks(lists, orders):
    for film_ranks, order in zip(lists, orders, strict=True):
        yield from film_ranks[list(order), np.arange(len(film_ranks))]


def test_swap_films_exchanges_the_queries_of_two_films():
    lists = np.array([[1, 2, 9], [5, 6, 1]])
    film = np.array([0, 0, 1])
    swap = swap_films(lists, np.arange(2), film)
    table = measured([1, 2, 1], [9, 9, 9], film, swap, permutations=4000)
    # In half of the permutations the queries are exchanged; then the ranks are 5, 6 and 9.
    assert table.permuted["median_rank"] == pytest.approx((1 + 6) / 2, rel=0.05)
    assert table.p["reciprocal_rank"] == pytest.approx(0.5, abs=0.03)


def test_swap_films_cycles_through_the_queries_of_the_other_film():
    """Three films of three scenes, one and two; all six permutations are expected."""
    film, owner = np.array([0, 0, 0, 1, 2, 2]), np.array([0, 0, 0, 1, 2, 2])
    lists = np.arange(1, 37).reshape(6, 6)
    rows = {0: [0, 1, 2], 1: [3, 3, 3], 2: [4, 5, 4]}
    expected = {
        tuple(
            lists[
                [
                    row
                    for count, f in zip((3, 1, 2), orders, strict=True)
                    for row in rows[f][:count]
                ],
                np.arange(6),
            ].tolist()
        )
        for orders in itertools.permutations(range(3))
    }
    drawn = swap_films(lists, owner, film)(np.random.default_rng(0), 300)
    assert set(map(tuple, drawn.tolist())) == expected


def test_swap_films_uses_queries_of_films_without_scenes():
    lists = np.array([[1, 1], [7, 8], [5, 6], [9, 4]])
    drawn = swap_films(lists, np.arange(4), np.array([0, 0]))(np.random.default_rng(0), 4000)
    result, counts = np.unique(drawn, axis=0, return_counts=True)
    assert result.tolist() == [[1, 1], [5, 6], [7, 8], [9, 4]]
    np.testing.assert_allclose(counts / 4000, 0.25, atol=0.03)


def test_swap_scenes_of_single_scene_films_gives_p_1():
    table = measured([1, 2], [9, 9], [0, 1], swap_scenes([np.array([[1]]), np.array([[2]])]))
    assert (table.permuted == table.value).all()
    assert (table.p == 1).all()
