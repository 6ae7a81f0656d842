"""Draws the tagger's scores: rankings of the models, scores by genre, and confused genres."""

import os
from collections.abc import Collection, Mapping

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
from scorelens.tagger import BASELINES, FREQUENCY, RANDOM, THESIS, TITLES
from scorelens.tagger.tag_curve import profile_figure

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
FREQUENCY_LINE = {"color": QUIET, "ls": ":", "lw": 1.6}
THESIS_COLOUR, OTHER_COLOUR = PALETTE[1], PALETTE[0]
BESIDE = (PALETTE[1], PALETTE[0], QUIET)  # of the models that are drawn genre by genre


def plot(
    scores: str | os.PathLike,
    confusions: str | os.PathLike,
    figures: Mapping[str, str | os.PathLike],
    primary: str,
) -> None:
    """Draw the figures of the scores and of the confusions.

    Parameters
    ----------
    scores, confusions : path
        Tables of TAGGER_SCORES and TAGGER_CONFUSIONS.
    figures : mapping of str to path
        Where to write `ranking`, `genres` and `confusions`.
    primary : str
        The model of the headline; empty if there is none.
    """
    table = read_table(scores, TAGGER_SCORES)
    counts = read_table(confusions, TAGGER_CONFUSIONS)
    save(ranking_figure(table, primary), figures["ranking"])
    save(genre_figure(table, primary), figures["genres"])
    save(confusion_figure(table, counts, primary), figures["confusions"])


def lead_model(table: pd.DataFrame, primary: str) -> str:
    """Choose the model of the headline.

    Parameters
    ----------
    table : pandas.DataFrame
        Rows of TAGGER_SCORES.
    primary : str
        May be empty.

    Returns
    -------
    str
        The primary model, or else the best one, whose p-value is that of the best of several.
    """
    return primary or best_model(table)


def best_model(table: pd.DataFrame, left_out: Collection[str] = ()) -> str | None:
    """Find the model with the highest label-ranking average precision on tracks.

    Parameters
    ----------
    table : pandas.DataFrame
        Rows of TAGGER_SCORES.
    left_out : collection of str
        Models that do not count. Baselines count only where there is no other model.

    Returns
    -------
    str or None
        None if there is no such model.
    """
    rows = _select(table, RANKINGS[1], "track").drop(RANDOM)
    of_music = rows.drop(list(BASELINES), errors="ignore")
    rows = (rows if of_music.empty else of_music).drop(list(left_out), errors="ignore")
    return None if rows.empty else rows["value"].idxmax()


def ranking_figure(table: pd.DataFrame, primary: str) -> plt.Figure:
    """Draw coverage error and label-ranking average precision, a row per model.

    Dots have 95% intervals and are filled where the model is significantly better than chance: the
    primary model and the baselines alone, any other as the best of all models. A tick marks the
    mean over permutations, a line with its band the random ranking, a dotted line the ranking by
    frequency. The best number of a panel is bold.

    Parameters
    ----------
    table : pandas.DataFrame
        Rows of TAGGER_SCORES.
    primary : str
        Its name is bold; may be empty.

    Returns
    -------
    matplotlib.figure.Figure
    """
    models = [model for model in table["model"].drop_duplicates() if model != RANDOM]
    is_chosen = table["p_best"].notna() & (table["model"] != primary)
    table = table.assign(p=table["p"].mask(is_chosen, table["p_best"]))
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
    if primary:
        axes[0].get_yticklabels()[models.index(primary)].set_fontweight("bold")
    axes[0].invert_yaxis()
    handles = _ranking_handles()
    figure.legend(handles=handles, loc="outside upper left", ncols=4, fontsize=9)
    return figure


def _select(table: pd.DataFrame, metric: str, level: str) -> pd.DataFrame:
    rows = table[(table["measure"] == metric) & (table["level"] == level)]
    return rows.set_index("model")


def _draw_ranking(axis: Axes, rows: pd.DataFrame, models: list[str], metric: str) -> None:
    random, scores = rows.loc[RANDOM], rows.loc[models]
    axis.axvspan(random["low"], random["high"], color=QUIET, alpha=0.2, lw=0, zorder=0)
    axis.axvline(random["value"], color=QUIET, lw=1.2, ls="--", zorder=0)
    if FREQUENCY in models:
        axis.axvline(scores.loc[FREQUENCY, "value"], zorder=0, **FREQUENCY_LINE)
    best = scores["value"].min() if metric == RANKINGS[0] else scores["value"].max()
    draw_scores(axis, scores, [_colour(model) for model in models], best)


def _ranking_handles() -> list[Artist]:
    dot = {"marker": "o", "lw": 2, "mew": 1.5}
    return [
        Line2D([], [], color=THESIS_COLOUR, label="of the thesis", **dot),
        Line2D([], [], color=OTHER_COLOUR, label="other models", **dot),
        Line2D([], [], color=QUIET, label="baselines", **dot),
        Line2D([], [], color=QUIET, mfc="white", label=NOT_SIGNIFICANT, **dot),
        Line2D([], [], label="mean where films exchange their labels", **CHANCE),
        Line2D([], [], color=QUIET, lw=1.2, ls="--", label="random ranking"),
        Patch(color=QUIET, alpha=0.2, label="its 95% interval"),
        Line2D([], [], label="ranking by frequency", **FREQUENCY_LINE),
    ]


def genre_figure(table: pd.DataFrame, primary: str) -> plt.Figure:
    """Draw precision, recall and F1 of each genre for the middle number of tags per track.

    The model of the headline is beside the best other one and the ranking by frequency, with 95%
    intervals.

    Parameters
    ----------
    table : pandas.DataFrame
        Rows of TAGGER_SCORES.
    primary : str
        The model of the headline; may be empty.

    Returns
    -------
    matplotlib.figure.Figure
    """
    tops = sorted(table["top"].dropna().unique())
    top = tops[len(tops) // 2]
    models = _beside_each_other(table, primary)
    rows = table[(table["level"] == "track") & (table["top"] == top)]
    genres = rows["genre"].drop_duplicates().tolist()
    support = rows.drop_duplicates("genre").set_index("genre")["support"]
    figure, axes = plt.subplots(
        1, 3, sharey=True, figsize=(11, 1.6 + ROW_INCHES * 1.2 * len(genres))
    )
    for axis, metric in zip(axes, TAG_METRICS, strict=True):
        for number, model in enumerate(models):
            scores = rows[(rows["measure"] == metric) & (rows["model"] == model)]
            shift = 0.8 * ((number + 0.5) / len(models) - 0.5)
            _draw_genres(axis, scores, BESIDE[number], shift, 0.72 / len(models))
        axis.set(title=METRIC_TITLES[metric], xlim=(-0.02, 1.02), xlabel=METRIC_LABELS[metric])
        axis.set_xticks(**SHARE_TICKS)
        axis.axhline(len(genres) - 2.5, color="black", lw=0.6)
    axes[0].set_yticks(range(len(genres)), [_genre_label(genre, support) for genre in genres])
    axes[0].set_ylim(len(genres) - 0.5, -0.5)
    style = {"marker": "o", "lw": 2}
    handles = [
        Line2D([], [], color=colour, label=TITLES.get(model, model), **style)
        for colour, model in zip(BESIDE, models, strict=False)
    ]
    figure.legend(
        handles=handles,
        title=f"tags per track: {top}; held-out tracks; 95% intervals over films",
        loc="outside upper left",
        ncols=len(handles),
        alignment="left",
    )
    return figure


def _beside_each_other(table: pd.DataFrame, primary: str) -> list[str]:
    lead = lead_model(table, primary)
    models = [lead, best_model(table, [lead]), FREQUENCY]
    return [model for model in dict.fromkeys(models) if model in set(table["model"])]


def _draw_genres(axis: Axes, rows: pd.DataFrame, colour: str, shift: float, height: float) -> None:
    y = np.arange(len(rows)) + shift
    axis.barh(y, rows["value"], height=height, color=colour, alpha=0.45, lw=0)
    axis.hlines(y, rows["low"], rows["high"], color=colour, lw=1.5)
    axis.plot(rows["value"], y, "o", color=colour, ms=4)
    axis.grid(axis="x", lw=0.5, alpha=0.5)
    axis.tick_params(axis="y", length=0)


def _colour(model: str) -> str:
    if model in BASELINES:
        return QUIET
    return THESIS_COLOUR if model in THESIS else OTHER_COLOUR


def _genre_label(genre: str, support: pd.Series) -> str:
    return genre if genre in (MACRO, WEIGHTED) else f"{isolated(genre)} ({support[genre]})"


def confusion_figure(scores: pd.DataFrame, confusions: pd.DataFrame, primary: str) -> plt.Figure:
    """Draw which wrong tags the tracks of a genre get from the model of the headline, in percent.

    Parameters
    ----------
    scores, confusions : pandas.DataFrame
        Rows of TAGGER_SCORES and TAGGER_CONFUSIONS.
    primary : str
        The model of the headline; may be empty.

    Returns
    -------
    matplotlib.figure.Figure
    """
    model = lead_model(scores, primary)
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
