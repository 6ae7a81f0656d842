"""Tests genre models against chance: each alone, and the best of several.

Films, or groups of them, exchange their labels while the predictions stay (docs/evaluation.md).
Average precision is compared with that of a random order of the films.
"""

from collections.abc import Hashable, Mapping

import numpy as np

from scorelens.evaluation.average_precision import (
    permuted_average_precision,
    random_average_precision,
)
from scorelens.evaluation.classification import with_macro
from scorelens.evaluation.multiplicity import best_of_p
from scorelens.evaluation.permutation import (
    BLOCK,
    draw_orders,
    exchangeable,
    f1_in_order,
    is_as_good,
    p_value,
)
from scorelens.evaluation.predictions import Predictions

TESTED = ("f1", "average_precision")


def permuted_metrics(predictions: Predictions, permutations: int, seed: int) -> np.ndarray:
    """Compute F1 and average precision when films exchange their labels.

    Models of the same films and groups have the same orders.

    Parameters
    ----------
    predictions : Predictions
        Units and groups are films.
    permutations : int
        Random orders.
    seed : int

    Returns
    -------
    ndarray of float, shape (2, permutations, genres + 1)
        The metrics of TESTED, means over the training runs; the last value is that of the mean over
        the genres.
    """
    labels = predictions.labels
    orders = draw_orders(len(labels), permutations, seed, cluster=predictions.cluster)
    blocks = np.split(orders, range(BLOCK, permutations, BLOCK))
    f1 = [f1_in_order(predictions.predicted, labels, block) for block in blocks]
    precision = [_permuted_precision(predictions, block) for block in blocks]
    return np.stack([np.concatenate(f1), np.concatenate(precision)])


def chance_columns(
    predictions: Predictions, values: Mapping[str, np.ndarray], permuted: np.ndarray | None
) -> dict[str, np.ndarray | float]:
    """Compute the columns of GENRE_SCORES on chance, for each genre and their mean.

    Parameters
    ----------
    predictions : Predictions
        Units and groups are films.
    values : mapping of str to ndarray of float, shape (genres + 1,)
        The metrics of TESTED.
    permuted : ndarray or None
        Of `permuted_metrics`; None for a random guess, which is chance itself.

    Returns
    -------
    dict of str to ndarray of float, shape (genres + 1,), or float
        NaN where there is no test.
    """
    labels, cluster = predictions.labels, predictions.cluster
    columns = {
        "average_precision_chance": _random_order(labels),
        "exchangeable": int(exchangeable(len(labels), cluster=cluster).sum()),
    }
    if permuted is None:
        return columns | dict.fromkeys(("permuted", "p_permuted", "average_precision_p"), np.nan)
    p = [
        p_value(is_as_good(drawn, values[name]).sum(axis=0), len(drawn))
        for name, drawn in zip(TESTED, permuted, strict=True)
    ]
    means = permuted[0].mean(axis=0)
    return columns | {"permuted": means, "p_permuted": p[0], "average_precision_p": p[1]}


def best_of_models(
    values: Mapping[Hashable, np.ndarray], permuted: Mapping[Hashable, np.ndarray]
) -> dict[Hashable, np.ndarray]:
    """Adjust the p-values of the means over the genres for the choice of the best model.

    Parameters
    ----------
    values : mapping of run to ndarray of float, shape (2,)
        The metrics of TESTED of each candidate.
    permuted : mapping of run to ndarray of float, shape (2, permutations)
        The same when films exchange their labels, in the same orders.

    Returns
    -------
    dict of run to ndarray of float, shape (2,)
        `multiplicity.best_of_p` of each metric.
    """
    if not values:
        return {}
    observed = np.stack(list(values.values()), axis=1)
    drawn = np.stack([permuted[run] for run in values], axis=1)
    p = [best_of_p(*metric) for metric in zip(observed, drawn, strict=True)]
    return dict(zip(values, np.transpose(p), strict=True))


def _permuted_precision(predictions: Predictions, orders: np.ndarray) -> np.ndarray:
    runs = [
        permuted_average_precision(run, predictions.labels, orders)
        for run in predictions.probability
    ]
    return with_macro(np.mean(runs, axis=0))


def _random_order(labels: np.ndarray) -> np.ndarray:
    """Chance of average precision; 0 for a genre without films, as the metric has it."""
    carriers = labels.sum(axis=0)
    expected = random_average_precision(np.maximum(carriers, 1), len(labels))
    return with_macro(np.where(carriers > 0, expected, 0.0))
