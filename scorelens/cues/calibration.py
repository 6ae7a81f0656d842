"""Whether the confidence of cues is a probability: held against the truth.

The expected calibration error is the mean distance of confidence and share of right cues over
bins of equal width, weighted by their cues (Naeini et al., AAAI 2015).
"""

import logging
import os
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy.stats import binomtest

from scorelens import figures, tables
from scorelens.cues.score import judge_cues

BINS = 10

log = logging.getLogger(__name__)


def calibrate_cues(
    cues: Sequence[str | os.PathLike],
    truths: Sequence[str | os.PathLike],
    table: str | os.PathLike,
    figure: str | os.PathLike,
) -> None:
    """Write `tables.CUE_CONFIDENCE` of all films and draw it.

    cues, truths: the films' tables of the contracts CUES and TRUTH, in the same order.
    """
    pairs = [
        (tables.read_table(cue, tables.CUES), tables.read_table(truth, tables.TRUTH))
        for cue, truth in zip(cues, truths, strict=True)
    ]
    frame = bin_confidence(pairs)
    error = calibration_error(frame)
    log.info("expected calibration error %.3f over %d cues", error, frame.cues.sum())
    tables.write_table(frame, table, tables.CUE_CONFIDENCE)
    draw_confidence(frame, error, figure)


def bin_confidence(films: Sequence[tuple[pd.DataFrame, pd.DataFrame]]) -> pd.DataFrame:
    """A frame of `tables.CUE_CONFIDENCE`, ten bins, from cues and truth of each film."""
    confidence, right, best = [np.zeros(0)], [np.zeros(0, bool)], [np.zeros(0)]
    for cues, truth in films:
        album = truth[~truth.decoy]
        correct, finds = judge_cues(cues, album)
        confidence.append(cues.confidence.to_numpy(np.float64))
        right.append(correct)
        # A true cue is found at every threshold up to the confidence of the surest that finds it.
        best.append(np.where(finds, confidence[-1][:, None], -1).max(axis=0, initial=-1))
    sure, correct, found = map(np.concatenate, (confidence, right, best))
    edges = np.linspace(0, 1, BINS + 1)
    place = np.clip(np.digitize(sure, edges) - 1, 0, BINS - 1)
    rows = [_row(sure, correct, found, place == k, edges[k], edges[k + 1]) for k in range(BINS)]
    kinds = {c.name: c.dtype for c in tables.CUE_CONFIDENCE.columns}
    return pd.DataFrame(rows, columns=tables.CUE_CONFIDENCE.names).astype(kinds)


def calibration_error(frame: pd.DataFrame) -> float:
    """The expected calibration error, 0..1, of a frame of `tables.CUE_CONFIDENCE`; NaN of none."""
    if not frame.cues.any():
        return np.nan
    return float(np.average((frame.confidence - frame.right).abs().fillna(0), weights=frame.cues))


def draw_confidence(frame: pd.DataFrame, error: float, path: str | os.PathLike) -> None:
    """Draw how often cues of each confidence are right, and what a threshold on it would give."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.0, 4.0))
    _draw_reliability(left, frame.dropna(subset="right"), error)
    _draw_threshold(right, frame.dropna(subset="cue_precision"))
    figures.save(figure, path)


def _draw_reliability(axes: Axes, frame: pd.DataFrame, error: float) -> None:
    axes.plot([0, 1], [0, 1], color=figures.QUIET, linewidth=1, label="calibrated")
    reach = [frame.right - frame.right_low, frame.right_high - frame.right]
    look = {"fmt": "o", "capsize": 3, "color": figures.PALETTE[0]}
    axes.errorbar(frame.confidence, frame.right, reach, label="right cues, 95% interval", **look)
    for row in frame.itertuples():
        axes.annotate(f" {row.cues}", (row.confidence, row.right), va="top", size=8)
    axes.set(xlim=(0, 1.03), ylim=(0, 1.03), xlabel="confidence", ylabel="share of right cues")
    words = f"{frame.cues.sum()} cues, calibration error {error:.3f}"
    axes.set_title(words if len(frame) else "no cue was found")
    axes.legend(loc="upper left", fontsize=8)


def _draw_threshold(axes: Axes, frame: pd.DataFrame) -> None:
    axes.plot(frame.cue_recall, frame.cue_precision, "o-", color=figures.PALETTE[1])
    for row in frame.drop_duplicates(["cue_recall", "cue_precision"]).itertuples():
        spot = (row.cue_recall, row.cue_precision)
        axes.annotate(f" {row.confidence_low:.1f}", spot, va="top", size=8)
    axes.set(xlim=(0, 1.03), ylim=(0, 1.03), xlabel="cue recall", ylabel="cue precision")
    axes.set_title("cues of at least this confidence")


def _row(sure, correct, found, here, low: float, high: float) -> dict[str, object]:
    count, kept = int(here.sum()), sure >= low
    row = {"confidence_low": low, "confidence_high": high, "cues": count}
    if count:
        interval = binomtest(int(correct[here].sum()), count).proportion_ci(method="wilson")
        row |= {"confidence": sure[here].mean(), "right": correct[here].mean()}
        row |= {"right_low": interval.low, "right_high": interval.high}
    if kept.any():
        row["cue_precision"] = correct[kept].mean()
    if len(found):
        row["cue_recall"] = (found >= low).mean()
    return row
