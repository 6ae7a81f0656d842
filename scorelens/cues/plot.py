"""Draw the cues of a film on a timeline, with the truth where it is known."""

import os
from collections.abc import Mapping
from types import MappingProxyType

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Patch

from scorelens import figures, tables
from scorelens.albums.names import track_names
from scorelens.cues.speed import film_speed
from scorelens.music import find_unknown_music

WIDTH_IN = 10.0
ROW_IN = 0.24
COLUMNS, LINE_IN = 75, 0.2  # of a title, beside the speed on the right
FRAME_IN = 1.1  # title, legend and time axis
SHADES = LinearSegmentedColormap.from_list("confidence", ["#d7e9f5", figures.PALETTE[0]])
TICKS = 12
NAME_COLUMNS = 44  # maximum length of a row's name
TRUE = {"facecolor": "none", "edgecolor": "black", "linewidth": 0.9}
DECOY = {"facecolor": "none", "edgecolor": figures.QUIET, "hatch": "////", "linewidth": 0.5}
UNKNOWN = {"color": "#c9c9c9"}  # music that was detected and has no cue
SPAN_COLUMNS = {"start_s": "film_start_s", "end_s": "film_end_s"}


def plot_cues(
    title: str,
    cues: str | os.PathLike,
    status: str | os.PathLike,
    tracks: str | os.PathLike,
    path: str | os.PathLike,
    truth: str | os.PathLike | None = None,
    music: str | os.PathLike | None = None,
    unknown: Mapping[str, float] = MappingProxyType({}),
) -> None:
    """Draw the cues of a film over its running time.

    Parameters
    ----------
    title : str
        Title of the film.
    cues, status, tracks : path
        The film's tables (`tables.CUES`, `tables.STATUS`, `tables.TRACKS`).
    path : path
        Where the figure goes.
    truth : path, optional
        The true cues (`tables.TRUTH`).
    music : path, optional
        The film's music by the second (`tables.MUSIC`).
    unknown : mapping
        Settings of `find_unknown_music`; needed with `music`.
    """
    film = tables.read_table(status, tables.STATUS).iloc[0]
    true_cues = tables.read_table(truth, tables.TRUTH) if truth else None
    names = track_names(tables.read_table(tracks, tables.TRACKS), NAME_COLUMNS)
    predicted = tables.read_table(cues, tables.CUES)
    others = None
    if music:
        others = find_unknown_music(tables.read_table(music, tables.MUSIC), predicted, **unknown)
    draw_timeline(predicted, true_cues, title, film.duration_s, names, path, others)


def draw_timeline(
    cues: pd.DataFrame,
    truth: pd.DataFrame | None,
    title: str,
    duration_s: float,
    names: Mapping[str, str],
    path: str | os.PathLike,
    unknown: pd.DataFrame | None = None,
) -> None:
    """Draw one row for each track that plays: bars for predicted cues, outlines for true cues.

    The darker a bar, the higher the confidence of its cue. Music of no album track has a row of its
    own: decoys are hatched, what was detected without a cue is grey.

    Parameters
    ----------
    cues : DataFrame
        Predicted cues (`tables.CUES`).
    truth : DataFrame or None
        True cues (`tables.TRUTH`).
    title : str
        Title of the film.
    duration_s : float
        Its running time, s.
    names : mapping of str to str
        Name of each track of the album, by track_id, in the order of the rows.
    path : path
        Where the figure goes.
    unknown : DataFrame, optional
        Music without a cue (`tables.UNKNOWN_MUSIC`).
    """
    decoys = truth[truth.decoy] if truth is not None else cues[:0]
    true = truth[~truth.decoy] if truth is not None else cues[:0]
    unknown = cues[:0] if unknown is None else unknown.rename(columns=SPAN_COLUMNS)
    has_others = bool(len(decoys) or len(unknown))
    playing = {*cues.track_id, *true.track_id}
    shown = [track_id for track_id in names if track_id in playing]
    counts = f"{cues.track_id.nunique()} of {len(names)} tracks found, {len(cues)} cues"
    heading = figures.wrapped(f"{figures.isolated(title)}: {counts}", COLUMNS)
    height = FRAME_IN + ROW_IN * max(2, len(shown) + has_others) + LINE_IN * heading.count("\n")
    figure, axes = plt.subplots(figsize=(WIDTH_IN, height))
    rows = {track_id: row for row, track_id in enumerate(shown)}
    _bars(axes, cues, cues.track_id.map(rows), 0.62, color=_shades(cues.confidence))
    _bars(axes, true, true.track_id.map(rows), 0.86, **TRUE)
    _bars(axes, unknown, np.full(len(unknown), len(shown)), 0.62, **UNKNOWN)
    _bars(axes, decoys, np.full(len(decoys), len(shown)), 0.62, **DECOY)
    labels = [names[track_id] for track_id in shown] + ["(not on the album)"] * has_others
    axes.set_yticks(range(len(labels)), labels, size=8)
    axes.set_ylim(max(len(labels), 1) - 0.4, -0.6)
    axes.set_title(heading)
    if len(cues):
        speed = f"runs at {film_speed(cues):.4f} times the speed of its album"
        axes.set_title(speed, loc="right", size=9, color=figures.QUIET)
    _time_axis(axes, duration_s)
    if labels:
        _legend(axes, truth is not None, bool(len(decoys)), bool(len(unknown)))
    else:
        message = "no track of the album was found"
        axes.text(0.5, 0.5, message, transform=axes.transAxes, ha="center")
    figures.save(figure, path)


def _bars(axes: Axes, cues: pd.DataFrame, rows, height: float, **style) -> None:
    axes.barh(rows, cues.film_end_s - cues.film_start_s, height, cues.film_start_s, **style)


def _shades(confidence: pd.Series) -> np.ndarray:
    return SHADES(2 * confidence.to_numpy(float) - 1)


def _time_axis(axes: Axes, duration_s: float) -> None:
    axes.set_xlim(0, duration_s)
    figures.set_time_ticks(axes, duration_s, TICKS)
    axes.set_xlabel("film time (min:s)")
    axes.grid(axis="x", color="#e4e4e4", linewidth=0.6)
    axes.set_axisbelow(True)


def _legend(axes: Axes, has_truth: bool, has_decoys: bool, has_unknown: bool) -> None:
    high, low = _shades(pd.Series([1.0, 0.5]))
    handles = [
        Patch(color=high, label="found, confidence 1"),
        Patch(color=low, label="found, confidence 0.5 or less"),
    ]
    if has_truth:
        handles.append(Patch(label="truth", **TRUE))
    if has_decoys:
        handles.append(Patch(label="music of no album track", **DECOY))
    if has_unknown:
        handles.append(Patch(label="other music, detected", **UNKNOWN))
    axes.figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), fontsize=8)
