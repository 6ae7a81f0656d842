"""What each network of the tagger learns from: which tiles, as what, and how much they count.

A model of several classes hears a tile of a film with several genres once for each of them, and
every class counts the same (the thesis balances its classes by 13,000 tiles each). A network of the
ensemble hears all tiles of its genre and as many of others, drawn at random. The network of many
tags hears every tile once.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from scorelens.learning.cnn_trainer import Lesson
from scorelens.learning.dataset import Material, Split

SOFTMAX = ("dnn", "cnn")


class Set(NamedTuple):
    """Tiles to learn from or to be stopped by: rows, targets and weights as in `Lesson`."""

    rows: np.ndarray
    targets: np.ndarray
    weights: np.ndarray


def lessons_of(
    model: str, material: Material, split: Split, settings: Mapping, seed: tuple[int, ...]
) -> dict[int | None, Lesson]:
    """The lessons of a model in one fold, by number of the genre; None for a network of all.

    settings: `tiles_per_track` and `tiles_per_class`, 0 for all. A genre that all tracks that teach
    carry, or none, has no network in the ensemble.
    """
    random = np.random.default_rng(seed)
    training = _some(material, split.training, settings["tiles_per_track"], random)
    validation = _some(material, split.validation, settings["tiles_per_track"], random)
    mean, gain = scale(material.inputs[training])
    most = settings["tiles_per_class"]

    def lesson(number: int, draw) -> Lesson:
        own = np.random.default_rng([*seed, number])
        return Lesson(*draw(training, own), *draw(validation, own), mean, gain, (*seed, number))

    actual = material.actual[material.track]
    if model in SOFTMAX:
        return {None: lesson(0, lambda rows, own: by_class(rows, actual[rows], most, own))}
    if model == "mel_cnn":
        return {None: lesson(0, lambda rows, own: many_tags(rows, actual[rows]))}
    varied = [
        genre
        for genre, share in enumerate(material.actual[split.training].mean(axis=0))
        if 0 < share < 1
    ]
    return {
        genre: lesson(
            genre + 1,
            lambda rows, own, genre=genre: one_against_all(rows, actual[rows, genre], most, own),
        )
        for genre in varied
    }


def by_class(rows: np.ndarray, actual: np.ndarray, most: int, random: np.random.Generator) -> Set:
    """Each tile once for each of its classes, at most so many a class; classes weigh the same.

    rows: int64 (tiles,). actual: bool (tiles, classes). Targets are numbers of classes.
    """
    drawn = [_drawn(rows[carries], most, random) for carries in actual.T]
    sizes = np.array([len(own) for own in drawn])
    weights = sizes.sum() / (np.maximum(sizes, 1) * max(np.count_nonzero(sizes), 1))
    return Set(
        np.concatenate(drawn),
        np.repeat(np.arange(len(drawn)), sizes),
        np.repeat(weights, sizes).astype(np.float32),
    )


def one_against_all(
    rows: np.ndarray, carries: np.ndarray, most: int, random: np.random.Generator
) -> Set:
    """The tiles of a genre, at most so many, and as many of others; none if the genre has none.

    rows: int64 (tiles,). carries: bool (tiles,). Targets are 1 or 0, float32 (n, 1).
    """
    ours = _drawn(rows[carries], most, random)
    others = random.permutation(rows[~carries])[: len(ours)]
    targets = np.repeat(np.float32([1, 0]), [len(ours), len(others)])[:, None]
    return Set(np.append(ours, others), targets, np.ones(len(targets), np.float32))


def many_tags(rows: np.ndarray, actual: np.ndarray) -> Set:
    """Every tile with all of its tags. actual: bool (tiles, genres)."""
    return Set(rows, actual.astype(np.float32), np.ones(len(rows), np.float32))


def scale(inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and gain that bring every band or coefficient to zero mean and unit variance.

    inputs: (tiles, height, width) of the tracks that teach. Returns two float32 (height,).
    """
    sums, squares, count = 0.0, 0.0, inputs.shape[0] * inputs.shape[2]
    for first in range(0, len(inputs), 1024):
        values = inputs[first : first + 1024].astype(np.float64)
        sums, squares = sums + values.sum((0, 2)), squares + np.square(values).sum((0, 2))
    mean = sums / count
    deviation = np.sqrt(np.maximum(squares / count - mean**2, 0))
    gain = np.divide(1, deviation, out=np.zeros_like(deviation), where=deviation > 1e-6)
    return mean.astype(np.float32), gain.astype(np.float32)


def _some(
    material: Material, tracks: np.ndarray, most: int, random: np.random.Generator
) -> np.ndarray:
    """Rows of the tiles of tracks, at most so many a track, ascending."""
    rows = material.tiles_of(tracks)
    if not most:
        return rows
    shuffled = random.permutation(rows)
    order = shuffled[np.argsort(material.track[shuffled], kind="stable")]
    track = material.track[order]
    place = np.arange(len(order)) - np.searchsorted(track, track)
    return np.sort(order[place < most])


def _drawn(rows: np.ndarray, most: int, random: np.random.Generator) -> np.ndarray:
    return random.permutation(rows)[: most or None]
