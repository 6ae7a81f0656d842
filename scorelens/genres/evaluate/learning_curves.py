"""Draws learning curves of the networks: loss on the training films and on the held-out one."""

import os
from collections.abc import Mapping

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from scorelens import figures
from scorelens.genres.evaluate.plot_style import run_title
from scorelens.tables import GENRE_CURVES, read_table

COLUMNS = 4  # panels side by side
PANEL_INCHES = (2.9, 2.2)
BAND = (0.05, 0.95)  # quantiles between which 90% of the folds and runs lie
LOSSES = {
    "training_loss": ("training films", figures.PALETTE[0]),
    "held_out_loss": ("held-out film", figures.PALETTE[3]),
}
MINIMUM = {"color": "black", "marker": "v", "ls": "none", "ms": 5}


def plot_learning_curves(
    curves: Mapping[tuple[str, str], str | os.PathLike], figure: str | os.PathLike
) -> None:
    """Draw the learning curves of all networks.

    Parameters
    ----------
    curves : mapping of (feature set, model) to path
        Tables of GENRE_CURVES.
    figure : path
        Where to write the figure.
    """
    tables = {run: read_table(path, GENRE_CURVES) for run, path in curves.items()}
    figures.save(learning_curve_figure(tables), figure)


def learning_curve_figure(curves: Mapping[tuple[str, str], pd.DataFrame]) -> plt.Figure:
    """Draw a panel per network: mean loss over folds and training runs, with the middle 90%.

    The epoch of the lowest mean loss on held-out films is marked, for the reader alone: to stop
    there would be to choose by the films that the model is scored on.

    Parameters
    ----------
    curves : mapping of (feature set, model) to pandas.DataFrame
        Rows of GENRE_CURVES, of one network at least.

    Returns
    -------
    matplotlib.figure.Figure
    """
    columns = min(COLUMNS, len(curves))
    rows = -(-len(curves) // columns)
    size = max(2, columns) * PANEL_INCHES[0], rows * PANEL_INCHES[1] + 0.8
    figure, axes = plt.subplots(rows, columns, squeeze=False, sharey=True, figsize=size)
    for axis, (run, table) in zip(axes.flat, curves.items(), strict=False):
        _draw_network(axis, table)
        axis.set_title(run_title(run), fontsize=10)
    for axis in axes.flat[len(curves) :]:
        axis.set_axis_off()
    for axis in axes[:, 0]:
        axis.set_ylabel("loss")
    figure.supxlabel("epoch; loss is the weighted binary cross-entropy", fontsize=10)
    handles = [
        Line2D([], [], color=colour, label=f"{name}, mean and middle 90%")
        for name, colour in LOSSES.values()
    ]
    handles.append(Line2D([], [], label="lowest on held-out films (not used)", **MINIMUM))
    per_row = 3 if columns > 2 else 1
    figure.legend(handles=handles, loc="outside upper left", ncols=per_row, fontsize=9)
    return figure


def _draw_network(axis: Axes, table: pd.DataFrame) -> None:
    by_epoch = table.groupby("epoch")
    for loss, (_, colour) in LOSSES.items():
        low, high = (by_epoch[loss].quantile(share) for share in BAND)
        axis.fill_between(low.index, low, high, color=colour, alpha=0.18, lw=0)
        axis.plot(by_epoch[loss].mean(), color=colour, lw=1.5)
    held_out = by_epoch["held_out_loss"].mean()
    epoch = held_out.idxmin()
    axis.plot(epoch, held_out[epoch], **MINIMUM)
    axis.annotate(
        epoch, (epoch, held_out[epoch]), (0, 6), textcoords="offset points", ha="center", fontsize=8
    )
    axis.grid(lw=0.5, alpha=0.5)
