"""What a model says of trailers whose title it did not learn from, as arrays."""

import os
from typing import NamedTuple

import numpy as np
import pandas as pd

from scorelens.evaluation.predictions import HeldOut
from scorelens.tables import TRAILER_PREDICTIONS, read_table
from scorelens.trailers import HELD_OUT


class Answers(NamedTuple):
    """own: the answers as the tagger's measures take them, a film being a title and a unit a
    trailer. threshold: float64 (units, genres), each genre's own in the fold of the trailer.
    """

    own: HeldOut
    threshold: np.ndarray


def read_answers(path: str | os.PathLike) -> Answers:
    """Read what a table of TRAILER_PREDICTIONS says of the trailers held out, sorted by title."""
    table = read_table(path, TRAILER_PREDICTIONS)
    table = table[table["part"] == HELD_OUT]
    genres = table["genre"].drop_duplicates().tolist()
    order = pd.Categorical(table["genre"], categories=genres).codes
    rows = np.lexsort([order, table["trailer_id"], table["title"]]).reshape(-1, len(genres))
    units = table[["title", "trailer_id"]].iloc[rows[:, 0]].reset_index(drop=True)
    film, titles = pd.factorize(units["title"])
    probability, threshold, actual = (
        table[name].to_numpy()[rows] for name in ("probability", "threshold", "actual")
    )
    place = np.argsort(np.argsort(-probability, axis=1, kind="stable"), axis=1) + 1
    true = actual[np.searchsorted(film, np.arange(len(titles)))]
    return Answers(HeldOut(units, genres, probability, place, film, true), threshold)
