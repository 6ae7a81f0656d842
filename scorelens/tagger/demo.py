"""A library for the demo: pieces of known genres that belong to no film of the corpus."""

import os
from collections.abc import Mapping

import numpy as np

from scorelens.corpus.synthesis.demo import write_album


def compose_library(pieces: Mapping[str | os.PathLike, str], seed: int) -> None:
    """Compose a piece for each path, of the genre that stands with it, each on a theme of its own.

    A piece depends on the seed and its place alone.
    """
    for place, (path, genre) in enumerate(pieces.items()):
        write_album([genre], [path], np.random.default_rng([seed, place]))
