"""Pictures of what the models say of a new film or album over its time."""

import os
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from scorelens import figures
from scorelens.albums.names import track_titles
from scorelens.evaluation import THRESHOLD
from scorelens.genres import title
from scorelens.tables import GENRE_ANSWERS, GENRE_APPLIED, TRACKS, read_provenance, read_table

WIDTH_INCHES, GENRE_INCHES = 11.0, 0.85
PANEL_INCHES, ROW_INCHES = 1.5, 0.22
MOST_IN_LINE = 10  # tracks that are drawn one after the other; more have a row each
LEAST_IN_LINE = 0.02  # share of the album that a track needs for its name
LONGEST_NAME = 28  # columns of a title
MOST_POINTS = 700  # on the axis of time, about as many as a screen shows
NICE_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
WHAT = "mean of the {folds} models, each trained without one film of the corpus"
CURVES = (
    "line: "
    + WHAT
    + "; band: 5% to 95% of them; above the dashes is yes; right: the whole, bold if yes"
)
ROWS = "shade: " + WHAT + "; numbers: each track, and above it the album; bold is yes"
NOTE = (
    "the models' own probabilities, not calibrated; windows of {window_s} s every {hop_s} s; "
    "gaps: silence"
)


def draw(
    windows: str | os.PathLike,
    answers: str | os.PathLike,
    tracks: str | os.PathLike,
    path: str | os.PathLike,
) -> None:
    """Draw the time line of a new film or album.

    windows, answers, tracks: its tables of the contracts GENRE_APPLIED, GENRE_ANSWERS and TRACKS. A
    film, and an album of few tracks, has a curve for each genre; an album of many has a row for
    each track.
    """
    over_time = read_table(windows, GENRE_APPLIED)
    wholes = read_table(answers, GENRE_ANSWERS)
    lengths = track_lengths(over_time)
    many = len(lengths) > MOST_IN_LINE or min(lengths) < LEAST_IN_LINE * sum(lengths)
    titles = track_titles(read_table(tracks, TRACKS), LONGEST_NAME)
    draw_figure = rows_figure if many else curves_figure
    figures.save(draw_figure(over_time, wholes, read_provenance(windows), titles), path)


def track_lengths(over_time: pd.DataFrame) -> pd.Series:
    """How long each track is, to the end of its last window: s, by track_id, in their order."""
    return over_time.groupby("track_id", sort=False)["end_s"].max()


def curves_figure(
    over_time: pd.DataFrame, wholes: pd.DataFrame, facts: dict, titles: Mapping[str, str]
) -> plt.Figure:
    """A curve of probability a genre with the band over the models, on one axis of time.

    over_time, wholes: rows of GENRE_APPLIED and GENRE_ANSWERS. facts: the provenance of the first.
    titles: of the tracks, by track_id, as they are to be written. Tracks of an album follow one
    another. Beside each genre stands the answer for the whole. Of a
    long film neighbouring windows are drawn as their mean.
    """
    genres = wholes["genre"].unique()
    lengths = track_lengths(over_time)
    starts = lengths.cumsum() - lengths
    step_s = lengths.sum() / MOST_POINTS
    height = 1.5 + 1.2 * (len(lengths) > 1) + GENRE_INCHES * len(genres)
    figure, axes = plt.subplots(
        len(genres), sharex=True, sharey=True, squeeze=False, figsize=(WIDTH_INCHES, height)
    )
    axes = axes[:, 0]
    answer = wholes[wholes["track_id"] == ""].set_index("genre")
    for place, (axis, genre) in enumerate(zip(axes, genres, strict=True)):
        colour = figures.PALETTE[place % len(figures.PALETTE)]
        for run in runs(over_time[over_time["genre"] == genre], facts["hop_s"]):
            _draw_run(axis, thinned(run, step_s), starts[run["track_id"].iloc[0]], colour)
        axis.axhline(THRESHOLD, color=figures.QUIET, lw=0.8, ls="--")
        axis.vlines(starts.iloc[1:], 0, 1, color="black", lw=0.6)
        axis.set_ylabel(genre.replace(" ", "\n"), rotation=0, ha="right", va="center")
        _write_answer(axis, answer.loc[genre], 1.01, 0.5, axis.transAxes)
    axes[0].set(ylim=(0, 1), xlim=(0, lengths.sum()), yticks=(0, THRESHOLD, 1))
    _time_ticks(axes[-1], lengths.sum(), 12)
    axes[-1].set_xlabel("time (min:s)")
    _write_names(axes[0], starts, lengths, titles)
    _write_words(figure, over_time, facts, CURVES)
    return figure


def rows_figure(
    over_time: pd.DataFrame, wholes: pd.DataFrame, facts: dict, titles: Mapping[str, str]
) -> plt.Figure:
    """A panel a genre, a row a track, shaded by probability from the track's start to its end.

    Takes what `curves_figure` takes. At the end of a row stands the answer for the track, under a
    genre's name that for the album; bold is yes.
    """
    genres, lengths = wholes["genre"].unique(), track_lengths(over_time)
    figure, axes = plt.subplots(
        1,
        len(genres),
        sharex=True,
        sharey=True,
        squeeze=False,
        figsize=(3.2 + PANEL_INCHES * len(genres), 1.7 + ROW_INCHES * len(lengths)),
    )
    for axis, genre in zip(axes[0], genres, strict=True):
        shades = _draw_rows(axis, over_time[over_time["genre"] == genre], lengths)
        answer = wholes[wholes["genre"] == genre].set_index("track_id")
        for row, track in enumerate(lengths.index):
            _write_answer(axis, answer.loc[track], 1.03, row, axis.get_yaxis_transform(), 7)
        axis.set_title(genre, size=10)
        _write_answer(axis, answer.loc[""], 1.03, 1.01, axis.transAxes, 9, va="bottom")
        _time_ticks(axis, lengths.max(), 3)
        axis.tick_params(axis="y", length=0)
        axis.set_xlabel("min:s", size=8)
    names = [titles[track] for track in lengths.index]
    axes[0, 0].set_yticks(range(len(lengths)), names, size=8)
    figure.colorbar(shades, ax=axes, label="probability", fraction=0.015, pad=0.01, aspect=30)
    _write_words(figure, over_time, facts, ROWS)
    return figure


def runs(rows: pd.DataFrame, hop_s: float) -> list[pd.DataFrame]:
    """The windows of one genre in parts that are whole: of one track, without silence between."""
    new_track = rows["track_id"] != rows["track_id"].shift()
    late = rows["start_s"].diff() > hop_s
    return [run for _, run in rows.groupby((new_track | late).cumsum())]


def thinned(run: pd.DataFrame, step_s: float) -> pd.DataFrame:
    """Windows whose middles fall into the same step of time as one, the mean of them."""
    step = ((run["start_s"] + run["end_s"]) / 2 // step_s).astype(int)
    sides = {"track_id": "first", "start_s": "min", "end_s": "max"}
    means = dict.fromkeys(("probability", "low", "high"), "mean")
    return run.groupby(step).agg(sides | means)


def track_shades(rows: pd.DataFrame, moments_s: np.ndarray) -> np.ndarray:
    """The probability at moments of one track, that of the window whose middle is nearest.

    rows: the track's windows in order of time, of one genre. Returns (moments,), NaN where that
    window does not hold the moment: in silence and after the end.
    """
    start_s, end_s = rows["start_s"].to_numpy(), rows["end_s"].to_numpy()
    middle_s = (start_s + end_s) / 2
    nearest = np.searchsorted((middle_s[1:] + middle_s[:-1]) / 2, moments_s)
    inside = (moments_s >= start_s[nearest]) & (moments_s <= end_s[nearest])
    return np.where(inside, rows["probability"].to_numpy()[nearest], np.nan)


def _draw_run(axis: Axes, run: pd.DataFrame, offset_s: float, colour: str) -> None:
    """A run from its first window's start to its last one's end; between, the windows' middles."""
    middle_s = (run["start_s"] + run["end_s"]) / 2
    time_s = offset_s + np.array([run["start_s"].iloc[0], *middle_s, run["end_s"].iloc[-1]])
    mean, low, high = (
        np.pad(run[name].to_numpy(), 1, mode="edge") for name in ("probability", "low", "high")
    )
    axis.fill_between(time_s, mean, color=colour, alpha=0.25, lw=0)
    axis.fill_between(time_s, low, high, color=colour, alpha=0.45, lw=0)
    axis.plot(time_s, mean, color=colour, lw=1.2)


def _draw_rows(axis: Axes, rows: pd.DataFrame, lengths: pd.Series):
    step_s = max(1.0, lengths.max() / 300)
    moments_s = np.arange(step_s / 2, lengths.max(), step_s)
    tracks = rows.groupby("track_id", sort=False)
    shades = np.stack([track_shades(own, moments_s) for _, own in tracks])
    edges = (0, len(moments_s) * step_s, len(shades) - 0.5, -0.5)
    return axis.imshow(
        shades, "cividis", vmin=0, vmax=1, aspect="auto", extent=edges, interpolation="nearest"
    )


def _write_answer(
    axis: Axes, answer: pd.Series, x: float, y: float, transform, size: float = 10, va="center"
) -> None:
    weight = "bold" if answer["predicted"] else "normal"
    words = f"{answer['probability']:.2f}"
    axis.text(x, y, words, va=va, transform=transform, size=size, weight=weight)


def _write_names(
    axis: Axes, starts: pd.Series, lengths: pd.Series, titles: Mapping[str, str]
) -> None:
    if len(starts) < 2:
        return
    for track, middle_s in (starts + lengths / 2).items():
        axis.text(
            middle_s, 1.06, titles[track], size=8, rotation=30, ha="left", va="bottom",
        )  # fmt: skip


def _write_words(figure: plt.Figure, over_time: pd.DataFrame, facts: dict, words: str) -> None:
    name = over_time["media"].iloc[0].replace("_", " ")
    heading = f"{name}: {title(facts['model'])} ({facts['feature_set']})"
    figure.suptitle(heading, x=0.01, ha="left", size=12)
    figure.supxlabel("\n".join((words, NOTE)).format(**facts), size=8, color=figures.QUIET)


def _time_ticks(axis: Axes, length_s: float, most: int) -> None:
    step = next((s for s in NICE_S if length_s / s <= most), NICE_S[-1])
    axis.set_xticks(np.arange(0, length_s + 1e-6, step))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda s, _: f"{int(s) // 60}:{int(s) % 60:02d}"))
