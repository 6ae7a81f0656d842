"""What the genre models write of every film, and how the parts of several jobs are joined.

Light: nothing here loads torch or scikit-learn, which most of these jobs do without.
"""

import hashlib
import os
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from scorelens.genres.model.labels import Labels
from scorelens.learning import model_io
from scorelens.tables import (
    GENRE_CUES,
    GENRE_CURVES,
    PREDICTIONS,
    Table,
    read_provenance,
    read_table,
    write_table,
)

# What a chunk writes, and its joined form.
PARTS: dict[str, Table] = {
    "predictions": PREDICTIONS,
    "cues": GENRE_CUES,
    "curves": GENRE_CURVES,
}


def gather_chunks(
    parts: Mapping[str, Sequence[str | os.PathLike]], outputs: Mapping[str, str | os.PathLike]
) -> None:
    """Join the chunks of a model, in order of the folds.

    parts, outputs: paths, as `train_chunk` wrote them.
    """
    joined = {
        name: pd.concat([read_table(path, table) for path in parts[name]])
        for name, table in PARTS.items()
    }
    numbered = joined["predictions"].sort_values("fold", kind="stable")
    films = list(numbered["film_id"].unique())
    place = {film: number for number, film in enumerate(films)}
    for name, table in joined.items():
        # Within a film and training run the rows are in order already.
        keys = table.get("repeat", pd.Series(0, table.index)), table["film_id"].map(place)
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
    """What one fold says of one film that it held out, a row a genre of PREDICTIONS.

    film: its place in `labels`. probability: float (genres,) in 0..1. predicted: bool (genres,).
    """
    return pd.DataFrame(
        {
            "film_id": labels.film_ids[film],
            "genre": labels.genres,
            "probability": probability.astype(float),
            "predicted": predicted,
            "actual": labels.actual[film],
            "fold": fold,
            "repeat": repeat,
        }
    )


def sha256(path: str | os.PathLike) -> str:
    """The SHA-256 of a table that was learnt from, for its provenance."""
    # As in `media`, which is not imported here: an edit of the decoder must not train again.
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
