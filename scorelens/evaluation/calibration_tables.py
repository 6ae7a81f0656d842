"""Tables and figure of calibration, alike in all stages that give probabilities."""

import os
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from scorelens import figures
from scorelens.evaluation import ALL
from scorelens.evaluation.bootstrap import draw_groups, error_interval, interval
from scorelens.evaluation.calibration_error import (
    bin_gaps,
    calibrated_errors,
    gap_error,
    reliability_bins,
)
from scorelens.evaluation.permutation import is_as_good, p_value
from scorelens.evaluation.predictions import Predictions, group_means
from scorelens.evaluation.reliability_plot import reliability_figure
from scorelens.tables import CALIBRATION, RELIABILITY, write_table

SAMPLES = 1000  # of a perfectly calibrated model


def write_calibration(
    stage: str,
    level: str,
    models: Mapping[tuple[str, str], Predictions],
    samples: int,
    seed: int,
    calibration: str | os.PathLike,
    reliability: str | os.PathLike,
    figure: str | os.PathLike,
) -> None:
    """Measure the calibration of the models of a stage; write both tables and draw the figure.

    Parameters
    ----------
    stage, level : str
        As the columns of CALIBRATION have them.
    models : mapping of (features, model) to Predictions
    samples : int
        Bootstrap samples of the clusters.
    seed : int
    calibration, reliability, figure : path
        Where CALIBRATION, RELIABILITY and the figure go.
    """
    measured = {
        names: calibrate(
            one.probability, one.unit_labels, one.group, one.genres, samples, seed, one.cluster
        )
        for names, one in models.items()
    }
    write_measured(stage, level, measured, calibration, reliability, figure)


def write_measured(
    stage: str,
    level: str,
    measured: Mapping[tuple[str, str], tuple[pd.DataFrame, pd.DataFrame]],
    calibration: str | os.PathLike,
    reliability: str | os.PathLike,
    figure: str | os.PathLike,
) -> None:
    """Write what `calibrate` returned for the models of a stage, and draw it.

    Parameters
    ----------
    stage, level : str
        As the columns of CALIBRATION have them.
    measured : mapping of (features, model) to (DataFrame, DataFrame)
    calibration, reliability, figure : path
        Where CALIBRATION, RELIABILITY and the figure go.
    """
    named = [
        [table.assign(stage=stage, level=level, features=features, model=model) for table in tables]
        for (features, model), tables in measured.items()
    ]
    scores, bins = (pd.concat(tables, ignore_index=True) for tables in zip(*named, strict=True))
    write_table(scores[CALIBRATION.names], calibration, CALIBRATION)
    write_table(bins[RELIABILITY.names], reliability, RELIABILITY)
    figures.save(reliability_figure(scores, bins), figure)


def calibrate(
    probability: np.ndarray,
    outcome: np.ndarray,
    group: np.ndarray,
    genres: Sequence[str],
    samples: int,
    seed: int,
    cluster: np.ndarray | None = None,
    is_shared: bool = True,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Measure the calibration of one model.

    Parameters
    ----------
    probability : ndarray of float, shape (runs, units, genres)
        In 0..1, of units that the model was not trained on.
    outcome : ndarray of bool, shape (units, genres)
    group : ndarray of int, shape (units,)
        Group of each unit, with none left out.
    genres : sequence of str
        Or other names of the outcomes.
    samples : int
        Bootstrap samples of the clusters.
    seed : int
    cluster : ndarray of int, shape (groups,), optional
        Cluster of each group; each group is a cluster if left out.
    is_shared : bool
        Whether the units of a group share their outcomes.

    Returns
    -------
    calibration : pandas.DataFrame
        The columns of CALIBRATION without those that name the model; a row per genre and `all`.
    reliability : pandas.DataFrame
        The columns of RELIABILITY likewise.
    """
    groups = int(group.max()) + 1
    random = np.random.default_rng(seed)
    draws = draw_groups(groups, samples, random, cluster).astype(float)
    scores = _brier(probability, outcome, group, draws)
    scores |= _error(probability, outcome, group, draws, is_shared, random)
    table = pd.DataFrame({"genre": [*genres, ALL], **scores})
    bins = _bins(probability, outcome, group, genres)
    return table.assign(units=len(group), groups=groups), bins


def _brier(
    probability: np.ndarray, outcome: np.ndarray, group: np.ndarray, draws: np.ndarray
) -> dict[str, np.ndarray]:
    groups = draws.shape[1]
    squared = ((probability - outcome) ** 2).mean(axis=0)
    by_group = _with_all(group_means(squared.T, group, groups))  # (genres + 1, groups)
    value = by_group.mean(axis=1)
    low, high = interval(value, by_group @ draws.T / draws.sum(axis=1), axis=-1)
    frequency = group_means(outcome.T, group, groups).mean(axis=1)
    reference = _with_all(frequency * (1 - frequency))
    return {"brier": value, "brier_low": low, "brier_high": high, "brier_frequency": reference}


def _error(
    probability: np.ndarray,
    outcome: np.ndarray,
    group: np.ndarray,
    draws: np.ndarray,
    is_shared: bool,
    random: np.random.Generator,
) -> dict[str, np.ndarray]:
    gaps = [bin_gaps(run, outcome, group) for run in probability]
    value, sampled = (
        np.mean([gap_error(run, drawn) for run in gaps], axis=0)
        for drawn in (np.ones((1, draws.shape[1])), draws)
    )
    seeds = random.integers(2**63)  # the same draws for all runs, of the same films
    calibrated = np.mean(
        [
            calibrated_errors(run, group, is_shared, SAMPLES, np.random.default_rng(seeds))
            for run in probability
        ],
        axis=0,
    )
    low, high = error_interval(value[:, 0], sampled, axis=-1)
    return {
        "calibration_error": value[:, 0],
        "calibration_error_low": low,
        "calibration_error_high": high,
        "calibrated_error": calibrated.mean(axis=1),
        "p": p_value(is_as_good(calibrated, value).sum(axis=1), SAMPLES),
    }


def _bins(
    probability: np.ndarray, outcome: np.ndarray, group: np.ndarray, genres: Sequence[str]
) -> pd.DataFrame:
    """The bins of all runs together, a row for each that is not empty, by genre and for all."""
    every = np.broadcast_to(outcome, probability.shape)
    groups = np.broadcast_to(group[:, None], probability.shape)
    chosen = {genre: [number] for number, genre in enumerate(genres)}
    tables = []
    for genre, columns in (chosen | {ALL: slice(None)}).items():
        parts = (one[:, :, columns].ravel() for one in (probability, every, groups))
        values, labels, of_group = parts
        tables.append(reliability_bins(values, labels, group=of_group).assign(genre=genre))
    table = pd.concat(tables, ignore_index=True)
    table["weight"] /= table.groupby("genre")["weight"].transform("sum")
    renamed = {
        "count": "units",
        "confidence": "probability",
        "correct": "observed",
        "correct_low": "observed_low",
        "correct_high": "observed_high",
    }
    return table[table["count"] > 0].rename(columns=renamed)


def _with_all(by_genre: np.ndarray) -> np.ndarray:
    """Append the mean over the genres, the first axis."""
    return np.concatenate([by_genre, by_genre.mean(axis=0, keepdims=True)])
