"""Models on the embeddings of a pretrained network: logistic regression, and single attention.

The pretrained network was trained on hundreds of thousands of songs. Fitting genres to its
embeddings takes few films, where a network from scratch takes many.
"""

from collections.abc import Mapping

import numpy as np
from scipy import special
from sklearn.linear_model import LogisticRegression

from scorelens.learning import mil_folds
from scorelens.learning.datasets import Dataset
from scorelens.learning.packed_bags import Bags
from scorelens.learning.scaling import fit_feature_scaler, standardise
from scorelens.learning.trainer import Arrays

BAGS_AT_ONCE = 512
RIDGE = 10.0  # strength of the penalty: the best power of ten on two demo corpora
CONSTANT_LOG_ODDS = 5.0  # of a genre that all training bags, or none, carry
ATTENTION = "single_attention"  # of `mil_pooling.POOLINGS`


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
    rows = dataset.rows_of(bags)
    starts = np.append(np.searchsorted(dataset.bag[rows], bags), len(rows))
    means = Bags(dataset.instances[rows], starts).means().instances
    scaler = fit_feature_scaler(means)
    values = standardise(means, scaler)
    group = dataset.group[bags]
    weights = 1 / np.bincount(group)[group]
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
        The arrays of a `mil_folds.FittedFold`.
    """
    rows = dataset.rows_of(bags)
    starts = np.append(np.searchsorted(dataset.bag[rows], bags), len(rows))
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


def _regression(
    values: np.ndarray, label: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, float]:
    if label.all() or not label.any():
        bias = CONSTANT_LOG_ODDS if label.all() else -CONSTANT_LOG_ODDS
        return np.zeros(values.shape[1], np.float32), bias
    model = LogisticRegression(C=1 / RIDGE, max_iter=1000).fit(values, label, weights)
    return model.coef_[0].astype(np.float32), float(model.intercept_[0])
