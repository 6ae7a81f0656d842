"""Logistic regression on the embeddings of a pretrained network.

The pretrained network was trained on hundreds of thousands of songs. Fitting genres to its
embeddings takes few films, where a network from scratch takes many.
"""

from collections.abc import Mapping

import numpy as np
from scipy import special
from sklearn.linear_model import LogisticRegression

from scorelens.learning.class_weights import group_weights
from scorelens.learning.datasets import Dataset
from scorelens.learning.packed_bags import Bags
from scorelens.learning.scaling import fit_feature_scaler, standardise

RIDGE = 10.0  # strength of the penalty: the best power of ten on two demo corpora
CONSTANT_LOG_ODDS = 5.0  # of a genre that all training bags, or none, carry

Arrays = dict[str, np.ndarray]


def fit_linear(dataset: Dataset, bags: np.ndarray) -> Arrays:
    """Fit a logistic regression for each genre on the mean embedding of each bag.

    Groups count alike, however many bags they have: the labels of a group are one observation.

    Parameters
    ----------
    dataset : Dataset
        Its instances are embeddings, (n_instances, n_columns).
    bags : ndarray of int64
        Numbers of the training bags, ascending; each has instances.

    Returns
    -------
    dict
        `mean` and `inverse_std` (n_columns,), `weight` (n_columns, n_genres) and `bias`
        (n_genres,), float32.
    """
    rows, starts = dataset.packed_rows(bags)
    means = Bags(dataset.instances[rows], starts).means().instances
    scaler = fit_feature_scaler(means)
    values = standardise(means, scaler)
    weights = group_weights(dataset.group[bags])
    fits = [_regression(values, label, weights) for label in dataset.labels[bags].T]
    weight, bias = zip(*fits, strict=True)
    return scaler | {"weight": np.stack(weight, 1), "bias": np.array(bias, np.float32)}


def predict_linear(arrays: Mapping[str, np.ndarray], instances: np.ndarray) -> np.ndarray:
    """Predict the genres of embeddings with the regressions.

    Parameters
    ----------
    arrays : mapping
        Of `fit_linear`.
    instances : ndarray of float32, shape (n_instances, n_columns)
        Embeddings, NaN where missing.

    Returns
    -------
    ndarray of float32, shape (n_instances, n_genres)
        Probabilities in 0..1.
    """
    odds = standardise(instances, arrays) @ arrays["weight"] + arrays["bias"]
    return special.expit(odds).astype(np.float32)


def _regression(
    values: np.ndarray, label: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, float]:
    if label.all() or not label.any():
        bias = CONSTANT_LOG_ODDS if label.all() else -CONSTANT_LOG_ODDS
        return np.zeros(values.shape[1], np.float32), bias
    model = LogisticRegression(C=1 / RIDGE, max_iter=1000).fit(values, label, weights)
    return model.coef_[0].astype(np.float32), float(model.intercept_[0])
