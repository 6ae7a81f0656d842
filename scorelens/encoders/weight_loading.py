"""Networks out of the variables of published files; layers of transformers by either name."""

import os
from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import nn

from scorelens.errors import InputError, Problem

ASKED = ("query", "key", "value")
KINDS = ("weight", "bias")


def build(
    of_variables: Callable[[dict[str, np.ndarray]], nn.Module],
    variables: dict[str, np.ndarray],
    path: str | os.PathLike,
) -> nn.Module:
    """A network of its variables, which `path` holds. Raises InputError if they are another's."""
    try:
        return of_variables(variables)
    except (LookupError, RuntimeError, ValueError) as error:
        reason = str(error).strip().split("\n")[0]
        hint = "delete it, and its published file if that is one of your own, and get it again"
        problem = Problem(str(path), f"is of another network ({reason})", "the one asked for", hint)
        raise InputError(problem) from error


def layer_variables(
    found: Mapping[str, torch.Tensor], asked: str, parts: Mapping[str, str]
) -> dict[str, torch.Tensor]:
    """The variables of all layers, as an `nn.TransformerEncoder` called `layers` names them.

    found: by published names, `encoder.layer.0...` and so on. asked: where a layer keeps its query,
    key and value. parts: PyTorch's names of a layer's other parts -> the published ones.
    """
    state = {}
    layers = {name.split(".")[2] for name in found if name.startswith("encoder.layer.")}
    for layer in sorted(layers, key=int):
        theirs, ours = f"encoder.layer.{layer}", f"layers.layers.{layer}"
        for kind in KINDS:
            inputs = [found[f"{theirs}.{asked}.{part}.{kind}"] for part in ASKED]
            state[f"{ours}.self_attn.in_proj_{kind}"] = torch.cat(inputs)
            for own, name in parts.items():
                state[f"{ours}.{own}.{kind}"] = found[f"{theirs}.{name}.{kind}"]
    return state


def layer_sizes(state: Mapping[str, torch.Tensor]) -> tuple[int, int]:
    """How many layers there are, and the hidden units of one."""
    inner = [len(value) for name, value in state.items() if name.endswith("linear1.bias")]
    return len(inner), inner[0]
