"""Tests on known films whether the confidence of a cue is the probability that it is correct."""

import logging
import os
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from scorelens import figures, tables
from scorelens.cues.annotations import TRACK
from scorelens.cues.score import compare_cues
from scorelens.evaluation.bootstrap import draw_groups, error_interval, interval
from scorelens.evaluation.calibration_error import expected_calibration_error, reliability_bins

BINS = 10
SAMPLES = 10_000  # of the bootstrap

log = logging.getLogger(__name__)


def calibrate_cues(
    cues: Sequence[str | os.PathLike],
    truths: Sequence[str | os.PathLike],
    table: str | os.PathLike,
    figure: str | os.PathLike,
    scores: str | os.PathLike,
    seed: int,
) -> None:
    """Write the tables of CUE_CONFIDENCE and CUE_CALIBRATION over all films, and draw the first.

    Parameters
    ----------
    cues, truths : sequence of path
        The films' tables of CUES and TRUTH, in the same order.
    table, figure, scores : path
        Where CUE_CONFIDENCE, its figure and CUE_CALIBRATION go.
    seed : int
        Of the bootstrap.
    """
    films = [
        (tables.read_table(cue, tables.CUES), tables.read_table(truth, tables.TRUTH))
        for cue, truth in zip(cues, truths, strict=True)
    ]
    bins = bin_confidence(films)
    error = calibration_error(bins)
    log.info("expected calibration error %.3f over %d cues", error, bins.cues.sum())
    tables.write_table(bins, table, tables.CUE_CONFIDENCE)
    tables.write_table(score_confidence(films, TRACK, seed), scores, tables.CUE_CALIBRATION)
    draw_confidence(bins, error, figure)


def bin_confidence(films: Sequence[tuple[pd.DataFrame, pd.DataFrame]]) -> pd.DataFrame:
    """Compare confidence and share of correct cues in ten bins of equal width.

    Parameters
    ----------
    films : sequence of (pandas.DataFrame, pandas.DataFrame)
        Tables of CUES and TRUTH of each film.

    Returns
    -------
    pandas.DataFrame
        Rows of CUE_CONFIDENCE, one per bin.
    """
    confidence, correct, best = [np.zeros(0)], [np.zeros(0, bool)], [np.zeros(0)]
    for cues, truth in films:
        is_correct, matches = compare_cues(cues, truth[~truth.decoy])
        confidence.append(cues.confidence.to_numpy(np.float64))
        correct.append(is_correct)
        # A true cue is found at every threshold up to the highest confidence that finds it.
        best.append(np.where(matches, confidence[-1][:, None], -1).max(axis=0, initial=-1))
    confidence, correct, best = map(np.concatenate, (confidence, correct, best))
    bins = reliability_bins(confidence, correct, BINS)
    return pd.DataFrame(
        {
            "confidence_low": bins["low"],
            "confidence_high": bins["high"],
            "cues": bins["count"],
            "confidence": bins["confidence"],
            "right": bins["correct"],
            "right_low": bins["correct_low"],
            "right_high": bins["correct_high"],
            "cue_precision": [_mean(correct[confidence >= low]) for low in bins["low"]],
            "cue_recall": [_mean(best >= low) for low in bins["low"]],
        }
    )


def score_confidence(
    films: Sequence[tuple[pd.DataFrame, pd.DataFrame]], scope: str, seed: int
) -> pd.DataFrame:
    """Measure the Brier score and the calibration error of the confidence of cues.

    Parameters
    ----------
    films : sequence of (pandas.DataFrame, pandas.DataFrame)
        Tables of CUES and TRUTH of each film.
    scope : str
        What a correct cue has, for the table.
    seed : int
        Of the bootstrap.

    Returns
    -------
    pandas.DataFrame
        One row of CUE_CALIBRATION. Without an interval for one film with cues.

    References
    ----------
    Brier, "Verification of forecasts expressed in terms of probability", 1950.
    """
    compared = [
        (cues.confidence.to_numpy(float), compare_cues(cues, truth[~truth.decoy])[0])
        for cues, truth in films
        if len(cues)
    ]
    confidence = np.concatenate([np.zeros(0), *(one for one, _ in compared)])
    correct = np.concatenate([np.zeros(0, bool), *(one for _, one in compared)])
    row = {
        "scope": scope,
        "films": len(compared),
        "cues": len(confidence),
        "confidence": _mean(confidence),
        "right": _mean(correct),
        "brier": _mean((confidence - correct) ** 2),
        "calibration_error": calibration_error(bin_confidence(films)),
    }
    row |= _intervals(compared, row, seed) if len(compared) > 1 else {}
    columns = tables.CUE_CALIBRATION.names
    return tables.as_typed(pd.DataFrame([row], columns=columns), tables.CUE_CALIBRATION)


def _intervals(
    compared: Sequence[tuple[np.ndarray, np.ndarray]], scores: Mapping[str, float], seed: int
) -> dict[str, float]:
    """Intervals from sums by film, of which the samples of the films are matrix products."""
    bins = [reliability_bins(confidence, correct, BINS) for confidence, correct in compared]
    gaps = [np.nan_to_num(one["count"] * (one["confidence"] - one["correct"])) for one in bins]
    squared = [((confidence - correct) ** 2).sum() for confidence, correct in compared]
    draws = draw_groups(len(compared), SAMPLES, seed)
    cues = draws @ [len(confidence) for confidence, _ in compared]
    errors = np.abs(draws @ np.array(gaps)).sum(axis=1) / cues
    bounds = {
        "brier": interval(scores["brier"], draws @ squared / cues),
        "calibration_error": error_interval(scores["calibration_error"], errors),
    }
    return {
        f"{name}_{bound}": value
        for name, both in bounds.items()
        for bound, value in zip(("low", "high"), both, strict=True)
    }


def calibration_error(bins: pd.DataFrame) -> float:
    """Expected calibration error of cues.

    Parameters
    ----------
    bins : pandas.DataFrame
        Rows of CUE_CONFIDENCE.

    Returns
    -------
    float
        In 0..1; NaN without a cue.
    """
    columns = (bins[name].to_numpy() for name in ("cues", "confidence", "right"))
    return expected_calibration_error(*columns)


def draw_confidence(bins: pd.DataFrame, error: float, path: str | os.PathLike) -> None:
    """Draw the share of correct cues by confidence, and what a threshold on it would give.

    Parameters
    ----------
    bins : pandas.DataFrame
        Rows of CUE_CONFIDENCE.
    error : float
        Expected calibration error.
    path : path
        Where to write the figure.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.0, 4.0))
    _draw_reliability(left, bins.dropna(subset="right"), error)
    _draw_threshold(right, bins.dropna(subset="cue_precision"))
    figures.save(figure, path)


def _draw_reliability(axis: Axes, bins: pd.DataFrame, error: float) -> None:
    axis.plot([0, 1], [0, 1], color=figures.QUIET, linewidth=1, label="calibrated")
    interval = [bins.right - bins.right_low, bins.right_high - bins.right]
    style = {"fmt": "o", "capsize": 3, "color": figures.PALETTE[0]}
    axis.errorbar(bins.confidence, bins.right, interval, label="95% interval", **style)
    for row in bins.itertuples():
        axis.annotate(f" {row.cues}", (row.confidence, row.right), va="top", size=8)
    axis.set(xlim=(0, 1.03), ylim=(0, 1.03), xlabel="confidence", ylabel="share of correct cues")
    title = f"{bins.cues.sum()} cues, calibration error {error:.3f}"
    axis.set_title(title if len(bins) else "no cue was found")
    axis.legend(loc="upper left", fontsize=8)


def _draw_threshold(axis: Axes, bins: pd.DataFrame) -> None:
    axis.plot(bins.cue_recall, bins.cue_precision, "o-", color=figures.PALETTE[1])
    for row in bins.drop_duplicates(["cue_recall", "cue_precision"]).itertuples():
        point = (row.cue_recall, row.cue_precision)
        axis.annotate(f" {row.confidence_low:.1f}", point, va="top", size=8)
    axis.set(xlim=(0, 1.03), ylim=(0, 1.03), xlabel="cue recall", ylabel="cue precision")
    axis.set_title("cues of at least this confidence")


def _mean(values: np.ndarray) -> float:
    return values.mean() if len(values) else np.nan
