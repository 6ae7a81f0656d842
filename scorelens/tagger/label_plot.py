"""Draws the labels of the tagger: pairs of genres, and the years of the films by genre."""

import os
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from scorelens import figures
from scorelens.evaluation import ALL
from scorelens.tagger.labels import describe_labels

ROW_INCHES = 0.38


def plot_labels(
    films: str | os.PathLike,
    tiles: Sequence[str | os.PathLike],
    albums: Mapping[str, str],
    genres: Sequence[str],
    min_tracks: int,
    groups: Mapping[str, str],
    labels: str | os.PathLike,
    pairs: str | os.PathLike,
    figure: str | os.PathLike,
) -> None:
    """Write the statistics of the labels, and draw them.

    Parameters
    ----------
    films, tiles, albums, genres, min_tracks, groups, labels, pairs
        As `labels.describe_labels` takes them.
    figure : path
        Where the figure goes.
    """
    tables = describe_labels(films, tiles, albums, genres, min_tracks, groups, labels, pairs)
    figures.save(label_figure(*tables), figure)


def label_figure(labels: pd.DataFrame, pairs: pd.DataFrame) -> plt.Figure:
    """Draw the films that carry two genres, and the years of the films of each genre.

    Parameters
    ----------
    labels, pairs : pandas.DataFrame
        Rows of TAGGER_LABELS and TAGGER_LABEL_PAIRS.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows = labels[(labels["films"] > 0) & (labels["genre"] != ALL)].reset_index(drop=True)
    size = 6.2 + 0.5 * len(rows), 2.0 + ROW_INCHES * len(rows)
    figure, (left, right) = plt.subplots(1, 2, sharey=True, figsize=size)
    draw_pairs(left, rows, pairs)
    draw_years(right, rows)
    left.set_yticks(range(len(rows)), [_name(row) for row in rows.itertuples()])
    left.set_ylim(len(rows) - 0.5, -0.5)
    return figure


def draw_pairs(axis: Axes, labels: pd.DataFrame, pairs: pd.DataFrame) -> None:
    """Draw the number of films with each pair of genres; on the diagonal those of one genre.

    Parameters
    ----------
    axis : matplotlib.axes.Axes
    labels, pairs : pandas.DataFrame
        Rows of TAGGER_LABELS, of genres with films, and of TAGGER_LABEL_PAIRS.
    """
    names = labels["genre"].tolist()
    wide = pairs.pivot_table(index="genre", columns="other", values="films")
    films = wide.reindex(index=names, columns=names).to_numpy(float, copy=True)
    shares = films / labels["films"].to_numpy()[:, None]
    np.fill_diagonal(films, labels["films"])
    axis.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (row, column), count in np.ndenumerate(films):
        colour = "white" if shares[row, column] > 0.6 else "black"
        axis.text(column, row, f"{count:.0f}", ha="center", va="center", size=9, color=colour)
    axis.set_xticks(range(len(names)), names, rotation=40, ha="right", rotation_mode="anchor")
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
    axis.set_title("Films with both genres", size=11)
    axis.set_xlabel("shade: share of the films of the row", size=9)


def draw_years(axis: Axes, labels: pd.DataFrame) -> None:
    """Draw the years of the films of each genre: range, middle half, and median.

    Parameters
    ----------
    axis : matplotlib.axes.Axes
    labels : pandas.DataFrame
        Rows of TAGGER_LABELS, of genres with films.
    """
    y, colour = np.arange(len(labels)), figures.PALETTE[0]
    axis.hlines(y, labels["first_year"], labels["last_year"], color=colour, lw=1.2)
    axis.hlines(y, labels["low_year"], labels["high_year"], color=colour, lw=6, alpha=0.45)
    axis.plot(labels["median_year"], y, "o", color=colour, ms=5)
    axis.set_title("Years of the films", size=11)
    axis.set_xlabel("line: all; bar: middle half; dot: median", size=9)
    axis.locator_params(axis="x", integer=True, nbins=5)
    axis.grid(axis="x", lw=0.5, alpha=0.5)
    axis.tick_params(axis="y", length=0)


def _name(row: tuple) -> str:
    left_out = "" if row.is_used else ", not used"
    return f"{figures.isolated(row.genre)} ({row.films} films, {row.tracks} tracks{left_out})"
