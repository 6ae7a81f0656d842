"""Picture of music against learnt looks: a row a genre, the labellings side by side."""

import os

import pandas as pd
from matplotlib import pyplot as plt

from scorelens import figures
from scorelens.audiovisual_comparison.plot import (
    LOOKS,
    ROW_INCHES,
    SIGNIFICANT,
    draw_measure,
    heading,
    keys,
    row_name,
)
from scorelens.tables import TRAILER_MODES, read_table


def plot(scores: str | os.PathLike, figure: str | os.PathLike) -> None:
    """Draw the figure from the table of differences (contract TRAILER_MODES)."""
    figures.save(modes_figure(read_table(scores, TRAILER_MODES)), figure)


def modes_figure(table: pd.DataFrame) -> plt.Figure:
    """A row a genre; each labelling has a marker with its 95% interval."""
    genres = table["genre"].drop_duplicates().tolist()
    figure, axis = plt.subplots(figsize=(8, 2.2 + ROW_INCHES * len(genres)))
    draw_measure(axis, table, genres)
    axis.set_title("How much the scenes of a genre's films look like its trailers")
    axis.set_yticks(range(len(genres)), [row_name(table, genre) for genre in genres])
    axis.set_ylim(len(genres) - 0.5, -0.5)
    figure.supxlabel(
        "median of the genre's films minus median of the others, in standard deviations, with "
        f"95%\nbootstrap interval; filled: adjusted p < {SIGNIFICANT}; below a genre: its films by "
        "each labelling",
        fontsize=10,
    )
    figure.suptitle(heading(table), fontsize=10, x=0.01, ha="left")
    figure.legend(handles=keys(), loc="outside upper right", ncols=len(LOOKS))
    return figure
