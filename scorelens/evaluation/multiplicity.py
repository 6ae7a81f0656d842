"""Corrections for multiple tests: best of several models, Holm, and Benjamini and Hochberg."""

import logging
import math

import numpy as np

from scorelens.evaluation import SIGNIFICANT

MIN_DRAWS = 9_999  # of a comparison
TIE = 1e-9  # standardised values that differ by less are equal: rounding
SMALLEST_P = 0.01  # that Holm's correction can give if one pair alone differs

log = logging.getLogger(__name__)


def comparison_draws(pairs: int) -> int:
    """Number of random draws that the comparison of so many pairs needs.

    With d draws no p-value is below 1 / (1 + d), and Holm multiplies the smallest by the number of
    pairs: with fewer draws than this the correction could not give `SMALLEST_P`.

    Parameters
    ----------
    pairs : int

    Returns
    -------
    int
        At least `MIN_DRAWS`.

    Examples
    --------
    >>> comparison_draws(406), comparison_draws(3)
    (40599, 9999)
    """
    return max(MIN_DRAWS, math.ceil(pairs / SMALLEST_P) - 1)


def warn_of_few_clusters(clusters: int, pairs: int) -> None:
    """Log a warning if no pair can differ after Holm's correction, whatever the effect.

    Parameters
    ----------
    clusters : int
        Clusters of groups that swap their predictions together; all 2^clusters swaps are possible,
        two of which reach any difference.
    pairs : int
        Number of pairs that are compared.
    """
    smallest = 2.0 ** (1 - clusters)
    if pairs * smallest > SIGNIFICANT:
        log.warning(
            "%d groups that are independent allow no p-value below %.3g: after the correction over"
            " %d pairs of models none can be significant",
            clusters,
            smallest,
            pairs,
        )


def best_of_p(
    observed: np.ndarray, permuted: np.ndarray, lower_is_better: bool = False
) -> np.ndarray:
    """Adjust the p-values of models against chance for the choice of the best among them.

    Single-step max-statistic permutation. All models share the orders in which the groups exchange
    their labels, so that the correlation of the models counts. Each model's values are standardised
    by mean and standard deviation over the orders, the observed one included; p is how often the
    largest standardised value of any model reaches that of the model.

    Parameters
    ----------
    observed : ndarray of float, shape (models,)
    permuted : ndarray of float, shape (models, permutations)
        The metric of each model in the same orders.
    lower_is_better : bool
        For an error or a rank.

    Returns
    -------
    ndarray of float, shape (models,)
        Above 0, at most 1; that of the best model is the p-value of "the best of so many".

    References
    ----------
    Westfall and Young, "Resampling-Based Multiple Testing", 1993, section 2.3.

    Examples
    --------
    >>> permuted = np.array([np.arange(99.0), np.arange(99.0)[::-1]])
    >>> best_of_p(np.array([200.0, 0.0]), permuted).tolist()
    [0.01, 1.0]
    """
    values = np.column_stack([observed, permuted]) * (-1 if lower_is_better else 1)
    values = values - values.mean(axis=1, keepdims=True)
    spread = values.std(axis=1, keepdims=True)
    standard = np.divide(values, spread, out=np.zeros_like(values), where=spread > TIE)
    largest = standard.max(axis=0)
    return (largest >= standard[:, :1] - TIE).mean(axis=1)


def holm(p: np.ndarray) -> np.ndarray:
    """Adjust p-values to bound the chance of any false discovery (Holm 1979).

    Parameters
    ----------
    p : ndarray of float, shape (n,)

    Returns
    -------
    ndarray of float, shape (n,)
        At least as large, at most 1, in the same order.

    References
    ----------
    Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Statist., 1979.

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, 0.03])).round(2).tolist()
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p, kind="stable")
    steps = p[order] * np.arange(len(p), 0, -1)
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(1, np.maximum.accumulate(steps))
    return corrected


def benjamini_hochberg(p: np.ndarray) -> np.ndarray:
    """Adjust p-values to bound the expected share of false discoveries.

    Parameters
    ----------
    p : ndarray of float, shape (n,)
        NaN where there was no test.

    Returns
    -------
    ndarray of float, shape (n,)
        At least as large, at most 1, in the same order; NaN where `p` is.

    References
    ----------
    Benjamini and Hochberg, "Controlling the false discovery rate", J. R. Stat. Soc. B, 1995.

    Examples
    --------
    >>> benjamini_hochberg(np.array([0.01, np.nan, 0.04])).round(2).tolist()
    [0.02, nan, 0.04]
    """
    from scipy.stats import false_discovery_control  # slow to import: not for who needs `holm`

    adjusted = np.full(len(p), np.nan)
    tested = ~np.isnan(p)
    adjusted[tested] = false_discovery_control(p[tested])
    return adjusted
