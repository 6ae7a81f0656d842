"""Build networks from the variables of published files, and map the layers of transformers."""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import numpy as np
import torch

from scorelens.errors import InputError, Problem

Network = TypeVar("Network")

ATTENTION_INPUTS = ("query", "key", "value")  # of BERT and ViT
KINDS = ("weight", "bias")


def build_network(
    from_variables: Callable[[dict[str, np.ndarray]], Network],
    variables: dict[str, np.ndarray],
    path: str | os.PathLike,
) -> Network:
    """Build a network from its variables.

    Parameters
    ----------
    from_variables : callable
        Builds the network; raises LookupError, RuntimeError or ValueError if variables do not fit.
    variables : dict of str to ndarray
        Arrays by their published names.
    path : path
        The file that they come from, for the message.

    Returns
    -------
    object
        What `from_variables` returns.

    Raises
    ------
    InputError
        If the variables are those of another network.
    """
    try:
        return from_variables(variables)
    except (LookupError, RuntimeError, ValueError) as error:
        reason = str(error).strip().split("\n")[0]
        hint = "delete it, and its published file if that is one of your own, and get it again"
        what = f"holds the variables of another network ({reason})"
        raise InputError(Problem(str(path), what, "those of the network named", hint)) from error


def layer_variables(
    variables: Mapping[str, torch.Tensor],
    attention: str,
    parts: Mapping[str, str],
    inputs: Sequence[str] = ATTENTION_INPUTS,
) -> dict[str, torch.Tensor]:
    """Rename the variables of all layers of a transformer to those of `nn.TransformerEncoder`.

    Parameters
    ----------
    variables : mapping of str to tensor
        By published names, `encoder.layer.0...` and so on.
    attention : str
        Prefix of query, key and value in a layer, such as `attention.self`.
    parts : mapping of str to str
        PyTorch's names of a layer's other parts -> the published names.
    inputs : sequence of str
        The published names of query, key and value.

    Returns
    -------
    dict of str to tensor
        State of a `nn.TransformerEncoder` that is called `layers`.

    Raises
    ------
    KeyError
        If a variable is missing.
    """
    state = {}
    layers = {name.split(".")[2] for name in variables if name.startswith("encoder.layer.")}
    for layer in sorted(layers, key=int):
        old, new = f"encoder.layer.{layer}", f"layers.layers.{layer}"
        for kind in KINDS:
            joined = [variables[f"{old}.{attention}.{part}.{kind}"] for part in inputs]
            state[f"{new}.self_attn.in_proj_{kind}"] = torch.cat(joined)
            for part, published in parts.items():
                state[f"{new}.{part}.{kind}"] = variables[f"{old}.{published}.{kind}"]
    return state


def layer_sizes(state: Mapping[str, torch.Tensor]) -> tuple[int, int]:
    """Give the number of layers and the hidden units of a layer.

    Parameters
    ----------
    state : mapping of str to tensor
        From `layer_variables`.

    Returns
    -------
    layers, hidden : int

    Raises
    ------
    IndexError
        If there is no layer.
    """
    hidden = [len(value) for name, value in state.items() if name.endswith("linear1.bias")]
    return len(hidden), hidden[0]
