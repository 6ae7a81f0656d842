"""A logistic regression with a ridge penalty for each genre, saved as plain arrays."""

from collections.abc import Mapping

import numpy as np
from sklearn.linear_model import LogisticRegression

Arrays = dict[str, np.ndarray]


def fit(x: np.ndarray, y: np.ndarray, settings: Mapping[str, float], seed: int) -> Arrays:
    """Fit the regressions; both labels of a genre have the same total weight.

    Parameters
    ----------
    x : ndarray of float32, shape (n_instances, n_features)
        Standardised training instances.
    y : ndarray of bool, shape (n_instances, n_genres)
        Their labels; none is constant.
    settings : mapping
        `c`, the inverse of the strength of the penalty.
    seed : int
        Unused: nothing is random.

    Returns
    -------
    dict
        `coefficients` (n_genres, n_features) and `intercepts` (n_genres,).
    """
    models = [
        LogisticRegression(C=settings["c"], class_weight="balanced", max_iter=1000).fit(x, labels)
        for labels in y.T
    ]
    return {
        "coefficients": np.concatenate([model.coef_ for model in models]),
        "intercepts": np.concatenate([model.intercept_ for model in models]),
    }


def predict_probability(arrays: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    """Compute the probabilities of the regressions.

    Parameters
    ----------
    arrays : mapping
        Of `fit`.
    x : ndarray of float32, shape (n_instances, n_features)
        Standardised instances.

    Returns
    -------
    ndarray of float64, shape (n_instances, n_genres)
        In 0..1, those of scikit-learn bit for bit.
    """
    lines = zip(arrays["coefficients"], arrays["intercepts"], strict=True)
    return np.stack([_model(*line).predict_proba(x)[:, 1] for line in lines], axis=1)


def _model(coefficients: np.ndarray, intercept: float) -> LogisticRegression:
    model = LogisticRegression()
    model.coef_, model.intercept_ = coefficients[None], np.array([intercept])
    model.classes_ = np.array([False, True])
    return model
