"""How films of the genres differ: small multiples of what their music and picture measure."""

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from scorelens import figures
from scorelens.features.columns import COLUMNS, STATISTICS
from scorelens.report import svg, time_series

RMS = "dynamics.rms.mean"
SHOWN = {
    RMS: "loudness (RMS)",
    "dynamics.rms.std": "RMS, movement",
    "rhythm.tempo.mean": "tempo",
    "rhythm.pulse_clarity.mean": "pulse clarity",
    "tone.brightness.mean": "share above 1.5 kHz",
    "timbre.centroid.mean": "spectral centroid",
    "timbre.centroid.std": "centroid, movement",
    "timbre.roughness.mean": "roughness",
    "timbre.flatness.mean": "spectral flatness",
    "tone.entropy.mean": "spectral entropy",
    "tone.key_mode.mean": "major (+) or minor (-)",
    "tone.key_clarity.mean": "key clarity",
}
UNITS = {f"{feature.name}.{s}": feature.unit for feature in COLUMNS for s in STATISTICS}
UNITS[RMS] = "dB"
VISUALS = {
    "brightness": "brightness",
    "contrast": "contrast",
    "saturation": "saturation",
    "colourfulness": "colourfulness",
    "cuts": "cuts a minute",
    "shot_length_s": "shot length, s",
    "motion_energy": "motion energy",
}
ACROSS = 4


def features_figure(bags: pd.DataFrame, films: pd.DataFrame) -> str | None:
    """Box plots over films, genre by genre, of the features of `SHOWN`; None if none has a value.

    Returns the address of the figure (see `svg.address`).
    """
    means = music_of_films(bags)
    labels = {
        name: SHOWN[name] + (f", {UNITS[name]}" if UNITS[name] else "")
        for name in means.columns.drop("film_id")
    }
    return _small_multiples(by_genre(means, films), labels)


def visuals_figure(visuals: pd.DataFrame, films: pd.DataFrame) -> str | None:
    """Box plots over films, genre by genre, of the picture; None without any.

    Returns the address of the figure (see `svg.address`).
    """
    return _small_multiples(by_genre(pictures_of_films(visuals), films), VISUALS)


def music_of_films(bags: pd.DataFrame) -> pd.DataFrame:
    """Each film's mean over its cues of the columns of `SHOWN` in the bags; the RMS in dB."""
    shown = [name for name in SHOWN if name in bags]
    table = bags[["film_id", *shown]]
    if RMS in shown:
        table = table.assign(**{RMS: time_series.decibels(table[RMS])})
    return table.groupby("film_id", sort=False).mean().reset_index()


def pictures_of_films(visuals: pd.DataFrame) -> pd.DataFrame:
    """Each film's means of the columns of `VISUALS`; cuts a minute; the median shot length, s."""
    films = visuals.groupby("film_id", sort=False)
    means = films[list(VISUALS)].mean()
    shots_s = films["shot_length_s"].median()
    return means.assign(cuts=60 * means.cuts, shot_length_s=shots_s).reset_index()


def by_genre(table: pd.DataFrame, films: pd.DataFrame) -> pd.DataFrame:
    """The table with a column `genre`; rows of a film of several genres come once for each."""
    genres = films.set_index("film_id")["genres"].str.split(";").explode().rename("genre")
    return table.merge(genres.reset_index(), on="film_id")


def _small_multiples(table: pd.DataFrame, labels: dict[str, str]) -> str | None:
    shown = [name for name in labels if table[name].notna().any()]
    if not shown:
        return None
    counts = table.groupby("genre").film_id.nunique()[::-1]
    down = -(-len(shown) // ACROSS)
    size = (11, down * (0.75 + 0.3 * len(counts)))
    figure, grid = plt.subplots(down, ACROSS, sharey=True, figsize=size, squeeze=False)
    for axis, name in zip(grid.flat, shown, strict=False):
        values = [table.loc[table.genre == genre, name].dropna() for genre in counts.index]
        _draw_boxes(axis, values)
        axis.set_title(labels[name], fontsize=10)
    for axis in grid.flat[len(shown) :]:
        axis.remove()
    grid[0, 0].set_yticks(
        range(len(counts)), [f"{figures.isolated(g)} (n = {n})" for g, n in counts.items()]
    )
    return svg.address(svg.drawn(figure))


def _draw_boxes(axis: Axes, values: list[pd.Series]) -> None:
    axis.boxplot(
        values,
        positions=range(len(values)),
        orientation="horizontal",
        widths=0.6,
        showfliers=False,
        patch_artist=True,
        boxprops={"facecolor": "#cfe2f1", "edgecolor": figures.PALETTE[0]},
        medianprops={"color": figures.PALETTE[3], "linewidth": 2},
        whiskerprops={"color": figures.PALETTE[0]},
        capprops={"color": figures.PALETTE[0]},
    )
    rows = np.repeat(np.arange(len(values)), [len(own) for own in values])
    axis.plot(np.concatenate(values), rows, "o", ms=3, alpha=0.6, color="black", mew=0, zorder=4)
    axis.tick_params(axis="y", length=0)
    axis.grid(axis="x", lw=0.5, alpha=0.5)
    axis.locator_params(axis="x", nbins=4)
