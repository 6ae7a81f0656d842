"""Draws music against picture: films above, clips below; a panel per measure, a row per genre."""

import os

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from scorelens import figures
from scorelens.evaluation import SIGNIFICANT
from scorelens.evaluation import group_difference_plot as drawing
from scorelens.genres import title
from scorelens.tables import AUDIOVISUAL_COMPARISON, read_table

TITLES = {
    "brightness": "Brightness",
    "contrast": "Contrast",
    "saturation": "Saturation",
    "cut_rate": "Cuts a minute",
    "motion_energy": "Motion",
}
UNITS = {"film": "Films", "clip": "Clips with a cue"}
RING = {"marker": "o", "ms": 13, "mfc": "none", "mec": figures.QUIET, "ls": "none"}
LABEL = (
    "median of the genre's films (above), or of their clips with a cue (below, as published), "
    "minus median of the others,\nin standard deviations, with 95% bootstrap interval over films; "
    f"filled: adjusted p over films < {SIGNIFICANT};\ngrey ring: published test, which takes clips "
    f"for independent, < {SIGNIFICANT}; below a genre: its films or clips by each labelling"
)


def plot(scores: str | os.PathLike, figure: str | os.PathLike) -> None:
    """Draw the figure of the differences.

    Parameters
    ----------
    scores : path
        Table of AUDIOVISUAL_COMPARISON.
    figure : path
        Where to write the figure.
    """
    figures.save(difference_figure(read_table(scores, AUDIOVISUAL_COMPARISON)), figure)


def difference_figure(table: pd.DataFrame) -> plt.Figure:
    """Draw the difference of each genre, measure and labelling with its 95% interval.

    Markers are filled where the adjusted p is significant; a ring marks what the published test
    calls so. Below a genre's name are the numbers of its films, or clips, by each labelling.

    Parameters
    ----------
    table : pandas.DataFrame
        Rows of AUDIOVISUAL_COMPARISON.

    Returns
    -------
    matplotlib.figure.Figure
    """
    genres = table["genre"].drop_duplicates().tolist()
    size = (12, 2.4 + len(UNITS) * (0.3 + drawing.ROW_INCHES * len(genres)))
    grid = {"sharex": True, "sharey": "row", "squeeze": False, "figsize": size}
    figure, axes = plt.subplots(len(UNITS), len(TITLES), **grid)
    for row, (unit, heading) in zip(axes, UNITS.items(), strict=True):
        rows = table[table["unit"] == unit]
        for axis, measure in zip(row, TITLES, strict=True):
            _draw_measure(axis, rows[rows["measure"] == measure], genres)
            axis.set_title(TITLES[measure])
        drawing.label_genres(row[0], rows, genres, f"{unit}s")
        row[0].set_ylabel(heading, fontsize=12)
    figure.align_ylabels(axes[:, 0])
    films = table[table["unit"] == "film"]
    drawing.label_figure(figure, films, title(table["model"].iloc[0]), LABEL)
    return figure


def _draw_measure(axis: Axes, rows: pd.DataFrame, genres: list[str]) -> None:
    drawing.draw_differences(axis, rows, genres)
    for row in rows[rows["p_published"] < SIGNIFICANT].itertuples():
        axis.plot(row.difference, drawing.marker_position(row, genres), zorder=0, **RING)
