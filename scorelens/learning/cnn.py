"""The tagger's networks on MFCCs or log-mel bands, many of them ("members") as one computation.

The first three are the thesis's, layer for layer. What it leaves open is as Keras has it:
convolutions without padding, ReLU, Glorot's uniform weights, biases from zero. The fourth, on
log-mel, is ours: it hears pitch, which 40 MFCCs smooth away, and shares its convolutions among all
genres. The fifth sees pictures in three colours: the same layers serve the frames of trailers.

Every parameter has the members as its first dimension: they learn side by side and never meet.
Shapes: M members, B tiles, K outputs.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import prod, sqrt
from typing import NamedTuple

import numpy as np
import torch
from torch.nn import functional

from scorelens.torch_device import device

Parameters = dict[str, torch.Tensor]
# Values of a member's first layer that are in memory at a time. A CPU's pieces are small enough to
# stay in its cache, and to be given back and forth without asking the system for memory.
VALUES_AT_ONCE = {"cpu": 2**21, "cuda": 2**24}


class Convolution(NamedTuple):
    """A convolution without padding, ReLU, max-pooling and dropout.

    kernel: rows and columns alike. pool: rows and columns. dropout: the share that is dropped.
    """

    channels: int
    kernel: int
    pool: tuple[int, int]
    dropout: float


class Dense(NamedTuple):
    """A dense layer with bias, ReLU and dropout."""

    units: int
    dropout: float


class Architecture(NamedTuple):
    """A network, from its input to its outputs.

    over_time: whether the last convolution is averaged over time. dropout: of what is flattened
    then. exclusive: whether a tile has one class (softmax) or any number (sigmoid). rectified:
    whether the weights start wide enough for ReLU (He) or for a linear layer (Glorot). planes: how
    many pictures of equal height, such as three colours, lie one above the other in the input.
    """

    convolutions: tuple[Convolution, ...]
    over_time: bool
    dropout: float
    dense: tuple[Dense, ...]
    exclusive: bool
    rectified: bool
    planes: int = 1


ARCHITECTURES = {
    "dnn": Architecture((), False, 0.2, (Dense(50, 0.5), Dense(50, 0.5)), True, False),
    "cnn": Architecture(
        (
            Convolution(32, 5, (2, 2), 0.1),
            Convolution(64, 3, (2, 2), 0.2),
            Convolution(128, 2, (2, 2), 0.3),
            Convolution(256, 2, (2, 2), 0.4),
        ),
        False,
        0.0,
        (Dense(50, 0.5), Dense(50, 0.0)),
        True,
        False,
    ),
    "cnn_ensemble": Architecture(
        (
            Convolution(32, 3, (2, 2), 0.1),
            Convolution(64, 2, (2, 2), 0.2),
            Convolution(128, 2, (2, 2), 0.3),
        ),
        False,
        0.0,
        (Dense(50, 0.5), Dense(50, 0.0)),
        False,
        False,
    ),
    # Few weights for few films: no dense layer, no place in time. He's start keeps the signal's
    # size through the ReLUs; batch norm, which would too, makes a tile's answer lean on its batch.
    "mel_cnn": Architecture(
        (
            Convolution(32, 3, (4, 2), 0.0),
            Convolution(64, 3, (2, 2), 0.0),
            Convolution(128, 3, (1, 1), 0.0),
        ),
        True,
        0.5,
        (),
        False,
        True,
    ),
    "frame_cnn": Architecture(
        (
            Convolution(16, 3, (4, 4), 0.0),
            Convolution(32, 3, (2, 2), 0.0),
            Convolution(64, 3, (2, 2), 0.0),
        ),
        False,
        0.5,
        (),
        False,
        True,
        planes=3,
    ),
}


class Site(NamedTuple):
    """A place of dropout: what it sees of a tile, channels last, and the share that it drops."""

    shape: tuple[int, ...]
    dropout: float


def shapes(model: str, height: int, width: int, outputs: int) -> dict[str, tuple[int, ...]]:
    """The shape of each parameter of one member.

    model: a name of ARCHITECTURES. height, width: coefficients or bands, and frames of a tile.
    outputs: K. Returns `conv.N.weight` (channels, inputs, kernel, kernel) and `dense.N.weight`
    (units, inputs), the last with K units, each with its `.bias`.
    """
    architecture, found = ARCHITECTURES[model], {}
    inputs = architecture.planes
    for place, (channels, kernel, _, _) in enumerate(architecture.convolutions):
        found[f"conv.{place}.weight"] = (channels, inputs, kernel, kernel)
        found[f"conv.{place}.bias"] = (channels,)
        inputs = channels
    inputs = _flat(architecture, height, width)
    units = [*(layer.units for layer in architecture.dense), outputs]
    for place, number in enumerate(units):
        found[f"dense.{place}.weight"] = (number, inputs)
        found[f"dense.{place}.bias"] = (number,)
        inputs = number
    return found


def dropout_sites(model: str, height: int, width: int) -> list[Site]:
    """Where a network drops, from its input to its outputs."""
    architecture = ARCHITECTURES[model]
    found = [
        Site((*size, layer.channels), layer.dropout)
        for layer, size in zip(
            architecture.convolutions, _sizes(architecture, height, width), strict=True
        )
    ]
    found.append(Site((_flat(architecture, height, width),), architecture.dropout))
    found += [Site((layer.units,), layer.dropout) for layer in architecture.dense]
    return [site for site in found if site.dropout]


def initial_parameters(
    model: str, height: int, width: int, outputs: int, random: np.random.Generator
) -> dict[str, np.ndarray]:
    """One member's parameters before training, float32: see Architecture.rectified."""
    found = {}
    for name, shape in shapes(model, height, width, outputs).items():
        if name.endswith(".bias"):
            found[name] = np.zeros(shape, np.float32)
            continue
        field = prod(shape[2:])
        fan_in, fan_out = shape[1] * field, shape[0] * field
        rectified = ARCHITECTURES[model].rectified
        bound = sqrt(6 / fan_in) if rectified else sqrt(6 / (fan_in + fan_out))
        found[name] = random.uniform(-bound, bound, shape).astype(np.float32)
    return found


def forward(
    model: str,
    parameters: Parameters,
    tiles: torch.Tensor,
    kept: Sequence[torch.Tensor] | None = None,
) -> torch.Tensor:
    """What the members say of their tiles, before softmax or sigmoid.

    parameters: as `shapes`, members first. tiles: (M, B, height, width), standardised. kept: what
    dropout does at each of `dropout_sites`, (M, B, *shape): 0 for what it drops, 1 / (1 - share)
    for the rest; none without dropout. Returns (M, B, K).
    """
    architecture = ARCHITECTURES[model]
    masks = iter(kept or ())

    def drop(values: torch.Tensor, share: float) -> torch.Tensor:
        return values * next(masks) if kept and share else values

    values = tiles
    if architecture.convolutions:
        values = _convolve(architecture, parameters, tiles, masks if kept else None)
    values = drop(values.flatten(2), architecture.dropout)
    for place, layer in enumerate(architecture.dense):
        values = drop(_dense(parameters, place, values).relu(), layer.dropout)
    return _dense(parameters, len(architecture.dense), values)


def probabilities(model: str, logits: torch.Tensor) -> torch.Tensor:
    """In 0..1: softmax over the outputs, or each one's sigmoid."""
    return logits.softmax(-1) if ARCHITECTURES[model].exclusive else logits.sigmoid()


@torch.no_grad()
def ask_networks(
    model: str, networks: Sequence[Mapping[str, np.ndarray]], inputs: np.ndarray
) -> np.ndarray:
    """What trained networks say of the same tiles.

    networks: of each the parameters, and its scale `mean` and `gain`, as in `training.Trained`.
    inputs: float16 or float32 (tiles, height, width). Returns float32 (networks, tiles, K) in 0..1.
    """
    own = device()
    stacked = [stack(networks[place], own) for place in passes(model, len(networks), own)]
    answers = []
    for piece in pieces(model, len(inputs), *inputs.shape[1:], own):
        tiles = torch.from_numpy(inputs[piece]).to(own).float()
        answers.append(torch.cat([_ask(model, members, tiles) for members in stacked]).cpu())
    last = stacked[0][f"dense.{len(ARCHITECTURES[model].dense)}.bias"]
    nothing = torch.zeros(len(networks), 0, last.shape[1])
    return torch.cat([nothing, *answers], dim=1).numpy()


def _ask(model: str, members: Parameters, tiles: torch.Tensor) -> torch.Tensor:
    scaled = standardise(tiles[None], members["mean"], members["gain"])
    return probabilities(model, forward(model, members, scaled))


def standardise(tiles: torch.Tensor, mean: torch.Tensor, gain: torch.Tensor) -> torch.Tensor:
    """Tiles (M, B, height, width) on the members' scales, (M, height) each."""
    return (tiles - mean[:, None, :, None]) * gain[:, None, :, None]


def passes(model: str, members: int, place: torch.device) -> list[slice]:
    """Which members go through the layers together.

    All of them; but on a CPU members with convolutions take turns, for there a convolution in
    groups takes several times as long as one after the other.
    """
    alone = ARCHITECTURES[model].convolutions and place.type == "cpu"
    return [slice(n, n + 1) for n in range(members)] if alone else [slice(0, members)]


def pieces(model: str, tiles: int, height: int, width: int, place: torch.device) -> list[slice]:
    """Which tiles of a member go through the layers together: see VALUES_AT_ONCE."""
    architecture, values = ARCHITECTURES[model], height * width
    if architecture.convolutions:
        first, height = architecture.convolutions[0], height // architecture.planes
        values = first.channels * (height - first.kernel + 1) * (width - first.kernel + 1)
    length = max(1, VALUES_AT_ONCE[place.type] // values)
    return [slice(start, start + length) for start in range(0, tiles, length)]


def stack(networks: Sequence[Mapping[str, np.ndarray]], place: torch.device) -> Parameters:
    """The arrays of some members, members first."""
    return {
        name: torch.from_numpy(np.stack([one[name] for one in networks])).to(place)
        for name in networks[0]
    }


def _convolve(
    architecture: Architecture,
    parameters: Parameters,
    tiles: torch.Tensor,
    masks: Iterator[torch.Tensor] | None,
) -> torch.Tensor:
    """The convolutions, as one with a group a member: (M, B, channels, ...).

    Channels lie last in a CPU's memory: convolutions and pooling take a fraction of the time. The
    pool comes before the ReLU, which is the same and has less to do.
    """
    members = len(tiles)
    layout = torch.contiguous_format if tiles.is_cuda else torch.channels_last
    planes = tiles.unflatten(2, (architecture.planes, -1)).transpose(1, 2).flatten(0, 1)
    values = torch.stack(planes.unbind(), dim=-1).permute(0, 3, 1, 2)
    values = values.contiguous(memory_format=layout)
    for place, layer in enumerate(architecture.convolutions):
        weight = parameters[f"conv.{place}.weight"].flatten(0, 1).contiguous(memory_format=layout)
        bias = parameters[f"conv.{place}.bias"].flatten()
        values = functional.conv2d(values, weight, bias, groups=members)
        if prod(layer.pool) > 1:
            values = functional.max_pool2d(values, layer.pool)
        values = values.relu()
        if masks and layer.dropout:
            kept = next(masks).permute(1, 0, 4, 2, 3)
            values = values * kept.flatten(1, 2)
    values = values.unflatten(1, (members, -1)).transpose(0, 1)
    return values.mean(-1) if architecture.over_time else values


def _dense(parameters: Parameters, place: int, values: torch.Tensor) -> torch.Tensor:
    """A dense layer on (M, B, inputs)."""
    weight, bias = (parameters[f"dense.{place}.{part}"] for part in ("weight", "bias"))
    return torch.baddbmm(bias[:, None], values, weight.transpose(1, 2))


def _sizes(architecture: Architecture, height: int, width: int) -> list[tuple[int, int]]:
    """Height and width after each convolution and its pool."""
    found, height = [], height // architecture.planes
    for _, kernel, pool, _ in architecture.convolutions:
        height, width = (
            (size - kernel + 1) // by for size, by in zip((height, width), pool, strict=True)
        )
        found.append((height, width))
    return found


def _flat(architecture: Architecture, height: int, width: int) -> int:
    """How many values of a tile reach the dense layers."""
    if not architecture.convolutions:
        return height * width
    height, width = _sizes(architecture, height, width)[-1]
    return (
        architecture.convolutions[-1].channels * height * (1 if architecture.over_time else width)
    )
