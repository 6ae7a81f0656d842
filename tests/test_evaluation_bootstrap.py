"""Bootstrap samples of groups and their intervals, against counting and a normal mean."""

import numpy as np
import pytest
from scipy import stats

from scorelens.evaluation import bootstrap


def test_samples_draw_as_many_groups_as_there_are_each_as_often():
    draws = bootstrap.draw_groups(8, 4000, 0)
    assert (draws.sum(axis=1) == 8).all()
    np.testing.assert_allclose(draws.mean(axis=0), 1, atol=0.07)
    # Drawn with replacement a group is left out of a sample with probability (7 / 8) ** 8.
    assert (draws == 0).mean() == pytest.approx((7 / 8) ** 8, abs=0.01)


def test_a_seed_and_its_generator_draw_the_same():
    random = np.random.default_rng(3)
    one = np.concatenate([bootstrap.draw_groups(5, 4, random) for _ in range(2)])
    np.testing.assert_array_equal(one, bootstrap.draw_groups(5, 8, 3))


def test_the_interval_of_a_mean_is_that_of_the_normal_law():
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
