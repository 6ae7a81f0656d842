"""Draws the tagger's scores: rankings of the models, scores by genre, and confused genres."""

import os
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from scorelens.albums.names import shorten, track_names
from scorelens.evaluation import MACRO, SIGNIFICANT, WEIGHTED
from scorelens.evaluation.label_ranking import RANKINGS
from scorelens.evaluation.multilabel_scores import TAG_METRICS
from scorelens.evaluation.score_plot import draw_scores
from scorelens.figures import CHANCE, PALETTE, QUIET, SHARE_TICKS, isolated, save
from scorelens.tables import (
    FILMS,
    TAGGER_CONFUSIONS,
    TAGGER_SCORES,
    TAGGER_TILES,
    TAGGER_TRACKS,
    TRACKS,
    read_table,
)
from scorelens.tagger import FREQUENCY, RANDOM, TITLES
from scorelens.tagger.tag_curve import profile_figure

THESIS = ("dnn", "cnn", "cnn_ensemble")
ROW_INCHES = 0.36
LEVELS = {"track": "tracks", "tile": "tiles"}
BETTER = {RANKINGS[0]: "\N{LEFTWARDS ARROW} better", RANKINGS[1]: "better \N{RIGHTWARDS ARROW}"}
METRIC_TITLES = {
    "coverage_error": "Coverage error\n",
    "label_ranking_average_precision": "Label-ranking\naverage precision ",
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1",
}
METRIC_LABELS = {
    "coverage_error": "tags down to the last right one",
    "label_ranking_average_precision": "share of right tags down to a right one",
    "precision": "share of the tracks with the tag",
    "recall": "share of the tracks of the genre",
    "f1": "harmonic mean of both",
}
MAX_TITLE_COLUMNS = 44  # of a film or a track
NOT_SIGNIFICANT = f"hollow: p \N{GREATER-THAN OR EQUAL TO} {SIGNIFICANT}"
THESIS_COLOUR, OTHER_COLOUR = PALETTE[1], PALETTE[0]


def plot(
    scores: str | os.PathLike,
    confusions: str | os.PathLike,
    figures: Mapping[str, str | os.PathLike],
) -> None:
    """Draw the figures of the scores and of the confusions.

    Parameters
    ----------
    scores, confusions : path
        Tables of TAGGER_SCORES and TAGGER_CONFUSIONS.
    figures : mapping of str to path
        Where to write `ranking`, `genres` and `confusions`.
    """
    table = read_table(scores, TAGGER_SCORES)
    save(ranking_figure(table), figures["ranking"])
    save(genre_figure(table), figures["genres"])
    save(confusion_figure(table, read_table(confusions, TAGGER_CONFUSIONS)), figures["confusions"])


def best_model(table: pd.DataFrame, thesis: bool | None = None) -> str | None:
    """Find the model with the highest label-ranking average precision on tracks.

    Parameters
    ----------
    table : pandas.DataFrame
        Rows of TAGGER_SCORES.
    thesis : bool, optional
        Only models of the thesis, or only the others. The ranking by frequency counts only where
        there is no other model.

    Returns
    -------
    str or None
        None if there is no such model.
    """
    rows = _select(table, RANKINGS[1], "track").drop(RANDOM)
    if len(rows) > 1:
        rows = rows.drop(FREQUENCY, errors="ignore")
    if thesis is not None:
        rows = rows[rows.index.isin(THESIS) == thesis]
    return None if rows.empty else rows["value"].idxmax()


def ranking_figure(table: pd.DataFrame) -> plt.Figure:
    """Draw coverage error and label-ranking average precision, a row per model.

    Dots have 95% intervals and are filled where the model is significantly better than chance. A
    tick marks the mean over permutations, a line with its band the random ranking. The best number
    of a panel is bold.

    Parameters
    ----------
    table : pandas.DataFrame
        Rows of TAGGER_SCORES.

    Returns
    -------
    matplotlib.figure.Figure
    """
    models = [model for model in table["model"].drop_duplicates() if model != RANDOM]
    figure, axes = plt.subplots(1, 4, sharey=True, figsize=(13, 1.9 + ROW_INCHES * len(models)))
    panels = [(metric, level) for metric in RANKINGS for level in LEVELS]
    for axis, (metric, level) in zip(axes, panels, strict=True):
        _draw_ranking(axis, _select(table, metric, level), models, metric)
        axis.set_title(f"{METRIC_TITLES[metric]}on {LEVELS[level]}", size=11)
        axis.set_xlabel(f"{METRIC_LABELS[metric]}\n{BETTER[metric]}", size=9)
    for tracks, tiles in (axes[:2], axes[2:]):
        tiles.sharex(tracks)
        tracks.autoscale(axis="x")
    axes[0].set_yticks(range(len(models)), [TITLES.get(model, model) for model in models])
    axes[0].invert_yaxis()
    handles = _ranking_handles()
    figure.legend(handles=handles, loc="outside upper left", ncols=len(handles), fontsize=9)
    return figure


def _select(table: pd.DataFrame, metric: str, level: str) -> pd.DataFrame:
    rows = table[(table["measure"] == metric) & (table["level"] == level)]
    return rows.set_index("model")


def _draw_ranking(axis: Axes, rows: pd.DataFrame, models: list[str], metric: str) -> None:
    random, scores = rows.loc[RANDOM], rows.loc[models]
    axis.axvspan(random["low"], random["high"], color=QUIET, alpha=0.2, lw=0, zorder=0)
    axis.axvline(random["value"], color=QUIET, lw=1.2, ls="--", zorder=0)
    best = scores["value"].min() if metric == RANKINGS[0] else scores["value"].max()
    draw_scores(axis, scores, [_colour(model) for model in models], best)


def _ranking_handles() -> list[Artist]:
    dot = {"marker": "o", "lw": 2, "mew": 1.5}
    return [
        Line2D([], [], color=THESIS_COLOUR, label="of the thesis", **dot),
        Line2D([], [], color=OTHER_COLOUR, label="other models", **dot),
        Line2D([], [], color=QUIET, mfc="white", label=NOT_SIGNIFICANT, **dot),
        Line2D([], [], label="mean where films exchange their labels", **CHANCE),
        Line2D([], [], color=QUIET, lw=1.2, ls="--", label="random ranking"),
        Patch(color=QUIET, alpha=0.2, label="its 95% interval"),
    ]


def genre_figure(table: pd.DataFrame) -> plt.Figure:
    """Draw precision, recall and F1 of each genre for the middle number of tags per track.

    The best model of the thesis stands beside the best other one (`best_model`), with 95%
    intervals.

    Parameters
    ----------
    table : pandas.DataFrame
        Rows of TAGGER_SCORES.

    Returns
    -------
    matplotlib.figure.Figure
    """
    tops = sorted(table["top"].dropna().unique())
    top = tops[len(tops) // 2]
    models = [model for thesis in (False, True) if (model := best_model(table, thesis))]
    rows = table[(table["level"] == "track") & (table["top"] == top)]
    genres = rows["genre"].drop_duplicates().tolist()
    support = rows.drop_duplicates("genre").set_index("genre")["support"]
    figure, axes = plt.subplots(
        1, 3, sharey=True, figsize=(11, 1.6 + ROW_INCHES * 1.2 * len(genres))
    )
    for axis, metric in zip(axes, TAG_METRICS, strict=True):
        for number, model in enumerate(models):
            scores = rows[(rows["measure"] == metric) & (rows["model"] == model)]
            _draw_genres(axis, scores, model, number - (len(models) - 1) / 2)
        axis.set(title=METRIC_TITLES[metric], xlim=(-0.02, 1.02), xlabel=METRIC_LABELS[metric])
        axis.set_xticks(**SHARE_TICKS)
        axis.axhline(len(genres) - 2.5, color="black", lw=0.6)
    axes[0].set_yticks(range(len(genres)), [_genre_label(genre, support) for genre in genres])
    axes[0].set_ylim(len(genres) - 0.5, -0.5)
    style = {"marker": "o", "lw": 2}
    handles = [
        Line2D([], [], color=_colour(model), label=TITLES.get(model, model), **style)
        for model in models
    ]
    figure.legend(
        handles=handles,
        title=f"tags per track: {top}; held-out tracks; 95% intervals over films",
        loc="outside upper left",
        ncols=len(handles),
        alignment="left",
    )
    return figure


def _draw_genres(axis: Axes, rows: pd.DataFrame, model: str, shift: float) -> None:
    y = np.arange(len(rows)) + 0.32 * shift
    axis.barh(y, rows["value"], height=0.3, color=_colour(model), alpha=0.45, lw=0)
    axis.hlines(y, rows["low"], rows["high"], color=_colour(model), lw=1.5)
    axis.plot(rows["value"], y, "o", color=_colour(model), ms=4)
    axis.grid(axis="x", lw=0.5, alpha=0.5)
    axis.tick_params(axis="y", length=0)


def _colour(model: str) -> str:
    if model == FREQUENCY:
        return QUIET
    return THESIS_COLOUR if model in THESIS else OTHER_COLOUR


def _genre_label(genre: str, support: pd.Series) -> str:
    return genre if genre in (MACRO, WEIGHTED) else f"{isolated(genre)} ({support[genre]})"


def confusion_figure(scores: pd.DataFrame, confusions: pd.DataFrame) -> plt.Figure:
    """Draw which wrong tags the tracks of a genre get from the best model, in percent.

    Parameters
    ----------
    scores, confusions : pandas.DataFrame
        Rows of TAGGER_SCORES and TAGGER_CONFUSIONS.

    Returns
    -------
    matplotlib.figure.Figure
    """
    model = best_model(scores)
    rows = confusions[confusions["model"] == model]
    tracks = scores[(scores["model"] == model) & (scores["level"] == "track")]
    support = tracks.drop_duplicates("genre").set_index("genre")["support"]
    wide = 100 * rows.pivot_table(index="genre", columns="tagged", values="share", sort=False)
    genres = [genre for genre in support.index if genre in wide.columns]
    shares = wide.reindex(index=[genre for genre in genres if support[genre]], columns=genres)
    figure, axis = plt.subplots(figsize=(2.8 + 0.62 * len(genres), 2.4 + 0.42 * len(shares)))
    shades = axis.imshow(shares, cmap="Blues", vmin=0, aspect="auto")
    dark = 0.6 * np.nanmax(shares.to_numpy())
    for (row, column), value in np.ndenumerate(shares.to_numpy()):
        text = "\N{EN DASH}" if np.isnan(value) else f"{value:.0f}"
        colour = "white" if value > dark else "black"
        axis.text(column, row, text, ha="center", va="center", color=colour, fontsize=9)
    axis.set_xticks(range(len(genres)), genres, rotation=40, ha="right", rotation_mode="anchor")
    axis.set_yticks(range(len(shares)), [_genre_label(genre, support) for genre in shares.index])
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
    axis.set(xlabel="tag that the film does not carry", ylabel="genre of the film (tracks)")
    axis.set_title(f"{TITLES.get(model, model)}: wrong tags of the tracks of a genre", loc="right")
    figure.colorbar(shades, label="% of the tracks of the genre", fraction=0.03)
    return figure


def plot_profiles(
    model: str,
    tiles: str | os.PathLike,
    tracks: str | os.PathLike,
    films: str | os.PathLike,
    albums: str | os.PathLike,
    figure: str | os.PathLike,
) -> None:
    """Draw the predictions of one model over the time of some tracks.

    Parameters
    ----------
    model : str
        Name of the model.
    tiles, tracks : path
        The model's tables of TAGGER_TILES and TAGGER_TRACKS.
    films, albums : path
        Tables of FILMS and TRACKS, for titles.
    figure : path
        Where to write the figure.
    """
    rows = read_table(tiles, TAGGER_TILES), read_table(tracks, TAGGER_TRACKS)
    titles = read_table(films, FILMS).set_index("film_id")["title"]
    names = {
        (film, track): f"{shorten(titles[film], MAX_TITLE_COLUMNS)}: {name}"
        for film, album in read_table(albums, TRACKS).groupby("film_id")
        if film in titles
        for track, name in track_names(album, MAX_TITLE_COLUMNS).items()
    }
    save(profile_figure(TITLES[model], *rows, names), figure)
