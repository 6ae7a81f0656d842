"""Draws how much films of a genre resemble its trailers: a row per genre."""

import os

import pandas as pd
from matplotlib import pyplot as plt

from scorelens import figures
from scorelens.evaluation import group_difference_plot as drawing
from scorelens.genres import title
from scorelens.tables import FILMS_TO_TRAILERS, read_table


def plot(scores: str | os.PathLike, figure: str | os.PathLike) -> None:
    """Draw the figure of the differences.

    Parameters
    ----------
    scores : path
        Table of FILMS_TO_TRAILERS.
    figure : path
        Where to write the figure.
    """
    figures.save(difference_figure(read_table(scores, FILMS_TO_TRAILERS)), figure)


def difference_figure(table: pd.DataFrame) -> plt.Figure:
    """Draw the difference of each genre and labelling with its 95% interval.

    Parameters
    ----------
    table : pandas.DataFrame
        Rows of FILMS_TO_TRAILERS.

    Returns
    -------
    matplotlib.figure.Figure
    """
    genres = table["genre"].drop_duplicates().tolist()
    figure, axis = plt.subplots(figsize=(8, 2.2 + drawing.ROW_INCHES * len(genres)))
    drawing.draw_differences(axis, table, genres)
    axis.set_title("How much the scenes of a genre's films resemble its trailers")
    drawing.label_genres(axis, table, genres)
    drawing.label_figure(figure, table, title(table["model"].iloc[0]))
    return figure
