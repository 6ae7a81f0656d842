"""Single attention (Ma et al. 2021) on the embeddings of a pretrained network."""

from collections.abc import Mapping

import numpy as np

from scorelens.learning import mil_folds
from scorelens.learning.datasets import Dataset
from scorelens.learning.packed_bags import Bags
from scorelens.learning.trainer import Arrays

BAGS_AT_ONCE = 512
ATTENTION = "single_attention"  # of `mil_pooling.POOLINGS`


def fit_attention(dataset: Dataset, bags: np.ndarray, settings: Mapping, seed: int) -> Arrays:
    """Train single attention (Ma et al. 2021) over the instances of each bag.

    Parameters
    ----------
    dataset : Dataset
        Its instances are embeddings, (n_instances, n_columns).
    bags : ndarray of int64
        Numbers of the training bags, ascending; each has instances.
    settings : mapping
        Of the network, as `mil_training.fit_networks` takes them.
    seed : int
        Of everything random.

    Returns
    -------
    dict
        The arrays of a `fitted_fold.FittedFold`.
    """
    rows, starts = dataset.packed_rows(bags)
    # The trainer holds a bag out and computes its loss: here an instance, which changes nothing.
    packed = Bags(dataset.instances[[*rows, rows[0]]], np.append(starts, len(rows) + 1))
    labels = dataset.labels[[*bags, bags[0]]]
    held_out = [np.array([len(bags)])]
    (fold,) = mil_folds.fit_folds(ATTENTION, packed, labels, held_out, settings, seed)
    return fold.arrays


def predict_attention(
    arrays: Mapping[str, np.ndarray], instances: np.ndarray, bag: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Predict the genres of embeddings with attention.

    Parameters
    ----------
    arrays : mapping
        Of `fit_attention`.
    instances : ndarray of float32, shape (n_instances, n_columns)
        Embeddings, NaN where missing.
    bag : ndarray of int64, shape (n_instances,)
        Number of the bag of each, ascending.

    Returns
    -------
    probability, weight : ndarray of float32, shape (n_instances, n_genres)
        Probabilities of the instances, and their weights, which sum to 1 over a bag.
    """
    probability = [
        mil_folds.predict(ATTENTION, arrays, Bags(part, np.arange(len(part) + 1)))
        for part in np.split(instances, range(BAGS_AT_ONCE, len(instances), BAGS_AT_ONCE))
    ]
    ends = [*np.flatnonzero(np.diff(bag)) + 1, len(bag)]
    packed = Bags(instances, np.array([0, *ends]))
    weight = [
        mil_folds.weigh_instances(ATTENTION, arrays, packed.one(number))
        for number in range(len(ends))
    ]
    return np.concatenate(probability).astype(np.float32), np.concatenate(weight).astype(np.float32)
