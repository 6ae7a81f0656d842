"""Overview of a film: cues, features of their music and visual statistics on one time axis."""

import os
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from scorelens import figures, tables
from scorelens.albums.names import shorten, text_columns, track_titles
from scorelens.cues import time_series
from scorelens.cues.decibels import LIMIT_DB
from scorelens.cues.plot import TICKS, UNKNOWN
from scorelens.music import find_unknown_music
from scorelens.sections import formats, svg

COLUMNS = (
    "dynamics.rms.mean",
    "rhythm.tempo.mean",
    "tone.brightness.mean",
    *time_series.CHROMA,
)
SOUND, PICTURE = figures.PALETTE[0], figures.PALETTE[2]
MAJOR, MINOR = figures.PALETTE[1], figures.PALETTE[0]
MIN_SATURATION = 0.3  # share of a track's colour at confidence 0.5 and below
WIDTH_IN, LEFT_IN, AXIS_IN, TOP_IN, BOTTOM_IN, GAP_IN = 10.0, 1.35, 8.35, 0.35, 0.5, 0.14
LETTER_IN = 0.085  # widest letter of a bar's text
MIN_LETTERS = 10  # of a title that is shortened to its bar
SMALL = 8  # font size, points
Row = tuple[float, Callable[[Axes], None]]  # height in inches, and what draws the row


def plot_film_overview(
    title: str,
    cues: str | os.PathLike,
    visuals: str | os.PathLike,
    status: str | os.PathLike,
    tracks: str | os.PathLike,
    path: str | os.PathLike,
    features: str | os.PathLike | None = None,
    levels: str | os.PathLike | None = None,
    music: str | os.PathLike | None = None,
    unknown: Mapping[str, float] = MappingProxyType({}),
) -> None:
    """Draw the overview of one film from its tables.

    Parameters
    ----------
    title : str
        Title of the film.
    cues, visuals, status, tracks : path
        The film's tables (CUES, VISUALS, STATUS, TRACKS).
    path : path
        SVG to write.
    features : path, optional
        The film's table of the feature set `mir` (FEATURES).
    levels : path, optional
        How loud the music of its cues is (CUE_LEVELS).
    music : path, optional
        The film's music by the second (MUSIC).
    unknown : mapping
        Settings of `find_unknown_music`; needed with `music`.
    """
    columns = [*tables.FEATURES.names, *COLUMNS]
    matched = tables.read_table(cues, tables.CUES)
    content = draw_overview(
        matched,
        tables.read_table(features, tables.FEATURES, columns) if features else None,
        tables.read_table(visuals, tables.VISUALS),
        float(tables.read_table(status, tables.STATUS).duration_s.iloc[0]),
        track_titles(tables.read_table(tracks, tables.TRACKS)),
        find_unknown_music(tables.read_table(music, tables.MUSIC), matched, **unknown)
        if music
        else None,
        tables.read_table(levels, tables.CUE_LEVELS) if levels else None,
        title,
    )
    with tables.atomic(path) as temporary:
        temporary.write_bytes(content)


def draw_overview(
    cues: pd.DataFrame,
    features: pd.DataFrame | None,
    visuals: pd.DataFrame,
    duration_s: float,
    titles: Mapping[str, str],
    unknown: pd.DataFrame | None = None,
    levels: pd.DataFrame | None = None,
    title: str = "",
) -> bytes:
    """Draw the overview of one film.

    Parameters
    ----------
    cues, visuals : DataFrame
        Tables of CUES and VISUALS of the film; either may be empty.
    features : DataFrame or None
        Table of FEATURES of the set `mir`, with at least `COLUMNS`. None leaves the music out.
    duration_s : float
        Running time of the film, s.
    titles : mapping of str to str
        Title of each track of the album, by track_id.
    unknown : DataFrame, optional
        Music of the film without a cue (UNKNOWN_MUSIC), drawn grey between the cues.
    levels : DataFrame, optional
        How loud the music of the cues is (CUE_LEVELS). Without, that row is left out.
    title : str
        Title of the film, above the rows.

    Returns
    -------
    bytes
        SVG.
    """
    bin_s = time_series.bin_width_s(duration_s)
    draw_cues = partial(
        _draw_cues, cues=cues, duration_s=duration_s, titles=titles, unknown=unknown
    )
    rows: list[Row] = [(0.36, draw_cues)]
    if levels is not None:
        rows.append(_level_row(levels, bin_s))
    if features is not None:
        rows += _music_rows(features, bin_s)
    rows += _picture_rows(visuals, bin_s)
    figure, axes = _stacked_axes([height for height, _ in rows], duration_s)
    for axis, (_, draw) in zip(axes, rows, strict=True):
        draw(axis)
    axes[0].set_title(figures.isolated(title))
    return svg.compact_svg(figure)


def confidence_colour(rank: int, confidence: float) -> np.ndarray:
    """Colour of a cue: its track's colour, paler the lower the confidence.

    Parameters
    ----------
    rank : int
        Rank of the track among those of the film. Colours repeat after the last of the palette.
    confidence : float
        In 0..1. The colour is full at 1 and palest at 0.5 and below.

    Returns
    -------
    ndarray, shape (3,)
        RGB in 0..1.
    """
    colour = np.array(to_rgb(figures.PALETTE[rank % len(figures.PALETTE)]))
    share = MIN_SATURATION + (1 - MIN_SATURATION) * np.clip(2 * confidence - 1, 0, 1)
    return 1 - share * (1 - colour)


def _level_row(levels: pd.DataFrame, bin_s: int) -> Row:
    line = time_series.binned_line(levels.time_s, levels.music_to_rest_db, levels.cue_id, bin_s)
    limits = {"low": -LIMIT_DB, "high": LIMIT_DB}
    style = {"label": "music to\nthe rest, dB", "colour": SOUND, "empty_note": "no cue", **limits}
    return 0.7, partial(_draw_line, line=line, **style)


def _music_rows(features: pd.DataFrame, bin_s: int) -> list[Row]:
    def row(label: str, values: pd.Series, low: float, high: float | None) -> Row:
        line = time_series.binned_line(features.time_s, values, features.cue_id, bin_s)
        style = {"label": label, "low": low, "high": high, "colour": SOUND}
        return 0.7, partial(_draw_line, line=line, empty_note=note, **style)

    note = "no value" if len(features) else "no cue"
    loudness = formats.decibels(features["dynamics.rms.mean"])
    keys = time_series.key_segments(features, bin_s)
    return [
        row("tempo\nBPM", features["rhythm.tempo.mean"], 40, 200),
        (1.8, partial(_draw_keys, segments=keys, empty_note=note)),
        row("loudness\nRMS, dB", loudness, formats.MIN_DB, 0),
        row("bright sound\nshare > 1.5 kHz", features["tone.brightness.mean"], 0, None),
    ]


def _picture_rows(visuals: pd.DataFrame, bin_s: int) -> list[Row]:
    def row(label: str, values: pd.Series) -> Row:
        line = time_series.binned_line(visuals.time_s, values, visuals.film_id, bin_s)
        style = {"label": label, "low": 0, "high": None, "colour": PICTURE}
        return 0.7, partial(_draw_line, line=line, empty_note=note, **style)

    note = "not measured" if len(visuals) else "no picture"
    return [
        row("bright picture\nluma, 0 to 1", visuals.brightness),
        row("cuts\na minute", time_series.cuts_per_minute(visuals.cuts)),
        row("motion\nluma change", visuals.motion_energy),
    ]


def _stacked_axes(heights: list[float], duration_s: float) -> tuple[Figure, list[Axes]]:
    """A figure of rows over one grid of film time; heights in inches."""
    total = sum(heights) + GAP_IN * (len(heights) - 1) + TOP_IN + BOTTOM_IN
    figure = plt.figure(figsize=(WIDTH_IN, total), layout="none")

    def add(bottom: float, height: float) -> Axes:
        box = (LEFT_IN / WIDTH_IN, bottom / total, AXIS_IN / WIDTH_IN, height / total)
        axis = figure.add_axes(box, facecolor="none")
        axis.tick_params(labelsize=SMALL)
        axis.set_xlim(0, duration_s or 1)
        axis.spines.bottom.set(color="#b0b0b0", linewidth=0.6)
        return axis

    _draw_time(add(BOTTOM_IN, total - TOP_IN - BOTTOM_IN), duration_s)
    tops = total - TOP_IN - np.cumsum([0, *heights[:-1]]) - GAP_IN * np.arange(len(heights))
    rows = [add(top - height, height) for top, height in zip(tops, heights, strict=True)]
    for row in rows:
        row.set_xticks([])
    return figure, rows


def _draw_time(axis: Axes, duration_s: float) -> None:
    """The time axis, with one grid behind all rows."""
    figures.set_time_ticks(axis, duration_s, TICKS)
    axis.set_xlabel("film time (min:s)", size=SMALL)
    axis.grid(axis="x", color="#e4e4e4", linewidth=0.6)
    axis.spines.left.set_visible(False)
    axis.set_yticks([])


def _draw_cues(
    axis: Axes,
    cues: pd.DataFrame,
    duration_s: float,
    titles: Mapping[str, str],
    unknown: pd.DataFrame | None,
) -> None:
    """One bar a cue, with the title of its track where it fits; flat bars of other music."""
    if unknown is not None:
        axis.barh(0, unknown.end_s - unknown.start_s, 0.5, unknown.start_s, **UNKNOWN)
    ranks = {track: rank for rank, track in enumerate(sorted(cues.track_id.unique()))}
    inches_per_s = AXIS_IN / duration_s if duration_s else 0
    for cue in cues.itertuples():
        length_s = cue.film_end_s - cue.film_start_s
        colour = confidence_colour(ranks[cue.track_id], cue.confidence)
        axis.barh(0, length_s, 1, cue.film_start_s, color=colour, ec="white", lw=0.5)
        letters, title = int(length_s * inches_per_s / LETTER_IN), titles[cue.track_id]
        if letters >= min(MIN_LETTERS, text_columns(title)):
            middle_s = cue.film_start_s + length_s / 2
            text_colour = "white" if np.dot(colour, (0.2126, 0.7152, 0.0722)) < 0.4 else "black"
            text = shorten(title, letters)
            axis.text(middle_s, 0, text, size=7, color=text_colour, ha="center", va="center")
    axis.set(ylim=(-0.5, 0.5), yticks=[])
    axis.spines.left.set_visible(False)
    _add_label(axis, "cues\nby track")
    if cues.empty:
        _add_note(axis, "no cue")


def _draw_keys(axis: Axes, segments: pd.DataFrame, empty_note: str) -> None:
    for major, colour, width in ((True, MAJOR, 5), (False, MINOR, 3)):
        rows = segments[segments.major == major]
        gaps = np.full(len(rows), np.nan)
        x = np.column_stack([rows.start_s, rows.end_s, gaps]).ravel()
        axis.plot(x, np.repeat(rows.fifth, 3), color=colour, lw=width, solid_capstyle="butt")
    axis.set_yticks(range(12), time_series.FIFTHS, size=7)
    axis.set_ylim(-0.7, 11.7)
    axis.grid(axis="y", color="#eeeeee", linewidth=0.6)
    _add_label(axis, "key\nby fifths")
    if segments.empty:
        _add_note(axis, empty_note)
        return
    handles = [Patch(color=MAJOR, label="major"), Patch(color=MINOR, label="minor")]
    axis.legend(handles=handles, loc="center left", bbox_to_anchor=(-0.172, 0.2), fontsize=7)


def _draw_line(
    axis: Axes,
    line: tuple[np.ndarray, np.ndarray],
    label: str,
    low: float,
    high: float | None,
    colour: str,
    empty_note: str,
) -> None:
    """A line over film time; low and high are the limits of the scale, high None follows values."""
    axis.plot(*line, color=colour, lw=1)
    axis.yaxis.set_major_locator(MaxNLocator(3))
    _add_label(axis, label)
    if np.isnan(line[1]).all():
        axis.set_yticks([])
        _add_note(axis, empty_note)
        return
    axis.set_ylim(low, (1.05 * np.nanmax(line[1]) or 1) if high is None else high)


def _add_label(axis: Axes, text: str) -> None:
    style = {"size": SMALL, "va": "center", "linespacing": 1.3}
    axis.text(-LEFT_IN / AXIS_IN, 0.5, text, transform=axis.transAxes, **style)


def _add_note(axis: Axes, text: str) -> None:
    style = {"size": SMALL, "color": figures.QUIET, "ha": "center", "va": "center"}
    axis.text(0.5, 0.5, text, transform=axis.transAxes, **style)
