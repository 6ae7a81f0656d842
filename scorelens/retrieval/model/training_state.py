"""State of a training: model, optimizer, best epoch and losses, with checkpoints.

Checkpoints are safetensors files: they hold arrays and text, and no pickle.
"""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import safetensors
import safetensors.torch
import torch

from scorelens.errors import naming_damage
from scorelens.retrieval.model.networks import RetrievalModel
from scorelens.tables import atomic
from scorelens.torch_device import device

log = logging.getLogger(__name__)


@dataclass
class TrainingState:
    """How far a training is.

    Attributes
    ----------
    model : RetrievalModel
        The model in training, on its device.
    settings : mapping of str to float
        `learning_rate`, `epochs` and `patience`.
    losses : list of (float, float)
        Training and validation loss of each epoch so far.
    best : dict of str to torch.Tensor
        Parameters and buffers of the best epoch.
    best_epoch : int
        Its number, from 1; 0 before the first.
    """

    model: RetrievalModel
    settings: Mapping[str, float]
    losses: list[tuple[float, float]] = field(default_factory=list)
    best: dict[str, torch.Tensor] = field(default_factory=dict)
    best_epoch: int = 0

    def __post_init__(self) -> None:
        rate = self.settings["learning_rate"]
        self.optimizer = torch.optim.Adam(self.model.parameters(), rate, fused=True)

    def is_finished(self) -> bool:
        """Whether all epochs are done, or too many without an improvement."""
        epochs = len(self.losses)
        waited = epochs - self.best_epoch
        return epochs == int(self.settings["epochs"]) or waited >= int(self.settings["patience"])

    def record_epoch(self, training_loss: float, validation_loss: float) -> None:
        """Record the losses of an epoch, and copy the model if it is the best so far.

        Parameters
        ----------
        training_loss : float
            Mean loss of the training pairs.
        validation_loss : float
            Loss on the validation films; nan without any, and then the last epoch is the best.
        """
        self.losses.append((training_loss, validation_loss))
        best_loss = self.losses[self.best_epoch - 1][1]
        if np.isnan(validation_loss) or not self.best or validation_loss < best_loss:
            self.best_epoch = len(self.losses)
            self.best = {name: value.clone() for name, value in self.model.state_dict().items()}

    def save(self, path: str | os.PathLike, identity: str) -> None:
        """Write a checkpoint.

        Parameters
        ----------
        path : str or os.PathLike
            Path of the file.
        identity : str
            Hash of all that the training starts from.
        """
        arrays = {f"best.{name}": value for name, value in self.best.items()}
        arrays |= {f"model.{name}": value for name, value in self.model.state_dict().items()}
        for number, moments in self.optimizer.state_dict()["state"].items():
            arrays |= {f"adam.{number}.{name}": value for name, value in moments.items()}
        arrays["losses"] = torch.tensor(self.losses, dtype=torch.float64)
        metadata = {"identity": identity, "best_epoch": str(self.best_epoch)}
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with atomic(path) as temporary:
            safetensors.torch.save_file(arrays, temporary, metadata)

    def resume(self, path: str | os.PathLike, identity: str) -> None:
        """Continue from a checkpoint, if it is of the same training.

        Parameters
        ----------
        path : str or os.PathLike
            Path of the file.
        identity : str
            Hash of all that the training starts from.

        Raises
        ------
        InputError
            If the file is damaged.
        """
        with naming_damage(path, "a checkpoint of a training"):
            metadata, arrays = _read_checkpoint(path)
        if metadata.get("identity") != identity:
            log.info("%s is of another training: start from the beginning", path)
            return
        self.model.load_state_dict(_with_prefix(arrays, "model."))
        best = _with_prefix(arrays, "best.")
        self.best = {name: value.to(device()) for name, value in best.items()}
        self.best_epoch = int(metadata["best_epoch"])
        self.losses = [tuple(row) for row in arrays["losses"].tolist()]
        state = self.optimizer.state_dict()
        numbers = range(len(state["param_groups"][0]["params"]))
        moments = {number: _with_prefix(arrays, f"adam.{number}.") for number in numbers}
        self.optimizer.load_state_dict(state | {"state": {n: m for n, m in moments.items() if m}})
        log.info("resumed after epoch %d", len(self.losses))


def _read_checkpoint(path: str | os.PathLike) -> tuple[dict[str, str], dict[str, torch.Tensor]]:
    try:
        with safetensors.safe_open(path, "pt") as file:
            names = file.keys()
            return file.metadata() or {}, {name: file.get_tensor(name) for name in names}
    except safetensors.SafetensorError as error:
        raise ValueError(str(error)) from error


def _with_prefix(arrays: Mapping[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {
        name.removeprefix(prefix): value
        for name, value in arrays.items()
        if name.startswith(prefix)
    }
