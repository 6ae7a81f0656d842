"""A logistic regression for each genre on one number of a trailer: its year, loudness or length.

A baseline: what it predicts is no evidence that a picture or a sound has a genre. The number and
its square are taken, so that a genre may lie at one end of the scale or in its middle.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from scorelens.learning.datasets import Dataset
from scorelens.learning.instance_predictions import equal_weights
from scorelens.learning.linear_model import fit_linear, predict_linear
from scorelens.learning.scaling import fit_feature_scaler, standardise

BALANCED_LOSS = False

Arrays = dict[str, np.ndarray]
Subset = tuple[np.ndarray, np.ndarray]


def fit(
    name: str, dataset: Dataset, subsets: Sequence[Subset], settings: Mapping, seed: int
) -> list[Arrays]:
    """Fit the regressions on the training trailers; titles count alike.

    Parameters
    ----------
    name, settings, seed
        Unused.
    dataset : Dataset
        A trailer has one instance, (n_instances, 1), or none.
    subsets : sequence of (ndarray, ndarray)
        Numbers of training and validation trailers.

    Returns
    -------
    list of dict
        Arrays of each subset.
    """
    return [_fit_one(dataset, training) for training, _ in subsets]


def predict(
    name: str, arrays: Mapping[str, np.ndarray], instances: np.ndarray, bag: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Predict the genres of each trailer.

    Parameters
    ----------
    name
        Unused.
    arrays : mapping
        Of `fit`.
    instances : ndarray of float32, shape (n_instances, 1)
        The number.
    bag : ndarray of int64, shape (n_instances,)
        Number of the trailer.

    Returns
    -------
    probability, weight : ndarray of float32, shape (n_instances, n_genres)
        The weights are 1.
    """
    scaler = {"mean": arrays["value_mean"], "inverse_std": arrays["value_inverse_std"]}
    probability = predict_linear(arrays, with_square(standardise(instances, scaler)))
    return probability, equal_weights(bag, probability.shape[1])


def with_square(values: np.ndarray) -> np.ndarray:
    """Append the square of a number.

    Parameters
    ----------
    values : ndarray of float32, shape (n, 1)

    Returns
    -------
    ndarray of float32, shape (n, 2)

    Examples
    --------
    >>> with_square(np.float32([[-2], [3]])).tolist()
    [[-2.0, 4.0], [3.0, 9.0]]
    """
    return np.concatenate([values, np.square(values)], axis=1)


def _fit_one(dataset: Dataset, training: np.ndarray) -> Arrays:
    scaler = fit_feature_scaler(dataset.instances[dataset.rows_of(training)])
    values = dataset._replace(instances=with_square(standardise(dataset.instances, scaler)))
    return fit_linear(values, training) | {f"value_{name}": part for name, part in scaler.items()}
