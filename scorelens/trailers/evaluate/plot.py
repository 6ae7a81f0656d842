"""Draws the scores of the trailer models: picture against sound, and each model."""

import os
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from scorelens.evaluation import ALL, MACRO, SIGNIFICANT
from scorelens.evaluation.score_plot import draw_scores
from scorelens.figures import CHANCE, PALETTE, QUIET, save
from scorelens.tables import TRAILER_MODALITIES, TRAILER_SCORES, read_table
from scorelens.trailers import BOTH, PICTURE, SOUND, TUNED, title

ROW_INCHES = 0.42
NOT_SIGNIFICANT = f"p \N{GREATER-THAN OR EQUAL TO} {SIGNIFICANT}"
COLOURS = {PICTURE: PALETTE[0], SOUND: PALETTE[1], BOTH: PALETTE[2]}
OFFSET = 0.24  # of a row: from the dot of a modality to that of the next
HALF_ROW = 0.42  # how far the line of chance reaches, up and down
PANELS = (  # measure, threshold, title and label
    ("average_precision", None, "Average precision", "mean over the genres"),
    ("f1", TUNED, "F1, tuned thresholds", "mean over the genres"),
    ("top1_accuracy", None, "Top-1 accuracy", "share of the trailers"),
)


def plot(
    scores: str | os.PathLike,
    modalities: str | os.PathLike,
    figures: Mapping[str, str | os.PathLike],
) -> None:
    """Draw both figures.

    Parameters
    ----------
    scores, modalities : path
        Tables of TRAILER_SCORES and TRAILER_MODALITIES.
    figures : mapping of str to path
        Where to write `modalities` and `scores`.
    """
    save(modality_figure(read_table(modalities, TRAILER_MODALITIES)), figures["modalities"])
    save(score_figure(read_table(scores, TRAILER_SCORES)), figures["scores"])


def modality_figure(table: pd.DataFrame) -> plt.Figure:
    """Draw average precision by picture, sound and both, a row per genre, with 95% intervals.

    Lines mark a random order of the trailers. On the right, if there are both, stands picture minus
    sound, filled where it is significant. A modality without a model is left out.

    Parameters
    ----------
    table : pandas.DataFrame
        Rows of TRAILER_MODALITIES.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows = np.arange(len(table))
    widths = (3, 2) if table["difference"].notna().any() else (3,)
    size = 2 * sum(widths), 2 + ROW_INCHES * len(table)
    figure, axes = plt.subplots(
        1, len(widths), sharey=True, squeeze=False, figsize=size, width_ratios=widths
    )
    left, *others = axes[0]
    left.vlines(table["chance"], rows - HALF_ROW, rows + HALF_ROW, color="black", lw=1)
    drawn = [modality for modality in COLOURS if table[modality].notna().any()]
    for number, name in enumerate(drawn):
        y, colour = rows + OFFSET * (number - (len(drawn) - 1) / 2), COLOURS[name]
        left.hlines(y, table[f"{name}_low"], table[f"{name}_high"], color=colour, lw=2)
        left.plot(table[name], y, "o", color=colour, ms=5)
    left.set(title="By picture, sound and both", xlim=(-0.02, 1.02), xlabel="average precision")
    for axis in others:
        _draw_difference(axis, table)
    for axis in axes[0]:
        axis.grid(axis="x", lw=0.5, alpha=0.5)
        axis.tick_params(axis="y", length=0)
        axis.axhline(len(table) - 1.5, color="black", lw=0.6)
    names = [
        genre if genre == MACRO else f"{genre} ({support})"
        for genre, support in zip(table.genre, table.support, strict=True)
    ]
    left.set_yticks(rows, names)
    left.set_ylim(len(table) - 0.5, -0.5)
    handles = [_handle(modality, _legend_label(table, modality)) for modality in drawn]
    handles.append(Line2D([], [], label="a random order of the trailers", **CHANCE))
    figure.legend(handles=handles, loc="outside upper left", ncols=len(widths), fontsize=9)
    return figure


def _draw_difference(axis: Axes, table: pd.DataFrame) -> None:
    axis.axvline(0, color="black", lw=0.8)
    rows = table.dropna(subset="difference")
    for y, row in rows.iterrows():
        colour = QUIET  # neither modality is better
        if row["difference"]:
            colour = COLOURS[PICTURE if row["difference"] > 0 else SOUND]
        face = colour if row["p_adjusted"] < SIGNIFICANT else "white"
        axis.plot([row["difference_low"], row["difference_high"]], [y, y], color=colour)
        axis.plot(row["difference"], y, "o", color=colour, mfc=face, mew=1.5)
    widest = max(0.1, rows[["difference_low", "difference_high"]].abs().max(axis=None))
    axis.set_xlim(-1.08 * widest, 1.08 * widest)
    label = "\N{LEFTWARDS ARROW} sound is better | picture is better \N{RIGHTWARDS ARROW}"
    axis.set(title="Picture minus sound", xlabel=f"{label}\nhollow: adjusted {NOT_SIGNIFICANT}")


def _handle(modality: str, label: str) -> Artist:
    return Line2D([], [], color=COLOURS[modality], marker="o", lw=2, label=label)


def _legend_label(table: pd.DataFrame, modality: str) -> str:
    run = table[[f"{modality}_network", f"{modality}_model"]].iloc[0]
    return f"{modality}: {title(*run)}"


def score_figure(table: pd.DataFrame) -> plt.Figure:
    """Draw the scores of each run, a row per run, with 95% intervals.

    Dots are filled where the run is significantly better than chance; a tick marks the mean over
    permutations. Lines divide the modalities.

    Parameters
    ----------
    table : pandas.DataFrame
        Rows of TRAILER_SCORES.

    Returns
    -------
    matplotlib.figure.Figure
    """
    runs = table[["network", "model", "modality"]].drop_duplicates()
    figure, axes = plt.subplots(
        1, len(PANELS), sharey=True, figsize=(13, 1.8 + ROW_INCHES * len(runs))
    )
    modality = runs["modality"].fillna("").to_numpy()
    borders = np.flatnonzero(modality[1:] != modality[:-1]) + 0.5
    for axis, (measure, threshold, heading, label) in zip(axes, PANELS, strict=True):
        rows = table[(table["measure"] == measure) & table["genre"].isin([MACRO, ALL])]
        if threshold:
            rows = rows[rows["threshold"] == threshold]
        colours = [COLOURS.get(modality, QUIET) for modality in rows["modality"]]
        draw_scores(axis, rows, colours)
        for y in borders:
            axis.axhline(y, color=QUIET, lw=0.6)
        axis.set(title=heading, xlim=(-0.02, 1.02), xlabel=label)
    names = [title(*run) for run in zip(runs["network"], runs["model"], strict=True)]
    axes[0].set_yticks(range(len(runs)), names)
    axes[0].set_ylim(len(runs) - 0.5, -0.5)
    hollow = {"color": QUIET, "marker": "o", "mfc": "white", "lw": 2}
    handles = [
        *(_handle(name, name) for name in COLOURS if name in set(table["modality"])),
        Line2D([], [], label=f"hollow: {NOT_SIGNIFICANT}", **hollow),
        Line2D([], [], label="mean where titles exchange their genres", **CHANCE),
    ]
    figure.legend(handles=handles, loc="outside upper left", ncols=len(handles), fontsize=9)
    return figure
