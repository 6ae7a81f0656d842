"""Single attention (Ma et al. 2021) over the embeddings of a track: its tiles have weights."""

from collections.abc import Mapping, Sequence

import numpy as np

from scorelens.learning.attention_model import fit_attention, predict_attention
from scorelens.learning.datasets import Dataset
from scorelens.learning.grouped_folds import Split
from scorelens.learning.model_io import group_arrays, prefix_arrays

REFIT, BALANCED_LOSS = True, True
NETWORK = "all"  # prefix of the arrays: one model of all genres

Arrays = dict[str, np.ndarray]


def fit(
    name: str, dataset: Dataset, splits: Sequence[Split], settings: Mapping, seed: int
) -> list[Arrays]:
    """Train the network on the training tracks of each split.

    Parameters
    ----------
    name
        Unused.
    dataset : Dataset
        Its instances are embeddings.
    splits : sequence of Split
        Of the tracks.
    settings : mapping
        `attention`: the block of the network.
    seed : int
        Of everything random.

    Returns
    -------
    list of dict
        Arrays of each split.
    """
    return [
        prefix_arrays(NETWORK, fit_attention(dataset, split.training, settings["attention"], seed))
        for split in splits
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
        Number of the bag of each instance, ascending.

    Returns
    -------
    probability, weight : ndarray of float32, shape (n_instances, n_genres)
        The weights of a bag sum to 1.
    """
    return predict_attention(group_arrays(arrays)[NETWORK], instances, bag)
