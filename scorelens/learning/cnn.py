"""The forward pass of many CNNs of one architecture ("members") as one computation.

Every parameter has the members as its first dimension: they train side by side and are independent.
Shapes: M members, B instances, K outputs.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import prod

import numpy as np
import torch
from torch.nn import functional

from scorelens.learning.cnn_architectures import ARCHITECTURES, Architecture
from scorelens.learning.trainer import Parameters, stack_parameters
from scorelens.torch_device import device

# Values of a member's first layer that are in memory at a time. Micro-batches of a CPU are small
# enough to stay in its cache, and to be reused without asking the system for memory.
VALUES_AT_ONCE = {"cpu": 2**21, "cuda": 2**24}


def forward(
    model: str,
    parameters: Parameters,
    instances: torch.Tensor,
    dropout_masks: Sequence[torch.Tensor] | None = None,
) -> torch.Tensor:
    """Compute the outputs of the members, before softmax or sigmoid.

    Parameters
    ----------
    model : str
        A name of ARCHITECTURES.
    parameters : dict
        Of `cnn_architectures.parameter_shapes`, members first.
    instances : tensor, shape (M, B, height, width)
        Standardised.
    dropout_masks : sequence of tensor, optional
        A factor for each of `cnn_architectures.dropout_sites`, (M, B, *shape): 0 for what is
        dropped, 1 / (1 - share) for the rest. Without them nothing is dropped.

    Returns
    -------
    tensor, shape (M, B, K)
        Logits.
    """
    architecture = ARCHITECTURES[model]
    masks = iter(dropout_masks or ())

    def drop(values: torch.Tensor, share: float) -> torch.Tensor:
        return values * next(masks) if dropout_masks and share else values

    values = instances
    if architecture.convolutions:
        values = _convolve(architecture, parameters, instances, masks if dropout_masks else None)
    values = drop(values.flatten(2), architecture.dropout)
    for layer, dense in enumerate(architecture.dense):
        values = drop(_dense(parameters, layer, values).relu(), dense.dropout)
    return _dense(parameters, len(architecture.dense), values)


def probabilities(model: str, logits: torch.Tensor) -> torch.Tensor:
    """Turn logits into probabilities: softmax over the outputs, or the sigmoid of each."""
    return logits.softmax(-1) if ARCHITECTURES[model].exclusive else logits.sigmoid()


@torch.no_grad()
def predict(
    model: str, members: Sequence[Mapping[str, np.ndarray]], instances: np.ndarray
) -> np.ndarray:
    """Predict the same instances with several trained networks.

    Parameters
    ----------
    model : str
        A name of ARCHITECTURES.
    members : sequence of mapping
        Arrays of each network: its parameters, and its scaler `mean` and `inverse_std`.
    instances : ndarray of float16 or float32, shape (n_instances, height, width)
        In their own units.

    Returns
    -------
    ndarray of float32, shape (n_members, n_instances, K)
        Probabilities in 0..1.
    """
    where = device()
    stacks = [
        stack_parameters(members[part], where) for part in member_slices(model, len(members), where)
    ]
    results = []
    for rows in micro_batches(model, len(instances), *instances.shape[1:], where):
        batch = torch.from_numpy(instances[rows]).to(where).float()[None]
        logits = [
            forward(model, stack, standardise(batch, stack["mean"], stack["inverse_std"]))
            for stack in stacks
        ]
        results.append(torch.cat([probabilities(model, one) for one in logits]).cpu())
    outputs = stacks[0][f"dense.{len(ARCHITECTURES[model].dense)}.bias"].shape[1]
    return torch.cat([torch.zeros(len(members), 0, outputs), *results], dim=1).numpy()


def standardise(
    instances: torch.Tensor, mean: torch.Tensor, inverse_std: torch.Tensor
) -> torch.Tensor:
    """Scale instances (M, B, height, width) by each member's scaler.

    The scaler is (M, height), of the rows of an instance, or (M, height, width), of every value.
    """
    mean, inverse_std = (one.reshape(*one.shape[:2], -1)[:, None] for one in (mean, inverse_std))
    return (instances - mean) * inverse_std


def member_slices(model: str, n_members: int, where: torch.device) -> list[slice]:
    """List which members go through the layers together.

    All of them. But on a CPU members with convolutions take turns: a grouped convolution takes
    several times as long there as one after the other.

    Parameters
    ----------
    model : str
        A name of ARCHITECTURES.
    n_members : int
        How many there are.
    where : torch.device
        Where they are computed.

    Returns
    -------
    list of slice
        Slices of the members.
    """
    in_turn = ARCHITECTURES[model].convolutions and where.type == "cpu"
    if in_turn:
        return [slice(n, n + 1) for n in range(n_members)]
    return [slice(0, n_members)]


def micro_batches(
    model: str, n_instances: int, height: int, width: int, where: torch.device
) -> list[slice]:
    """List which instances of a batch go through the layers together; see VALUES_AT_ONCE.

    Parameters
    ----------
    model : str
        A name of ARCHITECTURES.
    n_instances, height, width : int
        Size of the batch and of an instance.
    where : torch.device
        Where they are computed.

    Returns
    -------
    list of slice
        Slices of the instances.
    """
    architecture, values = ARCHITECTURES[model], height * width
    if architecture.convolutions:
        first, height = architecture.convolutions[0], height // architecture.planes
        values = first.channels * (height - first.kernel + 1) * (width - first.kernel + 1)
    length = max(1, VALUES_AT_ONCE[where.type] // values)
    return [slice(start, start + length) for start in range(0, n_instances, length)]


def _convolve(
    architecture: Architecture,
    parameters: Parameters,
    instances: torch.Tensor,
    masks: Iterator[torch.Tensor] | None,
) -> torch.Tensor:
    """The convolutions, as one with a group for each member: (M, B, channels, ...).

    Channels lie last in a CPU's memory: convolutions and pooling take a fraction of the time. The
    pooling comes before the ReLU, which gives the same result and is faster.
    """
    members = len(instances)
    layout = torch.contiguous_format if instances.is_cuda else torch.channels_last
    planes = instances.unflatten(2, (architecture.planes, -1)).transpose(1, 2).flatten(0, 1)
    values = torch.stack(planes.unbind(), dim=-1).permute(0, 3, 1, 2)
    values = values.contiguous(memory_format=layout)
    for number, layer in enumerate(architecture.convolutions):
        weight = parameters[f"conv.{number}.weight"].flatten(0, 1).contiguous(memory_format=layout)
        bias = parameters[f"conv.{number}.bias"].flatten()
        values = functional.conv2d(values, weight, bias, groups=members)
        if prod(layer.pool) > 1:
            values = functional.max_pool2d(values, layer.pool)
        values = values.relu()
        if masks and layer.dropout:
            values = values * next(masks).permute(1, 0, 4, 2, 3).flatten(1, 2)
    values = values.unflatten(1, (members, -1)).transpose(0, 1)
    return values.mean(-1) if architecture.average_time else values


def _dense(parameters: Parameters, layer: int, values: torch.Tensor) -> torch.Tensor:
    """A dense layer on (M, B, inputs)."""
    weight, bias = (parameters[f"dense.{layer}.{part}"] for part in ("weight", "bias"))
    return torch.baddbmm(bias[:, None], values, weight.transpose(1, 2))
