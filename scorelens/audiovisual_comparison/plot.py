"""Draws music against picture: a row per genre, a panel per measure, a marker per labelling."""

import os

import pandas as pd
from matplotlib import pyplot as plt

from scorelens import figures
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

    Markers are filled where the adjusted p is significant. Below a genre's name stand the numbers
    of its films by each labelling.

    Parameters
    ----------
    table : pandas.DataFrame
        Rows of AUDIOVISUAL_COMPARISON.

    Returns
    -------
    matplotlib.figure.Figure
    """
    genres = table["genre"].drop_duplicates().tolist()
    size = (12, 2.0 + drawing.ROW_INCHES * len(genres))
    figure, axes = plt.subplots(1, len(TITLES), sharex=True, sharey=True, figsize=size)
    for axis, measure in zip(axes, TITLES, strict=True):
        drawing.draw_differences(axis, table[table["measure"] == measure], genres)
        axis.set_title(TITLES[measure])
    drawing.label_genres(axes[0], table, genres)
    drawing.label_figure(figure, table, title(table["model"].iloc[0]))
    return figure
