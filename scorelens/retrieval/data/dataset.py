"""Read the dataset of one retrieval model: vectors of films and tracks, and the split.

All models share the same films: those with every part that any model of the run uses. A model that
uses several parts can be queried with each non-empty subset of them.
"""

import os
from collections.abc import Collection, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd

from scorelens.errors import naming_damage
from scorelens.retrieval import CONFIGURATIONS
from scorelens.retrieval.data.batches import PairDataset, Rows, Split
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
LEFT_OUT = "left_out"  # part of the films outside the split
WIDTH = 256  # of random features instead of log-mel: the output of the paper's encoder
RANDOM_STREAM = 1  # of the seed, apart from the streams of the training


class RetrievalDataset(NamedTuple):
    """Films of the split and their tracks.

    Attributes
    ----------
    films : list of str
        Film ids, sorted.
    tracks : list of (str, str)
        Film id and track id of each track, film by film.
    pairs : PairDataset
        The inputs of the model; films are numbered as in `films`.
    split : Split
        Numbers of the films of each part.
    vectors : mapping of str to Rows
        Vectors of films that queries use: `image`, `tags`, `plot`, `tags_plot`. See `select_views`.
    """

    films: list[str]
    tracks: list[tuple[str, str]]
    pairs: PairDataset
    split: Split
    vectors: Mapping[str, Rows]


def read_dataset(
    configuration: str,
    films: str | os.PathLike,
    tracks: str | os.PathLike,
    fragments: str | os.PathLike,
    images: str | os.PathLike | None,
    texts: str | os.PathLike | None,
) -> RetrievalDataset:
    """Read the dataset of one model.

    Parameters
    ----------
    configuration : str
        A name of CONFIGURATIONS.
    films, tracks, fragments : str or os.PathLike
        Outputs of `gather.gather_retrieval`. The fragments are memory-mapped.
    images, texts : str or os.PathLike or None
        Tables of RETRIEVAL_IMAGES and RETRIEVAL_TEXTS with every film of the split; None if the
        model does not see them.

    Returns
    -------
    RetrievalDataset
        Films, tracks, vectors and the split.

    Raises
    ------
    InputError
        If a file is damaged.
    """
    table = read_table(films, RETRIEVAL_FILMS)
    table = table[table["part"] != LEFT_OUT].sort_values("film_id", ignore_index=True)
    ids = pd.Index(table["film_id"])
    track_table = read_table(tracks, RETRIEVAL_TRACKS)
    with naming_damage(fragments, "an array of fragments"):
        values = np.load(fragments, mmap_mode="r")
    vectors = _read_vectors(subsets(configuration), ids, images, texts)
    return RetrievalDataset(
        ids.tolist(),
        list(zip(track_table["film_id"], track_table["track_id"], strict=True)),
        PairDataset(
            select_views(vectors, CONFIGURATIONS[configuration]),
            Rows(values, np.repeat(np.arange(len(track_table)), track_table["fragments"])),
            ids.get_indexer(track_table["film_id"]),
        ),
        Split(*(np.flatnonzero(table["part"] == part) for part in Split._fields)),
        vectors,
    )


def with_vectors(
    dataset: RetrievalDataset, parts: Sequence[str], vectors: Mapping[str, Rows]
) -> RetrievalDataset:
    """Replace the vectors of the films, such as by the inputs of networks that are trained.

    Parameters
    ----------
    dataset : RetrievalDataset
    parts : sequence of str
        What the model sees: of `image`, `tags` and `plot`.
    vectors : mapping of str to Rows
        With the names that `dataset.vectors` has.

    Returns
    -------
    RetrievalDataset
    """
    pairs = dataset.pairs._replace(views=select_views(vectors, parts))
    return dataset._replace(vectors=vectors, pairs=pairs)


def with_random_fragments(dataset: RetrievalDataset, seed: int) -> RetrievalDataset:
    """Replace the fragments of all tracks by random vectors, for the baseline of random features.

    Parameters
    ----------
    dataset : RetrievalDataset
    seed : int

    Returns
    -------
    RetrievalDataset
        Its fragments are standard normal, of the width of the embeddings; or, for
        log-mel, of the paper's encoder.
    """
    values, owner = dataset.pairs.fragments
    width = values.shape[1] if values.ndim == 2 else WIDTH
    random = np.random.default_rng((seed, RANDOM_STREAM))
    fragments = Rows(random.standard_normal((len(values), width), np.float32), owner)
    return dataset._replace(pairs=dataset.pairs._replace(fragments=fragments))


def subsets(configuration: str) -> list[tuple[str, ...]]:
    """List the non-empty subsets of the parts that a model uses, the largest first.

    Parameters
    ----------
    configuration : str
        A name of CONFIGURATIONS.

    Returns
    -------
    list of tuple of str
        Subsets of `image`, `tags` and `plot`.

    Examples
    --------
    >>> subsets("image_tags")
    [('image', 'tags'), ('image',), ('tags',)]
    """
    parts = CONFIGURATIONS[configuration]
    return [chosen for size in range(len(parts), 0, -1) for chosen in combinations(parts, size)]


def select_views(vectors: Mapping[str, Rows], parts: Sequence[str]) -> dict[str, Rows]:
    """Select the vectors of films for some parts.

    Parameters
    ----------
    vectors : mapping of str to Rows
        Vectors by `image`, `tags`, `plot` and `tags_plot`.
    parts : sequence of str
        Of `image`, `tags` and `plot`.

    Returns
    -------
    dict of str to Rows
        `image`, `text` or both.
    """
    views = {"image": vectors[IMAGE]} if IMAGE in parts else {}
    segment = _segment(parts)
    return views | ({"text": vectors[segment]} if segment else {})


def complete_rows(path: str | os.PathLike, table: Table) -> pd.DataFrame:
    """Read the rows of a table of vectors that have no missing value.

    Parameters
    ----------
    path : str or os.PathLike
        Path of the table.
    table : Table
        Its schema.

    Returns
    -------
    pandas.DataFrame
        The complete rows.
    """
    frame = read_table(path, table)
    return frame[frame[feature_columns(frame, table)].notna().all(axis=1)]


def _segment(parts: Sequence[str]) -> str:
    return "_".join(part for part in parts if part != IMAGE)


def _read_vectors(
    part_subsets: Collection[Sequence[str]],
    films: pd.Index,
    images: str | os.PathLike | None,
    texts: str | os.PathLike | None,
) -> dict[str, Rows]:
    """Vectors of films that queries with the subsets need."""
    segments = dict.fromkeys(_segment(parts) for parts in part_subsets)
    vectors = {}
    if any(IMAGE in parts for parts in part_subsets):
        vectors[IMAGE] = _rows(complete_rows(images, RETRIEVAL_IMAGES), RETRIEVAL_IMAGES, films)
    if any(segments):
        table = complete_rows(texts, RETRIEVAL_TEXTS).sort_values("paragraph", kind="stable")
        for segment in filter(None, segments):
            vectors[segment] = _rows(table[table["segment"] == segment], RETRIEVAL_TEXTS, films)
    return vectors


def _rows(frame: pd.DataFrame, table: Table, films: pd.Index) -> Rows:
    """Vectors film by film; the vectors of a film keep their order."""
    number = films.get_indexer(frame["film_id"])
    order = np.argsort(number, kind="stable")
    order = order[number[order] >= 0]
    values = frame[feature_columns(frame, table)].to_numpy(np.float32)
    return Rows(values[order], number[order])
