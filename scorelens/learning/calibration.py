"""Probabilities that mean what they say, on tracks that the model did not learn from.

Platt's scaling (1999), a line over the log-odds for each genre, drawn towards leaving them as they
are: few films stop the training, and what they cannot tell must not move the answers.
"""

import numpy as np
from scipy import optimize, special

EDGE = 1e-6  # probabilities are kept away from 0 and 1
STRENGTH = 2.0  # of the pull towards slope 1 and the first shift, in films


def fit_lines(
    probability: np.ndarray, actual: np.ndarray, weights: np.ndarray, shift: np.ndarray
) -> np.ndarray:
    """Slope and shift of the log-odds of each genre: float32 (2, genres).

    probability: (tiles, genres), by a model that did not learn from these tiles. actual: bool
    (tiles, genres). weights: (tiles,), of sum 1 over the tiles of a film: its genres are one
    observation. shift: (genres,), what is known to be missing in the log-odds; without tiles it is
    all that changes.
    """
    odds = special.logit(np.clip(probability, EDGE, 1 - EDGE))
    columns = zip(odds.T, actual.T, shift, strict=True)
    return np.array([_line(*column, weights) for column in columns], np.float32).reshape(-1, 2).T


def on_lines(probability: np.ndarray, lines: np.ndarray) -> np.ndarray:
    """Calibrated probabilities, float32, of the shape of `probability`, (..., genres)."""
    odds = special.logit(np.clip(probability.astype(np.float64), EDGE, 1 - EDGE))
    return special.expit(lines[0] * odds + lines[1]).astype(np.float32)


def weigh_odds(
    parts: np.ndarray, actual: np.ndarray, weights: np.ndarray, expected: np.ndarray
) -> np.ndarray:
    """How much each part counts in the log-odds of what is the case: float64 (parts,).

    The penalised maximum likelihood; the problem is convex. parts: float (n, parts). actual: bool
    (n,). weights: (n,), how much each row counts. expected: (parts,), towards which the answer is
    drawn with STRENGTH.
    """

    def loss(own: np.ndarray) -> tuple[float, np.ndarray]:
        said, away = parts @ own, own - expected
        error = weights * (special.expit(said) - actual)
        value = weights @ (np.logaddexp(0, said) - actual * said) + STRENGTH / 2 * away @ away
        return value, error @ parts + STRENGTH * away

    return optimize.minimize(loss, expected, jac=True, method="BFGS").x


def _line(odds: np.ndarray, actual: np.ndarray, shift: float, weights: np.ndarray) -> np.ndarray:
    parts = np.stack([odds, np.ones_like(odds)], axis=1)
    return weigh_odds(parts, actual, weights, np.array([1.0, shift]))
