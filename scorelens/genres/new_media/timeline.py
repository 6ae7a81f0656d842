"""Draws the predictions of the genre models for a new film or album over its time."""

import os
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.image import AxesImage

from scorelens import figures
from scorelens.albums.names import track_titles
from scorelens.evaluation import THRESHOLD
from scorelens.genres import title
from scorelens.tables import (
    GENRE_APPLIED,
    GENRE_MEDIA_PREDICTIONS,
    TRACKS,
    read_provenance,
    read_table,
)

WIDTH_INCHES, GENRE_INCHES = 11.0, 0.85
PANEL_INCHES, ROW_INCHES = 1.5, 0.22
MAX_TRACKS_IN_LINE = 10  # tracks that are drawn one after the other; more have a row each
MIN_SHARE_IN_LINE = 0.02  # of the album, that a track needs for its name
MAX_TITLE_COLUMNS = 28
MAX_POINTS = 700  # on the time axis, about as many as a screen shows
MODELS_NOTE = "mean of the {folds} models, each trained without one film of the corpus"
CURVES_NOTE = (
    f"line: {MODELS_NOTE}; band: 90% of them, no interval; above the dashes: predicted; "
    "right: the whole, bold if predicted"
)
ROWS_NOTE = f"shade: {MODELS_NOTE}; numbers: each track, and above it the album; bold if predicted"
NOTE = "probabilities are not calibrated; windows of {window_s} s every {hop_s} s; gaps: silence"


def plot_timeline(
    windows: str | os.PathLike,
    predictions: str | os.PathLike,
    tracks: str | os.PathLike,
    path: str | os.PathLike,
) -> None:
    """Draw the timeline of a new film or album.

    A film, and an album of few tracks, has a curve per genre; an album of many a row per track.

    Parameters
    ----------
    windows, predictions, tracks : path
        Its tables of GENRE_APPLIED, GENRE_MEDIA_PREDICTIONS and TRACKS.
    path : path
        Where to write the figure.
    """
    by_window = read_table(windows, GENRE_APPLIED)
    by_track = read_table(predictions, GENRE_MEDIA_PREDICTIONS)
    lengths = track_lengths(by_window)
    shortest = MIN_SHARE_IN_LINE * sum(lengths)
    has_rows = len(lengths) > MAX_TRACKS_IN_LINE or min(lengths) < shortest
    titles = track_titles(read_table(tracks, TRACKS), MAX_TITLE_COLUMNS)
    draw = rows_figure if has_rows else curves_figure
    figures.save(draw(by_window, by_track, read_provenance(windows), titles), path)


def track_lengths(by_window: pd.DataFrame) -> pd.Series:
    """Find the length of each track, to the end of its last window.

    Parameters
    ----------
    by_window : pandas.DataFrame
        Rows of GENRE_APPLIED.

    Returns
    -------
    pandas.Series of float
        Seconds by track_id, in the order of the tracks.

    Examples
    --------
    >>> track_lengths(pd.DataFrame({"track_id": ["a", "a"], "end_s": [20.0, 25.0]})).to_dict()
    {'a': 25.0}
    """
    return by_window.groupby("track_id", sort=False)["end_s"].max()


def curves_figure(
    by_window: pd.DataFrame, by_track: pd.DataFrame, provenance: dict, titles: Mapping[str, str]
) -> plt.Figure:
    """Draw a curve of probability per genre with the spread of the models, on one time axis.

    Tracks of an album follow one another. Beside each genre stands the prediction for the whole. Of
    a long film neighbouring windows are drawn as their mean.

    Parameters
    ----------
    by_window, by_track : pandas.DataFrame
        Rows of GENRE_APPLIED and GENRE_MEDIA_PREDICTIONS.
    provenance : dict
        Of the table of windows: model, feature_set, folds, window_s, hop_s.
    titles : mapping of str to str
        Titles of the tracks by track_id, as they are to be written.

    Returns
    -------
    matplotlib.figure.Figure
    """
    genres = by_track["genre"].unique()
    lengths = track_lengths(by_window)
    starts = lengths.cumsum() - lengths
    step_s = lengths.sum() / MAX_POINTS
    height = 1.5 + 1.2 * (len(lengths) > 1) + GENRE_INCHES * len(genres)
    figure, axes = plt.subplots(
        len(genres), sharex=True, sharey=True, squeeze=False, figsize=(WIDTH_INCHES, height)
    )
    axes = axes[:, 0]
    whole = by_track[by_track["track_id"] == ""].set_index("genre")
    for number, (axis, genre) in enumerate(zip(axes, genres, strict=True)):
        colour = figures.PALETTE[number % len(figures.PALETTE)]
        windows = by_window[by_window["genre"] == genre]
        for stretch in split_at_silence(windows, provenance["hop_s"]):
            offset_s = starts[stretch["track_id"].iloc[0]]
            _draw_stretch(axis, average_windows(stretch, step_s), offset_s, colour)
        axis.axhline(THRESHOLD, color=figures.QUIET, lw=0.8, ls="--")
        axis.vlines(starts.iloc[1:], 0, 1, color="black", lw=0.6)
        axis.set_ylabel(genre.replace(" ", "\n"), rotation=0, ha="right", va="center")
        _write_prediction(axis, whole.loc[genre], 1.01, 0.5, axis.transAxes)
    axes[0].set(ylim=(0, 1), xlim=(0, lengths.sum()), yticks=(0, THRESHOLD, 1))
    figures.set_time_ticks(axes[-1], lengths.sum(), 12)
    axes[-1].set_xlabel("time (min:s)")
    if len(starts) > 1:
        style = {"size": 8, "rotation": 30, "ha": "left", "va": "bottom"}
        for track, middle_s in (starts + lengths / 2).items():
            axes[0].text(middle_s, 1.06, titles[track], **style)
    _write_notes(figure, by_window, provenance, CURVES_NOTE)
    return figure


def rows_figure(
    by_window: pd.DataFrame, by_track: pd.DataFrame, provenance: dict, titles: Mapping[str, str]
) -> plt.Figure:
    """Draw a panel per genre with a row per track, shaded by probability over the track's time.

    At the end of a row stands the prediction for the track, under a genre's name that for the
    album; bold if predicted.

    Parameters
    ----------
    by_window, by_track : pandas.DataFrame
        Rows of GENRE_APPLIED and GENRE_MEDIA_PREDICTIONS.
    provenance : dict
        Of the table of windows: model, feature_set, folds, window_s, hop_s.
    titles : mapping of str to str
        Titles of the tracks by track_id, as they are to be written.

    Returns
    -------
    matplotlib.figure.Figure
    """
    genres, lengths = by_track["genre"].unique(), track_lengths(by_window)
    figure, axes = plt.subplots(
        1,
        len(genres),
        sharex=True,
        sharey=True,
        squeeze=False,
        figsize=(3.2 + PANEL_INCHES * len(genres), 1.7 + ROW_INCHES * len(lengths)),
    )
    for axis, genre in zip(axes[0], genres, strict=True):
        image = _draw_rows(axis, by_window[by_window["genre"] == genre], lengths)
        predictions = by_track[by_track["genre"] == genre].set_index("track_id")
        for row, track in enumerate(lengths.index):
            at_end = axis.get_yaxis_transform()
            _write_prediction(axis, predictions.loc[track], 1.03, row, at_end, 7)
        axis.set_title(genre, size=10)
        _write_prediction(axis, predictions.loc[""], 1.03, 1.01, axis.transAxes, 9, va="bottom")
        figures.set_time_ticks(axis, lengths.max(), 3)
        axis.tick_params(axis="y", length=0)
        axis.set_xlabel("min:s", size=8)
    names = [titles[track] for track in lengths.index]
    axes[0, 0].set_yticks(range(len(lengths)), names, size=8)
    figure.colorbar(image, ax=axes, label="probability", fraction=0.015, pad=0.01, aspect=30)
    _write_notes(figure, by_window, provenance, ROWS_NOTE)
    return figure


def split_at_silence(windows: pd.DataFrame, hop_s: float) -> list[pd.DataFrame]:
    """Split windows into stretches of one track without silence between.

    Parameters
    ----------
    windows : pandas.DataFrame
        Rows of GENRE_APPLIED of one genre, in order.
    hop_s : float
        From the start of a window to that of the next.

    Returns
    -------
    list of pandas.DataFrame
    """
    new_track = windows["track_id"] != windows["track_id"].shift()
    after_gap = windows["start_s"].diff() > hop_s
    return [stretch for _, stretch in windows.groupby((new_track | after_gap).cumsum())]


def average_windows(stretch: pd.DataFrame, step_s: float) -> pd.DataFrame:
    """Average the windows whose middles fall into the same step of time.

    Parameters
    ----------
    stretch : pandas.DataFrame
        From `split_at_silence`.
    step_s : float

    Returns
    -------
    pandas.DataFrame
        track_id, start_s (first), end_s (last), probability, fold_low, fold_high (means).
    """
    step = ((stretch["start_s"] + stretch["end_s"]) / 2 // step_s).astype(int)
    ends = {"track_id": "first", "start_s": "min", "end_s": "max"}
    means = dict.fromkeys(("probability", "fold_low", "fold_high"), "mean")
    return stretch.groupby(step).agg(ends | means)


def sample_probability(windows: pd.DataFrame, times_s: np.ndarray) -> np.ndarray:
    """Take the probability at some times of a track from the window whose middle is nearest.

    Parameters
    ----------
    windows : pandas.DataFrame
        The track's rows of GENRE_APPLIED of one genre, in order of time.
    times_s : ndarray of float, shape (n,)

    Returns
    -------
    ndarray of float, shape (n,)
        In 0..1; NaN where that window does not hold the time: in silence and after the end.
    """
    start_s, end_s = windows["start_s"].to_numpy(), windows["end_s"].to_numpy()
    middle_s = (start_s + end_s) / 2
    nearest = np.searchsorted((middle_s[1:] + middle_s[:-1]) / 2, times_s)
    inside = (times_s >= start_s[nearest]) & (times_s <= end_s[nearest])
    return np.where(inside, windows["probability"].to_numpy()[nearest], np.nan)


def _draw_stretch(axis: Axes, stretch: pd.DataFrame, offset_s: float, colour: str) -> None:
    """From the start of the first window to the end of the last; between, the windows' middles."""
    middle_s = (stretch["start_s"] + stretch["end_s"]) / 2
    time_s = np.array([stretch["start_s"].iloc[0], *middle_s, stretch["end_s"].iloc[-1]])
    mean, low, high = (
        np.pad(stretch[name].to_numpy(), 1, mode="edge")
        for name in ("probability", "fold_low", "fold_high")
    )
    axis.fill_between(offset_s + time_s, mean, color=colour, alpha=0.25, lw=0)
    axis.fill_between(offset_s + time_s, low, high, color=colour, alpha=0.45, lw=0)
    axis.plot(offset_s + time_s, mean, color=colour, lw=1.2)


def _draw_rows(axis: Axes, windows: pd.DataFrame, lengths: pd.Series) -> AxesImage:
    step_s = max(1.0, lengths.max() / 300)
    times_s = np.arange(step_s / 2, lengths.max(), step_s)
    tracks = windows.groupby("track_id", sort=False)
    shades = np.stack([sample_probability(rows, times_s) for _, rows in tracks])
    edges = (0, len(times_s) * step_s, len(shades) - 0.5, -0.5)
    return axis.imshow(
        shades, "cividis", vmin=0, vmax=1, aspect="auto", extent=edges, interpolation="nearest"
    )


def _write_prediction(
    axis: Axes, row: pd.Series, x: float, y: float, transform, size: float = 10, va: str = "center"
) -> None:
    weight = "bold" if row["predicted"] else "normal"
    text = f"{row['probability']:.2f}"
    axis.text(x, y, text, va=va, transform=transform, size=size, weight=weight)


def _write_notes(figure: plt.Figure, by_window: pd.DataFrame, provenance: dict, note: str) -> None:
    name = by_window["media"].iloc[0].replace("_", " ")
    heading = f"{name}: {title(provenance['model'])} ({provenance['feature_set']})"
    figure.suptitle(heading, x=0.01, ha="left", size=12)
    notes = "\n".join((note, NOTE)).format(**provenance)
    figure.supxlabel(notes, size=8, color=figures.QUIET)
