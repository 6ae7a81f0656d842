"""Draws examples: for each genre one trailer, its frames and the seconds of its sound by weight.

A model no better than chance also has frames of the greatest weight, and so has one that weights
all alike. Therefore the model's average precision, and the share of equal weights, stand beside
them.
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

from scorelens.evaluation import SIGNIFICANT
from scorelens.figures import PALETTE, QUIET, isolated, save
from scorelens.tables import TRAILER_MOMENTS, TRAILER_PREDICTIONS, TRAILER_SCORES, read_table
from scorelens.trailers import HELD_OUT, PICTURE, SOUND, title
from scorelens.trailers.data.frame_sampling import Sample, read_sample

FRAMES = 5  # shown of a trailer
FRAME_PX = 96  # side of a frame
ROW_INCHES = 1.45
MAX_TITLE_CHARACTERS = 45
EXPLANATIONS = {
    PICTURE: "under each frame its time and its share in the prediction",
    SOUND: "bars: probability by each window alone, the darker the greater its share",
}
EXPLANATION = (
    "above: the trailer, its probability of the genre, the share of each frame or window if all "
    "had equal weight, and the model's average precision for the genre"
)


class Example(NamedTuple):
    """A held-out trailer and what one run predicts of one of its genres.

    Parameters
    ----------
    genre, trailer_id, title : str
    probability : float
        Of the genre, by the whole trailer, 0..1.
    time_s : ndarray of float64, shape (n,)
        Times of its frames or windows, ascending.
    alone : ndarray of float64, shape (n,)
        Probability by each frame or window alone, 0..1.
    share : ndarray of float64, shape (n,)
        Share of each in the prediction; they sum to 1.
    average_precision : float
        Of the run for the genre, over all trailers.
    p : float
        p-value of the average precision.
    """

    genre: str
    trailer_id: str
    title: str
    probability: float
    time_s: np.ndarray
    alone: np.ndarray
    share: np.ndarray
    average_precision: float
    p: float


def plot_examples(
    predictions: Sequence[str | os.PathLike],
    moments: Sequence[str | os.PathLike],
    scores: str | os.PathLike,
    samples: Mapping[str, str | os.PathLike],
    figure: str | os.PathLike,
) -> None:
    """Draw the frames and the seconds of sound of the greatest weight.

    Parameters
    ----------
    predictions, moments : sequence of two paths
        Tables of TRAILER_PREDICTIONS and TRAILER_MOMENTS of a run of the picture and of one of the
        sound, in this order.
    scores : path
        Table of TRAILER_SCORES, with these runs.
    samples : mapping of str to path
        Samples by trailer_id.
    figure : path
        Where to write the figure.
    """
    scored = read_table(scores, TRAILER_SCORES)
    predicted = [read_table(path, TRAILER_PREDICTIONS) for path in predictions]
    weighted = [read_table(path, TRAILER_MOMENTS) for path in moments]
    by_picture, by_sound = (
        choose_examples(*tables, scored) for tables in zip(predicted, weighted, strict=True)
    )
    frames = {
        example.trailer_id: read_sample(samples[example.trailer_id])
        for example in by_picture.values()
    }
    drawn = examples_figure(by_picture, by_sound, frames)
    names = [title(*table[["network", "model"]].iloc[0]) for table in predicted]
    lines = [
        f"{modality}: {name}; {text}"
        for name, (modality, text) in zip(names, EXPLANATIONS.items(), strict=True)
    ]
    drawn.suptitle("\n".join([*lines, EXPLANATION]), size=9, x=0.01, ha="left")
    save(drawn, figure)


def choose_examples(
    predictions: pd.DataFrame, moments: pd.DataFrame, scores: pd.DataFrame
) -> dict[str, Example]:
    """Choose, for each genre, the held-out trailer of that genre with the highest probability.

    Parameters
    ----------
    predictions, moments : pandas.DataFrame
        Rows of TRAILER_PREDICTIONS and TRAILER_MOMENTS of one run.
    scores : pandas.DataFrame
        Rows of TRAILER_SCORES, this run's among them.

    Returns
    -------
    dict of str to Example
        By genre; none for a genre without a trailer that has the modality of the run.
    """
    network, model = predictions[["network", "model"]].iloc[0]
    of_run = scores[(scores["network"] == network) & (scores["model"] == model)]
    precision = of_run[of_run["measure"] == "average_precision"].set_index("genre")
    held_out = predictions[(predictions["part"] == HELD_OUT) & predictions["seen"]]
    positives = held_out[held_out["actual"]].sort_values("trailer_id")
    examples = {}
    for genre in predictions["genre"].drop_duplicates():
        rows = positives[positives["genre"] == genre]
        if len(rows):
            best = rows.loc[rows["probability"].idxmax()]
            examples[genre] = _example(best, moments, *precision.loc[genre, ["value", "p"]])
    return examples


def _example(row: pd.Series, moments: pd.DataFrame, precision: float, p: float) -> Example:
    is_example = (moments["trailer_id"] == row["trailer_id"]) & (moments["genre"] == row["genre"])
    rows = moments[is_example].sort_values("time_s")
    part = (rows["probability"] * rows["weight"]).to_numpy()
    alone = rows["probability"].to_numpy()
    names = row["genre"], row["trailer_id"], row["title"], float(row["probability"])
    return Example(*names, rows["time_s"].to_numpy(), alone, part / part.sum(), precision, p)


def examples_figure(
    by_picture: Mapping[str, Example],
    by_sound: Mapping[str, Example],
    samples: Mapping[str, Sample],
) -> plt.Figure:
    """Draw a row per genre: the frames of the greatest weight, and the probability over the sound.

    Parameters
    ----------
    by_picture, by_sound : mapping of str to Example
        Examples by genre, of a model of the picture and of one of the sound.
    samples : mapping of str to Sample
        Of the trailers of `by_picture`, by trailer_id.

    Returns
    -------
    matplotlib.figure.Figure
    """
    genres = list(dict.fromkeys([*by_picture, *by_sound]))
    figure, grid = plt.subplots(
        len(genres),
        FRAMES + 1,
        squeeze=False,
        figsize=(12, 0.9 + ROW_INCHES * len(genres)),
        width_ratios=[1] * FRAMES + [4],
    )
    for number, (row, genre) in enumerate(zip(grid, genres, strict=True)):
        for axis in row[:FRAMES]:
            axis.set_axis_off()
        strip = figure.add_subplot(grid[0, 0].get_gridspec()[number, :FRAMES])
        strip.set_axis_off()  # it only has the text beside and above the frames
        strip.text(-0.02, 0.5, genre, ha="right", va="center", size=11)
        if genre in by_picture:
            _draw_frames(row[:FRAMES], by_picture[genre], samples[by_picture[genre].trailer_id])
            _label_example(strip, by_picture[genre])
        if genre in by_sound:
            _draw_sound(row[-1], by_sound[genre])
        else:
            row[-1].set_axis_off()
    sounds = [row[-1] for row, genre in zip(grid, genres, strict=True) if genre in by_sound]
    if sounds:
        sounds[-1].set_xlabel("time in the trailer (s); dashed: the whole trailer")
    return figure


def _draw_frames(axes: Sequence[Axes], example: Example, sample: Sample) -> None:
    """The frames of the greatest share in the prediction, in order of time."""
    largest = np.sort(np.argsort(-example.share, kind="stable")[:FRAMES])
    for axis, number in zip(axes, largest, strict=False):
        nearest = np.abs(sample.frame_s - example.time_s[number]).argmin()
        frame = sample.frames[nearest]
        axis.imshow(cv2.resize(frame, (FRAME_PX, FRAME_PX), interpolation=cv2.INTER_AREA))
        axis.set_anchor("W")
        text = f"{example.time_s[number]:.1f} s: {100 * example.share[number]:.0f}%"
        axis.text(0.5, -0.04, text, transform=axis.transAxes, ha="center", va="top", size=8)


def _draw_sound(axis: Axes, example: Example) -> None:
    width = np.diff(example.time_s).min() if len(example.time_s) > 1 else 1.0
    colour = PALETTE[1] if example.p < SIGNIFICANT else QUIET
    opacity = 0.2 + 0.8 * example.share / example.share.max()
    colours = [(*to_rgb(colour), alpha) for alpha in opacity]
    axis.bar(example.time_s, example.alone, width=0.9 * width, color=colours)
    axis.axhline(example.probability, color=QUIET, lw=1, ls="--")
    axis.set(ylim=(0, 1), yticks=[0, 1], xlim=(0, None))
    _label_example(axis, example)


def _label_example(axis: Axes, example: Example) -> None:
    """Name the trailer and rate the model; grey if it is no better than chance."""
    is_significant = example.p < SIGNIFICANT
    name = shorten(example.title, MAX_TITLE_CHARACTERS, placeholder=" \N{HORIZONTAL ELLIPSIS}")
    equal = f"equal share: {100 / len(example.share):.0f}%"
    text = f"{isolated(name)}: {example.probability:.2f}; {equal}"
    text += f"\naverage precision {example.average_precision:.2f}"
    text += "" if is_significant else ", no better than chance"
    axis.set_title(text, size=9, color="black" if is_significant else "dimgray")
