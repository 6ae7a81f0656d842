"""Embed the tags and plots of films with a pretrained network."""

import hashlib
import json
import os
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from scorelens import media
from scorelens.encoders import text_encoder
from scorelens.encoders.embedding_cache import update_embeddings
from scorelens.encoders.text_encoder import Text, film_texts
from scorelens.retrieval.data.collect_errors import map_collecting_errors
from scorelens.retrieval.data.films import read_paragraphs
from scorelens.tables import RETRIEVAL_TEXTS


class FilmTexts(NamedTuple):
    """The texts about a film.

    Attributes
    ----------
    film_id : str
    tags : sequence of str
    plot : path or None
        A text file of paragraphs.
    """

    film_id: str
    tags: Sequence[str]
    plot: str | os.PathLike | None


def embed_texts(
    films: Sequence[FilmTexts],
    segments: Collection[str],
    network: str,
    weights: str | os.PathLike,
    code: str,
    output: str | os.PathLike,
    threads: int = 1,
) -> None:
    """Write the embeddings of each film's texts (tables.RETRIEVAL_TEXTS), a row a text.

    A text that is in the table already, by the same network and code, is not embedded again.

    Parameters
    ----------
    films : sequence of FilmTexts
    segments : collection of str
        Which of `tags`, `plot` and `tags_plot` are wanted.
    network : str
        Name of a text network.
    weights : path
        Its variables, a file that `scorelens.pretrained.fetch` wrote.
    code : str
        Hash of the code that the result depends on.
    output : path
    threads : int
        Threads of the CPU.

    Raises
    ------
    InputError
        With every plot that is no text.
    """
    rows, texts = [], {}
    plots = map_collecting_errors(_paragraphs, films)
    for film, paragraphs in zip(films, plots, strict=True):
        for segment, paragraph, text in _wanted_texts(film, paragraphs, segments):
            sha256 = digest(text)
            texts[sha256] = text
            row = {"film_id": film.film_id, "segment": segment, "paragraph": paragraph}
            rows.append(row | {"sha256": sha256})

    def embed(stale: Sequence[str]) -> list[np.ndarray]:
        """One at a time: an embedding does not depend on what else is in a batch."""
        encoder = text_encoder.load(network, weights, threads)
        tokens = encoder.tokenize([texts[sha256] for sha256 in stale])
        return [encoder.encode_tokens([row])[0] for row in tqdm(tokens, unit="text", disable=None)]

    provenance = {"network": network, "weights_sha256": media.sha256(weights), "code": code}
    update_embeddings(rows, embed, "text", output, RETRIEVAL_TEXTS, provenance)


def digest(text: Text) -> str:
    """Hash a text; the same words as tags and as plot have different hashes.

    Parameters
    ----------
    text : Text

    Returns
    -------
    str
        SHA-256 in hexadecimal.
    """
    return hashlib.sha256(json.dumps(text).encode()).hexdigest()


def _paragraphs(film: FilmTexts) -> list[str]:
    return read_paragraphs(film.plot) if film.plot else []


def _wanted_texts(
    film: FilmTexts, paragraphs: Sequence[str], segments: Collection[str]
) -> Iterator[tuple[str, int, Text]]:
    """The texts of a film in some segments, each with its segment and its number there."""
    for segment, texts in film_texts(film.tags, paragraphs).items():
        if segment in segments:
            for number, text in enumerate(texts):
                yield segment, number, text
