"""What a text says, as one vector: MiniLM, trained to put sentences of one meaning near each other.

Wang et al. 2020 (MiniLM), six layers of 384, in the published version that was trained on pairs of
sentences (all-MiniLM-L6-v2): the mean over the tokens, made 1 in length. It has the shape of BERT
(Devlin et al. 2019), the paper's, which is read as well (bert-base-uncased); sizes come from the
variables. Of BERT, too, the mean over the tokens is taken: the paper does not say what it takes.

A film's tags and its plot are told apart by a mark before each. For marks the paper has `<TAG>` and
`<PLOT>`; here they are the first two tokens that BERT's vocabulary reserves and no text can hold.
What they mean is for training to say; a frozen network hardly minds them.
"""

import logging
import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from safetensors.numpy import load_file
from tokenizers import Tokenizer
from torch import nn
from torch.nn import functional

from scorelens.encoders.weight_loading import build, layer_sizes, layer_variables
from scorelens.torch_device import device

TOKENISER = "tokenizer.json"  # among the variables, as bytes
MARKS = {"tags": "[unused0]", "plot": "[unused1]"}
FIRST, LAST = "[CLS]", "[SEP]"
LONGEST = 256  # tokens; MiniLM's published limit, half of BERT's; the first and the last count
HEADS = 12  # of MiniLM's layers, and of BERT's
EPSILON = 1e-12  # of the layer normalisation
TEXTS_AT_ONCE = 16
# Our names of the tables and of a layer's parts: the published names.
TABLES = {
    "words": "word_embeddings",
    "places": "position_embeddings",
    "kinds": "token_type_embeddings",
}
PARTS = {
    "self_attn.out_proj": "attention.output.dense",
    "norm1": "attention.output.LayerNorm",
    "linear1": "intermediate.dense",
    "linear2": "output.dense",
    "norm2": "output.LayerNorm",
}
OLD_KINDS = {"gamma": "weight", "beta": "bias"}  # of norms, in BERT's file

log = logging.getLogger(__name__)


class Text(NamedTuple):
    """What is read at once: tags in one line, a paragraph of a plot, or both."""

    tags: str = ""
    plot: str = ""


class TextEncoder(NamedTuple):
    """A network, and what cuts texts in the tokens that it knows."""

    network: "Bert"
    tokeniser: Tokenizer


def segments(tags: Sequence[str], paragraphs: Sequence[str]) -> dict[str, list[Text]]:
    """What there is to read of a film, by segment: `tags` (one text), `plot` and `tags_plot`.

    paragraphs: of the plot; each is a text of its own, in their order. Tags and paragraphs without
    a letter or a digit are left out, and so is a segment that then lacks a part.
    """
    line = ", ".join(tag.strip() for tag in tags if _says(tag))
    said = [paragraph for paragraph in paragraphs if _says(paragraph)]
    return {
        "tags": [Text(tags=line)] if line else [],
        "plot": [Text(plot=paragraph) for paragraph in said],
        "tags_plot": [Text(line, paragraph) for paragraph in said] if line else [],
    }


def load_encoder(weights: str | os.PathLike) -> TextEncoder:
    """The network, ready to be asked, on the GPU if there is one.

    weights: its file of variables, MiniLM's or BERT's, as `scorelens.pretrained` writes it. Raises
    InputError if the file holds those of another network.
    """
    variables = load_file(weights)
    tokeniser = Tokenizer.from_buffer(variables.pop(TOKENISER).tobytes())
    tokeniser.no_truncation()
    tokeniser.no_padding()
    tokeniser.encode_special_tokens = True  # a text that holds "[SEP]" says nothing special
    network = build(of_variables, variables, weights)
    return TextEncoder(network.to(device()).eval(), tokeniser)


def embed_texts(encoder: TextEncoder, texts: Sequence[Text]) -> np.ndarray:
    """The vectors of texts: float32 (n, width), length 1; NaN where a text has no token."""
    return embed_tokens(encoder.network, cut_texts(encoder, texts))


def cut_texts(encoder: TextEncoder, texts: Sequence[Text]) -> list[list[int]]:
    """Texts as rows of tokens; a row is empty where a text has none.

    A text of more than LONGEST tokens is read up to there; how many there are is logged.
    """
    read = [tokens_of(encoder.tokeniser, text) for text in texts]
    lengths = [len(tokens) for tokens in read if len(tokens) > LONGEST]
    if lengths:
        said = "%d of %d texts have more than %d tokens, up to %d, and are read up to there"
        log.info(said, len(lengths), len(texts), LONGEST, max(lengths))
    return [tokens[: LONGEST - 1] + tokens[-1:] if tokens[LONGEST:] else tokens for tokens in read]


def tokens_of(tokeniser: Tokenizer, text: Text) -> list[int]:
    """A text as numbers of tokens, however many: the first, marks and parts, the last.

    Empty if no part has a token.
    """
    found = []
    for part, mark in MARKS.items():
        own = tokeniser.encode(getattr(text, part), add_special_tokens=False).ids
        found += [tokeniser.token_to_id(mark), *own] if own else []
    return [tokeniser.token_to_id(FIRST), *found, tokeniser.token_to_id(LAST)] if found else []


@torch.inference_mode()
def embed_tokens(network: "Bert", rows: Sequence[Sequence[int]]) -> np.ndarray:
    """The vectors of rows of tokens: float32 (n, width), length 1; NaN where a row is empty.

    rows: at most as many tokens each as the network has places. Those of about one length are
    asked together.
    """
    own = next(network.parameters()).device
    found = np.full((len(rows), network.words.embedding_dim), np.nan, np.float32)
    order = [row for row in np.argsort([len(row) for row in rows], kind="stable") if rows[row]]
    for start in range(0, len(order), TEXTS_AT_ONCE):
        chosen = order[start : start + TEXTS_AT_ONCE]
        tokens, heard = pad_tokens([rows[row] for row in chosen])
        states = network(tokens.to(own), heard.to(own))
        found[chosen] = functional.normalize(mean_state(states, heard.to(own))).cpu().numpy()
    return found


def pad_tokens(rows: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows of tokens as int64 (B, longest), 0 behind each, and which are tokens: bool, alike."""
    tokens = nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows], batch_first=True)
    lengths = torch.tensor([len(row) for row in rows])
    return tokens, torch.arange(tokens.shape[1]) < lengths[:, None]


def mean_state(states: torch.Tensor, heard: torch.Tensor) -> torch.Tensor:
    """The mean over the tokens of each row: (B, n, width) and bool (B, n) to (B, width)."""
    shares = heard / heard.sum(1, keepdim=True)
    return torch.einsum("bnw,bn->bw", states, shares)


class Bert(nn.Module):
    """The network without what its makers put on top.

    words: of the vocabulary. places: tokens in a text at most. inner: hidden units of a layer.
    """

    def __init__(self, words: int, places: int, width: int, inner: int, layers: int) -> None:
        super().__init__()
        self.words = nn.Embedding(words, width)
        self.places = nn.Embedding(places, width)
        self.kinds = nn.Embedding(2, width)  # of the two sentences that BERT was trained on
        self.norm = nn.LayerNorm(width, EPSILON)
        layer = nn.TransformerEncoderLayer(
            width, HEADS, inner, activation="gelu", layer_norm_eps=EPSILON, batch_first=True
        )
        self.layers = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.dropout = nn.Dropout(layer.dropout.p)

    def forward(self, tokens: torch.Tensor, heard: torch.Tensor) -> torch.Tensor:
        """tokens: int64 (B, n). heard: bool, false behind a text's end. Returns (B, n, width)."""
        embedded = self.words(tokens) + self.places.weight[: tokens.shape[1]] + self.kinds.weight[0]
        states = self.dropout(self.norm(embedded))
        return self.layers(states, src_key_padding_mask=~heard)


def of_variables(variables: Mapping[str, np.ndarray]) -> Bert:
    """The network of a published file, in its sizes.

    variables: by their published names, with `bert.` before each or without. What its makers put on
    top is left out.
    """
    found = {_named(name): torch.from_numpy(value) for name, value in variables.items()}
    state = {f"{own}.weight": found[f"embeddings.{name}.weight"] for own, name in TABLES.items()}
    state |= layer_variables(found, "attention.self", PARTS)
    for kind in ("weight", "bias"):
        state[f"norm.{kind}"] = found[f"embeddings.LayerNorm.{kind}"]
    words, width = state["words.weight"].shape
    layers, inner = layer_sizes(state)
    network = Bert(words, len(state["places.weight"]), width, inner, layers)
    network.load_state_dict(state)
    return network


def _named(name: str) -> str:
    """A published name without `bert.`, its last part as newer files have it."""
    part, _, kind = name.removeprefix("bert.").rpartition(".")
    return f"{part}.{OLD_KINDS.get(kind, kind)}"


def _says(text: str) -> bool:
    return any(letter.isalnum() for letter in text)
