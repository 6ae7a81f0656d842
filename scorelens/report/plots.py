"""The report's own figures, and how figures get into a page."""

import base64
import io
import os
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scorelens import figures
from scorelens.features.columns import COLUMNS

SHOWN = {
    "dynamics.rms": "loudness (RMS)",
    "rhythm.tempo": "tempo",
    "rhythm.pulse_clarity": "pulse clarity",
    "timbre.roughness": "roughness",
    "timbre.centroid": "spectral centroid",
    "timbre.flatness": "spectral flatness",
    "tone.key_mode": "major (+) or minor (-)",
    "tone.key_clarity": "key clarity",
}
VISUALS = ("brightness", "contrast", "saturation", "colourfulness")
ACROSS = 4


def features_figure(bags: pd.DataFrame, films: pd.DataFrame) -> str | None:
    """Box plots over cues, genre by genre, of the features of `SHOWN`; None if none has a value.

    Returns the address of the figure (see `svg_address`).
    """
    units = {feature.name: feature.unit for feature in COLUMNS}
    shown = [
        name for name in SHOWN if f"{name}.mean" in bags and bags[f"{name}.mean"].notna().any()
    ]
    if not shown:
        return None
    table = by_genre(bags, films)
    labels = [SHOWN[name] + (f", {units[name]}" if units[name] else "") for name in shown]
    return _small_multiples(table, [f"{name}.mean" for name in shown], labels)


def visuals_figure(visuals: pd.DataFrame, films: pd.DataFrame) -> str | None:
    """Box plots over films, genre by genre, of the means of visual statistics; None without any.

    Returns the address of the figure (see `svg_address`).
    """
    if visuals.empty:
        return None
    means = visuals.groupby("film_id")[list(VISUALS)].mean().reset_index()
    return _small_multiples(by_genre(means, films), list(VISUALS), list(VISUALS), dots=True)


def by_genre(table: pd.DataFrame, films: pd.DataFrame) -> pd.DataFrame:
    """The table with a column `genre`; rows of a film of several genres come once for each."""
    genres = films.set_index("film_id")["genres"].str.split(";").explode().rename("genre")
    return table.merge(genres.reset_index(), on="film_id")


def svg_address(svg: str | os.PathLike | bytes) -> str:
    """An SVG as a data address: the ids of several figures on one page then cannot collide."""
    content = svg if isinstance(svg, bytes) else Path(svg).read_bytes()
    return "data:image/svg+xml;base64," + base64.b64encode(content).decode()


def _small_multiples(
    table: pd.DataFrame, columns: list[str], labels: list[str], dots: bool = False
) -> str:
    genres = sorted(table.genre.unique(), reverse=True)
    down = -(-len(columns) // ACROSS)
    size = (11, down * (0.9 + 0.27 * len(genres)))
    figure, grid = plt.subplots(down, ACROSS, sharey=True, figsize=size, squeeze=False)
    for axis, column, label in zip(grid.flat, columns, labels, strict=False):
        values = [table.loc[table.genre == genre, column].dropna() for genre in genres]
        _draw_boxes(axis, values, dots)
        axis.set_title(label, fontsize=10)
    for axis in grid.flat[len(columns) :]:
        axis.remove()
    grid[0, 0].set_yticks(range(len(genres)), genres)
    return svg_address(_svg(figure))


def _draw_boxes(axis: Axes, values: list[pd.Series], dots: bool) -> None:
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
    if dots:
        places = np.repeat(np.arange(len(values)), [len(own) for own in values])
        axis.plot(np.concatenate(values), places, "o", ms=3, alpha=0.6, color="black")
    axis.tick_params(axis="y", length=0)
    axis.grid(axis="x", lw=0.5, alpha=0.5)
    axis.locator_params(axis="x", nbins=4)


def _svg(figure: Figure) -> bytes:
    content = io.BytesIO()
    figure.savefig(content, format="svg", metadata={"Date": None})
    plt.close(figure)
    return content.getvalue()
