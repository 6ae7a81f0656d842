"""The nearest neighbours of an instance, saved as plain arrays."""

from collections.abc import Mapping

import numpy as np
from sklearn.neighbors import NearestNeighbors

Arrays = dict[str, np.ndarray]


def fit(x: np.ndarray, y: np.ndarray, settings: Mapping[str, int], seed: int) -> Arrays:
    """Keep the training instances.

    All genres share the neighbours, so that one search over all labels is binary relevance.

    Parameters
    ----------
    x : ndarray of float32, shape (n_instances, n_features)
        Standardised training instances.
    y : ndarray of bool, shape (n_instances, n_genres)
        Their labels.
    settings : mapping
        `n_neighbors`; at most as many as there are instances.
    seed : int
        Unused: nothing is random.

    Returns
    -------
    dict
        `instances`, `labels` and `n_neighbors`, an array of one number.
    """
    n_neighbors = np.array([min(settings["n_neighbors"], len(x))])
    return {"instances": x, "labels": y, "n_neighbors": n_neighbors}


def predict_probability(arrays: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    """Compute the share of the neighbours that carry the genre.

    Parameters
    ----------
    arrays : mapping
        Of `fit`.
    x : ndarray of float32, shape (n_instances, n_features)
        Standardised instances.

    Returns
    -------
    ndarray of float64, shape (n_instances, n_genres)
        In 0..1.
    """
    search = NearestNeighbors(n_neighbors=int(arrays["n_neighbors"][0]), algorithm="brute")
    nearest = search.fit(arrays["instances"]).kneighbors(x, return_distance=False)
    return arrays["labels"][nearest].mean(axis=1)
