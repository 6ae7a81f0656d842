"""Calibration of probabilities: Brier score, reliability bins, expected calibration error.

Each group (film or title) weighs the same, whatever the number of its units. With few groups a
perfectly calibrated model has an expected calibration error above zero, for the shares in the bins
vary; `calibrated_errors` says how much, and is what an error is to be compared with.
"""

import numpy as np
import pandas as pd

from scorelens.evaluation.classification import divided

BINS = 10
Z = 1.959964  # of a 95% interval


def unit_weights(group: np.ndarray) -> np.ndarray:
    """Weights of units with which each group weighs 1.

    Parameters
    ----------
    group : ndarray of int, shape (units,)

    Returns
    -------
    ndarray of float, shape (units,)

    Examples
    --------
    >>> unit_weights(np.array([0, 1, 1])).tolist()
    [1.0, 0.5, 0.5]
    """
    return 1 / np.bincount(group)[group]


def reliability_bins(
    probability: np.ndarray, outcome: np.ndarray, bins: int = BINS, group: np.ndarray | None = None
) -> pd.DataFrame:
    """Compare predicted probability and share of true outcomes in bins of equal width.

    Parameters
    ----------
    probability : ndarray of float, shape (units,)
        In 0..1.
    outcome : ndarray of bool, shape (units,)
    bins : int
    group : ndarray of int, shape (units,), optional
        Group of each unit, with none left out. Means are weighted so that each group weighs the
        same. Each unit is a group if left out.

    Returns
    -------
    pandas.DataFrame, one row per bin
        `low` and `high` (bounds; the last bin includes 1), `count` (units), `groups` (with a unit
        in the bin), `weight` (of the units, in groups), `confidence` (mean probability), `correct`
        (share of true outcomes), `correct_low` and `correct_high` (95% Wilson interval, of as many
        observations as there are groups); NaN in an empty bin.

    References
    ----------
    Wilson, "Probable inference, the law of succession, and statistical inference", JASA, 1927.

    Examples
    --------
    >>> table = reliability_bins(np.array([0.6, 0.8, 0.2]), np.array([True, False, False]), 2)
    >>> table[["count", "confidence", "correct"]].values.tolist()
    [[1.0, 0.2, 0.0], [2.0, 0.7, 0.5]]
    """
    group = np.arange(len(probability)) if group is None else group
    edges, bin_of, weight = (
        np.linspace(0, 1, bins + 1),
        bin_numbers(probability, bins),
        unit_weights(group),
    )
    pairs = np.unique(np.stack([bin_of, group]), axis=1)
    groups = np.bincount(pairs[0], minlength=bins)
    total, sums, hits = (
        np.bincount(bin_of, weight * factor, minlength=bins)
        for factor in (1.0, probability, outcome)
    )
    correct = divided(hits, total, np.nan)
    low, high = wilson_interval(correct, groups)
    return pd.DataFrame(
        {
            "low": edges[:-1],
            "high": edges[1:],
            "count": np.bincount(bin_of, minlength=bins),
            "groups": groups,
            "weight": total,
            "confidence": divided(sums, total, np.nan),
            "correct": correct,
            "correct_low": low,
            "correct_high": high,
        }
    )


def bin_numbers(probability: np.ndarray, bins: int = BINS) -> np.ndarray:
    """Number the bin of equal width of each probability.

    Parameters
    ----------
    probability : ndarray of float
        In 0..1.
    bins : int

    Returns
    -------
    ndarray of int, of the same shape
        A bound belongs to the bin above, 1 to the last.
    """
    return np.clip(np.digitize(probability, np.linspace(0, 1, bins + 1)) - 1, 0, bins - 1)


def wilson_interval(share: np.ndarray, count: np.ndarray) -> np.ndarray:
    """95% Wilson interval of shares.

    Parameters
    ----------
    share : ndarray of float, shape (n,)
        In 0..1, or NaN.
    count : ndarray of int, shape (n,)
        Of how many observations.

    Returns
    -------
    ndarray of float, shape (2, n)
        Lower and upper bound; NaN where the share is.

    Examples
    --------
    >>> wilson_interval(np.array([0.5]), np.array([2])).round(4).ravel().tolist()
    [0.0945, 0.9055]
    """
    scale = 1 + Z**2 / np.maximum(count, 1)
    centre = (share + Z**2 / (2 * np.maximum(count, 1))) / scale
    half = (
        Z
        / scale
        * np.sqrt(
            share * (1 - share) / np.maximum(count, 1) + (Z / (2 * np.maximum(count, 1))) ** 2
        )
    )
    # Where none or all are true one bound is the share itself, but for rounding.
    bounds = np.fmin(centre - half, share), np.fmax(centre + half, share)
    return np.clip(bounds, 0, 1)


def expected_calibration_error(
    weight: np.ndarray, confidence: np.ndarray, correct: np.ndarray
) -> float:
    """Mean distance of predicted probability and share of true outcomes, weighted by the bins.

    Parameters
    ----------
    weight : ndarray, shape (bins,)
        Number of units of each bin, or their weight.
    confidence, correct : ndarray of float, shape (bins,)
        Mean probability and share of true outcomes; ignored in empty bins.

    Returns
    -------
    float
        In 0..1; NaN if all bins are empty.

    References
    ----------
    Naeini, Cooper and Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning",
    AAAI 2015.

    Examples
    --------
    >>> expected_calibration_error(np.array([1, 3]), np.array([0.5, 0.75]), np.array([0.0, 1.0]))
    0.3125
    """
    if not weight.any():
        return np.nan
    distance = np.nan_to_num(np.abs(confidence - correct))
    return float(np.average(distance, weights=weight))


def bin_gaps(
    probability: np.ndarray, outcome: np.ndarray, group: np.ndarray, bins: int = BINS
) -> np.ndarray:
    """Sum outcome less probability over the units of each group in each bin.

    Parameters
    ----------
    probability : ndarray of float, shape (units, genres)
        In 0..1.
    outcome : ndarray of bool, shape (units, genres)
    group : ndarray of int, shape (units,)
        Group of each unit, with none left out.
    bins : int

    Returns
    -------
    ndarray of float, shape (genres, bins, groups)
        Weighted so that each group weighs 1: the errors of `gap_error` are linear in them but for
        the absolute value.
    """
    groups, weight, bin_of = (
        int(group.max()) + 1,
        unit_weights(group),
        bin_numbers(probability, bins),
    )
    cells = bin_of * groups + group[:, None]
    gaps = [
        np.bincount(cell, weight * gap, bins * groups)
        for cell, gap in zip(cells.T, (outcome - probability).T, strict=True)
    ]
    return np.reshape(gaps, (-1, bins, groups))


def gap_error(gaps: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Expected calibration error in samples of the groups, by genre and over all genres.

    Parameters
    ----------
    gaps : ndarray of float, shape (genres, bins, groups)
        From `bin_gaps`.
    draws : ndarray of float, shape (samples, groups)
        How often each sample draws each group.

    Returns
    -------
    ndarray of float, shape (genres + 1, samples)
        In 0..1; in the last row units of all genres share the bins.
    """
    every = np.concatenate([gaps, gaps.mean(axis=0, keepdims=True)])
    return np.abs(every @ draws.T).sum(axis=1) / draws.sum(axis=1)


def calibrated_errors(
    probability: np.ndarray,
    group: np.ndarray,
    is_shared: bool,
    samples: int,
    random: np.random.Generator,
    bins: int = BINS,
) -> np.ndarray:
    """Draw the expected calibration error of a model whose probabilities are true.

    Outcomes are drawn with the predicted probabilities. Where the units of a group share their
    labels, one random number decides for all of them.

    Parameters
    ----------
    probability : ndarray of float, shape (units, genres)
        In 0..1.
    group : ndarray of int, shape (units,)
        Group of each unit, with none left out.
    is_shared : bool
        Whether the units of a group share their labels, as tracks do those of their film.
    samples : int
    random : numpy.random.Generator
    bins : int

    Returns
    -------
    ndarray of float, shape (genres + 1, samples)
        As `gap_error` returns them.

    References
    ----------
    Vaicenavicius et al., "Evaluating model calibration in classification", AISTATS 2019, section 4:
    consistency resampling.
    """
    once = np.ones((1, int(group.max()) + 1))
    numbers = group if is_shared else np.arange(len(group))
    drawn = [
        random.random((numbers.max() + 1, probability.shape[1]))[numbers] < probability
        for _ in range(samples)
    ]
    return np.concatenate(
        [gap_error(bin_gaps(probability, one, group, bins), once) for one in drawn], axis=1
    )
