"""The dataset of trailers: the inputs of one model, and the genres of the trailers' titles.

A bag is a trailer, an instance a frame or a window of sound, a group a title: trailers of one
title, or of titles of one group, are never on both sides of a split. All models have the same
folds, whether or not a trailer has a model's input: only so can picture and sound be compared, and
fused.
"""

import logging
import os
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from scorelens.learning.datasets import Dataset
from scorelens.learning.film_groups import group_numbers
from scorelens.tables import TRAILER_VECTORS, feature_columns, read_table
from scorelens.trailers.data.frame_sampling import read_sample
from scorelens.trailers.data.label_filter import trainable_genres
from scorelens.trailers.data.preprocessing import mel_windows, small_frames
from scorelens.trailers.data.table import Trailer, join_titles, read_trailers
from scorelens.trailers.registry import FREQUENCY, NETWORKS

N_INNER = 3  # models of a fold, each trained without one inner fold

log = logging.getLogger(__name__)
Inputs = tuple[np.ndarray, np.ndarray]  # of a trailer: instances (n, ...), and their times, s


def read_dataset(
    model: str,
    table: str | os.PathLike,
    genres: Sequence[str],
    samples: Mapping[str, str | os.PathLike],
    vectors: Sequence[str | os.PathLike],
    groups: Mapping[str, str] | None = None,
) -> Dataset:
    """Read the inputs of one model for each trailer.

    Parameters
    ----------
    model : str
        A name of `scorelens.trailers.MODELS`, not the fusion.
    table : path
        Of trailers (`table.read_trailers`).
    genres : sequence of str
        Candidates; one that titles of fewer than two groups carry, or all titles, is left out, and
        the log says so.
    samples : mapping
        trailer_id -> sample, for networks from scratch.
    vectors : sequence of path
        Tables of tables.TRAILER_VECTORS, for models on embeddings. The frequency needs neither.
    groups : mapping, optional
        Title -> the group that it is held out with (`groups.read_groups`); by default the
        titles that share a name in the column `group`.

    Returns
    -------
    Dataset
        A bag is a trailer, a group its title, a split group the group of titles.

    Raises
    ------
    TableError
        If there are too few titles or genres (`label_filter.trainable_genres`).
    """
    trailers = read_trailers(table, genres)
    groups = groups or join_titles(trailers)
    retained = _retained(trailers, genres, groups)
    inputs = _inputs(model, trailers, samples, vectors)
    title, titles = pd.factorize(np.array([trailer.title for trailer in trailers], object))
    return Dataset(
        instances=np.concatenate([instances for instances, _ in inputs]),
        bag=np.repeat(np.arange(len(trailers)), [len(instances) for instances, _ in inputs]),
        time_s=np.concatenate([time_s for _, time_s in inputs]),
        bag_ids=[(trailer.title, trailer.trailer_id) for trailer in trailers],
        group=title,
        split_group=group_numbers(titles, groups)[title],
        genres=retained,
        labels=np.array([[genre in trailer.genres for genre in retained] for trailer in trailers]),
    )


def nonempty(dataset: Dataset, trailers: np.ndarray) -> np.ndarray:
    """Return those of some trailers that have instances: int64, ascending."""
    return np.intersect1d(trailers, dataset.nonempty_bags)


def _inputs(
    model: str,
    trailers: Sequence[Trailer],
    samples: Mapping[str, str | os.PathLike],
    vectors: Sequence[str | os.PathLike],
) -> list[Inputs]:
    if model == FREQUENCY:
        return [(np.zeros((1, 0), np.float32), np.zeros(1))] * len(trailers)
    if model in NETWORKS:
        return [_sample_inputs(model, samples[trailer.trailer_id]) for trailer in trailers]
    rows = pd.concat([read_table(path, TRAILER_VECTORS) for path in vectors])
    columns = feature_columns(rows, TRAILER_VECTORS)
    nothing = np.zeros((0, len(columns)), np.float32), np.zeros(0)
    by_trailer = {
        trailer: (part[columns].to_numpy(np.float32), part["time_s"].to_numpy())
        for trailer, part in rows.groupby("trailer_id", sort=False)
    }
    return [by_trailer.get(trailer.trailer_id, nothing) for trailer in trailers]


def _sample_inputs(model: str, path: str | os.PathLike) -> Inputs:
    sample = read_sample(path)
    if model == "frame_cnn":
        return small_frames(sample.frames), sample.frame_s
    return mel_windows(sample.sound)


def _retained(
    trailers: Sequence[Trailer], genres: Sequence[str], groups: Mapping[str, str]
) -> list[str]:
    """The genres that the trailers suffice for; the log names the others."""
    retained = trainable_genres(trailers, genres, groups)
    for genre in genres:
        if all(genre in trailer.genres for trailer in trailers):
            log.info("%s is left out: carried by all", genre)
        elif genre not in retained:
            log.info("%s is left out: fewer than two titles, or groups of titles, carry it", genre)
    return retained
