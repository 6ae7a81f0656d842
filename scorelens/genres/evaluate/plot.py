"""Draws the genre scores: the models side by side, and F1 genre by genre."""

import os
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from scorelens import figures
from scorelens.evaluation import MACRO
from scorelens.genres import BASELINES
from scorelens.genres.evaluate.plot_style import run_title, set_styles
from scorelens.genres.evaluate.score import METRICS
from scorelens.tables import GENRE_SCORES, read_table

ROW_INCHES = 0.3
CELL_INCHES = 0.36  # a row with a number and its interval
TITLES = {
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1",
    "average_precision": "Average precision",
}
SPREAD = {"color": "black", "lw": 1}


def plot(scores: str | os.PathLike, macro: str | os.PathLike, genres: str | os.PathLike) -> None:
    """Draw both figures of the genre scores.

    Parameters
    ----------
    scores : path
        Table of GENRE_SCORES.
    macro : path
        Where to write the figure of the macro metrics.
    genres : path
        Where to write the figure of F1 genre by genre.
    """
    table = read_table(scores, GENRE_SCORES)
    figures.save(macro_figure(table), macro)
    figures.save(genre_figure(table), genres)


def macro_figure(table: pd.DataFrame) -> plt.Figure:
    """Draw the macro metrics of every model, dots with 95% intervals, a row per model.

    A line marks the best baseline, a bold name the primary model. Ticks are at chance: of F1 its
    mean over permutations, of average precision that of a random order. F1 has the spread over
    training runs, if there are several, as a thin black bar.

    Parameters
    ----------
    table : pandas.DataFrame
        Rows of GENRE_SCORES.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows = table[table["genre"] == MACRO].iloc[::-1].reset_index(drop=True)
    figure, axes = plt.subplots(
        1, len(METRICS), sharey=True, figsize=(12, 1.6 + ROW_INCHES * len(rows))
    )
    for axis, metric in zip(axes, METRICS, strict=True):
        _draw_metric(axis, rows, metric)
    _draw_chance(axes, rows)
    names = [run_title(run) for run in zip(rows["feature_set"], rows["model"], strict=True)]
    axes[0].set_yticks(range(len(rows)), names)
    for label, is_primary in zip(axes[0].get_yticklabels(), rows["is_primary"], strict=True):
        label.set_fontweight("bold" if is_primary else "normal")
    figure.supxlabel("mean over the genres, with 95% bootstrap intervals over films", fontsize=10)
    handles = _legend_handles(rows)
    figure.legend(handles=handles, loc="outside upper left", ncols=len(handles), fontsize=9)
    return figure


def _draw_metric(axis: Axes, rows: pd.DataFrame, metric: str) -> None:
    styles = set_styles(rows["feature_set"])
    for y, row in rows.iterrows():
        colour, _ = styles[row["feature_set"]]
        axis.plot([row[f"{metric}_low"], row[f"{metric}_high"]], [y, y], color=colour, lw=2)
        axis.plot(row[metric], y, "o", color=colour)
    baselines = rows.loc[rows["model"].isin(BASELINES), metric]
    if len(baselines):
        axis.axvline(baselines.max(), color=figures.QUIET, lw=1, ls="--", zorder=0)
    axis.set(title=TITLES[metric], xlim=(0, 1))
    axis.set_xticks(**figures.SHARE_TICKS)
    axis.grid(axis="x", lw=0.5, alpha=0.5)
    axis.tick_params(axis="y", length=0)


def _draw_chance(axes: Sequence[Axes], rows: pd.DataFrame) -> None:
    columns = {"f1": "permuted", "average_precision": "average_precision_chance"}
    for metric, column in columns.items():
        drawn = rows[rows[column].notna()]
        axes[METRICS.index(metric)].plot(drawn[column], drawn.index, **figures.CHANCE)
    axis = axes[METRICS.index("f1")]
    spread = rows[rows["f1_spread"].notna()]
    ends = spread["f1"] - spread["f1_spread"], spread["f1"] + spread["f1_spread"]
    axis.hlines(spread.index, *ends, zorder=3, **SPREAD)


def _legend_handles(rows: pd.DataFrame) -> list[Line2D]:
    label = "chance: films exchange labels, or a random order"
    handles = [Line2D([], [], label=label, **figures.CHANCE)]
    if rows["f1_spread"].notna().any():
        handles.append(Line2D([], [], label="one standard deviation over training runs", **SPREAD))
    if rows["model"].isin(BASELINES).any():
        handles.append(Line2D([], [], color=figures.QUIET, lw=1, ls="--", label="best baseline"))
    return handles


def genre_figure(table: pd.DataFrame) -> plt.Figure:
    """Draw F1 of every model and genre as shaded cells with the numbers and intervals in them.

    Parameters
    ----------
    table : pandas.DataFrame
        Rows of GENRE_SCORES.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows = table[table["genre"] == MACRO]
    names = table["genre"].drop_duplicates().tolist()
    keys = ["feature_set", "model"]
    runs = list(rows[keys].itertuples(index=False, name=None))
    values, low, high = (
        table.pivot_table(
            index=keys, columns="genre", values=name, aggfunc="first", sort=False, dropna=False
        )
        .loc[runs, names]
        .to_numpy()
        for name in ("f1", "f1_low", "f1_high")
    )
    figure, axis = plt.subplots(figsize=(3.2 + 0.95 * len(names), 1.3 + CELL_INCHES * len(rows)))
    shades = axis.imshow(values, cmap="cividis", vmin=0, vmax=1, aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        colour = "black" if value > 0.5 else "white"
        style = {"ha": "center", "color": colour}
        axis.text(column, row, f"{value:.2f}", va="bottom", fontsize=9, **style)
        interval = f"{low[row, column]:.2f} to {high[row, column]:.2f}"
        axis.text(column, row + 0.06, interval, va="top", fontsize=6.5, **style)
    axis.axvline(len(names) - 1.5, color="white", lw=4)
    axis.set_xticks(range(len(names)), [name.replace(" ", "\n") for name in names])
    axis.set_yticks(range(len(rows)), [run_title(run) for run in runs])
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
    axis.set_title("F1 of each genre on held-out films, with its 95% interval")
    figure.colorbar(shades, label="F1", fraction=0.03)
    return figure
