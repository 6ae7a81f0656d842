"""A support vector machine with a Gaussian kernel for each genre, saved as plain arrays."""

from collections.abc import Mapping

import numpy as np
from scipy.special import expit
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.svm import SVC

Arrays = dict[str, np.ndarray]


def fit(x: np.ndarray, y: np.ndarray, settings: Mapping[str, float], seed: int) -> Arrays:
    """Fit the machines; both labels of a genre have the same total weight.

    The kernel, of width 1/n_features, is computed once for all genres.

    Parameters
    ----------
    x : ndarray of float32, shape (n_instances, n_features)
        Standardised training instances.
    y : ndarray of bool, shape (n_instances, n_genres)
        Their labels; none is constant.
    settings : mapping
        `c`, the cost of an instance on the wrong side.
    seed : int
        Unused: nothing is random.

    Returns
    -------
    dict
        `instances`, those of `x`; `n_support` and `intercept`, (n_genres,); `support` and `dual`,
        rows and coefficients of the support vectors, genre by genre.
    """
    kernel = rbf_kernel(x, x)
    machines = [
        SVC(C=settings["c"], kernel="precomputed", class_weight="balanced").fit(kernel, labels)
        for labels in y.T
    ]
    return {
        "instances": x,
        "n_support": np.array([len(machine.support_) for machine in machines]),
        "support": np.concatenate([machine.support_ for machine in machines]),
        "dual": np.concatenate([machine.dual_coef_[0] for machine in machines]),
        "intercept": np.concatenate([machine.intercept_ for machine in machines]),
    }


def predict_probability(arrays: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    """Compute the logistic function of the distance to the decision boundary.

    It is not calibrated: a film's labels are too few for that.

    Parameters
    ----------
    arrays : mapping
        Of `fit`.
    x : ndarray of float32, shape (n_instances, n_features)
        Standardised instances.

    Returns
    -------
    ndarray of float64, shape (n_instances, n_genres)
        In 0..1, above one half on the genre's side of the boundary.
    """
    kernel = rbf_kernel(x, arrays["instances"]).astype(np.float64)
    ends = np.cumsum(arrays["n_support"])[:-1]
    support, dual = (np.split(arrays[name], ends) for name in ("support", "dual"))
    # A running sum has libsvm's order, and so its bits.
    sums = [
        np.cumsum(kernel[:, rows] * coefficients, axis=1)[:, -1]
        for rows, coefficients in zip(support, dual, strict=True)
    ]
    return expit(np.stack(sums, axis=1) + arrays["intercept"])
