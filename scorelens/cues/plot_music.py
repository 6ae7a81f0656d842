"""Figures of how films use their albums: over the running time, and by genre."""

import os

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from scorelens import figures, tables
from scorelens.evaluation import ALL
from scorelens.tables.schemas.film_music import TENTHS

COLUMNS = 4  # panels side by side
PANEL_IN, ROW_IN, HEAD_IN = 2.5, 0.26, 1.0
NAMES = {
    "cues": "cues",
    "cue_length_s": "median length of a cue, s",
    "music_share": "film time with music",
    "longest_gap_s": "longest time without music, s",
    "unused_share": "tracks not used",
    "part_share": "tracks used in part",
    "album_share": "seconds of the album used",
    "album_order": "order of the album\n(rank correlation)",
}
SHARES = tuple(name for name in NAMES if name.endswith("_share"))


def plot_cue_summary(
    genres: str | os.PathLike, spotting: str | os.PathLike, music: str | os.PathLike
) -> None:
    """Draw the table of GENRE_MUSIC.

    Parameters
    ----------
    genres : path
        Table of GENRE_MUSIC.
    spotting, music : path
        Where the figure over the running time and that of the other measures go.
    """
    table = tables.read_table(genres, tables.GENRE_MUSIC)
    figures.save(spotting_figure(table), spotting)
    figures.save(music_figure(table), music)


def spotting_figure(table: pd.DataFrame) -> plt.Figure:
    """Draw the share of seconds with music over the running time, a panel for each genre.

    Parameters
    ----------
    table : DataFrame
        Rows of GENRE_MUSIC.

    Returns
    -------
    Figure
        The mean of the films with its 95% interval; in the panels of genres that of all in grey.
    """
    tenths = table[table.tenth.notna()]
    genres = list(tenths.genre.unique())
    rows = -(-len(genres) // COLUMNS)
    size = (PANEL_IN * COLUMNS, 1.9 * rows + 0.7)
    figure, axes = plt.subplots(
        rows, COLUMNS, sharex=True, sharey=True, squeeze=False, figsize=size
    )
    for axis, genre in zip(axes.flat, genres, strict=False):
        _draw_spotting(axis, tenths[tenths.genre == genre], tenths[tenths.genre == ALL])
    for axis in axes.flat[len(genres) :]:
        axis.set_visible(False)
    for axis in axes.flat[max(0, len(genres) - COLUMNS) : len(genres)]:
        axis.tick_params(labelbottom=True)
    axes[0, 0].set(xlim=(0, 1), ylim=(0, None))
    axes[0, 0].xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes[0, 0].yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    figure.supxlabel("running time")
    figure.supylabel("seconds with music")
    return figure


def music_figure(table: pd.DataFrame) -> plt.Figure:
    """Draw means and 95% intervals of the other measures, a panel a measure, a row a genre.

    Parameters
    ----------
    table : DataFrame
        Rows of GENRE_MUSIC.

    Returns
    -------
    Figure
    """
    whole = table[table.tenth.isna()]
    genres = list(whole.genre.unique())
    rows = -(-len(NAMES) // COLUMNS)
    size = (PANEL_IN * COLUMNS + 1.2, rows * (HEAD_IN + ROW_IN * len(genres)))
    figure, axes = plt.subplots(rows, COLUMNS, sharey=True, figsize=size)
    for axis, (measure, name) in zip(axes.flat, NAMES.items(), strict=True):
        _draw_measure(axis, whole[whole.measure == measure].set_index("genre"))
        axis.set_xlabel(name)
        if measure in SHARES:
            axis.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    films = whole[whole.measure == "cues"].films
    names = [f"{_name(genre)} ({n})" for genre, n in zip(genres, films, strict=True)]
    axes[0, 0].set_yticks(range(len(genres)), names)
    axes[0, 0].set_ylim(len(genres) - 0.5, -0.5)
    return figure


def _draw_spotting(axis: Axes, rows: pd.DataFrame, every: pd.DataFrame) -> None:
    middle = (np.arange(TENTHS) + 0.5) / TENTHS
    genre = rows.genre.iloc[0]
    if genre != ALL:
        axis.plot(middle, every["mean"], color=figures.QUIET, lw=1, ls="--")
    colour = figures.PALETTE[3 if genre == ALL else 0]
    axis.fill_between(middle, rows.low, rows.high, color=colour, alpha=0.25, lw=0)
    axis.plot(middle, rows["mean"], "o-", color=colour, ms=3)
    axis.set_title(f"{_name(genre)} ({rows.films.max()})", size=10)
    axis.grid(color="#e4e4e4", lw=0.6)


def _draw_measure(axis: Axes, rows: pd.DataFrame) -> None:
    positions = np.arange(len(rows))
    colours = [figures.PALETTE[3 if genre == ALL else 0] for genre in rows.index]
    axis.hlines(positions, rows.low, rows.high, color=colours, lw=2)
    axis.scatter(rows["mean"], positions, c=colours, s=24, zorder=3)
    if rows.measure.iloc[0] == "album_order":
        axis.axvline(0, color=figures.QUIET, lw=1, ls="--", zorder=0)
        axis.set_xlim(-1, 1)
    else:
        axis.set_xlim(left=0)
    axis.xaxis.set_major_locator(MaxNLocator(4))
    axis.tick_params(axis="y", length=0)
    axis.grid(axis="x", color="#e4e4e4", lw=0.6)


def _name(genre: str) -> str:
    return "All films" if genre == ALL else genre
