"""Draws how the networks from scratch trained: their losses, epoch by epoch."""

import os
from collections.abc import Mapping

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from scorelens import figures
from scorelens.evaluation import ALL
from scorelens.tagger import TITLES
from scorelens.tagger.curves import write_losses

COLUMNS = 3  # panels side by side
PANEL_INCHES = (3.3, 2.3)
LOSSES = {
    "training_loss": ("training tracks, with dropout", figures.PALETTE[0]),
    "validation_loss": ("validation tracks", figures.PALETTE[3]),
}
BEST = {"color": "black", "marker": "v", "ls": "none", "ms": 5}
UNIFORM = {"color": figures.QUIET, "ls": "--", "lw": 1.2}


def summarize_losses(
    curves: Mapping[str, str | os.PathLike],
    losses: str | os.PathLike,
    figure: str | os.PathLike,
) -> None:
    """Write the lowest validation loss of each model, and draw the curves of its folds.

    Parameters
    ----------
    curves : mapping of str to path
        Tables of TAGGER_CURVES of models with networks from scratch.
    losses, figure : path
        Where TAGGER_LOSSES and the figure go.
    """
    figures.save(loss_figure(write_losses(curves, losses)), figure)


def loss_figure(curves: Mapping[str, pd.DataFrame]) -> plt.Figure:
    """Draw a panel per model, with a line for each fold.

    A fold's line is the mean over its networks. A mark is the lowest validation loss, where the
    parameters are taken from; a dashed line is the loss of equal probabilities.

    Parameters
    ----------
    curves : mapping of str to pandas.DataFrame
        Rows of TAGGER_CURVES of each model.

    Returns
    -------
    matplotlib.figure.Figure
    """
    columns = min(COLUMNS, max(1, len(curves)))
    rows = max(1, -(-len(curves) // columns))
    size = columns * PANEL_INCHES[0], rows * PANEL_INCHES[1] + 0.9
    figure, axes = plt.subplots(rows, columns, squeeze=False, figsize=size)
    for axis, (model, table) in zip(axes.flat, curves.items(), strict=False):
        draw_losses(axis, table)
        axis.set_title(TITLES.get(model, model), fontsize=10)
    for axis in axes.flat[len(curves) :]:
        axis.set_axis_off()
    figure.supxlabel("epoch", fontsize=10)
    figure.supylabel("loss (nats)", fontsize=10)
    handles = [Line2D([], [], color=colour, label=name) for name, colour in LOSSES.values()]
    handles.append(Line2D([], [], label="lowest: the parameters that are used", **BEST))
    handles.append(Line2D([], [], label="equal probabilities", **UNIFORM))
    figure.legend(handles=handles, loc="outside upper left", ncols=2, fontsize=9)
    return figure


def draw_losses(axis: Axes, curves: pd.DataFrame) -> None:
    """Draw the folds of one model.

    Parameters
    ----------
    axis : matplotlib.axes.Axes
    curves : pandas.DataFrame
        Rows of TAGGER_CURVES.
    """
    for _, fold in curves.groupby("fold"):
        by_epoch = fold.groupby("epoch")[list(LOSSES)].mean()
        for name, (_, colour) in LOSSES.items():
            axis.plot(by_epoch[name], color=colour, lw=1, alpha=0.7)
        lowest = by_epoch["validation_loss"]
        if (fold["genre"] == ALL).all() and lowest.notna().any():
            axis.plot(lowest.idxmin(), lowest.min(), **BEST)
    axis.axhline(curves["uniform_loss"].iloc[0], zorder=0, **UNIFORM)
    axis.grid(lw=0.5, alpha=0.5)
    axis.locator_params(axis="x", integer=True)
