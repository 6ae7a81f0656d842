"""Rankings of the genres by film: what scores, comparisons and their tests average over films."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from scorelens.evaluation import label_ranking
from scorelens.evaluation.multiplicity import best_of_p
from scorelens.evaluation.predictions import Predictions
from scorelens.tagger.registry import BASELINES

LOWER_IS_BETTER = (True, False)  # of each metric of `label_ranking.RANKINGS`


def exchanged_metrics(predictions: Predictions) -> np.ndarray:
    """Average the metrics of a ranking over the units of each film, for the labels of every film.

    Parameters
    ----------
    predictions : Predictions
        Units are tracks or tiles, groups films.

    Returns
    -------
    ndarray of float, shape (2, films, films)
        [metric, i, j]: of film i, if it had the labels of film j.
    """
    ranks = label_ranking.worst_ranks(predictions.probability[0])
    return label_ranking.group_metrics(ranks, predictions.group, predictions.labels)


def film_metrics(predictions: Predictions) -> np.ndarray:
    """Average the metrics of a ranking over the units of each film.

    Parameters
    ----------
    predictions : Predictions
        Units are tracks or tiles, groups films.

    Returns
    -------
    ndarray of float, shape (2, films)
        The metrics of `label_ranking.RANKINGS`.
    """
    return np.diagonal(exchanged_metrics(predictions), axis1=1, axis2=2)


def best_of_models(models: Mapping[str, Predictions], orders: np.ndarray) -> pd.DataFrame:
    """Adjust the p-values of rankings for the choice of the best of several models.

    Parameters
    ----------
    models : mapping of str to Predictions
        Of the same films. Baselines are not chosen from.
    orders : ndarray of int, shape (permutations, films)
        Whose labels each film has.

    Returns
    -------
    pandas.DataFrame
        model, measure and p_best, a row per metric of `label_ranking.RANKINGS` and model that is no
        baseline.
    """
    chosen = [model for model in models if model not in BASELINES]
    if not chosen:
        return pd.DataFrame(columns=["model", "measure", "p_best"])
    metrics = [exchanged_metrics(models[model]) for model in chosen]
    films = np.arange(orders.shape[1])
    observed = np.stack([one[:, films, films].mean(axis=-1) for one in metrics], axis=1)
    permuted = np.stack([one[:, films, orders].mean(axis=-1) for one in metrics], axis=1)
    tables = [
        pd.DataFrame({"model": chosen, "measure": measure, "p_best": best_of_p(*values)})
        for measure, *values in zip(
            label_ranking.RANKINGS, observed, permuted, LOWER_IS_BETTER, strict=True
        )
    ]
    return pd.concat(tables, ignore_index=True)
