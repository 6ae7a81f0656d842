"""Read and write the fragments of tracks: embeddings as a Parquet table, log-mel as .npz."""

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


class TrackFragments(NamedTuple):
    """The fragments of some tracks, in order of track and time.

    Attributes
    ----------
    track_ids : list of str
        The tracks that are not silent; of a library the files, as seen from its folder.
    track : ndarray of int64, shape (n,)
        Number of the track of each fragment, ascending from 0.
    start_s : ndarray of float64, shape (n,)
        Start in the track, s.
    values : ndarray, shape (n, size) or (n, BANDS, FRAMES)
        Embeddings in float32, or log-mel in float16.
    level_db : ndarray of float64, shape (n,)
        Mean power of each, dB re full scale.
    """

    track_ids: list[str]
    track: np.ndarray
    start_s: np.ndarray
    values: np.ndarray
    level_db: np.ndarray

    def track_level_db(self) -> np.ndarray:
        """The mean power of the fragments of each track, dB: float64 (tracks,)."""
        power = np.bincount(self.track, 10 ** (self.level_db / 10), len(self.track_ids))
        return 10 * np.log10(power / np.bincount(self.track, minlength=len(self.track_ids)))


def read_fragments(path: str | os.PathLike) -> TrackFragments:
    """Read what `write_fragments` wrote.

    Parameters
    ----------
    path : path

    Returns
    -------
    TrackFragments

    Raises
    ------
    InputError
        If the file is damaged.
    """
    if Path(path).suffix == ".npz":
        with _open_arrays(path) as file:
            fragments = TrackFragments(*(file[name] for name in TrackFragments._fields))
        return fragments._replace(track_ids=fragments.track_ids.tolist())
    frame = tables.read_table(path, RETRIEVAL_FRAGMENTS)
    track, track_ids = pd.factorize(frame["track_id"])
    names = tables.feature_columns(frame, RETRIEVAL_FRAGMENTS)
    values = frame[names].to_numpy(np.float32)
    start_s, level_db = (frame[name].to_numpy() for name in ("start_s", "level_db"))
    return TrackFragments(list(track_ids), track, start_s, values, level_db)


def write_fragments(
    fragments: TrackFragments,
    output: str | os.PathLike,
    names: Sequence[str],
    provenance: Mapping[str, object],
) -> None:
    """Write fragments in the format of the file's ending.

    Parameters
    ----------
    fragments : TrackFragments
    output : path
        .parquet for embeddings (tables.RETRIEVAL_FRAGMENTS), .npz for log-mel.
    names : sequence of str
        Columns of an embedding.
    provenance : mapping
        What the fragments depend on, kept in the file.
    """
    if Path(output).suffix != ".npz":
        frame = pd.DataFrame(fragments.values, columns=list(names))
        track_ids = np.array(fragments.track_ids, object)[fragments.track]
        about = {"start_s": fragments.start_s, "level_db": fragments.level_db}
        frame = frame.assign(track_id=track_ids, **about)
        tables.write_table(frame, output, RETRIEVAL_FRAGMENTS, provenance)
        return
    arrays = fragments._asdict() | {"track_ids": np.array(fragments.track_ids, str)}
    with tables.atomic(output) as temporary, open(temporary, "wb") as file:
        np.savez(file, provenance=json.dumps(provenance, sort_keys=True), **arrays)


def read_provenance(path: str | os.PathLike) -> dict:
    """Read the provenance of a file of `write_fragments`.

    Parameters
    ----------
    path : path

    Returns
    -------
    dict

    Raises
    ------
    InputError
        If the file is damaged.
    """
    if Path(path).suffix != ".npz":
        return tables.read_provenance(path)
    with _open_arrays(path) as file:
        return json.loads(file["provenance"].item())


@contextlib.contextmanager
def _open_arrays(path: str | os.PathLike) -> Iterator[Mapping[str, np.ndarray]]:
    """The arrays of an .npz, read on demand; NumPy leaves a damaged one open by itself."""
    with (
        naming_damage(path, "fragments of tracks"),
        open(path, "rb") as file,
        np.load(file, allow_pickle=False) as arrays,
    ):
        yield arrays
