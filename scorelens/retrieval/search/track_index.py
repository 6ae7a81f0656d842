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
from scorelens.albums.names import file_title, track_credits
from scorelens.albums.tracks import track_parts
from scorelens.ids import slug
from scorelens.retrieval.embed.fragment_io import read_fragments
from scorelens.retrieval.model.networks import embed_tracks
from scorelens.retrieval.model.train import load_model
from scorelens.retrieval.search.index import build_index, save_index
from scorelens.retrieval.search.search_config import CORPUS

log = logging.getLogger(__name__)


class Album(NamedTuple):
    """The album of a film.

    sound: file of what is heard. tracks: of each track, by track_id, what `track_parts` and
    `track_credits` tell.
    """

    sound: str
    film_id: str
    title: str
    tracks: Mapping[str, Mapping]

    def row(self, track_id: str) -> dict:
        """The row of a track in RETRIEVAL_INDEX."""
        film = {"library": CORPUS, "film_id": self.film_id, "title": self.title}
        return film | {"track_id": track_id} | self.tracks[track_id]

    def name(self, track_id: str) -> str:
        """The id of a track in the index."""
        return f"{CORPUS}/{self.film_id}/{track_id}"


class Shelf(NamedTuple):
    """Some files of a library.

    sound: file of what is heard of them. folder: of the library. tags: rows of RETRIEVAL_LIBRARY,
    by path.
    """

    sound: str
    library: str
    folder: str
    tags: Mapping[str, Mapping]

    def row(self, file: str) -> dict:
        """As `Album.row`."""
        stem, tags = os.path.splitext(os.path.basename(file))[0], self.tags[file]
        owner = {"library": self.library, "film_id": None, "title": None}
        place = {"path": os.path.join(self.folder, file), "start_s": 0.0, "end_s": None}
        about = {name: tags[name] for name in ("artist", "composer", "album")}
        about["track_title"] = tags["title"] or file_title(file)
        return owner | {"track_id": slug(stem)} | place | about

    def name(self, file: str) -> str:
        """As `Album.name`."""
        return f"{self.library}/{file}"


def albums_of(
    films: Sequence[tuple[str, str]],
    sounds: Sequence[str | os.PathLike],
    tracks: Sequence[str | os.PathLike],
) -> list[Album]:
    """The albums of films, each with its id and title.

    sounds: of each film the file of what is heard. tracks: tables of TRACKS that have them all.
    """
    every = pd.concat([tables.read_table(path, tables.TRACKS) for path in tracks])
    own = dict(list(every.groupby("film_id")))
    return [
        Album(sound, film_id, title, _described(own.get(film_id, every[:0])))
        for sound, (film_id, title) in zip(sounds, films, strict=True)
    ]


def shelves_of(
    parts: Sequence[tuple[str, str]],
    sounds: Sequence[str | os.PathLike],
    tags: Sequence[str | os.PathLike],
) -> list[Shelf]:
    """The parts of libraries, each with the library's name and folder.

    sounds: of each part the file of what is heard. tags: its table of RETRIEVAL_LIBRARY.
    """
    found = []
    for part, sound, table in zip(parts, sounds, tags, strict=True):
        rows = tables.read_table(table, tables.RETRIEVAL_LIBRARY).set_index("path")
        found.append(Shelf(sound, *part, rows.to_dict("index")))
    return found


def _described(tracks: pd.DataFrame) -> dict[str, dict]:
    """As `Album.tracks`."""
    about = track_credits(tracks)
    return {track_id: part | about[track_id] for track_id, part in track_parts(tracks).items()}


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
        sound = read_fragments(source.sound)
        if sound.track_ids:
            places.append(embed_tracks(known, sound.values, sound.track))
            rows += [source.row(track) for track in sound.track_ids]
            names += [source.name(track) for track in sound.track_ids]
    vectors = np.concatenate(places[1:] or places)
    save_index(build_index(vectors, names), index)
    frame = pd.DataFrame(rows, columns=tables.RETRIEVAL_INDEX.names)
    frame = frame.astype({"start_s": float, "end_s": float})
    facts = {"model_sha256": media.sha256(model)}
    tables.write_table(frame, table, tables.RETRIEVAL_INDEX, facts)
    log.info("%d tracks", len(names))
