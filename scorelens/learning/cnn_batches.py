"""Batches and dropout masks of the CNNs in training, each network from a random stream of its own.

A stream depends on the seed of the training set alone, so that a network is trained to the same
parameters on its own or beside others.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch.nn import functional

from scorelens.learning.cnn import standardise
from scorelens.learning.cnn_architectures import ARCHITECTURES, DropoutSite


class TrainingSet(NamedTuple):
    """The instances that one network is trained and validated on.

    Parameters
    ----------
    rows : ndarray of int64, shape (n,)
        Rows of the instances; a row may come more than once.
    targets : ndarray
        float32 of shape (n, n_outputs), 0 or 1; or int64 of shape (n,), the class.
    weights : ndarray of float32, shape (n,)
        Weights in the loss.
    validation_rows, validation_targets, validation_weights : ndarray
        The same for the instances that decide when training stops; may be empty.
    mean, inverse_std : ndarray of float32, shape (height,) or (height, width)
        The scaler, of the rows of an instance or of every value.
    seed : tuple of int
        Of this network alone.
    """

    rows: np.ndarray
    targets: np.ndarray
    weights: np.ndarray
    validation_rows: np.ndarray
    validation_targets: np.ndarray
    validation_weights: np.ndarray
    mean: np.ndarray
    inverse_std: np.ndarray
    seed: tuple[int, ...]


class Batch(NamedTuple):
    """One batch of some networks, members first.

    Parameters
    ----------
    instances : tensor, shape (M, B, height, width)
        Standardised.
    targets, weights : tensor, shape (M, B, ...)
        As in TrainingSet; the weight is 0 in the padding.
    dropout_masks : list of tensor
        As `cnn.forward` takes them.
    """

    instances: torch.Tensor
    targets: torch.Tensor
    weights: torch.Tensor
    dropout_masks: list[torch.Tensor]

    def micro_batch(self, rows: slice) -> "Batch":
        """Return some instances of each member."""
        first = (part[:, rows] for part in (self.instances, self.targets, self.weights))
        return Batch(*first, [mask[:, rows] for mask in self.dropout_masks])


def random_stream(training_set: TrainingSet) -> np.random.Generator:
    """Return the random stream of one network."""
    return np.random.Generator(np.random.SFC64(training_set.seed))


def epoch_batches(
    count: int, batch_size: int, random: np.random.Generator
) -> Iterator[tuple[np.ndarray, bool]]:
    """Draw the batches of one epoch after the other, without end.

    Parameters
    ----------
    count : int
        Instances of the training set. Every epoch takes each once, in a new order.
    batch_size : int
        At most; the batches of an epoch differ by one instance at most.
    random : numpy.random.Generator
        Draws the order.

    Yields
    ------
    positions : ndarray of int64
        In the training set.
    last : bool
        Whether the batch is the last one of its epoch.
    """
    number = -(-count // batch_size)
    while True:
        for step, positions in enumerate(np.array_split(random.permutation(count), number)):
            yield positions, step == number - 1


def draw_batch(
    instances: torch.Tensor,
    training_sets: Sequence[TrainingSet],
    positions: Sequence[np.ndarray],
    sites: Sequence[DropoutSite],
    streams: Sequence[np.random.Generator],
) -> Batch:
    """Gather a batch of each network, padded to the longest, and draw its dropout masks.

    Parameters
    ----------
    instances : tensor, shape (n_instances, height, width)
        All instances.
    training_sets, positions, streams : sequence
        Of each network: its training set, the positions of the batch in it, its random stream.
    sites : sequence of DropoutSite
        Where the networks drop values.

    Returns
    -------
    Batch
        On the device of the instances.
    """
    parts = [
        (one.rows[chosen], one.targets[chosen], one.weights[chosen])
        for one, chosen in zip(training_sets, positions, strict=True)
    ]
    rows, targets, weights = (_padded(part, instances.device) for part in zip(*parts, strict=True))
    counts = [len(chosen) for chosen in positions]
    masks = [draw_dropout_mask(site, counts, streams, instances.device) for site in sites]
    return Batch(_scaled(instances, rows, training_sets), targets, weights, masks)


def validation_batch(instances: torch.Tensor, training_set: TrainingSet, part: slice) -> Batch:
    """Gather some validation instances of one network, without dropout.

    Parameters
    ----------
    instances : tensor, shape (n_instances, height, width)
        All instances.
    training_set : TrainingSet
        Of the network.
    part : slice
        Of its validation rows.

    Returns
    -------
    Batch
        Of one member.
    """
    rows, targets, weights = (
        torch.from_numpy(values[None, part]).to(instances.device)
        for values in (
            training_set.validation_rows,
            training_set.validation_targets,
            training_set.validation_weights,
        )
    )
    return Batch(_scaled(instances, rows, [training_set]), targets, weights, [])


def weighted_losses(
    model: str, logits: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor
) -> torch.Tensor:
    """Compute the weighted sum of the cross-entropies of each member's instances.

    Parameters
    ----------
    model : str
        A name of ARCHITECTURES; decides between classes and binary labels.
    logits : tensor, shape (M, B, K)
        Outputs of the networks.
    targets : tensor
        int64 of shape (M, B), or float32 of shape (M, B, K).
    weights : tensor, shape (M, B)
        Weights of the instances.

    Returns
    -------
    tensor, shape (M,)
        The cross-entropy of an instance is that of its class, or the mean over its labels.
    """
    if ARCHITECTURES[model].exclusive:
        losses = functional.cross_entropy(logits.transpose(1, 2), targets, reduction="none")
    else:
        losses = functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
        losses = losses.mean(-1)
    return (losses * weights).sum(1)


def draw_dropout_mask(
    site: DropoutSite,
    counts: Sequence[int],
    streams: Sequence[np.random.Generator],
    where: torch.device,
) -> torch.Tensor:
    """Draw the dropout of one site, as bytes for speed, so that its share is a multiple of 1/256.

    Parameters
    ----------
    site : DropoutSite
        Shape and share.
    counts : sequence of int
        Instances of each member's batch.
    streams : sequence of numpy.random.Generator
        Of each member.
    where : torch.device
        Where the mask goes.

    Returns
    -------
    tensor, shape (M, B, *site.shape)
        0 for what is dropped and in the padding, 1 / (1 - share) for the rest.
    """
    limit = round(256 * (1 - site.dropout))
    mask = np.zeros((len(counts), max(counts), *site.shape), bool)
    for member, count, random in zip(mask, counts, streams, strict=True):
        drawn = np.frombuffer(random.bytes(member[:count].size), np.uint8)
        np.less(drawn.reshape(member[:count].shape), limit, out=member[:count])
    return torch.from_numpy(mask).to(where).float().mul_(256 / limit)


def _scaled(
    instances: torch.Tensor, rows: torch.Tensor, training_sets: Sequence[TrainingSet]
) -> torch.Tensor:
    """Rows (M, B) of the instances, by the members' scalers."""
    mean, inverse_std = (
        torch.from_numpy(np.stack([getattr(one, name) for one in training_sets])).to(rows.device)
        for name in ("mean", "inverse_std")
    )
    return standardise(instances[rows].float(), mean, inverse_std)


def _padded(parts: Sequence[np.ndarray], where: torch.device) -> torch.Tensor:
    """Arrays stacked, zeros behind those shorter than the longest."""
    result = np.zeros((len(parts), max(map(len, parts)), *parts[0].shape[1:]), parts[0].dtype)
    for member, part in enumerate(parts):
        result[member, : len(part)] = part
    return torch.from_numpy(result).to(where)
