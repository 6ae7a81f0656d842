"""Draws what a genre model predicts for each cue of a film, and the weight of each cue."""

import os
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path
from matplotlib.ticker import FuncFormatter, MaxNLocator

from scorelens import figures
from scorelens.albums.names import shorten, track_titles
from scorelens.evaluation import MACRO, THRESHOLD
from scorelens.genres.evaluate.plot_style import run_title
from scorelens.tables import CUES, FILMS, GENRE_CUES, GENRE_SCORES, PREDICTIONS, TRACKS, read_table

WIDTH_INCHES = 11
LANE_INCHES = 0.62
MIN_WIDTH = 1 / 300  # of the figure: a shorter cue is drawn as wide as this
# A cue's weight relative to equal weights, and its shade; paler for less.
SHARES = (0.5, 0.8, 1.25, 2)
SHADES = ("#dbe7f1", "#a8c8e0", "#67a3cd", "#2a72b0", "#08305f")
SHADE_NAMES = ("less than half", "0.5 to 0.8", "about equal", "1.25 to 2", "more than twice")
OUTCOMES = {  # by (predicted, actual)
    (True, True): ("predicted, true", figures.PALETTE[2]),
    (True, False): ("predicted, not true", figures.PALETTE[3]),
    (False, True): ("true, not predicted", figures.PALETTE[3]),
    (False, False): ("not predicted", figures.QUIET),
}
MAX_TITLE_COLUMNS = 26

Paths = Mapping[tuple[str, str], str | os.PathLike]


def explain(
    film_id: str,
    films: str | os.PathLike,
    scores: str | os.PathLike,
    predictions: Paths,
    genre_cues: Paths,
    cues: str | os.PathLike | None,
    tracks: str | os.PathLike | None,
    figure: str | os.PathLike,
) -> None:
    """Draw the predictions of a model for the cues of a film that it was not trained on.

    Parameters
    ----------
    film_id : str
    films : path
        Table of FILMS, for title and length.
    scores : path
        Table of GENRE_SCORES; the primary model is drawn, or else that of the highest macro F1.
    predictions, genre_cues : mapping of (feature set, model) to path
        Tables of PREDICTIONS and GENRE_CUES.
    cues, tracks : path or None
        The film's tables of CUES and TRACKS; without them, as in a corpus of features alone, the
        cues stand side by side by their number.
    figure : path
        Where to write the figure.
    """
    rows = read_table(scores, GENRE_SCORES).set_index(["genre", "feature_set", "model"])
    order = rows[["is_primary", "f1"]].apply(tuple, axis=1)
    run = max(predictions, key=lambda run: order[(MACRO, *run)])
    by_cue, by_film = (
        read_table(genre_cues[run], GENRE_CUES),
        read_table(predictions[run], PREDICTIONS),
    )
    film = read_table(films, FILMS).set_index("film_id").loc[film_id]
    titles = track_titles(read_table(tracks, TRACKS), MAX_TITLE_COLUMNS) if tracks else {}
    drawn = explain_figure(
        f"{figures.isolated(film.title)}: predictions of {run_title(run)} for each cue",
        by_cue[by_cue["film_id"] == film_id],
        by_film[(by_film["film_id"] == film_id) & (by_film["repeat"] == 0)],
        read_table(cues, CUES) if cues else None,
        film.duration_s,
        titles,
    )
    figures.save(drawn, figure)


def explain_figure(
    heading: str,
    by_cue: pd.DataFrame,
    by_film: pd.DataFrame,
    cues: pd.DataFrame | None,
    duration_s: float,
    titles: Mapping[str, str],
) -> plt.Figure:
    """Draw a lane per genre, predicted or true ones first, with a bar per cue.

    A bar's height is the probability of the genre if the cue were all the music; the darker, the
    higher its weight. The cue that contributes most is named where the genre is predicted or true.

    Parameters
    ----------
    heading : str
    by_cue : pandas.DataFrame
        The film's rows of GENRE_CUES.
    by_film : pandas.DataFrame
        The film's rows of PREDICTIONS, of one training run; none if the film took no part.
    cues : pandas.DataFrame or None
        The film's table of CUES; None, or one that lacks a cue, puts the cues side by side by their
        number.
    duration_s : float
        Length of the film.
    titles : mapping of str to str
        Titles of the tracks of `cues`, by track_id, as they are to be written.

    Returns
    -------
    matplotlib.figure.Figure
    """
    if by_cue.empty or by_film.empty:
        return _empty_figure(heading)
    spans = cue_spans(by_cue, cues)
    order = lane_order(by_film)
    figure, axes = plt.subplots(
        len(order),
        sharex=True,
        sharey=True,
        squeeze=False,
        figsize=(WIDTH_INCHES, 1.3 + LANE_INCHES * len(order)),
    )
    end = duration_s if "track_id" in spans else spans["end"].max()
    for axis, row in zip(axes[:, 0], order.itertuples(), strict=True):
        rows = by_cue[by_cue["genre"] == row.genre].set_index("cue_id").loc[spans.index]
        _draw_lane(axis, rows, spans, end)
        _label_lane(axis, row)
        if row.predicted or row.actual:
            _label_strongest(axis, rows, spans, titles)
    _label_time(axes[-1, 0], spans)
    axes[0, 0].set(ylim=(0, 1), yticks=(0, THRESHOLD, 1), yticklabels=("0", "0.5", "1"))
    figure.suptitle(heading, x=0.01, ha="left", fontsize=12)
    _add_legend(figure)
    return figure


def lane_order(by_film: pd.DataFrame) -> pd.DataFrame:
    """Order the genres of a film: predicted and true, predicted, true, then the others.

    Parameters
    ----------
    by_film : pandas.DataFrame
        The film's rows of PREDICTIONS.

    Returns
    -------
    pandas.DataFrame
        The same rows; genres of one kind are in order of their probability.
    """
    kind = 2 * by_film["predicted"].astype(int) + by_film["actual"]
    return by_film.iloc[np.lexsort([-by_film["probability"], -kind])]


def cue_spans(by_cue: pd.DataFrame, cues: pd.DataFrame | None) -> pd.DataFrame:
    """Find where each cue is drawn.

    Parameters
    ----------
    by_cue : pandas.DataFrame
        The film's rows of GENRE_CUES.
    cues : pandas.DataFrame or None
        The film's table of CUES.

    Returns
    -------
    pandas.DataFrame, one row per cue, by cue_id
        `start`, `end` in seconds of the film, and `track_id`, if `cues` has all of them; else
        `start` and `end` around the cue's number, from 1.
    """
    names = by_cue["cue_id"].drop_duplicates()
    if cues is not None and names.isin(cues["cue_id"]).all():
        spans = cues.set_index("cue_id").loc[names, ["film_start_s", "film_end_s", "track_id"]]
        return spans.rename(columns={"film_start_s": "start", "film_end_s": "end"})
    number = np.arange(1, len(names) + 1)
    return pd.DataFrame({"start": number - 0.45, "end": number + 0.45}, index=names)


def _draw_lane(axis: Axes, rows: pd.DataFrame, spans: pd.DataFrame, end: float) -> None:
    axis.axhline(THRESHOLD, color=figures.QUIET, lw=0.7, ls="--", zorder=0)
    left = spans["start"].to_numpy()
    right = np.maximum(spans["end"].to_numpy(), left + MIN_WIDTH * end)
    classes = np.digitize(rows["weight"] * len(rows), SHARES)
    for number, shade in enumerate(SHADES):
        mask = classes == number
        if mask.any():  # one path for all bars of a shade, as a page holds many of these figures
            bars = _bars(left[mask], right[mask], rows["probability"].to_numpy()[mask])
            axis.add_patch(PathPatch(bars, fc=shade, lw=0))
    axis.set_xlim(0 if "track_id" in spans else 0.4, end)
    axis.spines["left"].set_visible(False)
    axis.tick_params(length=2, labelsize=8, bottom=axis.get_subplotspec().is_last_row())


def _bars(left: np.ndarray, right: np.ndarray, height: np.ndarray) -> Path:
    floor = np.zeros_like(height)
    x = np.stack([left, left, right, right, left], axis=1)
    y = np.stack([floor, height, height, floor, floor], axis=1)
    codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]
    return Path(np.stack([x, y], axis=2).reshape(-1, 2), np.tile(codes, len(left)))


def _label_lane(axis: Axes, row) -> None:
    text, colour = OUTCOMES[bool(row.predicted), bool(row.actual)]
    left = {"xycoords": "axes fraction", "textcoords": "offset points", "ha": "right"}
    weight = "bold" if row.predicted or row.actual else "normal"
    name = f"{figures.isolated(row.genre)} {row.probability:.2f}"
    axis.annotate(name, (0, 0.52), (-26, 0), weight=weight, **left)
    axis.annotate(text, (0, 0.12), (-26, 0), color=colour, fontsize=8, **left)


def _label_strongest(
    axis: Axes, rows: pd.DataFrame, spans: pd.DataFrame, titles: Mapping[str, str]
) -> None:
    strongest = (rows["weight"] * rows["probability"]).idxmax()
    if "track_id" in spans:
        start, track = spans.loc[strongest, ["start", "track_id"]]
        text = f"most from {figures.clock(start)}\n{titles[track]}"
    else:
        text = f"most from\n{shorten(strongest, MAX_TITLE_COLUMNS)}"
    axis.text(1.01, 0.5, text, transform=axis.transAxes, fontsize=8, va="center")


def _label_time(axis: Axes, spans: pd.DataFrame) -> None:
    if "track_id" in spans:
        axis.xaxis.set_major_locator(MaxNLocator(10, steps=[1, 2, 3, 6, 10]))
        axis.xaxis.set_major_formatter(FuncFormatter(lambda seconds, _: figures.clock(seconds)))
        axis.set_xlabel("film time (min:s)", fontsize=9)
    else:
        axis.xaxis.set_major_locator(MaxNLocator(12, integer=True))
        axis.set_xlabel("cue", fontsize=9)


def _add_legend(figure: plt.Figure) -> None:
    handles = [
        Patch(color=shade, label=name) for shade, name in zip(SHADES, SHADE_NAMES, strict=True)
    ]
    figure.legend(
        handles=handles,
        loc="outside lower center",
        ncols=len(handles),
        fontsize=8,
        title_fontsize=8,
        title="height: probability of the genre from this cue alone; shade: its weight in the "
        "film's prediction, relative to equal weights",
    )


def _empty_figure(heading: str) -> plt.Figure:
    figure, axis = plt.subplots(figsize=(WIDTH_INCHES, 1.2))
    axis.set_axis_off()
    axis.set_title(heading)
    axis.text(0.5, 0.5, "no cue of this film was found", ha="center", transform=axis.transAxes)
    return figure
