"""Settings of a short training of retrieval, and a training that is killed."""

from scorelens.retrieval.model import training
from scorelens.retrieval.model.training_state import TrainingState

SETTINGS = {
    "learning_rate": 1e-3, "batch_size": 16, "micro_batch_size": 0, "epochs": 8, "patience": 3,
    "dropout": 0.3, "margin": 1.0,
}  # fmt: skip


class Killed(Exception):
    """Simulates a killed job."""


def kill_after(monkeypatch, epoch):
    """Write a checkpoint each epoch, and raise Killed after one of them."""
    save = TrainingState.save

    def save_and_raise(state, *args):
        save(state, *args)
        if len(state.losses) == epoch:
            raise Killed

    monkeypatch.setattr(training, "CHECKPOINT_S", 0.0)
    monkeypatch.setattr(TrainingState, "save", save_and_raise)
