"""Platt scaling: probabilities calibrated on bags that the model was not trained on.

A line over the log-odds of each genre, with a penalty that draws it towards the identity: the few
films that are held out for calibration cannot move it far.
"""

import numpy as np
from scipy import optimize, special

MIN_PROBABILITY = 1e-6  # probabilities are clipped to this and one minus it
PRIOR_STRENGTH = 2.0  # of the penalty, in films


def log_odds(probability: np.ndarray) -> np.ndarray:
    """Compute the log-odds of probabilities, clipped so that they are finite.

    Parameters
    ----------
    probability : ndarray of float
        In 0..1.

    Returns
    -------
    ndarray of float
        Of the same shape.
    """
    return special.logit(np.clip(probability, MIN_PROBABILITY, 1 - MIN_PROBABILITY))


def fit_platt(
    probability: np.ndarray, labels: np.ndarray, weights: np.ndarray, prior_offset: np.ndarray
) -> np.ndarray:
    """Fit slope and intercept of the log-odds of each genre.

    Parameters
    ----------
    probability : ndarray of float, shape (n_samples, n_genres)
        By a model that was not trained on these samples.
    labels : ndarray of bool, shape (n_samples, n_genres)
        Their labels.
    weights : ndarray of float, shape (n_samples,)
        Weights that sum to 1 over the samples of a film: its labels are one observation.
    prior_offset : ndarray of float, shape (n_genres,)
        The intercept towards which the penalty draws; what is known to be missing in the log-odds.
        Without samples it is all that changes.

    Returns
    -------
    ndarray of float32, shape (2, n_genres)
        Slopes, then intercepts.

    References
    ----------
    Platt 1999, "Probabilistic outputs for support vector machines".
    """
    odds = log_odds(probability)
    columns = zip(odds.T, labels.T, prior_offset, strict=True)
    lines = [
        fit_log_odds(np.stack([odd, np.ones_like(odd)], 1), label, weights, np.array([1.0, offset]))
        for odd, label, offset in columns
    ]
    return np.array(lines, np.float32).reshape(-1, 2).T


def apply_platt(probability: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    """Calibrate probabilities.

    Parameters
    ----------
    probability : ndarray of float, shape (..., n_genres)
        In 0..1.
    coefficients : ndarray of float32, shape (2, n_genres)
        Of `fit_platt`.

    Returns
    -------
    ndarray of float32, shape (..., n_genres)
        In 0..1.

    Examples
    --------
    >>> apply_platt(np.array([[0.2, 0.5]]), np.float32([[1, 2], [0, 0]]))
    array([[0.2, 0.5]], dtype=float32)
    """
    odds = log_odds(probability.astype(np.float64))
    return special.expit(coefficients[0] * odds + coefficients[1]).astype(np.float32)


def fit_log_odds(
    features: np.ndarray, labels: np.ndarray, weights: np.ndarray, prior: np.ndarray
) -> np.ndarray:
    """Fit a logistic regression whose penalty draws the coefficients towards a prior.

    Penalised maximum likelihood; the problem is convex.

    Parameters
    ----------
    features : ndarray of float, shape (n_samples, n_features)
        What is summed to the log-odds.
    labels : ndarray of bool, shape (n_samples,)
        The outcomes.
    weights : ndarray of float, shape (n_samples,)
        The weight of each sample in the likelihood.
    prior : ndarray of float, shape (n_features,)
        Expected coefficients, with a penalty of strength PRIOR_STRENGTH.

    Returns
    -------
    ndarray of float64, shape (n_features,)
        The coefficients.

    Examples
    --------
    >>> fit_log_odds(np.zeros((0, 1)), np.zeros(0, bool), np.zeros(0), np.array([0.5]))
    array([0.5])
    """

    def loss(coefficients: np.ndarray) -> tuple[float, np.ndarray]:
        odds, distance = features @ coefficients, coefficients - prior
        error = weights * (special.expit(odds) - labels)
        value = (
            weights @ (np.logaddexp(0, odds) - labels * odds)
            + PRIOR_STRENGTH / 2 * distance @ distance
        )
        return value, error @ features + PRIOR_STRENGTH * distance

    return optimize.minimize(loss, prior, jac=True, method="BFGS").x
