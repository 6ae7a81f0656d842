"""Inputs of the tagger's models: bands, coefficients, or embeddings of the tiles of a track."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import soxr

from scorelens.media.cuts import whole_seconds
from scorelens.tables import FEATURES, feature_columns, read_table
from scorelens.tagger import RATE_HZ, TILE_S
from scorelens.tagger.patches import Tiles, mfcc
from scorelens.tagger.registry import MFCC, MODELS

if TYPE_CHECKING:
    from scorelens.encoders.audio_encoder import AudioEncoder  # it loads torch


def model_inputs(model: str, tiles: Tiles) -> np.ndarray:
    """Compute what a network from scratch takes as input.

    Parameters
    ----------
    model : str
        A name of `scorelens.tagger.MODELS`.
    tiles : Tiles
        Of some tracks.

    Returns
    -------
    ndarray, shape (n_tiles, ...)
        The bands, or the coefficients made from them.
    """
    return mfcc(tiles.mel) if MODELS[model] == MFCC else tiles.mel


def read_tile_embeddings(
    features: str | os.PathLike, tiles: Tiles, track_ids: Sequence[str]
) -> np.ndarray:
    """Read the mean embedding of each tile.

    Parameters
    ----------
    features : path
        A table of tables.FEATURES of whole tracks, a row a second.
    tiles : Tiles
        Of the tracks.
    track_ids : sequence of str
        Ids of the tracks, by number.

    Returns
    -------
    ndarray of float32, shape (n_tiles, n_columns)
        NaN where there is none.
    """
    table = read_table(features, FEATURES)
    columns = feature_columns(table)
    by_track = dict(list(table.groupby("cue_id", sort=False)))
    parts = [np.zeros((0, len(columns)), np.float32)]
    for number in np.unique(tiles.track):
        rows = by_track[track_ids[number]]
        values = rows[columns].to_numpy(np.float32, na_value=np.nan)
        starts_s = tiles.start_s[tiles.track == number]
        parts.append(tile_means(values, rows.time_s.to_numpy(), starts_s))
    return np.concatenate(parts)


def embed_tiles(samples: np.ndarray, starts_s: np.ndarray, encoder: "AudioEncoder") -> np.ndarray:
    """Compute the mean embedding of the tiles of a track.

    Parameters
    ----------
    samples : ndarray of float32, shape (n,)
        At RATE_HZ.
    starts_s : ndarray of float, shape (n_tiles,)
        Starts of the tiles, in seconds.
    encoder : AudioEncoder
        The pretrained network.

    Returns
    -------
    ndarray of float32, shape (n_tiles, n_columns)
        NaN of silence.
    """
    seconds = whole_seconds(0, len(samples) / RATE_HZ)
    sound = soxr.resample(samples, RATE_HZ, encoder.sample_rate_hz)
    return tile_means(encoder.encode_at([sound], seconds + 0.5), seconds, starts_s)


def tile_means(values: np.ndarray, time_s: np.ndarray, starts_s: np.ndarray) -> np.ndarray:
    """Compute the mean of the seconds whose middle lies in each tile of a track.

    Parameters
    ----------
    values : ndarray of float, shape (n_seconds, n_columns)
        NaN where missing.
    time_s : ndarray of float, shape (n_seconds,)
        Whole seconds.
    starts_s : ndarray of float, shape (n_tiles,)
        Starts of the tiles, in seconds.

    Returns
    -------
    ndarray of float32, shape (n_tiles, n_columns)
        NaN of a tile without values.
    """
    number = ((time_s + 0.5) // TILE_S).astype(int)
    means = pd.DataFrame(values).groupby(number).mean()
    return means.reindex(np.round(starts_s / TILE_S).astype(int)).to_numpy(np.float32)
