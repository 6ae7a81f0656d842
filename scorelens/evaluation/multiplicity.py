"""Corrections of p-values for multiple tests: Holm, and Benjamini and Hochberg."""

import numpy as np


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
