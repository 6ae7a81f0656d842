"""Read the words of films, tags and plots, with a frozen network."""

import hashlib
import json
import os
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from tqdm import tqdm

from scorelens import media
from scorelens.encoders import text_encoder
from scorelens.encoders.embedding_cache import update_vectors
from scorelens.encoders.text_encoder import Text
from scorelens.retrieval.data.collect_errors import try_each
from scorelens.retrieval.data.films import read_paragraphs
from scorelens.tables import RETRIEVAL_TEXTS


class Words(NamedTuple):
    """The words of a film. plot: a text file, as `films.read_paragraphs` takes it, or None."""

    film_id: str
    tags: Sequence[str]
    plot: str | os.PathLike | None


def read_words(
    films: Sequence[Words],
    segments: Collection[str],
    network: str,
    weights: str | os.PathLike,
    code: str,
    output: str | os.PathLike,
    threads: int = 1,
) -> None:
    """Write what a network says of each film's words (tables.RETRIEVAL_TEXTS).

    A row for each text, a film's together. segments: those of `texts.segments` that are wanted.
    network: the name of that in weights. weights: as `texts.load_encoder` takes them. code: stands
    for the code in force. threads: of the CPU. Words that the table knows from before are not read
    again. Raises InputError with every plot that is no text.
    """
    torch.set_num_threads(threads)
    rows, words = [], {}
    plots = try_each(_paragraphs, films)
    for film, paragraphs in zip(films, plots, strict=True):
        for segment, paragraph, text in _texts(film, paragraphs, segments):
            sha256 = digest(text)
            words[sha256] = text
            row = {"film_id": film.film_id, "segment": segment, "paragraph": paragraph}
            rows.append(row | {"sha256": sha256})

    def embed(due: Sequence[str]) -> list[np.ndarray]:
        return _embed_each([words[sha256] for sha256 in due], weights)

    facts = {"network": network, "weights_sha256": media.sha256(weights), "code": code}
    update_vectors(rows, embed, "text", output, RETRIEVAL_TEXTS, facts)


def _embed_each(found: Sequence[Text], weights: str | os.PathLike) -> list[np.ndarray]:
    """The vectors of texts, each (size,). One at a time: none hangs on what else is in a batch."""
    encoder = text_encoder.load_encoder(weights)
    rows = tqdm(text_encoder.cut_texts(encoder, found), unit="text", disable=None)
    return [text_encoder.embed_tokens(encoder.network, [row])[0] for row in rows]


def digest(text: Text) -> str:
    """The SHA-256 of a text, tags and plot told apart."""
    return hashlib.sha256(json.dumps(text).encode()).hexdigest()


def _paragraphs(film: Words) -> list[str]:
    return read_paragraphs(film.plot) if film.plot else []


def _texts(
    film: Words, paragraphs: Sequence[str], wanted: Collection[str]
) -> Iterator[tuple[str, int, Text]]:
    """The texts of a film in the segments wanted, each with its segment and its number there."""
    for segment, found in text_encoder.segments(film.tags, paragraphs).items():
        if segment in wanted:
            for number, text in enumerate(found):
                yield segment, number, text
