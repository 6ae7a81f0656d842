"""How well each single film is heard: precision and recall over its cues (after Ma et al. 2021)."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from scorelens import figures
from scorelens.genres import THRESHOLD
from scorelens.genres.evaluate.plot_style import run_title, set_looks
from scorelens.genres.evaluate.score import measures

COLUMNS = 4  # panels side by side
PANEL_INCHES = 3.3
# The films that are named, those that are heard worst, and where their letter stands, in points.
LETTERS = {"a": (5, -9), "b": (-11, -9), "c": (5, 4)}
BINS = np.linspace(0, 1, 21)
TICKS = (0, 0.5, 1)
MIDDLE = {"color": "black", "lw": 0.8, "ls": ":"}


def film_measures(cues: pd.DataFrame, predictions: pd.DataFrame) -> pd.DataFrame:
    """Precision, recall and F1 of every film, micro over its cues and genres.

    cues: a table of the contract GENRE_CUES. predictions: that of the same model, for the labels;
    a cue has those of its film. What counts is the decision for each cue on its own, its
    probability above THRESHOLD. Returns a row a film that has cues and a label: film_id and each
    measure in 0..1, 0 where nothing is said.
    """
    labels = predictions[predictions["repeat"] == 0][["film_id", "genre", "actual"]]
    each = cues.merge(labels, on=["film_id", "genre"])
    said, true = each["probability"] > THRESHOLD, each["actual"]
    kinds = {"hits": said & true, "false_alarms": said & ~true, "misses": ~said & true}
    counts = pd.DataFrame(kinds).groupby(each["film_id"]).sum().astype(float)
    counts = counts[counts["hits"] + counts["misses"] > 0]
    values = dict(zip(("precision", "recall", "f1"), measures(counts.to_numpy().T), strict=True))
    return pd.DataFrame({"film_id": counts.index, **values})


def scatter_figure(films: Mapping[tuple[str, str], pd.DataFrame]) -> plt.Figure:
    """A panel a model: a marker a film, the median film as dotted lines, histograms at the edges.

    films: the measures of `film_measures` for each (feature set, model). Films at one place make a
    larger marker with their number in it; the films of least F1 are named.
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
    looks = set_looks(feature_set for feature_set, _ in films)
    for axis, (run, table) in zip(axes.flat, films.items(), strict=False):
        colour, marker = looks[run[0]]
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
    axis.axvline(table["recall"].median(), zorder=0, **MIDDLE)
    axis.axhline(table["precision"].median(), zorder=0, **MIDDLE)
    places = table.round(2).groupby(["recall", "precision"]).size()
    for (recall, precision), count in places.items():
        size = 5 + 4 * np.sqrt(count - 1)
        axis.plot(recall, precision, marker, color=colour, ms=size, mec="white", alpha=0.8)
        if count > 1:
            centred = {"ha": "center", "va": "center_baseline"}
            axis.text(recall, precision, count, color="white", fontsize=7, **centred)
    worst = table.nsmallest(len(LETTERS), "f1")
    worst = worst.assign(letter=list(LETTERS)[: len(worst)])
    for place, own in worst.round(2).groupby(["recall", "precision"]):
        letters, shift = ", ".join(own["letter"]), LETTERS[own["letter"].iloc[0]]
        axis.annotate(letters, place, shift, textcoords="offset points", fontsize=8)
    names = (worst["letter"] + "  " + worst["film_id"]).tolist()
    axis.set_xlabel("\n".join([f"{len(table)} films; least F1:", *names]), loc="left", fontsize=8)


def _draw_histograms(axis: Axes, table: pd.DataFrame, colour: str) -> None:
    look = {"bins": BINS, "color": colour, "alpha": 0.5}
    above = axis.inset_axes([0, 1.02, 1, 0.12], sharex=axis)
    above.hist(table["recall"], **look)
    beside = axis.inset_axes([1.02, 0, 0.12, 1], sharey=axis)
    beside.hist(table["precision"], orientation="horizontal", **look)
    for edge in (above, beside):
        edge.set_axis_off()
