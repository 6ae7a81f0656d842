"""How numbers read in the report: percentages, times, p-values, decibels."""

import numpy as np
import pandas as pd

DASH = "\N{EN DASH}"
MIN_DB = -60.0


def percent(share: float) -> str:
    """Format a share as a percentage, with one decimal below 1%.

    Parameters
    ----------
    share : float
        In 0..1.

    Returns
    -------
    str

    Examples
    --------
    >>> percent(0.431), percent(0.004), percent(0)
    ('43%', '0.4%', '0%')
    """
    return f"{share:.1%}" if 0 < share < 0.01 else f"{share:.0%}"


def clock(seconds: float) -> str:
    """Format a duration as hours, minutes and seconds.

    Parameters
    ----------
    seconds : float
        Duration, s.

    Returns
    -------
    str

    Examples
    --------
    >>> clock(123.4), clock(3723)
    ('2:03', '1:02:03')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def p_value(p: float) -> str:
    """Format a p-value with three decimals, small ones as a bound.

    Parameters
    ----------
    p : float
        In 0..1.

    Returns
    -------
    str

    Examples
    --------
    >>> p_value(0.0304), p_value(0.0002)
    ('0.030', '< 0.001')
    """
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def number(value: float | None, digits: int = 2) -> str:
    """Format a number with a fixed number of decimals, a missing one as a dash.

    Parameters
    ----------
    value : float or None
        None and NaN are missing.
    digits : int
        Decimals.

    Returns
    -------
    str

    Examples
    --------
    >>> number(0.987, 1)
    '1.0'
    >>> number(None) == DASH
    True
    """
    return DASH if value is None or pd.isna(value) else f"{value:.{digits}f}"


def decibels(rms: pd.Series) -> pd.Series:
    """Convert root mean squares to dB relative to full scale, clipped at `MIN_DB`.

    Parameters
    ----------
    rms : Series
        Of samples in -1..1.

    Returns
    -------
    Series
        dB, at least `MIN_DB`.

    Examples
    --------
    >>> decibels(pd.Series([1.0, 0.1, 0.0])).tolist()
    [0.0, -20.0, -60.0]
    """
    return 20 * np.log10(rms.clip(lower=10 ** (MIN_DB / 20)))
