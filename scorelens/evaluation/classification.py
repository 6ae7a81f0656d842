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
    return np.divide(parts, wholes, out=np.zeros_like(parts), where=wholes > 0)


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
    return np.divide(2 * hits, either, out=np.zeros_like(hits), where=either > 0)


def with_macro(values: np.ndarray) -> np.ndarray:
    """Append the unweighted mean over the genres.

    Parameters
    ----------
    values : ndarray of float, shape (..., genres)

    Returns
    -------
    ndarray of float, shape (..., genres + 1)

    Examples
    --------
    >>> with_macro(np.array([0.2, 0.6])).tolist()
    [0.2, 0.6, 0.4]
    """
    return np.concatenate([values, values.mean(axis=-1, keepdims=True)], axis=-1)
