"""Precision, recall and F1 of yes-or-no predictions, genre by genre and their mean."""

import numpy as np


def confusion_counts(predicted: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Mark each decision as true positive, false positive or false negative.

    Parameters
    ----------
    predicted : ndarray of bool, shape (..., units, genres)
    labels : ndarray of bool, shape (units, genres)

    Returns
    -------
    ndarray of float, shape (3, ..., units, genres)
        0 or 1; sums of it over units are the counts that `precision_recall_f1` takes.
    """
    return np.stack([predicted & labels, predicted & ~labels, ~predicted & labels]).astype(float)


def precision_recall_f1(counts: np.ndarray) -> np.ndarray:
    """Precision, recall and F1 from counts of decisions.

    Parameters
    ----------
    counts : ndarray of float, shape (3, ...)
        Numbers of true positives, false positives and false negatives.

    Returns
    -------
    ndarray of float, shape (3, ...)
        Precision, recall and F1 in 0..1; 0 where one is not defined.

    Examples
    --------
    >>> precision_recall_f1(np.array([2.0, 2.0, 0.0])).round(3).tolist()
    [0.5, 1.0, 0.667]
    """
    hits, false_alarms, misses = counts
    parts = np.stack([hits, hits, 2 * hits])
    wholes = np.stack([hits + false_alarms, hits + misses, 2 * hits + false_alarms + misses])
    return divided(parts, wholes, 0)


def sampled_f1(predicted: np.ndarray, labels: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """F1 of each genre in bootstrap samples.

    Parameters
    ----------
    predicted : ndarray of bool, shape (..., units, genres)
    labels : ndarray of bool, shape (units, genres)
    draws : ndarray of int, shape (samples, units)
        How often each sample draws each unit.

    Returns
    -------
    ndarray of float, shape (..., samples, genres)
        F1 in 0..1; 0 where a sample has neither a prediction nor a label.
    """
    hits = draws @ (predicted & labels).astype(float)
    either = draws @ (predicted.astype(float) + labels)
    return divided(2 * hits, either, 0)


def with_macro(values: np.ndarray) -> np.ndarray:
    """Append the unweighted mean over the genres.

    Parameters
    ----------
    values : ndarray of float, shape (..., genres)
        NaN where a sample lacks the genre: the mean is that of the others.

    Returns
    -------
    ndarray of float, shape (..., genres + 1)

    Examples
    --------
    >>> with_macro(np.array([0.2, 0.6])).tolist()
    [0.2, 0.6, 0.4]
    """
    there = ~np.isnan(values)
    total = np.where(there, values, 0).sum(axis=-1, keepdims=True)
    mean = divided(total, there.sum(axis=-1, keepdims=True), np.nan)
    return np.concatenate([values, mean], axis=-1)


def divided(part: np.ndarray, whole: np.ndarray, otherwise: float) -> np.ndarray:
    """Divide arrays, with `otherwise` where the whole is 0.

    Parameters
    ----------
    part, whole : ndarray
        `whole` broadcasts against `part`.
    otherwise : float

    Returns
    -------
    ndarray of float, of the shape of `part`
    """
    return np.divide(part, whole, out=np.full(part.shape, otherwise, float), where=whole > 0)
