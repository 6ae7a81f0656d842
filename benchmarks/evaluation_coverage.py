"""Measure by simulation what docs/evaluation.md states: coverage of intervals and levels of tests.

Films are drawn at random, with genres of prevalence .1 to .5; scores of films with a genre lie
`skill` standard deviations above those of the others (0: none, 1: moderate, 2.5: high). An interval
covers if it holds the mean of the metric over many corpora of this size.

    python benchmarks/evaluation_coverage.py [CORPORA]
"""

import json
import sys
import time
from itertools import product

import numpy as np

from scorelens.evaluation.average_precision import average_precision
from scorelens.evaluation.bootstrap import (
    draw_groups,
    error_interval,
    interval,
    score_observations,
)
from scorelens.evaluation.calibration_error import bin_gaps, calibrated_errors, gap_error
from scorelens.evaluation.classification import sampled_f1, with_macro
from scorelens.evaluation.multiplicity import best_of_p
from scorelens.evaluation.permutation import draw_orders, f1_in_order

PREVALENCE = np.array([0.1, 0.2, 0.3, 0.4, 0.5])
NAMES = [*(f"{share:g}" for share in PREVALENCE), "mean"]
FILMS, SKILLS = (29, 110), (0, 1, 2.5)
SAMPLES = 500
DIFFERENCE = {"bounds": (-1.0, 1.0)}
MODELS, ORDERS = 28, 199
TIMED_FILMS, TIMED_SAMPLES, TIMED_GENRES = 110, 5000, 6


def draw_corpus(random, films, *skills):
    labels = random.random((films, len(PREVALENCE))) < PREVALENCE
    shared = random.normal(size=labels.shape)
    separate = random.normal(size=(len(skills), *labels.shape))
    noise = separate if len(skills) == 1 else np.sqrt(0.5) * (shared + separate)
    return labels, [skill * labels + one for skill, one in zip(skills, noise, strict=True)]


def by_genre_and_mean(values, labels):
    """Genres that no film of a corpus has are not defined in it."""
    return with_macro(np.where(labels.any(axis=0), values, np.nan))


def precision(labels, scores, draws):
    return by_genre_and_mean(average_precision(scores[0], labels, draws), labels)


def f1(labels, scores, draws):
    return by_genre_and_mean(sampled_f1(scores[0] > 0.5, labels, draws), labels)


def differences(metric):
    def difference(labels, scores, draws):
        return metric(labels, scores[:1], draws) - metric(labels, scores[1:], draws)

    return difference


def calibration(labels, scores, draws):
    """Expected calibration error of probabilities that are overconfident by the skill."""
    return gap_error(bin_gaps(scores[0], labels, np.arange(len(labels))), draws)[-1:].T


def draw_probabilities(random, films, overconfidence):
    logits = random.normal(-0.5, 1.2, (films, 6))
    labels = random.random(logits.shape) < 1 / (1 + np.exp(-logits))
    return labels, [1 / (1 + np.exp(-(1 + overconfidence) * logits))]


def coverage(metric, films, skills, corpora, draw=draw_corpus, interval=interval, **options):
    """Share of corpora whose interval has the mean value: by `interval`, and by percentiles."""
    random, once = np.random.default_rng([films, 1]), np.ones((1, films))
    expected = np.nanmean(
        [metric(*draw(random, films, *skills), once)[0] for _ in range(5 * corpora)], axis=0
    )
    inside = []
    for _ in range(corpora):
        labels, scores = draw(random, films, *skills)
        value, drawn = metric(labels, scores, once)[0], draw_groups(films, SAMPLES, random)
        sampled = metric(labels, scores, drawn.astype(float))
        sampled[:, np.isnan(value)] = 0
        observations = {"observations": score_observations(labels, 1)}
        more = {} if interval is error_interval else options or observations
        bounds = interval(value, sampled, **more), np.nanpercentile(sampled, [2.5, 97.5], axis=0)
        covers = [(low <= expected) & (expected <= high) for low, high in bounds]
        inside.append(np.where(np.isnan(value), np.nan, covers))
    return np.nanmean(inside, axis=0)


def print_coverage(title, names, corpora, metric, cases, **options):
    print(f"\n{title}: % of {corpora} corpora (percentile bootstrap in brackets)")
    print("films  skill    " + "".join(f"{name:>11}" for name in names))
    lowest = 1.0
    for films, skills in cases:
        logit, percentile = coverage(metric, films, skills, corpora, **options)
        cells = (f"{100 * a:4.0f} ({100 * b:3.0f})" for a, b in zip(logit, percentile, strict=True))
        print(f"{films:5d}  {', '.join(map(str, skills)):9}" + "".join(f"{c:>11}" for c in cells))
        lowest = min(lowest, logit.min())
    return round(float(lowest), 3)


def best_of_many(corpora):
    """Share of corpora without skill in which the best of many models has p <= .05."""
    significant = []
    for seed in range(corpora):
        random = np.random.default_rng(seed)
        labels = random.random((29, 6)) < 0.35
        shared, separate = random.normal(size=(1, 29, 6)), random.normal(size=(MODELS, 29, 6))
        orders = np.concatenate([np.arange(29)[None], draw_orders(29, ORDERS, random)])
        decided = 0.7 * shared + 0.7 * separate > random.normal(0, 0.5, (MODELS, 1, 1))
        values = np.array([f1_in_order(one[None], labels, orders)[:, -1] for one in decided])
        plain = (values >= values[:, :1] - 1e-12).mean(axis=1).min()
        significant.append([plain <= 0.05, best_of_p(values[:, 0], values[:, 1:]).min() <= 0.05])
    return np.mean(significant, axis=0)


def held_out_correct(features, labels, films):
    """Whether models without skill are right of films that are held out in turn: (models, films).

    Nearest centroids, trained on the other ones of `films`. features: (models, films, values).
    """
    correct = []
    for film in films:
        training = films[films != film]
        positive, negative = (
            features[:, training[labels[training] == label]].mean(axis=1) for label in (True, False)
        )
        along = (features[:, film] - (positive + negative) / 2) * (positive - negative)
        correct.append((along.sum(axis=-1) > 0) == labels[film])
    return np.stack(correct, axis=1)


def nested_selection(corpora):
    """Mean accuracy without skill of a model chosen for each film by its scores on the others.

    By the stored leave-one-out predictions of the others, whose models were trained on the film
    too; and by models trained without it.
    """
    films, accuracy = np.arange(29), []
    for seed in range(corpora):
        random = np.random.default_rng(seed)
        labels, features = random.permutation(29) < 14, random.normal(size=(MODELS, 29, 6))
        stored = held_out_correct(features, labels, films)
        for film in films:
            others = films[films != film]
            inner = held_out_correct(features, labels, others)
            chosen = [scores.mean(axis=1).argmax() for scores in (stored[:, others], inner)]
            accuracy.append(stored[chosen, film])
    return np.mean(accuracy, axis=0)


def time_interval():
    """Seconds for the intervals of average precision of a model on the paper's corpus."""
    random = np.random.default_rng(0)
    labels = random.random((TIMED_FILMS, TIMED_GENRES)) < 0.35
    scores, draws = random.random(labels.shape), draw_groups(TIMED_FILMS, TIMED_SAMPLES, random)
    start = time.perf_counter()
    sampled = with_macro(average_precision(scores, labels, draws))
    interval(sampled[0], sampled, observations=score_observations(labels, 1))
    return time.perf_counter() - start


def main(corpora):
    single = list(product(FILMS, ((skill,) for skill in SKILLS)))
    pairs = list(product(FILMS, ((0, 0), (1, 1), (1.5, 0.8))))
    result = {
        "average_precision": print_coverage("Average precision", NAMES, corpora, precision, single),
        "f1": print_coverage("F1", NAMES, corpora, f1, single),
    }
    for name, metric in (("average precision", precision), ("F1", f1)):
        result[f"difference_{name.replace(' ', '_')}"] = print_coverage(
            f"Difference in {name}", NAMES, corpora, differences(metric), pairs, **DIFFERENCE
        )
    result["calibration_error"] = print_coverage(
        "Expected calibration error (skill: overconfidence)",
        ["error"],
        corpora,
        calibration,
        single,
        draw=draw_probabilities,
        interval=error_interval,
    )
    print("\nExpected calibration error of true probabilities, six genres together")
    for films in FILMS:
        random = np.random.default_rng(films)
        _, [probability] = draw_probabilities(random, films, 0)
        error = calibrated_errors(probability, np.arange(films), True, 1000, random)[-1].mean()
        print(f"{films:5d} films: {error:.3f}")
    plain, adjusted = best_of_many(corpora)
    print(
        f"\nBest of {MODELS} models without skill, p <= .05: {plain:.1%}, adjusted {adjusted:.1%}"
    )
    result |= {"best_plain": round(plain, 3), "best_adjusted": round(adjusted, 3)}
    stored, inner = nested_selection(corpora // 4)
    print(f"Chosen for each film, accuracy without skill: stored {stored:.3f}, inner {inner:.3f}")
    result |= {"nested_stored": round(stored, 3), "nested_inner": round(inner, 3)}
    result["interval_s"] = round(time_interval(), 2)
    print(f"intervals of {TIMED_GENRES} genres, {TIMED_FILMS} films: {result['interval_s']} s")
    print(json.dumps(result))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400)
