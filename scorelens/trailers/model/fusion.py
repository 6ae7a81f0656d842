"""Picture and sound together: each genre's log-odds as a weighted sum of those of the two arms.

Both arms are calibrated, and the weights are found in the trailers that teach, drawn towards the
mean of the two: what few trailers cannot tell leaves both arms their say.
"""

import os
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import special

from scorelens.learning.calibration import EDGE, weigh_odds
from scorelens.tables import TRAILER_PREDICTIONS, read_table, write_table
from scorelens.trailers import FUSION, NO_NETWORK, TEACHING
from scorelens.trailers.data.dataset import title_weights
from scorelens.trailers.model.thresholds import tune

EXPECTED = np.array([0.5, 0.5, 0.0])  # weights of picture and of sound, and a shift
KEYS = ["fold", "part", "trailer_id", "genre"]


def fuse_trailers(arms: Sequence[str | os.PathLike], predictions: str | os.PathLike) -> None:
    """Fuse the answers of two models and write them, TRAILER_PREDICTIONS of the model `fusion`.

    arms: the tables of TRAILER_PREDICTIONS of a model of the picture and one of the sound, of the
    same trailers, genres and folds. Where an arm has nothing to look at, its frequency counts.
    """
    picture, sound = (read_table(path, TRAILER_PREDICTIONS) for path in arms)
    joined = picture.merge(
        sound[[*KEYS, "probability", "seen"]], on=KEYS, validate="1:1", suffixes=("", "_sound")
    )
    folds = [fuse_fold(own) for _, own in joined.groupby("fold")]
    table = pd.concat(folds).assign(network=NO_NETWORK, model=FUSION)
    write_table(table, predictions, TRAILER_PREDICTIONS)


def fuse_fold(rows: pd.DataFrame) -> pd.DataFrame:
    """The answers of one fold.

    rows: of the picture's table, with `probability_sound` and `seen_sound`, sorted by trailer and
    genre within a part. Returns the columns of TRAILER_PREDICTIONS without `network`
    and `model`.
    """
    genres = rows["genre"].nunique()
    taught = (rows["part"] == TEACHING).to_numpy().reshape(-1, genres)[:, 0]
    odds = np.stack([_odds(rows[name], genres) for name in ("probability", "probability_sound")])
    actual = rows["actual"].to_numpy().reshape(-1, genres)
    title = pd.factorize(rows["title"])[0].reshape(-1, genres)[:, 0]
    counts = title_weights(title[taught])
    fused = np.stack(
        [_fused(odds[:, :, genre], actual[:, genre], taught, counts) for genre in range(genres)], 1
    )
    threshold = tune(fused[taught], actual[taught], counts)
    return rows[["fold", "part", "trailer_id", "title", "genre", "actual"]].assign(
        probability=fused.ravel(),
        threshold=np.tile(threshold, len(fused)),
        seen=rows["seen"] | rows["seen_sound"],
    )


def _fused(
    odds: np.ndarray, actual: np.ndarray, taught: np.ndarray, counts: np.ndarray
) -> np.ndarray:
    """The probability of one genre: (trailers,). odds: (2, trailers). counts: (taught,)."""
    parts = np.column_stack([*odds, np.ones(odds.shape[1])])
    weights = weigh_odds(parts[taught], actual[taught], counts, EXPECTED)
    return special.expit(parts @ weights)


def _odds(probability: pd.Series, genres: int) -> np.ndarray:
    return special.logit(np.clip(probability.to_numpy(), EDGE, 1 - EDGE)).reshape(-1, genres)
