"""What the models of trailers take as input: samples, embeddings, feature maps, single numbers."""

import os
import zlib
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from scorelens.tables import (
    TRAILER_MAPS,
    TRAILER_SAMPLES,
    TRAILER_VECTORS,
    Table,
    feature_columns,
    read_table,
)
from scorelens.trailers.data.frame_sampling import read_sample
from scorelens.trailers.data.preprocessing import mel_windows, small_frames
from scorelens.trailers.data.table import Trailer
from scorelens.trailers.registry import (
    LENGTH,
    LOUDNESS,
    MAPS,
    RANDOM,
    SAMPLES,
    VECTORS,
    YEAR,
    model_inputs,
)

Inputs = tuple[np.ndarray, np.ndarray]  # of a trailer: instances (n, ...), and their times, s
COLUMN = {LOUDNESS: "loudness_db", LENGTH: "length_s"}  # of TRAILER_SAMPLES


def read_inputs(
    model: str,
    trailers: Sequence[Trailer],
    samples: Mapping[str, str | os.PathLike],
    tables: Sequence[str | os.PathLike],
) -> list[Inputs]:
    """Read the inputs of one model for each trailer.

    Parameters
    ----------
    model : str
        A name of `scorelens.trailers.MODELS`, not the fusion.
    trailers : sequence of Trailer
    samples : mapping
        trailer_id -> sample, if the model takes them.
    tables : sequence of path
        Tables of what else the model takes (`registry.model_inputs`).

    Returns
    -------
    list of (ndarray, ndarray)
        Instances (n, ...) and their times in s, of each trailer. A model of a single number has one
        instance, or none where the number is unknown; the frequency has one of no values.
    """
    kind = model_inputs(model)
    if kind == SAMPLES:
        return [_sample_inputs(model, samples[trailer.trailer_id]) for trailer in trailers]
    if kind in (VECTORS, MAPS):
        inputs = _map_inputs(tables) if kind == MAPS else _vector_inputs(tables, model in RANDOM)
        return [inputs.get(trailer.trailer_id, inputs[None]) for trailer in trailers]
    if model in COLUMN or model == YEAR:
        return [_value_inputs(value) for value in _values(model, trailers, tables)]
    return [(np.zeros((1, 0), np.float32), np.zeros(1))] * len(trailers)


def random_values(trailer_id: str, shape: tuple[int, int]) -> np.ndarray:
    """Draw values without information about a trailer, instead of its embeddings.

    Parameters
    ----------
    trailer_id : str
        The seed: the values are the same in every run.
    shape : (int, int)

    Returns
    -------
    ndarray of float32
        Of a standard normal distribution.
    """
    random = np.random.default_rng(zlib.crc32(trailer_id.encode()))
    return random.standard_normal(shape, np.float32)


def _sample_inputs(model: str, path: str | os.PathLike) -> Inputs:
    sample = read_sample(path)
    if model == "frame_cnn":
        return small_frames(sample.frames), sample.frame_s
    return mel_windows(sample.sound)


def _vector_inputs(paths: Sequence[str | os.PathLike], is_random: bool) -> dict[str | None, Inputs]:
    """The embeddings of each trailer, or random values of their shape; by None those of none."""
    rows = _read(paths, TRAILER_VECTORS)
    columns = feature_columns(rows, TRAILER_VECTORS)
    inputs = {None: (np.zeros((0, len(columns)), np.float32), np.zeros(0))}
    for trailer_id, part in rows.groupby("trailer_id", sort=False):
        values = part[columns].to_numpy(np.float32)
        values = random_values(trailer_id, values.shape) if is_random else values
        inputs[trailer_id] = values, part["time_s"].to_numpy()
    return inputs


def _map_inputs(paths: Sequence[str | os.PathLike]) -> dict[str | None, Inputs]:
    """The feature maps of each trailer; by None those of none."""
    inputs = {}
    for path in paths:  # one after the other: a table of them is large
        inputs |= _maps_of(read_table(path, TRAILER_MAPS))
    return inputs


def _maps_of(rows: pd.DataFrame) -> dict[str | None, Inputs]:
    """float16 (frames, planes * side, side), of each trailer."""
    columns = feature_columns(rows, TRAILER_MAPS)
    side = int(rows["row"].max()) + 1 if len(rows) else 1
    inputs = {}
    for trailer_id, part in ((None, rows[:0]), *rows.groupby("trailer_id", sort=False)):
        cells = part[columns].to_numpy(np.float16).reshape(-1, side, side, len(columns))
        maps = cells.transpose(0, 3, 1, 2).reshape(len(cells), len(columns) * side, side)
        inputs[trailer_id] = maps, part["time_s"].to_numpy()[:: side**2]
    return inputs


def _values(
    model: str, trailers: Sequence[Trailer], paths: Sequence[str | os.PathLike]
) -> list[float | None]:
    """The year, the loudness or the length of each trailer; None or NaN where it is unknown."""
    if model == YEAR:
        return [trailer.year for trailer in trailers]
    known = _read(paths, TRAILER_SAMPLES).set_index("trailer_id")[COLUMN[model]]
    return [known[trailer.trailer_id] for trailer in trailers]


def _value_inputs(value: float | None) -> Inputs:
    known = [] if pd.isna(value) else [value]
    return np.array(known, np.float32)[:, None], np.zeros(len(known))


def _read(paths: Sequence[str | os.PathLike], table: Table) -> pd.DataFrame:
    return pd.concat([read_table(path, table) for path in paths])
