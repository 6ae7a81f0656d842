"""What models of trailers learn from, and which trailers are held out.

A trailer is a track of the tagger's material, and its title the film: trailers of one title are
never on both sides of a split. All models have the same folds, whether or not a trailer has what a
model looks at: only so can picture and sound be compared, and fused.
"""

import logging
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from scorelens.errors import Problem, TableError
from scorelens.tables import TRAILER_VECTORS, feature_columns, read_table
from scorelens.tagger.choice import teachable
from scorelens.tagger.material import Material, split
from scorelens.trailers import FREQUENCY, NETWORKS
from scorelens.trailers.inputs import mel_windows, small_frames
from scorelens.trailers.sample import read_sample
from scorelens.trailers.table import Trailer, read_trailers

COMMITTEE = 3  # models of a fold, each without another part of the trailers that teach
LEAST_TITLES = 4  # of two folds, two held out, one left out by a model, one to learn from

log = logging.getLogger(__name__)
Look = tuple[np.ndarray, np.ndarray]  # what a model looks at of a trailer, (n, ...), and when, s


class Fold(NamedTuple):
    """Numbers of trailers: held out, and teaching; the latter also in parts.

    Each model of a fold's committee learns without one part, and so can be asked about it: that
    tells how to calibrate, where the thresholds lie and how to fuse, without the trailers held out.
    """

    held_out: np.ndarray
    teaching: np.ndarray
    parts: list[np.ndarray]


def read_material(
    model: str,
    table: str | os.PathLike,
    genres: Sequence[str],
    samples: Mapping[str, str | os.PathLike],
    vectors: Sequence[str | os.PathLike],
) -> Material:
    """Read what one model looks at of each trailer.

    model: of `trailers.MODELS`, not the fusion. table: of trailers (`table.read_trailers`). genres:
    those to learn; one that fewer than two titles carry is left out, and the log says so. samples:
    trailer_id -> sample, for networks from scratch. vectors: tables of TRAILER_VECTORS, for the
    other models; the frequency needs neither.
    Raises TableError if there are fewer titles than LEAST_TITLES, or fewer than two genres are
    left.
    """
    trailers = read_trailers(table, genres)
    kept = _kept(table, trailers, genres)
    titles = list(dict.fromkeys(trailer.title for trailer in trailers))
    looks = _looks(model, trailers, samples, vectors)
    return Material(
        inputs=np.concatenate([own for own, _ in looks]),
        track=np.repeat(np.arange(len(trailers)), [len(own) for own, _ in looks]),
        start_s=np.concatenate([time_s for _, time_s in looks]),
        tracks=[(trailer.title, trailer.trailer_id) for trailer in trailers],
        film=np.array([titles.index(trailer.title) for trailer in trailers], np.int64),
        genres=kept,
        actual=np.array([[genre in trailer.genres for genre in kept] for trailer in trailers]),
    )


def deal(material: Material, folds: int, seed: int) -> list[Fold]:
    """Deal all trailers into folds, and those that teach in a fold into parts, by title.

    Folds and parts are as alike in their genres as `tagger.material.split` makes them.
    """
    found = []
    for one in _split(material, np.arange(len(material.tracks)), folds, seed):
        teaching = np.union1d(one.training, one.validation)
        parts = [own.held_out for own in _split(material, teaching, COMMITTEE, seed)]
        found.append(Fold(one.held_out, teaching, parts))
    return found


def seen(material: Material, trailers: np.ndarray) -> np.ndarray:
    """Those of some trailers that have what the model looks at: int64, ascending."""
    return np.intersect1d(trailers, material.heard)


def title_weights(title: np.ndarray) -> np.ndarray:
    """What each trailer counts so that titles count 1: float64 (n,). title: int64 (n,), numbers."""
    return 1 / np.bincount(title)[title]


def _split(material: Material, trailers: np.ndarray, folds: int, seed: int):
    """The splits of some trailers, less the last one, which holds nothing out."""
    return split(material._replace(track=trailers), "film", folds, seed)[:-1]


def _looks(
    model: str,
    trailers: Sequence[Trailer],
    samples: Mapping[str, str | os.PathLike],
    vectors: Sequence[str | os.PathLike],
) -> list[Look]:
    if model == FREQUENCY:
        return [(np.zeros((1, 0), np.float32), np.zeros(1))] * len(trailers)
    if model in NETWORKS:
        return [_sampled(model, samples[trailer.trailer_id]) for trailer in trailers]
    rows = pd.concat([read_table(path, TRAILER_VECTORS) for path in vectors])
    columns = feature_columns(rows, TRAILER_VECTORS)
    nothing = np.zeros((0, len(columns)), np.float32), np.zeros(0)
    by_trailer = {
        trailer: (own[columns].to_numpy(np.float32), own["time_s"].to_numpy())
        for trailer, own in rows.groupby("trailer_id", sort=False)
    }
    return [by_trailer.get(trailer.trailer_id, nothing) for trailer in trailers]


def _sampled(model: str, path: str | os.PathLike) -> Look:
    sample = read_sample(path)
    if model == "frame_cnn":
        return small_frames(sample.frames), sample.frame_s
    return mel_windows(sample.sound)


def _kept(
    table: str | os.PathLike, trailers: Sequence[Trailer], genres: Sequence[str]
) -> list[str]:
    """The genres that the trailers can teach; the log names the others."""
    counts = Counter(trailer.title for trailer in trailers)
    if len(counts) < LEAST_TITLES:
        hint = "a model is tested on titles that it never saw: add trailers of other films"
        found = f"titles of trailers: {len(counts)}"
        raise TableError(Problem(str(table), found, f"at least {LEAST_TITLES}", hint))
    carried = {trailer.title: set(trailer.genres) for trailer in trailers}
    albums = [(labels, counts[title]) for title, labels in carried.items()]
    kept = teachable(genres, albums, least_tracks=2)
    for genre in genres:
        if genre not in kept:
            log.info("%s is left out: fewer than two titles carry it", genre)
    if len(kept) < 2:
        found = f"genres that two titles or more carry: {len(kept)}"
        raise TableError(Problem(str(table), found, "at least 2", "add trailers of other films"))
    return kept
