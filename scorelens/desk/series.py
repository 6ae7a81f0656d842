"""Values of a film by the second, in one byte each."""

import base64
from collections.abc import Iterable

import numpy as np

LEVELS = 254  # steps between the lowest and the highest value; byte 0 is a missing one


def encode_series(
    time_s: Iterable[float], values: Iterable[float], seconds: int, low: float, high: float
) -> dict:
    """Encode one value a second for the script of a page.

    Parameters
    ----------
    time_s : iterable of float
        Seconds of the film that have a value. Of several values of a second the largest counts.
    values : iterable of float
        The values; NaN is missing. Those beyond `low` and `high` are clipped.
    seconds : int
        Number of seconds of the film.
    low, high : float
        Values of the bytes 1 and 255.

    Returns
    -------
    dict
        `low`, `high` and `bytes`: base64, a byte a second, 0 where there is no value.

    Examples
    --------
    >>> encode_series([0, 2], [0.0, 1.0], 3, 0, 1)
    {'low': 0, 'high': 1, 'bytes': 'AQD/'}
    """
    at = np.asarray(time_s, float).astype(int)
    share = (np.asarray(values, float) - low) / (high - low)
    inside = np.isfinite(share) & (at >= 0) & (at < seconds)
    codes = np.zeros(seconds, np.uint8)
    rounded = np.round(1 + LEVELS * np.clip(share[inside], 0, 1)).astype(np.uint8)
    np.maximum.at(codes, at[inside], rounded)
    return {"low": low, "high": high, "bytes": base64.b64encode(codes).decode("ascii")}
