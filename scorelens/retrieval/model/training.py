"""Training one configuration: Adam, early stopping, checkpoints.

Every epoch draws from a stream of its own, made of the seed and the epoch's number: a training that
is taken up again after a checkpoint goes on as if it had never stopped. On CUDA the towers run in
bfloat16 where the device has it; cosines and losses are float32 everywhere.
"""

import hashlib
import json
import logging
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import safetensors
import safetensors.torch
import torch
from torch import nn
from tqdm import tqdm

from scorelens.errors import InputError, Problem, naming_damage
from scorelens.retrieval import BASELINE
from scorelens.retrieval.data.batches import Batch, Corpus, Drawer, Rows, Split
from scorelens.retrieval.model.losses import contrastive_loss, triplet_loss
from scorelens.retrieval.model.networks import Retrieval, Scale, Sizes, to_tensor
from scorelens.tables import atomic
from scorelens.torch_device import device

log = logging.getLogger(__name__)

CHECKPOINT_S = 60.0  # from one checkpoint to the next, at least
VALUES_AT_ONCE = 2**24  # that are read for a scale
LEAST_DEVIATION = 1e-6  # of inputs that are all the same


class Trained(NamedTuple):
    """What a model has learnt, and how.

    arrays: the parameters, scales and running means of its best epoch, for `networks.load_model`.
    sizes: of the vectors that it takes. curve: float32 (epochs, 2), the loss in training, with
    dropout, and on the validation films, without; nan if there are none. The baseline's is the
    triplet loss, the others' is InfoNCE. best_epoch: from 1.
    """

    arrays: dict[str, np.ndarray]
    sizes: Sizes
    curve: np.ndarray
    best_epoch: int


def train_configuration(
    configuration: str,
    corpus: Corpus,
    split: Split,
    settings: Mapping[str, float],
    seed: int,
    checkpoint: str | os.PathLike | None = None,
    encoders: Mapping[str, nn.Module] | None = None,
) -> Trained:
    """Train one configuration on the training films, until the validation films gain no more.

    configuration: a name of CONFIGURATIONS. corpus: what it sees, and the tracks. split: the test
    films are not looked at; without validation films (fewer than two) all epochs are trained and
    the last counts. settings: `learning_rate`, `batch` (pairs, which are one another's negatives),
    `piece` (rows in an encoder at a time, see `networks.in_pieces`; 0 for the whole batch),
    `epochs` (at most), `patience` (epochs without gain), `dropout`, `margin` (of the baseline).
    checkpoint: where the training is kept now and then and taken up from; removed at the end.
    encoders: networks of views that learn too, changed in place, see `networks.Retrieval`; the
    vectors that they make are not standardised. Raises InputError if the loss is no longer finite,
    or the checkpoint is damaged.
    """
    own = device()
    with torch.random.fork_rng([own] if own.type == "cuda" else []):
        torch.manual_seed(seed)
        sizes = _sizes(corpus, encoders or {})
        model = Retrieval(configuration, sizes, settings["dropout"], encoders)
        drawer = Drawer(corpus)
        _fit_scales(model, corpus, split.training)
        identity = _identity(configuration, corpus, split, settings, seed, model)
        course = _Course(model.to(own), settings)
        if checkpoint and Path(checkpoint).exists():
            course.take_up(checkpoint, identity)
        log.info("%s: %d films on %s", configuration, len(split.training), own)
        held = _validation_batches(drawer, split.validation, settings, seed)
        loss = _Loss(configuration, model, corpus, settings)
        _train(course, loss, drawer, split.training, held, seed, (checkpoint, identity))
    if checkpoint:
        Path(checkpoint).unlink(missing_ok=True)
    arrays = {name: value.cpu().numpy() for name, value in course.best.items()}
    return Trained(arrays, sizes, np.array(course.curve, np.float32), course.best_epoch)


@dataclass
class _Loss:
    """The loss of one batch."""

    configuration: str
    model: Retrieval
    corpus: Corpus
    settings: Mapping[str, float]

    def __call__(self, batch: Batch) -> torch.Tensor:
        own = device()
        views = {
            view: to_tensor(rows.values[batch.views[view]], own)
            for view, rows in self.corpus.views.items()
        }
        fragments = to_tensor(self.corpus.fragments.values[batch.fragments], own)
        piece = int(self.settings["piece"])
        with torch.autocast(own.type, torch.bfloat16, enabled=_has_bfloat16(own)):
            queries, tracks = self.model.ask(views, piece), self.model.audio(fragments, piece)
        if self.configuration == BASELINE:
            return triplet_loss(queries, tracks, self.settings["margin"])
        return contrastive_loss(queries, tracks, self.model.scale())


def _has_bfloat16(own: torch.device) -> bool:
    return own.type == "cuda" and torch.cuda.is_bf16_supported()


@dataclass
class _Course:
    """How far a training is: the model, Adam's moments, the best epoch and the losses so far."""

    model: Retrieval
    settings: Mapping[str, float]
    curve: list[tuple[float, float]] = field(default_factory=list)
    best: dict[str, torch.Tensor] = field(default_factory=dict)
    best_epoch: int = 0

    def __post_init__(self) -> None:
        rate = self.settings["learning_rate"]
        self.adam = torch.optim.Adam(self.model.parameters(), rate, fused=True)

    def ended(self) -> bool:
        """Whether all epochs are done, or too many without gain."""
        epochs = len(self.curve)
        waited = epochs - self.best_epoch
        return epochs == int(self.settings["epochs"]) or waited >= int(self.settings["patience"])

    def note(self, training: float, held: float) -> None:
        """Note an epoch's losses, and keep the model if it is the best."""
        self.curve.append((training, held))
        if np.isnan(held) or not self.best or held < self.curve[self.best_epoch - 1][1]:
            self.best_epoch = len(self.curve)
            self.best = {name: value.clone() for name, value in self.model.state_dict().items()}

    def keep(self, path: str | os.PathLike, identity: str) -> None:
        """Write all that the training needs to go on."""
        arrays = {f"best.{name}": value for name, value in self.best.items()}
        arrays |= {f"model.{name}": value for name, value in self.model.state_dict().items()}
        for number, moments in self.adam.state_dict()["state"].items():
            arrays |= {f"adam.{number}.{name}": value for name, value in moments.items()}
        arrays["curve"] = torch.tensor(self.curve, dtype=torch.float64)
        about = {"identity": identity, "best_epoch": str(self.best_epoch)}
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with atomic(path) as temporary:
            safetensors.torch.save_file(arrays, temporary, about)

    def take_up(self, path: str | os.PathLike, identity: str) -> None:
        """Go on from a checkpoint, if it is of this very training."""
        with naming_damage(path, "a checkpoint of a training"):
            about, arrays = _read_checkpoint(path)
        if about.get("identity") != identity:
            log.info("%s is of another training: begun anew", path)
            return
        self.model.load_state_dict(_part(arrays, "model."))
        self.best = {name: value.to(device()) for name, value in _part(arrays, "best.").items()}
        self.best_epoch = int(about["best_epoch"])
        self.curve = [tuple(row) for row in arrays["curve"].tolist()]
        state = self.adam.state_dict()
        numbers = range(len(state["param_groups"][0]["params"]))
        moments = {number: _part(arrays, f"adam.{number}.") for number in numbers}
        self.adam.load_state_dict(state | {"state": {n: m for n, m in moments.items() if m}})
        log.info("taken up after epoch %d", len(self.curve))


def _train(
    course: _Course,
    loss: _Loss,
    drawer: Drawer,
    films: np.ndarray,
    held: Sequence[tuple[np.ndarray, Batch]],
    seed: int,
    keeping: tuple[str | os.PathLike | None, str],
) -> None:
    """Epochs until the end. keeping: where checkpoints go, and whose they are."""
    kept_s = time.monotonic()
    total, done = int(course.settings["epochs"]), len(course.curve)
    progress = tqdm(total=total, initial=done, desc=loss.configuration, disable=None)
    while not course.ended():
        random, number = _epoch_streams(seed, len(course.curve) + 1)
        torch.manual_seed(number)
        batches = drawer.epoch(films, int(course.settings["batch"]), random)
        taught = _epoch(course, loss, batches)
        _check(taught, loss, course)
        judged = _held_loss(course.model, loss, held)
        if held:
            _check(judged, loss, course)
        course.note(taught, judged)
        said = "epoch %d: loss %.4f in training, %.4f in validation"
        log.info(said, len(course.curve), taught, judged)
        progress.update()
        if keeping[0] and time.monotonic() - kept_s >= CHECKPOINT_S:
            course.keep(*keeping)
            kept_s = time.monotonic()
    progress.close()


def _epoch_streams(seed: int, epoch: int) -> tuple[np.random.Generator, int]:
    """What draws the pairs of an epoch, and the seed of its dropout."""
    pairs, dropout = np.random.SeedSequence((seed, epoch)).spawn(2)
    return np.random.default_rng(pairs), int(dropout.generate_state(1)[0])


def _epoch(course: _Course, loss: _Loss, batches: Iterator[tuple[np.ndarray, Batch]]) -> float:
    """One pass of learning. Returns the mean loss over the pairs."""
    course.model.train()
    losses, pairs = [], []
    for films, batch in batches:
        course.adam.zero_grad(set_to_none=True)
        value = loss(batch)
        value.backward()
        course.adam.step()
        losses.append(value.detach())
        pairs.append(len(films))
    return float(np.average(torch.stack(losses).cpu().numpy(), weights=pairs))


@torch.no_grad()
def _held_loss(model: Retrieval, loss: _Loss, batches: Sequence[tuple[np.ndarray, Batch]]) -> float:
    """The loss on the validation films, without dropout; nan if there are none."""
    if not batches:
        return float("nan")
    model.eval()
    losses = torch.stack([loss(batch) for _, batch in batches]).cpu().numpy()
    return float(np.average(losses, weights=[len(films) for films, _ in batches]))


def _validation_batches(
    drawer: Drawer, films: np.ndarray, settings: Mapping[str, float], seed: int
) -> list[tuple[np.ndarray, Batch]]:
    """The pairs that all epochs are judged by, with each film's first image and text."""
    if len(films) < 2:
        return []
    random, _ = _epoch_streams(seed, 0)
    drawn = drawer.epoch(films, int(settings["batch"]), random)
    return [(own, batch._replace(views=drawer.firsts(own))) for own, batch in drawn]


@torch.no_grad()
def _sizes(corpus: Corpus, encoders: Mapping[str, nn.Module]) -> Sizes:
    """Of a view that has an encoder, the size of what that makes of a first row."""
    found = {view: rows.values.shape[1] for view, rows in corpus.views.items()}
    for view, encoder in encoders.items():
        first = to_tensor(corpus.views[view].values[:1], torch.device("cpu"))
        found[view] = encoder.cpu().eval()(first).shape[1]
    fragments = corpus.fragments.values
    audio = fragments.shape[1] if fragments.ndim == 2 else 0
    return Sizes(found.get("image", 0), found.get("text", 0), audio)


def _fit_scales(model: Retrieval, corpus: Corpus, films: np.ndarray) -> None:
    """Set the scales of the inputs by the training films alone."""
    tracks = np.isin(corpus.film, films)
    _fit_scale(model.audio.scale, corpus.fragments, tracks)
    teaching = np.isin(np.arange(corpus.film[-1] + 1), films)
    for view, rows in corpus.views.items():
        if view not in model.encoders:
            _fit_scale(model.query.scales[view], rows, teaching)


def _fit_scale(scale: Scale, rows: Rows, teaching: np.ndarray) -> None:
    """teaching: bool (owners,). The mean over all other dimensions than the scale's."""
    chosen = np.flatnonzero(teaching[rows.owner])
    each = rows.values[0].size
    step = max(1, VALUES_AT_ONCE // each)
    sums = squares = 0.0
    for start in range(0, len(chosen), step):
        values = rows.values[chosen[start : start + step]].astype(np.float64)
        values = values.reshape(len(values), len(scale.mean), -1)
        sums = sums + values.sum((0, 2))
        squares = squares + (values**2).sum((0, 2))
    number = len(chosen) * (each // len(scale.mean))
    mean = sums / number
    deviation = np.sqrt((squares / number - mean**2).clip(0).mean())
    scale.mean.copy_(torch.from_numpy(mean).reshape(scale.mean.shape))
    scale.gain.fill_(1 / max(deviation, LEAST_DEVIATION))


def _identity(
    configuration: str,
    corpus: Corpus,
    split: Split,
    settings: Mapping[str, float],
    seed: int,
    model: Retrieval,
) -> str:
    """What tells one training from another: settings, split, films, and all that it starts from.

    Of the tracks only the mean goes in, with the scales: their spectrograms may be many gigabytes.
    """
    found = hashlib.sha256(json.dumps([configuration, dict(settings), seed]).encode())
    arrays = [*split, corpus.film, corpus.fragments.owner]
    arrays += [array for rows in corpus.views.values() for array in rows]
    arrays += [value.numpy() for value in model.state_dict().values()]
    for array in arrays:
        found.update(np.ascontiguousarray(array).data)
    return found.hexdigest()


def _read_checkpoint(path: str | os.PathLike) -> tuple[dict[str, str], dict[str, torch.Tensor]]:
    try:
        with safetensors.safe_open(path, "pt") as file:
            names = file.keys()
            return file.metadata() or {}, {name: file.get_tensor(name) for name in names}
    except safetensors.SafetensorError as error:
        raise ValueError(str(error)) from error


def _part(arrays: Mapping[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {
        name.removeprefix(prefix): value
        for name, value in arrays.items()
        if name.startswith(prefix)
    }


def _check(value: float, loss: _Loss, course: _Course) -> None:
    if not np.isfinite(value):
        raise InputError(
            Problem(
                f"the training of retrieval, {loss.configuration}",
                f"the loss of epoch {len(course.curve) + 1} is not finite",
                "a loss that falls",
                "choose a smaller learning rate, and look for vectors that are not finite",
            )
        )
