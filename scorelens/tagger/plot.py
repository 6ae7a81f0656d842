"""Pictures of the tagger's scores: how well models rank, genre by genre, what is taken for what."""

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
from scorelens.evaluation.label_ranking import RANKINGS
from scorelens.figures import PALETTE, QUIET, isolated, save
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
from scorelens.tagger.score import MACRO, TAG_MEASURES, WEIGHTED
from scorelens.tagger.tag_curve import profile_figure

THESIS = ("dnn", "cnn", "cnn_ensemble")
ROW_INCHES = 0.36
LEVELS = {"track": "tracks", "tile": "tiles"}
BETTER = {RANKINGS[0]: "\N{LEFTWARDS ARROW} better", RANKINGS[1]: "better \N{RIGHTWARDS ARROW}"}
NAMES = {
    "coverage_error": "Coverage error\n",
    "label_ranking_average_precision": "Label-ranking\naverage precision ",
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1",
}
UNITS = {
    "coverage_error": "tags down to the last right one",
    "label_ranking_average_precision": "share of right tags down to a right one",
    "precision": "share of the tracks with the tag",
    "recall": "share of the tracks of the genre",
    "f1": "harmonic mean of both",
}
LONGEST = 44  # columns of the title of a film or a track
SURE = 0.05  # p below which a model is drawn as better than chance
UNSURE = f"hollow: p \N{GREATER-THAN OR EQUAL TO} {SURE}"
CHANCE = {"color": "black", "marker": "|", "markersize": 11, "ls": "none", "mew": 1.5}
THESIS_COLOUR, OTHER_COLOUR = PALETTE[1], PALETTE[0]


def plot(
    scores: str | os.PathLike,
    confusions: str | os.PathLike,
    figures: Mapping[str, str | os.PathLike],
) -> None:
    """Draw the figures of the tables of the contracts TAGGER_SCORES and TAGGER_CONFUSIONS.

    figures: where to write `ranking`, `genres` and `confusions`.
    """
    table = read_table(scores, TAGGER_SCORES)
    save(ranking_figure(table), figures["ranking"])
    save(genre_figure(table), figures["genres"])
    save(confusion_figure(table, read_table(confusions, TAGGER_CONFUSIONS)), figures["confusions"])


def best_model(table: pd.DataFrame, thesis: bool | None = None) -> str | None:
    """The model that ranks the genres of tracks best (LRAP), None if there is none.

    table: rows of TAGGER_SCORES. thesis: of the models of the thesis alone, or of the others alone.
    The ranking by frequency counts only where there is no other model.
    """
    rows = _ranked(table, RANKINGS[1], "track").drop(RANDOM)
    if len(rows) > 1:
        rows = rows.drop(FREQUENCY, errors="ignore")
    if thesis is not None:
        rows = rows[rows.index.isin(THESIS) == thesis]
    return None if rows.empty else rows["value"].idxmax()


def ranking_figure(table: pd.DataFrame) -> plt.Figure:
    """Coverage error and label-ranking average precision, a row a model, on tracks and on tiles.

    Dots with 95% intervals, filled where the model is better than chance (p < SURE). A tick marks
    the mean where films swap their labels; a line with its band the random ranking. The best
    number of a panel is bold.
    """
    models = [model for model in table["model"].drop_duplicates() if model != RANDOM]
    figure, axes = plt.subplots(1, 4, sharey=True, figsize=(13, 1.9 + ROW_INCHES * len(models)))
    panels = [(measure, level) for measure in RANKINGS for level in LEVELS]
    for axis, (measure, level) in zip(axes, panels, strict=True):
        _draw_ranking(axis, _ranked(table, measure, level), models, measure)
        axis.set_title(f"{NAMES[measure]}on {LEVELS[level]}", size=11)
        axis.set_xlabel(f"{UNITS[measure]}\n{BETTER[measure]}", size=9)
    for tracks, tiles in (axes[:2], axes[2:]):
        tiles.sharex(tracks)
        tracks.autoscale(axis="x")
    axes[0].set_yticks(range(len(models)), [TITLES.get(model, model) for model in models])
    axes[0].invert_yaxis()
    keys = _ranking_keys()
    figure.legend(handles=keys, loc="outside upper left", ncols=len(keys), fontsize=9)
    return figure


def _ranked(table: pd.DataFrame, measure: str, level: str) -> pd.DataFrame:
    """A ranking measure of each model, by model."""
    rows = table[(table["measure"] == measure) & (table["level"] == level)]
    return rows.set_index("model")


def _draw_ranking(axis: Axes, rows: pd.DataFrame, models: list[str], measure: str) -> None:
    random, own = rows.loc[RANDOM], rows.loc[models]
    axis.axvspan(random["low"], random["high"], color=QUIET, alpha=0.2, lw=0, zorder=0)
    axis.axvline(random["value"], color=QUIET, lw=1.2, ls="--", zorder=0)
    best = own["value"].min() if measure == RANKINGS[0] else own["value"].max()
    for place, (model, row) in enumerate(own.iterrows()):
        colour = _colour(model)
        filled = colour if row["p"] < SURE else "white"
        axis.plot([row["low"], row["high"]], [place, place], color=colour, lw=2)
        axis.plot(row["value"], place, "o", color=colour, mfc=filled, mew=1.5)
        weight = "bold" if row["value"] == best else "normal"
        where = {"transform": axis.get_yaxis_transform(), "va": "center"}
        axis.text(1.02, place, f"{row['value']:.2f}", size=9, weight=weight, **where)
    axis.plot(own["chance"], range(len(own)), **CHANCE)
    axis.grid(axis="x", lw=0.5, alpha=0.5)
    axis.tick_params(axis="y", length=0)


def _ranking_keys() -> list[Artist]:
    dot = {"marker": "o", "lw": 2, "mew": 1.5}
    return [
        Line2D([], [], color=THESIS_COLOUR, label="of the thesis", **dot),
        Line2D([], [], color=OTHER_COLOUR, label="further ones", **dot),
        Line2D([], [], color=QUIET, mfc="white", label=UNSURE, **dot),
        Line2D([], [], label="mean where films swap their labels", **CHANCE),
        Line2D([], [], color=QUIET, lw=1.2, ls="--", label="random ranking"),
        Patch(color=QUIET, alpha=0.2, label="its 95% interval"),
    ]


def genre_figure(table: pd.DataFrame) -> plt.Figure:
    """Precision, recall and F1 of each genre where a track gets the middle number of tags.

    The best model of the thesis beside the best other one (`best_model`), with 95% intervals.
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
    for axis, measure in zip(axes, TAG_MEASURES, strict=True):
        for place, model in enumerate(models):
            own = rows[(rows["measure"] == measure) & (rows["model"] == model)]
            _draw_genres(axis, own, model, place - (len(models) - 1) / 2)
        axis.set(title=NAMES[measure], xlim=(-0.02, 1.02), xlabel=UNITS[measure])
        axis.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.5", "0.75", "1"])
        axis.axhline(len(genres) - 2.5, color="black", lw=0.6)
    axes[0].set_yticks(range(len(genres)), [_counted(genre, support) for genre in genres])
    axes[0].set_ylim(len(genres) - 0.5, -0.5)
    look = {"marker": "o", "lw": 2}
    keys = [
        Line2D([], [], color=_colour(one), label=TITLES.get(one, one), **look) for one in models
    ]
    figure.legend(
        handles=keys,
        title=f"tags given to a track: {top}; tracks held out; 95% intervals over films",
        loc="outside upper left",
        ncols=len(keys),
        alignment="left",
    )
    return figure


def _draw_genres(axis: Axes, rows: pd.DataFrame, model: str, shift: float) -> None:
    places = np.arange(len(rows)) + 0.32 * shift
    axis.barh(places, rows["value"], height=0.3, color=_colour(model), alpha=0.45, lw=0)
    axis.hlines(places, rows["low"], rows["high"], color=_colour(model), lw=1.5)
    axis.plot(rows["value"], places, "o", color=_colour(model), ms=4)
    axis.grid(axis="x", lw=0.5, alpha=0.5)
    axis.tick_params(axis="y", length=0)


def _colour(model: str) -> str:
    if model == FREQUENCY:
        return QUIET
    return THESIS_COLOUR if model in THESIS else OTHER_COLOUR


def _counted(genre: str, support: pd.Series) -> str:
    return genre if genre in (MACRO, WEIGHTED) else f"{isolated(genre)} ({support[genre]})"


def confusion_figure(scores: pd.DataFrame, confusions: pd.DataFrame) -> plt.Figure:
    """How often the tracks of a genre get which wrong tag, of the best model, in percent.

    scores, confusions: rows of TAGGER_SCORES and TAGGER_CONFUSIONS.
    """
    model = best_model(scores)
    own = confusions[confusions["model"] == model]
    tracks = scores[(scores["model"] == model) & (scores["level"] == "track")]
    support = tracks.drop_duplicates("genre").set_index("genre")["support"]
    wide = 100 * own.pivot_table(index="genre", columns="tagged", values="share", sort=False)
    genres = [genre for genre in support.index if genre in wide.columns]
    shares = wide.reindex(index=[g for g in genres if support[g]], columns=genres)
    figure, axis = plt.subplots(figsize=(2.8 + 0.62 * len(genres), 2.4 + 0.42 * len(shares)))
    shades = axis.imshow(shares, cmap="Blues", vmin=0, aspect="auto")
    strong = 0.6 * np.nanmax(shares.to_numpy())
    for (row, column), value in np.ndenumerate(shares.to_numpy()):
        words = "\N{EN DASH}" if np.isnan(value) else f"{value:.0f}"
        ink = "white" if value > strong else "black"
        axis.text(column, row, words, ha="center", va="center", color=ink, fontsize=9)
    axis.set_xticks(range(len(genres)), genres, rotation=40, ha="right", rotation_mode="anchor")
    axis.set_yticks(range(len(shares)), [_counted(genre, support) for genre in shares.index])
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
    """Draw the tags of some tracks over their time, of one model (`profile.profile_figure`).

    tiles, tracks: the model's tables of the contracts TAGGER_TILES and TAGGER_TRACKS. films,
    albums: the corpus's tables of the contracts FILMS and TRACKS, for titles.
    """
    rows = read_table(tiles, TAGGER_TILES), read_table(tracks, TAGGER_TRACKS)
    titles = read_table(films, FILMS).set_index("film_id")["title"]
    names = {
        (film, track): f"{shorten(titles[film], LONGEST)}: {name}"
        for film, own in read_table(albums, TRACKS).groupby("film_id")
        if film in titles
        for track, name in track_names(own, LONGEST).items()
    }
    save(profile_figure(TITLES[model], *rows, names), figure)
