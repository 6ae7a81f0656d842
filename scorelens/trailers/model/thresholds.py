"""Where a genre's threshold lies, found in the trailers that teach."""

import numpy as np

from scorelens.genres.evaluate.score import measures


def tune(probability: np.ndarray, actual: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The threshold of each genre with the best F1: float64 (genres,) in 0..1.

    A probability above it says yes. It lies halfway between two of the probabilities; of equal F1
    the highest counts, and for a genre that no trailer carries it is 1.
    probability: float (trailers, genres), of trailers that the model did not learn from. actual:
    bool (trailers, genres). weights: (trailers,), what each counts.
    """
    columns = zip(probability.T, actual.T, strict=True)
    return np.array([_best(own, carries, weights) for own, carries in columns])


def _best(probability: np.ndarray, carries: np.ndarray, weights: np.ndarray) -> float:
    if not carries.any():
        return 1.0
    falling = np.unique(probability)[::-1].astype(np.float64)
    thresholds = (falling + np.append(falling[1:], 0)) / 2
    said = probability > thresholds[:, None]
    hits, yes = said @ (weights * carries), said @ weights
    f1 = measures(np.stack([hits, yes - hits, weights @ carries - hits]))[2]
    return float(thresholds[f1.argmax()])
