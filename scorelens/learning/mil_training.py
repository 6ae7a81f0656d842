"""Training the MIL networks of many folds side by side (Ma et al. 2021, "Models").

Weighted binary cross-entropy, Adam, a fixed number of epochs.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy

from scorelens.learning.class_weights import balanced_label_weights
from scorelens.learning.grouped_folds import HeldOut
from scorelens.learning.mil_batches import (
    draw_dropout_masks,
    epoch_batches,
    fold_stream,
    pack,
    pad_folds,
)
from scorelens.learning.mil_networks import (
    N_LAYERS,
    Batch,
    initial_parameters,
    is_trained,
    predict_bags,
    train_forward,
)
from scorelens.learning.mil_pooling import POOLINGS
from scorelens.learning.packed_bags import Bags
from scorelens.learning.scaling import fit_feature_scaler, standardise
from scorelens.learning.trainer import (
    Arrays,
    Parameters,
    Step,
    Trained,
    TrainerSettings,
    train_stack,
)
from scorelens.torch_device import device

log = logging.getLogger(__name__)

EPSILON = 1e-8  # of Adam, PyTorch's default


def fit_networks(
    model: str,
    bags: Bags,
    labels: np.ndarray,
    folds: Sequence[HeldOut],
    settings: Mapping[str, float],
    seed: int,
    repeat: int = 0,
) -> list[Trained]:
    """Train the networks of some folds side by side, each as it would be alone.

    Parameters
    ----------
    model : str
        A name of `mil_pooling.POOLINGS`.
    bags : Bags
        All bags.
    labels : ndarray of bool, shape (n_bags, n_genres)
        Their labels.
    folds : sequence of int or ndarray of int
        The bags that each fold holds out.
    settings : mapping
        `hidden`, `dropout`, `learning_rate`, `batch_size` (bags) and `epochs`.
    seed : int
        Of everything random.
    repeat : int
        Number of the training run; each has other initial weights and other batches.

    Returns
    -------
    list of Trained
        Parameters and scaler (`mean`, `inverse_std`) of each fold, and the curve of its losses in
        training, with dropout, and on the bags held out, without. The latter changes nothing.
    """
    if not folds:
        return []
    log.info("%s: %d folds, run %d, on %s", model, len(folds), repeat + 1, device())
    task = _MilTask(model, bags, labels, folds, settings, (seed, repeat))
    how = TrainerSettings(settings["learning_rate"], int(settings["epochs"]), EPSILON)
    return [
        Trained(scaler | network.arrays, network.curve)
        for scaler, network in zip(task.scalers, train_stack(task, how), strict=True)
    ]


class _MilTask:
    """The batches and losses of the networks of some folds (`trainer.Task`).

    All instances are on the device, scaled for each fold: (F, n_instances + 1, D), the last one
    zero, for padding; and the sums of each bag's instances and of their squares, (F, n_bags + 1,
    D), the last ones zero.
    """

    def __init__(self, model, bags, labels, folds, settings, seed) -> None:
        self.name, self.bags, self.folds = model, bags, folds
        self.hidden = int(settings["hidden"])
        self.keep = round(256 * (1 - settings["dropout"])) / 256
        self.widths = (bags.instances.shape[1], self.hidden, labels.shape[1])
        number, repeat = seed
        self.streams = [fold_stream(number, fold, repeat) for fold in folds]
        self.steps = self._endless_steps(int(settings["batch_size"]), np.random.default_rng(seed))
        self.scalers = [
            fit_feature_scaler(bags.instances[~np.isin(bags.bag_of_instance, fold)])
            for fold in folds
        ]
        self.instances, self.sums, self.squares = scaled_instances(bags, self.scalers)
        weights = np.stack([balanced_label_weights(labels, fold) for fold in folds])
        self.weights = torch.from_numpy(weights).to(device())
        self.targets = torch.from_numpy(labels.astype(np.float32)).to(device())
        self.held_out = pad_folds(folds)

    def initial_parameters(self) -> list[Arrays]:
        return [initial_parameters(self.name, *self.widths, stream) for stream in self.streams]

    def is_trained(self, name: str) -> bool:
        return is_trained(name)

    def step(self, parameters: Parameters, gradients: Parameters, members: Sequence[int]) -> Step:
        chosen, last = next(self.steps)
        leaves = {
            name: value.detach().requires_grad_(is_trained(name))
            for name, value in parameters.items()
        }
        losses = self._losses(train_forward(self.name, leaves, self._batch(chosen)), chosen)
        # A sum keeps the folds apart: no gradient depends on another fold.
        computed = torch.autograd.grad(losses.sum(), [leaves[name] for name in gradients])
        gradients.update(zip(gradients, (one.contiguous() for one in computed), strict=True))
        ended = list(range(len(members))) if last else []
        return Step(losses.detach(), torch.ones_like(losses), ended)

    @torch.no_grad()
    def validation_losses(
        self, parameters: Parameters, positions: Sequence[int], members: Sequence[int]
    ) -> list[float | None]:
        """The losses on the bags held out; the epochs of all folds end together."""
        rows, inside = (self._tensor(part) for part in pack(self.held_out, self.bags))
        probability = predict_bags(self.name, parameters, gather(self.instances, rows), inside)
        return self._losses(probability, self.held_out).tolist()

    def _endless_steps(
        self, batch_size: int, step_order: np.random.Generator
    ) -> Iterator[tuple[np.ndarray, bool]]:
        """The bags of each fold's next batch, and whether it is the last one of an epoch."""
        while True:
            count = -(-(len(self.bags.sizes) - 1) // batch_size)
            drawn = epoch_batches(self.streams, self.folds, self.bags, batch_size, step_order)
            yield from ((chosen, step == count - 1) for step, chosen in enumerate(drawn))

    def _batch(self, chosen: np.ndarray) -> Batch:
        """The batch of the chosen bags, int64 (F, B), -1 for none."""
        rows, members = pack(chosen, self.bags)
        counts = members.sum((1, 2))
        masks = draw_dropout_masks(
            self.streams, counts.astype(int), N_LAYERS, self.hidden, self.keep
        )
        bag_mask = None
        if POOLINGS[self.name].has_bag_norm:
            n_bags = (chosen >= 0).sum(1)
            bag_mask = self._tensor(
                draw_dropout_masks(self.streams, n_bags, 1, self.hidden, self.keep)[0]
            )
        rows, members, counts, chosen, masks = (
            self._tensor(array) for array in (rows, members, counts, chosen, masks)
        )
        mean, square = (
            gather(moment, chosen).sum(1) / counts[:, None] for moment in (self.sums, self.squares)
        )
        variance = (square - mean**2).clamp_(min=0)
        instances = gather(self.instances, rows)
        return Batch(instances, members, mean, variance, masks, bag_mask, self.keep)

    def _losses(self, probability: torch.Tensor, chosen: np.ndarray) -> torch.Tensor:
        return fold_losses(probability, self.targets, self.weights, self._tensor(chosen))

    def _tensor(self, array: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(array).to(self.instances.device)


def scaled_instances(
    bags: Bags, scalers: Sequence[Mapping[str, np.ndarray]]
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Scale all instances for each fold, and sum them and their squares by bag.

    Parameters
    ----------
    bags : Bags
        All bags.
    scalers : sequence of mapping
        `mean` and `inverse_std` of each fold.

    Returns
    -------
    instances : tensor, shape (n_folds, n_instances + 1, n_features)
        The last instance is zero, for padding.
    sums, squares : tensor, shape (n_folds, n_bags + 1, n_features)
        The last bag is zero.
    """
    n_features = bags.instances.shape[1]
    instances = np.zeros((len(scalers), len(bags.instances) + 1, n_features), np.float32)
    moments = np.zeros((2, len(scalers), len(bags.sizes) + 1, n_features), np.float32)
    for fold, scaler in enumerate(scalers):
        scaled = instances[fold, :-1] = standardise(bags.instances, scaler)
        for moment, values in zip(moments, (scaled, np.square(scaled)), strict=True):
            moment[fold, :-1] = np.add.reduceat(values, bags.starts[:-1], axis=0)
    return tuple(torch.from_numpy(part).to(device()) for part in (instances, *moments))


def fold_losses(
    probability: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor, chosen: torch.Tensor
) -> torch.Tensor:
    """Compute the weighted binary cross-entropy of each fold, the mean over its bags and genres.

    Parameters
    ----------
    probability : tensor, shape (F, K, B)
        In 0..1.
    targets : tensor of float, shape (n_bags, K)
        Labels of all bags.
    weights : tensor, shape (F, 2, K)
        Of positive and negative labels.
    chosen : tensor of int64, shape (F, B)
        Numbers of the bags, -1 for none.

    Returns
    -------
    tensor, shape (F,)
        The losses.
    """
    target = targets[chosen].transpose(1, 2)
    positive, negative = weights[:, 0, :, None], weights[:, 1, :, None]
    present = (chosen >= 0)[:, None].float()
    share = present / (present.sum(2, keepdim=True) * targets.shape[1])
    weight = (target * positive + (1 - target) * negative) * share
    return binary_cross_entropy(probability, target, weight, reduction="none").sum((1, 2))


def gather(values: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """Gather rows of each fold's own values.

    Parameters
    ----------
    values : tensor, shape (F, M, D)
        Values of each fold.
    rows : tensor of int64, shape (F, N)
        Rows of each fold, counted from the end if negative.

    Returns
    -------
    tensor, shape (F, N, D)
        The rows.
    """
    folds, length, features = values.shape
    offset = torch.arange(folds, device=rows.device)[:, None] * length
    flat = values.view(-1, features).index_select(0, (rows % length + offset).view(-1))
    return flat.view(folds, -1, features)
