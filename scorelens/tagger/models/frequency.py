"""The ranking of the genres by their frequency in training, the same for every track."""

from collections.abc import Mapping, Sequence

import numpy as np

from scorelens.learning.datasets import Dataset
from scorelens.learning.grouped_folds import Split
from scorelens.learning.instance_predictions import equal_weights

Arrays = dict[str, np.ndarray]


def fit(
    name: str, dataset: Dataset, splits: Sequence[Split], settings: Mapping, seed: int
) -> list[Arrays]:
    """Compute the share of training and validation tracks that carry each genre.

    Parameters
    ----------
    name, settings, seed
        Unused.
    dataset : Dataset
        Tracks and their labels.
    splits : sequence of Split
        Of the tracks.

    Returns
    -------
    list of dict
        `frequency`, float32 (n_genres,), of each split.
    """
    return [frequency(dataset, np.union1d(split.training, split.validation)) for split in splits]


def frequency(dataset: Dataset, bags: np.ndarray) -> Arrays:
    """Compute the share of some bags that carry each genre, as `frequency`."""
    return {"frequency": dataset.labels[bags].mean(axis=0, dtype=np.float32)}


def predict(
    name: str, arrays: Mapping[str, np.ndarray], instances: np.ndarray, bag: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Predict the frequencies for every instance.

    Parameters
    ----------
    name, instances
        Unused.
    arrays : mapping
        Of `fit`.
    bag : ndarray of int64, shape (n_instances,)
        Number of the bag of each instance.

    Returns
    -------
    probability, weight : ndarray of float32, shape (n_instances, n_genres)
        The weights of a bag are equal and sum to 1.
    """
    probability = np.tile(arrays["frequency"], (len(bag), 1))
    return probability, equal_weights(bag, probability.shape[1])
