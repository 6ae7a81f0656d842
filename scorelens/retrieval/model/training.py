"""Train one retrieval model: Adam, early stopping, checkpoints.

Each epoch has random streams of its own, seeded by the seed and the number of the epoch, so that a
training that resumes from a checkpoint gives the same bits as one without interruption. On CUDA the
towers run in bfloat16 where the device supports it; cosines and losses are float32 everywhere.
"""

import hashlib
import json
import logging
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from scorelens.errors import InputError, Problem
from scorelens.retrieval import AVCA, AVCA_MARGIN, BASELINE
from scorelens.retrieval.data.batches import Batch, PairDataset, PairSampler, Split
from scorelens.retrieval.model.losses import contrastive_loss, triplet_loss
from scorelens.retrieval.model.networks import RetrievalModel, Sizes, to_tensor
from scorelens.retrieval.model.standardization import fit_standardizer
from scorelens.retrieval.model.training_state import TrainingState
from scorelens.torch_device import device

log = logging.getLogger(__name__)

CHECKPOINT_S = 60.0  # minimum time between checkpoints


class TrainedModel(NamedTuple):
    """A trained model and its losses.

    Attributes
    ----------
    arrays : dict of str to numpy.ndarray
        Parameters and buffers of the best epoch, for `networks.load_model`.
    sizes : Sizes
        Sizes of the vectors that it takes.
    losses : numpy.ndarray
        float32 (epochs, 2), loss in training, with dropout, and on the validation films, without;
        nan if there are none. Triplet loss for the baselines, InfoNCE for the others.
    best_epoch : int
        Number of the best epoch, from 1.
    """

    arrays: dict[str, np.ndarray]
    sizes: Sizes
    losses: np.ndarray
    best_epoch: int


def train_configuration(
    configuration: str,
    pairs: PairDataset,
    split: Split,
    settings: Mapping[str, float],
    seed: int,
    checkpoint: str | os.PathLike | None = None,
    encoders: Mapping[str, nn.Module] | None = None,
    leaves_checkpoint: bool = False,
) -> TrainedModel:
    """Train one configuration until the loss on the validation films stops improving.

    Parameters
    ----------
    configuration : str
        A name of CONFIGURATIONS.
    pairs : PairDataset
        Films as the configuration sees them, and their tracks.
    split : Split
        Test films are not used. With fewer than two validation films all epochs are trained and the
        last is the best.
    settings : mapping of str to float
        `learning_rate`; `batch_size` (pairs, which are negatives of each other); `micro_batch_size`
        (rows that an encoder takes at once, 0 for the whole batch); `epochs` (maximum); `patience`
        (epochs without improvement); `dropout`; `margin` (of the baseline).
    seed : int
        Seed of parameters, pairs and dropout.
    checkpoint : str or os.PathLike, optional
        Path of the checkpoint to resume from and to write; removed at the end.
    encoders : mapping of str to torch.nn.Module, optional
        Encoders of views to train too, changed in place. Their outputs are not standardized.
    leaves_checkpoint : bool
        Leave a checkpoint of the finished training instead, if that took longer than CHECKPOINT_S:
        a call that resumes from it trains nothing.

    Returns
    -------
    TrainedModel
        The model of the best epoch.

    Raises
    ------
    InputError
        If the loss is not finite, or the checkpoint is damaged.
    """
    where, start_s = device(), time.monotonic()
    with torch.random.fork_rng([where] if where.type == "cuda" else []):
        torch.manual_seed(seed)
        sizes = _sizes(pairs, encoders or {})
        model = RetrievalModel(configuration, sizes, settings["dropout"], encoders)
        sampler = PairSampler(pairs)
        _fit_standardizers(model, pairs, split.training)
        identity = _identity(configuration, pairs, split, settings, seed, model)
        state = TrainingState(model.to(where), settings)
        if checkpoint and Path(checkpoint).exists():
            state.resume(checkpoint, identity)
        log.info("%s: %d films on %s", configuration, len(split.training), where)
        validation = _validation_batches(sampler, split.validation, settings, seed)
        loss = _BatchLoss(configuration, model, pairs, settings)
        _train(state, loss, sampler, split.training, validation, seed, (checkpoint, identity))
    if checkpoint and not leaves_checkpoint:
        Path(checkpoint).unlink(missing_ok=True)
    elif checkpoint and time.monotonic() - start_s >= CHECKPOINT_S:
        state.save(checkpoint, identity)
    arrays = {name: value.cpu().numpy() for name, value in state.best.items()}
    return TrainedModel(arrays, sizes, np.array(state.losses, np.float32), state.best_epoch)


@dataclass
class _BatchLoss:
    """Computes the loss of a batch."""

    configuration: str
    model: RetrievalModel
    pairs: PairDataset
    settings: Mapping[str, float]

    def __call__(self, batch: Batch) -> torch.Tensor:
        where = device()
        views = {
            view: to_tensor(rows.values[batch.views[view]], where)
            for view, rows in self.pairs.views.items()
        }
        fragments = to_tensor(self.pairs.fragments.values[batch.fragments], where)
        size = int(self.settings["micro_batch_size"])
        with torch.autocast(where.type, torch.bfloat16, enabled=_supports_bfloat16(where)):
            queries = self.model.encode_queries(views, size)
            tracks = self.model.track_tower(fragments, size)
        if self.configuration == BASELINE:
            return triplet_loss(queries, tracks, self.settings["margin"])
        if self.configuration == AVCA:
            return triplet_loss(queries, tracks, AVCA_MARGIN)
        return contrastive_loss(queries, tracks, self.model.inverse_temperature())


def _supports_bfloat16(where: torch.device) -> bool:
    return where.type == "cuda" and torch.cuda.is_bf16_supported()


def _train(
    state: TrainingState,
    loss: _BatchLoss,
    sampler: PairSampler,
    films: np.ndarray,
    validation: Sequence[tuple[np.ndarray, Batch]],
    seed: int,
    checkpoint: tuple[str | os.PathLike | None, str],
) -> None:
    """Train epochs until the end. checkpoint: path and identity."""
    saved_s = time.monotonic()
    total, done = int(state.settings["epochs"]), len(state.losses)
    progress = tqdm(total=total, initial=done, desc=loss.configuration, disable=None)
    while not state.is_finished():
        rng, dropout_seed = _epoch_streams(seed, len(state.losses) + 1)
        torch.manual_seed(dropout_seed)
        batches = sampler.epoch(films, int(state.settings["batch_size"]), rng)
        training_loss = _train_epoch(state, loss, batches)
        _check_finite(training_loss, loss, state)
        validation_loss = _validation_loss(state.model, loss, validation)
        if validation:
            _check_finite(validation_loss, loss, state)
        state.record_epoch(training_loss, validation_loss)
        message = "epoch %d: loss %.4f in training, %.4f in validation"
        log.info(message, len(state.losses), training_loss, validation_loss)
        progress.update()
        if checkpoint[0] and time.monotonic() - saved_s >= CHECKPOINT_S:
            state.save(*checkpoint)
            saved_s = time.monotonic()
    progress.close()


def _epoch_streams(seed: int, epoch: int) -> tuple[np.random.Generator, int]:
    """Generator of the pairs of an epoch, and the seed of its dropout."""
    pairs, dropout = np.random.SeedSequence((seed, epoch)).spawn(2)
    return np.random.default_rng(pairs), int(dropout.generate_state(1)[0])


def _train_epoch(
    state: TrainingState, loss: _BatchLoss, batches: Iterator[tuple[np.ndarray, Batch]]
) -> float:
    """Train on the batches of an epoch. Returns the mean loss over the pairs."""
    state.model.train()
    losses, sizes = [], []
    for films, batch in batches:
        state.optimizer.zero_grad(set_to_none=True)
        value = loss(batch)
        value.backward()
        state.optimizer.step()
        losses.append(value.detach())
        sizes.append(len(films))
    return float(np.average(torch.stack(losses).cpu().numpy(), weights=sizes))


@torch.no_grad()
def _validation_loss(
    model: RetrievalModel, loss: _BatchLoss, batches: Sequence[tuple[np.ndarray, Batch]]
) -> float:
    """The loss without dropout; nan without batches."""
    if not batches:
        return float("nan")
    model.eval()
    losses = torch.stack([loss(batch) for _, batch in batches]).cpu().numpy()
    return float(np.average(losses, weights=[len(films) for films, _ in batches]))


def _validation_batches(
    sampler: PairSampler, films: np.ndarray, settings: Mapping[str, float], seed: int
) -> list[tuple[np.ndarray, Batch]]:
    """The validation pairs of all epochs, with the first image and text of each film."""
    if len(films) < 2:
        return []
    rng, _ = _epoch_streams(seed, 0)
    batches = sampler.epoch(films, int(settings["batch_size"]), rng)
    return [(chosen, batch._replace(views=sampler.first_rows(chosen))) for chosen, batch in batches]


@torch.no_grad()
def _sizes(pairs: PairDataset, encoders: Mapping[str, nn.Module]) -> Sizes:
    """Sizes of the vectors; those of trained encoders from their output for a first row."""
    sizes = {view: rows.values.shape[1] for view, rows in pairs.views.items()}
    for view, encoder in encoders.items():
        first = to_tensor(pairs.views[view].values[:1], torch.device("cpu"))
        sizes[view] = encoder.cpu().eval()(first).shape[1]
    fragments = pairs.fragments.values
    audio = fragments.shape[1] if fragments.ndim == 2 else 0
    return Sizes(sizes.get("image", 0), sizes.get("text", 0), audio)


def _fit_standardizers(model: RetrievalModel, pairs: PairDataset, films: np.ndarray) -> None:
    """Fit the standardizers to the training films alone."""
    is_training_track = np.isin(pairs.film, films)
    fit_standardizer(model.track_tower.standardizer, pairs.fragments, is_training_track)
    is_training = np.isin(np.arange(pairs.film[-1] + 1), films)
    for view, rows in pairs.views.items():
        if view not in model.encoders:
            fit_standardizer(model.query_tower.standardizers[view], rows, is_training)


def _identity(
    configuration: str,
    pairs: PairDataset,
    split: Split,
    settings: Mapping[str, float],
    seed: int,
    model: RetrievalModel,
) -> str:
    """Hash of all that a training starts from.

    Spectrograms of tracks may take many gigabytes; of them only the mean is hashed, with the model.
    """
    digest = hashlib.sha256(json.dumps([configuration, dict(settings), seed]).encode())
    arrays = [*split, pairs.film, pairs.fragments.owner]
    arrays += [array for rows in pairs.views.values() for array in rows]
    arrays += [value.numpy() for value in model.state_dict().values()]
    for array in arrays:
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _check_finite(value: float, loss: _BatchLoss, state: TrainingState) -> None:
    if not np.isfinite(value):
        raise InputError(
            Problem(
                f"the training of retrieval, {loss.configuration}",
                f"the loss of epoch {len(state.losses) + 1} is not finite",
                "a loss that falls",
                "choose a smaller learning rate, and look for vectors that are not finite",
            )
        )
