"""Single attention (Ma et al. 2021) over the frames, or windows of sound, of a title."""

from collections.abc import Mapping, Sequence

import numpy as np

from scorelens.learning.attention_model import fit_attention, predict_attention
from scorelens.learning.datasets import Dataset, bag_per_group

BALANCED_LOSS = True

Arrays = dict[str, np.ndarray]
Subset = tuple[np.ndarray, np.ndarray]


def fit(
    name: str, dataset: Dataset, subsets: Sequence[Subset], settings: Mapping, seed: int
) -> list[Arrays]:
    """Train the network on the titles of the training trailers.

    Parameters
    ----------
    name
        Unused.
    dataset : Dataset
        Its instances are embeddings.
    subsets : sequence of (ndarray, ndarray)
        Numbers of training and validation trailers.
    settings : mapping
        `attention`: the block of the network.
    seed : int
        Of everything random.

    Returns
    -------
    list of dict
        Arrays of each subset.
    """
    titles = bag_per_group(dataset)
    return [
        fit_attention(titles, np.unique(dataset.group[training]), settings["attention"], seed)
        for training, _ in subsets
    ]


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
        Number of the trailer of each instance, ascending.

    Returns
    -------
    probability, weight : ndarray of float32, shape (n_instances, n_genres)
        The weights of a trailer sum to 1.
    """
    return predict_attention(arrays, instances, bag)
