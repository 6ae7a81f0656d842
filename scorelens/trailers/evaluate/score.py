"""Scores the trailer models, and compares picture, sound and both, with intervals and chance.

Titles are what a result must hold for: intervals come from bootstrap samples of the titles, the
same ones for all models, and chance from titles that exchange their genres while the predictions
stay. Metrics are averaged over the trailers of a title first: otherwise a genre would become more
or less frequent with the labels exchanged, and a model that always predicts the same could seem
better than chance.
"""

import os
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from tqdm import tqdm

from scorelens.evaluation import ALL, MACRO, WEIGHTED
from scorelens.evaluation.average_precision import average_precision, random_average_precision
from scorelens.evaluation.bootstrap import draw_groups, score_observations
from scorelens.evaluation.classification import divided, with_macro
from scorelens.evaluation.grouped_precision import (
    grouped_average_precision,
    permuted_grouped_precision,
)
from scorelens.evaluation.multilabel_scores import score_columns, score_tags, support
from scorelens.evaluation.permutation import draw_orders
from scorelens.evaluation.predictions import Predictions
from scorelens.tables import TRAILER_MODALITIES, TRAILER_SCORES, write_table
from scorelens.trailers import MODELS, TUNED, Run
from scorelens.trailers.evaluate.modality_comparison import compare_modalities
from scorelens.trailers.evaluate.predictions import read_predictions

AVERAGE_PRECISION, TOP1_ACCURACY = "average_precision", "top1_accuracy"


def score(
    predictions: Mapping[Run, str | os.PathLike],
    thresholds: Sequence[float],
    samples: int,
    permutations: int,
    seed: int,
    scores: str | os.PathLike,
    modalities: str | os.PathLike,
) -> None:
    """Score every run, compare the modalities, and write the two tables.

    Parameters
    ----------
    predictions : mapping of (network, model) to path
        Tables of TRAILER_PREDICTIONS, all of the same trailers and genres, in the order of
        `trailers.runs`.
    thresholds : sequence of float
        A genre is predicted above a threshold; each genre's tuned one comes besides.
    samples : int
        Bootstrap samples of the titles.
    permutations : int
        Random orders in which titles exchange their genres, or swaps of the predictions of two
        modalities.
    seed : int
    scores, modalities : path
        Where TRAILER_SCORES and TRAILER_MODALITIES go.
    """
    runs = {run: read_predictions(path) for run, path in predictions.items()}
    first = next(iter(runs.values()))
    titles = len(first.labels)
    draws = draw_groups(titles, samples, seed, first.cluster).astype(float)
    orders = draw_orders(titles, permutations, [seed, permutations], cluster=first.cluster)
    tables = []
    for (network, model), run_predictions in tqdm(runs.items(), unit="run", disable=None):
        table = score_model(run_predictions, thresholds, draws, orders)
        modality = MODELS[model] or None
        tables.append(table.assign(network=network, model=model, modality=modality))
    write_table(pd.concat(tables, ignore_index=True), scores, TRAILER_SCORES)
    compared = compare_modalities(runs, samples, permutations, seed)
    write_table(compared, modalities, TRAILER_MODALITIES)


def score_model(
    predictions: Predictions, thresholds: Sequence[float], draws: np.ndarray, orders: np.ndarray
) -> pd.DataFrame:
    """Score one run.

    Parameters
    ----------
    predictions : Predictions
        With tuned thresholds.
    thresholds : sequence of float
        Fixed thresholds.
    draws : ndarray of float, shape (samples, titles)
        How often each bootstrap sample draws each title.
    orders : ndarray of int, shape (permutations, titles)
        Whose genres each title has.

    Returns
    -------
    pandas.DataFrame
        The columns of TRAILER_SCORES without those that name the run and its modality.
    """
    limits = (*thresholds, predictions.thresholds)
    probability = predictions.probability[0]
    counts = np.stack([predictions.count_by_group(probability > limit) for limit in limits])
    names = [*(f"{threshold:g}" for threshold in thresholds), TUNED]
    with np.errstate(invalid="ignore"):  # where a sample carries no genre: only of WEIGHTED
        tags = score_tags(counts, names, predictions, draws, orders)
    tables = [
        tags[tags["genre"] != WEIGHTED].rename(columns={"name": "threshold"}),
        _score_precision(predictions, draws, orders),
        _score_top1(predictions, draws, orders),
    ]
    return pd.concat(tables, ignore_index=True)


def _score_precision(
    predictions: Predictions, draws: np.ndarray, orders: np.ndarray
) -> pd.DataFrame:
    """Average precision of each genre and of their mean; chance is that of a random order."""
    probability, labels = predictions.probability[0], predictions.labels
    once, carriers = np.ones((1, len(predictions.units))), labels.sum(axis=0)
    value, sampled = (
        with_macro(grouped_average_precision(probability, predictions.group, labels, drawn))
        for drawn in (np.ones((1, len(labels))), draws)
    )
    permuted = permuted_grouped_precision(probability, predictions.group, labels, orders)
    observations = score_observations(labels, 1, predictions.cluster)
    columns = score_columns(value[0], sampled.T, with_macro(permuted).T, observations=observations)
    columns["chance"] = with_macro(random_average_precision(carriers, len(labels)))
    unit_value = with_macro(average_precision(probability, predictions.unit_labels, once))[0]
    names = {"measure": AVERAGE_PRECISION, "threshold": None, "support": support(predictions, 1)}
    table = pd.DataFrame({"genre": [*predictions.genres, MACRO], **names, **columns})
    return table.assign(unit_value=unit_value)


def _score_top1(predictions: Predictions, draws: np.ndarray, orders: np.ndarray) -> pd.DataFrame:
    """How often the most probable genre of a trailer is true, of trailers that have any."""
    labels, titles = predictions.labels, np.arange(len(predictions.labels))
    sizes, counted = predictions.group_sizes, labels.any(axis=1).astype(float)
    top1 = predictions.count_by_group(predictions.rank == 1) / sizes[:, None]
    correct = top1 @ labels.T.astype(float)  # share of title i, if it had the genres of title j
    observed = correct[titles, titles]
    value = observed.sum(keepdims=True) / counted.sum()
    sampled = divided(draws @ observed, draws @ counted, 0)[None]
    permuted = (correct[titles, orders].sum(axis=1) / counted.sum())[None]
    observations = score_observations(labels, 1, predictions.cluster)[-1]
    columns = score_columns(value, sampled, permuted, observations=observations)
    unit_value, units = (sizes @ observed) / (sizes @ counted), int(sizes @ counted)
    names = {"measure": TOP1_ACCURACY, "threshold": None, "genre": ALL, "support": units}
    return pd.DataFrame({**columns, **names, "unit_value": unit_value})
