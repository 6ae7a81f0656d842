"""Differences of medians by hand, p-values by enumeration, simulated effects and null data."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from scorelens.evaluation import group_difference


def compare_all(values, actual, predicted, permutations, samples, seed):
    """`compare_labellings` of every genre and measure."""
    cells = list(itertools.product(actual.columns, values.columns))
    arguments = cells, values, actual, predicted, permutations, samples, seed
    return group_difference.compare_labellings(*arguments)


def film_table(array, names):
    """A DataFrame (films, names) from an array."""
    films = [f"film_{k:03d}" for k in range(len(array))]
    return pd.DataFrame(array, index=films, columns=names)


def compare_one(values, actual, predicted=None, permutations=999, seed=0):
    """`compare_labellings` of one measure and one genre, as labelling -> row."""
    decided = actual if predicted is None else predicted
    table = compare_all(
        film_table(np.asarray(values, float)[:, None], ["brightness"]),
        film_table(np.asarray(actual, bool)[:, None], ["Horror"]),
        film_table(np.asarray(decided, bool)[:, None], ["Horror"]),
        permutations,
        200,
        seed,
    )
    return {row.labelling: row for row in table.itertuples()}


def test_films_of_one_cluster_count_once_and_single_ones_as_without_clusters():
    random = np.random.default_rng(3)
    values, labels = random.normal(size=(9, 1)), np.arange(9)[:, None] < 4
    tables = [film_table(one, ["Horror"]) for one in (values, labels, labels)]
    arguments = [("Horror", "Horror")], *tables, 20_000, 50, 0
    single = group_difference.compare_labellings(*arguments)
    alone = group_difference.compare_labellings(*arguments, np.arange(9))
    pd.testing.assert_frame_equal(alone, single)
    doubled = [pd.concat([one, one], ignore_index=True) for one in tables]
    arguments = [("Horror", "Horror")], *doubled, 20_000, 50, 0
    grouped = group_difference.compare_labellings(*arguments, np.tile(np.arange(9), 2))
    copies = group_difference.compare_labellings(*arguments)
    assert grouped["films_with"].tolist() == [8, 8, 0]
    np.testing.assert_allclose(grouped["difference"], single["difference"])
    np.testing.assert_allclose(grouped["p"], single["p"], atol=0.012)  # all orders of nine films
    assert copies["p"][0] < single["p"][0] / 1.5


def test_standardise_ignores_films_with_missing_values():
    values = group_difference.standardise(
        film_table([[1, 5], [3, 5], [np.nan, 5]], ["cut_rate", "contrast"])
    )
    assert values["cut_rate"].tolist()[:2] == [-1, 1]
    assert np.isnan(values["cut_rate"].iloc[2])
    assert values["contrast"].isna().all()  # zero standard deviation


def test_differences_of_each_labelling_by_hand():
    rows = compare_one(
        values=[1, 2, 9, 4, 6, 20, 8],
        actual=[1, 1, 1, 0, 0, 0, 0],
        predicted=[0, 0, 1, 1, 1, 0, 0],
    )
    assert rows["actual"].difference == 2 - 7
    assert rows["predicted"].difference == 6 - 5
    assert rows["false_positive"].difference == 5 - 14
    groups = {name: (row.films_with, row.films_without) for name, row in rows.items()}
    assert groups == {"actual": (3, 4), "predicted": (3, 4), "false_positive": (2, 2)}


def enumerated_p(values, films):
    """Two-sided p over all ways to choose the first `films` of the values."""
    differences = []
    for chosen in itertools.combinations(range(len(values)), films):
        rest = np.delete(values, chosen)
        differences.append(abs(np.median(values[list(chosen)]) - np.median(rest)))
    return np.mean(np.array(differences) >= differences[0] - 1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_p_of_a_small_corpus_equals_full_enumeration(seed):
    values = np.random.default_rng(seed).normal(size=9)
    exact = enumerated_p(values, 3)
    p = group_difference.permutation_p(values[:3], values[3:], 84, np.random.default_rng(0))
    assert p == pytest.approx(exact)


def test_sampled_p_approximates_enumeration_and_includes_the_observed_data():
    values = np.random.default_rng(3).normal(size=14)
    p = group_difference.permutation_p(values[:5], values[5:], 1999, np.random.default_rng(0))
    exact = enumerated_p(values, 5)
    assert 0.05 < exact < 0.95
    assert p == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 1999))
    assert p * 2000 == pytest.approx(round(p * 2000))
    separated = group_difference.permutation_p(
        np.arange(20.0), 100 + np.arange(20.0), 99, np.random.default_rng(0)
    )
    assert separated == pytest.approx(1 / 100)


def test_p_does_not_depend_on_the_sign():
    values = np.random.default_rng(5).normal(size=16)
    up, down = (compare_one(k * values, np.arange(16) < 6)["actual"] for k in (1, -1))
    assert up.difference == -down.difference
    assert up.p == down.p


def test_p_has_its_nominal_level_under_the_null_hypothesis():
    random = np.random.default_rng(1)
    actual = np.arange(24) < 9
    trials = 300
    results = np.array(
        [
            compare_one(random.normal(size=24), actual, permutations=199, seed=k)["actual"].p
            for k in range(trials)
        ]
    )
    for level in (0.05, 0.1, 0.25, 0.5):
        low, high = stats.binom.ppf([0.002, 0.998], trials, level)
        assert low <= (results <= level).sum() <= high, level


def test_simulated_effect_is_significant_only_in_its_cell_and_not_if_shuffled():
    random = np.random.default_rng(2)
    films = 110
    actual = random.random((films, 3)) < 0.35
    predicted = actual ^ (random.random((films, 3)) < 0.2)
    values = random.normal(size=(films, 2))
    # The effect includes the false positives.
    values[:, 0] -= 1.5 * (actual[:, 1] | predicted[:, 1])
    genres, measures = ["Action", "Horror", "Drama"], ["brightness", "contrast"]
    decided = film_table(actual, genres), film_table(predicted, genres)
    simulated = compare_all(film_table(values, measures), *decided, 999, 200, 0)
    mixed = random.permutation(values)
    shuffled = compare_all(film_table(mixed, measures), *decided, 999, 200, 0)
    results = simulated[simulated.p_adjusted < 0.05]
    assert set(zip(results.genre, results.measure, strict=True)) == {("Horror", "brightness")}
    assert results.labelling.tolist() == list(group_difference.LABELLINGS)
    assert (results.high < 0).all()
    assert not (shuffled.p_adjusted < 0.05).any()


def test_false_positives_are_compared_only_with_films_not_of_the_genre():
    """The values depend on the actual labels only, so false positives have no effect."""
    random = np.random.default_rng(7)
    results = []
    for trial in range(60):
        actual = np.arange(60) < 24
        predicted = random.random(60) < 0.4
        values = random.normal(size=60) - 3 * actual
        rows = compare_one(values, actual, predicted, permutations=199, seed=trial)
        assert rows["actual"].p == 1 / 200
        results.append(rows["false_positive"].p)
    assert (np.array(results) <= 0.05).sum() <= stats.binom.ppf(0.998, 60, 0.05)


def test_p_is_adjusted_within_each_labelling():
    random = np.random.default_rng(4)
    genres, measures = ["Action", "Horror", "Drama"], ["brightness", "contrast"]
    actual, predicted = (film_table(random.random((30, 3)) < 0.4, genres) for _ in range(2))
    values = film_table(random.normal(size=(30, 2)), measures)
    table = compare_all(values, actual, predicted, 199, 50, 0)
    for _, rows in table.groupby("labelling"):
        ordered = rows.sort_values("p")
        steps = ordered.p.to_numpy() * len(rows) / np.arange(1, len(rows) + 1)
        by_hand = np.minimum.accumulate(steps[::-1])[::-1].clip(max=1)
        np.testing.assert_allclose(ordered.p_adjusted, by_hand)


def test_interval_of_a_difference_agrees_with_a_bootstrap_loop():
    random = np.random.default_rng(6)
    inside, outside = random.normal(1, 1, 40), random.normal(0, 1, 60)
    low, high = group_difference.bootstrap_interval(inside, outside, 4000, np.random.default_rng(0))
    drawn = [
        np.median(random.choice(inside, 40)) - np.median(random.choice(outside, 60))
        for _ in range(4000)
    ]
    assert [low, high] == pytest.approx(np.percentile(drawn, [2.5, 97.5]), abs=0.06)


@pytest.mark.parametrize("labelled", [0, 1, 5, 6])
def test_difference_is_nan_if_a_group_has_fewer_than_two_films(labelled):
    row = compare_one(np.arange(6), np.arange(6) < labelled)["actual"]
    assert (row.films_with, row.films_without) == (labelled, 6 - labelled)
    assert np.isnan([row.difference, row.low, row.high, row.p, row.p_adjusted]).all()
