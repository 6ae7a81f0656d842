"""A logistic regression for each genre on the mean of a track's tiles.

The tiles have the embeddings of a pretrained network, or, of a baseline, what `baseline_inputs`
gives them: the year of the film, the loudness, the length of the album, or random numbers.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from scorelens.learning.datasets import Dataset
from scorelens.learning.grouped_folds import Split
from scorelens.learning.instance_predictions import equal_weights
from scorelens.learning.linear_model import fit_linear, predict_linear
from scorelens.learning.model_io import group_arrays, prefix_arrays

REFIT, BALANCED_LOSS = True, False
NETWORK = "all"  # prefix of the arrays: one model of all genres

Arrays = dict[str, np.ndarray]


def fit(
    name: str, dataset: Dataset, splits: Sequence[Split], settings: Mapping, seed: int
) -> list[Arrays]:
    """Fit the regressions on the training tracks of each split.

    Parameters
    ----------
    name, settings, seed
        Unused.
    dataset : Dataset
        Its instances are vectors of features.
    splits : sequence of Split
        Of the tracks.

    Returns
    -------
    list of dict
        Arrays of each split.
    """
    return [prefix_arrays(NETWORK, fit_linear(dataset, split.training)) for split in splits]


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
        Features of tiles, NaN where missing.
    bag : ndarray of int64, shape (n_instances,)
        Number of the bag of each instance.

    Returns
    -------
    probability, weight : ndarray of float32, shape (n_instances, n_genres)
        The weights of a bag are equal and sum to 1.
    """
    probability = predict_linear(group_arrays(arrays)[NETWORK], instances)
    return probability, equal_weights(bag, probability.shape[1])
