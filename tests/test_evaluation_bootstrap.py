"""Bootstrap samples of groups and their intervals, against counts and a normal mean."""

import numpy as np
import pytest
from scipy import stats

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


def test_sign_p_by_hand():
    differences = np.array([-0.2, -0.1, 0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    assert bootstrap.sign_p(differences) == pytest.approx(2 * (1 + 3) / 10)
    assert bootstrap.sign_p(-differences) == bootstrap.sign_p(differences)
    assert bootstrap.sign_p(np.full(99, 0.1)) == pytest.approx(2 / 100)
    assert bootstrap.sign_p(np.array([-1.0, 1.0])) == 1
