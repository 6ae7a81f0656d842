"""A model of the tagger, in a file and at work: from tiles to the tags of a track.

A model file is a safetensors file: the arrays of its networks, and as metadata the genres, the
number of films that taught it, and what it looks at. It holds no code and no pickle.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import safetensors
import safetensors.numpy

from scorelens.errors import naming_damage
from scorelens.learning.calibration import on_lines
from scorelens.learning.cnn import ask_networks
from scorelens.learning.embedding_models import ask_attention, ask_linear
from scorelens.tables import atomic
from scorelens.tagger import FREQUENCY, NETWORKS

LINES = "calibration"  # array of the calibration; absent if the answers stay as they are


@dataclass(frozen=True)
class Model:
    """A model and what it has learnt.

    name: one of `tagger.MODELS`. genres: the tags. arrays: by name; those of a network begin with
    its name and a slash. films: how many taught it. embedding: the feature set that it looks at,
    if any.
    """

    name: str
    genres: list[str]
    arrays: dict[str, np.ndarray]
    films: int = 0
    embedding: str = ""

    def networks(self) -> dict[str, dict[str, np.ndarray]]:
        """The arrays of each network, by its name: a number of a genre, or `all`."""
        found: dict[str, dict[str, np.ndarray]] = {}
        for path, value in self.arrays.items():
            network, slash, name = path.partition("/")
            if slash:
                found.setdefault(network, {})[name] = value
        return found


def save_model(path: str | os.PathLike, model: Model) -> None:
    """Write a model file, the same bytes for the same model."""
    facts = {name: getattr(model, name) for name in ("name", "genres", "films", "embedding")}
    arrays = {name: np.ascontiguousarray(value) for name, value in model.arrays.items()}
    with atomic(path) as temporary:
        safetensors.numpy.save_file(arrays, temporary, {"scorelens": json.dumps(facts)})


def load_model(path: str | os.PathLike) -> Model:
    """Read a model file. Raises InputError if it is damaged."""
    with naming_damage(path, "a model of the tagger"):
        try:
            with safetensors.safe_open(path, "numpy") as file:
                facts = json.loads(file.metadata()["scorelens"])
                names = file.keys()
                return Model(arrays={name: file.get_tensor(name) for name in names}, **facts)
        except safetensors.SafetensorError as error:
            raise ValueError(str(error)) from error


def tag_tiles(model: Model, inputs: np.ndarray, track: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What a model says of tiles, and how much each counts in its track's tags.

    inputs: what the model looks at (`material.look`, or embeddings), (tiles, ...). track: int64
    (tiles,), ascending. Returns two float32 (tiles, genres): probabilities, and weights that sum to
    1 over the tiles of a track. Classes of a softmax share one; other genres stand for themselves.
    """
    probability, weight = raw_answers(model.name, model.arrays, model.networks(), inputs, track)
    lines = model.arrays.get(LINES)
    return (probability if lines is None else on_lines(probability, lines)), weight


def tag_tracks(probability: np.ndarray, weight: np.ndarray, track: np.ndarray) -> np.ndarray:
    """The tags of tracks: the mean over their tiles by weight, float32 (tracks, genres).

    As `tag_tiles` gives them; tracks in order.
    """
    starts = np.append(0, np.flatnonzero(np.diff(track)) + 1)
    return np.clip(np.add.reduceat(probability * weight, starts, axis=0), 0, 1)


def raw_answers(
    name: str,
    arrays: Mapping[str, np.ndarray],
    networks: Mapping[str, Mapping[str, np.ndarray]],
    inputs: np.ndarray,
    track: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """As `tag_tiles`, before calibration."""
    if name == "embedding_attention":
        return ask_attention(networks["all"], inputs, track)
    even = (1 / np.bincount(track)[track]).astype(np.float32)[:, None]
    if name == FREQUENCY:
        probability = np.tile(arrays["frequency"], (len(track), 1))
    elif name in NETWORKS:
        probability = _network_answers(name, arrays["frequency"], networks, inputs)
    else:
        probability = ask_linear(networks["all"], inputs)
    return probability, np.broadcast_to(even, probability.shape)


def _network_answers(
    name: str, frequency: np.ndarray, networks: Mapping[str, Mapping], inputs: np.ndarray
) -> np.ndarray:
    """Float32 (tiles, genres). A genre that has no network, among those that have one each, stands
    at its frequency in training, (genres,), which then is 0 or 1."""
    said = ask_networks(name, list(networks.values()), inputs) if networks else None
    if "all" in networks:
        return said[0]
    probability = np.tile(frequency, (len(inputs), 1))
    if networks:
        probability[:, [int(number) for number in networks]] = said[:, :, 0].T
    return probability
