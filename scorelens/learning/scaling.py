"""Scalers: features and bands to zero mean and unit variance over the training data."""

from collections.abc import Mapping
from math import prod

import numpy as np

MIN_STD = 1e-6  # dB; a band that varies less is constant
ROWS_AT_ONCE = 1024  # bounds the memory


def fit_feature_scaler(instances: np.ndarray) -> dict[str, np.ndarray]:
    """Fit the mean and the inverse standard deviation of each feature.

    A feature that is constant or missing in all training instances gets the inverse standard
    deviation 0, and so has no influence.

    Parameters
    ----------
    instances : ndarray of float32, shape (n_instances, n_features)
        Training instances; NaN marks a missing value.

    Returns
    -------
    dict
        `mean` and `inverse_std`, float32 of shape (n_features,).

    Examples
    --------
    >>> scaler = fit_feature_scaler(np.array([[1, 5], [3, 5]], np.float32))
    >>> scaler["mean"].tolist(), scaler["inverse_std"].tolist()
    ([2.0, 5.0], [1.0, 0.0])
    """
    known = ~np.isnan(instances)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, instances, 0).sum(axis=0, dtype=np.float64) / count
    deviations = np.where(known, instances - mean, 0)
    std = np.sqrt(np.square(deviations).sum(axis=0) / count)
    lowest = np.where(known, instances, np.inf).min(axis=0)
    highest = np.where(known, instances, -np.inf).max(axis=0)
    varies = (highest > lowest) & (std > 0)
    inverse_std = np.divide(1, std, out=np.zeros_like(std), where=varies)
    return {"mean": mean.astype(np.float32), "inverse_std": inverse_std.astype(np.float32)}


def standardise(instances: np.ndarray, scaler: Mapping[str, np.ndarray]) -> np.ndarray:
    """Scale instances by a fitted scaler; a missing value becomes 0, the training mean.

    Parameters
    ----------
    instances : ndarray of float32, shape (n_instances, n_features)
        NaN marks a missing value.
    scaler : mapping
        `mean` and `inverse_std` of `fit_feature_scaler`.

    Returns
    -------
    ndarray of float32, shape (n_instances, n_features)
        Finite where the instances are finite or NaN.

    Examples
    --------
    >>> scaler = {"mean": np.float32([2]), "inverse_std": np.float32([0.5])}
    >>> standardise(np.array([[4], [np.nan]], np.float32), scaler).tolist()
    [[1.0], [0.0]]
    """
    return np.nan_to_num((instances - scaler["mean"]) * scaler["inverse_std"])


def fit_band_scaler(patches: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fit the mean and the inverse standard deviation of each row of two-dimensional instances.

    Parameters
    ----------
    patches : ndarray of float16 or float32, shape (n_patches, height, width)
        Training patches; a row is a mel band, a coefficient or a colour.

    Returns
    -------
    mean, inverse_std : ndarray of float32, shape (height,)
        The inverse standard deviation is 0 for a row whose values do not vary.

    Examples
    --------
    >>> mean, inverse_std = fit_band_scaler(np.array([[[1.0, 3.0], [5.0, 5.0]]]))
    >>> mean.tolist(), inverse_std.tolist()
    ([2.0, 5.0], [1.0, 0.0])
    """
    return _fit_moments(patches, axes=(0, 2))


def fit_value_scaler(patches: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fit the mean and the inverse standard deviation of each value of two-dimensional instances.

    Each of the height times width values is a feature of its own, as if instances were flat.

    Parameters
    ----------
    patches : ndarray of float16 or float32, shape (n_patches, height, width)
        Training patches.

    Returns
    -------
    mean, inverse_std : ndarray of float32, shape (height, width)
        The inverse standard deviation is 0 for a value that does not vary.

    Examples
    --------
    >>> mean, inverse_std = fit_value_scaler(np.array([[[1.0, 5.0]], [[3.0, 5.0]]]))
    >>> mean.tolist(), inverse_std.tolist()
    ([[2.0, 5.0]], [[1.0, 0.0]])
    """
    return _fit_moments(patches, axes=(0,))


def _fit_moments(patches: np.ndarray, axes: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Mean and inverse standard deviation over some axes, the first among them."""
    sums, squares = 0.0, 0.0
    count = prod(patches.shape[axis] for axis in axes)
    for first in range(0, len(patches), ROWS_AT_ONCE):
        values = patches[first : first + ROWS_AT_ONCE].astype(np.float64)
        sums, squares = sums + values.sum(axes), squares + np.square(values).sum(axes)
    mean = sums / count
    std = np.sqrt(np.maximum(squares / count - mean**2, 0))
    inverse_std = np.divide(1, std, out=np.zeros_like(std), where=std > MIN_STD)
    return mean.astype(np.float32), inverse_std.astype(np.float32)
