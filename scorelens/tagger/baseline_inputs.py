"""Inputs of baselines that ask whether a score is about genre, or about what goes with it.

A genre may go with the year of a film, how loud its album was mastered, or how long it is: a model
of the music that is no better than a model of these shows nothing about the music. Random features
of the width of the embeddings show what the number of features alone does.
"""

import zlib

import numpy as np

from scorelens.encoders.registry import ENCODERS
from scorelens.tagger.patches import Tiles
from scorelens.tagger.registry import LENGTH, LOUDNESS, MODELS, NOISE, YEAR

# Value and square are all but uncorrelated for values about these, a unit being the second number.
YEAR_SCALE = (2000.0, 10.0)  # years
LOUDNESS_SCALE = (-20.0, 10.0)  # dB
LENGTH_SCALE = (np.log(3600.0), 0.5)  # natural logarithm of seconds


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


def quadratic(values: np.ndarray, centre: float, unit: float) -> np.ndarray:
    """Make a column of values and one of their squares, for a genre of the middle or the ends.

    Parameters
    ----------
    values : ndarray of float, shape (n,)
    centre, unit : float
        What is 0 and 1 in the first column.

    Returns
    -------
    ndarray of float32, shape (n, 2)

    Examples
    --------
    >>> quadratic(np.array([2000.0, 2020.0]), 2000, 10).tolist()
    [[0.0, 0.0], [2.0, 4.0]]
    """
    scaled = (values - centre) / unit
    return np.stack([scaled, scaled**2], axis=1).astype(np.float32)
