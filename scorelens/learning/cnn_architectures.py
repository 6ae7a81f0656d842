"""Architectures of the CNNs: layers, shapes of their parameters, initial weights, dropout.

`dnn`, `dnn_pca`, `cnn` and `cnn_ensemble` are those of Stone's thesis, layer for layer. What it
leaves open follows Keras: convolutions without padding, ReLU, Glorot's uniform weights, biases of
zero; `dnn_pca`, of which it gives the widths alone, drops the shares of `dnn`. The others are ours.
`mel_cnn` takes log-mel bands, which keep the pitch that 40 MFCCs smooth away, and shares its
convolutions among all genres. `frame_cnn` takes pictures of three colours, and `map_cnn` the 512
maps of 7 x 7 that VGG16 gives of a picture.
"""

from math import prod, sqrt
from typing import NamedTuple

import numpy as np


class Convolution(NamedTuple):
    """A convolution without padding, ReLU, max-pooling and dropout.

    Parameters
    ----------
    channels : int
        Output channels.
    kernel : int
        Rows and columns of the kernel.
    pool : (int, int)
        Rows and columns of the pooling.
    dropout : float
        The share that is dropped.
    """

    channels: int
    kernel: int
    pool: tuple[int, int]
    dropout: float


class Dense(NamedTuple):
    """A dense layer with bias, ReLU and dropout (the share that is dropped)."""

    units: int
    dropout: float


class Architecture(NamedTuple):
    """A network, from its input to its outputs.

    Parameters
    ----------
    convolutions : tuple of Convolution
        The first layers.
    average_time : bool
        Whether the output of the last convolution is averaged over its columns.
    dropout : float
        The share of the flattened values that is dropped.
    dense : tuple of Dense
        The layers before the outputs.
    exclusive : bool
        Whether an instance has one class (softmax) or any number of labels (sigmoid).
    he_uniform : bool
        Whether initial weights have the variance of He, for ReLU, or of Glorot, for linear layers.
    planes : int
        How many pictures of equal height, such as three colours, are stacked in the input's rows.
    """

    convolutions: tuple[Convolution, ...]
    average_time: bool
    dropout: float
    dense: tuple[Dense, ...]
    exclusive: bool
    he_uniform: bool
    planes: int = 1


ARCHITECTURES = {
    "dnn": Architecture((), False, 0.2, (Dense(50, 0.5), Dense(50, 0.0)), True, False),
    "dnn_pca": Architecture(
        (),
        False,
        0.2,
        (Dense(1000, 0.5), Dense(100, 0.5), Dense(50, 0.5), Dense(50, 0.0)),
        True,
        False,
    ),
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
    # Few weights for few films: no dense layer, and an average over time. He's initialisation keeps
    # the size of the signal through the ReLUs; batch norm, which would too, makes the output of an
    # instance depend on its batch.
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
    # Of 7 x 7 maps 5 x 5 positions are left, of which the pooling takes the highest.
    "map_cnn": Architecture(
        (Convolution(64, 3, (5, 5), 0.0),), False, 0.5, (), False, True, planes=512
    ),
}


class DropoutSite(NamedTuple):
    """Where a network drops values: their shape for one instance, channels last, and the share."""

    shape: tuple[int, ...]
    dropout: float


def parameter_shapes(
    model: str, height: int, width: int, n_outputs: int
) -> dict[str, tuple[int, ...]]:
    """Compute the shape of each parameter of one member.

    Parameters
    ----------
    model : str
        A name of ARCHITECTURES.
    height, width : int
        Rows (coefficients, bands or pixels) and columns (frames or pixels) of an instance.
    n_outputs : int
        Units of the last layer.

    Returns
    -------
    dict
        `conv.N.weight` (channels, inputs, kernel, kernel) and `dense.N.weight` (units, inputs),
        each with its `.bias`.

    Examples
    --------
    >>> parameter_shapes("dnn", 2, 3, 1)["dense.0.weight"]
    (50, 6)
    """
    architecture, shapes = ARCHITECTURES[model], {}
    inputs = architecture.planes
    for layer, (channels, kernel, _, _) in enumerate(architecture.convolutions):
        shapes[f"conv.{layer}.weight"] = (channels, inputs, kernel, kernel)
        shapes[f"conv.{layer}.bias"] = (channels,)
        inputs = channels
    inputs = _flat_size(architecture, height, width)
    for layer, units in enumerate([*(dense.units for dense in architecture.dense), n_outputs]):
        shapes[f"dense.{layer}.weight"] = (units, inputs)
        shapes[f"dense.{layer}.bias"] = (units,)
        inputs = units
    return shapes


def dropout_sites(model: str, height: int, width: int) -> list[DropoutSite]:
    """List where a network drops values, from its input to its outputs.

    Parameters
    ----------
    model : str
        A name of ARCHITECTURES.
    height, width : int
        Rows and columns of an instance.

    Returns
    -------
    list of DropoutSite
        Those that drop anything.
    """
    architecture = ARCHITECTURES[model]
    sizes = _layer_sizes(architecture, height, width)
    sites = [
        DropoutSite((*size, layer.channels), layer.dropout)
        for layer, size in zip(architecture.convolutions, sizes, strict=True)
    ]
    sites.append(DropoutSite((_flat_size(architecture, height, width),), architecture.dropout))
    sites += [DropoutSite((layer.units,), layer.dropout) for layer in architecture.dense]
    return [site for site in sites if site.dropout]


def initial_parameters(
    model: str, height: int, width: int, n_outputs: int, random: np.random.Generator
) -> dict[str, np.ndarray]:
    """Draw the parameters of one member before training.

    Parameters
    ----------
    model : str
        A name of ARCHITECTURES.
    height, width, n_outputs : int
        As `parameter_shapes` takes them.
    random : numpy.random.Generator
        Draws the weights; the biases are zero.

    Returns
    -------
    dict
        float32 arrays by name, in the order of `parameter_shapes`.

    References
    ----------
    Glorot and Bengio 2010, equation 16; He et al. 2015, equation 10; both uniform.
    """
    parameters = {}
    for name, shape in parameter_shapes(model, height, width, n_outputs).items():
        if name.endswith(".bias"):
            parameters[name] = np.zeros(shape, np.float32)
            continue
        field = prod(shape[2:])
        fan_in, fan_out = shape[1] * field, shape[0] * field
        he_uniform = ARCHITECTURES[model].he_uniform
        bound = sqrt(6 / fan_in) if he_uniform else sqrt(6 / (fan_in + fan_out))
        parameters[name] = random.uniform(-bound, bound, shape).astype(np.float32)
    return parameters


def _layer_sizes(architecture: Architecture, height: int, width: int) -> list[tuple[int, int]]:
    """Height and width after each convolution and its pooling."""
    sizes, height = [], height // architecture.planes
    for _, kernel, pool, _ in architecture.convolutions:
        height, width = (
            (size - kernel + 1) // by for size, by in zip((height, width), pool, strict=True)
        )
        sizes.append((height, width))
    return sizes


def _flat_size(architecture: Architecture, height: int, width: int) -> int:
    """How many values of an instance reach the dense layers."""
    if not architecture.convolutions:
        return height * width
    height, width = _layer_sizes(architecture, height, width)[-1]
    columns = 1 if architecture.average_time else width
    return architecture.convolutions[-1].channels * height * columns
