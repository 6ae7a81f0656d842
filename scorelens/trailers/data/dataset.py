"""What models of trailers learn from, and which trailers are held out.

A trailer is a track of the tagger's material, and its title the film: trailers of one title are
never on both sides of a split. All models have the same folds, whether or not a trailer has what a
model looks at: only so can picture and sound be compared, and fused.
"""

import logging
import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from scorelens.learning.dataset import Material, deal_alike
from scorelens.tables import TRAILER_VECTORS, feature_columns, read_table
from scorelens.trailers import FREQUENCY, NETWORKS
from scorelens.trailers.data.frame_sampling import read_sample
from scorelens.trailers.data.label_filter import taught_genres
from scorelens.trailers.data.preprocessing import mel_windows, small_frames
from scorelens.trailers.data.table import Trailer, read_trailers

COMMITTEE = 3  # models of a fold, each without another part of the trailers that teach

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
    those to learn; one that fewer than two titles carry, or all, is left out, and the log says so.
    samples: trailer_id -> sample, for networks from scratch. vectors: tables of TRAILER_VECTORS,
    for the other models; the frequency needs neither.
    Raises TableError as `teachable.taught_genres` does.
    """
    trailers = read_trailers(table, genres)
    kept = _kept(trailers, genres)
    looks = _looks(model, trailers, samples, vectors)
    title = pd.factorize(np.array([trailer.title for trailer in trailers], object))[0]
    return Material(
        inputs=np.concatenate([own for own, _ in looks]),
        track=np.repeat(np.arange(len(trailers)), [len(own) for own, _ in looks]),
        start_s=np.concatenate([time_s for _, time_s in looks]),
        tracks=[(trailer.title, trailer.trailer_id) for trailer in trailers],
        film=title,
        album=title,
        genres=kept,
        actual=np.array([[genre in trailer.genres for genre in kept] for trailer in trailers]),
    )


def deal(material: Material, folds: int, seed: int) -> list[Fold]:
    """Deal all trailers into folds, and those that teach in a fold into parts, by title.

    Folds and parts are as alike in their genres as `learning.dataset.deal_alike` makes them.
    """
    everyone, found = np.arange(len(material.tracks)), []
    for held_out in _groups(material, everyone, folds, seed):
        teaching = np.setdiff1d(everyone, held_out)
        found.append(Fold(held_out, teaching, _groups(material, teaching, COMMITTEE, seed)))
    return found


def seen(material: Material, trailers: np.ndarray) -> np.ndarray:
    """Those of some trailers that have what the model looks at: int64, ascending."""
    return np.intersect1d(trailers, material.heard)


def title_weights(title: np.ndarray) -> np.ndarray:
    """What each trailer counts so that titles count 1: float64 (n,). title: int64 (n,), numbers."""
    return 1 / np.bincount(title)[title]


def by_moment(material: Material) -> Material:
    """The same moments, each as a trailer of its own, whose number is that of its row."""
    film = material.film[material.track]
    return material._replace(
        track=np.arange(len(film)),
        tracks=[material.tracks[number] for number in material.track],
        film=film,
        album=film,
        actual=material.actual[material.track],
    )


def by_title(material: Material) -> Material:
    """The same moments, those of a title as if of one trailer, whose number is that of its title.

    What learns from it counts all titles alike.
    """
    film = material.film[material.track]
    order = np.argsort(film, kind="stable")
    titles, first = np.unique(material.film, return_index=True)
    return Material(
        inputs=material.inputs[order],
        track=film[order],
        start_s=material.start_s[order],
        tracks=[material.tracks[number] for number in first],
        film=titles,
        album=titles,
        genres=material.genres,
        actual=material.actual[first],
    )


def _groups(material: Material, trailers: np.ndarray, count: int, seed: int) -> list[np.ndarray]:
    """Some trailers in groups of whole titles. trailers: ascending."""
    _, first, title = np.unique(material.film[trailers], return_index=True, return_inverse=True)
    actual = material.actual[trailers[first]]
    dealt = deal_alike(actual, np.bincount(title), count, np.random.default_rng([seed, count]))
    return [trailers[np.isin(title, own)] for own in dealt]


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


def _kept(trailers: Sequence[Trailer], genres: Sequence[str]) -> list[str]:
    """The genres that the trailers can teach; the log names the others."""
    kept = taught_genres(trailers, genres)
    for genre in genres:
        if all(genre in trailer.genres for trailer in trailers):
            log.info("%s is left out: carried by all", genre)
        elif genre not in kept:
            log.info("%s is left out: fewer than two titles carry it", genre)
    return kept
