"""The predictions of the genre models for every film, and joining those of several jobs.

Light: nothing here imports torch or scikit-learn, which most of these jobs do not need.
"""

import hashlib
import os
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from scorelens.learning import model_io
from scorelens.learning.labels import Labels
from scorelens.tables import (
    GENRE_CUES,
    GENRE_CURVES,
    PREDICTIONS,
    Table,
    read_provenance,
    read_table,
    write_table,
)

# The tables of a chunk, and of all chunks joined.
PARTS: dict[str, Table] = {
    "predictions": PREDICTIONS,
    "cues": GENRE_CUES,
    "curves": GENRE_CURVES,
}


def gather_chunks(
    parts: Mapping[str, Sequence[str | os.PathLike]], outputs: Mapping[str, str | os.PathLike]
) -> None:
    """Join the chunks of a model, in order of the folds.

    Parameters
    ----------
    parts : mapping
        Paths of the model files (`models`) and of the tables of PARTS, chunk by chunk.
    outputs : mapping
        Where the joined files go, by the same names.
    """
    joined = {
        name: pd.concat([read_table(path, table) for path in parts[name]])
        for name, table in PARTS.items()
    }
    films = list(joined["predictions"].sort_values("fold", kind="stable")["film_id"].unique())
    number = {film: row for row, film in enumerate(films)}
    for name, table in joined.items():
        # Within a film and training run the rows are in order already.
        keys = table.get("repeat", pd.Series(0, table.index)), table["film_id"].map(number)
        order = np.lexsort(keys[::-1])
        table = table.iloc[order].reset_index(drop=True)
        write_table(table, outputs[name], PARTS[name], read_provenance(parts[name][0]))
    model_io.join_archives(parts["models"], films, outputs["models"])


def prediction_rows(
    labels: Labels,
    film: int,
    fold: int,
    repeat: int,
    probability: np.ndarray,
    predicted: np.ndarray,
) -> pd.DataFrame:
    """Make the rows of tables.PREDICTIONS of one film that a fold holds out, one a genre.

    Parameters
    ----------
    labels : Labels
        Of all films.
    film : int
        Its row in `labels`.
    fold, repeat : int
        Numbers of the fold and of the training run.
    probability : ndarray of float, shape (n_genres,)
        In 0..1.
    predicted : ndarray of bool, shape (n_genres,)
        The decisions.

    Returns
    -------
    DataFrame
        Columns of tables.PREDICTIONS.
    """
    return pd.DataFrame(
        {
            "film_id": labels.film_ids[film],
            "genre": labels.genres,
            "probability": probability.astype(float),
            "predicted": predicted,
            "actual": labels.matrix[film],
            "fold": fold,
            "repeat": repeat,
        }
    )


def file_sha256(path: str | os.PathLike) -> str:
    """Return the SHA-256 of a table that a model was trained on, for its provenance."""
    # `media.sha256` is the same, but an edit of the decoder must not train again.
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
