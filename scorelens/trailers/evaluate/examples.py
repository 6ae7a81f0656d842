"""The moments that counted: of each genre one trailer, its frames and the seconds of its sound.

A model that finds a genre no better than chance has moments that count, too, and one that weighs
all moments alike has some that count most: how good it is, and what an even share would be, stand
beside them.
"""

import os
from collections.abc import Mapping, Sequence
from textwrap import shorten
from typing import NamedTuple

import cv2
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb

from scorelens.figures import PALETTE, QUIET, isolated, save
from scorelens.tables import TRAILER_MOMENTS, TRAILER_PREDICTIONS, TRAILER_SCORES, read_table
from scorelens.trailers import HELD_OUT, PICTURE, SOUND, title
from scorelens.trailers.data.frame_sampling import Sample, read_sample
from scorelens.trailers.evaluate.modality_comparison import SURE

SHOWN = 5  # frames of a trailer
SIDE = 96  # px of a frame on the sheet
ROW_INCHES = 1.45
WRITTEN = 45  # characters of a title that have room
KEYS = (
    "under each frame its time and its share in the answer",
    "bars: what each window says, the darker the greater its share in the answer",
)
KEY = (
    "above: the trailer, how probable the genre is in it, the share of each moment if all counted "
    "alike, and how well the genre is found in all trailers"
)


class Example(NamedTuple):
    """A trailer held out, as one run judges it for one of its genres.

    probability: of the whole trailer. time_s: float64 (n,), of its frames or windows, ascending.
    said: float64 (n,), the probability by each alone. share: float64 (n,), its part in the answer,
    of sum 1. precision: the run's average precision for the genre, over all trailers. p: of that.
    """

    genre: str
    trailer_id: str
    title: str
    probability: float
    time_s: np.ndarray
    said: np.ndarray
    share: np.ndarray
    precision: float
    p: float


def plot_examples(
    predictions: Sequence[str | os.PathLike],
    moments: Sequence[str | os.PathLike],
    scores: str | os.PathLike,
    samples: Mapping[str, str | os.PathLike],
    figure: str | os.PathLike,
) -> None:
    """Draw the frames and the seconds of sound that counted most.

    predictions, moments: tables of TRAILER_PREDICTIONS and TRAILER_MOMENTS of a run of the picture
    and of one of the sound, in this order. scores: the table of TRAILER_SCORES, with these runs.
    samples: trailer_id -> its sample.
    """
    scored = read_table(scores, TRAILER_SCORES)
    answers = [read_table(path, TRAILER_PREDICTIONS) for path in predictions]
    felt = [read_table(path, TRAILER_MOMENTS) for path in moments]
    seen, heard = (choose(*tables, scored) for tables in zip(answers, felt, strict=True))
    frames = {one.trailer_id: read_sample(samples[one.trailer_id]) for one in seen.values()}
    drawn = examples_figure(seen, heard, frames)
    names = [title(*table[["network", "model"]].iloc[0]) for table in answers]
    keys = zip((PICTURE, SOUND), names, KEYS, strict=True)
    words = [f"{arm}: {name}; {key}" for arm, name, key in keys]
    drawn.suptitle("\n".join([*words, KEY]), size=9, x=0.01, ha="left")
    save(drawn, figure)


def choose(
    predictions: pd.DataFrame, moments: pd.DataFrame, scores: pd.DataFrame
) -> dict[str, Example]:
    """By genre, the trailer held out that carries it and that the model is surest of.

    predictions, moments: rows of TRAILER_PREDICTIONS and TRAILER_MOMENTS of one run. scores: those
    of TRAILER_SCORES, this run's among them. A genre that no trailer carries which the model could
    look at has none.
    """
    network, model = predictions[["network", "model"]].iloc[0]
    ranked = scores[(scores["network"] == network) & (scores["model"] == model)]
    ranked = ranked[ranked["measure"] == "average_precision"].set_index("genre")
    asked = predictions[(predictions["part"] == HELD_OUT) & predictions["seen"]]
    carried = asked[asked["actual"]].sort_values("trailer_id")
    found = {}
    for genre in predictions["genre"].drop_duplicates():
        own = carried[carried["genre"] == genre]
        if len(own):
            surest = own.loc[own["probability"].idxmax()]
            found[genre] = _example(surest, moments, *ranked.loc[genre, ["value", "p"]])
    return found


def _example(row: pd.Series, moments: pd.DataFrame, precision: float, p: float) -> Example:
    own = moments[(moments["trailer_id"] == row["trailer_id"]) & (moments["genre"] == row["genre"])]
    own = own.sort_values("time_s")
    part = (own["probability"] * own["weight"]).to_numpy()
    said = own["probability"].to_numpy()
    names = row["genre"], row["trailer_id"], row["title"], float(row["probability"])
    return Example(*names, own["time_s"].to_numpy(), said, part / part.sum(), precision, p)


def examples_figure(
    seen: Mapping[str, Example], heard: Mapping[str, Example], samples: Mapping[str, Sample]
) -> plt.Figure:
    """A row a genre: the frames that counted most, and what every second of the sound says.

    seen, heard: examples by genre, of a model of the picture and of one of the sound. samples: of
    the trailers that are seen, by trailer_id.
    """
    genres = list(dict.fromkeys([*seen, *heard]))
    figure, grid = plt.subplots(
        len(genres),
        SHOWN + 1,
        squeeze=False,
        figsize=(12, 0.9 + ROW_INCHES * len(genres)),
        width_ratios=[1] * SHOWN + [4],
    )
    for number, (row, genre) in enumerate(zip(grid, genres, strict=True)):
        for axis in row[:SHOWN]:
            axis.set_axis_off()
        strip = figure.add_subplot(grid[0, 0].get_gridspec()[number, :SHOWN])
        strip.set_axis_off()  # it only bears what is written beside all the frames and over them
        strip.text(-0.02, 0.5, genre, ha="right", va="center", size=11)
        if genre in seen:
            _draw_frames(row[:SHOWN], seen[genre], samples[seen[genre].trailer_id])
            _write_title(strip, seen[genre])
        if genre in heard:
            _draw_sound(row[-1], heard[genre])
        else:
            row[-1].set_axis_off()
    last = [row[-1] for row, genre in zip(grid, genres, strict=True) if genre in heard]
    if last:
        last[-1].set_xlabel("s of the trailer; dashed: the whole")
    return figure


def _draw_frames(axes: Sequence[Axes], example: Example, sample: Sample) -> None:
    """The frames with the greatest parts in the answer, in order of time."""
    most = np.sort(np.argsort(-example.share, kind="stable")[:SHOWN])
    for axis, number in zip(axes, most, strict=False):
        nearest = np.abs(sample.frame_s - example.time_s[number]).argmin()
        frame = sample.frames[nearest]
        axis.imshow(cv2.resize(frame, (SIDE, SIDE), interpolation=cv2.INTER_AREA))
        axis.set_anchor("W")
        words = f"{example.time_s[number]:.1f} s: {100 * example.share[number]:.0f}%"
        axis.text(0.5, -0.04, words, transform=axis.transAxes, ha="center", va="top", size=8)


def _draw_sound(axis: Axes, example: Example) -> None:
    width = np.diff(example.time_s).min() if len(example.time_s) > 1 else 1.0
    depth = example.share / example.share.max()
    colour = PALETTE[1] if example.p < SURE else QUIET
    colours = [(*to_rgb(colour), 0.2 + 0.8 * own) for own in depth]
    axis.bar(example.time_s, example.said, width=0.9 * width, color=colours)
    axis.axhline(example.probability, color=QUIET, lw=1, ls="--")
    axis.set(ylim=(0, 1), yticks=[0, 1], xlim=(0, None))
    _write_title(axis, example)


def _write_title(axis: Axes, example: Example) -> None:
    """Which trailer it is and how good the model; grey where that is no better than chance."""
    sure = example.p < SURE
    name = shorten(example.title, WRITTEN, placeholder=" \N{HORIZONTAL ELLIPSIS}")
    skill = f"average precision {example.precision:.2f}"
    even = f"even share: {100 / len(example.share):.0f}%"
    words = f"{isolated(name)}: {example.probability:.2f}; {even}\n{skill}"
    words += "" if sure else ", no better than chance"
    axis.set_title(words, size=9, color="black" if sure else "dimgray")
