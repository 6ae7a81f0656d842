"""The neural genre models of all folds as one computation.

Batch norm on the input, three dense embedding layers (linear without bias, batch norm, ReLU,
dropout), then one of six poolings (`heads`; Ma et al. 2021, "Models"). Every parameter has the
folds as its first dimension: the folds learn side by side and never meet.

Shapes: F folds, D features, H hidden units, K genres, N instances, B bags. A fold's instances are
packed bag after bag; only at the end of the row do zeros fill up to the longest fold.
"""

from typing import NamedTuple

import numpy as np
import torch

from scorelens.learning.mil_heads import (
    CONTENT,
    Embeddings,
    bag_probability,
    head_shapes,
    instance_weights,
)
from scorelens.learning.stacked_layers import (
    EPSILON,
    Parameters,
    centre_running_mean,
    norm_relu_dropout,
    normed_weight,
    trained_norm_relu,
)

LAYERS = 3
BAG_NORM = "bag"  # the batch norm of feature-level attention, over bags


def initial_parameters(
    model: str, features: int, hidden: int, genres: int, random: np.random.Generator
) -> dict[str, np.ndarray]:
    """One fold's parameters and running statistics before training, float32.

    Linear weights and biases are uniform in +-1/sqrt(inputs); batch norms start as the identity.
    The input's batch norm has no shift: the batch norm after the first layer would take it away.
    """

    def uniform(inputs: int, *shape: int) -> np.ndarray:
        return random.uniform(-1, 1, shape).astype(np.float32) / np.float32(np.sqrt(inputs))

    def identity(name: str, size: int, *learnt: str) -> dict[str, np.ndarray]:
        start = {"gain": 1, "shift": 0, "mean": 0, "variance": 1}
        parts = (*learnt, "mean", "variance")
        return {f"{name}.{part}": np.full(size, start[part], np.float32) for part in parts}

    parameters = identity("input", features, "gain")
    for layer in range(LAYERS):
        inputs = hidden if layer else features
        parameters[f"embedding.{layer}.weight"] = uniform(inputs, hidden, inputs)
        parameters |= identity(f"embedding.{layer}", hidden, "gain", "shift")
    for name, (outputs, inputs) in head_shapes(model, hidden, genres).items():
        parameters[f"{name}.weight"] = uniform(inputs, outputs, inputs)
        if name != CONTENT:
            parameters[f"{name}.bias"] = uniform(inputs, outputs, 1)
    if has_bag_norm(model):
        parameters |= identity(BAG_NORM, hidden, "gain", "shift")
    return parameters


def is_learnt(name: str) -> bool:
    """Whether a parameter is learnt, and not a running statistic."""
    return not name.endswith((".mean", ".variance"))


def has_bag_norm(model: str) -> bool:
    """Whether a model has a batch norm and a dropout over bags."""
    return model == "feature_attention"


class Batch(NamedTuple):
    """What the folds see in one step.

    instances: (F, N, D), standardised, zero in the padding. members: (F, N, B), see `pooling`.
    mean, variance: (F, D), of the instances without the padding. kept: uint8 (LAYERS, F, H, N), 1
    for what dropout keeps, 0 in the padding. kept_of_bags: uint8 (F, H, B), the same for bags, if
    the model `has_bag_norm`. keep: the share that dropout keeps on average.
    """

    instances: torch.Tensor
    members: torch.Tensor
    mean: torch.Tensor
    variance: torch.Tensor
    kept: torch.Tensor
    kept_of_bags: torch.Tensor | None
    keep: float


def train_step(model: str, parameters: Parameters, batch: Batch) -> torch.Tensor:
    """Bag probabilities of one batch in training; the running statistics take the batch in.

    Returns (F, K, B) in 0..1.
    """
    size = batch.members.sum(1)
    counts = size.sum(1, keepdim=True)
    hidden, embeddings = batch.instances.transpose(1, 2), []
    for layer in range(LAYERS):
        name = f"embedding.{layer}"
        weight = parameters[f"{name}.weight"]
        if layer == 0:
            weight = normed_weight(parameters, weight, batch.mean, batch.variance, counts)
        values = torch.bmm(weight, hidden)
        hidden = norm_relu_dropout(parameters, name, values, batch.kept[layer], batch.keep, counts)
        if layer == 0:
            centre_running_mean(parameters, name, weight, batch.mean)
        embeddings.append(hidden)

    def bag_norm(bags: torch.Tensor) -> torch.Tensor:
        number = (size > 0).sum(1, keepdim=True).float()
        return norm_relu_dropout(parameters, BAG_NORM, bags, batch.kept_of_bags, batch.keep, number)

    return bag_probability(model, parameters, embeddings, batch.members, bag_norm)


def evaluate(
    model: str, parameters: Parameters, instances: torch.Tensor, members: torch.Tensor
) -> torch.Tensor:
    """Bag probabilities of trained networks, by the running statistics, without dropout.

    instances: (F, N, D), standardised. members: (F, N, B), see `pooling`.
    Returns (F, K, B) in 0..1.
    """

    def bag_norm(bags: torch.Tensor) -> torch.Tensor:
        return trained_norm_relu(parameters, BAG_NORM, bags)

    return bag_probability(model, parameters, _embed(parameters, instances), members, bag_norm)


def weigh(model: str, parameters: Parameters, instances: torch.Tensor, genres: int) -> torch.Tensor:
    """How much each instance of one bag counts for each genre, (F, K, N): `heads`.

    instances: (F, N, D), standardised, all of one bag.
    """
    return instance_weights(model, parameters, _embed(parameters, instances), genres)


def _embed(parameters: Parameters, instances: torch.Tensor) -> Embeddings:
    """The embeddings of trained networks, (F, H, N) each."""
    gain = parameters["input.gain"] * (parameters["input.variance"] + EPSILON).rsqrt()
    hidden = ((instances - parameters["input.mean"][:, None]) * gain[:, None]).transpose(1, 2)
    embeddings = []
    for layer in range(LAYERS):
        values = torch.bmm(parameters[f"embedding.{layer}.weight"], hidden)
        hidden = trained_norm_relu(parameters, f"embedding.{layer}", values)
        embeddings.append(hidden)
    return embeddings
