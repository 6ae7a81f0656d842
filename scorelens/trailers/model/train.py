"""Train one model of trailers fold by fold, and write its predictions of titles held out.

The probabilities of a fold are calibrated, and its thresholds found, on the training trailers, each
predicted by the model of the inner ensemble that was trained without its title.
"""

import logging
import os
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from scorelens.learning.calibration import apply_platt, fit_platt, log_odds
from scorelens.learning.class_weights import group_weights
from scorelens.learning.datasets import Dataset
from scorelens.learning.grouped_folds import NestedFold, nested_folds
from scorelens.learning.instance_predictions import InstancePredictions
from scorelens.tables import TRAILER_MOMENTS, TRAILER_PREDICTIONS, write_table
from scorelens.trailers import HELD_OUT, TRAINING
from scorelens.trailers.data.dataset import N_INNER, nonempty, read_dataset
from scorelens.trailers.data.groups import read_groups
from scorelens.trailers.model.ensemble import Arrays, fit_ensembles, predict, predict_mean
from scorelens.trailers.model.thresholds import tune_thresholds
from scorelens.trailers.model_runs import title
from scorelens.trailers.registry import MODEL_SPECS

log = logging.getLogger(__name__)

IDS = ("title", "trailer_id")  # of a group and of a bag of the dataset


def train_trailers(
    network: str,
    model: str,
    table: str | os.PathLike,
    samples: Mapping[str, str | os.PathLike],
    tables: Sequence[str | os.PathLike],
    settings: Mapping,
    seed: int,
    predictions: str | os.PathLike,
    moments: str | os.PathLike,
    groups: str | os.PathLike | None = None,
    threads: int = 1,
) -> None:
    """Train a model of picture or sound, or the frequency, and write its predictions.

    Parameters
    ----------
    network, model : str
        A run of `scorelens.trailers.runs`, not the fusion.
    table, samples, tables
        As `dataset.read_dataset` takes them: the table of trailers, trailer -> sample, tables of
        what else the model takes.
    settings : mapping
        `genres`, `folds`, and `network` or `attention` if the model has such a block.
    seed : int
        Of everything random.
    predictions, moments : path
        Where the tables TRAILER_PREDICTIONS and TRAILER_MOMENTS go; the latter has no rows for the
        frequency.
    groups : path, optional
        The groups of the titles (tables.TRAILER_GROUPS); by default the names in their table count.
    threads : int
        Threads of torch.
    """
    if MODEL_SPECS[model].uses_gpu:
        import torch  # slow to import: not for who trains no network

        torch.set_num_threads(threads)
    of_title = read_groups(groups).of_title if groups else None
    dataset = read_dataset(model, table, settings["genres"], samples, tables, of_title)
    for number in np.setdiff1d(np.arange(len(dataset.bag_ids)), dataset.nonempty_bags):
        log.warning("%s: no input for %s", dataset.bag_ids[number][1], title(network, model))
    folds = nested_folds(dataset, settings["folds"], N_INNER, seed)
    ensembles = fit_ensembles(model, dataset, folds, settings, seed)
    predicted = [
        predict_fold(model, members, dataset, fold)
        for members, fold in zip(ensembles, folds, strict=True)
    ]
    by_trailer = [part.assign(fold=number) for number, (part, _) in enumerate(predicted)]
    run = {"network": network, "model": model}
    write_table(pd.concat(by_trailer).assign(**run), predictions, TRAILER_PREDICTIONS)
    by_moment = pd.concat([part for _, part in predicted]).assign(**run)
    order = ["trailer_id", "time_s"]
    write_table(by_moment.sort_values(order, kind="stable"), moments, TRAILER_MOMENTS)
    log.info(
        "%s: %d trailers, %d with input, %d genres, %d folds",
        *(title(network, model), len(dataset.bag_ids), len(dataset.nonempty_bags)),
        *(len(dataset.genres), len(folds)),
    )


def predict_fold(
    model: str, members: Sequence[Arrays], dataset: Dataset, fold: NestedFold
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Predict all trailers with a fold's inner ensemble, calibrated.

    Parameters
    ----------
    model : str
        A name of `scorelens.trailers.MODELS`, not the fusion.
    members : sequence of dict
        Of `ensemble.fit_ensembles`.
    dataset : Dataset
        Of the trailers.
    fold : NestedFold
        The fold.

    Returns
    -------
    predictions : DataFrame
        Columns of TRAILER_PREDICTIONS without the fold and the run.
    moments : DataFrame
        Columns of TRAILER_MOMENTS without the run, of the trailers held out.
    """
    frequency = _frequency(dataset, fold.training)
    probability = np.tile(frequency, (len(dataset.bag_ids), 1))
    moments = pd.DataFrame({name: [] for name in TRAILER_MOMENTS.names})
    if members:
        inner = [
            predict(model, arrays, dataset, nonempty(dataset, part))
            for arrays, part in zip(members, fold.inner, strict=True)
        ]
        coefficients = _calibration(model, inner, dataset, frequency)
        outer = predict_mean(model, members, dataset, nonempty(dataset, fold.held_out))
        for part in (*inner, outer):
            if len(part.rows):
                calibrated = apply_platt(part.bag_probability, coefficients)
                probability[np.unique(part.bag)] = calibrated
        moments = _moments(dataset, outer, coefficients)
    has_input = np.isin(np.arange(len(probability)), dataset.nonempty_bags) & bool(members)
    return _predictions(dataset, fold, probability, has_input), moments


def _frequency(dataset: Dataset, trailers: np.ndarray) -> np.ndarray:
    """The share of some trailers' titles that carry each genre: float32 (genres,)."""
    weights = group_weights(dataset.group[trailers])
    return np.average(dataset.labels[trailers], axis=0, weights=weights).astype(np.float32)


def _predictions(
    dataset: Dataset, fold: NestedFold, probability: np.ndarray, has_input: np.ndarray
) -> pd.DataFrame:
    """The predictions of a fold with its thresholds. has_input: bool (trailers,)."""
    weights = group_weights(dataset.group[fold.training])
    labels = dataset.labels[fold.training]
    threshold = tune_thresholds(probability[fold.training], labels, weights)
    parts = {HELD_OUT: fold.held_out, TRAINING: fold.training}
    return pd.concat(
        dataset.genre_rows(trailers, IDS).assign(
            part=name,
            probability=probability[trailers].ravel().astype(np.float64),
            threshold=np.tile(threshold, len(trailers)),
            actual=dataset.labels[trailers].ravel(),
            seen=np.repeat(has_input[trailers], len(dataset.genres)),
        )
        for name, trailers in parts.items()
    )


def _calibration(
    model: str, inner: Sequence[InstancePredictions], dataset: Dataset, frequency: np.ndarray
) -> np.ndarray:
    """The coefficients of `calibration.fit_platt`. frequency: float32 (genres,).

    A balanced loss trains as if every genre were as frequent as not; what that adds to the log-odds
    is known.
    """
    some = [part for part in inner if len(part.rows)]
    trailers = np.concatenate([np.unique(part.bag) for part in some])
    probability = np.concatenate([part.bag_probability for part in some])
    weights = group_weights(dataset.group[trailers])
    offset = log_odds(frequency) * MODEL_SPECS[model].load().BALANCED_LOSS
    return fit_platt(probability, dataset.labels[trailers], weights, offset)


def _moments(
    dataset: Dataset, predictions: InstancePredictions, coefficients: np.ndarray
) -> pd.DataFrame:
    probability = apply_platt(predictions.probability, coefficients)
    return dataset.genre_rows(predictions.bag, IDS)[["trailer_id", "genre"]].assign(
        time_s=np.repeat(dataset.time_s[predictions.rows], len(dataset.genres)),
        probability=probability.ravel().astype(np.float64),
        weight=predictions.weight.ravel().astype(np.float64),
    )
