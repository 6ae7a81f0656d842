"""One strip a film: its cues, what their music measures and the picture, on one film-time axis."""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator

from scorelens import figures
from scorelens.albums.names import shorten, text_columns
from scorelens.cues.plot import NICE_S, TICKS
from scorelens.report import svg, time_series

COLUMNS = (
    "dynamics.rms.mean",
    "rhythm.tempo.mean",
    "tone.brightness.mean",
    *time_series.CHROMA,
)
SOUND, PICTURE = figures.PALETTE[0], figures.PALETTE[2]
MAJOR, MINOR = figures.PALETTE[1], figures.PALETTE[0]
PALEST = 0.3  # share of a track's colour at confidence 0.5 or less
WIDTH_IN, LEFT_IN, ROOM_IN, TOP_IN, BOTTOM_IN, GAP_IN = 10.0, 1.35, 8.35, 0.1, 0.5, 0.14
LETTER_IN = 0.085  # a letter of a bar's text is no wider
LEAST_LETTERS = 10  # of a title that is cut to its bar
SMALL = 8  # points
Row = tuple[float, Callable[[Axes], None]]


def draw_strip(
    cues: pd.DataFrame,
    features: pd.DataFrame | None,
    visuals: pd.DataFrame,
    duration_s: float,
    titles: Mapping[str, str],
) -> bytes:
    """Draw the strip of one film as SVG.

    cues, visuals: the film's tables of CUES and VISUALS. features: its table of FEATURES of the set
    `mir`, with `COLUMNS` at least, or None if the run lacks that set: then there are rows for the
    cues and the picture alone. duration_s: running time of the film, s. titles: of the tracks of
    its album, by track_id.
    """
    step_s = time_series.bin_s(duration_s)
    draw_cues = partial(_draw_cues, cues=cues, duration_s=duration_s, titles=titles)
    rows: list[Row] = [(0.36, draw_cues)]
    if features is not None:
        rows += _sound_rows(features, step_s)
    rows += _picture_rows(visuals, step_s)
    figure, axes = _stacked([height for height, _ in rows], duration_s)
    for axis, (_, draw) in zip(axes, rows, strict=True):
        draw(axis)
    return svg.drawn(figure)


def _sound_rows(features: pd.DataFrame, step_s: int) -> list[Row]:
    def row(label: str, values: pd.Series, low: float, high: float | None) -> Row:
        points = time_series.trace(features.time_s, values, features.cue_id, step_s)
        look = {"label": label, "low": low, "high": high, "colour": SOUND}
        return 0.7, partial(_draw_line, points=points, none=none, **look)

    none = "no value" if len(features) else "no cue"
    loudness = time_series.decibels(features["dynamics.rms.mean"])
    keys = time_series.key_runs(features, step_s)
    return [
        row("tempo\nBPM", features["rhythm.tempo.mean"], 40, 200),
        (1.8, partial(_draw_keys, runs=keys, none=none)),
        row("loudness\nRMS, dB", loudness, time_series.QUIETEST_DB, 0),
        row("bright sound\nshare > 1.5 kHz", features["tone.brightness.mean"], 0, None),
    ]


def _picture_rows(visuals: pd.DataFrame, step_s: int) -> list[Row]:
    def row(label: str, values: pd.Series) -> Row:
        points = time_series.trace(visuals.time_s, values, visuals.film_id, step_s)
        look = {"label": label, "low": 0, "high": None, "colour": PICTURE}
        return 0.7, partial(_draw_line, points=points, none=none, **look)

    none = "not measured" if len(visuals) else "no picture"
    return [
        row("bright picture\nluma, 0 to 1", visuals.brightness),
        row("cuts\na minute", time_series.cuts_a_minute(visuals.cuts)),
        row("motion\nluma change", visuals.motion_energy),
    ]


def _stacked(heights: list[float], duration_s: float) -> tuple[Figure, list[Axes]]:
    """A figure of rows over one grid of film time; heights in inches."""
    whole = sum(heights) + GAP_IN * (len(heights) - 1) + TOP_IN + BOTTOM_IN
    figure = plt.figure(figsize=(WIDTH_IN, whole), layout="none")

    def axes(bottom: float, height: float) -> Axes:
        box = (LEFT_IN / WIDTH_IN, bottom / whole, ROOM_IN / WIDTH_IN, height / whole)
        own = figure.add_axes(box, facecolor="none")
        own.tick_params(labelsize=SMALL)
        own.set_xlim(0, duration_s or 1)
        own.spines.bottom.set(color="#b0b0b0", linewidth=0.6)
        return own

    _draw_time(axes(BOTTOM_IN, whole - TOP_IN - BOTTOM_IN), duration_s)
    tops = whole - TOP_IN - np.cumsum([0, *heights[:-1]]) - GAP_IN * np.arange(len(heights))
    rows = [axes(top - height, height) for top, height in zip(tops, heights, strict=True)]
    for row in rows:
        row.set_xticks([])
    return figure, rows


def _draw_time(axis: Axes, duration_s: float) -> None:
    """The time axis, with a grid over all rows: one picture of it, and not one a row."""
    step = next((s for s in NICE_S if duration_s / s <= TICKS), NICE_S[-1])
    axis.xaxis.set_major_locator(MultipleLocator(step))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda s, _: f"{int(s) // 60}:{int(s) % 60:02d}"))
    axis.set_xlabel("film time (min:s)", size=SMALL)
    axis.grid(axis="x", color="#e4e4e4", linewidth=0.6)
    axis.spines.left.set_visible(False)
    axis.set_yticks([])


def _draw_cues(
    axis: Axes, cues: pd.DataFrame, duration_s: float, titles: Mapping[str, str]
) -> None:
    """A bar a cue, in its track's colour, the paler the less sure, with the title where it fits."""
    ranks = {track: rank for rank, track in enumerate(sorted(cues.track_id.unique()))}
    in_a_second = ROOM_IN / duration_s if duration_s else 0
    for cue in cues.itertuples():
        length_s = cue.film_end_s - cue.film_start_s
        colour = shade(ranks[cue.track_id], cue.confidence)
        axis.barh(0, length_s, 1, cue.film_start_s, color=colour, ec="white", lw=0.5)
        letters, title = int(length_s * in_a_second / LETTER_IN), titles[cue.track_id]
        if letters >= min(LEAST_LETTERS, text_columns(title)):
            middle_s = cue.film_start_s + length_s / 2
            ink = "white" if np.dot(colour, (0.2126, 0.7152, 0.0722)) < 0.4 else "black"
            words = shorten(title, letters)
            axis.text(middle_s, 0, words, size=7, color=ink, ha="center", va="center")
    axis.set(ylim=(-0.5, 0.5), yticks=[])
    axis.spines.left.set_visible(False)
    _label(axis, "cues\nby track")
    if cues.empty:
        _say(axis, "no cue")


def shade(rank: int, confidence: float) -> np.ndarray:
    """The colour of a track's cue, RGB in 0..1 (3,): full at confidence 1, palest from 0.5 down.

    rank: the track's place among those that play; colours come again after the palette's last.
    """
    colour = np.array(to_rgb(figures.PALETTE[rank % len(figures.PALETTE)]))
    share = PALEST + (1 - PALEST) * np.clip(2 * confidence - 1, 0, 1)
    return 1 - share * (1 - colour)


def _draw_keys(axis: Axes, runs: pd.DataFrame, none: str) -> None:
    for major, colour, width in ((True, MAJOR, 5), (False, MINOR, 3)):
        own = runs[runs.major == major]
        gaps = np.full(len(own), np.nan)
        x = np.column_stack([own.start_s, own.end_s, gaps]).ravel()
        axis.plot(x, np.repeat(own.fifth, 3), color=colour, lw=width, solid_capstyle="butt")
    axis.set_yticks(range(12), time_series.FIFTHS, size=7)
    axis.set_ylim(-0.7, 11.7)
    axis.grid(axis="y", color="#eeeeee", linewidth=0.6)
    _label(axis, "key\nby fifths")
    if runs.empty:
        _say(axis, none)
        return
    keys = [Patch(color=MAJOR, label="major"), Patch(color=MINOR, label="minor")]
    axis.legend(handles=keys, loc="center left", bbox_to_anchor=(-0.172, 0.2), fontsize=7)


def _draw_line(
    axis: Axes,
    points: tuple[np.ndarray, np.ndarray],
    label: str,
    low: float,
    high: float | None,
    colour: str,
    none: str,
) -> None:
    """A line over the film. low, high: limits of the scale, high None to follow the values."""
    axis.plot(*points, color=colour, lw=1)
    axis.yaxis.set_major_locator(MaxNLocator(3))
    _label(axis, label)
    if np.isnan(points[1]).all():
        axis.set_yticks([])
        _say(axis, none)
        return
    axis.set_ylim(low, (1.05 * np.nanmax(points[1]) or 1) if high is None else high)


def _label(axis: Axes, words: str) -> None:
    look = {"size": SMALL, "va": "center", "linespacing": 1.3}
    axis.text(-LEFT_IN / ROOM_IN, 0.5, words, transform=axis.transAxes, **look)


def _say(axis: Axes, words: str) -> None:
    look = {"size": SMALL, "color": figures.QUIET, "ha": "center", "va": "center"}
    axis.text(0.5, 0.5, words, transform=axis.transAxes, **look)
