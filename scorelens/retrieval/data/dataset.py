"""What a model of retrieval learns from and is asked: vectors of films and tracks, and the split.

All models have the same films: those that have every part that any model in use sees. Of those
parts a model that sees several can be asked with some alone.
"""

import os
from collections.abc import Collection, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd

from scorelens.errors import naming_damage
from scorelens.retrieval import CONFIGURATIONS
from scorelens.retrieval.data.batches import Corpus, Rows, Split
from scorelens.tables import (
    RETRIEVAL_FILMS,
    RETRIEVAL_IMAGES,
    RETRIEVAL_TEXTS,
    RETRIEVAL_TRACKS,
    Table,
    feature_columns,
    read_table,
)

IMAGE = "image"
LEFT_OUT = "left_out"  # the part of a film that takes no part


class Material(NamedTuple):
    """The films that take part, by id in order, and their tracks, film by film.

    films: ids. tracks: (film_id, track_id) of each. corpus: as the model sees the films, numbered
    in the order of `films`. split: numbers of films. vectors: of the films, by what the model can
    be asked with: `image`, `tags`, `plot`, `tags_plot`; for `views_of`.
    """

    films: list[str]
    tracks: list[tuple[str, str]]
    corpus: Corpus
    split: Split
    vectors: Mapping[str, Rows]


def read_material(
    configuration: str,
    films: str | os.PathLike,
    tracks: str | os.PathLike,
    fragments: str | os.PathLike,
    images: str | os.PathLike | None,
    texts: str | os.PathLike | None,
) -> Material:
    """Read what one model learns from.

    films, tracks, fragments: of `gather.gather_retrieval`; the fragments stay on the disk, as a
    memory map. images, texts: tables of RETRIEVAL_IMAGES and RETRIEVAL_TEXTS, in which every film
    that takes part has what the model sees; None where it does not look at them.
    """
    table = read_table(films, RETRIEVAL_FILMS)
    table = table[table["part"] != LEFT_OUT].sort_values("film_id", ignore_index=True)
    known = pd.Index(table["film_id"])
    heard = read_table(tracks, RETRIEVAL_TRACKS)
    with naming_damage(fragments, "an array of fragments"):
        values = np.load(fragments, mmap_mode="r")
    vectors = _read_vectors(subsets(configuration), known, images, texts)
    return Material(
        known.tolist(),
        list(zip(heard["film_id"], heard["track_id"], strict=True)),
        Corpus(
            views_of(vectors, CONFIGURATIONS[configuration]),
            Rows(values, np.repeat(np.arange(len(heard)), heard["fragments"])),
            known.get_indexer(heard["film_id"]),
        ),
        Split(*(np.flatnonzero(table["part"] == part) for part in Split._fields)),
        vectors,
    )


def subsets(configuration: str) -> list[tuple[str, ...]]:
    """What a model can be asked with: all that it sees, then each smaller choice of its parts."""
    parts = CONFIGURATIONS[configuration]
    return [chosen for size in range(len(parts), 0, -1) for chosen in combinations(parts, size)]


def views_of(vectors: Mapping[str, Rows], parts: Sequence[str]) -> dict[str, Rows]:
    """What a model is given of films that it sees some parts of: `image`, `text` or both."""
    views = {"image": vectors[IMAGE]} if IMAGE in parts else {}
    segment = _segment(parts)
    return views | ({"text": vectors[segment]} if segment else {})


def whole_rows(path: str | os.PathLike, table: Table) -> pd.DataFrame:
    """The rows of a table of vectors that hold all values; what has none says nothing."""
    frame = read_table(path, table)
    return frame[frame[feature_columns(frame, table)].notna().all(axis=1)]


def _segment(parts: Sequence[str]) -> str:
    return "_".join(part for part in parts if part != IMAGE)


def _read_vectors(
    asked: Collection[Sequence[str]],
    films: pd.Index,
    images: str | os.PathLike | None,
    texts: str | os.PathLike | None,
) -> dict[str, Rows]:
    """The vectors of films that are needed to ask with some choices of parts."""
    segments = dict.fromkeys(_segment(parts) for parts in asked)
    found = {}
    if any(IMAGE in parts for parts in asked):
        found[IMAGE] = _rows(whole_rows(images, RETRIEVAL_IMAGES), RETRIEVAL_IMAGES, films)
    if any(segments):
        read = whole_rows(texts, RETRIEVAL_TEXTS).sort_values("paragraph", kind="stable")
        for segment in filter(None, segments):
            found[segment] = _rows(read[read["segment"] == segment], RETRIEVAL_TEXTS, films)
    return found


def _rows(frame: pd.DataFrame, table: Table, films: pd.Index) -> Rows:
    """Vectors of the films, film by film, in the order that a film's have in the frame."""
    number = films.get_indexer(frame["film_id"])
    order = np.argsort(number, kind="stable")
    order = order[number[order] >= 0]
    values = frame[feature_columns(frame, table)].to_numpy(np.float32)
    return Rows(values[order], number[order])
