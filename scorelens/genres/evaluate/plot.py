"""Pictures of the genre scores: the models against each other, and each genre on its own."""

import os

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from scorelens import figures
from scorelens.genres import BASELINES
from scorelens.genres.evaluate.plot_style import run_title, set_looks
from scorelens.genres.evaluate.score import MACRO, MEASURES
from scorelens.tables import GENRE_SCORES, read_table

ROW_INCHES = 0.3
TITLES = {
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1",
    "average_precision": "Average precision",
}
CHANCE = {"color": "black", "marker": "|", "markersize": 11, "ls": "none", "mew": 1.5}
SPREAD = {"color": "black", "lw": 1}


def plot(scores: str | os.PathLike, macro: str | os.PathLike, genres: str | os.PathLike) -> None:
    """Draw both figures from the table of scores.

    macro: path of the figure of the macro measures with their intervals.
    genres: path of the figure of F1 genre by genre.
    """
    table = read_table(scores, GENRE_SCORES)
    figures.save(macro_figure(table), macro)
    figures.save(genre_figure(table), genres)


def macro_figure(table: pd.DataFrame) -> plt.Figure:
    """The macro measures of every model, dots with 95% intervals, a row a model.

    A line marks the best baseline. F1 has the spread over training runs, if there are several, as
    a thin black bar, and a tick where it lies when the answers are handed to other films.
    """
    rows = table[table["genre"] == MACRO].iloc[::-1].reset_index(drop=True)
    figure, axes = plt.subplots(
        1, len(MEASURES), sharey=True, figsize=(12, 1.6 + ROW_INCHES * len(rows))
    )
    for axis, measure in zip(axes, MEASURES, strict=True):
        _draw_measure(axis, rows, measure)
    _draw_chance(axes[MEASURES.index("f1")], rows)
    names = [run_title(run) for run in zip(rows["feature_set"], rows["model"], strict=True)]
    axes[0].set_yticks(range(len(rows)), names)
    figure.supxlabel("mean over the genres, with 95% bootstrap intervals over films", fontsize=10)
    keys = _keys(rows)
    figure.legend(handles=keys, loc="outside upper left", ncols=len(keys), fontsize=9)
    return figure


def _draw_measure(axis: Axes, rows: pd.DataFrame, measure: str) -> None:
    looks = set_looks(rows["feature_set"])
    for place, row in rows.iterrows():
        colour, _ = looks[row["feature_set"]]
        axis.plot(
            [row[f"{measure}_low"], row[f"{measure}_high"]], [place, place], color=colour, lw=2
        )
        axis.plot(row[measure], place, "o", color=colour)
    baselines = rows.loc[rows["model"].isin(BASELINES), measure]
    if len(baselines):
        axis.axvline(baselines.max(), color=figures.QUIET, lw=1, ls="--", zorder=0)
    axis.set(title=TITLES[measure], xlim=(0, 1))
    axis.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.5", "0.75", "1"])
    axis.grid(axis="x", lw=0.5, alpha=0.5)
    axis.tick_params(axis="y", length=0)


def _draw_chance(axis: Axes, rows: pd.DataFrame) -> None:
    drawn = rows[rows["permuted"].notna()]
    axis.plot(drawn["permuted"], drawn.index, **CHANCE)
    spread = rows[rows["f1_spread"].notna()]
    ends = spread["f1"] - spread["f1_spread"], spread["f1"] + spread["f1_spread"]
    axis.hlines(spread.index, *ends, zorder=3, **SPREAD)


def _keys(rows: pd.DataFrame) -> list[Line2D]:
    keys = [Line2D([], [], label="answers handed to other films at random", **CHANCE)]
    if rows["f1_spread"].notna().any():
        keys.append(Line2D([], [], label="one standard deviation over training runs", **SPREAD))
    if rows["model"].isin(BASELINES).any():
        keys.append(Line2D([], [], color=figures.QUIET, lw=1, ls="--", label="best baseline"))
    return keys


def genre_figure(table: pd.DataFrame) -> plt.Figure:
    """F1 of every model and genre as a table of shaded cells with the numbers in them."""
    rows = table[table["genre"] == MACRO]
    names = table["genre"].drop_duplicates().tolist()
    keys = ["feature_set", "model"]
    runs = list(rows[keys].itertuples(index=False, name=None))
    wide = table.pivot_table(index=keys, columns="genre", values="f1", aggfunc="first", sort=False)
    values = wide.loc[runs, names].to_numpy()
    figure, axis = plt.subplots(figsize=(3.2 + 0.95 * len(names), 1.3 + ROW_INCHES * len(rows)))
    shades = axis.imshow(values, cmap="cividis", vmin=0, vmax=1, aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        ink = "black" if value > 0.5 else "white"
        axis.text(column, row, f"{value:.2f}", ha="center", va="center", color=ink, fontsize=9)
    axis.axvline(len(names) - 1.5, color="white", lw=4)
    axis.set_xticks(range(len(names)), [name.replace(" ", "\n") for name in names])
    axis.set_yticks(range(len(rows)), [run_title(run) for run in runs])
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
    axis.set_title("F1 of each genre, on films held out")
    figure.colorbar(shades, label="F1", fraction=0.03)
    return figure
