"""Paired comparisons of all models and baselines, and the p-value of the best of the models.

Each film weighs the same: metrics are averaged over its tracks first. A comparison swaps the
rankings of two models film by film (`evaluation.paired`), so that it needs no assumption on their
distribution; Holm's correction is over all pairs of a metric.
"""

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import pandas as pd

from scorelens.evaluation.multiplicity import (
    best_of_p,
    comparison_draws,
    holm,
    warn_of_few_clusters,
)
from scorelens.evaluation.paired import compare
from scorelens.retrieval import BASELINES
from scorelens.retrieval.evaluate.metrics import MEANS, MEDIAN, RankScores, film_values
from scorelens.retrieval.evaluate.rankings import Rankings

COMPARED = ("recall_10", "reciprocal_rank", "mean_percentile")
COLUMNS = ["measure", "configuration", "other", "difference", "low", "high", "p", "p_holm"]


def film_metrics(rankings: Rankings) -> np.ndarray:
    """The metrics of each film in the list of its query, averaged over its tracks.

    Parameters
    ----------
    rankings : Rankings

    Returns
    -------
    ndarray of float, shape (films, len(MEANS))
        Means over the training runs.
    """
    films, tracks = np.arange(len(rankings.films)), len(rankings.film)
    values = [film_values(run, rankings.film, tracks)[films, films] for run in rankings.ranks]
    return np.mean(values, axis=0)


def compare_all(
    values: Mapping[str, np.ndarray], samples: int, seed: int, cluster: np.ndarray | None = None
) -> pd.DataFrame:
    """Compare every pair of models and baselines.

    Parameters
    ----------
    values : mapping of str to ndarray of float, shape (films, len(MEANS))
        By name, from `film_metrics`.
    samples : int
        Bootstrap samples of the films.
    seed : int
    cluster : ndarray of int, shape (films,), optional
        Cluster of each film; films are independent if left out.

    Returns
    -------
    pandas.DataFrame, one row per metric and pair
        `COLUMNS`: the difference is that of the first less the second, with its 95% interval.
    """
    pairs = list(combinations(values, 2))
    if not pairs:
        return pd.DataFrame(columns=COLUMNS)
    films = len(next(iter(values.values())))
    warn_of_few_clusters(films if cluster is None else len(np.unique(cluster)), len(pairs))
    draws = comparison_draws(len(pairs))
    tables = []
    for measure in COMPARED:
        column = MEANS.index(measure)
        gains = [values[one][:, column] - values[other][:, column] for one, other in pairs]
        result = _compare(np.stack(gains, axis=1), samples, draws, seed, cluster)
        names = pd.DataFrame(pairs, columns=["configuration", "other"])
        tables.append(names.assign(measure=measure, p_holm=holm(result["p"]), **result))
    return pd.concat(tables, ignore_index=True)[COLUMNS]


def best_of_models(scores: Mapping[str, RankScores]) -> pd.DataFrame:
    """Adjust the p-values of the models for the choice of the best among them.

    Parameters
    ----------
    scores : mapping of str to RankScores
        By name, from the same orders of the films. Baselines are no candidates.

    Returns
    -------
    pandas.DataFrame, one row per model, level and metric
        configuration, level, measure, p_best.
    """
    models = {name: one for name, one in scores.items() if name not in BASELINES}
    tables = {
        name: one.table[["level", "measure"]].assign(configuration=name)
        for name, one in models.items()
    }
    observed = np.array([one.table["value"] for one in models.values()])
    adjusted = np.empty_like(observed)
    for row, measure in enumerate(next(iter(tables.values()))["measure"]):
        permuted = np.stack([one.permuted[row] for one in models.values()])
        adjusted[:, row] = best_of_p(observed[:, row], permuted, measure == MEDIAN)
    rows = zip(tables.values(), adjusted, strict=True)
    return pd.concat([table.assign(p_best=p) for table, p in rows], ignore_index=True)


def _compare(
    gains: np.ndarray, samples: int, draws: int, seed: int, cluster: np.ndarray | None
) -> dict[str, np.ndarray]:
    """Test mean gains, (films, pairs), of all pairs with the same swaps of the films."""

    def difference(swapped: np.ndarray, drawn: np.ndarray) -> np.ndarray:
        return (drawn * np.where(swapped, -1, 1)) @ gains / drawn.sum(axis=1, keepdims=True)

    return compare(difference, len(gains), samples, draws, seed, cluster)
