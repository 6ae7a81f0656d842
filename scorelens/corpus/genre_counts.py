"""Count the films of every genre and of every pair of genres (Ma et al. 2021, Table 1)."""

import os

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from scipy.stats import binomtest

from scorelens import figures, tables

CELL_IN, MARGIN_IN = 0.5, 2.2  # a cell, and the names beside the matrix
DARK = 0.6  # share of the largest count from which a cell's number is white


def count_corpus(
    films: str | os.PathLike, table: str | os.PathLike, figure: str | os.PathLike
) -> None:
    """Write the genre counts of a corpus, and draw them.

    Parameters
    ----------
    films : path
        The films in use (tables.FILMS).
    table, figure : path
        Where GENRE_COUNTS and the figure go.
    """
    counts = count_genres(tables.read_table(films, tables.FILMS).genres)
    tables.write_table(counts, table, tables.GENRE_COUNTS)
    figures.save(counts_figure(counts), figure)


def count_genres(genres: pd.Series) -> pd.DataFrame:
    """Count the films of genres and of pairs of them.

    Parameters
    ----------
    genres : Series of sequence of str
        Genres of each film.

    Returns
    -------
    DataFrame
        Rows of GENRE_COUNTS: every genre with itself and with every other one, by name.

    Examples
    --------
    >>> counts = count_genres(pd.Series([("Drama", "War"), ("Drama",)]))
    >>> counts[counts.other == "War"][["genre", "other", "films", "share"]].to_numpy().tolist()
    [['Drama', 'War', 1, 0.5], ['War', 'War', 1, 0.5]]
    """
    names = sorted({genre for film in genres for genre in film})
    labels = np.array([[name in film for name in names] for film in genres], int)
    pairs = labels.T @ labels
    totals = np.where(np.eye(len(names), dtype=bool), len(genres), pairs.diagonal()[:, None])
    rows = [
        (genre, other, int(pairs[i, j]), *_share(int(pairs[i, j]), int(totals[i, j])))
        for i, genre in enumerate(names)
        for j, other in enumerate(names)
    ]
    return pd.DataFrame(rows, columns=tables.GENRE_COUNTS.names)


def counts_figure(counts: pd.DataFrame) -> plt.Figure:
    """Draw the films of genres on the diagonal of a matrix, those of pairs below it.

    Parameters
    ----------
    counts : DataFrame
        Rows of GENRE_COUNTS.

    Returns
    -------
    Figure
    """
    if counts.empty:
        figure, axis = plt.subplots(figsize=(3, 0.5))
        axis.axis("off")
        axis.text(0.5, 0.5, "no film has a genre", ha="center", va="center")
        return figure
    matrix = counts.pivot_table(index="genre", columns="other", values="films")
    names, size = list(matrix.index), len(matrix)
    below = np.where(np.tri(size, dtype=bool), matrix.to_numpy(float), np.nan)
    side = MARGIN_IN + CELL_IN * size
    figure, axis = plt.subplots(figsize=(side, side))
    axis.imshow(below, cmap="Blues", vmin=0, vmax=matrix.to_numpy().max(initial=1))
    for i, j in zip(*np.tril_indices(size), strict=True):
        is_dark = below[i, j] > DARK * np.nanmax(below)
        weight = "bold" if i == j else "normal"
        style = {"color": "white" if is_dark else "black", "weight": weight}
        axis.text(j, i, f"{below[i, j]:.0f}", ha="center", va="center", **style)
    axis.set_yticks(range(size), names)
    axis.set_xticks(range(size), names, rotation=45, ha="right", rotation_mode="anchor")
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
    axis.set_title("films of each genre (bold) and of each pair", size=10)
    return figure


def _share(part: int, whole: int) -> tuple[float, float, float]:
    interval = binomtest(part, whole).proportion_ci(method="wilson")
    return part / whole, float(interval.low), float(interval.high)
