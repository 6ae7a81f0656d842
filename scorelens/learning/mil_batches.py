"""What a fold sees, step by step: its batches and its dropout, from a random stream of its own.

A fold's stream depends on the seed, the films held out and the training run alone, so that a fold
learns the same, whether it is trained on its own or beside others.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from scorelens.genres.model.labels import HeldOut
from scorelens.learning.instances import Bags


def fold_stream(seed: int, held_out: HeldOut, repeat: int = 0) -> np.random.Generator:
    """The random stream of one fold, known by the first bag it holds out, in one training run."""
    return np.random.Generator(np.random.SFC64([seed, np.ravel(held_out)[0], repeat]))


def epoch_batches(
    streams: Sequence[np.random.Generator],
    folds: Sequence[HeldOut],
    bags: Bags,
    batch: int,
    step_order: np.random.Generator,
) -> Iterator[np.ndarray]:
    """The batches of one epoch: every training bag of a fold once, at most `batch` at a time.

    folds: the bags that each fold holds out. Each fold shuffles its bags and cuts them into batches
    as even as can be (17 bags: 9 and 8, for a batch norm over a single bag would say little), as
    many as if it held out a single bag: all folds take as many steps. The folds' batches are
    then paired by their number of instances, and the pairs put in the order that `step_order`
    draws: folds side by side come out alike in length, little padding is needed, and no fold
    depends on another.
    Yields int64 (folds, bags): the bags of each fold's next batch, -1 where a fold has one fewer.
    """
    by_size = [_sorted_batches(*pair, bags, batch) for pair in zip(streams, folds, strict=True)]
    steps = list(zip(*by_size, strict=True))
    for step in step_order.permutation(len(steps)):
        width = max(len(bags_of_fold) for bags_of_fold in steps[step])
        yield np.stack([fill(bags_of_fold, width, -1) for bags_of_fold in steps[step]])


def _sorted_batches(
    stream: np.random.Generator, held_out: HeldOut, bags: Bags, batch: int
) -> list[np.ndarray]:
    """One fold's batches of an epoch, those with most instances first."""
    count = len(bags.sizes)
    shuffled = stream.permutation(np.delete(np.arange(count), held_out))
    batches = np.array_split(shuffled, -(-(count - 1) // batch))
    return sorted(batches, key=lambda chosen: -bags.sizes[chosen].sum())


def pack(chosen: np.ndarray, bags: Bags) -> tuple[np.ndarray, np.ndarray]:
    """The instances of the chosen bags, packed fold by fold and padded to the longest fold.

    chosen: int64 (folds, bags), -1 for none. Returns `rows`, int64 (folds, instances), the row of
    each instance in `bags` (one past the last row in the padding), and `members`, float32
    (folds, instances, bags), 1 where an instance lies in a bag.
    """
    sizes = np.where(chosen >= 0, bags.sizes[chosen], 0)
    ends = np.cumsum(sizes, axis=1)
    starts = ends - sizes
    place = np.arange(ends[:, -1].max())[None, :, None]
    members = (place >= starts[:, None]) & (place < ends[:, None])
    first_row = np.einsum("fnb,fb->fn", members, bags.starts[chosen] - starts)
    rows = np.where(members.any(2), first_row + place[..., 0], len(bags.instances))
    return rows, members.astype(np.float32)


def draw_kept(
    streams: Sequence[np.random.Generator],
    counts: np.ndarray,
    layers: int,
    hidden: int,
    keep: float,
) -> np.ndarray:
    """What dropout keeps, drawn as bytes for speed.

    counts: number of instances of each fold. keep: the share to keep, a multiple of 1/256.
    Returns uint8 (layers, folds, hidden, instances), 1 for what is kept, 0 in the padding.
    """
    kept = np.zeros((layers, len(counts), hidden, counts.max()), np.uint8)
    for fold, (stream, count) in enumerate(zip(streams, counts, strict=True)):
        drawn = np.frombuffer(stream.bytes(layers * hidden * count), np.uint8)
        np.less(
            drawn.reshape(layers, hidden, count),
            256 * keep,
            out=kept[:, fold, :, :count].view(bool),
        )
    return kept


def fill(values: np.ndarray, width: int, filling: int) -> np.ndarray:
    """A row of values, made as long as `width` at its end."""
    return np.pad(values, (0, width - len(values)), constant_values=filling)
