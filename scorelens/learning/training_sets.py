"""How the instances of a dataset become training sets: by class, one against the rest, by label.

A model of several classes is trained on an instance once for each of its classes, and every class
has the same total weight (Stone's thesis balances its classes by 13,000 patches each). A network of
one genre is trained on all instances of the genre and as many of the others, drawn at random. A
network of many labels is trained on every instance once.
"""

from typing import NamedTuple

import numpy as np

from scorelens.learning.datasets import Dataset


class Targets(NamedTuple):
    """Rows of instances with their targets and weights, as in `cnn_batches.TrainingSet`."""

    rows: np.ndarray
    targets: np.ndarray
    weights: np.ndarray


def class_targets(
    rows: np.ndarray, labels: np.ndarray, max_per_class: int, random: np.random.Generator
) -> Targets:
    """Use each instance once for each of its classes; all classes have the same total weight.

    Parameters
    ----------
    rows : ndarray of int64, shape (n,)
        Rows of the instances.
    labels : ndarray of bool, shape (n, n_classes)
        Their classes.
    max_per_class : int
        Instances of a class, drawn at random; 0 for all.
    random : numpy.random.Generator
        Draws them.

    Returns
    -------
    Targets
        The targets are numbers of classes, int64.
    """
    drawn = [_sample(rows[carries], max_per_class, random) for carries in labels.T]
    sizes = np.array([len(part) for part in drawn])
    weights = sizes.sum() / (np.maximum(sizes, 1) * max(np.count_nonzero(sizes), 1))
    return Targets(
        np.concatenate(drawn),
        np.repeat(np.arange(len(drawn)), sizes),
        np.repeat(weights, sizes).astype(np.float32),
    )


def one_vs_rest_targets(
    rows: np.ndarray, carries: np.ndarray, max_positive: int, random: np.random.Generator
) -> Targets:
    """Use the instances of a genre and as many of the others; none if the genre has none.

    Parameters
    ----------
    rows : ndarray of int64, shape (n,)
        Rows of the instances.
    carries : ndarray of bool, shape (n,)
        Whether each carries the genre.
    max_positive : int
        Instances of the genre, drawn at random; 0 for all.
    random : numpy.random.Generator
        Draws them.

    Returns
    -------
    Targets
        The targets are 1 or 0, float32 of shape (n, 1).
    """
    positive = _sample(rows[carries], max_positive, random)
    negative = random.permutation(rows[~carries])[: len(positive)]
    targets = np.repeat(np.float32([1, 0]), [len(positive), len(negative)])[:, None]
    return Targets(np.append(positive, negative), targets, np.ones(len(targets), np.float32))


def multi_label_targets(rows: np.ndarray, labels: np.ndarray) -> Targets:
    """Use every instance once with all of its labels, bool of shape (n, n_genres)."""
    return Targets(rows, labels.astype(np.float32), np.ones(len(rows), np.float32))


def sample_rows(
    dataset: Dataset, bags: np.ndarray, max_per_bag: int, random: np.random.Generator
) -> np.ndarray:
    """Draw instances of some bags.

    Parameters
    ----------
    dataset : Dataset
        The instances.
    bags : ndarray of int64
        Numbers of the bags.
    max_per_bag : int
        Instances of a bag, drawn at random; 0 for all.
    random : numpy.random.Generator
        Draws them.

    Returns
    -------
    ndarray of int64
        Rows of the instances, ascending.
    """
    rows = dataset.rows_of(bags)
    if not max_per_bag:
        return rows
    shuffled = random.permutation(rows)
    order = shuffled[np.argsort(dataset.bag[shuffled], kind="stable")]
    bag = dataset.bag[order]
    rank = np.arange(len(order)) - np.searchsorted(bag, bag)
    return np.sort(order[rank < max_per_bag])


def _sample(rows: np.ndarray, max_rows: int, random: np.random.Generator) -> np.ndarray:
    return random.permutation(rows)[: max_rows or None]
