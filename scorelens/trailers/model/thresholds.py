"""The decision threshold of each genre, tuned on the training trailers."""

import numpy as np

from scorelens.evaluation.classification import precision_recall_f1


def tune_thresholds(probability: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Find the threshold of each genre with the highest F1.

    Parameters
    ----------
    probability : ndarray of float, shape (n_trailers, n_genres)
        By models that were not trained on these trailers.
    labels : ndarray of bool, shape (n_trailers, n_genres)
        Their labels.
    weights : ndarray of float, shape (n_trailers,)
        Their weights.

    Returns
    -------
    ndarray of float64, shape (n_genres,)
        In 0..1; a genre is predicted above it. It lies halfway between two of the probabilities;
        of equal F1 the highest counts. For a genre that no trailer carries it is 1.
    """
    columns = zip(probability.T, labels.T, strict=True)
    return np.array([_best(column, carries, weights) for column, carries in columns])


def _best(probability: np.ndarray, carries: np.ndarray, weights: np.ndarray) -> float:
    if not carries.any():
        return 1.0
    falling = np.unique(probability)[::-1].astype(np.float64)
    thresholds = (falling + np.append(falling[1:], 0)) / 2
    predicted = probability > thresholds[:, None]
    hits, positive = predicted @ (weights * carries), predicted @ weights
    f1 = precision_recall_f1(np.stack([hits, positive - hits, weights @ carries - hits]))[2]
    return float(thresholds[f1.argmax()])
