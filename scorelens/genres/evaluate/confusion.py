"""Draws which sets of genres are predicted for which: the genres of a film all together."""

from collections import Counter

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.patches import Rectangle

from scorelens import figures
from scorelens.evaluation.predictions import Predictions
from scorelens.genres.evaluate.plot_style import run_title

MAX_SETS = 10  # label sets with a row and a column of their own
OTHER, NONE = "other", "no genre"
CELL_INCHES = 0.5


def label_sets(labels: np.ndarray, genres: list[str]) -> list[str]:
    """Name the label set of each film.

    Parameters
    ----------
    labels : ndarray of bool, shape (films, genres)
    genres : list of str

    Returns
    -------
    list of str

    Examples
    --------
    >>> label_sets(np.array([[True, True], [False, False]]), ["Comedy", "Drama"])
    ['Comedy + Drama', 'no genre']
    """
    return [
        " + ".join(genre for genre, has in zip(genres, row, strict=True) if has) or NONE
        for row in labels
    ]


def confusion(actual: list[str], predicted: list[str], max_sets: int = MAX_SETS) -> pd.DataFrame:
    """Count the films of each actual and each predicted label set.

    Parameters
    ----------
    actual, predicted : list of str
        The label set of each film.
    max_sets : int
        The most frequent sets have a row and a column, by the films that have them or are
        predicted to, sets of equal frequency by name; the others share `OTHER`.

    Returns
    -------
    pandas.DataFrame of int64
        Actual sets as rows and predicted ones as columns, in the same order.
    """
    frequency = Counter(actual) + Counter(predicted)
    order = sorted(frequency, key=lambda name: (-frequency[name], name))
    retained = order[:max_sets]
    names = retained + [OTHER] * (len(order) > max_sets)
    folded = [
        [name if name in retained else OTHER for name in sets] for sets in (actual, predicted)
    ]
    counts = pd.crosstab(*(pd.Series(sets, dtype=object) for sets in folded))
    return counts.reindex(index=names, columns=names, fill_value=0)


def confusion_figure(run: tuple[str, str], predictions: Predictions) -> plt.Figure:
    """Draw the counts of `confusion` as shaded cells, for the model's first training run.

    Outlined cells are films whose genres are all correct; `OTHER`, which joins sets, has none.

    Parameters
    ----------
    run : (feature set, model)
    predictions : Predictions
        Units are films.

    Returns
    -------
    matplotlib.figure.Figure
    """
    actual = label_sets(predictions.labels, predictions.genres)
    predicted = label_sets(predictions.predicted[0], predictions.genres)
    counts = confusion(actual, predicted)
    side = 3.4 + CELL_INCHES * len(counts)
    figure, axis = plt.subplots(figsize=(side, side - 0.6))
    _draw_counts(axis, counts)
    axis.set_xticks(
        range(len(counts)), counts.columns, rotation=40, ha="right", rotation_mode="anchor"
    )
    axis.set_yticks(range(len(counts)), counts.index)
    axis.tick_params(length=0, labelsize=9)
    axis.spines[:].set_visible(False)
    axis.set(xlabel="predicted genres", ylabel="genres of the film")
    correct = sum(one == other for one, other in zip(predicted, actual, strict=True))
    axis.set_title(
        f"{run_title(run)}: all genres correct in {correct} of {len(actual)} films",
        fontsize=11,
        loc="right",
    )
    return figure


def _draw_counts(axis: plt.Axes, counts: pd.DataFrame) -> None:
    shades = np.sqrt(counts / counts.to_numpy().max())  # so that single films can be seen
    axis.imshow(shades, cmap="Blues", vmin=0, vmax=1.2)
    for (row, column), count in np.ndenumerate(counts.to_numpy()):
        if count:
            colour = "white" if shades.iloc[row, column] > 0.75 else "black"
            axis.text(column, row, count, ha="center", va="center", color=colour, fontsize=9)
    for number, name in enumerate(counts.index):
        if name != OTHER:
            corner = (number - 0.5, number - 0.5)
            axis.add_patch(Rectangle(corner, 1, 1, fill=False, ec=figures.PALETTE[3], lw=1.2))
