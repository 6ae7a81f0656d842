"""Synthesize the library of the demo: tracks of known genres that belong to no film."""

import os
from collections.abc import Mapping

import numpy as np

from scorelens.corpus import write_album


def synthesize_library(tracks: Mapping[str | os.PathLike, str], seed: int) -> None:
    """Write a track of a genre to each path, each on its own theme.

    Parameters
    ----------
    tracks : mapping of path to str
        File -> genre.
    seed : int
        A track depends on it and on the track's number only.
    """
    for number, (path, genre) in enumerate(tracks.items()):
        write_album([genre], [path], np.random.default_rng([seed, number]))
