"""How well a model ranks the films of a genre before the others, whatever the threshold."""

import numpy as np


def average_precision(probability: np.ndarray, true: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """The average precision of each genre in samples of the films.

    The sum over thresholds of the precision there times the recall gained there, as scikit-learn
    defines it: films of equal probability fall to one threshold, and nothing is interpolated.
    probability: float (films, genres). true: bool (films, genres). draws: (samples, films), how
    often each film is drawn. Returns float (samples, genres) in 0..1, 0 where no film that is
    drawn carries the genre.
    """
    columns = zip(probability.T, true.T, strict=True)
    return np.stack([_one_genre(score, label, draws) for score, label in columns], axis=-1)


def permuted_precision(
    probability: np.ndarray, true: np.ndarray, film: np.ndarray, orders: np.ndarray
) -> np.ndarray:
    """The average precision of each genre when film i has the labels of film order[i].

    probability: float (units, genres). true: bool (films, genres). film: int (units,), row of
    `true`. orders: int (orders, films). Returns float (orders, genres) in 0..1.
    """
    once = np.ones((1, len(probability)))
    columns = zip(probability.T, true.T, strict=True)
    found = [_one_genre(score, label[orders][:, film], once) for score, label in columns]
    return np.stack(found, axis=-1)


def _one_genre(probability: np.ndarray, true: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """true: (units,), or (samples, units) where every sample has labels of its own."""
    order = np.argsort(-probability, kind="stable")
    falling = -probability[order]
    last = np.searchsorted(falling, falling, side="right") - 1  # the last film of equal probability
    drawn = draws[:, order].astype(float)
    hits = drawn * true[..., order]
    said, right = drawn.cumsum(axis=1), hits.cumsum(axis=1)
    precision = _ratio(right, said)[:, last]
    return _ratio((hits * precision).sum(axis=1), right[:, -1])


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
