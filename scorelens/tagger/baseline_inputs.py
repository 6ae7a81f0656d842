"""Inputs of the tagger's baselines: year, loudness, length of the album, and random features."""

import zlib

import numpy as np

from scorelens.encoders.registry import ENCODERS
from scorelens.learning.confounds import LENGTH_SCALE, LOUDNESS_SCALE, YEAR_SCALE, quadratic
from scorelens.tagger.patches import Tiles
from scorelens.tagger.registry import LENGTH, LOUDNESS, MODELS, NOISE, YEAR


def baseline_inputs(
    model: str, tiles: Tiles, film_id: str, year: float, embedding: str
) -> np.ndarray:
    """Compute what a baseline takes as input.

    Parameters
    ----------
    model : str
        A name of `scorelens.tagger.BASELINES`.
    tiles : Tiles
        Of the tracks of one album.
    film_id : str
        Seeds the random features.
    year : float
        Year of the film; NaN if unknown.
    embedding : str
        The pretrained network whose width the random features have.

    Returns
    -------
    ndarray of float32, shape (n_tiles, n_columns)
        A value and its square, random numbers, or no columns for the ranking by frequency.
    """
    count = len(tiles.mel)
    if MODELS[model] == YEAR:
        return quadratic(np.full(count, year), *YEAR_SCALE)
    if MODELS[model] == LOUDNESS:
        return quadratic(loudness_db(tiles.mel), *LOUDNESS_SCALE)
    if MODELS[model] == LENGTH:
        total_s = np.full(count, np.maximum(tiles.length_s.sum(), 1.0))
        return quadratic(np.log(total_s), *LENGTH_SCALE)
    width = ENCODERS[embedding].embedding_size if MODELS[model] == NOISE else 0
    random = np.random.default_rng(zlib.crc32(film_id.encode()))
    return random.standard_normal((count, width), np.float32)


def loudness_db(mel: np.ndarray) -> np.ndarray:
    """Compute the level of tiles: their mean power over bands and frames.

    Parameters
    ----------
    mel : ndarray, shape (n_tiles, n_bands, n_frames)
        Power of the mel bands in dB.

    Returns
    -------
    ndarray of float64, shape (n_tiles,)
        In dB.

    Examples
    --------
    >>> loudness_db(np.full((1, 2, 2), -20.0)).tolist()
    [-20.0]
    """
    levels = [np.log10(np.mean(10.0 ** (tile.astype(np.float64) / 10))) for tile in mel]
    return 10 * np.array(levels, np.float64)
