"""Tests of retrieval metrics against hand-computed values and random permutations."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorelens.evaluation.bootstrap import interval
from scorelens.retrieval.evaluate import metrics
from scorelens.retrieval.evaluate.draws import draw_for_films
from scorelens.retrieval.evaluate.metrics import (
    METRICS,
    RECALLS,
    random_order,
    score_by_film,
)


def score_ranks(ranks, film, samples, permutations, seed):
    """Scores of one training run."""
    draws = draw_for_films(len(ranks), samples, permutations, seed)
    return metrics.score_ranks(ranks[None], film, draws).table


def table_of(scores):
    return scores.set_index(["level", "measure"])


def unit(values):
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def rank_lists(track_ranks, film):
    """Ranks (films, tracks): the given ones for a film's own tracks, the last rank for others."""
    ranks = np.full((film[-1] + 1, len(film)), len(film))
    ranks[film, np.arange(len(film))] = track_ranks
    return ranks


def test_rank_tracks_returns_hand_computed_ranks():
    """Two films, four tracks; the cosines are the tracks' coordinates."""
    queries = np.array([[1.0, 0.0], [0.0, 1.0]])
    tracks = np.array([[0.6, 0.8], [0.8, 0.6], [1.0, 0.0], [0.0, 1.0]])
    result = metrics.rank_tracks(queries, tracks)
    np.testing.assert_array_equal(result, [[3, 2, 1, 4], [2, 3, 4, 1]])


def test_tied_tracks_get_the_worst_rank_of_the_tie():
    result = metrics.rank_tracks(np.ones((2, 1)), np.array([[1.0], [0.5], [1.0], [0.5], [0.5]]))
    np.testing.assert_array_equal(result, [[2, 5, 2, 5, 5]] * 2)


@given(st.integers(0, 10_000))
def test_ranks_match_sorting_by_cosine(seed):
    random = np.random.default_rng(seed)
    queries, tracks = unit(random.normal(size=(3, 4))), unit(random.normal(size=(12, 4)))
    for query, ranks in zip(queries, metrics.rank_tracks(queries, tracks), strict=True):
        order = sorted(range(12), key=lambda track: -(tracks[track] @ query))
        np.testing.assert_array_equal(ranks[order], np.arange(1, 13))


def test_score_ranks_returns_hand_computed_measures():
    """The tracks of film 0 have the ranks 1, 4, 8, those of film 1 the ranks 12, 25, 60."""
    film = np.array([0, 0, 0, 1, 1, 1])
    value = table_of(score_ranks(rank_lists([1, 4, 8, 12, 25, 60], film), film, 10, 10, 0))["value"]
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


def test_score_by_film_returns_hand_computed_measures():
    film = np.array([0, 0, 0, 1, 1])
    table = score_by_film(rank_lists([1, 4, 8, 12, 25], film), film)
    assert table["tracks"].tolist() == [3, 2]
    assert table["first_rank"].tolist() == [1, 12]
    assert table["median_rank"].tolist() == [4, 18.5]
    assert table["reciprocal_rank"].tolist() == pytest.approx([11 / 24, 37 / 600])


def random_rank_lists(film, seed):
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


def reference_measures(ranks, tracks):
    recalls = [(ranks <= k).mean() for k in RECALLS]
    percentile = ((tracks - ranks) / (tracks - 1)).mean()
    return [*recalls, np.median(ranks), (1 / ranks).mean(), percentile]


@pytest.mark.parametrize("level", ["track", "film"])
def test_intervals_match_explicit_bootstrap_over_films(level):
    """The reference repeats the ranks of each sampled film and measures them with NumPy."""
    lists = random_rank_lists(FILM, 3)
    ranks, film = (
        track_and_first_ranks(lists, FILM)[level],
        FILM if level == "track" else np.arange(8),
    )
    draws = np.random.default_rng(7).multinomial(8, np.full(8, 1 / 8), 200)
    expected = [
        reference_measures(
            np.concatenate([np.tile(ranks[film == f], n) for f, n in enumerate(drawn)]), len(FILM)
        )
        for drawn in draws
    ]
    table = score_ranks(lists, FILM, 200, 1, 7)
    rows = table[table.level == level]
    options = metrics.interval_options(METRICS, len(FILM), 8)
    bounds = interval(rows["value"].to_numpy(), np.array(expected), **options)
    np.testing.assert_allclose(rows[["low", "high"]].T, bounds)
    assert (rows.low < rows.value).any()


@pytest.mark.parametrize("level", ["track", "film"])
def test_permuted_values_match_all_permutations_of_four_queries(level):
    """20,000 random permutations against all 24 permutations of the queries."""
    film = np.array([0, 0, 1, 2, 2, 2, 3])
    lists = random_rank_lists(film, 1)
    permuted_lists = [lists[list(order)] for order in itertools.permutations(range(4))]
    permuted = np.array(
        [
            reference_measures(track_and_first_ranks(ranks, film)[level], 7)
            for ranks in permuted_lists
        ]
    )
    table = score_ranks(lists, film, 1, 20_000, 0)
    rows = table[table.level == level]
    np.testing.assert_allclose(rows.permuted, permuted.mean(axis=0), rtol=0.02)
    at_least_as_good = permuted >= permuted[0] - 1e-12
    at_least_as_good[:, 6] = permuted[:, 6] <= permuted[0, 6]
    np.testing.assert_allclose(rows.p, at_least_as_good.mean(axis=0), atol=0.015)


def test_unskilled_median_rank_matches_permuted_not_chance_for_similar_tracks():
    """The three tracks of a film have nearly equal embeddings, so their ranks are adjacent."""
    random = np.random.default_rng(0)
    film = np.repeat(np.arange(40), 3)
    queries = unit(random.normal(size=(40, 16)))
    tracks = unit(unit(random.normal(size=(40, 16)))[film] + 1e-3 * random.normal(size=(120, 16)))
    table = table_of(score_ranks(metrics.rank_tracks(queries, tracks), film, 200, 200, 0))
    first = table.loc["film", "median_rank"]
    assert first.low < first.permuted < first.high
    assert first.permuted > 2 * first.chance
    assert first.permuted == pytest.approx(59.5, abs=3)
    rows = table.loc["track"]
    np.testing.assert_allclose(rows.permuted[:6], rows.chance[:6], rtol=0.25)


def test_score_ranks_does_not_depend_on_the_chunk_size(monkeypatch):
    lists = random_rank_lists(FILM, 5)
    expected = score_ranks(lists, FILM, 50, 50, 1)
    monkeypatch.setattr(metrics, "MAX_VALUES", 100)
    pd.testing.assert_frame_equal(score_ranks(lists, FILM, 50, 50, 1), expected, rtol=1e-12)


def test_random_order_of_one_relevant_track_has_uniform_rank():
    """The paper's 1,964 test tracks: R@1 0.05%, R@10 0.51%, a median rank of 982.5."""
    result = dict(zip(METRICS, random_order(np.ones(1964, int), 1964), strict=True))
    assert result["recall_1"] == pytest.approx(1 / 1964)
    assert result["recall_10"] == pytest.approx(10 / 1964)
    assert result["median_rank"] == 982.5
    assert result["reciprocal_rank"] == pytest.approx((1 / np.arange(1, 1965)).mean())


def test_random_order_of_two_relevant_tracks_of_four_by_hand():
    """Of six orders, the first relevant track has rank 1 in three, 2 in two and 3 in one."""
    result = dict(zip(METRICS, random_order(np.array([2]), 4), strict=True))
    assert result["recall_1"] == pytest.approx(3 / 6)
    assert result["recall_5"] == 1
    assert result["median_rank"] == 1.5
    assert result["reciprocal_rank"] == pytest.approx((3 + 2 / 2 + 1 / 3) / 6)


def test_random_order_matches_the_mean_over_random_permutations():
    film = np.repeat(np.arange(6), [1, 2, 3, 5, 8, 11])
    drawn = [track_and_first_ranks(random_rank_lists(film, seed), film) for seed in range(2000)]
    for level, relevant in (("track", np.ones(30, int)), ("film", np.bincount(film))):
        result = np.array([reference_measures(ranks[level], 30) for ranks in drawn])
        standard_error = result.std(axis=0) / np.sqrt(len(result)) + 1e-12
        deviations = np.abs(result.mean(axis=0) - random_order(relevant, 30)) / standard_error
        # Measure 6 is the median rank: the mean of sample medians is not the median of all ranks.
        assert (np.delete(deviations, 6) < 4).all(), deviations
        all_ranks = np.concatenate([ranks[level] for ranks in drawn])
        assert np.median(all_ranks) == pytest.approx(random_order(relevant, 30)[6], abs=0.5)


def test_perfect_ranking_has_film_recall_1_and_p_1():
    table = table_of(score_ranks(np.array([[1, 2, 3]]), np.zeros(3, int), 5, 5, 0))
    assert table["value"]["film", "recall_1"] == 1
    assert table["value"]["track", "recall_1"] == pytest.approx(1 / 3)
    assert table["chance"]["film", "recall_1"] == 1
    assert (table["p"] == 1).all()  # one film has no other permutation


def significant_share(make_queries, corpora, films=12):
    """Share of corpora in which each measure has p <= .05, by level and measure."""
    p = []
    for seed in range(corpora):
        random = np.random.default_rng(seed)
        film = np.repeat(np.arange(films), random.integers(1, 6, films))
        tracks = unit(
            unit(random.normal(size=(films, 8)))[film] + 0.2 * random.normal(size=(len(film), 8))
        )
        ranks = metrics.rank_tracks(make_queries(random, films), tracks)
        p.append(table_of(score_ranks(ranks, film, 2, 99, seed))["p"])
    return (pd.DataFrame(p) <= 0.05).mean()


@pytest.mark.slow
def test_random_queries_are_significant_in_at_most_7_percent_and_reciprocal_rank_in_3_or_more():
    """Recalls and median ranks are discrete, and ties count as reached: they may be below 3%."""
    shares = significant_share(lambda random, films: unit(random.normal(size=(films, 8))), 1000)
    assert (shares <= 0.07).all()
    assert (shares.xs("reciprocal_rank", level="measure") >= 0.03).all()


def test_equal_queries_for_all_films_have_p_1():
    def constant(random, films):
        return np.tile(unit(random.normal(size=(1, 8))), (films, 1))

    assert (significant_share(constant, 20) == 0).all()
