"""What is heard of tracks, in files: vectors of fragments as a table, log-mel as arrays."""

import contextlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from scorelens import tables
from scorelens.errors import naming_damage
from scorelens.tables import RETRIEVAL_FRAGMENTS


class Sound(NamedTuple):
    """The fragments of some tracks, in order of track and time.

    track_ids: of the tracks that sound; of a library the files, as seen from its folder. track:
    int64 (n,), number of the track, rising from 0. start_s: float64 (n,), in the track. values:
    float32 (n, size), or log-mel float16 (n, BANDS, FRAMES).
    """

    track_ids: list[str]
    track: np.ndarray
    start_s: np.ndarray
    values: np.ndarray


def read_sound(path: str | os.PathLike) -> Sound:
    """What `write_sound` wrote. Raises InputError if the file is damaged."""
    if Path(path).suffix == ".npz":
        with _arrays(path) as file:
            sound = Sound(*(file[name] for name in Sound._fields))
        return sound._replace(track_ids=sound.track_ids.tolist())
    frame = tables.read_table(path, RETRIEVAL_FRAGMENTS)
    track, track_ids = pd.factorize(frame["track_id"])
    names = tables.feature_columns(frame, RETRIEVAL_FRAGMENTS)
    values = frame[names].to_numpy(np.float32)
    return Sound(list(track_ids), track, frame["start_s"].to_numpy(), values)


def write_sound(
    sound: Sound, output: str | os.PathLike, names: Sequence[str], facts: Mapping[str, object]
) -> None:
    """Write fragments by the ending of the file: .parquet for vectors, .npz for log-mel.

    names: of the columns of vectors. facts: what they were made of, kept in the file.
    """
    if Path(output).suffix != ".npz":
        frame = pd.DataFrame(sound.values, columns=list(names))
        whose = np.array(sound.track_ids, object)[sound.track]
        frame = frame.assign(track_id=whose, start_s=sound.start_s)
        tables.write_table(frame, output, RETRIEVAL_FRAGMENTS, facts)
        return
    arrays = sound._asdict() | {"track_ids": np.array(sound.track_ids, str)}
    with tables.atomic(output) as temporary, open(temporary, "wb") as file:
        np.savez(file, provenance=json.dumps(facts, sort_keys=True), **arrays)


def read_provenance(path: str | os.PathLike) -> dict:
    """What a file of `write_sound` was made of. Raises InputError if it is damaged."""
    if Path(path).suffix != ".npz":
        return tables.read_provenance(path)
    with _arrays(path) as file:
        return json.loads(file["provenance"].item())


@contextlib.contextmanager
def _arrays(path: str | os.PathLike) -> Iterator[Mapping[str, np.ndarray]]:
    """The arrays of an .npz, read when asked for; NumPy leaves a damaged one open by itself."""
    with (
        naming_damage(path, "fragments of tracks"),
        open(path, "rb") as file,
        np.load(file, allow_pickle=False) as arrays,
    ):
        yield arrays
