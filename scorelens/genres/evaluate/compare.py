"""Tests whether one genre model is better than another, for every pair of models.

Approximate randomisation over films, corrected for all pairs after Holm. Ma et al. 2021 compare
their models by the scores alone.
"""

import os
from collections.abc import Mapping
from itertools import combinations

import numpy as np
import pandas as pd

from scorelens.evaluation.classification import confusion_counts
from scorelens.evaluation.multiplicity import holm
from scorelens.evaluation.paired import compare_macro_f1
from scorelens.evaluation.predictions import Predictions
from scorelens.genres import RANDOM_GUESS
from scorelens.genres.evaluate.score import read_predictions
from scorelens.tables import GENRE_COMPARISONS, write_table


def compare_models(
    predictions: Mapping[tuple[str, str], str | os.PathLike],
    repeats: int,
    seed: int,
    output: str | os.PathLike,
) -> None:
    """Compare every pair of models and write one table.

    A random guess is not compared: its decisions are one draw of many.

    Parameters
    ----------
    predictions : mapping of (feature set, model) to path
        Tables of PREDICTIONS.
    repeats : int
        Random assignments, and bootstrap samples of the films.
    seed : int
    output : path
        Where GENRE_COMPARISONS goes.
    """
    compared = {
        run: read_predictions(path) for run, path in predictions.items() if run[1] != RANDOM_GUESS
    }
    rows = []
    for one, other in combinations(compared, 2):
        names = {"feature_set": one[0], "model": one[1]}
        names |= {"other_feature_set": other[0], "other_model": other[1]}
        rows.append(names | compare_pair(compared[one], compared[other], repeats, seed))
    table = pd.DataFrame(rows, columns=GENRE_COMPARISONS.names)
    write_table(table.assign(p_holm=holm(table.p.to_numpy(float))), output, GENRE_COMPARISONS)


def compare_pair(
    first: Predictions, second: Predictions, repeats: int, seed: int
) -> dict[str, float]:
    """Compare the macro F1 of two models on the films that both have predictions for.

    Parameters
    ----------
    first, second : Predictions
        Units are films; F1 is the mean over a model's training runs.
    repeats : int
        Random assignments, and bootstrap samples of the films.
    seed : int

    Returns
    -------
    dict of str to float
        `films` (how many), `difference` (first less second), its 95% interval `low` and `high`,
        and the two-sided `p`.
    """
    names = [one.units["film_id"].to_numpy(object) for one in (first, second)]
    films, *rows = np.intersect1d(*names, return_indices=True)
    counts = [
        confusion_counts(one.predicted, one.labels)[:, :, row]
        for one, row in zip((first, second), rows, strict=True)
    ]
    return {"films": len(films)} | compare_macro_f1(*counts, repeats, seed)
