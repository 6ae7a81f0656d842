"""Scores the trailer models, and compares picture, sound and both, with intervals and chance.

Titles are what a result must hold for: intervals come from bootstrap samples of the titles, the
same ones for all models, and chance from titles that exchange their genres while the predictions
stay. Metrics are averaged over the trailers of a title first: otherwise a genre would become more
or less frequent with the labels exchanged, and a model that always predicts the same could seem
better than chance. All models share the exchanges, so that the best of them can be tested as such.
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
from scorelens.evaluation.multiplicity import best_of_p
from scorelens.evaluation.permutation import BLOCK, draw_orders, exchangeable, f1_in_order
from scorelens.evaluation.predictions import Predictions
from scorelens.tables import TRAILER_MODALITIES, TRAILER_SCORES, write_table
from scorelens.trailers import BASELINES, MODELS, TUNED, Run, primary_run
from scorelens.trailers.evaluate.modality_comparison import compare_modalities
from scorelens.trailers.evaluate.predictions import read_predictions

AVERAGE_PRECISION, TOP1_ACCURACY = "average_precision", "top1_accuracy"
SINGLE_LABEL = "single_label_accuracy"
PERMUTED = "permuted"  # a column that is not written: the metric in the orders, of means only


def score(
    predictions: Mapping[Run, str | os.PathLike],
    thresholds: Sequence[float],
    samples: int,
    permutations: int,
    seed: int,
    scores: str | os.PathLike,
    modalities: str | os.PathLike,
    primary: str = "",
    groups: Mapping[str, str] | None = None,
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
    primary : str
        The model of the headline, on its first network.
    groups : mapping of str to str, optional
        As `predictions.read_predictions` takes it.
    """
    runs = {run: read_predictions(path, groups) for run, path in predictions.items()}
    headline = primary_run(primary, runs)
    first = next(iter(runs.values()))
    titles = len(first.labels)
    draws = draw_groups(titles, samples, seed, first.cluster).astype(float)
    orders = draw_orders(titles, permutations, [seed, permutations], cluster=first.cluster)
    tables = []
    for (network, model), run_predictions in tqdm(runs.items(), unit="run", disable=None):
        table = score_model(run_predictions, thresholds, draws, orders)
        names = {"network": network, "model": model, "modality": MODELS[model] or None}
        tables.append(table.assign(**names, is_primary=(network, model) == headline))
    table = pd.concat(tables, ignore_index=True)
    table["p_best"] = best_of_models(table)
    table["exchangeable"] = exchangeable(titles, cluster=first.cluster).sum()
    write_table(table.drop(columns=PERMUTED), scores, TRAILER_SCORES)
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
        The columns of TRAILER_SCORES of the run alone, without its names, and PERMUTED: for means
        over the genres, and metrics of all of them, the values in the orders.
    """
    limits = (*thresholds, predictions.thresholds)
    probability = predictions.probability[0]
    counts = np.stack([predictions.count_by_group(probability > limit) for limit in limits])
    names = [*(f"{threshold:g}" for threshold in thresholds), TUNED]
    with np.errstate(invalid="ignore"):  # where a sample carries no genre: only of WEIGHTED
        tags = score_tags(counts, names, predictions, draws, orders)
    tags = tags[tags["genre"] != WEIGHTED].rename(columns={"name": "threshold"})
    shares = counts / predictions.group_sizes[:, None]
    permuted = [_permuted_macro_f1(share, predictions.labels, orders) for share in shares]
    is_mean = (tags["measure"] == "f1") & (tags["genre"] == MACRO)
    tables = [
        tags.assign(**{PERMUTED: pd.Series(permuted, tags.index[is_mean])}),
        _score_precision(predictions, draws, orders),
        _score_accuracy(predictions, draws, orders),
    ]
    return pd.concat(tables, ignore_index=True)


def best_of_models(table: pd.DataFrame) -> pd.Series:
    """Adjust p-values for the choice of the best model; baselines are no candidates.

    Parameters
    ----------
    table : pandas.DataFrame
        What `score_model` returns of every run, with a column `model`.

    Returns
    -------
    pandas.Series of float
        `multiplicity.best_of_p` over the models, of each mean over the genres by its measure and
        threshold, and of each metric of all genres; NaN in other rows.
    """
    adjusted = pd.Series(np.nan, table.index)
    candidates = table[table[PERMUTED].notna() & ~table["model"].isin(BASELINES)]
    for _, rows in candidates.groupby(["measure", "threshold"], dropna=False):
        permuted = np.stack(rows[PERMUTED].to_list())
        adjusted[rows.index] = best_of_p(rows["value"].to_numpy(), permuted)
    return adjusted


def _permuted_macro_f1(shares: np.ndarray, labels: np.ndarray, orders: np.ndarray) -> np.ndarray:
    """Macro F1 in each order: (orders,). shares: of trailers with a tag, float (titles, genres)."""
    parts = np.split(orders, range(BLOCK, len(orders), BLOCK))
    return np.concatenate([f1_in_order(shares[None], labels, part)[:, -1] for part in parts])


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
    permuted = with_macro(
        permuted_grouped_precision(probability, predictions.group, labels, orders)
    )
    observations = score_observations(labels, 1, predictions.cluster)
    columns = score_columns(value[0], sampled.T, permuted.T, observations=observations)
    columns["chance"] = with_macro(random_average_precision(carriers, len(labels)))
    columns["unit_value"] = with_macro(
        average_precision(probability, predictions.unit_labels, once)
    )[0]
    names = {"measure": AVERAGE_PRECISION, "threshold": None, "support": support(predictions, 1)}
    table = pd.DataFrame({"genre": [*predictions.genres, MACRO], **names, **columns})
    return table.assign(**{PERMUTED: pd.Series([permuted[:, -1]], table.index[-1:])})


def _score_accuracy(
    predictions: Predictions, draws: np.ndarray, orders: np.ndarray
) -> pd.DataFrame:
    """How often the most probable genre of a trailer is true, of trailers that have any.

    Of the single label that the source picks at random of each trailer's, the expected share.
    """
    labels, sizes = predictions.labels, predictions.group_sizes
    top1 = predictions.count_by_group(predictions.rank == 1) / sizes[:, None]
    picked = divided(labels.astype(float), labels.sum(axis=1, keepdims=True), 0)
    rows = [
        {"measure": name} | _accuracy(top1 @ targets.T, predictions, draws, orders)
        for name, targets in ((TOP1_ACCURACY, labels.astype(float)), (SINGLE_LABEL, picked))
    ]
    names = {"threshold": None, "genre": ALL, "support": int(sizes @ labels.any(axis=1))}
    return pd.DataFrame(rows).assign(**names)


def _accuracy(
    correct: np.ndarray, predictions: Predictions, draws: np.ndarray, orders: np.ndarray
) -> dict:
    """Columns of an accuracy. correct[i, j]: the share of title i with the genres of title j."""
    labels, sizes, titles = predictions.labels, predictions.group_sizes, np.arange(len(correct))
    counted = labels.any(axis=1).astype(float)
    observed = correct[titles, titles]
    value = observed.sum(keepdims=True) / counted.sum()
    sampled = divided(draws @ observed, draws @ counted, 0)[None]
    permuted = correct[titles, orders].sum(axis=1) / counted.sum()
    observations = score_observations(labels, 1, predictions.cluster)[-1]
    columns = score_columns(value, sampled, permuted[None], observations=observations)
    scores = {name: column[0] for name, column in columns.items()}
    unit_value = (sizes @ observed) / (sizes @ counted)
    return scores | {"unit_value": unit_value, PERMUTED: permuted}
