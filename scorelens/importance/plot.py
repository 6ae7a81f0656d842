"""The figure of the importance of the groups of features (after Ma et al. 2021, Fig 3)."""

import os

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from scorelens import figures
from scorelens.genres import title
from scorelens.importance import OVERALL
from scorelens.tables import IMPORTANCE, read_table

COLUMNS = 4  # panels side by side
PANEL_INCHES = 2.6
ROW_INCHES = 0.26
WRITTEN = {"mfcc": "MFCC", "dmfcc": "Delta MFCC", "ddmfcc": "Delta-delta MFCC"}


def plot(scores: str | os.PathLike, figure: str | os.PathLike) -> None:
    """Draw the table of scores (tables.IMPORTANCE) to a file."""
    figures.save(importance_figure(read_table(scores, IMPORTANCE)), figure)


def importance_figure(table: pd.DataFrame) -> plt.Figure:
    """Draw a panel for the mean over the genres and one for each genre, a row a group.

    Parameters
    ----------
    table : DataFrame
        Rows of tables.IMPORTANCE of one model.

    Returns
    -------
    Figure
        Rows in the order of the mean over the genres, the highest score on top.
    """
    overall = table[table["genre"] == OVERALL].sort_values("score", kind="stable")
    groups = overall["group"].tolist()
    genres = [OVERALL, *(name for name in table["genre"].unique() if name != OVERALL)]
    rows = -(-len(genres) // COLUMNS)
    size = (PANEL_INCHES * COLUMNS, rows * (0.6 + ROW_INCHES * len(groups)) + 0.7)
    figure, axes = plt.subplots(
        rows, COLUMNS, sharex=True, sharey=True, squeeze=False, figsize=size
    )
    for axis, genre in zip(axes.flat, genres, strict=False):
        rows_of_genre = table[table["genre"] == genre].set_index("group").loc[groups]
        _draw_panel(axis, rows_of_genre, genre)
    for axis in axes.flat[len(genres) :]:
        axis.set_visible(False)
    for axis in axes.flat[max(0, len(genres) - COLUMNS) : len(genres)]:
        axis.tick_params(labelbottom=True)  # nothing below it carries the scale
    axes[0, 0].set_yticks(range(len(groups)), [WRITTEN.get(g, g.capitalize()) for g in groups])
    model, feature_set = overall["model"].iloc[0], overall["feature_set"].iloc[0]
    figure.suptitle(f"{title(model)} ({feature_set}), films held out", x=0.01, ha="left")
    figure.supxlabel(
        "F1 lost when the group is shuffled; thick: 95% of the shuffles, "
        "thin: 95% bootstrap interval over films"
    )
    return figure


def _draw_panel(axis: Axes, rows: pd.DataFrame, genre: str) -> None:
    colour = figures.PALETTE[3 if genre == OVERALL else 0]
    positions = range(len(rows))
    axis.axvline(0, color=figures.QUIET, lw=1, ls="--", zorder=0)
    axis.hlines(positions, rows["low"], rows["high"], color=colour, lw=1)
    axis.hlines(positions, rows["repeat_low"], rows["repeat_high"], color=colour, lw=4, alpha=0.5)
    axis.plot(rows["score"], positions, "o", color=colour)
    name = "Overall" if genre == OVERALL else genre
    axis.set_title(f"{name} (F1 {rows['f1'].iloc[0]:.2f})")
    axis.grid(axis="x", lw=0.5, alpha=0.5)
    axis.tick_params(axis="y", length=0)
