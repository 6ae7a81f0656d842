"""Figures of the table of `group_difference`: a row per genre, a marker per labelling."""

from typing import NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from scorelens import figures
from scorelens.evaluation import SIGNIFICANT

ROW_INCHES = 0.75
OFFSET = 0.22  # between the labellings of a genre, in rows
LABELLINGS = {  # name, marker and colour
    "actual": ("actual", "o", figures.PALETTE[0]),
    "predicted": ("predicted", "s", figures.PALETTE[1]),
    "false_positive": ("false positives", "^", figures.PALETTE[2]),
}
LABEL = (
    "median of the genre's films minus median of the others, in standard deviations, with 95% "
    f"bootstrap interval;\nfilled: adjusted p < {SIGNIFICANT}; below a genre: number of its films "
    "by each labelling"
)


def draw_differences(axis: Axes, rows: pd.DataFrame, genres: list[str]) -> None:
    """Draw the differences of one measure, a row per genre, filled where they are significant.

    Parameters
    ----------
    axis : matplotlib.axes.Axes
    rows : pandas.DataFrame
        Rows of one measure, as `group_difference.compare_labellings` returns them.
    genres : list of str
        From top to bottom.
    """
    axis.axvline(0, color=figures.QUIET, lw=1, ls="--", zorder=0)
    axis.grid(axis="x", lw=0.5, alpha=0.5)
    axis.tick_params(axis="y", length=0)
    drawn = rows.dropna(subset="difference")
    if drawn.empty:
        middle = {"ha": "center", "transform": axis.transAxes}
        axis.text(0.5, 0.5, "no difference\nto show", color=figures.QUIET, **middle)
    for row in drawn.itertuples():
        _, marker, colour = LABELLINGS[row.labelling]
        y = marker_position(row, genres)
        face = colour if row.p_adjusted < SIGNIFICANT else "white"
        axis.plot([row.low, row.high], [y, y], color=colour, lw=1.5)
        axis.plot(row.difference, y, marker, color=colour, markerfacecolor=face)


def marker_position(row: NamedTuple, genres: list[str]) -> float:
    """Where the marker of a row of the table lies on the axis of the genres.

    Parameters
    ----------
    row : namedtuple
        With `genre` and `labelling`.
    genres : list of str
        From top to bottom.

    Returns
    -------
    float
        In rows of the axis.
    """
    return genres.index(row.genre) + OFFSET * (list(LABELLINGS).index(row.labelling) - 1)


def label_genres(axis: Axes, table: pd.DataFrame, genres: list[str], units: str = "films") -> None:
    """Name the rows after the genres, with the number of films by each labelling.

    Parameters
    ----------
    axis : matplotlib.axes.Axes
    table : pandas.DataFrame
        From `group_difference.compare_labellings`; the measure that most films have counts.
    genres : list of str
        From top to bottom.
    units : str
        What is counted, in the column `UNITS_with`.
    """
    counts = table.groupby(["genre", "labelling"])[f"{units}_with"].max()
    names = [
        f"{genre}\n{' / '.join(str(counts[genre, labelling]) for labelling in LABELLINGS)} {units}"
        for genre in genres
    ]
    axis.set_yticks(range(len(genres)), names)
    axis.set_ylim(len(genres) - 0.5, -0.5)


def label_figure(figure: Figure, table: pd.DataFrame, model: str, label: str = LABEL) -> None:
    """Add a heading, an axis label and a legend.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    table : pandas.DataFrame
        Rows as `group_difference.compare_labellings` returns them, with a column feature_set.
    model : str
        The genre model, as a reader writes it.
    label : str
        Of the axis.
    """
    films = int((table["films_with"] + table["films_without"]).max())
    heading = f"Predictions: {model} ({table['feature_set'].iloc[0]}); {films} films"
    handles = [
        Line2D([], [], color=colour, marker=marker, markerfacecolor="white", label=name)
        for name, marker, colour in LABELLINGS.values()
    ]
    figure.supxlabel(label, fontsize=10)
    figure.suptitle(heading, fontsize=10, x=0.01, ha="left")
    figure.legend(handles=handles, loc="outside upper right", ncols=len(handles))
