"""Compares picture, sound and both: which predicts the genre of a trailer better?

The run that represents a modality is fixed beforehand (`trailers.modality_run`); it is not the one
that scores best on the very trailers that are compared.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from scorelens.evaluation import MACRO
from scorelens.evaluation.average_precision import random_average_precision
from scorelens.evaluation.bootstrap import draw_groups, interval, score_observations
from scorelens.evaluation.classification import with_macro
from scorelens.evaluation.grouped_precision import grouped_average_precision
from scorelens.evaluation.multilabel_scores import support
from scorelens.evaluation.multiplicity import benjamini_hochberg
from scorelens.evaluation.paired import compare_average_precision
from scorelens.evaluation.predictions import Predictions
from scorelens.tables import TRAILER_MODALITIES
from scorelens.trailers import BOTH, PICTURE, SOUND, Run, modality_run


def compare_modalities(
    runs: Mapping[Run, Predictions], samples: int, permutations: int, seed: int
) -> pd.DataFrame:
    """Compare the average precision of picture, sound and both, for each genre and their mean.

    Parameters
    ----------
    runs : mapping of (network, model) to Predictions
        In the order of `trailers.runs`, of the same trailers and genres.
    samples : int
        Bootstrap samples of the titles, the same for all modalities.
    permutations : int
        Random swaps of the predictions of picture and sound, title by title.
    seed : int

    Returns
    -------
    pandas.DataFrame
        The columns of TRAILER_MODALITIES; those of a modality without a run are null.
    """
    first = next(iter(runs.values()))
    draws = draw_groups(len(first.labels), samples, seed, first.cluster).astype(float)
    table = pd.DataFrame({"genre": [*first.genres, MACRO]})
    chance = random_average_precision(first.labels.sum(axis=0), len(first.labels))
    table["chance"], table["support"] = with_macro(chance), support(first, 1)
    chosen = {modality: modality_run(modality, runs) for modality in (PICTURE, SOUND, BOTH)}
    for name, run in chosen.items():
        table[f"{name}_network"], table[f"{name}_model"] = run or (None, None)
        table[name], table[f"{name}_low"], table[f"{name}_high"] = _score_run(runs.get(run), draws)
    compared = [runs.get(chosen[modality]) for modality in (PICTURE, SOUND)]
    columns = ("difference", "difference_low", "difference_high", "p", "p_adjusted")
    table = table.assign(**dict.fromkeys(columns, np.nan))
    if all(one is not None for one in compared):
        row = compare_average_precision(*compared, samples, permutations, seed)
        adjusted = np.append(benjamini_hochberg(row["p"][:-1]), row["p"][-1])
        table = table.assign(**dict(zip(columns, [*row.values(), adjusted], strict=True)))
    return table[TRAILER_MODALITIES.names]


def _score_run(
    predictions: Predictions | None, draws: np.ndarray
) -> tuple[np.ndarray | float, ...]:
    """Average precision of a run with its interval, (genres + 1,) each; NaN without a run."""
    if predictions is None:
        return np.nan, np.nan, np.nan
    probability, labels = predictions.probability[0], predictions.labels
    value, sampled = (
        with_macro(grouped_average_precision(probability, predictions.group, labels, drawn))
        for drawn in (np.ones((1, len(labels))), draws)
    )
    observations = score_observations(labels, 1, predictions.cluster)
    return value[0], *interval(value[0], sampled, observations=observations)
