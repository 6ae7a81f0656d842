"""Reads predictions for trailers of titles that a model was not trained on."""

import os
from collections.abc import Mapping

from scorelens.evaluation.predictions import Predictions, from_table
from scorelens.tables import TRAILER_PREDICTIONS, read_table
from scorelens.trailers import HELD_OUT


def read_predictions(
    path: str | os.PathLike, groups: Mapping[str, str] | None = None
) -> Predictions:
    """Read the held-out predictions of a run.

    Parameters
    ----------
    path : path of a table of TRAILER_PREDICTIONS
    groups : mapping of str to str, optional
        Title -> the group of titles that depend on one another, such as a franchise; each is its
        own if left out.

    Returns
    -------
    Predictions
        Units are trailers, groups are titles; both in order of their names. With the tuned
        threshold of each genre in the fold of the trailer.
    """
    table = read_table(path, TRAILER_PREDICTIONS)
    held_out = table[table["part"] == HELD_OUT]
    return from_table(held_out, ["title", "trailer_id"], threshold="threshold", clusters=groups)
