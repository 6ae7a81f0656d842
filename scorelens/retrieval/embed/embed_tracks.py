"""Hear the tracks of films and of libraries: a few fragments of each."""

import logging
import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from tqdm import tqdm

from scorelens import media, tables
from scorelens.albums.files import says_audio
from scorelens.albums.reading import read_album
from scorelens.albums.tags import read_tags, tag_columns
from scorelens.albums.tracks import track_digests, track_sounds
from scorelens.encoders.musicnn import NAMES
from scorelens.errors import MediaError
from scorelens.retrieval.embed.fragment_io import Sound, read_provenance, write_sound
from scorelens.retrieval.embed.fragments import (
    NOTHING,
    Ear,
    Fragments,
    hear_track,
    load_ear,
    of_seconds,
)
from scorelens.tables import FEATURES, RETRIEVAL_LIBRARY, TRACKS

log = logging.getLogger(__name__)


class Album(NamedTuple):
    """The music of a film.

    tracks: rows of tables.TRACKS, of all tracks. features: what MusiCNN said of each of their
    seconds, a table of the set `musicnn_tracks` (tables.FEATURES); the sound is then left alone.
    None without.
    """

    film_id: str
    tracks: pd.DataFrame
    features: str | os.PathLike | None = None


class Hearing(NamedTuple):
    """How tracks are heard.

    audio: `musicnn` or `cnn_transformer`. most: fragments of a track. weights: MusiCNN's file, as
    `encoders.audio_encoder.load` takes it; None if nothing asks that network. code: stands for the
    code in force. threads: of the CPU.
    """

    audio: str
    most: int
    weights: str | os.PathLike | None
    code: str
    threads: int = 1

    def facts(self) -> dict:
        """What all that is heard so hangs on, for its provenance."""
        found = {"audio": self.audio, "fragments_per_track": self.most, "code": self.code}
        return found | ({"weights_sha256": media.sha256(self.weights)} if self.weights else {})

    def ear(self) -> Ear:
        """The ear, the network loaded."""
        return load_ear(self.audio, self.weights, self.threads)


def open_albums(
    films: Sequence[str],
    folders: Sequence[str],
    files: Sequence[Sequence[str]],
    tables_of_corpus: Sequence[str | os.PathLike | None],
    features: Sequence[str | os.PathLike | None],
) -> list[Album]:
    """The albums of films: of the corpus by their tables, of others by their files.

    folders, files: as `albums.reading.read_album` takes them. tables_of_corpus: of tables.TRACKS,
    None of a film outside. features: as of Album. Raises MediaError with every file that calls
    itself audio and cannot be used.
    """
    found, problems = [], []
    for film_id, folder, own, table, known in zip(
        films, folders, files, tables_of_corpus, features, strict=True
    ):
        if table:
            tracks = tables.read_table(table, TRACKS)
        else:
            album = read_album(folder, own)
            problems += album.problems
            tracks = album.tracks.assign(film_id=film_id)
            for note in album.notes:
                log.info("%s: %s", film_id, note)
        found.append(Album(film_id, tracks, known))
    if problems:
        raise MediaError(problems)
    return found


def hear_films(
    films: Sequence[Album],
    outputs: Sequence[str | os.PathLike],
    hearing: Hearing,
    table: str | os.PathLike,
) -> None:
    """Write the fragments of each film's tracks, in order of their ids, for `sounds.read_sound`.

    table: where the tracks of all the films go (tables.TRACKS). outputs: one a film: .parquet, a
    tables.RETRIEVAL_FRAGMENTS of vectors, or .npz, of log-mel. One that was made by the same code
    of the same media, weights and settings is kept. A track in which nothing sounds is logged and
    absent. Raises MediaError for one that does not decode.
    """
    every = pd.concat([film.tracks for film in films], ignore_index=True)
    tables.write_table(every, table, TRACKS)
    facts = hearing.facts()
    origins = [facts | _origin(film) for film in films]
    due = [not _is_current(*pair) for pair in zip(outputs, origins, strict=True)]
    decoded = [is_due and not film.features for film, is_due in zip(films, due, strict=True)]
    ear = hearing.ear() if any(decoded) else None
    jobs = list(zip(films, outputs, origins, due, strict=True))
    for film, output, origin, is_due in tqdm(jobs, unit="film", disable=None):
        if is_due:
            sound = _join(film.film_id, _hear_film(film, hearing.most, ear), hearing.audio)
            write_sound(sound, output, NAMES, origin)
        else:
            os.utime(output)  # newer than its inputs, as Snakemake expects of an output
            log.info("%s: kept, nothing that it depends on has changed", film.film_id)


def hear_part(
    folder: str | os.PathLike,
    files: Sequence[str],
    output: str | os.PathLike,
    hearing: Hearing,
    table: str | os.PathLike,
) -> None:
    """Write the fragments of some files of a library, in their order, for `sounds.read_sound`.

    folder: of the library. files: as seen from it. output: as `hear_films`. table: where the tags
    of all the files go (tables.RETRIEVAL_LIBRARY). A file that cannot be
    read, or in which nothing sounds, is logged and absent.
    """
    tags = [read_tags(os.path.join(folder, file)) for file in files]
    rows = pd.DataFrame([tag_columns(own) for own in tags]).assign(path=files)
    tables.write_table(rows.astype({"disc": "Int64", "number": "Int64"}), table, RETRIEVAL_LIBRARY)
    ear = hearing.ear()
    parts = {}
    for file in tqdm(files, unit="track", disable=None):
        try:
            parts[file] = hear_track(os.path.join(folder, file), hearing.most, ear)
        except MediaError as error:
            level = logging.WARNING if says_audio(file) else logging.INFO
            log.log(level, "%s cannot be searched: it %s", file, error.problems[0].what)
    sound = _join(os.fspath(folder), parts, hearing.audio)
    write_sound(sound, output, NAMES, hearing.facts())


def _hear_film(film: Album, most: int, ear: Ear | None) -> dict[str, Fragments]:
    """The fragments of a film's tracks, by track_id."""
    if not film.features:
        lengths_s = film.tracks.set_index("track_id")["duration_s"]
        parts = sorted(track_sounds(film.tracks).items())
        return {own: hear_track(sound, most, ear, lengths_s[own]) for own, sound in parts}
    frame = tables.read_table(film.features, FEATURES)
    values, whose = frame[list(NAMES)].to_numpy(np.float32), frame["cue_id"].to_numpy()
    return {own: of_seconds(values[whose == own], most) for own in sorted(film.tracks["track_id"])}


def _join(whose: str, parts: Mapping[str, Fragments], audio: str) -> Sound:
    """The fragments of tracks, by track_id, in the order given. What does not sound is logged."""
    heard = {track_id: own for track_id, own in parts.items() if len(own.values)}
    for track_id in parts:
        if track_id not in heard:
            log.warning("%s: %s is silent, and left out", whose, track_id)
    if not heard:
        log.warning("%s: no track sounds", whose)
    counts = [len(own.values) for own in heard.values()]
    log.info("%s: %d tracks, %d fragments", whose, len(heard), sum(counts))
    return Sound(
        list(heard),
        np.repeat(np.arange(len(heard)), counts),
        np.concatenate([np.zeros(0), *(own.start_s for own in heard.values())]),
        np.concatenate([NOTHING[audio], *(own.values for own in heard.values())]),
    )


def _origin(film: Album) -> dict:
    """What a film's fragments are made of, for their provenance."""
    if film.features:
        tracks = sorted(film.tracks["track_id"])
        return {"features_sha256": media.sha256(film.features), "tracks": tracks}
    return {"media_sha256": track_digests(film.tracks)}


def _is_current(output: str | os.PathLike, origin: dict) -> bool:
    return os.path.exists(output) and origin.items() <= read_provenance(output).items()
