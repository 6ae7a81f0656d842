"""Draws precision-recall curves of genre models: what they would predict at every threshold."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from sklearn.metrics import precision_recall_curve

from scorelens import figures
from scorelens.evaluation.average_precision import random_average_precision
from scorelens.evaluation.classification import confusion_counts, precision_recall_f1
from scorelens.evaluation.predictions import Predictions
from scorelens.genres.evaluate.plot_style import run_title, set_styles

COLUMNS = 4  # panels side by side
PANEL_INCHES = 2.7
MAX_STEPS = 400  # of a line: more would be finer than the picture
POOLED = "All genres pooled"
CHANCE = {"color": figures.QUIET, "lw": 1, "ls": "--"}
TICKS = {"ticks": [0, 0.5, 1], "labels": ["0", "0.5", "1"]}


def precision_recall_figure(predictions: Mapping[tuple[str, str], Predictions]) -> plt.Figure:
    """Draw a panel for all pairs of film and genre, and one per genre; a colour per model.

    Lines are means over the training runs, with the band of all runs; the area under one is the
    average precision, AP, with that of a random order as its chance. A marker shows the decisions.
    The dashed line is the precision of random decisions: the share of the films with the genre.

    Parameters
    ----------
    predictions : mapping of (feature set, model) to Predictions
        One at least, with the same genres. Units are films.

    Returns
    -------
    matplotlib.figure.Figure
    """
    first = next(iter(predictions.values()))
    genres = first.genres
    rows = -(-(len(genres) + 2) // COLUMNS)  # the genres, all of them pooled, and the legend
    figure, axes = plt.subplots(
        rows, COLUMNS, squeeze=False, figsize=(COLUMNS * PANEL_INCHES, rows * PANEL_INCHES + 0.3)
    )
    styles = set_styles(feature_set for feature_set, _ in predictions)
    for number, (axis, panel) in enumerate(zip(axes.flat, [POOLED, *genres], strict=False)):
        shown = slice(None) if panel == POOLED else slice(number - 1, number)
        for run, run_predictions in predictions.items():
            _draw_run(axis, run_predictions, shown, *styles[run[0]])
        _finish_panel(axis, panel, first.labels[:, shown])
    for axis in axes.flat[len(genres) + 1 :]:
        axis.set_axis_off()
    handles = _legend_handles(list(predictions))
    axes.flat[len(genres) + 1].legend(handles=handles, loc="center", fontsize=9)
    figure.supxlabel("recall: share of the true genres that are predicted", fontsize=10)
    figure.supylabel("precision: share of the predicted genres that are true", fontsize=10)
    return figure


def precision_at_recall(labels: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """Precision at the highest threshold that retrieves one, two, ... of the positives.

    Parameters
    ----------
    labels : ndarray of bool, shape (n,)
        At least one positive.
    probability : ndarray of float, shape (n,)

    Returns
    -------
    ndarray of float, shape (positives,)
        In 0..1; its mean is the average precision.

    Examples
    --------
    >>> precision_at_recall(np.array([True, False, True]), np.array([0.9, 0.8, 0.1])).round(3)
    array([1.   , 0.667])
    """
    precision, recall, _ = precision_recall_curve(labels, probability)
    retrieved = np.round(recall[::-1] * labels.sum())  # rises with every lower threshold
    reached = np.searchsorted(retrieved, np.arange(1, labels.sum() + 1))
    return precision[::-1][reached]


def _draw_run(
    axis: Axes, predictions: Predictions, genres: slice, colour: str, marker: str
) -> None:
    labels = predictions.labels[:, genres]
    if not labels.any():
        return
    axis.axhline(labels.mean(), zorder=0, **CHANCE)
    ranked = predictions.probability[:, :, genres].reshape(-1, labels.size)
    precision = np.stack([precision_at_recall(labels.ravel(), run) for run in ranked])
    mean = precision.mean(axis=0)
    average_precision = mean.mean()
    shown = np.linspace(0, len(mean) - 1, min(len(mean), MAX_STEPS)).round().astype(int)
    edges = np.append(shown, len(mean)) / len(mean)
    if len(precision) > 1:
        low, high = precision.min(axis=0)[shown], precision.max(axis=0)[shown]
        axis.stairs(high, edges, baseline=low, fill=True, color=colour, alpha=0.15)
    axis.stairs(mean[shown], edges, baseline=None, color=colour, lw=2, zorder=2)
    axis.plot([], [], color=colour, label=f"{average_precision:.2f}")
    counts = confusion_counts(predictions.predicted[:, :, genres], labels).sum(axis=(2, 3))
    if counts[:2].any():  # a model that predicts nothing has no precision
        precision, recall, _ = precision_recall_f1(counts).mean(axis=1)
        axis.plot(recall, precision, marker, color=colour, mec="white", ms=8, zorder=3)


def _finish_panel(axis: Axes, title: str, labels: np.ndarray) -> None:
    axis.set(title=title, xlim=(-0.02, 1.02), ylim=(-0.02, 1.04))
    axis.set_xticks(**TICKS)
    axis.set_yticks(**TICKS)
    axis.grid(lw=0.5, alpha=0.5)
    if axis.get_legend_handles_labels()[0]:
        style = {"frameon": True, "edgecolor": "none", "framealpha": 0.8, "handlelength": 1}
        chance = random_average_precision(labels.sum(), labels.size)
        axis.legend(title=f"AP (chance {chance:.2f})", fontsize=9, title_fontsize=9, **style)
    else:
        axis.text(0.5, 0.5, "no film has it", ha="center", color=figures.QUIET)


def _legend_handles(runs: Sequence[tuple[str, str]]) -> list[Artist]:
    styles = set_styles(feature_set for feature_set, _ in runs)
    handles = []
    for run in runs:
        colour, marker = styles[run[0]]
        style = {"color": colour, "marker": marker, "mec": "white"}
        handles.append(Line2D([], [], label=run_title(run), **style))
    style = {"color": "black", "marker": "o", "mec": "white", "ls": "none"}
    return [
        *handles,
        Line2D([], [], label="decisions at threshold 0.5", **style),
        Patch(color="black", alpha=0.15, label="all training runs, if several"),
        Line2D([], [], label="random decisions: share of true genres", **CHANCE),
    ]
