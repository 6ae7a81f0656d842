"""Pictures of what the trailers' models find: picture against sound, and how good each model is."""

import os
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from scorelens.figures import PALETTE, QUIET, save
from scorelens.genres.evaluate.score import MACRO
from scorelens.tables import TRAILER_ARMS, TRAILER_SCORES, read_table
from scorelens.trailers import BOTH, PICTURE, SOUND, TUNED, title
from scorelens.trailers.evaluate.modality_comparison import SURE

ROW_INCHES = 0.42
UNSURE = f"p \N{GREATER-THAN OR EQUAL TO} {SURE}"
COLOURS = {PICTURE: PALETTE[0], SOUND: PALETTE[1], BOTH: PALETTE[2]}
APART = 0.24  # of a row: from an arm's dot to the next one's
CHANCE = {"color": "black", "marker": "|", "markersize": 11, "ls": "none", "mew": 1.5}
HALF_ROW = 0.42  # what a line for chance runs through, up and down
PANELS = (
    ("average_precision", None, "Average precision", "mean over the genres"),
    ("f1", TUNED, "F1, tuned thresholds", "mean over the genres"),
    ("likeliest_right", None, "Likeliest genre right", "share of the trailers"),
)


def plot(
    scores: str | os.PathLike,
    arms: str | os.PathLike,
    figures: Mapping[str, str | os.PathLike],
) -> None:
    """Draw the figures of the tables of the contracts TRAILER_SCORES and TRAILER_ARMS.

    figures: where to write `arms` and `scores`.
    """
    save(arms_figure(read_table(arms, TRAILER_ARMS)), figures["arms"])
    save(scores_figure(read_table(scores, TRAILER_SCORES)), figures["scores"])


def arms_figure(table: pd.DataFrame) -> plt.Figure:
    """Does the picture or the sound give the genre away? A row a genre.

    On the left the average precision by picture, by sound and by both, with 95% intervals and that
    of a random order; on the right, if there are both, picture less sound, filled where it is sure
    (adjusted p < SURE). An arm without a model is left out. table: rows of TRAILER_ARMS.
    """
    rows = np.arange(len(table))
    widths = (3, 2) if table["difference"].notna().any() else (3,)
    size = 2 * sum(widths), 2 + ROW_INCHES * len(table)
    figure, axes = plt.subplots(
        1, len(widths), sharey=True, squeeze=False, figsize=size, width_ratios=widths
    )
    left, *others = axes[0]
    ends = rows - HALF_ROW, rows + HALF_ROW
    left.vlines(table["chance"], *ends, color="black", lw=1)
    drawn = [arm for arm in COLOURS if table[arm].notna().any()]
    for number, arm in enumerate(drawn):
        places, colour = rows + APART * (number - (len(drawn) - 1) / 2), COLOURS[arm]
        left.hlines(places, table[f"{arm}_low"], table[f"{arm}_high"], color=colour, lw=2)
        left.plot(table[arm], places, "o", color=colour, ms=5)
    left.set(title="How well the genre is found", xlim=(-0.02, 1.02), xlabel="average precision")
    for axis in others:
        _draw_difference(axis, table)
    for axis in axes[0]:
        axis.grid(axis="x", lw=0.5, alpha=0.5)
        axis.tick_params(axis="y", length=0)
        axis.axhline(len(table) - 1.5, color="black", lw=0.6)
    left.set_yticks(
        rows, [_counted(*pair) for pair in zip(table.genre, table.support, strict=True)]
    )
    left.set_ylim(len(table) - 0.5, -0.5)
    keys = [_key(arm, _name(table, arm)) for arm in drawn]
    keys.append(Line2D([], [], label="a random order of the trailers", **CHANCE))
    figure.legend(handles=keys, loc="outside upper left", ncols=len(widths), fontsize=9)
    return figure


def _draw_difference(axis: Axes, table: pd.DataFrame) -> None:
    axis.axvline(0, color="black", lw=0.8)
    own = table.dropna(subset="difference")
    for place, row in own.iterrows():
        colour = _side(row["difference"])
        filled = colour if row["p_adjusted"] < SURE else "white"
        axis.plot([row["difference_low"], row["difference_high"]], [place, place], color=colour)
        axis.plot(row["difference"], place, "o", color=colour, mfc=filled, mew=1.5)
    widest = max(0.1, own[["difference_low", "difference_high"]].abs().max(axis=None))
    axis.set_xlim(-1.08 * widest, 1.08 * widest)
    label = "\N{LEFTWARDS ARROW} the sound tells | the picture tells \N{RIGHTWARDS ARROW}"
    axis.set(title="Picture less sound", xlabel=f"{label}\nhollow: adjusted {UNSURE}")


def _side(difference: float) -> str:
    """The colour of the arm that finds a genre better; of neither if they are equal."""
    if difference == 0:
        return QUIET
    return COLOURS[PICTURE if difference > 0 else SOUND]


def _key(arm: str, label: str) -> Artist:
    return Line2D([], [], color=COLOURS[arm], marker="o", lw=2, label=label)


def _name(table: pd.DataFrame, arm: str) -> str:
    run = table[[f"{arm}_network", f"{arm}_model"]].iloc[0]
    return f"{arm}: {title(*run)}"


def _counted(genre: str, support: int) -> str:
    return genre if genre == MACRO else f"{genre} ({support})"


def scores_figure(table: pd.DataFrame) -> plt.Figure:
    """How good each run is, a row a run, and what titles that swap their genres come to.

    Dots with 95% intervals, filled where the run is better than chance (p < SURE); lines divide the
    arms. table: rows of TRAILER_SCORES.
    """
    runs = table[["network", "model", "arm"]].drop_duplicates()
    figure, axes = plt.subplots(
        1, len(PANELS), sharey=True, figsize=(13, 1.8 + ROW_INCHES * len(runs))
    )
    arm = runs["arm"].fillna("").to_numpy()
    borders = np.flatnonzero(arm[1:] != arm[:-1]) + 0.5
    for axis, (measure, threshold, heading, unit) in zip(axes, PANELS, strict=True):
        own = table[(table["measure"] == measure) & table["genre"].isin([MACRO, "all"])]
        if threshold:
            own = own[own["threshold"] == threshold]
        _draw_scores(axis, own)
        for place in borders:
            axis.axhline(place, color=QUIET, lw=0.6)
        axis.set(title=heading, xlim=(-0.02, 1.02), xlabel=unit)
    names = [title(*run) for run in zip(runs["network"], runs["model"], strict=True)]
    axes[0].set_yticks(range(len(runs)), names)
    axes[0].set_ylim(len(runs) - 0.5, -0.5)
    keys = [_key(arm, arm) for arm in COLOURS if arm in set(table["arm"])]
    keys.append(
        Line2D([], [], color=QUIET, marker="o", mfc="white", lw=2, label=f"hollow: {UNSURE}")
    )
    keys.append(Line2D([], [], label="mean where titles swap their genres", **CHANCE))
    figure.legend(handles=keys, loc="outside upper left", ncols=len(keys), fontsize=9)
    return figure


def _draw_scores(axis: Axes, rows: pd.DataFrame) -> None:
    """rows: one a run."""
    for place, (_, row) in enumerate(rows.iterrows()):
        colour = COLOURS.get(row["arm"], QUIET)
        filled = colour if row["p"] < SURE else "white"
        axis.plot([row["low"], row["high"]], [place, place], color=colour, lw=2)
        axis.plot(row["value"], place, "o", color=colour, mfc=filled, mew=1.5)
        where = {"transform": axis.get_yaxis_transform(), "va": "center"}
        axis.text(1.02, place, f"{row['value']:.2f}", size=9, **where)
    axis.plot(rows["chance"], range(len(rows)), **CHANCE)
    axis.grid(axis="x", lw=0.5, alpha=0.5)
    axis.tick_params(axis="y", length=0)
