"""Training the networks of many folds at once (Ma et al. 2021, "Models").

Weighted binary cross-entropy, Adam, a fixed number of epochs.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy
from tqdm import tqdm

from scorelens.genres.model.labels import HeldOut, training_frequency
from scorelens.learning.instances import Bags, fit_scale, standardise
from scorelens.learning.mil_batches import draw_kept, epoch_batches, fill, fold_stream, pack
from scorelens.learning.mil_networks import (
    LAYERS,
    Batch,
    evaluate,
    has_bag_norm,
    initial_parameters,
    is_learnt,
    train_step,
)
from scorelens.learning.stacked_layers import Parameters

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Trained:
    """What the network of one fold has learnt, and how.

    arrays: the scale (`mean`, `gain`) and the parameters, float32. curve: float32 (epochs, 2), the
    loss in training, with dropout, and of the films held out, without; no fold looks at the latter.
    """

    arrays: dict[str, np.ndarray]
    curve: np.ndarray


def fit_networks(
    model: str,
    bags: Bags,
    actual: np.ndarray,
    folds: Sequence[HeldOut],
    settings: Mapping[str, float],
    seed: int,
    repeat: int = 0,
) -> list[Trained]:
    """Train the networks of some folds side by side, each as it would be alone.

    model: a name of `scorelens.genres.NETWORKS`. actual: bool (bags, genres). folds: the bags that
    each fold holds out. settings: the block `genres.network` of the configuration. repeat:
    number of the training run; each starts from other weights and sees other batches.
    """
    if not folds:
        return []
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    log.info("%s: %d folds, run %d, on %s", model, len(folds), repeat + 1, device)
    scales = [fit_scale(_training_instances(bags, fold)) for fold in folds]
    streams = [fold_stream(seed, fold, repeat) for fold in folds]
    widths = (bags.instances.shape[1], int(settings["hidden"]), actual.shape[1])
    parameters = _stacked([initial_parameters(model, *widths, own) for own in streams], device)
    judge = _judge(actual, folds, device)
    material = _material(bags, scales, device)
    held_out = _held_out(bags, folds, material.instances)
    optimiser = torch.optim.Adam(
        [value for value in parameters.values() if value.requires_grad],
        lr=settings["learning_rate"],
        fused=True,
    )
    step_order = np.random.default_rng([seed, repeat])
    curves = []
    for _ in tqdm(range(int(settings["epochs"])), desc=f"{model} epochs", disable=None):
        losses = []
        for chosen in epoch_batches(streams, folds, bags, int(settings["batch"]), step_order):
            batch = _draw_batch(model, chosen, bags, material, streams, settings)
            loss = judge(train_step(model, parameters, batch), chosen)
            optimiser.zero_grad()
            # A sum keeps the folds apart: no fold's gradient depends on another.
            loss.sum().backward()
            optimiser.step()
            losses.append(loss.detach())
        with torch.no_grad():
            unseen = judge(evaluate(model, parameters, *held_out), _padded(folds))
        curves.append(torch.stack([torch.stack(losses).mean(0), unseen], dim=1))
    curve = torch.stack(curves, dim=1).cpu().numpy()
    trained = {name: value.detach().cpu().numpy() for name, value in parameters.items()}
    return [
        Trained(scale | {name: value[place] for name, value in trained.items()}, curve[place])
        for place, scale in enumerate(scales)
    ]


class _Material(NamedTuple):
    """All instances on the scale of each fold, (F, M, D), the last one zero, for padding; and the
    sums of each bag's instances and of their squares, (F, bags + 1, D), the last ones zero.
    """

    instances: torch.Tensor
    sums: torch.Tensor
    squares: torch.Tensor


def _material(
    bags: Bags, scales: Sequence[dict[str, np.ndarray]], device: torch.device
) -> _Material:
    features = bags.instances.shape[1]
    instances = np.zeros((len(scales), len(bags.instances) + 1, features), np.float32)
    moments = np.zeros((2, len(scales), len(bags.sizes) + 1, features), np.float32)
    for fold, scale in enumerate(scales):
        scaled = instances[fold, :-1] = standardise(bags.instances, scale)
        for moment, values in zip(moments, (scaled, np.square(scaled)), strict=True):
            moment[fold, :-1] = np.add.reduceat(values, bags.starts[:-1], axis=0)
    return _Material(*(torch.from_numpy(part).to(device) for part in (instances, *moments)))


def _draw_batch(model, chosen, bags, material, streams, settings) -> Batch:
    """What the folds see of the chosen bags, int64 (folds, bags), -1 for none."""
    rows, members = pack(chosen, bags)
    counts = members.sum((1, 2))
    keep = round(256 * (1 - settings["dropout"])) / 256
    hidden = int(settings["hidden"])
    kept = [draw_kept(streams, counts.astype(int), LAYERS, hidden, keep)]
    if has_bag_norm(model):
        kept.append(draw_kept(streams, (chosen >= 0).sum(1), 1, hidden, keep)[0])
    rows, members, counts, chosen, *kept = (
        torch.from_numpy(array).to(material.instances.device)
        for array in (rows, members, counts, chosen, *kept)
    )
    mean, square = (
        _gather(moment, chosen).sum(1) / counts[:, None]
        for moment in (material.sums, material.squares)
    )
    variance = (square - mean**2).clamp_(min=0)
    instances = _gather(material.instances, rows)
    return Batch(instances, members, mean, variance, kept[0], kept[1] if kept[1:] else None, keep)


def _held_out(bags: Bags, folds: Sequence[HeldOut], instances: torch.Tensor):
    """Each fold's own films on the fold's scale, as `evaluate` takes them."""
    rows, members = pack(_padded(folds), bags)
    rows, members = (torch.from_numpy(array).to(instances.device) for array in (rows, members))
    return _gather(instances, rows), members


def _padded(folds: Sequence[HeldOut]) -> np.ndarray:
    """The bags that each fold holds out, int64 (folds, bags), -1 where a fold has fewer."""
    widest = max(np.size(held_out) for held_out in folds)
    return np.stack([fill(np.ravel(held_out), widest, -1) for held_out in folds])


def genre_weights(actual: np.ndarray, held_out: HeldOut) -> np.ndarray:
    """Weights of the positive and of the negative label of each genre, from the training films.

    Both labels of a genre weigh the same over all training films, and a film weighs 1 on average:
    1 / (2 frequency) and 1 / (2 (1 - frequency)). A label that no training film has weighs 0.
    Returns float32 (2, genres): positive, negative.
    """
    frequency = training_frequency(actual, held_out)
    share = np.stack([frequency, 1 - frequency])
    return np.divide(0.5, share, out=np.zeros_like(share), where=share > 0)


def _judge(actual: np.ndarray, folds: Sequence[HeldOut], device: torch.device):
    """The loss of each fold, from its probabilities (F, K, B) and bags (F, B), -1 for none."""
    weights = torch.from_numpy(np.stack([genre_weights(actual, fold) for fold in folds])).to(device)
    targets = torch.from_numpy(actual.astype(np.float32)).to(device)

    def judge(probability: torch.Tensor, chosen: np.ndarray) -> torch.Tensor:
        return fold_losses(probability, targets, weights, torch.from_numpy(chosen).to(device))

    return judge


def fold_losses(
    probability: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor, chosen: torch.Tensor
) -> torch.Tensor:
    """Weighted binary cross-entropy, mean over a fold's bags and genres.

    probability: (F, K, B). targets: (films, K). weights: (F, 2, K). chosen: (F, B), -1 for none.
    Returns (F,).
    """
    target = targets[chosen].transpose(1, 2)
    positive, negative = weights[:, 0, :, None], weights[:, 1, :, None]
    there = (chosen >= 0)[:, None].float()
    share = there / (there.sum(2, keepdim=True) * targets.shape[1])
    weight = (target * positive + (1 - target) * negative) * share
    return binary_cross_entropy(probability, target, weight, reduction="none").sum((1, 2))


def _training_instances(bags: Bags, held_out: HeldOut) -> np.ndarray:
    return bags.instances[~np.isin(bags.bag_of_instance, held_out)]


def _gather(values: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """Rows (F, N), from the end if negative, of each fold's own values (F, M, D), as (F, N, D)."""
    folds, length, features = values.shape
    offset = torch.arange(folds, device=rows.device)[:, None] * length
    flat = values.view(-1, features).index_select(0, (rows % length + offset).view(-1))
    return flat.view(folds, -1, features)


def _stacked(parameters: Sequence[dict[str, np.ndarray]], device: torch.device) -> Parameters:
    """The folds' parameters, stacked along a first dimension; those to learn ask for gradients."""
    return {
        name: torch.from_numpy(np.stack([one[name] for one in parameters]))
        .to(device)
        .requires_grad_(is_learnt(name))
        for name in parameters[0]
    }
