"""Means over groups and their bootstrap intervals."""

import numpy as np
import pytest
from scipy import stats

from scorelens.evaluation.bootstrap import draw_groups
from scorelens.evaluation.group_means import bootstrap_means, expanded_tail


def test_means_leave_out_missing_values_of_each_column():
    values = np.array([[1.0, np.nan, np.nan], [3.0, 5.0, np.nan], [5.0, np.nan, np.nan]])
    mean, low, high = bootstrap_means(values, draw_groups(3, 200, 0))
    assert mean[:2].tolist() == [3.0, 5.0]
    assert np.isnan(mean[2])
    assert low[0] < 3 < high[0]
    assert np.isnan([low[1:], high[1:]]).all()  # of one film, or none


def test_bounds_approach_those_of_student_t_for_normal_values():
    values = 10 + 2 * stats.norm.ppf((np.arange(12) + 0.5) / 12)
    _, low, high = bootstrap_means(values[:, None], draw_groups(12, 100_000, 0))[:, 0]
    expected = stats.t.interval(0.95, 11, values.mean(), stats.sem(values))
    assert (low, high) == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("groups", [2, 11, 29, 1000])
def test_expanded_tail_gives_the_width_of_student_t(groups):
    """A normal mean's bootstrap has the population deviation: n - 1 in place of n."""
    width = -stats.norm.ppf(expanded_tail(groups)) * np.sqrt((groups - 1) / groups)
    assert width == pytest.approx(stats.t.ppf(0.975, groups - 1))


@pytest.mark.parametrize("films", [6, 11, 29])
@pytest.mark.parametrize("kind", ["share", "count"])
def test_interval_covers_the_mean_of_the_population_in_90_to_97_percent(films, kind):
    """Shares of music as of a beta distribution, numbers of cues as of a negative binomial."""
    random = np.random.default_rng(films)
    if kind == "share":
        values, truth = random.beta(2, 3, (films, 1000)), 0.4
    else:
        values, truth = random.negative_binomial(4, 4 / 43, (films, 1000)).astype(float), 39
    _, low, high = bootstrap_means(values, draw_groups(films, 1000, 5))
    assert 0.90 <= np.mean((low <= truth) & (truth <= high)) <= 0.97
