"""The file of an encoded library: a table of its tracks, and the embeddings of their passages."""

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from scorelens import tables
from scorelens.errors import naming_damage

FORMAT = 1  # of the file; another one is encoded anew
TEXTS = ("track_id", "library", "path", "title", "artist", "album", "key", "genres", "digest")
NUMBERS = (
    "file_start_s",
    "file_end_s",
    "length_s",
    "loudness_db",
    "tempo_bpm",
    "speech",
    "singing",
)
SEPARATOR = ";"  # of genres
SIZE = 200  # of MusiCNN's embeddings


@dataclass(frozen=True)
class Catalogue:
    """The tracks of one or more libraries.

    Attributes
    ----------
    tracks : DataFrame
        A row a track: TEXTS, empty where unknown, and NUMBERS, NaN where unknown. `genres` are
        joined by semicolons; `digest` says what a track was encoded from.
    track : ndarray of int64, shape (passages,)
        Row of the track of each passage, ascending; each track has one at least.
    start_s : ndarray of float64, shape (passages,)
        Start of each in its track, s.
    values : ndarray of float16, shape (passages, 200)
    """

    tracks: pd.DataFrame
    track: np.ndarray
    start_s: np.ndarray
    values: np.ndarray

    def __len__(self) -> int:
        return len(self.tracks)


def build(rows: Sequence[dict], starts: Sequence, values: Sequence) -> Catalogue:
    """Put encoded tracks together; those without a passage are left out.

    Parameters
    ----------
    rows : sequence of dict
        Columns of each track; those that lack are unknown.
    starts : sequence of ndarray, shape (passages,)
    values : sequence of ndarray, shape (passages, 200)

    Returns
    -------
    Catalogue
    """
    sounding = [number for number, start_s in enumerate(starts) if len(start_s)]
    frame = pd.DataFrame([rows[n] for n in sounding], columns=[*TEXTS, *NUMBERS])
    frame = frame.astype(dict.fromkeys(NUMBERS, float))
    texts = frame[list(TEXTS)].astype(object)
    frame[list(TEXTS)] = texts.where(texts.notna(), "").astype("str")
    counts = [len(starts[n]) for n in sounding]
    return Catalogue(
        frame,
        np.repeat(np.arange(len(sounding)), counts),
        np.concatenate([np.zeros(0), *(starts[n] for n in sounding)]),
        np.concatenate([np.zeros((0, SIZE), np.float16), *(values[n] for n in sounding)]),
    )


def join(catalogues: Sequence[Catalogue]) -> Catalogue:
    """Join catalogues; of two tracks of one id the first counts.

    Parameters
    ----------
    catalogues : sequence of Catalogue

    Returns
    -------
    Catalogue
    """
    parts = [catalogue for catalogue in catalogues if len(catalogue)]
    if not parts:
        return build([], [], [])
    offsets = np.cumsum([0, *map(len, parts[:-1])])
    tracks = pd.concat([part.tracks for part in parts], ignore_index=True)
    track = np.concatenate([p.track + o for p, o in zip(parts, offsets, strict=True)])
    joined = Catalogue(
        tracks,
        track,
        np.concatenate([part.start_s for part in parts]),
        np.concatenate([part.values for part in parts]),
    )
    return select(joined, ~tracks["track_id"].duplicated().to_numpy())


def select(catalogue: Catalogue, wanted: np.ndarray) -> Catalogue:
    """Select tracks.

    Parameters
    ----------
    catalogue : Catalogue
    wanted : ndarray of bool, shape (tracks,)

    Returns
    -------
    Catalogue
    """
    if wanted.all():
        return catalogue
    rows = wanted[catalogue.track]
    return Catalogue(
        catalogue.tracks[wanted].reset_index(drop=True),
        (np.cumsum(wanted) - 1)[catalogue.track[rows]],
        catalogue.start_s[rows],
        catalogue.values[rows],
    )


def save(catalogue: Catalogue, path: str | os.PathLike) -> None:
    """Write a catalogue to an .npz file, without pickle; the old file stays until the end."""
    table = io.BytesIO()
    catalogue.tracks.to_parquet(table, index=False)
    arrays = {
        "format": np.array(FORMAT),
        "tracks": np.frombuffer(table.getvalue(), np.uint8),
        "track": catalogue.track.astype(np.int32),
        "start_s": catalogue.start_s,
        "values": catalogue.values.astype(np.float16),
    }
    with tables.atomic(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)


def load(path: str | os.PathLike) -> Catalogue | None:
    """Read a catalogue.

    Parameters
    ----------
    path : path

    Returns
    -------
    Catalogue or None
        None if the file has another format.

    Raises
    ------
    InputError
        If the file is damaged.
    """
    with (
        naming_damage(path, "an index of the live search"),
        open(path, "rb") as file,
        np.load(file, allow_pickle=False) as stored,
    ):
        if int(stored["format"]) != FORMAT:
            return None
        tracks = pd.read_parquet(io.BytesIO(stored["tracks"].tobytes()))
        track = stored["track"].astype(np.int64)
        return Catalogue(tracks, track, stored["start_s"], stored["values"])
