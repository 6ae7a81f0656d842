"""What a network sees, step by step: its batches and its dropout, from a random stream of its own.

A stream depends on the lesson's seed alone, so that a network learns the same, whether it is
trained on its own or beside others.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch.nn import functional

from scorelens.learning.cnn import ARCHITECTURES, Site, standardise


class Lesson(NamedTuple):
    """What one network learns from, and what it is stopped by.

    rows: int64 (n,), rows of the inputs; a row may come more than once. targets: float32
    (n, outputs), 0 or 1, or int64 (n,), the class, if a tile has only one. weights: float32 (n,),
    how much each counts in the loss. held_rows, held_targets, held_weights: the same for the tiles
    that tell when to stop; may be empty. mean, gain: float32 (height,), the scale:
    (x - mean[:, None]) * gain[:, None]. seed: of this network alone.
    """

    rows: np.ndarray
    targets: np.ndarray
    weights: np.ndarray
    held_rows: np.ndarray
    held_targets: np.ndarray
    held_weights: np.ndarray
    mean: np.ndarray
    gain: np.ndarray
    seed: tuple[int, ...]


class Batch(NamedTuple):
    """What some networks see in one step, members first.

    tiles: (M, B, height, width), standardised. targets, weights: (M, B, ...), see Lesson; the
    weight is 0 in the padding. kept: see `networks.forward`.
    """

    tiles: torch.Tensor
    targets: torch.Tensor
    weights: torch.Tensor
    kept: list[torch.Tensor]

    def piece(self, tiles: slice) -> "Batch":
        """Some tiles of each member."""
        first = (part[:, tiles] for part in (self.tiles, self.targets, self.weights))
        return Batch(*first, [part[:, tiles] for part in self.kept])


def stream(lesson: Lesson) -> np.random.Generator:
    """The random stream of one network."""
    return np.random.Generator(np.random.SFC64(lesson.seed))


def epoch_batches(
    count: int, batch: int, random: np.random.Generator
) -> Iterator[tuple[np.ndarray, bool]]:
    """Batches of one epoch after the other, for ever, and whether a batch is its epoch's last.

    Every epoch takes each of `count` tiles once, in a new order, at most `batch` at a time, the
    batches as even as can be. Yields places in the lesson, int64.
    """
    number = -(-count // batch)
    while True:
        for place, chosen in enumerate(np.array_split(random.permutation(count), number)):
            yield chosen, place == number - 1


def draw_batch(
    inputs: torch.Tensor,
    lessons: Sequence[Lesson],
    chosen: Sequence[np.ndarray],
    sites: Sequence[Site],
    streams: Sequence[np.random.Generator],
) -> Batch:
    """The chosen places of each lesson, padded to the longest, and the dropout for them."""
    parts = [
        (lesson.rows[own], lesson.targets[own], lesson.weights[own])
        for lesson, own in zip(lessons, chosen, strict=True)
    ]
    rows, targets, weights = (_padded(part, inputs.device) for part in zip(*parts, strict=True))
    counts = [len(own) for own in chosen]
    kept = [_draw_kept(site, counts, streams, inputs.device) for site in sites]
    return Batch(_scaled(inputs, rows, lessons), targets, weights, kept)


def held_batch(inputs: torch.Tensor, lesson: Lesson, tiles: slice) -> Batch:
    """Some of one network's tiles that tell when to stop, without dropout."""
    rows, targets, weights = (
        torch.from_numpy(part[None, tiles]).to(inputs.device)
        for part in (lesson.held_rows, lesson.held_targets, lesson.held_weights)
    )
    return Batch(_scaled(inputs, rows, [lesson]), targets, weights, [])


def weighted_losses(
    model: str, logits: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor
) -> torch.Tensor:
    """Sums of the members' losses, each tile's times its weight: (M,).

    A tile's loss is its cross-entropy: of its class, or the mean over the outputs. logits:
    (M, B, K). targets: int64 (M, B) or float32 (M, B, K). weights: (M, B).
    """
    if ARCHITECTURES[model].exclusive:
        each = functional.cross_entropy(logits.transpose(1, 2), targets, reduction="none")
    else:
        each = functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
        each = each.mean(-1)
    return (each * weights).sum(1)


def _scaled(inputs: torch.Tensor, rows: torch.Tensor, lessons: Sequence[Lesson]) -> torch.Tensor:
    """Rows (M, B) of the inputs on the members' scales."""
    mean, gain = (
        torch.from_numpy(np.stack([getattr(lesson, name) for lesson in lessons])).to(inputs.device)
        for name in ("mean", "gain")
    )
    return standardise(inputs[rows].float(), mean, gain)


def _padded(parts: Sequence[np.ndarray], device: torch.device) -> torch.Tensor:
    """Arrays stacked, zeros behind those shorter than the longest."""
    result = np.zeros((len(parts), max(map(len, parts)), *parts[0].shape[1:]), parts[0].dtype)
    for member, part in enumerate(parts):
        result[member, : len(part)] = part
    return torch.from_numpy(result).to(device)


def _draw_kept(
    site: Site,
    counts: Sequence[int],
    streams: Sequence[np.random.Generator],
    device: torch.device,
) -> torch.Tensor:
    """Dropout of one site, drawn as bytes for speed, so that its share is one of 256ths."""
    limit = round(256 * (1 - site.dropout))
    kept = np.zeros((len(counts), max(counts), *site.shape), bool)
    for own, count, random in zip(kept, counts, streams, strict=True):
        drawn = np.frombuffer(random.bytes(own[:count].size), np.uint8)
        np.less(drawn.reshape(own[:count].shape), limit, out=own[:count])
    return torch.from_numpy(kept).to(device).float().mul_(256 / limit)
