"""Differences of medians between units in clusters: by hand, by enumeration, and by simulation."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from scorelens.evaluation.clustered_difference import compare_clustered, stretched_sources
from scorelens.evaluation.permutation import draw_orders

FILMS = 30


def make_clips(seed, films=FILMS, by_clip=False):
    """Unrelated pictures and labels of clips: values, groups (one column), film.

    Both depend on the film as much as on the clip. Labels are those of the film, or those of each
    clip, as the predictions of cues are.
    """
    random = np.random.default_rng(seed)
    sizes = np.maximum(3, np.exp(random.normal(np.log(20), 0.6, films)).astype(int))
    film = np.repeat(np.arange(films), sizes)
    values = random.normal(size=films)[film] + random.normal(size=len(film))
    label = random.normal(size=films)[film] + 0.7 * by_clip * random.normal(size=len(film))
    return values, (label > 0.4)[:, None], film


def test_difference_is_that_of_the_medians_over_units():
    values = np.array([5.0, 1.0, 2.0, 9.0, 4.0, 8.0, 0.0, 3.0])
    film = np.array([3, 0, 0, 3, 1, 1, 2, 2])
    groups = np.isin(film, [0, 3])[:, None]
    result = compare_clustered(values, groups, film, 99, 99, 0)
    assert result.difference[0] == np.median([1, 2, 5, 9]) - np.median([4, 8, 0, 3])
    expected = stats.mannwhitneyu([1, 2, 5, 9], [4, 8, 0, 3]).pvalue
    assert result.p_independent[0] == pytest.approx(expected)


def test_p_of_film_labels_is_that_of_all_permutations_of_the_films():
    random = np.random.default_rng(4)
    film = np.repeat(np.arange(6), [2, 5, 3, 4, 2, 3])
    values = random.normal(size=len(film)) + 1.2 * random.normal(size=6)[film]

    def difference(films):
        inside = np.isin(film, films)
        return abs(np.median(values[inside]) - np.median(values[~inside]))

    every = [difference(chosen) for chosen in itertools.combinations(range(6), 2)]
    exact = np.mean(np.array(every) >= difference((0, 1)) - 1e-12)
    result = compare_clustered(values, np.isin(film, [0, 1])[:, None], film, 20_000, 9, 0)
    assert result.p[0] == pytest.approx(exact, abs=0.012)  # 3.5 standard errors of 20,000 draws


def test_interval_resamples_films_with_all_their_clips():
    # Films without spread inside: the bootstrap of clips equals one of films by their size.
    values = np.repeat([0.0, 1.0, 2.0, 3.0], 5)
    film = np.repeat(np.arange(4), 5)
    groups = np.isin(film, [2, 3])[:, None]
    result = compare_clustered(values, groups, film, 9, 2000, 1)
    random = np.random.default_rng(0)
    draws = random.integers(0, 4, (4_000, 4))
    sampled = []
    for draw in draws:
        inside = draw >= 2
        if inside.any() and not inside.all():
            sampled.append(np.median(draw[inside]) - np.median(draw[~inside]))
    low, high = np.percentile(sampled, [2.5, 97.5])
    assert (result.low[0], result.high[0]) == (low, high)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.integers(0, 99))
def test_stretched_labels_come_from_the_other_cluster_in_order(sizes, seed):
    sizes = np.array(sizes)
    orders = draw_orders(len(sizes), 3, seed)
    cluster = np.repeat(np.arange(len(sizes)), sizes)
    for order, sources in zip(orders, stretched_sources(sizes, orders), strict=True):
        np.testing.assert_array_equal(cluster[sources], order[cluster])
        for number in range(len(sizes)):
            assert (np.diff(sources[cluster == number]) >= 0).all()
        if sizes.min() == sizes.max():  # nothing is lost or repeated
            assert sorted(sources) == list(range(len(cluster)))


@pytest.mark.slow
@pytest.mark.parametrize(("by_clip", "seed"), [(False, 0), (True, 10_000)])
def test_p_over_films_is_at_its_level_and_that_of_independent_clips_is_not(by_clip, seed):
    """1,000 corpora of 30 films without any relation of labels and picture."""
    p, independent = [], []
    for number in range(1000):
        result = compare_clustered(*make_clips(seed + number, by_clip=by_clip), 99, 1, number)
        p.append(result.p[0])
        independent.append(result.p_independent[0])
    assert 0.03 <= np.mean(np.array(p) <= 0.05) <= 0.07
    assert np.mean(np.array(independent) <= 0.05) > 0.4


@pytest.mark.parametrize("by_clip", [False, True])
def test_interval_over_films_covers_the_difference_of_all_films(by_clip):
    covered = []
    for number in range(300):
        result = compare_clustered(*make_clips(number, by_clip=by_clip), 1, 200, number)
        covered.append(result.low[0] <= 0 <= result.high[0])
    assert 0.89 <= np.mean(covered) <= 0.98


def test_effect_between_films_is_significant():
    values, groups, film = make_clips(3)
    shifted = values + 3.0 * groups[:, 0]
    result = compare_clustered(shifted, groups, film, 199, 200, 0)
    assert result.p[0] == 1 / 200
    assert result.low[0] > 1
    assert result.difference[0] == pytest.approx(3, abs=1)


def test_group_inside_one_film_has_no_test():
    values, _, film = make_clips(0)
    groups = np.stack([film == 2, film != 2, np.zeros(len(film), bool), film < 9], axis=1)
    result = compare_clustered(values, groups, film, 9, 9, 0)
    for column in result:
        assert np.isnan(column[:3]).all()
        assert np.isfinite(column[3])


def test_results_do_not_depend_on_order_of_films_or_on_the_other_groups():
    values, groups, film = make_clips(5)
    random = np.random.default_rng(0)
    others = random.random((len(film), 2)) < 0.5
    alone = compare_clustered(values, groups, film, 99, 99, 3)
    beside = compare_clustered(values, np.concatenate([groups, others], axis=1), film, 99, 99, 3)
    blocks = np.argsort(film % 7, kind="stable")  # clips of a film stay in order
    moved = compare_clustered(values[blocks], groups[blocks], film[blocks], 99, 99, 3)
    for one, other, shuffled in zip(alone, beside, moved, strict=True):
        assert one[0] == other[0] == shuffled[0]
