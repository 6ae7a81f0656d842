"""Difference in average precision of two models that swap predictions, with one unit in each group.

What lies at or above a unit is counted for all swaps at once, as products of matrices: in swap w
and sample d the first model has at a unit the count d A + (d w)(B - A), where A and B tell what the
scores of either model put at or above it; the second model has d B - (d w)(B - A).
"""

from typing import NamedTuple

import numpy as np


class Counts(NamedTuple):
    """What lies at or above the carriers of a genre, by the scores of one of two models.

    Parameters
    ----------
    first : ndarray of float32, shape (groups, 2 * carriers)
        1 where the first model's score of a group is at least that of the carrier, by the first
        model's score of the carrier, and then by the second's.
    gained : ndarray of float32, shape (groups, 2 * carriers)
        The same of the second model, less `first`.
    """

    first: np.ndarray
    gained: np.ndarray


def count_above(scores: np.ndarray, label: np.ndarray) -> Counts:
    """Tell which groups lie at or above each carrier of a genre.

    Parameters
    ----------
    scores : ndarray of float, shape (2, groups)
        Of two models, on one scale.
    label : ndarray of bool, shape (groups,)
        Whether a group carries the genre.

    Returns
    -------
    Counts
    """
    limits = scores[:, label].ravel()
    first, second = (one[:, None] >= limits for one in scores)
    return Counts(first.astype(np.float32), second.astype(np.float32) - first)


def precision_difference(
    counts: Counts, label: np.ndarray, swapped: np.ndarray, drawn: np.ndarray
) -> np.ndarray:
    """Average precision of the first model less that of the second, of one genre.

    Parameters
    ----------
    counts : Counts
    label : ndarray of bool, shape (groups,)
    swapped : ndarray of bool, shape (n or 1, groups)
        Groups that swap their predictions.
    drawn : ndarray of float, shape (n or 1, groups)
        How often a sample draws each group.

    Returns
    -------
    ndarray of float, shape (n,)
        NaN where a sample draws no group of the genre.

    Examples
    --------
    >>> label, once = np.array([True, False]), np.ones((1, 2))
    >>> counts = count_above(np.array([[2.0, 1.0], [1.0, 2.0]]), label)
    >>> precision_difference(counts, label, np.array([[False] * 2, [True] * 2]), once).tolist()
    [0.5, -0.5]
    """
    moved = drawn * swapped
    carriers, moves = drawn[:, label], moved[:, label]
    precision = [
        _divide(correct, total)
        for correct, total in zip(
            _both(carriers, moves, Counts(*(part[label] for part in counts))),
            _both(drawn, moved, counts),
            strict=True,
        )
    ]
    by_first, by_second = carriers - moves, moves  # carriers with the predictions of either model
    half = label.sum()
    first, second = (
        (weights[0] * one[:, :half] + weights[1] * one[:, half:]).sum(axis=1)
        for one, weights in zip(
            precision, ((by_first, by_second), (by_second, by_first)), strict=True
        )
    )
    whole = np.broadcast_to(carriers.sum(axis=1), first.shape)
    return np.divide(first - second, whole, out=np.full(len(first), np.nan), where=whole > 0)


def _both(drawn: np.ndarray, moved: np.ndarray, counts: Counts) -> tuple[np.ndarray, np.ndarray]:
    """Counts at or above the carriers in both models, float32: whole numbers, so exact."""
    weights, first = drawn.astype(np.float32), counts.first
    gained = moved.astype(np.float32) @ counts.gained
    return weights @ first + gained, weights @ (first + counts.gained) - gained


def _divide(correct: np.ndarray, total: np.ndarray) -> np.ndarray:
    """The precision, 0 where a sample draws nothing there."""
    return correct.astype(float) / np.maximum(total, 1)
