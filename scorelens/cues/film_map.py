"""Map of all films over time: where their albums play, and where other music does."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from scorelens import figures, tables
from scorelens.albums.names import shorten
from scorelens.cues.film_music import covered_shares, film_spans
from scorelens.evaluation.bootstrap import draw_groups
from scorelens.evaluation.group_means import bootstrap_means
from scorelens.evaluation.predictions import cluster_numbers
from scorelens.learning.film_groups import read_film_groups

BINS = 120  # of the running time: a minute of a film of two hours
STEPS = 24  # of the mean over the films; each of some bins
MAX_ROWS = 250  # of the picture; of more films some share a row
MAX_NAMES = 45  # with more films the rows have no titles
NAME_COLUMNS = 30
ROW_IN, MIN_MAP_IN, MAX_MAP_IN = 0.17, 1.2, 7.0
STRIP_IN, FRAME_IN, PANEL_IN, NAMES_IN = 0.9, 1.9, 6.0, 2.4
CUES = ("music of the album (cues)", "Blues", figures.PALETTE[0])
BAND = {"alpha": 0.25, "lw": 0}
SPAN_COLUMNS = {"start_s": "film_start_s", "end_s": "film_end_s"}
UNKNOWN = ("other music, detected, on no cue", "Oranges", figures.PALETTE[3])


class Averages(NamedTuple):
    """Means over films with 95% bootstrap intervals: each of mean, lower and upper bound.

    whole : ndarray, shape (3,)
        Of the share of a film with music; bounds are NaN for one film.
    steps : ndarray, shape (3, STEPS)
        Of the share in each part of the running time.
    """

    whole: np.ndarray
    steps: np.ndarray


def plot_film_map(
    films: str | os.PathLike,
    cues: Sequence[str | os.PathLike],
    groups: str | os.PathLike,
    path: str | os.PathLike,
    repeats: int,
    seed: int,
    unknown: str | os.PathLike | None = None,
) -> None:
    """Draw the map of all films.

    Parameters
    ----------
    films : path
        Table of FILMS.
    cues : sequence of path
        The films' tables of CUES, named after the films.
    groups : path
        The groups of films (FILM_GROUPS), which samples draw as a whole.
    path : path
        Where the figure goes.
    repeats : int
        Bootstrap samples of the films.
    seed : int
    unknown : path, optional
        Table of UNKNOWN_MUSIC.
    """
    table = tables.read_table(films, tables.FILMS)
    maps = [
        film_shares(table, {Path(file).stem: tables.read_table(file, tables.CUES) for file in cues})
    ]
    if unknown is not None:
        others = tables.read_table(unknown, tables.UNKNOWN_MUSIC).rename(columns=SPAN_COLUMNS)
        maps.append(film_shares(table, dict(list(others.groupby("film_id")))))
    cluster = cluster_numbers(table.film_id, read_film_groups(groups))
    draws = draw_groups(len(table), repeats, seed, cluster)
    averages = [average_films(shares, draws, cluster) for shares in maps]
    figures.save(draw_film_map(list(table.title), maps, averages), path)


def average_films(shares: np.ndarray, draws: np.ndarray, cluster: np.ndarray) -> Averages:
    """Average the films, with intervals.

    Parameters
    ----------
    shares : ndarray, shape (films, BINS)
        As `film_shares` gives them.
    draws : ndarray of int, shape (samples, films)
        Bootstrap samples of the films.
    cluster : ndarray of int, shape (films,)
        The cluster of each film that the samples draw as a whole.

    Returns
    -------
    Averages
    """
    steps = shares.reshape(len(shares), STEPS, -1).mean(2)
    columns = np.column_stack([shares.mean(1), steps])
    result = bootstrap_means(columns, draws, cluster)
    return Averages(result[:, 0], result[:, 1:])


def film_shares(films: pd.DataFrame, music: dict[str, pd.DataFrame]) -> np.ndarray:
    """Measure how much of each part of each film has music.

    Parameters
    ----------
    films : DataFrame
        Table of FILMS.
    music : dict of str to DataFrame
        Tables with film_start_s and film_end_s, by film; a film may have none.

    Returns
    -------
    ndarray, shape (films, BINS)
        0..1.
    """
    nothing = pd.DataFrame({"film_start_s": [], "film_end_s": []})
    shares = [
        covered_shares(
            film_spans(music.get(film.film_id, nothing), film.duration_s), film.duration_s, BINS
        )
        for film in films.itertuples()
    ]
    return np.array(shares).reshape(-1, BINS)


def joined_rows(shares: np.ndarray, max_rows: int = MAX_ROWS) -> np.ndarray:
    """Average neighbouring rows, so that a picture of any number of films has a bounded size.

    Parameters
    ----------
    shares : ndarray, shape (films, bins)
    max_rows : int

    Returns
    -------
    ndarray, shape (rows, bins)
        `max_rows` rows at most, each the mean of as many films but for one.

    Examples
    --------
    >>> joined_rows(np.array([[0.0], [1.0], [1.0]]), 2).tolist()
    [[0.5], [1.0]]
    """
    if len(shares) <= max_rows:
        return shares
    return np.array([rows.mean(0) for rows in np.array_split(shares, max_rows)])


def draw_film_map(
    titles: Sequence[str], maps: Sequence[np.ndarray], averages: Sequence[Averages]
) -> Figure:
    """Draw a heat map for each kind of music: rows are films, ordered by share of album music.

    Above each is the mean over the films in each part of the running time, with its interval.

    Parameters
    ----------
    titles : sequence of str
        Titles of the films.
    maps : sequence of ndarray, shape (films, BINS)
        Shares of the parts with album music and, if there is a second one, with other music.
    averages : sequence of Averages
        Of each map.

    Returns
    -------
    Figure
    """
    order = np.argsort(-maps[0].mean(1), kind="stable")
    height = float(np.clip(ROW_IN * len(titles), MIN_MAP_IN, MAX_MAP_IN))
    names_in = NAMES_IN if len(titles) <= MAX_NAMES else 0.8
    figure, axes = plt.subplots(
        2,
        len(maps),
        sharex=True,
        squeeze=False,
        figsize=(names_in + PANEL_IN * (0.6 + 0.4 * len(maps)), height + STRIP_IN + FRAME_IN),
        height_ratios=[STRIP_IN, height],
    )
    title = heading(averages[0].whole, len(titles))
    figure.suptitle(title, x=0.01, ha="left", fontsize=12, fontweight="bold")
    for column, (shares, average) in enumerate(zip(maps, averages, strict=True)):
        kind = (CUES, UNKNOWN)[column]
        _draw_map(axes[1, column], shares[order], kind)
        _draw_mean(axes[0, column], average.steps, kind)
    _name_rows(axes[1, 0], [titles[k] for k in order])
    for axis in axes[1, 1:]:
        axis.set_yticks([])
    return figure


def heading(average: np.ndarray, films: int) -> str:
    """Say in one line how much of a film the album fills.

    Parameters
    ----------
    average : ndarray, shape (3,)
        Mean share, lower and upper bound; bounds may be NaN.
    films : int
        Their number.

    Returns
    -------
    str

    Examples
    --------
    >>> heading(np.array([0.5, 0.4, 0.6]), 1000)
    'Music of the album plays in 50% (95% interval 40% to 60%) of a film, mean of 1,000 films'
    """
    mean, low, high = average
    spread = "" if np.isnan(low) else f" (95% interval {low:.0%} to {high:.0%})"
    count = f"mean of {films:,} films" if films > 1 else "of one film"
    return f"Music of the album plays in {mean:.0%}{spread} of a film, {count}"


def _draw_map(axis: Axes, shares: np.ndarray, kind: tuple[str, str, str]) -> None:
    name, colours, _ = kind
    # The picture has a pixel a bin, and the viewer does not blur it.
    style = {"aspect": "auto", "interpolation": "none", "cmap": colours, "vmin": 0, "vmax": 1}
    picture = axis.imshow(joined_rows(shares), extent=(0, 1, len(shares), 0), **style)
    axis.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axis.set_xlabel("running time")
    bar = axis.figure.colorbar(picture, ax=axis, location="bottom", aspect=40, shrink=0.8)
    bar.ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    bar.set_label(f"share of the time with {name}")


def _draw_mean(axis: Axes, steps: np.ndarray, kind: tuple[str, str, str]) -> None:
    name, _, colour = kind
    mean, low, high = steps
    edges = np.linspace(0, 1, STEPS + 1)
    axis.stairs(mean, edges, color=colour)
    # The bounds of one film are not known.
    axis.stairs(
        np.nan_to_num(high), edges, baseline=np.nan_to_num(low), fill=True, **BAND, color=colour
    )
    axis.set_title(name, size=10)
    axis.set(xlim=(0, 1), ylim=(0, 1))
    axis.set_yticks([0, 0.5, 1], ["0%", "50%", "100%"], size=8)
    axis.set_ylabel("mean, 95%\ninterval", size=8)


def _name_rows(axis: Axes, titles: list[str]) -> None:
    if len(titles) <= MAX_NAMES:
        names = [figures.isolated(shorten(title, NAME_COLUMNS)) for title in titles]
        axis.set_yticks(np.arange(len(titles)) + 0.5, names, size=8)
        axis.tick_params(axis="y", length=0)
        return
    per_row = -(-len(titles) // MAX_ROWS)
    joined = f"; {per_row} films a row" if per_row > 1 else ""
    axis.set_ylabel(f"{len(titles):,} films, ordered by their share of album music{joined}")
