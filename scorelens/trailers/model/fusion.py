"""Fuse picture and sound: the log-odds of a genre are a weighted sum of those of two models.

Both models are calibrated. The weights are fitted on the training trailers, with a penalty that
draws them towards the mean of the two: with few trailers both models keep their weight.
"""

import os
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import special

from scorelens.learning.calibration import fit_log_odds, log_odds
from scorelens.learning.class_weights import group_weights
from scorelens.tables import TRAILER_PREDICTIONS, read_table, write_table
from scorelens.trailers import NO_NETWORK, TRAINING
from scorelens.trailers.model.thresholds import tune_thresholds
from scorelens.trailers.registry import FUSION

PRIOR = np.array([0.5, 0.5, 0.0])  # weights of picture and of sound, and an intercept
KEYS = ["fold", "part", "trailer_id", "genre"]


def fuse_trailers(modalities: Sequence[str | os.PathLike], predictions: str | os.PathLike) -> None:
    """Fuse the predictions of two models and write them, as the model `fusion`.

    Parameters
    ----------
    modalities : sequence of path
        Tables of TRAILER_PREDICTIONS of a model of the picture and one of the sound, of the same
        trailers, genres and folds. Where a model has no input, its frequency counts.
    predictions : path
        Where the table of TRAILER_PREDICTIONS goes.
    """
    picture, sound = (read_table(path, TRAILER_PREDICTIONS) for path in modalities)
    joined = picture.merge(
        sound[[*KEYS, "probability", "seen"]], on=KEYS, validate="1:1", suffixes=("", "_sound")
    )
    folds = [fuse_fold(rows) for _, rows in joined.groupby("fold")]
    table = pd.concat(folds).assign(network=NO_NETWORK, model=FUSION)
    write_table(table, predictions, TRAILER_PREDICTIONS)


def fuse_fold(rows: pd.DataFrame) -> pd.DataFrame:
    """Fuse the predictions of one fold.

    Parameters
    ----------
    rows : DataFrame
        Of the picture's table, with `probability_sound` and `seen_sound`, sorted by trailer and
        genre within a part.

    Returns
    -------
    DataFrame
        Columns of TRAILER_PREDICTIONS without `network` and `model`.
    """
    genres = rows["genre"].nunique()

    def wide(name: str) -> np.ndarray:
        return rows[name].to_numpy().reshape(-1, genres)

    training = wide("part")[:, 0] == TRAINING
    odds = np.stack([log_odds(wide(name)) for name in ("probability", "probability_sound")])
    labels = wide("actual")
    title = pd.factorize(rows["title"])[0].reshape(-1, genres)[:, 0]
    weights = group_weights(title[training])
    fused = np.stack(
        [_fused(odds[:, :, k], labels[:, k], training, weights) for k in range(genres)], 1
    )
    threshold = tune_thresholds(fused[training], labels[training], weights)
    return rows[["fold", "part", "trailer_id", "title", "genre", "actual"]].assign(
        probability=fused.ravel(),
        threshold=np.tile(threshold, len(fused)),
        seen=rows["seen"] | rows["seen_sound"],
    )


def _fused(
    odds: np.ndarray, labels: np.ndarray, training: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """The probability of one genre: (trailers,). odds: (2, trailers). weights: (training,)."""
    features = np.column_stack([*odds, np.ones(odds.shape[1])])
    coefficients = fit_log_odds(features[training], labels[training], weights, PRIOR)
    return special.expit(features @ coefficients)
