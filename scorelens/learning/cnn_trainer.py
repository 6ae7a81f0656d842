"""Training many of the tagger's networks at once.

Weighted cross-entropy, Adam, early stopping. All networks take a step together; step t of a network
is its own t-th batch, wherever the others are in their epochs, and a network that stops leaves.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from torch.optim.adam import adam
from tqdm import tqdm

from scorelens.learning.cnn import (
    Parameters,
    dropout_sites,
    forward,
    initial_parameters,
    passes,
    pieces,
    stack,
)
from scorelens.learning.cnn_batches import (
    Batch,
    Lesson,
    draw_batch,
    epoch_batches,
    held_batch,
    stream,
    weighted_losses,
)
from scorelens.torch_device import device

log = logging.getLogger(__name__)

DECAY, SQUARE_DECAY, EPSILON = 0.9, 0.999, 1e-7  # of Adam, as in Keras
LEAST = 1e-30  # weight of a batch: one without any teaches nothing


class Trained(NamedTuple):
    """What one network has learnt, and how.

    arrays: the parameters of its best epoch (`networks.shapes`) and its scale, `mean` and `gain`,
    float32. curve: float32 (epochs, 2), the loss in training, with dropout, and on the tiles held
    out, without; nan if there are none.
    """

    arrays: dict[str, np.ndarray]
    curve: np.ndarray


def train_networks(
    model: str,
    inputs: np.ndarray,
    lessons: Sequence[Lesson],
    outputs: int,
    settings: Mapping[str, float],
) -> list[Trained]:
    """Train some networks side by side, each as it would be alone.

    model: a name of `scorelens.tagger.NETWORKS`. inputs: float16 or float32
    (tiles, height, width). outputs: of each network. settings: `learning_rate`, `batch` (tiles),
    `epochs` (at most) and `patience` (epochs without gain on the tiles held out; then a network
    stops). Without tiles held out a network learns for all epochs and keeps the last.
    """
    if not lessons:
        return []
    shape = (*inputs.shape[1:], outputs)
    pupils = [_start(model, shape, lesson, int(settings["batch"])) for lesson in lessons]
    state = _State.of([pupil.best for pupil in pupils])
    tiles = torch.from_numpy(inputs).to(device())
    log.info("%s: %d networks on %s", model, len(lessons), tiles.device)
    progress = tqdm(total=len(lessons) * int(settings["epochs"]), desc=model, disable=None)
    learning = pupils
    while learning:
        ended = _step(model, tiles, learning, state, settings["learning_rate"])
        for place in ended:
            _end_epoch(model, tiles, learning[place], state.member(place), settings)
        progress.update(len(ended))
        staying = [place for place, pupil in enumerate(learning) if not pupil.stopped]
        if len(staying) < len(learning):
            state.keep(staying)
            learning = [learning[place] for place in staying]
    progress.close()
    return [
        Trained(
            pupil.best | {"mean": pupil.lesson.mean, "gain": pupil.lesson.gain},
            np.array(pupil.curve, np.float32),
        )
        for pupil in pupils
    ]


@dataclass
class _Pupil:
    """A network on its way. losses: sums of the loss and of the weights of each of its batches."""

    lesson: Lesson
    random: np.random.Generator
    batches: Iterator[tuple[np.ndarray, bool]]
    best: dict[str, np.ndarray]
    best_epoch: int = 0
    losses: list[torch.Tensor] = field(default_factory=list)
    curve: list[tuple[float, float]] = field(default_factory=list)
    stopped: bool = False


def _start(model: str, shape: tuple[int, int, int], lesson: Lesson, batch: int) -> _Pupil:
    random = stream(lesson)
    first = initial_parameters(model, *shape, random)
    return _Pupil(lesson, random, epoch_batches(len(lesson.rows), batch, random), first)


@dataclass
class _State:
    """The parameters of the networks that still learn, and Adam's moments, members first."""

    parameters: Parameters
    gradients: Parameters
    means: Parameters
    squares: Parameters
    steps: list[torch.Tensor]

    @classmethod
    def of(cls, networks: Sequence[dict[str, np.ndarray]]) -> "_State":
        parameters = stack(networks, device())
        zeros = [
            {name: torch.zeros_like(value) for name, value in parameters.items()} for _ in range(3)
        ]
        return cls(parameters, *zeros, [torch.zeros((), device=device()) for _ in parameters])

    def member(self, place: int) -> Parameters:
        """One member's parameters, as a network of one member."""
        return {name: value[place : place + 1] for name, value in self.parameters.items()}

    def keep(self, places: Sequence[int]) -> None:
        """Let the other members go."""
        for arrays in (self.parameters, self.gradients, self.means, self.squares):
            arrays.update({name: value[places] for name, value in arrays.items()})

    def descend(self, learning_rate: float) -> None:
        """One step of Adam."""
        arrays = (self.parameters, self.gradients, self.means, self.squares)
        adam(
            *(list(part.values()) for part in arrays),
            max_exp_avg_sqs=[],
            state_steps=self.steps,
            fused=True,
            amsgrad=False,
            beta1=DECAY,
            beta2=SQUARE_DECAY,
            lr=learning_rate,
            weight_decay=0.0,
            eps=EPSILON,
            maximize=False,
        )


def _step(
    model: str,
    tiles: torch.Tensor,
    learning: Sequence[_Pupil],
    state: _State,
    learning_rate: float,
) -> list[int]:
    """One batch for each network. Returns the places of those whose epoch it ends."""
    drawn = [next(pupil.batches) for pupil in learning]
    sites = dropout_sites(model, *tiles.shape[1:])
    for part in passes(model, len(learning), tiles.device):
        together = learning[part]
        batch = draw_batch(
            tiles,
            [pupil.lesson for pupil in together],
            [chosen for chosen, _ in drawn[part]],
            sites,
            [pupil.random for pupil in together],
        )
        losses, weights = _descent(model, batch, state, part)
        for pupil, sums in zip(together, torch.stack([losses, weights], 1), strict=True):
            pupil.losses.append(sums)
    state.descend(learning_rate)
    return [place for place, (_, last) in enumerate(drawn) if last]


def _descent(
    model: str, batch: Batch, state: _State, members: slice
) -> tuple[torch.Tensor, torch.Tensor]:
    """Gradients of some members' losses. Returns sums of their losses and weights, (M,) each.

    A loss is a mean over the batch, and so the sum of what its pieces add.
    """
    own = {
        name: value[members].detach().requires_grad_() for name, value in state.parameters.items()
    }
    gradients = {name: value[members].zero_() for name, value in state.gradients.items()}
    weights = batch.weights.sum(1).clamp(min=LEAST)
    total = torch.zeros_like(weights)
    for tiles in pieces(model, *batch.tiles.shape[1:], batch.tiles.device):
        piece = batch.piece(tiles)
        logits = forward(model, own, piece.tiles, piece.kept)
        losses = weighted_losses(model, logits, piece.targets, piece.weights)
        # A sum keeps the members apart: no one's gradient depends on another.
        found = torch.autograd.grad((losses / weights).sum(), list(own.values()))
        for gradient, part in zip(gradients.values(), found, strict=True):
            gradient += part
        total += losses.detach()
    return total, weights


def _end_epoch(
    model: str,
    tiles: torch.Tensor,
    pupil: _Pupil,
    parameters: Parameters,
    settings: Mapping[str, float],
) -> None:
    """Note the losses; keep the parameters if they are the best; stop if it is time."""
    loss, weight = torch.stack(pupil.losses).sum(0).tolist()
    held = _held_loss(model, tiles, pupil.lesson, parameters)
    pupil.losses.clear()
    pupil.curve.append((loss / weight, held))
    epoch, unjudged = len(pupil.curve), len(pupil.lesson.held_rows) == 0
    if unjudged or epoch == 1 or held < pupil.curve[pupil.best_epoch - 1][1]:
        pupil.best_epoch = epoch
        pupil.best = {name: value[0].cpu().numpy().copy() for name, value in parameters.items()}
    waited = epoch - pupil.best_epoch
    pupil.stopped = epoch == int(settings["epochs"]) or waited >= int(settings["patience"])


@torch.no_grad()
def _held_loss(model: str, tiles: torch.Tensor, lesson: Lesson, parameters: Parameters) -> float:
    """The loss on the tiles held out, without dropout; nan if there are none."""
    sums = torch.zeros(2, device=tiles.device)
    for piece in pieces(model, len(lesson.held_rows), *tiles.shape[1:], tiles.device):
        part = held_batch(tiles, lesson, piece)
        logits = forward(model, parameters, part.tiles)
        loss = weighted_losses(model, logits, part.targets, part.weights)
        sums += torch.stack([loss, part.weights.sum(1)], 1)[0]
    return float(sums[0] / sums[1])
