"""Precision-recall curves: what a model would say at every threshold, not at one half alone."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from sklearn.metrics import precision_recall_curve

from scorelens import figures
from scorelens.genres.evaluate.plot_style import run_title, set_looks
from scorelens.genres.evaluate.score import answers, labels, measures, outcomes

COLUMNS = 4  # panels side by side
PANEL_INCHES = 2.7
POOLED = "All genres pooled"
CHANCE = {"color": figures.QUIET, "lw": 1, "ls": "--"}
TICKS = {"ticks": [0, 0.5, 1], "labels": ["0", "0.5", "1"]}


def precision_recall_figure(predictions: Mapping[tuple[str, str], pd.DataFrame]) -> plt.Figure:
    """A panel for all pairs of film and genre together and one for each genre, a colour a model.

    predictions: a table of the contract PREDICTIONS for each (feature set, model), at least one,
    with the same genres. Lines are means over the training runs, with the band that all runs lie
    in; the area under one is the average precision, AP. A marker shows where the model decides. The
    dashed line is chance: the share of the films that carry the genre.
    """
    genres = next(iter(predictions.values()))["genre"].drop_duplicates().tolist()
    rows = -(-(len(genres) + 2) // COLUMNS)  # the genres, all of them pooled, and the legend
    figure, axes = plt.subplots(
        rows, COLUMNS, squeeze=False, figsize=(COLUMNS * PANEL_INCHES, rows * PANEL_INCHES + 0.3)
    )
    looks = set_looks(feature_set for feature_set, _ in predictions)
    for axis, panel in zip(axes.flat, [POOLED, *genres], strict=False):
        kept = genres if panel == POOLED else [panel]
        for run, table in predictions.items():
            _draw_run(axis, table[table["genre"].isin(kept)], *looks[run[0]])
        _dress(axis, panel)
    for axis in axes.flat[len(genres) + 1 :]:
        axis.set_axis_off()
    axes.flat[len(genres) + 1].legend(handles=_keys(list(predictions)), loc="center", fontsize=9)
    figure.supxlabel("recall: share of what is true that is said", fontsize=10)
    figure.supylabel("precision: share of what is said that is true", fontsize=10)
    return figure


def precision_at_recall(true: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """The precision at the threshold that finds the first, the second ... of what is true.

    true: bool (n,), at least one. probability: float (n,). Returns float (positives,) in 0..1; its
    mean is the average precision.
    """
    precision, recall, _ = precision_recall_curve(true, probability)
    found = np.round(recall[::-1] * true.sum())  # rises with every lower threshold
    reached = np.searchsorted(found, np.arange(1, true.sum() + 1))
    return precision[::-1][reached]


def _draw_run(axis: Axes, table: pd.DataFrame, colour: str, marker: str) -> None:
    true = labels(table).ravel()
    if not true.any():
        return
    axis.axhline(true.mean(), zorder=0, **CHANCE)
    ranked = answers(table, "probability").reshape(-1, len(true))
    precision = np.stack([precision_at_recall(true, one) for one in ranked])
    edges = np.linspace(0, 1, precision.shape[1] + 1)
    if len(precision) > 1:
        low, high = precision.min(axis=0), precision.max(axis=0)
        axis.stairs(high, edges, baseline=low, fill=True, color=colour, alpha=0.15)
    mean = precision.mean(axis=0)
    axis.stairs(mean, edges, baseline=None, color=colour, lw=2, zorder=2)
    axis.plot([], [], color=colour, label=f"{mean.mean():.2f}")
    decided = outcomes(table).sum(axis=(2, 3))
    if decided[:2].any():  # a model that says nothing has no place
        where = measures(decided).mean(axis=1)
        axis.plot(where[1], where[0], marker, color=colour, mec="white", ms=8, zorder=3)


def _dress(axis: Axes, panel: str) -> None:
    axis.set(title=panel, xlim=(-0.02, 1.02), ylim=(-0.02, 1.04))
    axis.set_xticks(**TICKS)
    axis.set_yticks(**TICKS)
    axis.grid(lw=0.5, alpha=0.5)
    if axis.get_legend_handles_labels()[0]:
        look = {"frameon": True, "edgecolor": "none", "framealpha": 0.8, "handlelength": 1}
        axis.legend(title="AP", fontsize=9, title_fontsize=9, **look)
    else:
        axis.text(0.5, 0.5, "no film carries it", ha="center", color=figures.QUIET)


def _keys(runs: Sequence[tuple[str, str]]) -> list[Artist]:
    looks = set_looks(feature_set for feature_set, _ in runs)
    keys = []
    for run in runs:
        colour, marker = looks[run[0]]
        keys.append(Line2D([], [], color=colour, marker=marker, mec="white", label=run_title(run)))
    decided = Line2D([], [], color="black", marker="o", mec="white", ls="none")
    decided.set_label("what it says at threshold 0.5")
    bands = Patch(color="black", alpha=0.15, label="all training runs, if several")
    return [*keys, decided, bands, Line2D([], [], label="chance: share that is true", **CHANCE)]
