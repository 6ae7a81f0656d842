"""How the networks train: the loss on the films they learn from and on the one held out."""

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
MIDDLE = (0.05, 0.95)  # quantiles between which the middle 90% lie
LOSSES = {
    "training_loss": ("training films", figures.PALETTE[0]),
    "held_out_loss": ("film held out", figures.PALETTE[3]),
}
LEAST = {"color": "black", "marker": "v", "ls": "none", "ms": 5}


def trace(curves: Mapping[tuple[str, str], str | os.PathLike], figure: str | os.PathLike) -> None:
    """Draw the training curves of all networks. curves: the table of each (feature set, model)."""
    tables = {run: read_table(path, GENRE_CURVES) for run, path in curves.items()}
    figures.save(losses_figure(tables), figure)


def losses_figure(curves: Mapping[tuple[str, str], pd.DataFrame]) -> plt.Figure:
    """A panel a network: mean loss over folds and training runs, with the band of the middle 90%.

    curves: a table of the contract GENRE_CURVES for each (feature set, model), at least one. The
    epoch of the least mean loss on the films held out is marked. That is for the reader alone:
    stopping there would choose by the films that the model is scored on.
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
    side_by_side = 3 if columns > 2 else 1
    figure.legend(handles=_keys(), loc="outside upper left", ncols=side_by_side, fontsize=9)
    return figure


def _draw_network(axis: Axes, table: pd.DataFrame) -> None:
    by_epoch = table.groupby("epoch")
    for loss, (_, colour) in LOSSES.items():
        low, high = (by_epoch[loss].quantile(share) for share in MIDDLE)
        axis.fill_between(low.index, low, high, color=colour, alpha=0.18, lw=0)
        axis.plot(by_epoch[loss].mean(), color=colour, lw=1.5)
    held_out = by_epoch["held_out_loss"].mean()
    epoch = held_out.idxmin()
    axis.plot(epoch, held_out[epoch], **LEAST)
    axis.annotate(
        epoch, (epoch, held_out[epoch]), (0, 6), textcoords="offset points", ha="center", fontsize=8
    )
    axis.grid(lw=0.5, alpha=0.5)


def _keys() -> list[Line2D]:
    keys = [
        Line2D([], [], color=colour, label=f"{name}, mean and middle 90%")
        for name, colour in LOSSES.values()
    ]
    return [*keys, Line2D([], [], label="least on films held out (not used)", **LEAST)]
