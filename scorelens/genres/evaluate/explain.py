"""Which cues make a film what a model says it is: what it hears in each, and what that weighs."""

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
from scorelens.genres import THRESHOLD
from scorelens.genres.evaluate.plot_style import run_title
from scorelens.genres.evaluate.score import MACRO
from scorelens.tables import CUES, FILMS, GENRE_CUES, GENRE_SCORES, PREDICTIONS, TRACKS, read_table

WIDTH_INCHES = 11
LANE_INCHES = 0.62
THINNEST = 1 / 300  # of the figure: a shorter cue is drawn as wide as this
# How a cue's weight compares with an even share, and the shade of it; the paler the less.
SHARES = (0.5, 0.8, 1.25, 2)
SHADES = ("#dbe7f1", "#a8c8e0", "#67a3cd", "#2a72b0", "#08305f")
KEYS = ("less than half", "0.5 to 0.8", "about even", "1.25 to 2", "more than twice")
OUTCOMES = {
    (True, True): ("said, true", figures.PALETTE[2]),
    (True, False): ("said, not true", figures.PALETTE[3]),
    (False, True): ("true, not said", figures.PALETTE[3]),
    (False, False): ("not said", figures.QUIET),
}
LONGEST = 26  # columns of a title

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
    """Draw what a model that never saw a film hears in its cues.

    predictions, genre_cues: tables of the contracts PREDICTIONS and GENRE_CUES for each (feature
    set, model); the one of the highest macro F1 in `scores` is drawn. films: the film table, for
    the title and the length. cues, tracks: the film's tables of the contracts CUES and TRACKS;
    without them, as in a corpus of features alone, the cues stand side by side by their number.
    """
    table = read_table(scores, GENRE_SCORES).set_index(["genre", "feature_set", "model"]).f1
    run = max(predictions, key=lambda run: table[(MACRO, *run)])
    heard, said = read_table(genre_cues[run], GENRE_CUES), read_table(predictions[run], PREDICTIONS)
    film = read_table(films, FILMS).set_index("film_id").loc[film_id]
    places = read_table(cues, CUES) if cues else None
    titles = track_titles(read_table(tracks, TRACKS), LONGEST) if tracks else {}
    drawn = explain_figure(
        f"{figures.isolated(film.title)}: what {run_title(run)} hears in each cue",
        heard[heard["film_id"] == film_id],
        said[(said["film_id"] == film_id) & (said["repeat"] == 0)],
        places,
        film.duration_s,
        titles,
    )
    figures.save(drawn, figure)


def explain_figure(
    heading: str,
    heard: pd.DataFrame,
    said: pd.DataFrame,
    cues: pd.DataFrame | None,
    duration_s: float,
    titles: Mapping[str, str],
) -> plt.Figure:
    """A lane a genre, those that are said or true on top; in it a bar a cue.

    heard: the film's rows of GENRE_CUES. said: those of PREDICTIONS, of one training run; none if
    the film took no part. cues: the film's table of CUES; None, or one that lacks a cue, puts the
    cues side by side by their number. titles: of the tracks of `cues`, by track_id, as they are to
    be written. A bar's height is the probability of the genre if the cue
    were all the music; the darker, the more it weighs. The cue that adds most to the answer is
    named where the genre is said or true.
    """
    if heard.empty or said.empty:
        return _nothing(heading)
    spans = cue_spans(heard, cues)
    order = lane_order(said)
    figure, axes = plt.subplots(
        len(order),
        sharex=True,
        sharey=True,
        squeeze=False,
        figsize=(WIDTH_INCHES, 1.3 + LANE_INCHES * len(order)),
    )
    for axis, row in zip(axes[:, 0], order.itertuples(), strict=True):
        own = heard[heard["genre"] == row.genre].set_index("cue_id").loc[spans.index]
        end = duration_s if "track_id" in spans else spans["end"].max()
        _draw_lane(axis, own, spans, end)
        _name_lane(axis, row)
        if row.predicted or row.actual:
            _name_strongest(axis, own, spans, titles)
    _dress_time(axes[-1, 0], spans)
    axes[0, 0].set(ylim=(0, 1), yticks=(0, THRESHOLD, 1), yticklabels=("0", "0.5", "1"))
    figure.suptitle(heading, x=0.01, ha="left", fontsize=12)
    _explain_shades(figure)
    return figure


def lane_order(said: pd.DataFrame) -> pd.DataFrame:
    """The genres of a film, those said and true first, then said, then true, then the others.

    said: the film's rows of PREDICTIONS. Genres of one kind are in order of their probability.
    """
    rank = 2 * said["predicted"].astype(int) + said["actual"]
    order = np.lexsort([-said["probability"], -rank])
    return said.iloc[order]


def cue_spans(heard: pd.DataFrame, cues: pd.DataFrame | None) -> pd.DataFrame:
    """Where each cue is drawn: a row a cue, by cue_id, with start and end.

    In seconds of the film, with track_id, if `cues` has all of them; else in numbers from 1 on,
    each half a number to both sides.
    """
    names = heard["cue_id"].drop_duplicates()
    if cues is not None and names.isin(cues["cue_id"]).all():
        placed = cues.set_index("cue_id").loc[names, ["film_start_s", "film_end_s", "track_id"]]
        return placed.rename(columns={"film_start_s": "start", "film_end_s": "end"})
    number = np.arange(1, len(names) + 1)
    return pd.DataFrame({"start": number - 0.45, "end": number + 0.45}, index=names)


def _draw_lane(axis: Axes, own: pd.DataFrame, spans: pd.DataFrame, end: float) -> None:
    axis.axhline(THRESHOLD, color=figures.QUIET, lw=0.7, ls="--", zorder=0)
    left = spans["start"].to_numpy()
    right = np.maximum(spans["end"].to_numpy(), left + THINNEST * end)
    classes = np.digitize(own["weight"] * len(own), SHARES)
    for place, shade in enumerate(SHADES):
        chosen = classes == place
        if chosen.any():  # one path for all bars of a shade, as a page holds many of these figures
            bars = _bars(left[chosen], right[chosen], own["probability"].to_numpy()[chosen])
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


def _name_lane(axis: Axes, row) -> None:
    words, colour = OUTCOMES[bool(row.predicted), bool(row.actual)]
    left = {"xycoords": "axes fraction", "textcoords": "offset points", "ha": "right"}
    weight = "bold" if row.predicted or row.actual else "normal"
    axis.annotate(
        f"{figures.isolated(row.genre)} {row.probability:.2f}",
        (0, 0.52),
        (-26, 0),
        weight=weight,
        **left,
    )
    axis.annotate(words, (0, 0.12), (-26, 0), color=colour, fontsize=8, **left)


def _name_strongest(
    axis: Axes, own: pd.DataFrame, spans: pd.DataFrame, titles: Mapping[str, str]
) -> None:
    strongest = (own["weight"] * own["probability"]).idxmax()
    place = {"transform": axis.transAxes, "fontsize": 8, "va": "center"}
    if "track_id" in spans:
        start, track = spans.loc[strongest, ["start", "track_id"]]
        words = f"most from {_clock(start)}\n{titles[track]}"
    else:
        words = f"most from\n{shorten(strongest, LONGEST)}"
    axis.text(1.01, 0.5, words, **place)


def _dress_time(axis: Axes, spans: pd.DataFrame) -> None:
    if "track_id" in spans:
        axis.xaxis.set_major_locator(MaxNLocator(10, steps=[1, 2, 3, 6, 10]))
        axis.xaxis.set_major_formatter(FuncFormatter(lambda seconds, _: _clock(seconds)))
        axis.set_xlabel("film time (min:s)", fontsize=9)
    else:
        axis.xaxis.set_major_locator(MaxNLocator(12, integer=True))
        axis.set_xlabel("cue", fontsize=9)


def _explain_shades(figure: plt.Figure) -> None:
    keys = [Patch(color=shade, label=words) for shade, words in zip(SHADES, KEYS, strict=True)]
    figure.legend(
        handles=keys,
        loc="outside lower center",
        ncols=len(keys),
        fontsize=8,
        title_fontsize=8,
        title="height: probability of the genre from this cue alone; shade: its weight in the "
        "film's answer, against an even share",
    )


def _nothing(heading: str) -> plt.Figure:
    figure, axis = plt.subplots(figsize=(WIDTH_INCHES, 1.2))
    axis.set_axis_off()
    axis.set_title(heading)
    axis.text(0.5, 0.5, "no cue of this film was found", ha="center", transform=axis.transAxes)
    return figure


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
