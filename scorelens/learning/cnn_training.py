"""Training many CNNs side by side: weighted cross-entropy, Adam, early stopping."""

import logging
from collections.abc import Mapping, Sequence

import numpy as np
import torch

from scorelens.learning.cnn import forward, member_slices, micro_batches
from scorelens.learning.cnn_architectures import dropout_sites, initial_parameters
from scorelens.learning.cnn_batches import (
    Batch,
    TrainingSet,
    draw_batch,
    epoch_batches,
    random_stream,
    validation_batch,
    weighted_losses,
)
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

EPSILON = 1e-7  # of Adam, as in Keras
MIN_WEIGHT = 1e-30  # of a batch: one without weight has the gradient 0


def train_networks(
    model: str,
    instances: np.ndarray,
    training_sets: Sequence[TrainingSet],
    n_outputs: int,
    settings: Mapping[str, float],
) -> list[Trained]:
    """Train some networks side by side, each as it would be alone.

    Parameters
    ----------
    model : str
        A name of `cnn_architectures.ARCHITECTURES`.
    instances : ndarray of float16 or float32, shape (n_instances, height, width)
        All instances, in their own units.
    training_sets : sequence of TrainingSet
        One for each network.
    n_outputs : int
        Outputs of each network.
    settings : mapping
        `learning_rate`, `batch_size` (instances), `epochs` (at most) and `patience` (epochs without
        a lower validation loss, after which a network stops). A network without validation
        instances is trained for all epochs and keeps the last parameters.

    Returns
    -------
    list of Trained
        Parameters and scaler (`mean`, `inverse_std`) of each network, and its curve.
    """
    if not training_sets:
        return []
    task = _CnnTask(model, instances, training_sets, n_outputs, int(settings["batch_size"]))
    log.info("%s: %d networks on %s", model, len(training_sets), task.instances.device)
    how = TrainerSettings(
        settings["learning_rate"], int(settings["epochs"]), EPSILON, int(settings["patience"])
    )
    return [
        Trained(network.arrays | {"mean": one.mean, "inverse_std": one.inverse_std}, network.curve)
        for network, one in zip(train_stack(task, how), training_sets, strict=True)
    ]


class _CnnTask:
    """The batches and losses of some networks (`trainer.Task`)."""

    def __init__(self, model, instances, training_sets, n_outputs, batch_size) -> None:
        self.name, self.training_sets = model, training_sets
        self.shape = (*instances.shape[1:], n_outputs)
        self.sites = dropout_sites(model, *instances.shape[1:])
        self.streams = [random_stream(one) for one in training_sets]
        self.batches = [
            epoch_batches(len(one.rows), batch_size, stream)
            for one, stream in zip(training_sets, self.streams, strict=True)
        ]
        self.instances = torch.from_numpy(instances).to(device())

    def initial_parameters(self) -> list[Arrays]:
        # Each stream draws the weights first, then batches and dropout as they come.
        return [initial_parameters(self.name, *self.shape, stream) for stream in self.streams]

    def is_trained(self, name: str) -> bool:
        return True

    def step(self, parameters: Parameters, gradients: Parameters, members: Sequence[int]) -> Step:
        drawn = [next(self.batches[member]) for member in members]
        sums = []
        for part in member_slices(self.name, len(members), self.instances.device):
            batch = draw_batch(
                self.instances,
                [self.training_sets[member] for member in members[part]],
                [positions for positions, _ in drawn[part]],
                self.sites,
                [self.streams[member] for member in members[part]],
            )
            part_parameters, part_gradients = (
                {name: value[part] for name, value in tensors.items()}
                for tensors in (parameters, gradients)
            )
            sums.append(add_gradients(self.name, part_parameters, part_gradients, batch))
        losses, weights = (torch.cat(values) for values in zip(*sums, strict=True))
        return Step(losses, weights, [position for position, (_, last) in enumerate(drawn) if last])

    @torch.no_grad()
    def validation_losses(
        self, parameters: Parameters, positions: Sequence[int], members: Sequence[int]
    ) -> list[float | None]:
        return [
            validation_loss(
                self.name,
                self.instances,
                self.training_sets[members[position]],
                {name: value[position : position + 1] for name, value in parameters.items()},
            )
            for position in positions
        ]


def add_gradients(
    model: str, parameters: Parameters, gradients: Parameters, batch: Batch
) -> tuple[torch.Tensor, torch.Tensor]:
    """Compute the gradients of the members' mean losses, micro-batch by micro-batch.

    Parameters
    ----------
    model : str
        A name of ARCHITECTURES.
    parameters, gradients : dict
        Of the members of the batch; the gradients are overwritten.
    batch : Batch
        One batch of each member.

    Returns
    -------
    losses, weights : tensor, shape (M,)
        Sums of the weighted losses and of the weights.
    """
    leaves = {name: value.detach().requires_grad_() for name, value in parameters.items()}
    for gradient in gradients.values():
        gradient.zero_()
    weights = batch.weights.sum(1).clamp(min=MIN_WEIGHT)
    total = torch.zeros_like(weights)
    for rows in micro_batches(model, *batch.instances.shape[1:], batch.instances.device):
        part = batch.micro_batch(rows)
        logits = forward(model, leaves, part.instances, part.dropout_masks)
        losses = weighted_losses(model, logits, part.targets, part.weights)
        # A sum keeps the members apart: no gradient depends on another member.
        added = torch.autograd.grad((losses / weights).sum(), list(leaves.values()))
        for gradient, more in zip(gradients.values(), added, strict=True):
            gradient += more
        total += losses.detach()
    return total, weights


def validation_loss(
    model: str, instances: torch.Tensor, training_set: TrainingSet, parameters: Parameters
) -> float | None:
    """Compute the mean validation loss of one network, without dropout.

    Parameters
    ----------
    model : str
        A name of ARCHITECTURES.
    instances : tensor, shape (n_instances, height, width)
        All instances.
    training_set : TrainingSet
        Of the network.
    parameters : dict
        Of one member.

    Returns
    -------
    float or None
        None if the network has no validation instances.
    """
    if not len(training_set.validation_rows):
        return None
    sums = torch.zeros(2, device=instances.device)
    count = len(training_set.validation_rows)
    for rows in micro_batches(model, count, *instances.shape[1:], instances.device):
        part = validation_batch(instances, training_set, rows)
        losses = weighted_losses(
            model, forward(model, parameters, part.instances), part.targets, part.weights
        )
        sums += torch.stack([losses, part.weights.sum(1)], 1)[0]
    return float(sums[0] / sums[1])
