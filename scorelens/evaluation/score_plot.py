"""Figures of scores: a row per model, filled where the model is better than chance."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes

from scorelens import figures
from scorelens.evaluation import SIGNIFICANT


def draw_scores(
    axis: Axes, rows: pd.DataFrame, colours: Sequence[str], best: float | None = None
) -> None:
    """Draw one score of each model with its 95% interval, and its mean over permutations.

    Parameters
    ----------
    axis : matplotlib.axes.Axes
        The rows are at 0, 1 and so on.
    rows : pandas.DataFrame
        A row per model: value, low, high, chance (mean over permutations) and p.
    colours : sequence of str
        Of each row.
    best : float, optional
        The value that is bold.
    """
    for y, (colour, (_, row)) in enumerate(zip(colours, rows.iterrows(), strict=True)):
        axis.plot([row["low"], row["high"]], [y, y], color=colour, lw=2)
        value = row["value"]
        draw_dot(axis, value, y, colour, row["p"], f"{value:.2f}", value == best)
    axis.plot(rows["chance"], range(len(rows)), **figures.CHANCE)
    axis.grid(axis="x", lw=0.5, alpha=0.5)
    axis.tick_params(axis="y", length=0)


def draw_dot(
    axis: Axes, value: float, y: float, colour: str, p: float, label: str, is_best: bool
) -> None:
    """Draw the dot of a score, filled where it is significant, and its number beside the panel.

    Parameters
    ----------
    axis : matplotlib.axes.Axes
    value, y : float
        Where the dot lies, in data coordinates.
    colour : str
    p : float
        Against chance, 0..1.
    label : str
        The number, as it is written.
    is_best : bool
        Whether the number is bold.
    """
    face = colour if p < SIGNIFICANT else "white"
    axis.plot(value, y, "o", color=colour, mfc=face, mew=1.5)
    weight = "bold" if is_best else "normal"
    beside = {"transform": axis.get_yaxis_transform(), "va": "center"}
    axis.text(1.02, y, label, size=9, weight=weight, **beside)
