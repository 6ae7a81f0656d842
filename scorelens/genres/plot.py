"""Pictures of the genre scores: the models against each other, and each genre on its own."""

import os

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from scorelens import figures
from scorelens.genres import BASELINES, NO_FEATURES, title
from scorelens.genres.score import MACRO, MEASURES
from scorelens.tables import GENRE_SCORES, read_table

ROW_INCHES = 0.3
TITLES = {"precision": "Precision", "recall": "Recall", "f1": "F1"}


def plot(scores: str | os.PathLike, macro: str | os.PathLike, genres: str | os.PathLike) -> None:
    """Draw both figures from the table of scores.

    macro: path of the figure of macro precision, recall and F1 with their intervals.
    genres: path of the figure of F1 genre by genre.
    """
    table = read_table(scores, GENRE_SCORES)
    figures.save(macro_figure(table), macro)
    figures.save(genre_figure(table), genres)


def macro_figure(table: pd.DataFrame) -> plt.Figure:
    """Macro precision, recall and F1 of every model, dots with 95% intervals, a row a model.

    A line marks the best baseline.
    """
    rows = table[table["genre"] == MACRO].iloc[::-1].reset_index(drop=True)
    figure, axes = plt.subplots(
        1, len(MEASURES), sharey=True, figsize=(10, 1.3 + ROW_INCHES * len(rows))
    )
    for axis, measure in zip(axes, MEASURES, strict=True):
        _draw_measure(axis, rows, measure)
    axes[0].set_yticks(range(len(rows)), _row_names(rows))
    figure.supxlabel("mean over the genres, 95% bootstrap interval over films; line: best baseline")
    return figure


def _draw_measure(axis: Axes, rows: pd.DataFrame, measure: str) -> None:
    colours = _set_colours(rows)
    for place, row in rows.iterrows():
        colour = colours[row["feature_set"]]
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


def genre_figure(table: pd.DataFrame) -> plt.Figure:
    """F1 of every model and genre as a table of shaded cells with the numbers in them."""
    rows = table[table["genre"] == MACRO]
    names = table["genre"].drop_duplicates().tolist()
    keys = ["feature_set", "model"]
    wide = table.pivot_table(index=keys, columns="genre", values="f1", aggfunc="first", sort=False)
    values = wide.loc[list(rows[keys].itertuples(index=False, name=None)), names].to_numpy()
    figure, axis = plt.subplots(figsize=(3.2 + 0.95 * len(names), 1.3 + ROW_INCHES * len(rows)))
    shades = axis.imshow(values, cmap="cividis", vmin=0, vmax=1, aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        ink = "black" if value > 0.5 else "white"
        axis.text(column, row, f"{value:.2f}", ha="center", va="center", color=ink, fontsize=9)
    axis.axvline(len(names) - 1.5, color="white", lw=4)
    axis.set_xticks(range(len(names)), [name.replace(" ", "\n") for name in names])
    axis.set_yticks(range(len(rows)), _row_names(rows))
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
    axis.set_title("F1 of each genre, on films held out")
    figure.colorbar(shades, label="F1", fraction=0.03)
    return figure


def _set_colours(rows: pd.DataFrame) -> dict[str, str]:
    """A colour for each feature set; grey for the baselines, which have none."""
    sets = sorted(set(rows["feature_set"]) - {NO_FEATURES})
    colours = {name: figures.PALETTE[k % len(figures.PALETTE)] for k, name in enumerate(sets)}
    return colours | {NO_FEATURES: figures.QUIET}


def _row_names(rows: pd.DataFrame) -> list[str]:
    return [
        title(row["model"])
        + ("" if row["feature_set"] == NO_FEATURES else f" ({row['feature_set']})")
        for _, row in rows.iterrows()
    ]
