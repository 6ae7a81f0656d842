"""Picture of music against picture: genres by measures, the labellings side by side."""

import os

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from scorelens import figures
from scorelens.genres import title
from scorelens.tables import MODES, read_table

ROW_INCHES = 0.75
GAP = 0.22  # between the labellings of a genre, in rows
SIGNIFICANT = 0.05
LOOKS = {
    "actual": ("actual", "o", figures.PALETTE[0]),
    "predicted": ("predicted", "s", figures.PALETTE[1]),
    "false_positive": ("false positives", "^", figures.PALETTE[2]),
}
TITLES = {
    "brightness": "Brightness",
    "contrast": "Contrast",
    "saturation": "Saturation",
    "cut_rate": "Cuts a minute",
    "motion_energy": "Motion",
}


def plot(scores: str | os.PathLike, figure: str | os.PathLike) -> None:
    """Draw the figure from the table of differences (contract MODES)."""
    figures.save(modes_figure(read_table(scores, MODES)), figure)


def modes_figure(table: pd.DataFrame) -> plt.Figure:
    """A panel a measure, a row a genre; each labelling has a marker with its 95% interval.

    Markers are filled where the adjusted p is below 0.05. Below a genre's name stand its films by
    each labelling.
    """
    genres = table["genre"].drop_duplicates().tolist()
    figure, axes = plt.subplots(
        1, len(TITLES), sharex=True, sharey=True, figsize=(12, 2.0 + ROW_INCHES * len(genres))
    )
    for axis, measure in zip(axes, TITLES, strict=True):
        draw_measure(axis, table[table["measure"] == measure], genres)
        axis.set_title(TITLES[measure])
    axes[0].set_yticks(range(len(genres)), [row_name(table, genre) for genre in genres])
    axes[0].set_ylim(len(genres) - 0.5, -0.5)
    figure.supxlabel(
        "median of the genre's films minus median of the others, in standard deviations, with 95% "
        f"bootstrap interval;\nfilled: adjusted p < {SIGNIFICANT}; below a genre: its films by "
        "each labelling",
        fontsize=10,
    )
    figure.suptitle(heading(table), fontsize=10, x=0.01, ha="left")
    figure.legend(handles=keys(), loc="outside upper right", ncols=len(LOOKS))
    return figure


def draw_measure(axis: Axes, rows: pd.DataFrame, genres: list[str]) -> None:
    """Draw the differences of one measure, a row a genre. rows: of MODES or TRAILER_MODES."""
    axis.axvline(0, color=figures.QUIET, lw=1, ls="--", zorder=0)
    axis.grid(axis="x", lw=0.5, alpha=0.5)
    axis.tick_params(axis="y", length=0)
    drawn = rows.dropna(subset="difference")
    if drawn.empty:
        place = {"ha": "center", "transform": axis.transAxes}
        axis.text(0.5, 0.5, "no difference\nto show", color=figures.QUIET, **place)
    for row in drawn.itertuples():
        _, marker, colour = LOOKS[row.labelling]
        place = genres.index(row.genre) + GAP * (list(LOOKS).index(row.labelling) - 1)
        face = colour if row.p_adjusted < SIGNIFICANT else "white"
        axis.plot([row.low, row.high], [place, place], color=colour, lw=1.5)
        axis.plot(row.difference, place, marker, color=colour, markerfacecolor=face)


def row_name(table: pd.DataFrame, genre: str) -> str:
    """A genre and its films by each labelling, those of the measure that most films have."""
    films = table[table["genre"] == genre].groupby("labelling")["films_with"].max()
    return f"{genre}\n{' / '.join(str(films[labelling]) for labelling in LOOKS)} films"


def heading(table: pd.DataFrame) -> str:
    """Whose predictions a table of MODES or TRAILER_MODES compares, and of how many films."""
    first = table.iloc[0]
    films = int((table["films_with"] + table["films_without"]).max())
    return f"Predictions: {title(first['model'])} ({first['feature_set']}); {films} films"


def keys() -> list[Line2D]:
    """What the markers of the labellings stand for, for a legend."""
    return [
        Line2D([], [], color=colour, marker=marker, markerfacecolor="white", label=name)
        for name, marker, colour in LOOKS.values()
    ]
