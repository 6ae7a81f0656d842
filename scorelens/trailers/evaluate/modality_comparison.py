"""Compares picture, sound and both: which predicts the genre of a trailer better?

The run that represents a modality is fixed beforehand (`trailers.modality_run`); it is not the one
that scores best on the very trailers that are compared.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from scorelens.evaluation import MACRO
from scorelens.evaluation.average_precision import average_precision, random_average_precision
from scorelens.evaluation.bootstrap import draw_groups, percentile_interval, sign_p
from scorelens.evaluation.classification import with_macro
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

    The difference in a genre is tested by approximate randomisation, that of the means by the
    bootstrap samples: to swap the predictions supposes the modalities equal in every genre, not
    just in the mean.

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
    labels = first.unit_labels
    draws = draw_groups(len(first.labels), samples, seed).astype(float)
    table = pd.DataFrame({"genre": [*first.genres, MACRO]})
    table["chance"] = with_macro(random_average_precision(labels.sum(axis=0), len(labels)))
    table["support"] = support(first, 1)
    sampled = {}
    chosen = {modality: modality_run(modality, runs) for modality in (PICTURE, SOUND, BOTH)}
    for name, run in chosen.items():
        table[f"{name}_network"], table[f"{name}_model"] = run or (None, None)
        table[name], sampled[name] = _score_run(runs.get(run), labels, draws)
        table[f"{name}_low"], table[f"{name}_high"] = percentile_interval(sampled[name])
    differences = sampled[PICTURE] - sampled[SOUND]
    table["difference"] = table[PICTURE] - table[SOUND]
    table["difference_low"], table["difference_high"] = percentile_interval(differences)
    compared = [runs.get(chosen[modality]) for modality in (PICTURE, SOUND)]
    table["p"] = table["p_adjusted"] = np.nan
    if all(one is not None for one in compared):
        by_genre = compare_average_precision(*compared, permutations, seed)
        of_mean = sign_p(differences[:, -1])
        table["p"] = np.append(by_genre, of_mean)
        table["p_adjusted"] = np.append(benjamini_hochberg(by_genre), of_mean)
    return table[TRAILER_MODALITIES.names]


def _score_run(
    predictions: Predictions | None, labels: np.ndarray, draws: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Average precision of a run, (genres + 1,), and in samples; NaN without a run."""
    if predictions is None:
        nothing = np.full((len(draws), labels.shape[1] + 1), np.nan)
        return nothing[0], nothing
    whole, sampled = (
        with_macro(average_precision(predictions.probability[0], labels, unit_draws))
        for unit_draws in (np.ones((1, len(labels))), draws[:, predictions.group])
    )
    return whole[0], sampled
