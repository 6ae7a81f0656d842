"""A logistic regression for each genre on single frames, or windows of sound, of trailers."""

from collections.abc import Mapping, Sequence

import numpy as np

from scorelens.learning.datasets import Dataset, bag_per_instance
from scorelens.learning.instance_predictions import equal_weights
from scorelens.learning.linear_model import fit_linear, predict_linear

BALANCED_LOSS = False

Arrays = dict[str, np.ndarray]
Subset = tuple[np.ndarray, np.ndarray]


def fit(
    name: str, dataset: Dataset, subsets: Sequence[Subset], settings: Mapping, seed: int
) -> list[Arrays]:
    """Fit the regressions on the instances of the training trailers; titles count alike.

    Parameters
    ----------
    name, settings, seed
        Unused.
    dataset : Dataset
        Its instances are embeddings.
    subsets : sequence of (ndarray, ndarray)
        Numbers of training and validation trailers.

    Returns
    -------
    list of dict
        Arrays of each subset.
    """
    single = bag_per_instance(dataset)
    return [fit_linear(single, dataset.rows_of(training)) for training, _ in subsets]


def predict(
    name: str, arrays: Mapping[str, np.ndarray], instances: np.ndarray, bag: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Predict the genres of each instance.

    Parameters
    ----------
    name
        Unused.
    arrays : mapping
        Of `fit`.
    instances : ndarray of float32, shape (n_instances, n_columns)
        Embeddings.
    bag : ndarray of int64, shape (n_instances,)
        Number of the trailer of each instance.

    Returns
    -------
    probability, weight : ndarray of float32, shape (n_instances, n_genres)
        The weights of a trailer are equal and sum to 1.
    """
    probability = predict_linear(arrays, instances)
    return probability, equal_weights(bag, probability.shape[1])
