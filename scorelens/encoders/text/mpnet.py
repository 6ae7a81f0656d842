"""MPNet (Song et al. 2020): states of tokens, by the version trained on pairs of sentences.

That is all-mpnet-base-v2: twelve layers of 768 values. As BERT, but without segments, and with a
bias of the attention that depends on the distance between two tokens, the same in every layer.
"""

from collections.abc import Mapping
from math import log

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from scorelens.encoders.weight_loading import layer_sizes, layer_variables

EPSILON = 1e-5  # of the layer normalization
FIRST_POSITION = 2  # the published table has a row for padding before
FAR_TOKENS = 128  # a distance from here on has the last bucket
# PyTorch's names of a layer's parts: the published names.
PARTS = {
    "self_attn.out_proj": "attention.attn.o",
    "norm1": "attention.LayerNorm",
    "linear1": "intermediate.dense",
    "linear2": "output.dense",
    "norm2": "output.LayerNorm",
}
INPUTS = ("q", "k", "v")  # of the attention


class Mpnet(nn.Module):
    """The network without the layers for its training tasks.

    Parameters
    ----------
    words : int
        Size of the vocabulary.
    positions : int
        Tokens of a text at most, and 2.
    width : int
        Values of a token.
    hidden : int
        Hidden units of a layer.
    layers : int
        Number of layers.
    buckets, heads : int
        Of the distances, and of a layer's attention.
    """

    padding = 1  # the token behind a text's end

    def __init__(
        self,
        words: int,
        positions: int,
        width: int,
        hidden: int,
        layers: int,
        buckets: int,
        heads: int,
    ) -> None:
        super().__init__()
        self.words = nn.Embedding(words, width)
        self.positions = nn.Embedding(positions, width)
        self.distances = nn.Embedding(buckets, heads)
        self.norm = nn.LayerNorm(width, EPSILON)
        layer = nn.TransformerEncoderLayer(
            width, heads, hidden, activation=gelu, layer_norm_eps=EPSILON, batch_first=True
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
        count = tokens.shape[1]
        positions = self.positions.weight[FIRST_POSITION : FIRST_POSITION + count]
        states = self.dropout(self.norm(self.words(tokens) + positions))
        buckets = distance_buckets(count, len(self.distances.weight)).to(tokens.device)
        bias = self.distances(buckets).permute(2, 0, 1).repeat(len(tokens), 1, 1)
        ends = torch.zeros(mask.shape, device=mask.device).masked_fill(~mask, -torch.inf)
        return self.layers(states, bias, ends)


def gelu(values: torch.Tensor) -> torch.Tensor:
    """GELU, as a function that PyTorch does not know.

    With its own one a layer takes a fast path in inference, where any bias of the attention that is
    not 0 masks the token.
    """
    return functional.gelu(values)


def distance_buckets(tokens: int, buckets: int) -> torch.Tensor:
    """Number the bucket of the distance of each pair of tokens.

    Half of the buckets are for tokens after the attending one. Of each half one half has a bucket
    a distance, and the other spreads the rest up to FAR_TOKENS by their logarithm.

    Parameters
    ----------
    tokens : int
    buckets : int

    Returns
    -------
    tensor of int64, shape (tokens, tokens)
        A row each attending token.

    References
    ----------
    Raffel et al. 2020, section 2.1, whose distances MPNet takes.

    Examples
    --------
    >>> distance_buckets(3, 32)
    tensor([[ 0, 17, 18],
            [ 1,  0, 17],
            [ 2,  1,  0]])
    """
    ahead = torch.arange(tokens) - torch.arange(tokens)[:, None]
    half, exact = buckets // 2, buckets // 4
    distance = ahead.abs()
    octaves = torch.log(distance.clamp(min=1) / exact) / log(FAR_TOKENS / exact)
    far = (exact + (octaves * (half - exact)).long()).clamp(max=half - 1)
    return torch.where(distance < exact, distance, far) + half * (ahead > 0)


def from_variables(variables: Mapping[str, np.ndarray]) -> Mpnet:
    """Build the network of a published file, in its sizes.

    Parameters
    ----------
    variables : mapping of str to ndarray
        By their published names. Those of the layers for its training tasks are ignored.

    Returns
    -------
    Mpnet

    Raises
    ------
    LookupError
        If a variable is missing.
    RuntimeError
        If one has another shape.
    """
    named = {name: torch.from_numpy(value) for name, value in variables.items()}
    state = {
        "words.weight": named["embeddings.word_embeddings.weight"],
        "positions.weight": named["embeddings.position_embeddings.weight"],
        "distances.weight": named["encoder.relative_attention_bias.weight"],
        "norm.weight": named["embeddings.LayerNorm.weight"],
        "norm.bias": named["embeddings.LayerNorm.bias"],
    }
    state |= layer_variables(named, "attention.attn", PARTS, INPUTS)
    words, width = state["words.weight"].shape
    layers, hidden = layer_sizes(state)
    sizes = (words, len(state["positions.weight"]), width, hidden, layers)
    network = Mpnet(*sizes, *state["distances.weight"].shape)
    network.load_state_dict(state)
    return network
