"""Simulations of coverage: how often a 95% interval holds what it is an interval of."""

import numpy as np
import pytest

from scorelens.evaluation.average_precision import average_precision
from scorelens.evaluation.bootstrap import (
    draw_groups,
    error_interval,
    interval,
    score_observations,
)
from scorelens.evaluation.calibration_error import bin_gaps, gap_error
from scorelens.evaluation.classification import sampled_f1, with_macro

PREVALENCE = np.array([0.1, 0.2, 0.3, 0.4, 0.5])
SAMPLES, CORPORA = 300, 300


def draw_corpus(random, films, skill):
    """Labels of films, drawn at random, and scores that lie `skill` standard deviations apart."""
    labels = random.random((films, len(PREVALENCE))) < PREVALENCE
    return labels, random.normal(size=labels.shape) + skill * labels


def precision_of(labels, scores, draws):
    return by_genre_and_mean(average_precision(scores, labels, draws), labels)


def f1_of(labels, scores, draws):
    return by_genre_and_mean(sampled_f1(scores > 0.5, labels, draws), labels)


def by_genre_and_mean(values, labels):
    """Genres that no film of a corpus has are not defined in it."""
    return with_macro(np.where(labels.any(axis=0), values, np.nan))


def expected_value(metric, films, skill, corpora=1500):
    random, once = np.random.default_rng(10_000), np.ones((1, films))
    values = [metric(*draw_corpus(random, films, skill), once)[0] for _ in range(corpora)]
    return np.nanmean(values, axis=0)


def coverage(metric, films, skill):
    """Share of corpora whose interval has the expected value, by genre and for the mean."""
    expected, once, inside = expected_value(metric, films, skill), np.ones((1, films)), []
    for seed in range(CORPORA):
        random = np.random.default_rng(seed)
        labels, scores = draw_corpus(random, films, skill)
        value = metric(labels, scores, once)[0]
        sampled = metric(labels, scores, draw_groups(films, SAMPLES, random))
        sampled[:, np.isnan(value)] = 0.0
        low, high = interval(value, sampled, observations=score_observations(labels, 1))
        covers = (low <= expected) & (expected <= high)
        inside.append(np.where(np.isnan(value), np.nan, covers))
    return np.nanmean(inside, axis=0)


@pytest.mark.slow
@pytest.mark.parametrize("skill", [0, 1, 2.5])
@pytest.mark.parametrize("films", [29, 110])
def test_interval_of_average_precision_covers_its_expected_value(films, skill):
    """The percentile interval covers 55 to 95% (see docs/evaluation.md)."""
    covered = coverage(precision_of, films, skill)
    assert covered.min() >= 0.90
    assert covered[2:].max() <= 0.98  # of rare genres of few films it may be more


@pytest.mark.slow
@pytest.mark.parametrize("skill", [0, 1, 2.5])
@pytest.mark.parametrize("films", [29, 110])
def test_interval_of_f1_covers_its_expected_value(films, skill):
    covered = coverage(f1_of, films, skill)
    assert covered.min() >= 0.90
    assert 0.92 <= covered[-1] <= 0.98


@pytest.mark.slow
@pytest.mark.parametrize("films", [29, 110])
def test_interval_of_a_calibration_error_near_zero_covers_and_is_narrow(films):
    """The same probability, that of the genre, for every film."""

    def error_of(random, draws):
        labels = random.random((films, 1)) < 0.35
        gaps = bin_gaps(np.full((films, 1), 0.35), labels, np.arange(films))
        return gap_error(gaps, np.ones((1, films)))[0, 0], gap_error(gaps, draws)[0]

    once, random = np.ones((1, films)), np.random.default_rng(films)
    expected = np.mean([error_of(random, once)[0] for _ in range(2000)])
    bounds = [
        error_interval(*error_of(random, draw_groups(films, SAMPLES, random).astype(float)))
        for _ in range(CORPORA)
    ]
    low, high = np.transpose(bounds)
    assert np.mean((low <= expected) & (expected <= high)) >= 0.94
    assert np.max(high - low) < 0.5


@pytest.mark.slow
def test_interval_of_films_in_clusters_covers_if_clusters_are_drawn_and_not_if_films_are():
    """Twelve composers of four films, alike but for a little noise; F1 of one genre."""
    cluster, once, inside = np.repeat(np.arange(12), 4), np.ones((1, 48)), {True: [], False: []}

    def draw(random):
        labels = (random.random((12, 1)) < 0.5)[cluster]
        shared = random.normal(size=(12, 1))[cluster]
        return labels, labels + shared + 0.1 * random.normal(size=labels.shape)

    random = np.random.default_rng(1)
    expected = np.nanmean([f1_of(*draw(random), once)[0, -1] for _ in range(2000)])
    for seed in range(CORPORA):
        random = np.random.default_rng(seed)
        labels, scores = draw(random)
        for clustered, values in inside.items():
            of_films = cluster if clustered else None
            draws = draw_groups(48, SAMPLES, random, of_films)
            observations = score_observations(labels, 1, of_films)[-1]
            value, sampled = (f1_of(labels, scores, one)[:, -1] for one in (once, draws))
            low, high = interval(value[0], sampled, observations=observations)
            values.append(low <= expected <= high)
    assert np.mean(inside[True]) >= 0.9
    assert np.mean(inside[False]) < 0.75
