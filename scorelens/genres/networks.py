"""The neural genre models of all folds as one computation.

Batch norm on the input, three dense embedding layers (linear without bias, batch norm, ReLU,
dropout), a sigmoid output for each genre and instance, and a pooling (Ma et al. 2021, "Models").
Every parameter has the folds as its first dimension: the folds learn side by side and never meet.

Shapes: F folds, D features, H hidden units, K genres, N instances, B bags. A fold's instances are
packed bag after bag; only at the end of the row do zeros fill up to the longest fold.
"""

import numpy as np
import torch

from scorelens.genres.pooling import POOLING

LAYERS = 3
EPSILON = 1e-5  # of the batch norm
MOMENTUM = 0.1  # share of the newest batch in the running statistics

Parameters = dict[str, torch.Tensor]


def initial_parameters(
    model: str, features: int, hidden: int, genres: int, random: np.random.Generator
) -> dict[str, np.ndarray]:
    """One fold's parameters and running statistics before training, float32.

    Linear weights and biases are uniform in +-1/sqrt(inputs); batch norms start as the identity.
    The input's batch norm has no shift: the batch norm after the first layer would take it away.
    """

    def uniform(inputs: int, *shape: int) -> np.ndarray:
        return random.uniform(-1, 1, shape).astype(np.float32) / np.float32(np.sqrt(inputs))

    def constant(value: float, size: int) -> np.ndarray:
        return np.full(size, value, np.float32)

    parameters = {
        "input.gain": constant(1, features),
        "input.mean": constant(0, features),
        "input.variance": constant(1, features),
    }
    for layer in range(LAYERS):
        inputs = hidden if layer else features
        parameters |= {
            f"embedding.{layer}.weight": uniform(inputs, hidden, inputs),
            f"embedding.{layer}.gain": constant(1, hidden),
            f"embedding.{layer}.shift": constant(0, hidden),
            f"embedding.{layer}.mean": constant(0, hidden),
            f"embedding.{layer}.variance": constant(1, hidden),
        }
    heads = ("output", "attention") if model == "single_attention" else ("output",)
    for head in heads:
        parameters[f"{head}.weight"] = uniform(hidden, genres, hidden)
        parameters[f"{head}.bias"] = uniform(hidden, genres, 1)
    return parameters


def is_learnt(name: str) -> bool:
    """Whether a parameter is learnt, and not a running statistic."""
    return not name.endswith((".mean", ".variance"))


def train_step(
    model: str,
    parameters: Parameters,
    instances: torch.Tensor,
    members: torch.Tensor,
    kept: torch.Tensor,
    keep: float,
) -> torch.Tensor:
    """Bag probabilities of one batch in training; the running statistics take the batch in.

    instances: (F, N, D), standardised, zero in the padding; overwritten. members: (F, N, B), see
    `pooling`. kept: bool (LAYERS, F, H, N), what dropout keeps, False in the padding. keep: the
    share that it keeps on average. Returns (F, K, B) in 0..1.
    """
    counts = members.sum((1, 2))[:, None]
    hidden = _input_norm(parameters, instances, members, counts).transpose(1, 2)
    for layer in range(LAYERS):
        name = f"embedding.{layer}"
        weight = parameters[f"{name}.weight"]
        if layer == 0:
            weight = weight * parameters["input.gain"][:, None]
        hidden, mean, variance = _BatchNormReluDropout.apply(
            torch.bmm(weight, hidden),
            parameters[f"{name}.gain"] / keep,
            parameters[f"{name}.shift"] / keep,
            kept[layer],
            counts,
        )
        _update_running(parameters, name, mean, variance, counts)
    return _pooled(model, parameters, hidden, members)


def evaluate(
    model: str, parameters: Parameters, instances: torch.Tensor, members: torch.Tensor
) -> torch.Tensor:
    """Bag probabilities of trained networks, by the running statistics, without dropout.

    instances: (F, N, D), standardised. members: (F, N, B), see `pooling`.
    Returns (F, K, B) in 0..1.
    """
    gain = parameters["input.gain"] * (parameters["input.variance"] + EPSILON).rsqrt()
    hidden = ((instances - parameters["input.mean"][:, None]) * gain[:, None]).transpose(1, 2)
    for layer in range(LAYERS):
        name = f"embedding.{layer}"
        gain = parameters[f"{name}.gain"] * (parameters[f"{name}.variance"] + EPSILON).rsqrt()
        hidden = torch.bmm(parameters[f"{name}.weight"], hidden)
        hidden = (hidden - parameters[f"{name}.mean"][..., None]) * gain[..., None]
        hidden = (hidden + parameters[f"{name}.shift"][..., None]).relu()
    return _pooled(model, parameters, hidden, members)


def _pooled(
    model: str, parameters: Parameters, hidden: torch.Tensor, members: torch.Tensor
) -> torch.Tensor:
    """Bag probabilities (F, K, B) from the last embedding (F, H, N)."""
    probability = _head("output", parameters, hidden).sigmoid()
    attention = None
    if "attention.weight" in parameters:
        attention = _head("attention", parameters, hidden)
    return POOLING[model](probability, attention, members)


def _head(name: str, parameters: Parameters, hidden: torch.Tensor) -> torch.Tensor:
    return torch.baddbmm(parameters[f"{name}.bias"], parameters[f"{name}.weight"], hidden)


@torch.no_grad()
def _input_norm(
    parameters: Parameters, instances: torch.Tensor, members: torch.Tensor, counts: torch.Tensor
) -> torch.Tensor:
    """Batch norm of the instances, in place and without its gain; zero stays in the padding."""
    mean = instances.sum(1) / counts
    variance = (instances.square().sum(1) / counts - mean**2).clamp_(min=0)
    _update_running(parameters, "input", mean, variance, counts)
    scale = (variance + EPSILON).rsqrt()
    instances.mul_(scale[:, None]).sub_((mean * scale)[:, None])
    return instances.mul_(members.sum(2, keepdim=True))


@torch.no_grad()
def _update_running(
    parameters: Parameters,
    name: str,
    mean: torch.Tensor,
    variance: torch.Tensor,
    counts: torch.Tensor,
) -> None:
    unbiased = variance * (counts / (counts - 1).clamp(min=1))
    parameters[f"{name}.mean"].lerp_(mean, MOMENTUM)
    parameters[f"{name}.variance"].lerp_(unbiased, MOMENTUM)


class _BatchNormReluDropout(torch.autograd.Function):
    """Batch norm, ReLU and dropout of packed rows, with as few passes over memory as it takes.

    values: (F, H, N), zero in the padding, so that sums over a row count true instances alone.
    Also returns the batch's mean and variance (F, H), which carry no gradient.
    """

    @staticmethod
    def forward(ctx, values, gain, shift, kept, counts):
        mean = values.sum(-1) / counts
        variance = (values.square().sum(-1) / counts - mean**2).clamp_(min=0)
        deviation = (variance + EPSILON).rsqrt()
        slope = gain * deviation
        offset = shift - mean * slope
        result = torch.addcmul(offset[..., None], values, slope[..., None]).relu_().mul_(kept)
        ctx.save_for_backward(values, result, mean, deviation, slope, counts)
        ctx.mark_non_differentiable(mean, variance)
        return result, mean, variance

    @staticmethod
    def backward(ctx, gradient, _mean, _variance):
        values, result, mean, deviation, slope, counts = ctx.saved_tensors
        # ReLU's own backward pass: one sweep, where torch.where takes many times as long.
        gradient = torch.ops.aten.threshold_backward(gradient, result, 0)
        for_shift = gradient.sum(-1)
        for_gain = ((gradient * values).sum(-1) - mean * for_shift) * deviation
        along = -slope * deviation * for_gain / counts
        constant = -slope * for_shift / counts - along * mean
        for_values = gradient.mul_(slope[..., None]).addcmul_(values, along[..., None])
        return for_values.add_(constant[..., None]), for_gain, for_shift, None, None
