"""A trained model of the tagger: its file, and its predictions from tiles to tracks.

A model file is a safetensors file: the arrays of its networks, and as metadata the genres, the
number of training films, and the embedding that it takes as input. It holds no code and no pickle.
"""

import json
import os
from dataclasses import dataclass

import numpy as np
import safetensors
import safetensors.numpy

from scorelens.errors import naming_damage
from scorelens.learning.calibration import apply_platt
from scorelens.tables import atomic
from scorelens.tagger.registry import MODEL_SPECS

CALIBRATION = "calibration"  # array of `calibration.fit_platt`; absent if not calibrated
CURVE = "curve."  # before the name of a network: its losses in training, not a part of it
ALL_GENRES = "all"  # name of a network of all genres; others have the number of theirs


@dataclass(frozen=True)
class Model:
    """A trained model.

    Parameters
    ----------
    name : str
        One of `scorelens.tagger.MODELS`.
    genres : list of str
        The tags.
    arrays : dict
        By name; those of a network begin with its name and a slash, and its losses have the name
        CURVE and its own.
    films : int
        Number of training films.
    embedding : str
        The feature set that it takes as input, if any.
    """

    name: str
    genres: list[str]
    arrays: dict[str, np.ndarray]
    films: int = 0
    embedding: str = ""


def save_model(path: str | os.PathLike, model: Model) -> None:
    """Write a model file; the same model gives the same bytes.

    Parameters
    ----------
    path : path
        Where the file goes.
    model : Model
        What it holds.
    """
    fields = {name: getattr(model, name) for name in ("name", "genres", "films", "embedding")}
    arrays = {name: np.ascontiguousarray(value) for name, value in model.arrays.items()}
    with atomic(path) as temporary:
        safetensors.numpy.save_file(arrays, temporary, {"scorelens": json.dumps(fields)})


def load_model(path: str | os.PathLike) -> Model:
    """Read a model file.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    Model
        What it holds.

    Raises
    ------
    InputError
        If the file is damaged.
    """
    with naming_damage(path, "a model of the tagger"):
        try:
            with safetensors.safe_open(path, "numpy") as file:
                fields = json.loads(file.metadata()["scorelens"])
                names = file.keys()
                return Model(arrays={name: file.get_tensor(name) for name in names}, **fields)
        except safetensors.SafetensorError as error:
            raise ValueError(str(error)) from error


def predict_tiles(
    model: Model, inputs: np.ndarray, track: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Predict the genres of tiles, calibrated if the model is.

    Parameters
    ----------
    model : Model
        The model.
    inputs : ndarray, shape (n_tiles, ...)
        What the model takes as input (`inputs.model_inputs`, or embeddings).
    track : ndarray of int64, shape (n_tiles,)
        Number of the track of each tile, ascending.

    Returns
    -------
    probability, weight : ndarray of float32, shape (n_tiles, n_genres)
        The weights sum to 1 over the tiles of a track. Classes of a softmax sum to 1; other
        genres are independent.
    """
    module = MODEL_SPECS[model.name].load()
    probability, weight = module.predict(model.name, model.arrays, inputs, track)
    coefficients = model.arrays.get(CALIBRATION)
    if coefficients is None:
        return probability, weight
    return apply_platt(probability, coefficients), weight
