"""Embed fragments of the tracks of films and of music libraries."""

import logging
import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from tqdm import tqdm

from scorelens import media, tables
from scorelens.albums.files import has_audio_extension
from scorelens.albums.reading import read_album
from scorelens.albums.tags import read_tags, tag_columns
from scorelens.albums.tracks import track_digests, track_sounds
from scorelens.encoders.registry import ENCODERS
from scorelens.errors import MediaError
from scorelens.retrieval.embed.fragment_io import TrackFragments, read_provenance, write_fragments
from scorelens.retrieval.embed.fragments import (
    EMPTY,
    FragmentEncoder,
    Fragments,
    encode_track,
    fragments_of_seconds,
    load_fragment_encoder,
    with_levels,
)
from scorelens.tables import FEATURES, RETRIEVAL_LIBRARY, TRACKS

COLUMNS = ENCODERS["musicnn"].feature_names

log = logging.getLogger(__name__)


class Album(NamedTuple):
    """The music of a film.

    Attributes
    ----------
    film_id : str
    tracks : DataFrame
        Rows of tables.TRACKS, of all tracks.
    features : path or None
        MusiCNN's embedding of each second of the tracks, a table of the set `musicnn_tracks`
        (tables.FEATURES); then only the levels of the fragments are measured.
    """

    film_id: str
    tracks: pd.DataFrame
    features: str | os.PathLike | None = None


class EncodingSettings(NamedTuple):
    """How tracks are encoded.

    Attributes
    ----------
    audio : {"musicnn", "cnn_transformer"}
    max_fragments : int
        Fragments of a track at most.
    weights : path or None
        MusiCNN's variables, a file that `scorelens.pretrained.fetch` wrote; None if the network is
        not needed.
    code : str
        Hash of the code that the result depends on.
    threads : int
        Threads of the CPU.
    """

    audio: str
    max_fragments: int
    weights: str | os.PathLike | None
    code: str
    threads: int = 1

    def provenance(self) -> dict:
        """Give what the fragments of any track depend on."""
        common = {"audio": self.audio, "fragments_per_track": self.max_fragments, "code": self.code}
        return common | ({"weights_sha256": media.sha256(self.weights)} if self.weights else {})

    def load_encoder(self) -> FragmentEncoder:
        """Load the encoder of fragments, with its network."""
        return load_fragment_encoder(self.audio, self.weights, self.threads)


def open_albums(
    films: Sequence[str],
    folders: Sequence[str],
    files: Sequence[Sequence[str]],
    track_tables: Sequence[str | os.PathLike | None],
    features: Sequence[str | os.PathLike | None],
) -> list[Album]:
    """Open the albums of films: of the corpus by their tables, of others by their files.

    Parameters
    ----------
    films : sequence of str
        Their ids.
    folders : sequence of str
        Folder of each album.
    files : sequence of sequence of str
        Audio files of each album; none of a film of the corpus.
    track_tables : sequence of path or None
        The tracks of each film of the corpus (tables.TRACKS), None of a film outside.
    features : sequence of path or None
        As in `Album`.

    Returns
    -------
    list of Album

    Raises
    ------
    MediaError
        With every audio file that cannot be used.
    """
    albums, problems = [], []
    for film_id, folder, film_files, table, film_features in zip(
        films, folders, files, track_tables, features, strict=True
    ):
        if table:
            tracks = tables.read_table(table, TRACKS)
        else:
            album = read_album(folder, film_files)
            problems += album.problems
            tracks = album.tracks.assign(film_id=film_id)
            for note in album.notes:
                log.info("%s: %s", film_id, note)
        albums.append(Album(film_id, tracks, film_features))
    if problems:
        raise MediaError(problems)
    return albums


def embed_films(
    films: Sequence[Album],
    outputs: Sequence[str | os.PathLike],
    settings: EncodingSettings,
    table: str | os.PathLike,
) -> None:
    """Write the fragments of each film's tracks, in order of their ids.

    A file that was made by the same code of the same media, weights and settings is kept. A silent
    track is logged and left out.

    Parameters
    ----------
    films : sequence of Album
    outputs : sequence of path
        One a film, for `fragment_io.read_fragments`: .parquet for embeddings, .npz for log-mel.
    settings : EncodingSettings
    table : path
        Where the tracks of all films go (tables.TRACKS).

    Raises
    ------
    MediaError
        If a track does not decode.
    """
    tracks = pd.concat([film.tracks for film in films], ignore_index=True)
    tables.write_table(tracks, table, TRACKS)
    common = settings.provenance()
    origins = [common | _origin(film) for film in films]
    stale = [not _is_current(*pair) for pair in zip(outputs, origins, strict=True)]
    decoded = [is_stale and not film.features for film, is_stale in zip(films, stale, strict=True)]
    encoder = settings.load_encoder() if any(decoded) else None
    jobs = list(zip(films, outputs, origins, stale, strict=True))
    for film, output, origin, is_stale in tqdm(jobs, unit="film", disable=None):
        if is_stale:
            parts = _encode_film(film, settings.max_fragments, encoder)
            fragments = _join(film.film_id, parts, settings.audio)
            write_fragments(fragments, output, COLUMNS, origin)
        else:
            os.utime(output)  # newer than its inputs, as Snakemake expects of an output
            log.info("%s: kept, nothing that it depends on has changed", film.film_id)


def embed_library_part(
    folder: str | os.PathLike,
    files: Sequence[str],
    output: str | os.PathLike,
    settings: EncodingSettings,
    table: str | os.PathLike,
) -> None:
    """Write the fragments of some files of a library, in their order, and their tags.

    A file that cannot be read, or is silent, is logged and left out of the fragments.

    Parameters
    ----------
    folder : path
        Of the library.
    files : sequence of str
        As seen from the folder.
    output : path
        For `fragment_io.read_fragments`: .parquet for embeddings, .npz for log-mel.
    settings : EncodingSettings
    table : path
        Where the tags of all the files go (tables.RETRIEVAL_LIBRARY).
    """
    tags = [read_tags(os.path.join(folder, file)) for file in files]
    rows = pd.DataFrame([tag_columns(file_tags) for file_tags in tags]).assign(path=files)
    tables.write_table(rows.astype({"disc": "Int64", "number": "Int64"}), table, RETRIEVAL_LIBRARY)
    encoder = settings.load_encoder()
    parts = {}
    for file in tqdm(files, unit="track", disable=None):
        try:
            path = os.path.join(folder, file)
            parts[file] = encode_track(path, settings.max_fragments, encoder)
        except MediaError as error:
            level = logging.WARNING if has_audio_extension(file) else logging.INFO
            log.log(level, "%s cannot be searched: it %s", file, error.problems[0].what)
    fragments = _join(os.fspath(folder), parts, settings.audio)
    write_fragments(fragments, output, COLUMNS, settings.provenance())


def _encode_film(
    film: Album, max_fragments: int, encoder: FragmentEncoder | None
) -> dict[str, Fragments]:
    """The fragments of a film's tracks, by track_id."""
    if not film.features:
        lengths_s = film.tracks.set_index("track_id")["duration_s"]
        return {
            track_id: encode_track(sound, max_fragments, encoder, lengths_s[track_id])
            for track_id, sound in sorted(track_sounds(film.tracks).items())
        }
    frame = tables.read_table(film.features, FEATURES)
    values, track_ids = frame[list(COLUMNS)].to_numpy(np.float32), frame["cue_id"].to_numpy()
    return {
        track_id: with_levels(
            fragments_of_seconds(values[track_ids == track_id], max_fragments), sound
        )
        for track_id, sound in sorted(track_sounds(film.tracks).items())
    }


def _join(owner: str, parts: Mapping[str, Fragments], audio: str) -> TrackFragments:
    """The fragments of tracks, by track_id, in the order given. Silent tracks are logged."""
    audible = {track_id: part for track_id, part in parts.items() if len(part.values)}
    for track_id in parts:
        if track_id not in audible:
            log.warning("%s: %s is silent, and left out", owner, track_id)
    if not audible:
        log.warning("%s: all tracks are silent", owner)
    counts = [len(part.values) for part in audible.values()]
    log.info("%s: %d tracks, %d fragments", owner, len(audible), sum(counts))
    return TrackFragments(
        list(audible),
        np.repeat(np.arange(len(audible)), counts),
        np.concatenate([np.zeros(0), *(part.start_s for part in audible.values())]),
        np.concatenate([EMPTY[audio], *(part.values for part in audible.values())]),
        np.concatenate([np.zeros(0), *(part.level_db for part in audible.values())]),
    )


def _origin(film: Album) -> dict:
    """What a film's fragments are made of, for their provenance."""
    if film.features:
        tracks = sorted(film.tracks["track_id"])
        return {"features_sha256": media.sha256(film.features), "tracks": tracks}
    return {"media_sha256": track_digests(film.tracks)}


def _is_current(output: str | os.PathLike, origin: dict) -> bool:
    return os.path.exists(output) and origin.items() <= read_provenance(output).items()
