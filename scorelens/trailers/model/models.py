"""The models of one arm: what they learn from trailers, and what they say of others.

Each fold has a committee: its models learn from the trailers that teach, each without another part
of them, and the answer is the mean of theirs. All titles count alike, however many trailers they
have: their genres are one observation.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from scorelens.errors import Problem, TableError
from scorelens.learning.cnn import ask_networks
from scorelens.learning.cnn_batches import Lesson
from scorelens.learning.cnn_trainer import train_networks
from scorelens.learning.dataset import Material
from scorelens.learning.embedding_models import (
    ask_attention,
    ask_linear,
    learn_attention,
    learn_linear,
)
from scorelens.learning.training_sets import Set, many_tags, scale
from scorelens.tagger.model import tag_tracks
from scorelens.trailers import ATTENTIVE, FREQUENCY, MODELS, NETWORKS
from scorelens.trailers.data.dataset import Fold, by_moment, by_title, seen, title_weights
from scorelens.trailers.data.preprocessing import COLOURS, SIDE

Arrays = dict[str, np.ndarray]


class Said(NamedTuple):
    """What is said of the moments of some trailers: their frames, or windows of their sound.

    rows: int64 (n,), of the material, ascending. track: int64 (n,), number of the trailer.
    probability: float32 (n, genres). weight: float32 (n, genres), how much a moment counts in its
    trailer's answer; they sum to 1 over a trailer.
    """

    rows: np.ndarray
    track: np.ndarray
    probability: np.ndarray
    weight: np.ndarray

    @property
    def whole(self) -> np.ndarray:
        """The answers of the trailers that have moments, in order: float32 (trailers, genres)."""
        return tag_tracks(self.probability, self.weight, self.track)


def learn(
    model: str, material: Material, folds: Sequence[Fold], settings: Mapping, seed: int
) -> list[list[Arrays]]:
    """What the committee of each fold learns; the frequency has none.

    Linear models learn from each moment on its own, attention from all those of a title. settings:
    `network` for networks from scratch, `attention` for attention, as in the tagger.
    Raises TableError if a model has no trailer to learn from.
    """
    if model == FREQUENCY:
        return [[] for _ in folds]
    lessons = [
        (seen(material, np.setdiff1d(fold.teaching, part)), seen(material, part))
        for fold in folds
        for part in fold.parts
    ]
    if not all(len(trailers) for trailers, _ in lessons):
        raise _too_few(model, material)
    if model in NETWORKS:
        found = _learn_networks(model, material, lessons, settings["network"], seed)
    elif model in ATTENTIVE:
        titles, attention = by_title(material), settings["attention"]
        found = [
            learn_attention(titles, np.unique(material.film[own]), attention, seed)
            for own, _ in lessons
        ]
    else:
        moments = by_moment(material)
        found = [learn_linear(moments, material.tiles_of(own)) for own, _ in lessons]
    networks = iter(found)
    return [[next(networks) for _ in fold.parts] for fold in folds]


def ask(model: str, arrays: Arrays, material: Material, trailers: np.ndarray) -> Said:
    """What one model says of the moments of some trailers."""
    rows = material.tiles_of(trailers)
    inputs, track = material.inputs[rows], material.track[rows]
    if not len(rows):
        nothing = np.zeros((0, len(material.genres)), np.float32)
        return Said(rows, track, nothing, nothing)
    if model in ATTENTIVE:
        return Said(rows, track, *ask_attention(arrays, inputs, track))
    if model in NETWORKS:
        said = ask_networks(NETWORKS[model], [arrays], inputs)[0]
    else:
        said = ask_linear(arrays, inputs)
    even = (1 / np.bincount(track)[track]).astype(np.float32)[:, None]
    return Said(rows, track, said, np.broadcast_to(even, said.shape))


def ask_committee(
    model: str, members: Sequence[Arrays], material: Material, trailers: np.ndarray
) -> Said:
    """What a committee says: its answer about a trailer is the mean of its models' answers."""
    answers = [ask(model, arrays, material, trailers) for arrays in members]
    weight = np.mean([one.weight for one in answers], axis=0)
    share = np.mean([one.probability * one.weight for one in answers], axis=0)
    probability = np.divide(share, weight, out=np.zeros_like(share), where=weight > 0)
    return answers[0]._replace(probability=np.clip(probability, 0, 1), weight=weight)


def _learn_networks(
    model: str,
    material: Material,
    lessons: Sequence[tuple[np.ndarray, np.ndarray]],
    settings: Mapping,
    seed: int,
) -> list[Arrays]:
    """Networks from scratch, each stopped by the part of the trailers that it does not learn."""
    place = list(MODELS).index(model)
    made = [
        _lesson(model, material, *parts, (seed, place, number))
        for number, parts in enumerate(lessons)
    ]
    genres = len(material.genres)
    trained = train_networks(NETWORKS[model], material.inputs, made, genres, settings)
    return [network.arrays for network in trained]


def _lesson(
    model: str,
    material: Material,
    learning: np.ndarray,
    stopping: np.ndarray,
    seed: tuple[int, ...],
) -> Lesson:
    rows = material.tiles_of(learning)
    sets = *_set(material, rows), *_set(material, material.tiles_of(stopping))
    return Lesson(*sets, *_scale(model, material.inputs[rows]), seed)


def _set(material: Material, rows: np.ndarray) -> Set:
    """Moments with all of their genres; those of a title count 1 together."""
    track = material.track[rows]
    weights = title_weights(material.film[track]).astype(np.float32)
    return many_tags(rows, material.actual[track])._replace(weights=weights)


def _scale(model: str, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and gain of each row: those of its mel band, or of its colour.

    A row of pixels has no scale of its own: it may be the bar of a letterbox in all that teach.
    """
    if model != "frame_cnn":
        return scale(inputs)
    colours = inputs.reshape(len(inputs), COLOURS, -1)
    mean, gain = (np.repeat(own, SIDE) for own in scale(colours))
    return mean, gain


def _too_few(model: str, material: Material) -> TableError:
    titles = len(np.unique(material.film[material.heard]))
    found = f"{model}: titles whose trailers have what it looks at: {titles}"
    hint = "add trailers, or leave the model out of trailers.models"
    expected = "some in each part of the trailers that teaches"
    return TableError(Problem("trailers", found, expected, hint))
