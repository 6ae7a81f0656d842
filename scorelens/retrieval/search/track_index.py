"""Index the tracks of the films and of the libraries: their embeddings, and a table of their names.

The id of a track in the index is `corpus/film_id/track_id`, or the library and the path of the file
in its folder.
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


class FilmAlbum(NamedTuple):
    """The album of a film.

    Attributes
    ----------
    fragments : str
        File of the fragments of its tracks.
    film_id, title : str
        The film.
    tracks : mapping of str to mapping
        Location and credits of each track (`track_parts`, `track_credits`), by track id.
    """

    fragments: str
    film_id: str
    title: str
    tracks: Mapping[str, Mapping]

    def row(self, track_id: str) -> dict:
        """The row of a track in RETRIEVAL_INDEX."""
        film = {"library": CORPUS, "film_id": self.film_id, "title": self.title}
        return film | {"track_id": track_id} | self.tracks[track_id]

    def index_id(self, track_id: str) -> str:
        """The id of a track in the index."""
        return f"{CORPUS}/{self.film_id}/{track_id}"


class LibraryPart(NamedTuple):
    """A part of the files of a library.

    Attributes
    ----------
    fragments : str
        File of the fragments of its tracks.
    library, folder : str
        Name and folder of the library.
    tags : mapping of str to mapping
        Rows of RETRIEVAL_LIBRARY, by path.
    """

    fragments: str
    library: str
    folder: str
    tags: Mapping[str, Mapping]

    def row(self, file: str) -> dict:
        """The row of a file in RETRIEVAL_INDEX."""
        stem, tags = os.path.splitext(os.path.basename(file))[0], self.tags[file]
        owner = {"library": self.library, "film_id": None, "title": None}
        location = {"path": os.path.join(self.folder, file), "start_s": 0.0, "end_s": None}
        credits = {name: tags[name] for name in ("artist", "composer", "album")}
        credits["track_title"] = tags["title"] or file_title(file)
        return owner | {"track_id": slug(stem)} | location | credits

    def index_id(self, file: str) -> str:
        """The id of a file in the index."""
        return f"{self.library}/{file}"


def film_albums(
    films: Sequence[tuple[str, str]],
    fragments: Sequence[str | os.PathLike],
    tracks: Sequence[str | os.PathLike],
) -> list[FilmAlbum]:
    """Collect the albums of films.

    Parameters
    ----------
    films : sequence of (str, str)
        Id and title of each film.
    fragments : sequence of path
        File of the fragments of each film.
    tracks : sequence of path
        Tables of TRACKS that hold the tracks of all films.

    Returns
    -------
    list of FilmAlbum
        One per film.
    """
    every = pd.concat([tables.read_table(path, tables.TRACKS) for path in tracks])
    by_film = dict(list(every.groupby("film_id")))
    return [
        FilmAlbum(path, film_id, title, _track_details(by_film.get(film_id, every[:0])))
        for path, (film_id, title) in zip(fragments, films, strict=True)
    ]


def library_parts(
    parts: Sequence[tuple[str, str]],
    fragments: Sequence[str | os.PathLike],
    tags: Sequence[str | os.PathLike],
) -> list[LibraryPart]:
    """Collect the parts of libraries.

    Parameters
    ----------
    parts : sequence of (str, str)
        Name and folder of the library of each part.
    fragments : sequence of path
        File of the fragments of each part.
    tags : sequence of path
        Table of RETRIEVAL_LIBRARY of each part.

    Returns
    -------
    list of LibraryPart
        One per part.
    """
    return [
        LibraryPart(
            path,
            *part,
            tables.read_table(table, tables.RETRIEVAL_LIBRARY).set_index("path").to_dict("index"),
        )
        for part, path, table in zip(parts, fragments, tags, strict=True)
    ]


def _track_details(tracks: pd.DataFrame) -> dict[str, dict]:
    credits = track_credits(tracks)
    return {track_id: part | credits[track_id] for track_id, part in track_parts(tracks).items()}


def index_tracks(
    model: str | os.PathLike,
    sources: Sequence[FilmAlbum | LibraryPart],
    index: str | os.PathLike,
    table: str | os.PathLike,
) -> None:
    """Write the index of all tracks that sound, and the table of their names.

    Parameters
    ----------
    model : str or os.PathLike
        Model file.
    sources : sequence of FilmAlbum or LibraryPart
        The tracks.
    index : str or os.PathLike
        Output: file of the index.
    table : str or os.PathLike
        Output: table of RETRIEVAL_INDEX, in the order of the index.
    """
    trained, _ = load_model(model)
    embeddings, rows, ids = [np.zeros((0, 0), np.float32)], [], []
    for source in tqdm(sources, unit="file", disable=None):
        sound = read_fragments(source.fragments)
        if sound.track_ids:
            embeddings.append(embed_tracks(trained, sound.values, sound.track))
            rows += [source.row(track) for track in sound.track_ids]
            ids += [source.index_id(track) for track in sound.track_ids]
    save_index(build_index(np.concatenate(embeddings[1:] or embeddings), ids), index)
    frame = pd.DataFrame(rows, columns=tables.RETRIEVAL_INDEX.names)
    frame = frame.astype({"start_s": float, "end_s": float})
    provenance = {"model_sha256": media.sha256(model)}
    tables.write_table(frame, table, tables.RETRIEVAL_INDEX, provenance)
    log.info("%d tracks", len(ids))
