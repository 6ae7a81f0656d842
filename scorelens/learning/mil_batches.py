"""Batches and dropout masks of the MIL networks in training, from a random stream for each fold.

The stream of a fold depends on the seed, the films held out and the training run alone, so that a
fold is trained to the same parameters on its own or beside others.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from scorelens.learning.grouped_folds import HeldOut
from scorelens.learning.packed_bags import Bags


def fold_stream(seed: int, held_out: HeldOut, repeat: int = 0) -> np.random.Generator:
    """Return the random stream of one fold.

    Parameters
    ----------
    seed : int
        Of all folds.
    held_out : int or ndarray of int
        The bags that the fold holds out; the first one identifies it.
    repeat : int
        Number of the training run.

    Returns
    -------
    numpy.random.Generator
        A generator of its own.
    """
    return np.random.Generator(np.random.SFC64([seed, np.ravel(held_out)[0], repeat]))


def epoch_batches(
    streams: Sequence[np.random.Generator],
    folds: Sequence[HeldOut],
    bags: Bags,
    batch_size: int,
    step_order: np.random.Generator,
) -> Iterator[np.ndarray]:
    """Draw the batches of one epoch: every training bag of a fold once.

    Each fold shuffles its bags and cuts them into batches of equal size, or one bag less (17 bags:
    9 and 8, for a batch norm over a single bag would be useless), as many as if it held out one
    bag: all folds take the same number of steps. The batches of the folds are then paired by their
    number of instances, and the pairs put in the order that `step_order` draws: batches side by
    side have similar lengths, little padding is needed, and no fold depends on another.

    Parameters
    ----------
    streams : sequence of numpy.random.Generator
        Of each fold.
    folds : sequence of int or ndarray of int
        The bags that each fold holds out.
    bags : Bags
        All bags.
    batch_size : int
        Bags of a batch, at most.
    step_order : numpy.random.Generator
        Draws the order of the steps.

    Yields
    ------
    ndarray of int64, shape (n_folds, n_bags)
        The bags of each fold's next batch, -1 where a fold has one fewer.
    """
    by_size = [
        _sorted_batches(*pair, bags, batch_size) for pair in zip(streams, folds, strict=True)
    ]
    steps = list(zip(*by_size, strict=True))
    for step in step_order.permutation(len(steps)):
        width = max(len(bags_of_fold) for bags_of_fold in steps[step])
        yield np.stack([pad_row(bags_of_fold, width) for bags_of_fold in steps[step]])


def pack(chosen: np.ndarray, bags: Bags) -> tuple[np.ndarray, np.ndarray]:
    """Pack the instances of the chosen bags fold by fold, padded to the longest fold.

    Parameters
    ----------
    chosen : ndarray of int64, shape (n_folds, n_bags)
        Numbers of the bags, -1 for none.
    bags : Bags
        All bags.

    Returns
    -------
    rows : ndarray of int64, shape (n_folds, n_instances)
        The row of each instance in `bags`, one past the last row in the padding.
    members : ndarray of float32, shape (n_folds, n_instances, n_bags)
        1 where an instance lies in a bag.
    """
    sizes = np.where(chosen >= 0, bags.sizes[chosen], 0)
    ends = np.cumsum(sizes, axis=1)
    starts = ends - sizes
    position = np.arange(ends[:, -1].max())[None, :, None]
    members = (position >= starts[:, None]) & (position < ends[:, None])
    first_row = np.einsum("fnb,fb->fn", members, bags.starts[chosen] - starts)
    rows = np.where(members.any(2), first_row + position[..., 0], len(bags.instances))
    return rows, members.astype(np.float32)


def draw_dropout_masks(
    streams: Sequence[np.random.Generator],
    counts: np.ndarray,
    n_layers: int,
    hidden: int,
    keep: float,
) -> np.ndarray:
    """Draw what dropout retains, as bytes for speed.

    Parameters
    ----------
    streams : sequence of numpy.random.Generator
        Of each fold.
    counts : ndarray of int, shape (n_folds,)
        Instances of each fold.
    n_layers, hidden : int
        Layers, and their width.
    keep : float
        The share to retain, a multiple of 1/256.

    Returns
    -------
    ndarray of uint8, shape (n_layers, n_folds, hidden, n_instances)
        1 for what is retained, 0 for what is dropped and in the padding.
    """
    masks = np.zeros((n_layers, len(counts), hidden, counts.max()), np.uint8)
    for fold, (stream, count) in enumerate(zip(streams, counts, strict=True)):
        drawn = np.frombuffer(stream.bytes(n_layers * hidden * count), np.uint8)
        np.less(
            drawn.reshape(n_layers, hidden, count),
            256 * keep,
            out=masks[:, fold, :, :count].view(bool),
        )
    return masks


def pad_folds(folds: Sequence[HeldOut]) -> np.ndarray:
    """Stack the bags that each fold holds out, -1 where a fold has fewer.

    Parameters
    ----------
    folds : sequence of int or ndarray of int
        Numbers of the bags.

    Returns
    -------
    ndarray of int64, shape (n_folds, n_bags)
        As wide as the largest fold.

    Examples
    --------
    >>> pad_folds([3, np.array([1, 2])]).tolist()
    [[3, -1], [1, 2]]
    """
    width = max(np.size(held_out) for held_out in folds)
    return np.stack([pad_row(np.ravel(held_out), width) for held_out in folds])


def pad_row(values: np.ndarray, width: int) -> np.ndarray:
    """Append -1 to a row of values up to a width."""
    return np.pad(values, (0, width - len(values)), constant_values=-1)


def _sorted_batches(
    stream: np.random.Generator, held_out: HeldOut, bags: Bags, batch_size: int
) -> list[np.ndarray]:
    """One fold's batches of an epoch, those with most instances first."""
    count = len(bags.sizes)
    shuffled = stream.permutation(np.delete(np.arange(count), held_out))
    batches = np.array_split(shuffled, -(-(count - 1) // batch_size))
    return sorted(batches, key=lambda chosen: -bags.sizes[chosen].sum())
