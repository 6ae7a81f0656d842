"""Which label sets are taken for which: a film's genres all together, not each on its own."""

from collections import Counter

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.patches import Rectangle

from scorelens import figures
from scorelens.genres.evaluate.plot_style import run_title
from scorelens.genres.evaluate.score import answers, labels

SHOWN = 10  # label sets with a row and a column of their own
OTHER, NONE = "other", "no genre"
CELL_INCHES = 0.5


def label_sets(matrix: np.ndarray, genres: list[str]) -> list[str]:
    """The label set of each film in words. matrix: bool (films, genres)."""
    return [
        " + ".join(genre for genre, has in zip(genres, row, strict=True) if has) or NONE
        for row in matrix
    ]


def confusion(actual: list[str], predicted: list[str], shown: int = SHOWN) -> pd.DataFrame:
    """How many films of each actual label set are taken for each.

    actual, predicted: the label set of each film. Returns counts int64, actual sets as rows and
    predicted ones as columns, both alike: the `shown` most frequent sets, by films that have them
    or are said to, then OTHER for the rest if there is any; sets of equal frequency by name.
    """
    frequency = Counter(actual) + Counter(predicted)
    order = sorted(frequency, key=lambda name: (-frequency[name], name))
    kept = order[:shown]
    names = kept + [OTHER] * (len(order) > shown)
    folded = [[name if name in kept else OTHER for name in own] for own in (actual, predicted)]
    counts = pd.crosstab(*(pd.Series(own, dtype=object) for own in folded))
    return counts.reindex(index=names, columns=names, fill_value=0)


def confusion_figure(run: tuple[str, str], predictions: pd.DataFrame) -> plt.Figure:
    """The counts of `confusion` as shaded cells, of the model's first training run.

    run: (feature set, model). predictions: its table of the contract PREDICTIONS. The outlined
    cells are films whose genres are all right; those of OTHER are not outlined, as it joins sets.
    """
    first = predictions[predictions["repeat"] == 0]
    genres = first["genre"].drop_duplicates().tolist()
    actual = label_sets(labels(first), genres)
    predicted = label_sets(answers(first)[0], genres)
    counts = confusion(actual, predicted)
    side = 3.4 + CELL_INCHES * len(counts)
    figure, axis = plt.subplots(figsize=(side, side - 0.6))
    shades = np.sqrt(counts / counts.to_numpy().max())  # so that single films can be seen
    axis.imshow(shades, cmap="Blues", vmin=0, vmax=1.2)
    for (row, column), count in np.ndenumerate(counts.to_numpy()):
        if count:
            ink = "white" if shades.iloc[row, column] > 0.75 else "black"
            axis.text(column, row, count, ha="center", va="center", color=ink, fontsize=9)
    for place, name in enumerate(counts.index):
        if name != OTHER:
            corner = (place - 0.5, place - 0.5)
            axis.add_patch(Rectangle(corner, 1, 1, fill=False, ec=figures.PALETTE[3], lw=1.2))
    places = range(len(counts))
    axis.set_xticks(places, counts.columns, rotation=40, ha="right", rotation_mode="anchor")
    axis.set_yticks(places, counts.index)
    axis.tick_params(length=0, labelsize=9)
    axis.spines[:].set_visible(False)
    axis.set(xlabel="genres that the model says", ylabel="genres of the film")
    right = sum(said == true for said, true in zip(predicted, actual, strict=True))
    axis.set_title(
        f"{run_title(run)}: all genres right in {right} of {len(actual)} films",
        fontsize=11,
        loc="right",
    )
    return figure
