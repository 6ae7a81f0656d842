"""One trainer for stacks of models: Adam over all members at once, curves, early stopping.

The members of a stack have one architecture and data of their own. Every parameter has the members
as its first dimension. Step t of a member is its own t-th batch, wherever the others are in their
epochs, and a member that stops leaves the stack.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
import torch
from torch.optim.adam import adam
from tqdm import tqdm

from scorelens.torch_device import device

Parameters = dict[str, torch.Tensor]
Arrays = dict[str, np.ndarray]

BETA1, BETA2 = 0.9, 0.999  # of Adam


class TrainerSettings(NamedTuple):
    """How a stack is trained.

    Parameters
    ----------
    learning_rate : float
        Of Adam.
    epochs : int
        At most.
    epsilon : float
        Of Adam, added to the root of the second moment.
    patience : int or None
        Epochs without a lower validation loss after which a member stops; the parameters of its
        best epoch are kept. None trains for all epochs and keeps the last parameters.
    """

    learning_rate: float
    epochs: int
    epsilon: float
    patience: int | None = None


class Step(NamedTuple):
    """The result of one batch of each member.

    Parameters
    ----------
    losses, weights : tensor, shape (n_members,)
        Sum of the weighted losses, and of the weights.
    ended : list of int
        Positions of the members whose epoch this batch ends.
    """

    losses: torch.Tensor
    weights: torch.Tensor
    ended: list[int]


class Task(Protocol):
    """What a trainer needs of a stack: its start, its batches, its losses.

    Attributes
    ----------
    name : str
        For the progress bar.
    """

    name: str

    def initial_parameters(self) -> list[Arrays]:
        """Return the parameters of each member before training."""

    def is_trained(self, name: str) -> bool:
        """Return whether Adam changes a parameter; running statistics change in `step`."""

    def step(self, parameters: Parameters, gradients: Parameters, members: Sequence[int]) -> Step:
        """Compute the gradients of the next batches of some members, into `gradients`.

        All tensors have these members, in this order, as their first dimension.
        """

    def validation_losses(
        self, parameters: Parameters, positions: Sequence[int], members: Sequence[int]
    ) -> list[float | None]:
        """Return the validation losses of the members at some positions, None without data."""


class Trained(NamedTuple):
    """A trained member.

    Parameters
    ----------
    arrays : dict
        Parameters by name, float32.
    curve : ndarray of float32, shape (n_epochs, 2)
        Training loss and validation loss of each epoch; the latter is NaN without validation data.
    """

    arrays: Arrays
    curve: np.ndarray


def train_stack(task: Task, settings: TrainerSettings) -> list[Trained]:
    """Train the members of a stack side by side, each as it would be alone.

    Parameters
    ----------
    task : Task
        Data, losses and initial parameters.
    settings : TrainerSettings
        How to train.

    Returns
    -------
    list of Trained
        One for each member.
    """
    members = [_Member(number, start) for number, start in enumerate(task.initial_parameters())]
    if not members:
        return []
    stack = _Stack([member.best for member in members], task.is_trained)
    active = members
    with tqdm(total=len(members) * settings.epochs, desc=task.name, disable=None) as progress:
        while active:
            ended = _step(task, stack, active, settings)
            progress.update(len(ended))
            staying = [n for n, member in enumerate(active) if not member.stopped]
            if len(staying) < len(active):
                stack.keep(staying)
                active = [active[n] for n in staying]
    return [Trained(member.best, np.array(member.curve, np.float32)) for member in members]


def stack_parameters(members: Sequence[Arrays], to: torch.device) -> Parameters:
    """Stack the arrays of some members along a new first dimension.

    Parameters
    ----------
    members : sequence of dict
        Arrays of the same names and shapes.
    to : torch.device
        Where the tensors go.

    Returns
    -------
    dict
        Tensors by name.
    """
    return {
        name: torch.from_numpy(np.stack([one[name] for one in members])).to(to)
        for name in members[0]
    }


@dataclass
class _Member:
    """The state of a member. losses: sums of losses and weights of each batch of this epoch."""

    number: int
    best: Arrays
    best_epoch: int = 0
    losses: list[torch.Tensor] = field(default_factory=list)
    curve: list[tuple[float, float]] = field(default_factory=list)
    stopped: bool = False

    def end_epoch(self, validation: float | None, settings: TrainerSettings) -> bool:
        """Note the losses; whether to stop; returns whether to keep the parameters."""
        loss, weight = torch.stack(self.losses).sum(0).tolist()
        self.losses.clear()
        self.curve.append((loss / weight, math.nan if validation is None else validation))
        epoch = len(self.curve)
        last = epoch == settings.epochs
        if settings.patience is None:
            self.stopped = last
            return last
        improved = (
            validation is None or epoch == 1 or validation < self.curve[self.best_epoch - 1][1]
        )
        if improved:
            self.best_epoch = epoch
        self.stopped = last or epoch - self.best_epoch >= settings.patience
        return improved


class _Stack:
    """The parameters of the members that are in training, and Adam's moments."""

    def __init__(self, members: Sequence[Arrays], is_trained) -> None:
        self.parameters = stack_parameters(members, device())
        self.trained = [name for name in self.parameters if is_trained(name)]
        self.gradients, self.means, self.squares = (
            {name: torch.zeros_like(self.parameters[name]) for name in self.trained}
            for _ in range(3)
        )
        self.steps = [torch.zeros((), device=device()) for _ in self.trained]

    def arrays(self, position: int) -> Arrays:
        """A copy of one member's parameters."""
        values = {name: value[position] for name, value in self.parameters.items()}
        return {name: value.cpu().numpy().copy() for name, value in values.items()}

    def keep(self, positions: Sequence[int]) -> None:
        """Remove the other members."""
        for tensors in (self.parameters, self.gradients, self.means, self.squares):
            tensors.update({name: value[positions] for name, value in tensors.items()})

    @torch.no_grad()
    def descend(self, settings: TrainerSettings) -> None:
        """Take one step of Adam."""
        tensors = (self.parameters, self.gradients, self.means, self.squares)
        adam(
            *([part[name] for name in self.trained] for part in tensors),
            max_exp_avg_sqs=[],
            state_steps=self.steps,
            fused=True,
            amsgrad=False,
            beta1=BETA1,
            beta2=BETA2,
            lr=settings.learning_rate,
            weight_decay=0.0,
            eps=settings.epsilon,
            maximize=False,
        )


def _step(
    task: Task, stack: _Stack, active: Sequence[_Member], settings: TrainerSettings
) -> list[int]:
    """One batch for each member. Returns the positions of those whose epoch it ends."""
    numbers = [member.number for member in active]
    step = task.step(stack.parameters, stack.gradients, numbers)
    for member, sums in zip(active, torch.stack([step.losses, step.weights], 1), strict=True):
        member.losses.append(sums)
    stack.descend(settings)
    if step.ended:
        validation = task.validation_losses(stack.parameters, step.ended, numbers)
        for position, loss in zip(step.ended, validation, strict=True):
            if active[position].end_epoch(loss, settings):
                active[position].best = stack.arrays(position)
    return step.ended
