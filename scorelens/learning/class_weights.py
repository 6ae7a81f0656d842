"""Label frequencies, and weights that balance labels or groups in a loss."""

import numpy as np

from scorelens.learning.grouped_folds import HeldOut


def label_frequency(labels: np.ndarray, held_out: HeldOut) -> np.ndarray:
    """Compute the share of the training bags that carry each genre.

    Parameters
    ----------
    labels : ndarray of bool, shape (n_bags, n_genres)
        The labels of all bags.
    held_out : int or ndarray of int
        Rows of the bags that are left out.

    Returns
    -------
    ndarray of float32, shape (n_genres,)
        Frequencies in 0..1.

    Examples
    --------
    >>> label_frequency(np.array([[True], [False], [True]]), 2)
    array([0.5], dtype=float32)
    """
    return np.delete(labels, held_out, axis=0).mean(axis=0, dtype=np.float32)


def balanced_label_weights(labels: np.ndarray, held_out: HeldOut) -> np.ndarray:
    """Weigh the positive and the negative label of each genre by their training frequency.

    Both labels of a genre have the same total weight over the training bags, and a bag weighs 1 on
    average: 1 / (2 f) and 1 / (2 (1 - f)) for a genre of frequency f. A label that no training bag
    has weighs 0.

    Parameters
    ----------
    labels : ndarray of bool, shape (n_bags, n_genres)
        The labels of all bags.
    held_out : int or ndarray of int
        Rows of the bags that are left out.

    Returns
    -------
    ndarray of float32, shape (2, n_genres)
        Weights of the positive labels, then of the negative ones.

    References
    ----------
    Ma et al. 2021, "Models": weighted binary cross-entropy.

    Examples
    --------
    >>> balanced_label_weights(np.array([[True], [False], [False], [False]]), [])
    array([[2.       ],
           [0.6666667]], dtype=float32)
    """
    frequency = label_frequency(labels, held_out)
    share = np.stack([frequency, 1 - frequency])
    return np.divide(0.5, share, out=np.zeros_like(share), where=share > 0)


def group_weights(group: np.ndarray) -> np.ndarray:
    """Weigh samples so that the weights of each group sum to 1.

    Parameters
    ----------
    group : ndarray of int, shape (n_samples,)
        Number of the group of each sample, at least 0.

    Returns
    -------
    ndarray of float64, shape (n_samples,)
        One over the size of the sample's group.

    Examples
    --------
    >>> group_weights(np.array([0, 0, 3]))
    array([0.5, 0.5, 1. ])
    """
    return 1 / np.bincount(group)[group]
