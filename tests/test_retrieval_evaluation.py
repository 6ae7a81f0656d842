"""Chance, several training runs, clusters and comparisons of retrieval, against closed forms."""

import numpy as np
import pandas as pd
import pytest

from scorelens.evaluation.multiplicity import best_of_p
from scorelens.evaluation.paired import compare_means
from scorelens.retrieval.evaluate import comparisons, metrics
from scorelens.retrieval.evaluate.draws import draw_for_films
from scorelens.retrieval.evaluate.metrics import (
    FILM_MEAN,
    MEANS,
    film_values,
    rank_tracks,
    score_ranks,
)
from scorelens.retrieval.evaluate.rankings import Rankings, full_queries

FILM = np.repeat(np.arange(12), [1, 2, 9, 4, 5, 3, 7, 2, 12, 4, 6, 5])  # of each track
TRACKS = len(FILM)


def unit(values):
    return values / np.linalg.norm(values, axis=-1, keepdims=True)


def similar_tracks(random):
    """Tracks of a film that resemble one another."""
    return unit(random.normal(size=(12, 8))[FILM] + 0.5 * random.normal(size=(TRACKS, 8)))


def noise_ranks(random, runs=1):
    """Ranks by queries without any relation to the tracks."""
    tracks = similar_tracks(random)
    queries = unit(random.normal(size=(runs, 12, 8)))
    return np.stack([rank_tracks(run, tracks) for run in queries])


def level_rows(scores, level):
    return scores.table[scores.table.level == level].set_index("measure")


def test_film_mean_weighs_films_alike_whatever_their_number_of_tracks():
    """One film has a track of rank 1, the other three of ranks 10, 20 and 30."""
    film = np.array([0, 1, 1, 1])
    ranks = np.array([[1, 40, 40, 40], [40, 10, 20, 30]])[None]
    scores = score_ranks(ranks, film, draw_for_films(2, 10, 10, 0))
    mean, track = (level_rows(scores, level)["value"] for level in (FILM_MEAN, "track"))
    assert mean["recall_10"] == pytest.approx((1 + 1 / 3) / 2)
    assert track["recall_10"] == pytest.approx(2 / 4)
    reciprocal = (1 / 10 + 1 / 20 + 1 / 30) / 3
    assert mean["reciprocal_rank"] == pytest.approx((1 + reciprocal) / 2)
    assert "median_rank" not in mean.index


def test_mean_percentile_of_known_ranks():
    """Of five tracks, four are below rank 1 and none below rank 5."""
    values = film_values(np.array([[1, 5, 3]]), np.array([0, 0, 1]), 5)
    assert values[0, :, MEANS.index("mean_percentile")].tolist() == [0.5, 0.5]


def test_scores_of_several_runs_are_their_means_with_standard_deviation():
    ranks = noise_ranks(np.random.default_rng(0), runs=3)
    draws = draw_for_films(12, 50, 50, 1)
    single = [score_ranks(run[None], FILM, draws) for run in ranks]
    scores = score_ranks(ranks, FILM, draws)
    values = np.array([one.table["value"] for one in single])
    np.testing.assert_allclose(scores.table["value"], values.mean(axis=0))
    np.testing.assert_allclose(scores.table["spread"], values.std(axis=0, ddof=1))
    permuted = np.mean([one.permuted for one in single], axis=0)
    np.testing.assert_allclose(scores.permuted, permuted)
    assert single[0].table["spread"].isna().all()


@pytest.mark.slow
def test_best_of_eight_models_of_noise_is_significant_in_3_to_7_percent_of_draws():
    random, films = np.random.default_rng(4), np.arange(12)
    orders, column = draw_for_films(12, 1, 199, 5).orders, MEANS.index("mean_percentile")
    best, single = [], []
    for _ in range(1000):
        tracks = similar_tracks(random)
        queries = unit(random.normal(size=(12, 8)) + random.normal(size=(8, 12, 8)))  # correlated
        values = np.stack(
            [film_values(rank_tracks(one, tracks), FILM, TRACKS)[..., column] for one in queries]
        )
        observed, permuted = values[:, films, films].mean(-1), values[:, orders, films].mean(-1)
        best.append(best_of_p(observed, permuted).min())
        reached = (permuted >= observed[:, None]).sum(axis=1)
        single.append((1 + reached.min()) / 200)
    assert 0.03 <= np.mean(np.array(best) <= 0.05) <= 0.07
    assert np.mean(np.array(single) <= 0.05) > 0.15  # without correction


def test_best_of_a_single_model_is_its_own_p():
    scores = score_ranks(noise_ranks(np.random.default_rng(6)), FILM, draw_for_films(12, 9, 199, 0))
    adjusted = comparisons.best_of_models({"plot": scores, "year": scores})  # a baseline is none
    assert set(adjusted["configuration"]) == {"plot"}
    np.testing.assert_allclose(adjusted["p_best"], scores.table["p"])


def test_clusters_are_sampled_and_permuted_together():
    cluster = np.repeat(np.arange(4), 3)
    draws = draw_for_films(12, 30, 200, 0, cluster)
    blocks = draws.samples.reshape(30, 4, 3)
    assert (blocks == blocks[..., :1]).all()
    givers = cluster[draws.orders].reshape(200, 4, 3)
    assert (givers == givers[..., :1]).all()
    assert (draws.clusters, draws.exchangeable) == (4, 12)
    unequal = draw_for_films(12, 1, 1, 0, np.array([0, 0, 0, *range(1, 10)]))
    assert (unequal.clusters, unequal.exchangeable) == (10, 9)
    alone = draw_for_films(12, 30, 200, 0)
    ranks = noise_ranks(np.random.default_rng(7))
    together, apart = (level_rows(score_ranks(ranks, FILM, d), FILM_MEAN) for d in (draws, alone))
    assert (together["value"] == apart["value"]).all()
    assert (together["low"] != apart["low"]).any()


def test_permutation_within_years_removes_skill_that_is_the_year_alone():
    """Queries and tracks share a vector of the year, and nothing else."""
    random = np.random.default_rng(8)
    years = np.repeat([2023, 2024, 2025], 4)
    of_year = random.normal(size=(3, 8))[years - 2023]
    tracks = unit(of_year[FILM] + 0.3 * random.normal(size=(TRACKS, 8)))
    queries = unit(of_year + 0.3 * random.normal(size=(12, 8)))
    draws = draw_for_films(12, 10, 999, 0, years=years)
    rows = level_rows(score_ranks(rank_tracks(queries, tracks)[None], FILM, draws), FILM_MEAN)
    assert rows.p["mean_percentile"] < 0.01
    assert rows.p_in_years["mean_percentile"] > 0.05
    assert draw_for_films(12, 10, 10, 0, years=np.arange(12)).year_orders is None


def rankings_of(name, queries, tracks):
    ranks = np.stack([rank_tracks(run, tracks) for run in queries])
    names = np.array([f"film_{number:02d}" for number in range(12)])
    return Rankings(name, "plot", names, FILM, ranks)


def planted_values(runs=2, skill=1.5):
    """Metrics of a model with skill, of two without, and of a copy of the first."""
    random = np.random.default_rng(9)
    tracks = similar_tracks(random)
    centres = unit(np.stack([tracks[film == FILM].mean(0) for film in range(12)]))
    noise = [unit(random.normal(size=(runs, 12, 8))) for _ in range(2)]
    queries = {
        "plot": unit(skill * centres + noise[0]),
        "image": noise[0],
        "tags": noise[1],
    }
    queries["all"] = queries["plot"]
    ranked = {name: rankings_of(name, one, tracks) for name, one in queries.items()}
    return ranked, {name: comparisons.film_metrics(one) for name, one in ranked.items()}


def test_comparison_finds_that_plot_beats_image_and_equals_its_copy():
    _, values = planted_values()
    table = comparisons.compare_all(values, 500, 0).set_index(["measure", "configuration", "other"])
    better = table.loc["mean_percentile", "plot", "image"]
    assert better.difference > 0.2
    assert better.low > 0
    assert better.p_holm < 0.05
    same = table.loc["mean_percentile", "plot", "all"]
    assert (same.difference, same.low, same.high, same.p) == pytest.approx((0, 0, 0, 1), abs=1e-3)
    assert table.loc["mean_percentile", "image", "tags"].p_holm > 0.05


def test_comparisons_equal_the_pairwise_library_function():
    ranked, values = planted_values()
    table = comparisons.compare_all(values, 300, 0)
    column = MEANS.index("recall_10")
    films = np.arange(12)
    first, second = (
        np.stack([film_values(run, FILM, TRACKS)[films, films, column] for run in one.ranks])
        for one in (ranked["plot"], ranked["image"])
    )
    expected = compare_means(first, second, 300, 9999, 0)
    row = table.query("measure == 'recall_10' and configuration == 'plot' and other == 'image'")
    assert row["difference"].item() == pytest.approx(first.mean() - second.mean())
    for name, value in expected.items():
        assert row[name].item() == pytest.approx(float(value)), name


def test_holm_correction_is_over_all_pairs_of_a_measure():
    _, values = planted_values()
    table = comparisons.compare_all(values, 50, 0)
    for _, rows in table.groupby("measure"):
        assert len(rows) == 6
        p = np.sort(rows["p"])
        corrected = np.minimum(np.maximum.accumulate(p * np.arange(6, 0, -1)), 1)
        np.testing.assert_allclose(np.sort(rows["p_holm"]), corrected)


def test_full_queries_have_all_parts_and_every_baseline():
    table = pd.DataFrame(
        [("all", "image+tags+plot"), ("all", "plot"), ("year", "year"), ("plot", "plot")],
        columns=["configuration", "seen"],
    )
    assert full_queries(table).index.tolist() == [0, 2, 3]


def test_random_order_percentile_of_the_first_of_several_tracks():
    """The expected rank of the first of c among T is (T + 1) / (c + 1)."""
    for correct in (1, 3, 7):
        result = metrics.random_order(np.array([correct]), 60)
        expected = (60 - 61 / (correct + 1)) / 59
        assert result[metrics.METRICS.index("mean_percentile")] == pytest.approx(expected)


def test_interval_of_a_mean_over_runs_is_narrower_than_that_of_one_run():
    """Errors that differ between runs average out."""
    draws = draw_for_films(12, 500, 10, 0)
    widths = []
    for runs in (1, 8):
        ranks = [noise_ranks(np.random.default_rng(seed), runs) for seed in range(20)]
        rows = [level_rows(score_ranks(one, FILM, draws), FILM_MEAN) for one in ranks]
        widths.append(
            np.mean([row.high["mean_percentile"] - row.low["mean_percentile"] for row in rows])
        )
    assert widths[1] < 0.75 * widths[0]


@pytest.mark.slow
@pytest.mark.parametrize("skill", [0.0, 0.8, 3.0])
def test_intervals_over_films_cover_the_mean_over_corpora_in_90_to_98_percent(skill):
    """29 films of 1 to 8 tracks; recall at 10, reciprocal rank and percentile by film."""
    random, values, rows = np.random.default_rng(12), [], []
    for _ in range(400):
        film = np.repeat(np.arange(29), random.integers(1, 9, 29))
        centres = random.normal(size=(29, 8))
        tracks = unit(centres[film] + random.normal(size=(len(film), 8)))
        queries = unit(skill * centres + random.normal(size=(29, 8)))
        draws = draw_for_films(29, 200, 1, random.integers(2**31))
        scored = level_rows(score_ranks(rank_tracks(queries, tracks)[None], film, draws), FILM_MEAN)
        rows.append(scored.loc[["recall_10", "reciprocal_rank", "mean_percentile"]])
    low, high, values = (np.array([one[name] for one in rows]) for name in ("low", "high", "value"))
    expected = values.mean(axis=0)
    covered = ((low <= expected) & (expected <= high)).mean(axis=0)
    assert ((covered >= 0.9) & (covered <= 0.985)).all(), covered
