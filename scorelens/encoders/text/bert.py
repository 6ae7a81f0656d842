"""BERT (Devlin et al. 2019), also in the size of MiniLM (Wang et al. 2020): states of tokens.

MiniLM has six layers of 384 values, in the published version that was trained on pairs of sentences
(all-MiniLM-L6-v2); BERT twelve of 768 (bert-base-uncased). Sizes come from the variables.
"""

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from scorelens.encoders.weight_loading import layer_sizes, layer_variables

HEADS = 12  # of MiniLM's layers, and of BERT's
EPSILON = 1e-12  # of the layer normalization
# Our names of the tables and PyTorch's of a layer's parts: the published names.
TABLES = {
    "words": "word_embeddings",
    "positions": "position_embeddings",
    "segments": "token_type_embeddings",
}
PARTS = {
    "self_attn.out_proj": "attention.output.dense",
    "norm1": "attention.output.LayerNorm",
    "linear1": "intermediate.dense",
    "linear2": "output.dense",
    "norm2": "output.LayerNorm",
}
OLD_KINDS = {"gamma": "weight", "beta": "bias"}  # of layer normalizations, in BERT's file


class Bert(nn.Module):
    """The network without the layers for its training tasks.

    Parameters
    ----------
    words : int
        Size of the vocabulary.
    positions : int
        Tokens of a text at most.
    width : int
        Values of a token.
    hidden : int
        Hidden units of a layer.
    layers : int
        Number of layers.
    """

    padding = 0  # the token behind a text's end

    def __init__(self, words: int, positions: int, width: int, hidden: int, layers: int) -> None:
        super().__init__()
        self.words = nn.Embedding(words, width)
        self.positions = nn.Embedding(positions, width)
        self.segments = nn.Embedding(2, width)  # of the two sentences that BERT was trained on
        self.norm = nn.LayerNorm(width, EPSILON)
        layer = nn.TransformerEncoderLayer(
            width, HEADS, hidden, activation="gelu", layer_norm_eps=EPSILON, batch_first=True
        )
        self.layers = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.dropout = nn.Dropout(layer.dropout.p)

    def forward(self, tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Give the states of tokens.

        Parameters
        ----------
        tokens : tensor of int64, shape (b, n)
        mask : tensor of bool, shape (b, n)
            False behind a text's end.

        Returns
        -------
        tensor of float32, shape (b, n, width)
        """
        positions = self.positions.weight[: tokens.shape[1]]
        states = self.words(tokens) + positions + self.segments.weight[0]
        states = self.dropout(self.norm(states))
        return self.layers(states, src_key_padding_mask=~mask)


def from_variables(variables: Mapping[str, np.ndarray]) -> Bert:
    """Build the network of a published file, in its sizes.

    Parameters
    ----------
    variables : mapping of str to ndarray
        By their published names, with `bert.` before each or without. Those of the layers for its
        training tasks are ignored.

    Returns
    -------
    Bert

    Raises
    ------
    LookupError
        If a variable is missing.
    RuntimeError
        If one has another shape.
    """
    named = {_new_name(name): torch.from_numpy(value) for name, value in variables.items()}
    state = {f"{name}.weight": named[f"embeddings.{old}.weight"] for name, old in TABLES.items()}
    state |= layer_variables(named, "attention.self", PARTS)
    for kind in ("weight", "bias"):
        state[f"norm.{kind}"] = named[f"embeddings.LayerNorm.{kind}"]
    words, width = state["words.weight"].shape
    layers, hidden = layer_sizes(state)
    network = Bert(words, len(state["positions.weight"]), width, hidden, layers)
    network.load_state_dict(state)
    return network


def _new_name(name: str) -> str:
    """A published name without `bert.`, its last part as newer files have it."""
    part, _, kind = name.removeprefix("bert.").rpartition(".")
    return f"{part}.{OLD_KINDS.get(kind, kind)}"
