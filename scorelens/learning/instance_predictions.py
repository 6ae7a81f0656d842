"""Predictions of instances, and their weighted mean in each bag."""

from typing import NamedTuple

import numpy as np

from scorelens.learning.class_weights import group_weights


class InstancePredictions(NamedTuple):
    """What a model predicts for the instances of some bags.

    Parameters
    ----------
    rows : ndarray of int64, shape (n,)
        Rows of the instances in their dataset, ascending.
    bag : ndarray of int64, shape (n,)
        Number of the bag of each.
    probability : ndarray of float32, shape (n, n_genres)
        Of each genre, in 0..1.
    weight : ndarray of float32, shape (n, n_genres)
        Weight of the instance in its bag; the weights of a bag sum to 1.
    """

    rows: np.ndarray
    bag: np.ndarray
    probability: np.ndarray
    weight: np.ndarray

    @property
    def bag_probability(self) -> np.ndarray:
        """Of the bags that have instances, in order: float32 of shape (n_bags, n_genres)."""
        return pool_by_weight(self.probability, self.weight, self.bag)


def pool_by_weight(probability: np.ndarray, weight: np.ndarray, bag: np.ndarray) -> np.ndarray:
    """Compute the weighted mean of the instances of each bag.

    Parameters
    ----------
    probability, weight : ndarray of float32, shape (n, n_genres)
        Probabilities in 0..1, and weights that sum to 1 over a bag.
    bag : ndarray of int64, shape (n,)
        Number of the bag of each instance, ascending.

    Returns
    -------
    ndarray of float32, shape (n_bags, n_genres)
        Bags in order, in 0..1.

    Examples
    --------
    >>> probability = np.float32([[0.2], [0.6], [1.0]])
    >>> pool_by_weight(probability, np.float32([[0.5], [0.5], [1]]), np.array([3, 3, 7])).tolist()
    [[0.4000000059604645], [1.0]]
    """
    starts = np.append(0, np.flatnonzero(np.diff(bag)) + 1)
    return np.clip(np.add.reduceat(probability * weight, starts, axis=0), 0, 1)


def equal_weights(bag: np.ndarray, n_genres: int) -> np.ndarray:
    """Weigh the instances of a bag alike.

    Parameters
    ----------
    bag : ndarray of int64, shape (n,)
        Number of the bag of each instance, at least 0.
    n_genres : int
        Columns of the result.

    Returns
    -------
    ndarray of float32, shape (n, n_genres)
        One over the size of the bag; a read-only view.
    """
    weight = group_weights(bag).astype(np.float32)[:, None]
    return np.broadcast_to(weight, (len(bag), n_genres))
