"""Text encoders: from the tags and the plot of a film to embeddings of length 1.

An embedding is the mean over the tokens of a text, scaled to length 1, as published for MiniLM. The
paper does not say what it takes of BERT; the same is done there.

A mark before a film's tags and one before its plot distinguish them. The paper has `<TAG>` and
`<PLOT>`; here the marks are the first two tokens that BERT's vocabulary, which MPNet has too,
reserves and that no text can hold. Training gives them a meaning; on a frozen network they have
little effect.
"""

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import NamedTuple

import numpy as np
import torch
from safetensors.numpy import load_file
from tokenizers import Tokenizer
from torch import nn
from torch.nn import functional

from scorelens.encoders.registry import ENCODERS
from scorelens.encoders.weight_loading import build_network
from scorelens.torch_device import device

TOKENIZER = "tokenizer.json"  # among the variables, as bytes
MARKS = {"tags": "[unused0]", "plot": "[unused1]"}
BATCH_SIZE = 16  # texts

log = logging.getLogger(__name__)


class Text(NamedTuple):
    """A text that is embedded at once: tags in one line, a paragraph of a plot, or both."""

    tags: str = ""
    plot: str = ""


@dataclass(frozen=True)
class TextEncoder:
    """A pretrained text network with its weights, and its tokenizer.

    Parameters
    ----------
    name : str
        Its name in the registry.
    network : nn.Module
        From `from_variables` of its module, on a device.
    tokenizer : tokenizers.Tokenizer
    """

    name: str
    network: nn.Module
    tokenizer: Tokenizer

    @property
    def size(self) -> int:
        """Values of an embedding."""
        return self.network.words.embedding_dim

    def encode(self, texts: Sequence[Text]) -> np.ndarray:
        """Embed texts.

        Parameters
        ----------
        texts : sequence of Text
            A text is cut off at the limit of the network; how many are longer is logged.

        Returns
        -------
        ndarray of float32, shape (n, size)
            Of length 1; NaN where a text has no token.
        """
        return self.encode_tokens(self.tokenize(texts))

    def tokenize(self, texts: Sequence[Text]) -> list[list[int]]:
        """Turn texts into rows of tokens, cut off at the limit of the network.

        Parameters
        ----------
        texts : sequence of Text

        Returns
        -------
        list of list of int
            One row a text; empty where a text has no token.
        """
        limit = ENCODERS[self.name].input_size
        rows = [tokens_of(self.tokenizer, text) for text in texts]
        lengths = [len(row) for row in rows if len(row) > limit]
        if lengths:
            message = "%d of %d texts have more than %d tokens, up to %d; the rest is ignored"
            log.info(message, len(lengths), len(texts), limit, max(lengths))
        return [row[: limit - 1] + row[-1:] if row[limit:] else row for row in rows]

    @torch.inference_mode()
    def encode_tokens(self, rows: Sequence[Sequence[int]]) -> np.ndarray:
        """Embed rows of tokens; those of about one length are in one batch.

        Parameters
        ----------
        rows : sequence of sequence of int
            At most as many tokens each as the network has positions.

        Returns
        -------
        ndarray of float32, shape (n, size)
            Of length 1; NaN where a row is empty.
        """
        target = next(self.network.parameters()).device
        result = np.full((len(rows), self.size), np.nan, np.float32)
        order = [row for row in np.argsort([len(row) for row in rows], kind="stable") if rows[row]]
        for start in range(0, len(order), BATCH_SIZE):
            batch = order[start : start + BATCH_SIZE]
            padded = pad_tokens([rows[row] for row in batch], self.network.padding)
            tokens, mask = (part.to(target) for part in padded)
            means = mean_state(self.network(tokens, mask), mask)
            result[batch] = functional.normalize(means).cpu().numpy()
        return result


def load(name: str, weights: str | os.PathLike, threads: int | None = None) -> TextEncoder:
    """Load a text network and its tokenizer, on the GPU if there is one.

    Parameters
    ----------
    name : str
        A name in the registry, of a text network.
    weights : path
        Its variables, a file that `scorelens.pretrained.fetch` wrote.
    threads : int, optional
        Threads of the CPU; by default as PyTorch is set.

    Returns
    -------
    TextEncoder

    Raises
    ------
    InputError
        If the file holds the variables of another network.
    """
    if threads:
        torch.set_num_threads(threads)
    variables = load_file(weights)
    tokenizer = Tokenizer.from_buffer(variables.pop(TOKENIZER).tobytes())
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.encode_special_tokens = True  # "[SEP]" in a text is not a special token
    module = import_module(f"scorelens.encoders.text.{ENCODERS[name].module}")
    network = build_network(module.from_variables, variables, weights)
    return TextEncoder(name, network.to(device()).eval(), tokenizer)


def film_texts(tags: Sequence[str], paragraphs: Sequence[str]) -> dict[str, list[Text]]:
    """Make the texts of a film that can be embedded, by segment.

    Tags and paragraphs without a letter or a digit are left out, and so is a segment that then
    lacks a part.

    Parameters
    ----------
    tags : sequence of str
    paragraphs : sequence of str
        Of the plot.

    Returns
    -------
    dict of str to list of Text
        `tags` (one text), `plot` and `tags_plot` (one text a paragraph, in their order).

    Examples
    --------
    >>> film_texts(["war", "love"], ["They part."])["tags_plot"]
    [Text(tags='war, love', plot='They part.')]
    """
    line = ", ".join(tag.strip() for tag in tags if has_words(tag))
    plot = [paragraph for paragraph in paragraphs if has_words(paragraph)]
    return {
        "tags": [Text(tags=line)] if line else [],
        "plot": [Text(plot=paragraph) for paragraph in plot],
        "tags_plot": [Text(line, paragraph) for paragraph in plot] if line else [],
    }


def has_words(text: str) -> bool:
    """Tell whether a text holds a letter or a digit.

    Parameters
    ----------
    text : str

    Returns
    -------
    bool

    Examples
    --------
    >>> has_words("Noir!"), has_words("...")
    (True, False)
    """
    return any(letter.isalnum() for letter in text)


def tokens_of(tokenizer: Tokenizer, text: Text) -> list[int]:
    """Turn a text into tokens: the first token, marks and parts, the last token.

    Parameters
    ----------
    tokenizer : tokenizers.Tokenizer
    text : Text

    Returns
    -------
    list of int
        However many; empty if no part has a token.
    """
    tokens = []
    for part, mark in MARKS.items():
        part_tokens = tokenizer.encode(getattr(text, part), add_special_tokens=False).ids
        tokens += [tokenizer.token_to_id(mark), *part_tokens] if part_tokens else []
    first, last = end_tokens(tokenizer)
    return [first, *tokens, last] if tokens else []


def end_tokens(tokenizer: Tokenizer) -> tuple[int, int]:
    """Give the first and the last token of every text, such as [CLS] and [SEP]."""
    first, last = tokenizer.encode("").ids
    return first, last


def pad_tokens(
    rows: Sequence[Sequence[int]], padding: int = 0
) -> tuple[torch.Tensor, torch.Tensor]:
    """Pad rows of tokens to one length.

    Parameters
    ----------
    rows : sequence of sequence of int
    padding : int
        The token behind a row's end.

    Returns
    -------
    tokens : tensor of int64, shape (b, longest)
    mask : tensor of bool, shape (b, longest)
        False behind a row's end.
    """
    sequences = [torch.tensor(row) for row in rows]
    tokens = nn.utils.rnn.pad_sequence(sequences, batch_first=True, padding_value=padding)
    lengths = torch.tensor([len(row) for row in rows])
    return tokens, torch.arange(tokens.shape[1]) < lengths[:, None]


def mean_state(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Average the states of the tokens of each row.

    Parameters
    ----------
    states : tensor of float32, shape (b, n, width)
    mask : tensor of bool, shape (b, n)
        False behind a row's end.

    Returns
    -------
    tensor of float32, shape (b, width)
    """
    weights = mask / mask.sum(1, keepdim=True)
    return torch.einsum("bnw,bn->bw", states, weights)
