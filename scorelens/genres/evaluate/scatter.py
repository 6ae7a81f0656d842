"""Draws precision and recall of single films over their cues (after Ma et al. 2021)."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from scorelens import figures
from scorelens.evaluation import THRESHOLD
from scorelens.evaluation.classification import precision_recall_f1
from scorelens.evaluation.predictions import Predictions
from scorelens.genres.evaluate.plot_style import run_title, set_styles

COLUMNS = 4  # panels side by side
PANEL_INCHES = 3.3
# The films of lowest F1 are named; where their letters stand, in points.
LETTERS = {"a": (5, -9), "b": (-11, -9), "c": (5, 4)}
BINS = np.linspace(0, 1, 21)
TICKS = (0, 0.5, 1)
MEDIAN = {"color": "black", "lw": 0.8, "ls": ":"}


def score_films(cues: pd.DataFrame, predictions: Predictions) -> pd.DataFrame:
    """Precision, recall and F1 of every film, pooled over its cues and genres.

    Parameters
    ----------
    cues : pandas.DataFrame
        Rows of GENRE_CUES: probabilities of single cues. A genre is predicted for a cue above
        `THRESHOLD`.
    predictions : Predictions
        Of the same model, for the labels; a cue has those of its film.

    Returns
    -------
    pandas.DataFrame, one row per film that has cues and a label
        `film_id`, `precision`, `recall`, `f1` in 0..1, 0 where nothing is predicted.
    """
    labels = pd.DataFrame(predictions.labels, columns=predictions.genres)
    labels = labels.assign(film_id=predictions.units["film_id"])
    by_genre = labels.melt("film_id", var_name="genre", value_name="actual")
    each = cues.merge(by_genre, on=["film_id", "genre"])
    predicted, actual = each["probability"] > THRESHOLD, each["actual"]
    outcomes = {
        "hits": predicted & actual,
        "false_alarms": predicted & ~actual,
        "misses": ~predicted & actual,
    }
    counts = pd.DataFrame(outcomes).groupby(each["film_id"]).sum().astype(float)
    counts = counts[counts["hits"] + counts["misses"] > 0]
    metrics = precision_recall_f1(counts.to_numpy().T)
    columns = dict(zip(("precision", "recall", "f1"), metrics, strict=True))
    return pd.DataFrame({"film_id": counts.index, **columns})


def scatter_figure(films: Mapping[tuple[str, str], pd.DataFrame]) -> plt.Figure:
    """Draw a panel per model and a marker per film, medians as dotted lines, and histograms.

    Films at one point make a larger marker with their number in it; the films of lowest F1 are
    named.

    Parameters
    ----------
    films : mapping of (feature set, model) to pandas.DataFrame
        From `score_films`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    sets = len({feature_set for feature_set, _ in films})
    columns = min(COLUMNS, len(films), max(2, sets))  # the models of a set below each other
    rows = -(-len(films) // columns)
    figure, axes = plt.subplots(
        rows,
        columns,
        squeeze=False,
        figsize=(columns * PANEL_INCHES, rows * (PANEL_INCHES + 0.7) + 0.3),
    )
    styles = set_styles(feature_set for feature_set, _ in films)
    for axis, (run, table) in zip(axes.flat, films.items(), strict=False):
        colour, marker = styles[run[0]]
        _draw_films(axis, table, colour, marker)
        _draw_histograms(axis, table, colour)
        axis.set(xlim=(-0.06, 1.06), ylim=(-0.06, 1.06), xticks=TICKS, yticks=TICKS)
        axis.set_title(run_title(run).replace(" (", "\n("), fontsize=10, pad=30)
    for axis in axes.flat[len(films) :]:
        axis.set_axis_off()
    figure.supxlabel("recall over the film's cues", fontsize=10)
    figure.supylabel("precision over the film's cues", fontsize=10)
    return figure


def _draw_films(axis: Axes, table: pd.DataFrame, colour: str, marker: str) -> None:
    if table.empty:
        axis.text(0.5, 0.5, "no film has cues and labels", ha="center", color=figures.QUIET)
        return
    axis.axvline(table["recall"].median(), zorder=0, **MEDIAN)
    axis.axhline(table["precision"].median(), zorder=0, **MEDIAN)
    points = table.round(2).groupby(["recall", "precision"]).size()
    for (recall, precision), count in points.items():
        size = 5 + 4 * np.sqrt(count - 1)
        axis.plot(recall, precision, marker, color=colour, ms=size, mec="white", alpha=0.8)
        if count > 1:
            centred = {"ha": "center", "va": "center_baseline"}
            axis.text(recall, precision, count, color="white", fontsize=7, **centred)
    worst = table.nsmallest(len(LETTERS), "f1")
    worst = worst.assign(letter=list(LETTERS)[: len(worst)])
    for point, films in worst.round(2).groupby(["recall", "precision"]):
        letters, shift = ", ".join(films["letter"]), LETTERS[films["letter"].iloc[0]]
        axis.annotate(letters, point, shift, textcoords="offset points", fontsize=8)
    names = (worst["letter"] + "  " + worst["film_id"]).tolist()
    axis.set_xlabel("\n".join([f"{len(table)} films; lowest F1:", *names]), loc="left", fontsize=8)


def _draw_histograms(axis: Axes, table: pd.DataFrame, colour: str) -> None:
    style = {"bins": BINS, "color": colour, "alpha": 0.5}
    above = axis.inset_axes([0, 1.02, 1, 0.12], sharex=axis)
    above.hist(table["recall"], **style)
    beside = axis.inset_axes([1.02, 0, 0.12, 1], sharey=axis)
    beside.hist(table["precision"], orientation="horizontal", **style)
    for edge in (above, beside):
        edge.set_axis_off()
