"""All the music that can be found, at its place by one model: the index, and what names its tracks.

An id of the index is `corpus/film_id/track_id`, or the library and the file as seen from its
folder.
"""

import logging
import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from tqdm import tqdm

from scorelens import media, tables
from scorelens.config import slug
from scorelens.retrieval.index import build_index, save_index
from scorelens.retrieval.networks import embed_tracks
from scorelens.retrieval.searches import CORPUS
from scorelens.retrieval.sounds import read_sound
from scorelens.retrieval.train import load_model

log = logging.getLogger(__name__)


class Album(NamedTuple):
    """The album of a film. sound: file of what is heard of it. tracks: track_id to audio file."""

    sound: str
    film_id: str
    title: str
    tracks: Mapping[str, str]

    def row(self, track_id: str) -> dict[str, str | None]:
        """The row of a track in RETRIEVAL_INDEX."""
        film = {"library": CORPUS, "film_id": self.film_id, "title": self.title}
        return film | {"track_id": track_id, "path": self.tracks[track_id]}

    def name(self, track_id: str) -> str:
        """The id of a track in the index."""
        return f"{CORPUS}/{self.film_id}/{track_id}"


class Shelf(NamedTuple):
    """Some files of a library. sound: file of what is heard of them. folder: of the library."""

    sound: str
    library: str
    folder: str

    def row(self, file: str) -> dict[str, str | None]:
        """As `Album.row`."""
        path = os.path.join(self.folder, file)
        track_id = slug(os.path.splitext(os.path.basename(file))[0])
        nothing = {"film_id": None, "title": None}
        return {"library": self.library, **nothing, "track_id": track_id, "path": path}

    def name(self, file: str) -> str:
        """As `Album.name`."""
        return f"{self.library}/{file}"


def index_music(
    model: str | os.PathLike,
    sources: Sequence[Album | Shelf],
    index: str | os.PathLike,
    table: str | os.PathLike,
) -> None:
    """Write the index of all tracks that sound, and their names (RETRIEVAL_INDEX).

    model: file of the model whose places they are.
    """
    known, _ = load_model(model)
    places, rows, names = [np.zeros((0, 0), np.float32)], [], []
    for source in tqdm(sources, unit="file", disable=None):
        sound = read_sound(source.sound)
        if sound.track_ids:
            places.append(embed_tracks(known, sound.values, sound.track))
            rows += [source.row(track) for track in sound.track_ids]
            names += [source.name(track) for track in sound.track_ids]
    vectors = np.concatenate(places[1:] or places)
    save_index(build_index(vectors, names), index)
    frame = pd.DataFrame(rows, columns=tables.RETRIEVAL_INDEX.names, dtype="str")
    facts = {"model_sha256": media.sha256(model)}
    tables.write_table(frame, table, tables.RETRIEVAL_INDEX, facts)
    log.info("%d tracks", len(names))
