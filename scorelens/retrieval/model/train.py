"""Train one retrieval model, write its file, and embed the test films and their tracks with it.

A model file is a safetensors file: the arrays of the model, and as metadata its configuration, the
networks behind its vectors, their sizes, and the training films. It holds no code and no pickle.
"""

import json
import logging
import os
import time
from collections.abc import Mapping

import numpy as np
import pandas as pd
import safetensors
import safetensors.numpy

from scorelens.errors import naming_damage
from scorelens.retrieval import EMBEDDING_SIZE
from scorelens.retrieval.data.batches import PairDataset
from scorelens.retrieval.data.dataset import (
    RetrievalDataset,
    read_dataset,
    select_views,
    subsets,
)
from scorelens.retrieval.model import networks
from scorelens.retrieval.model.training import TrainedModel, train_configuration
from scorelens.tables import RETRIEVAL_CURVES, RETRIEVAL_EMBEDDINGS, atomic, write_table

DIMENSIONS = [f"e{number:02d}" for number in range(EMBEDDING_SIZE)]  # columns of an embedding
TRACKS_PER_CHUNK = 64  # tracks whose fragments are read at once; bounds the memory
METADATA = "scorelens"  # key of the metadata in a model file

log = logging.getLogger(__name__)


def train_retrieval(
    configuration: str,
    inputs: Mapping[str, str | os.PathLike],
    encoders: Mapping[str, str],
    settings: Mapping[str, float],
    seed: int,
    checkpoint: str | os.PathLike,
    outputs: Mapping[str, str | os.PathLike],
) -> None:
    """Train a model; write it, its losses, and the embeddings of the test films and their tracks.

    The test films are embedded with all parts that the model sees, and with each smaller subset. Of
    several paragraphs the first counts, as in the paper.

    Parameters
    ----------
    configuration : str
        A name of CONFIGURATIONS.
    inputs : mapping of str to path
        `films`, `tracks`, `fragments`, `images`, `texts`, for `dataset.read_dataset`.
    encoders : mapping of str to str
        Names of the frozen networks: `image`, `text`, `audio`.
    settings : mapping of str to float
        Settings of `training.train_configuration`.
    seed : int
        Seed of the training.
    checkpoint : str or os.PathLike
        Path of the checkpoint.
    outputs : mapping of str to path
        `model` (model file), `curve` and `embeddings` (tables of RETRIEVAL_CURVES and
        RETRIEVAL_EMBEDDINGS).
    """
    dataset = read_dataset(configuration, **inputs)
    start_s = time.monotonic()
    trained = train_configuration(
        configuration, dataset.pairs, dataset.split, settings, seed, checkpoint
    )
    _log_training(trained, time.monotonic() - start_s)
    films = [dataset.films[film] for film in dataset.split.training]
    save_model(
        outputs["model"], trained, {"configuration": configuration, **encoders, "films": films}
    )
    write_table(_curve(configuration, trained.losses), outputs["curve"], RETRIEVAL_CURVES)
    model = networks.load_model(configuration, trained.sizes, trained.arrays)
    embeddings = embed_test_films(configuration, model, dataset)
    provenance = {**encoders, "seed": seed}
    write_table(embeddings, outputs["embeddings"], RETRIEVAL_EMBEDDINGS, provenance)


def save_model(path: str | os.PathLike, trained: TrainedModel, metadata: Mapping) -> None:
    """Write a model file. Equal models give equal bytes.

    Parameters
    ----------
    path : str or os.PathLike
        Path of the file.
    trained : TrainedModel
        The model.
    metadata : mapping
        `configuration`; `image`, `text`, `audio` (names of networks); `films` (ids of the training
        films); further values that JSON can hold.
    """
    text = json.dumps({**metadata, "sizes": trained.sizes._asdict()}, sort_keys=True)
    arrays = {name: np.ascontiguousarray(value) for name, value in trained.arrays.items()}
    with atomic(path) as temporary:
        safetensors.numpy.save_file(arrays, temporary, {METADATA: text})


def load_model(path: str | os.PathLike) -> tuple[networks.RetrievalModel, dict]:
    """Read a model file.

    Parameters
    ----------
    path : str or os.PathLike
        Path of the file.

    Returns
    -------
    model : RetrievalModel
        The model on its device, in evaluation mode.
    metadata : dict
        Metadata of `save_model`, and `sizes` (a dict of `networks.Sizes`).

    Raises
    ------
    InputError
        If the file is damaged.
    """
    with naming_damage(path, "a model of retrieval"):
        try:
            with safetensors.safe_open(path, "numpy") as file:
                metadata = json.loads(file.metadata()[METADATA])
                arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except safetensors.SafetensorError as error:
            raise ValueError(str(error)) from error
    sizes = networks.Sizes(**metadata["sizes"])
    return networks.load_model(metadata["configuration"], sizes, arrays), metadata


def embed_test_films(
    configuration: str, model: networks.RetrievalModel, dataset: RetrievalDataset
) -> pd.DataFrame:
    """Embed the test films with each subset of parts, and their tracks.

    Parameters
    ----------
    configuration : str
        Configuration of the model.
    model : RetrievalModel
        A trained model.
    dataset : RetrievalDataset
        Films and tracks.

    Returns
    -------
    pandas.DataFrame
        Rows of RETRIEVAL_EMBEDDINGS: all films with all parts, then with each smaller subset, then
        the tracks, each in the order of the dataset.
    """
    films = dataset.split.test
    ids = [dataset.films[film] for film in films]
    tables = []
    for parts in subsets(configuration):
        views = select_views(dataset.vectors, parts)
        first_rows = {
            view: rows.values[np.searchsorted(rows.owner, films)] for view, rows in views.items()
        }
        embeddings = networks.embed_queries(model, first_rows)
        tables.append(_rows("film", ids, None, "+".join(parts), embeddings))
    tracks = np.flatnonzero(np.isin(dataset.pairs.film, films))
    names = [dataset.tracks[track] for track in tracks]
    embeddings = embed_dataset_tracks(model, dataset.pairs, tracks)
    tables.append(_rows("track", *map(list, zip(*names, strict=True)), None, embeddings))
    return pd.concat(tables, ignore_index=True).assign(configuration=configuration)


def embed_dataset_tracks(
    model: networks.RetrievalModel, pairs: PairDataset, tracks: np.ndarray
) -> np.ndarray:
    """Embed some tracks of a dataset, reading a few at a time from the disk.

    Parameters
    ----------
    model : RetrievalModel
        A trained model.
    pairs : PairDataset
        Tracks with their fragments.
    tracks : numpy.ndarray
        int (n,), numbers of the tracks, rising.

    Returns
    -------
    numpy.ndarray
        float32 (n, EMBEDDING_SIZE), unit vectors.
    """
    values, owner = pairs.fragments
    embeddings = []
    for start in range(0, len(tracks), TRACKS_PER_CHUNK):
        chunk = tracks[start : start + TRACKS_PER_CHUNK]
        rows = np.flatnonzero(np.isin(owner, chunk))
        track = np.searchsorted(chunk, owner[rows])
        embeddings.append(networks.embed_tracks(model, values[rows], track))
    return np.concatenate(embeddings)


def _rows(
    kind: str, films: list[str], tracks: list[str] | None, seen: str | None, values: np.ndarray
) -> pd.DataFrame:
    keys = pd.DataFrame({"kind": kind, "film_id": films, "track_id": tracks, "seen": seen})
    return pd.concat([keys.astype(object), pd.DataFrame(values, columns=DIMENSIONS)], axis=1)


def _curve(configuration: str, losses: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(losses.astype(float), columns=["training", "validation"]).assign(
        configuration=configuration, epoch=np.arange(1, len(losses) + 1)
    )


def _log_training(trained: TrainedModel, duration_s: float) -> None:
    training, validation = trained.losses[trained.best_epoch - 1]
    message = "%d epochs in %.1f s; best epoch %d: loss %.4f in training, %.4f in validation"
    epochs = len(trained.losses), duration_s, trained.best_epoch
    log.info(message, *epochs, training, validation)
