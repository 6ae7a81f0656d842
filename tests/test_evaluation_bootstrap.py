"""Bootstrap samples of groups and their intervals, against counts and a normal mean."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.special import logit

from scorelens.evaluation import bootstrap


def test_draws_have_the_number_of_groups_and_equal_mean_frequency():
    draws = bootstrap.draw_groups(8, 4000, 0)
    assert (draws.sum(axis=1) == 8).all()
    np.testing.assert_allclose(draws.mean(axis=0), 1, atol=0.07)
    # With replacement, a group is absent from a sample with probability (7 / 8) ** 8.
    assert (draws == 0).mean() == pytest.approx((7 / 8) ** 8, abs=0.01)


def test_seed_and_generator_give_the_same_draws():
    random = np.random.default_rng(3)
    draws = np.concatenate([bootstrap.draw_groups(5, 4, random) for _ in range(2)])
    np.testing.assert_array_equal(draws, bootstrap.draw_groups(5, 8, 3))


def test_interval_of_a_mean_agrees_with_the_normal_distribution():
    values = stats.norm.ppf((np.arange(400) + 0.5) / 400)
    draws = bootstrap.draw_groups(400, 20_000, 1)
    low, high = bootstrap.percentile_interval(draws @ values / 400)
    assert high == pytest.approx(1.96 * values.std() / 20, abs=0.005)
    assert low == pytest.approx(-high, abs=0.005)
    both = bootstrap.percentile_interval(np.stack([values, 2 * values]), axis=1)
    np.testing.assert_allclose(both[:, 1], 2 * both[:, 0])


def test_clusters_are_drawn_whole_and_as_many_as_there_are():
    cluster = np.array([0, 1, 0, 2, 1, 1])
    draws = bootstrap.draw_groups(6, 4000, 0, cluster)
    for number in range(3):
        members = draws[:, cluster == number]
        assert (members == members[:, :1]).all()
    assert (draws[:, [0, 1, 3]].sum(axis=1) == 3).all()
    np.testing.assert_allclose(draws.mean(axis=0), 1, atol=0.07)


def test_draws_with_a_cluster_per_group_equal_draws_without_clusters():
    np.testing.assert_array_equal(
        bootstrap.draw_groups(7, 20, 5), bootstrap.draw_groups(7, 20, 5, np.arange(7))
    )


def test_interval_without_observations_added_is_symmetric_in_log_odds():
    random = np.random.default_rng(0)
    sampled = np.clip(random.normal(0.8, 0.05, (4000, 2)), 0, 1)
    low, high = bootstrap.interval(np.full(2, 0.8), sampled)
    half = 1.959964 * sampled.std(axis=0) / (0.8 * 0.2)
    np.testing.assert_allclose(logit([low, high]) - logit(0.8), [-half, half])
    np.testing.assert_allclose(bootstrap.interval(0.8, sampled.T[0], axis=-1), [low[0], high[0]])


def test_interval_of_other_bounds_is_that_of_the_share_between_them():
    random = np.random.default_rng(1)
    sampled = random.uniform(0.3, 0.7, 200)
    share = bootstrap.interval(0.4, sampled, observations=20)
    scaled = bootstrap.interval(1 + 9 * 0.4, 1 + 9 * sampled, 0, (1.0, 10.0), 20)
    np.testing.assert_allclose(scaled, 1 + 9 * share)


def test_interval_skips_samples_in_which_the_metric_is_not_defined():
    sampled = np.array([0.4, np.nan, 0.6, np.nan])
    np.testing.assert_array_equal(
        bootstrap.interval(0.5, sampled), bootstrap.interval(0.5, sampled[[0, 2]])
    )


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5, 0.8, 0.95, 1.0])
@pytest.mark.parametrize("number", [10, 29, 110])
def test_interval_of_a_share_covers_it_in_at_least_90_percent(share, number):
    """All that can come out, by the binomial distribution; the bootstrap's spread is exact."""
    count = np.arange(number + 1)
    value = count / number
    spread = np.sqrt(value * (1 - value) / number)
    low, high = bootstrap.interval(
        value, np.stack([value - spread, value + spread]), 0, (0.0, 1.0), number
    )
    covered = stats.binom.pmf(count, number, share)[(low <= share) & (share <= high)].sum()
    assert covered >= 0.9


@given(
    st.floats(0, 1),
    st.lists(st.floats(0, 1), min_size=2, max_size=9),
    st.floats(1, 1000),
)
def test_interval_has_the_value_in_it_and_stays_within_the_bounds(value, sampled, observations):
    low, high = bootstrap.interval(value, np.array(sampled), observations=observations)
    assert 0 <= low <= value <= high <= 1


def test_score_observations_counts_clusters():
    labels = np.array([[True, True], [True, False], [False, False], [False, True]])
    values = bootstrap.score_observations(labels, 2, np.array([0, 0, 1, 2]))
    np.testing.assert_allclose(values, [np.sqrt(1 * 3), np.sqrt(2 * 3), 3, 3])
    no_film = bootstrap.score_observations(np.zeros((4, 1), bool), 1)
    np.testing.assert_allclose(no_film, [2, 4])
