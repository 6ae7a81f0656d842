"""Reliability figure: how often what has a probability is true, a panel per model."""

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scorelens import figures
from scorelens.evaluation import ALL

COLUMNS = 3  # panels side by side
PANEL_INCHES = 3.0
SIZE = 500  # area of the marker of a bin that holds everything, in points squared
MIN_SIZE = 8  # of one that holds nearly nothing
NAMES = ["features", "model"]
LABEL = "predicted probability (area: share of the predictions; number: films or titles with one)"


def reliability_figure(scores: pd.DataFrame, bins: pd.DataFrame) -> Figure:
    """Draw the bins of all genres together, a panel per model.

    Parameters
    ----------
    scores, bins : pandas.DataFrame
        Rows of CALIBRATION and RELIABILITY of one stage and level.

    Returns
    -------
    matplotlib.figure.Figure
    """
    scores, bins = (table[table["genre"] == ALL] for table in (scores, bins))
    models, by_model = scores.set_index(NAMES), dict(list(bins.groupby(NAMES)))
    columns = min(COLUMNS, len(models))
    rows = -(-len(models) // columns)
    size = (columns * PANEL_INCHES, rows * PANEL_INCHES + 0.6)
    figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False)
    for axis, (names, row) in zip(axes.flat, models.iterrows(), strict=False):
        draw_reliability(axis, by_model[names], row)
        axis.set_title(title(*names), fontsize=10)
    for axis in axes.flat[len(models) :]:
        axis.set_axis_off()
    axes[0, 0].legend(loc="upper left", fontsize=8)
    figure.supxlabel(LABEL, fontsize=10)
    figure.supylabel("share that is true", fontsize=10)
    return figure


def draw_reliability(axis: Axes, bins: pd.DataFrame, score: pd.Series) -> None:
    """Draw the bins of one model: the area of a marker is the share of the bin.

    Parameters
    ----------
    axis : matplotlib.axes.Axes
    bins : pandas.DataFrame
        Rows of RELIABILITY.
    score : pandas.Series
        The row of CALIBRATION.
    """
    axis.plot([0, 1], [0, 1], color=figures.QUIET, lw=1, zorder=0, label="calibrated")
    colour = figures.PALETTE[0]
    low, high = bins["observed_low"], bins["observed_high"]
    axis.vlines(bins["probability"], low, high, color=colour, lw=1.5, label="95% interval")
    area = MIN_SIZE + SIZE * bins["weight"]
    axis.scatter(bins["probability"], bins["observed"], area, color=colour, alpha=0.6, zorder=2)
    for row in bins.itertuples():
        above = {"xytext": (0, 2), "textcoords": "offset points", "ha": "center", "size": 7}
        axis.annotate(f"{row.groups}", (row.probability, row.observed_high), **above)
    axis.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.12))
    axis.set_xticks(**figures.SHARE_TICKS)
    axis.set_yticks(**figures.SHARE_TICKS)
    axis.text(0.98, 0.02, caption(score), ha="right", size=8, transform=axis.transAxes)


def caption(score: pd.Series) -> str:
    """Write the calibration error with its interval, and what a calibrated model would have."""
    low, high = score["calibration_error_low"], score["calibration_error_high"]
    return (
        f"error {score['calibration_error']:.2f} ({low:.2f} to {high:.2f})\n"
        f"calibrated: {score['calibrated_error']:.2f}, p {score['p']:.2g}"
    )


def title(features: str, model: str) -> str:
    """Name a model with what it takes, if that is anything."""
    name = model.replace("_", " ")
    return name if features == "none" else f"{name}, {features}"
