"""Calibration of probabilities: reliability bins and the expected calibration error."""

import numpy as np
import pandas as pd
from scipy.stats import binomtest


def reliability_bins(confidence: np.ndarray, correct: np.ndarray, bins: int) -> pd.DataFrame:
    """Compare confidence and share of correct predictions in bins of equal width.

    Parameters
    ----------
    confidence : ndarray of float, shape (n,)
        In 0..1.
    correct : ndarray of bool, shape (n,)
    bins : int

    Returns
    -------
    pandas.DataFrame, one row per bin
        `low` and `high` (bounds; the last bin includes 1), `count`, `confidence` (mean), `correct`
        (share), `correct_low` and `correct_high` (95% Wilson interval); NaN in an empty bin.

    Examples
    --------
    >>> table = reliability_bins(np.array([0.6, 0.8, 0.2]), np.array([True, False, False]), 2)
    >>> table[["count", "confidence", "correct"]].values.tolist()
    [[1.0, 0.2, 0.0], [2.0, 0.7, 0.5]]
    """
    edges = np.linspace(0, 1, bins + 1)
    bin_of = np.clip(np.digitize(confidence, edges) - 1, 0, bins - 1)
    columns = ["low", "high", "count", "confidence", "correct", "correct_low", "correct_high"]
    rows = [
        [edges[k], edges[k + 1], *_one_bin(confidence[bin_of == k], correct[bin_of == k])]
        for k in range(bins)
    ]
    return pd.DataFrame(rows, columns=columns)


def expected_calibration_error(
    count: np.ndarray, confidence: np.ndarray, correct: np.ndarray
) -> float:
    """Mean distance of confidence and share of correct predictions, weighted by the bins' counts.

    Parameters
    ----------
    count : ndarray of int, shape (bins,)
    confidence, correct : ndarray of float, shape (bins,)
        Mean confidence and share of correct predictions; ignored in empty bins.

    Returns
    -------
    float
        In 0..1; NaN if all bins are empty.

    References
    ----------
    Naeini, Cooper and Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning",
    AAAI 2015.

    Examples
    --------
    >>> expected_calibration_error(np.array([1, 3]), np.array([0.5, 0.75]), np.array([0.0, 1.0]))
    0.3125
    """
    if not count.any():
        return np.nan
    distance = np.nan_to_num(np.abs(confidence - correct))
    return float(np.average(distance, weights=count))


def _one_bin(confidence: np.ndarray, correct: np.ndarray) -> list[float]:
    if not len(confidence):
        return [0, np.nan, np.nan, np.nan, np.nan]
    interval = binomtest(int(correct.sum()), len(correct)).proportion_ci(method="wilson")
    return [len(correct), confidence.mean(), correct.mean(), interval.low, interval.high]
