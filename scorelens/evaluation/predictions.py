"""What a model says of tracks and tiles that it never heard, as arrays."""

import os
from typing import NamedTuple

import numpy as np
import pandas as pd

from scorelens.tables import TAGGER_TILES, TAGGER_TRACKS, read_table

TILE_COLUMNS = ["film_id", "track_id", "start_s", "genre", "probability"]


class HeldOut(NamedTuple):
    """The tags of `units`, tracks or tiles, of one model."""

    units: pd.DataFrame  # film_id, track_id and, of tiles, start_s: a row a unit, sorted by them
    genres: list[str]
    probability: np.ndarray  # float (units, genres), 0..1
    place: np.ndarray  # int (units, genres), place of the tag among the unit's, 1 for the likeliest
    film: np.ndarray  # int (units,), row of `true`
    true: np.ndarray  # bool (films, genres), the labels; films in order of their ids


def read_tracks(path: str | os.PathLike) -> HeldOut:
    """Read a table of the contract TAGGER_TRACKS.

    Tracks of films that carry none of the genres are left out: no tag of theirs can be right.
    """
    table = read_table(path, TAGGER_TRACKS)
    table = table[table.groupby("film_id")["actual"].transform("any")]
    genres = table["genre"].drop_duplicates().tolist()
    rows = _square(table, ["film_id", "track_id"], genres)
    units = table[["film_id", "track_id"]].iloc[rows[:, 0]].reset_index(drop=True)
    film, ids = pd.factorize(units["film_id"])
    actual = table["actual"].to_numpy()[rows]
    return HeldOut(
        units,
        genres,
        probability=table["probability"].to_numpy()[rows],
        place=table["rank"].to_numpy()[rows],
        film=film,
        true=actual[np.searchsorted(film, np.arange(len(ids)))],
    )


def read_tiles(path: str | os.PathLike, tracks: HeldOut) -> HeldOut:
    """Read a table of the contract TAGGER_TILES: the tiles of the films of `tracks`.

    Of tags of equal probability the first is the one whose genre comes first.
    """
    table = read_table(path, TAGGER_TILES, TILE_COLUMNS)
    films = tracks.units["film_id"].unique()
    table = table[table["film_id"].isin(films)]
    rows = _square(table, ["film_id", "track_id", "start_s"], tracks.genres)
    units = table[["film_id", "track_id", "start_s"]].iloc[rows[:, 0]].reset_index(drop=True)
    probability = table["probability"].to_numpy()[rows]
    order = np.argsort(-probability, axis=1, kind="stable")
    return tracks._replace(
        units=units,
        probability=probability,
        place=np.argsort(order, axis=1) + 1,
        film=pd.Categorical(units["film_id"], categories=films).codes.astype(int),
    )


def _square(table: pd.DataFrame, keys: list[str], genres: list[str]) -> np.ndarray:
    """The rows of a table with a row a unit and genre, as (units, genres); units by their keys."""
    genre = pd.Categorical(table["genre"], categories=genres).codes
    codes = [pd.factorize(table[key], sort=True)[0] for key in keys]
    return np.lexsort([genre, *codes[::-1]]).reshape(-1, len(genres))
