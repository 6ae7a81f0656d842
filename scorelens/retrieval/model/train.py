"""Train one retrieval model, write its file, and embed the test films and their tracks with it.

A model file is a safetensors file: the arrays of the model, and as metadata its configuration, the
networks behind its vectors, their sizes, and the training films. It holds no code and no pickle.
"""

import json
import logging
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import safetensors
import safetensors.numpy

from scorelens.errors import naming_damage
from scorelens.retrieval import CONFIGURATIONS, EMBEDDING_SIZE, RANDOM_FEATURES
from scorelens.retrieval.data.batches import PairDataset
from scorelens.retrieval.data.dataset import (
    RetrievalDataset,
    read_dataset,
    select_views,
    subsets,
    with_random_fragments,
    with_vectors,
)
from scorelens.retrieval.model import networks
from scorelens.retrieval.model.trained_encoders import PREFIX, TrainedEncoders
from scorelens.retrieval.model.training import TrainedModel, train_configuration
from scorelens.tables import RETRIEVAL_CURVES, RETRIEVAL_EMBEDDINGS, atomic, write_table

DIMENSIONS = [f"e{number:02d}" for number in range(EMBEDDING_SIZE)]  # columns of an embedding
TRACKS_PER_CHUNK = 64  # tracks whose fragments are read at once; bounds the memory
METADATA = "scorelens"  # key of the metadata in a model file

log = logging.getLogger(__name__)


def train_retrieval(
    configuration: str,
    inputs: Mapping[str, str | os.PathLike | None],
    encoders: Mapping[str, str],
    settings: Mapping[str, float],
    seed: int,
    checkpoint: str | os.PathLike,
    outputs: Mapping[str, str | os.PathLike],
    parts_of: str | None = None,
    trained_encoders: TrainedEncoders | None = None,
) -> None:
    """Train a model; write it, its losses, and the embeddings of the test films and their tracks.

    A model is trained several times, from other initial parameters and with other pairs. The file
    has the first of them; the tables have all. The test films are embedded with all parts that the
    model sees, and with each smaller subset. Of several paragraphs the first counts, as in the
    paper.

    Parameters
    ----------
    configuration : str
        A name of CONFIGURATIONS, or RANDOM_FEATURES.
    inputs : mapping of str to path
        `films`, `tracks`, `fragments`, `images`, `texts`, for `dataset.read_dataset`.
    encoders : mapping of str to str
        Names of the networks of films and tracks: `image`, `text`, `audio`.
    settings : mapping of str to float
        Settings of `training.train_configuration`, and `repeats`, the number of training runs.
    seed : int
        Seed of the training.
    checkpoint : str or os.PathLike
        Path of the checkpoint, see `checkpoint_path`.
    outputs : mapping of str to path
        `model` (model file), `curve` and `embeddings` (tables of RETRIEVAL_CURVES and
        RETRIEVAL_EMBEDDINGS).
    parts_of : str, optional
        The configuration of the network and its inputs, by default the same; RANDOM_FEATURES has
        that of the primary model.
    trained_encoders : TrainedEncoders, optional
        Where pictures and texts are, if their networks are trained too.
    """
    network = parts_of or configuration
    dataset = read_dataset(network, **inputs)
    parts = subsets(network)
    if configuration == RANDOM_FEATURES:
        dataset, parts = with_random_fragments(dataset, seed), parts[:1]
    if trained_encoders:
        vectors = trained_encoders.read_inputs([*dataset.vectors], dataset.films)
        dataset = with_vectors(dataset, CONFIGURATIONS[network], vectors)
    metadata = {"configuration": network, **encoders}
    metadata["films"] = [dataset.films[film] for film in dataset.split.training]
    curves, embeddings = [], []
    for repeat in range(int(settings["repeats"])):
        where = checkpoint_path(checkpoint, repeat)
        trained, model = _train_run(
            network, dataset, settings, run_seed(seed, repeat), where, trained_encoders
        )
        if repeat == 0:
            views = {"trained": sorted(model.encoders)} if model.encoders else {}
            save_model(outputs["model"], trained, metadata | views)
        curves.append(_curve(trained.losses).assign(repeat=repeat))
        embeddings.append(embed_test_films(parts, model, dataset).assign(repeat=repeat))
    for repeat in range(int(settings["repeats"])):
        checkpoint_path(checkpoint, repeat).unlink(missing_ok=True)
    for name, tables, schema in (
        ("curve", curves, RETRIEVAL_CURVES),
        ("embeddings", embeddings, RETRIEVAL_EMBEDDINGS),
    ):
        table = pd.concat(tables, ignore_index=True).assign(configuration=configuration)
        write_table(table, outputs[name], schema, {**encoders, "seed": seed})


def _train_run(
    network: str,
    dataset: RetrievalDataset,
    settings: Mapping[str, float],
    seed: int,
    checkpoint: Path,
    trained_encoders: TrainedEncoders | None,
) -> tuple[TrainedModel, networks.RetrievalModel]:
    """One training run: what it gives, and the model of its best epoch."""
    start_s = time.monotonic()
    modules = trained_encoders.load(network) if trained_encoders else {}
    trained = train_configuration(
        network, dataset.pairs, dataset.split, settings, seed, checkpoint, modules, True
    )
    _log_training(trained, time.monotonic() - start_s)
    return trained, networks.load_model(network, trained.sizes, trained.arrays, modules)


def checkpoint_path(checkpoint: str | os.PathLike, repeat: int) -> Path:
    """Path of the checkpoint of a training run.

    Parameters
    ----------
    checkpoint : str or os.PathLike
        That of the first run.
    repeat : int
        Number of the run, from 0.

    Returns
    -------
    Path
    """
    return Path(f"{os.fspath(checkpoint)}_{repeat}" if repeat else checkpoint)


def run_seed(seed: int, repeat: int) -> int:
    """Give the seed of a training run.

    Parameters
    ----------
    seed : int
        That of the workflow, which the first run has.
    repeat : int
        Number of the run, from 0.

    Returns
    -------
    int

    Examples
    --------
    >>> run_seed(1, 0), run_seed(1, 1) != run_seed(2, 1)
    (1, True)
    """
    if repeat == 0:
        return seed
    return int(np.random.SeedSequence((seed, repeat)).generate_state(1)[0])


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
        films); `trained` (`image`, `text`: networks whose parameters the model has), if there are
        any; further values that JSON can hold.
    """
    text = json.dumps({**metadata, "sizes": trained.sizes._asdict()}, sort_keys=True)
    arrays = {name: np.ascontiguousarray(value) for name, value in trained.arrays.items()}
    with atomic(path) as temporary:
        safetensors.numpy.save_file(arrays, temporary, {METADATA: text})


def load_model(path: str | os.PathLike) -> tuple[networks.RetrievalModel, dict]:
    """Read a model file, without networks of views that were trained with it.

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
                names = [name for name in file.keys() if not name.startswith(PREFIX)]  # noqa: SIM118
                arrays = {name: file.get_tensor(name) for name in names}
        except safetensors.SafetensorError as error:
            raise ValueError(str(error)) from error
    sizes = networks.Sizes(**metadata["sizes"])
    return networks.load_model(metadata["configuration"], sizes, arrays), metadata


def embed_test_films(
    subsets_of_parts: Sequence[Sequence[str]],
    model: networks.RetrievalModel,
    dataset: RetrievalDataset,
) -> pd.DataFrame:
    """Embed the test films with subsets of the parts that the model sees, and their tracks.

    Parameters
    ----------
    subsets_of_parts : sequence of sequence of str
        From `dataset.subsets`.
    model : RetrievalModel
        A trained model.
    dataset : RetrievalDataset
        Films and tracks.

    Returns
    -------
    pandas.DataFrame
        Rows of RETRIEVAL_EMBEDDINGS without the configuration and the run: all films with each
        subset, then the tracks, each in the order of the dataset.
    """
    films = dataset.split.test
    ids = [dataset.films[film] for film in films]
    tables = []
    for parts in subsets_of_parts:
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
    return pd.concat(tables, ignore_index=True)


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


def _curve(losses: np.ndarray) -> pd.DataFrame:
    table = pd.DataFrame(losses.astype(float), columns=["training", "validation"])
    return table.assign(epoch=np.arange(1, len(losses) + 1))


def _log_training(trained: TrainedModel, duration_s: float) -> None:
    training, validation = trained.losses[trained.best_epoch - 1]
    message = "%d epochs in %.1f s; best epoch %d: loss %.4f in training, %.4f in validation"
    epochs = len(trained.losses), duration_s, trained.best_epoch
    log.info(message, *epochs, training, validation)
