"""Retrieval's measures, against counting by hand and orders drawn at random."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorelens.retrieval.evaluate import metrics
from scorelens.retrieval.evaluate.metrics import (
    METRICS,
    RECALLS,
    random_order,
    score_by_film,
    score_ranks,
)


def table_of(scores):
    return scores.set_index(["level", "measure"])


def unit(values):
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def lists_of(track_ranks, film):
    """Ranks in which only those of each film's tracks in its own list matter."""
    ranks = np.full((film[-1] + 1, len(film)), len(film))
    ranks[film, np.arange(len(film))] = track_ranks
    return ranks


def test_ranks_by_hand():
    """Two films, four tracks; the cosines are the tracks' coordinates."""
    queries = np.array([[1.0, 0.0], [0.0, 1.0]])
    tracks = np.array([[0.6, 0.8], [0.8, 0.6], [1.0, 0.0], [0.0, 1.0]])
    result = metrics.rank_tracks(queries, tracks)
    np.testing.assert_array_equal(result, [[3, 2, 1, 4], [2, 3, 4, 1]])


def test_of_tied_tracks_each_has_the_last_place():
    result = metrics.rank_tracks(np.ones((2, 1)), np.array([[1.0], [0.5], [1.0], [0.5], [0.5]]))
    np.testing.assert_array_equal(result, [[2, 5, 2, 5, 5]] * 2)


@given(st.integers(0, 10_000))
def test_ranks_are_places_in_a_sorted_list(seed):
    random = np.random.default_rng(seed)
    queries, tracks = unit(random.normal(size=(3, 4))), unit(random.normal(size=(12, 4)))
    for query, ranks in zip(queries, metrics.rank_tracks(queries, tracks), strict=True):
        order = sorted(range(12), key=lambda track: -(tracks[track] @ query))
        np.testing.assert_array_equal(ranks[order], np.arange(1, 13))


def test_measures_by_hand():
    """Ranks 1, 4, 8 of film 0 and 12, 25, 60 of film 1: counted with pencil and paper."""
    film = np.array([0, 0, 0, 1, 1, 1])
    value = table_of(score_ranks(lists_of([1, 4, 8, 12, 25, 60], film), film, 10, 10, 0))["value"]
    for k, count in zip(RECALLS, [1, 2, 3, 4, 5, 6], strict=True):
        assert value["track", f"recall_{k}"] == pytest.approx(count / 6)
    assert value["track", "median_rank"] == 10
    assert value["track", "reciprocal_rank"] == pytest.approx(
        (1 + 1 / 4 + 1 / 8 + 1 / 12 + 1 / 25 + 1 / 60) / 6
    )
    assert value["film", "recall_1"] == 0.5
    assert value["film", "recall_10"] == 0.5
    assert value["film", "recall_20"] == 1
    assert value["film", "median_rank"] == 6.5
    assert value["film", "reciprocal_rank"] == pytest.approx((1 + 1 / 12) / 2)


def test_each_film_by_hand():
    film = np.array([0, 0, 0, 1, 1])
    table = score_by_film(lists_of([1, 4, 8, 12, 25], film), film)
    assert table["tracks"].tolist() == [3, 2]
    assert table["first_rank"].tolist() == [1, 12]
    assert table["median_rank"].tolist() == [4, 18.5]
    assert table["reciprocal_rank"].tolist() == pytest.approx([11 / 24, 37 / 600])


def random_lists(film, seed):
    random = np.random.default_rng(seed)
    lists = np.tile(np.arange(len(film)) + 1, (film[-1] + 1, 1))
    return random.permuted(lists, axis=1)


FILM = np.repeat(np.arange(8), [1, 2, 3, 4, 5, 1, 2, 3])


def track_and_first_ranks(ranks, film):
    track_ranks = ranks[film, np.arange(len(film))]
    return {
        "track": track_ranks,
        "film": np.array([track_ranks[film == f].min() for f in range(film[-1] + 1)]),
    }


def plainly(ranks):
    return [*((ranks <= k).mean() for k in RECALLS), np.median(ranks), (1 / ranks).mean()]


@pytest.mark.parametrize("level", ["track", "film"])
def test_intervals_are_those_of_films_drawn_one_by_one(level):
    """The same samples, with the drawn films' ranks laid out and measured by NumPy."""
    lists = random_lists(FILM, 3)
    ranks, film = (
        track_and_first_ranks(lists, FILM)[level],
        FILM if level == "track" else np.arange(8),
    )
    draws = np.random.default_rng(7).multinomial(8, np.full(8, 1 / 8), 200)
    expected = [
        plainly(np.concatenate([np.tile(ranks[film == f], n) for f, n in enumerate(drawn)]))
        for drawn in draws
    ]
    table = score_ranks(lists, FILM, 200, 1, 7)
    rows = table[table.level == level]
    np.testing.assert_allclose(
        rows[["low", "high"]].T, np.quantile(expected, (0.025, 0.975), axis=0)
    )
    assert (rows.low < rows.value).any()


@pytest.mark.parametrize("level", ["track", "film"])
def test_permuted_is_what_films_reach_with_the_queries_of_others(level):
    """All 24 ways in which four films may swap their queries, against as many drawn."""
    film = np.array([0, 0, 1, 2, 2, 2, 3])
    lists = random_lists(film, 1)
    swaps = [lists[list(order)] for order in itertools.permutations(range(4))]
    every = np.array([plainly(track_and_first_ranks(swapped, film)[level]) for swapped in swaps])
    table = score_ranks(lists, film, 1, 20_000, 0)
    rows = table[table.level == level]
    np.testing.assert_allclose(rows.permuted, every.mean(axis=0), rtol=0.02)
    good = every >= every[0] - 1e-12
    good[:, 6] = every[:, 6] <= every[0, 6]
    np.testing.assert_allclose(rows.p_permuted, good.mean(axis=0), atol=0.015)


def test_without_skill_a_film_is_at_permuted_and_not_at_chance_if_its_tracks_are_alike():
    """Three tracks of a film always lie side by side: the first is as good as one alone."""
    random = np.random.default_rng(0)
    film = np.repeat(np.arange(40), 3)
    queries = unit(random.normal(size=(40, 16)))
    tracks = unit(unit(random.normal(size=(40, 16)))[film] + 1e-3 * random.normal(size=(120, 16)))
    table = table_of(score_ranks(metrics.rank_tracks(queries, tracks), film, 200, 200, 0))
    first = table.loc["film", "median_rank"]
    assert first.low < first.permuted < first.high
    assert first.chance < first.low
    assert first.permuted == pytest.approx(59.5, abs=3)
    rows = table.loc["track"]
    np.testing.assert_allclose(rows.permuted[:6], rows.chance[:6], rtol=0.25)


def test_in_pieces_it_is_the_same(monkeypatch):
    lists = random_lists(FILM, 5)
    whole = score_ranks(lists, FILM, 50, 50, 1)
    monkeypatch.setattr(metrics, "MAX_VALUES", 100)
    pd.testing.assert_frame_equal(score_ranks(lists, FILM, 50, 50, 1), whole, rtol=1e-12)


def test_chance_of_one_right_track_is_that_of_a_uniform_rank():
    """The paper's 1,964 test tracks: R@1 0.05%, R@10 0.51%, a median rank of 982.5."""
    result = dict(zip(METRICS, random_order(np.ones(1964, int), 1964), strict=True))
    assert result["recall_1"] == pytest.approx(1 / 1964)
    assert result["recall_10"] == pytest.approx(10 / 1964)
    assert result["median_rank"] == 982.5
    assert result["reciprocal_rank"] == pytest.approx((1 / np.arange(1, 1965)).mean())


def test_chance_of_two_right_tracks_of_four_by_hand():
    """Six orders: the first right one is first in three, second in two, third in one."""
    result = dict(zip(METRICS, random_order(np.array([2]), 4), strict=True))
    assert result["recall_1"] == pytest.approx(3 / 6)
    assert result["recall_5"] == 1
    assert result["median_rank"] == 1.5
    assert result["reciprocal_rank"] == pytest.approx((3 + 2 / 2 + 1 / 3) / 6)


def test_chance_is_the_mean_over_random_orders():
    film = np.repeat(np.arange(6), [1, 2, 3, 5, 8, 11])
    drawn = [track_and_first_ranks(random_lists(film, seed), film) for seed in range(2000)]
    for level, right in (("track", np.ones(30, int)), ("film", np.bincount(film))):
        result = np.array([plainly(ranks[level]) for ranks in drawn])
        spread = result.std(axis=0) / np.sqrt(len(result)) + 1e-12
        apart = np.abs(result.mean(axis=0) - random_order(right, 30)) / spread
        assert (np.delete(apart, 6) < 4).all(), apart  # a median of few is no mean
        every = np.concatenate([ranks[level] for ranks in drawn])
        assert np.median(every) == pytest.approx(random_order(right, 30)[6], abs=0.5)


def test_a_perfect_search():
    table = table_of(score_ranks(np.array([[1, 2, 3]]), np.zeros(3, int), 5, 5, 0))
    assert table["value"]["film", "recall_1"] == 1
    assert table["value"]["track", "recall_1"] == pytest.approx(1 / 3)
    assert table["chance"]["film", "recall_1"] == 1
    assert (table["p_permuted"] == 1).all()  # there is no other film
