"""Reads the tagger's predictions for tracks, and for their tiles, that it was not trained on."""

import dataclasses
import os
from collections.abc import Mapping

import pandas as pd

from scorelens.evaluation.predictions import Predictions, from_table
from scorelens.tables import TAGGER_TILES, TAGGER_TRACKS, read_table

TILE_COLUMNS = ["film_id", "track_id", "start_s", "genre", "probability"]


def read_tracks(
    path: str | os.PathLike, groups: Mapping[str, str] | None = None, of_any_genre: bool = True
) -> Predictions:
    """Read the predictions for tracks.

    Parameters
    ----------
    path : path of a table of TAGGER_TRACKS
    groups : mapping of str to str, optional
        Film -> group (`learning.film_groups`), the clusters of films; each film is its own if left
        out.
    of_any_genre : bool
        Leave films out that carry none of the genres: no tag of theirs can be correct.

    Returns
    -------
    Predictions
        Units are tracks, groups are films, both in order of their ids.
    """
    table = read_table(path, TAGGER_TRACKS)
    if of_any_genre:
        table = table[table.groupby("film_id")["actual"].transform("any")]
    return from_table(table, ["film_id", "track_id"], rank="rank", clusters=groups)


def read_tiles(path: str | os.PathLike, tracks: Predictions) -> Predictions:
    """Read the predictions for the tiles of tracks.

    Parameters
    ----------
    path : path of a table of TAGGER_TILES
    tracks : Predictions
        From `read_tracks`, of the same model. Tiles of other films are left out.

    Returns
    -------
    Predictions
        Units are tiles; genres, groups and labels are those of `tracks`.
    """
    table = read_table(path, TAGGER_TILES, TILE_COLUMNS)
    films = tracks.units["film_id"].unique()
    table = table[table["film_id"].isin(films)]
    keys = ["film_id", "track_id", "start_s"]
    tiles = from_table(table.assign(actual=False), keys, genres=tracks.genres)
    group = pd.Categorical(tiles.units["film_id"], categories=films).codes.astype(int)
    return dataclasses.replace(tiles, group=group, labels=tracks.labels)
