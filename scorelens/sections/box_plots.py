"""Box plots over the films of each genre, one panel a measure."""

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from scorelens import figures
from scorelens.sections import svg

COLUMNS = 4  # panels side by side
MAX_VECTOR_DOTS = 200  # of a panel; more are a picture, whose size does not grow with them


def plot_by_genre(table: pd.DataFrame, films: pd.DataFrame, labels: dict[str, str]) -> str | None:
    """Draw box plots over films, genre by genre, one panel for each column.

    Parameters
    ----------
    table : DataFrame
        One row a film: film_id and the columns of `labels`.
    films : DataFrame
        Table of FILMS.
    labels : dict of str to str
        Title of the panel of each column, in order.

    Returns
    -------
    str or None
        The figure as a data URI; None if no column has a value.
    """
    table = by_genre(table, films)
    shown = [name for name in labels if table[name].notna().any()]
    if not shown:
        return None
    counts = table.groupby("genre").film_id.nunique()[::-1]
    rows = -(-len(shown) // COLUMNS)
    size = (11, rows * (0.75 + 0.3 * len(counts)))
    figure, grid = plt.subplots(rows, COLUMNS, sharey=True, figsize=size, squeeze=False)
    for axis, name in zip(grid.flat, shown, strict=False):
        values = [table.loc[table.genre == genre, name].dropna() for genre in counts.index]
        _draw_boxes(axis, values)
        axis.set_title(labels[name], fontsize=10)
    for axis in grid.flat[len(shown) :]:
        axis.remove()
    grid[0, 0].set_yticks(
        range(len(counts)), [f"{figures.isolated(g)} (n = {n})" for g, n in counts.items()]
    )
    return svg.data_uri(svg.compact_svg(figure))


def by_genre(table: pd.DataFrame, films: pd.DataFrame) -> pd.DataFrame:
    """Add the genre of each film; a film of several genres gets one row for each, one of none none.

    Parameters
    ----------
    table : DataFrame
        With a column film_id.
    films : DataFrame
        With columns film_id and genres, a tuple each.

    Returns
    -------
    DataFrame
        The table with a column genre.

    Examples
    --------
    >>> films = pd.DataFrame({"film_id": ["a", "b"], "genres": [("Drama", "Comedy"), ()]})
    >>> by_genre(pd.DataFrame({"film_id": ["a", "b"], "x": [1, 2]}), films).genre.tolist()
    ['Drama', 'Comedy']
    """
    genres = films.set_index("film_id")["genres"].explode().dropna().rename("genre")
    return table.merge(genres.reset_index(), on="film_id")


def _draw_boxes(axis: Axes, values: list[pd.Series]) -> None:
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
    rows = np.repeat(np.arange(len(values)), [len(series) for series in values])
    is_raster = len(rows) > MAX_VECTOR_DOTS
    axis.plot(
        np.concatenate(values),
        rows,
        "o",
        rasterized=is_raster,
        ms=3,
        alpha=0.6,
        color="black",
        mew=0,
        zorder=4,
    )
    axis.tick_params(axis="y", length=0)
    axis.grid(axis="x", lw=0.5, alpha=0.5)
    axis.locator_params(axis="x", nbins=4)
