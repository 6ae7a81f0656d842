"""Training the networks of many folds at once (Ma et al. 2021, "Models").

Weighted binary cross-entropy, Adam, a fixed number of epochs. Chunks of folds bound the memory.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy
from tqdm import tqdm

from scorelens.genres.batches import draw_kept, epoch_batches, fold_stream, pack
from scorelens.genres.instances import Bags, fit_scale, standardise
from scorelens.genres.labels import training_frequency
from scorelens.genres.networks import LAYERS, initial_parameters, is_learnt, train_step

log = logging.getLogger(__name__)


def fit_networks(
    model: str,
    bags: Bags,
    actual: np.ndarray,
    folds: Sequence[int],
    settings: Mapping[str, float],
    seed: int,
) -> Iterator[dict[str, np.ndarray]]:
    """Train the network of each fold, `folds_per_chunk` of them side by side.

    model: `average_pooling` or `single_attention`. actual: bool (bags, genres). folds: the bags
    that are held out, one a fold. settings: the block `genres.network` of the configuration.
    Yields, in the order of `folds`, a fold's scale (`mean`, `gain`) and parameters, float32.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    log.info("%s: %d folds on %s", model, len(folds), device)
    size = int(settings["folds_per_chunk"])
    for start in range(0, len(folds), size):
        chunk = folds[start : start + size]
        yield from _fit_chunk(model, bags, actual, chunk, settings, seed, device)


def _fit_chunk(model, bags, actual, folds, settings, seed, device) -> list[dict[str, np.ndarray]]:
    scales = [fit_scale(_training_instances(bags, fold)) for fold in folds]
    streams = [fold_stream(seed, fold) for fold in folds]
    widths = (bags.instances.shape[1], int(settings["hidden"]), actual.shape[1])
    initial = [initial_parameters(model, *widths, stream) for stream in streams]
    parameters = _stacked(initial, device)
    weights = torch.from_numpy(np.stack([genre_weights(actual, fold) for fold in folds])).to(device)
    targets = torch.from_numpy(actual.astype(np.float32)).to(device)
    optimiser = torch.optim.Adam(
        [value for value in parameters.values() if value.requires_grad],
        lr=settings["learning_rate"],
        fused=True,
    )
    instances = _scaled_copies(bags, scales).to(device)
    step_order = np.random.default_rng(seed)
    for _ in tqdm(range(int(settings["epochs"])), desc=f"{model} epochs", disable=None):
        for chosen in epoch_batches(streams, folds, bags, int(settings["batch"]), step_order):
            batch = _packed_batch(chosen, bags, instances, streams, settings)
            probability = train_step(model, parameters, *batch)
            optimiser.zero_grad()
            _loss(probability, targets, weights, torch.from_numpy(chosen).to(device)).backward()
            optimiser.step()
    trained = {name: value.detach().cpu().numpy() for name, value in parameters.items()}
    return [
        scale | {name: value[place] for name, value in trained.items()}
        for place, scale in enumerate(scales)
    ]


def _packed_batch(chosen, bags, instances, streams, settings):
    """What `train_step` takes: instances, members, what dropout keeps, and how large a share."""
    rows, members = pack(chosen, bags)
    keep = round(256 * (1 - settings["dropout"])) / 256
    counts = members.sum((1, 2)).astype(int)
    kept = draw_kept(streams, counts, LAYERS, int(settings["hidden"]), keep)
    rows, members, kept = (
        torch.from_numpy(array).to(instances.device) for array in (rows, members, kept)
    )
    return _gather(instances, rows), members, kept, keep


def genre_weights(actual: np.ndarray, held_out: int) -> np.ndarray:
    """Weights of the positive and of the negative label of each genre, from the training films.

    Both labels of a genre weigh the same over all training films, and a film weighs 1 on average:
    1 / (2 frequency) and 1 / (2 (1 - frequency)). A label that no training film has weighs 0.
    Returns float32 (2, genres): positive, negative.
    """
    frequency = training_frequency(actual, held_out)
    share = np.stack([frequency, 1 - frequency])
    return np.divide(0.5, share, out=np.zeros_like(share), where=share > 0)


def _loss(
    probability: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor, chosen: torch.Tensor
) -> torch.Tensor:
    """Weighted binary cross-entropy, mean over a fold's bags and genres, summed over the folds.

    A sum keeps the folds apart: no fold's gradient depends on another.
    probability: (F, K, B). targets: (films, K). weights: (F, 2, K). chosen: (F, B), -1 for none.
    """
    target = targets[chosen].transpose(1, 2)
    positive, negative = weights[:, 0, :, None], weights[:, 1, :, None]
    there = (chosen >= 0)[:, None].float()
    share = there / (there.sum(2, keepdim=True) * targets.shape[1])
    weight = (target * positive + (1 - target) * negative) * share
    return binary_cross_entropy(probability, target, weight, reduction="sum")


def _training_instances(bags: Bags, fold: int) -> np.ndarray:
    return np.delete(bags.instances, np.s_[bags.starts[fold] : bags.starts[fold + 1]], axis=0)


def _scaled_copies(bags: Bags, scales: Sequence[dict[str, np.ndarray]]) -> torch.Tensor:
    """All instances on the scale of each fold, (F, N + 1, D); the last row is zero, for padding."""
    padded = np.zeros((len(scales), len(bags.instances) + 1, bags.instances.shape[1]), np.float32)
    for copy, scale in zip(padded, scales, strict=True):
        copy[:-1] = standardise(bags.instances, scale)
    return torch.from_numpy(padded)


def _gather(instances: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """Rows (F, N) of each fold's own instances (F, M, D), as (F, N, D)."""
    folds, length, features = instances.shape
    offset = torch.arange(folds, device=rows.device)[:, None] * length
    flat = instances.view(-1, features).index_select(0, (rows + offset).view(-1))
    return flat.view(folds, -1, features)


def _stacked(
    parameters: Sequence[dict[str, np.ndarray]], device: torch.device
) -> dict[str, torch.Tensor]:
    """The folds' parameters, stacked along a first dimension; those to learn ask for gradients."""
    return {
        name: torch.from_numpy(np.stack([one[name] for one in parameters]))
        .to(device)
        .requires_grad_(is_learnt(name))
        for name in parameters[0]
    }
