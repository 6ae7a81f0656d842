"""Train one model of retrieval, keep it in a file, and place the test films and their tracks.

A model file is a safetensors file: the arrays of the model, and as metadata what it sees, the
networks that make its vectors, their sizes, and the films that taught it. It holds no code and no
pickle.
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
from scorelens.retrieval import EMBEDDING
from scorelens.retrieval.data.batches import Corpus
from scorelens.retrieval.data.dataset import Material, read_material, subsets, views_of
from scorelens.retrieval.model import networks
from scorelens.retrieval.model.training import Trained, train_configuration
from scorelens.tables import RETRIEVAL_CURVES, RETRIEVAL_PLACES, atomic, write_table

AXES = [f"p{number:02d}" for number in range(EMBEDDING)]  # columns of a place
TRACKS_AT_ONCE = 64  # whose fragments are read from the disk; bounds the memory
FACTS = "scorelens"  # in a file's metadata

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
    """Train a model; write it, how it learnt, and where it puts the test films and their tracks.

    inputs: `films`, `tracks`, `fragments`, `images`, `texts`, as `material.read_material` takes
    them. encoders: names of the frozen networks, `image`, `text` and `audio`. settings, seed,
    checkpoint: of `training.train_configuration`. outputs: `model` for the model; `curve` and
    `places` for tables of RETRIEVAL_CURVES and RETRIEVAL_PLACES. The test films are asked for with
    all that the model sees, and with each smaller choice of its parts; of several paragraphs the
    first counts (the paper).
    """
    material = read_material(configuration, **inputs)
    start_s = time.monotonic()
    trained = train_configuration(
        configuration, material.corpus, material.split, settings, seed, checkpoint
    )
    _report(trained, time.monotonic() - start_s)
    taught = [material.films[film] for film in material.split.training]
    facts = {"configuration": configuration, **encoders, "films": taught}
    save_model(outputs["model"], trained, facts)
    write_table(_curve(configuration, trained.curve), outputs["curve"], RETRIEVAL_CURVES)
    model = networks.load_model(configuration, trained.sizes, trained.arrays)
    places = place_films(configuration, model, material)
    write_table(places, outputs["places"], RETRIEVAL_PLACES, {**encoders, "seed": seed})


def save_model(path: str | os.PathLike, trained: Trained, facts: Mapping) -> None:
    """Write a model file, the same bytes for the same model.

    facts: `configuration`, `image`, `text`, `audio` (names of networks), `films` (ids of those that
    taught it), and what else there is to say, as JSON can.
    """
    text = json.dumps({**facts, "sizes": trained.sizes._asdict()}, sort_keys=True)
    arrays = {name: np.ascontiguousarray(value) for name, value in trained.arrays.items()}
    with atomic(path) as temporary:
        safetensors.numpy.save_file(arrays, temporary, {FACTS: text})


def load_model(path: str | os.PathLike) -> tuple[networks.Retrieval, dict]:
    """Read a model file. Returns the model, ready to be asked, and the facts of `save_model`.

    The facts have `sizes` besides, a dict of networks.Sizes. Raises InputError if it is damaged.
    """
    with naming_damage(path, "a model of retrieval"):
        try:
            with safetensors.safe_open(path, "numpy") as file:
                facts = json.loads(file.metadata()[FACTS])
                arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except safetensors.SafetensorError as error:
            raise ValueError(str(error)) from error
    sizes = networks.Sizes(**facts["sizes"])
    return networks.load_model(facts["configuration"], sizes, arrays), facts


def place_films(configuration: str, model: networks.Retrieval, material: Material) -> pd.DataFrame:
    """The places of the test films, for each choice of parts, and of their tracks.

    Returns rows of RETRIEVAL_PLACES: all films with all parts, then with each smaller choice, then
    the tracks, each in the order of the material.
    """
    films = material.split.test
    ids = [material.films[film] for film in films]
    tables = []
    for parts in subsets(configuration):
        views = views_of(material.vectors, parts)
        firsts = {
            view: rows.values[np.searchsorted(rows.owner, films)] for view, rows in views.items()
        }
        places = networks.embed_queries(model, firsts)
        tables.append(_rows("film", ids, None, "+".join(parts), places))
    tracks = np.flatnonzero(np.isin(material.corpus.film, films))
    named = [material.tracks[track] for track in tracks]
    places = place_tracks(model, material.corpus, tracks)
    tables.append(_rows("track", *map(list, zip(*named, strict=True)), None, places))
    return pd.concat(tables, ignore_index=True).assign(configuration=configuration)


def place_tracks(model: networks.Retrieval, corpus: Corpus, tracks: np.ndarray) -> np.ndarray:
    """The places of some tracks of a corpus: float32 (len(tracks), EMBEDDING), length 1.

    tracks: their numbers, rising. A few of them are read from the disk at a time.
    """
    values, owner = corpus.fragments
    found = []
    for start in range(0, len(tracks), TRACKS_AT_ONCE):
        some = tracks[start : start + TRACKS_AT_ONCE]
        rows = np.flatnonzero(np.isin(owner, some))
        found.append(networks.embed_tracks(model, values[rows], np.searchsorted(some, owner[rows])))
    return np.concatenate(found)


def _rows(
    kind: str, films: list[str], tracks: list[str] | None, seen: str | None, places: np.ndarray
) -> pd.DataFrame:
    about = pd.DataFrame({"kind": kind, "film_id": films, "track_id": tracks, "seen": seen})
    return pd.concat([about.astype(object), pd.DataFrame(places, columns=AXES)], axis=1)


def _curve(configuration: str, losses: np.ndarray) -> pd.DataFrame:
    """losses: (epochs, 2)."""
    return pd.DataFrame(losses.astype(float), columns=["training", "validation"]).assign(
        configuration=configuration, epoch=np.arange(1, len(losses) + 1)
    )


def _report(trained: Trained, spent_s: float) -> None:
    training, validation = trained.curve[trained.best_epoch - 1]
    said = "%d epochs in %.1f s; epoch %d counts: loss %.4f in training, %.4f in validation"
    log.info(said, len(trained.curve), spent_s, trained.best_epoch, training, validation)
