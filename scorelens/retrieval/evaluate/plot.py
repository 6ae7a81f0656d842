"""Pictures of retrieval: who finds the music, with which part of a film, and how models learnt.

Where a row is a way to ask, it has a dot with its 95% interval over films, filled where swapped
queries hardly ever do as well. A tick marks what swapped queries reach on average, a dashed line
what a random order of the tracks gives.
"""

import os
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from scorelens.figures import PALETTE, QUIET, save
from scorelens.retrieval import BASELINE, CONFIGURATIONS, TITLES, all_parts
from scorelens.tables import RETRIEVAL_CURVES, RETRIEVAL_SCENE_SCORES, RETRIEVAL_SCORES, read_table

MEDIAN, RECALL = "median_rank", "recall_"
SURE = 0.05  # p below which a way to ask is drawn as better than swapped queries
ROW_INCHES, GAP = 0.3, 0.6  # of a row; rows between groups
OWN_COLOUR, OTHER_COLOUR = PALETTE[0], PALETTE[1]
SWAPPED = {"color": "black", "marker": "|", "markersize": 10, "ls": "none", "mew": 1.5}
RANDOM = {"color": QUIET, "lw": 1.2, "ls": "--"}
LEVELS = {
    "track": "Every track is a pair with its film",
    "film": "The first of a film's own tracks counts",
}
ASKERS = {"track": "tracks", "film": "films"}
POOLS = {
    "all": "Among the tracks of all test films; at the ticks, films swap their queries",
    "album": "Among the tracks of its film; at the ticks, the scenes of a film swap their queries",
}
ASKED = {
    "scene": "the scene's frames and words",
    "film": "the film's picture and words",
    "both": "both",
}
SCENE_MEASURES = ("mean_percentile", "recall_1", "recall_10", MEDIAN)
COLUMNS = 4  # of the panels of curves


def plot(
    scores: str | os.PathLike,
    curves: Sequence[str | os.PathLike],
    figures: Mapping[str, str | os.PathLike],
) -> None:
    """Draw the figures of a table of RETRIEVAL_SCORES and of one of RETRIEVAL_CURVES a model.

    figures: where to write `recall`, `ablation` and `curves`.
    """
    table = read_table(scores, RETRIEVAL_SCORES)
    learnt = pd.concat([read_table(path, RETRIEVAL_CURVES) for path in curves])
    save(recall_figure(table), figures["recall"])
    save(ablation_figure(table), figures["ablation"])
    save(curve_figure(learnt), figures["curves"])


def plot_scenes(scores: str | os.PathLike, figure: str | os.PathLike) -> None:
    """Draw how well scenes find their music, of a table of the contract RETRIEVAL_SCENE_SCORES."""
    save(scene_figure(read_table(scores, RETRIEVAL_SCENE_SCORES)), figure)


def recall_figure(table: pd.DataFrame) -> plt.Figure:
    """How well each model finds the music of films that none learnt from, asked with all it sees.

    Three recalls and the median rank, on both levels. table: rows of RETRIEVAL_SCORES.
    """
    rows = table[table["seen"] == table["configuration"].map(all_parts)]
    models = [name for name in CONFIGURATIONS if (rows["configuration"] == name).any()]
    colours = [_colour(name) for name in models]
    measures = [*_telling(rows), MEDIAN]
    figure, axes = _panels(len(LEVELS), len(measures), np.arange(len(models)))
    for line, (level, words) in zip(axes, LEVELS.items(), strict=True):
        own = rows[rows["level"] == level]
        for axis, measure in zip(line, measures, strict=True):
            chosen = own[own["measure"] == measure].set_index("configuration").loc[models]
            _draw(axis, chosen, np.arange(len(models)), measure, colours, ASKERS[level])
        _name_line(line[0], words, np.arange(len(models)), [TITLES[name] for name in models])
    _place_keys(figure, [*_model_keys(models), *_keys("films swap their queries")])
    return figure


def ablation_figure(table: pd.DataFrame) -> plt.Figure:
    """What models that see several parts of a film find, asked with all of them and with some.

    The middle one of the recalls and the median rank, of tracks. table: rows of RETRIEVAL_SCORES.
    """
    rows = table[table["level"] == "track"].set_index(["configuration", "seen"])
    asked = [pair for pair in rows.index.drop_duplicates() if len(CONFIGURATIONS[pair[0]]) > 1]
    asked.sort(key=lambda pair: (list(CONFIGURATIONS).index(pair[0]), -pair[1].count("+")))
    if not asked:
        return _empty_figure("No model sees more than one part of a film")
    models = [name for name, _ in asked]
    breaks = np.cumsum([0, *(one != other for one, other in pairwise(models))])
    places = np.arange(len(asked)) + GAP * breaks
    measures = [*_telling(table)[1:2], MEDIAN]
    figure, axes = _panels(1, len(measures), places)
    for axis, measure in zip(axes[0], measures, strict=True):
        chosen = rows[rows["measure"] == measure].loc[asked]
        _draw(axis, chosen, places, measure, [_colour(name) for name in models], "tracks")
    names = [
        TITLES[name] if seen == all_parts(name) else "only " + seen.replace("+", " and ")
        for name, seen in asked
    ]
    _name_line(axes[0, 0], LEVELS["track"], places, names)
    for label, (name, seen) in zip(axes[0, 0].get_yticklabels(), asked, strict=True):
        label.set_fontweight("bold" if seen == all_parts(name) else "normal")
    _place_keys(figure, [*_model_keys(models), *_keys("films swap their queries")])
    return figure


def scene_figure(table: pd.DataFrame) -> plt.Figure:
    """How high the track of a scene is among all tracks and among its film's, by what is asked.

    Recalls of lists that hold all tracks are left out. table: rows of RETRIEVAL_SCENE_SCORES.
    """
    if table.empty:
        return _empty_figure("No test film has scenes")
    asked = [name for name in ASKED if (table["asked"] == name).any()]
    pools = [name for name in POOLS if (table["pool"] == name).any()]
    places = np.arange(len(asked))
    colours = [OTHER_COLOUR if name == "film" else OWN_COLOUR for name in asked]
    figure, axes = _panels(len(pools), len(SCENE_MEASURES), places)
    for line, pool in zip(axes, pools, strict=True):
        own = table[table["pool"] == pool]
        for axis, measure in zip(line, SCENE_MEASURES, strict=True):
            if measure.startswith(RECALL) and measure not in _telling(own):
                axis.set_axis_off()
                continue
            chosen = own[own["measure"] == measure].set_index("asked").loc[asked]
            _draw(axis, chosen, places, measure, colours, "scenes")
        _name_line(line[0], POOLS[pool], places, [ASKED[name] for name in asked])
    keys = [
        _dot(OWN_COLOUR, "with the scene"),
        _dot(OTHER_COLOUR, "without"),
        *_keys("queries are swapped"),
    ]
    said = f"{table['scenes'].max()} scenes of films that no model learnt from"
    _place_keys(figure, keys, said)
    return figure


def curve_figure(table: pd.DataFrame) -> plt.Figure:
    """The losses of each model by epoch, and the epoch that counts. table: of RETRIEVAL_CURVES."""
    models = [name for name in CONFIGURATIONS if (table["configuration"] == name).any()]
    columns = min(COLUMNS, len(models))
    lines = -(-len(models) // columns)
    figure, axes = plt.subplots(
        lines, columns, squeeze=False, figsize=(1 + 3 * columns, 1 + 2.3 * lines)
    )
    tops = table.groupby(table["configuration"] == BASELINE)[["training", "validation"]].max()
    for axis, model in zip(axes.flat, models, strict=False):
        _draw_curve(axis, table[table["configuration"] == model])
        axis.set_ylim(0, 1.05 * tops.loc[model == BASELINE].max())
        loss = "triplet loss" if model == BASELINE else "InfoNCE"
        axis.set_title(TITLES[model], size=10)
        axis.set(xlabel="epoch", ylabel=f"mean {loss} of a pair")
    for axis in axes.flat[len(models) :]:
        axis.set_axis_off()
    keys = [
        Line2D([], [], color=OTHER_COLOUR, lw=1.8, label="training films, with dropout"),
        Line2D([], [], color=OWN_COLOUR, lw=1.8, label="validation films"),
        Line2D([], [], color="black", lw=1, ls=":", label="the epoch that counts"),
    ]
    _place_keys(figure, keys)
    return figure


def _draw_curve(axis: Axes, rows: pd.DataFrame) -> None:
    """The last epoch counts where there are no validation films."""
    rows = rows.sort_values("epoch").set_index("epoch")
    judged = rows["validation"].dropna()
    best = judged.idxmin() if len(judged) else rows.index[-1]
    marker = "o" if len(rows) == 1 else None
    axis.plot(rows["training"], color=OTHER_COLOUR, lw=1.8, marker=marker)
    axis.plot(rows["validation"], color=OWN_COLOUR, lw=1.8, marker=marker)
    axis.axvline(best, color="black", lw=1, ls=":")
    axis.annotate(
        f" {best} ",
        (best, 1),
        xycoords=("data", "axes fraction"),
        va="top",
        size=9,
        ha="right" if 2 * best > rows.index[-1] else "left",
    )
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.grid(lw=0.5, alpha=0.5)


def _panels(lines: int, columns: int, places: np.ndarray) -> tuple[plt.Figure, np.ndarray]:
    """Panels whose rows are at `places`, from the top down. Returns axes (lines, columns)."""
    inches = 0.9 + lines * (1.25 + ROW_INCHES * (places[-1] + 1))
    size = (4 + 2.6 * columns, inches)
    figure, axes = plt.subplots(lines, columns, sharey=True, squeeze=False, figsize=size)
    axes[0, 0].set_ylim(places[-1] + GAP, -GAP)
    return figure, axes


def _draw(
    axis: Axes,
    rows: pd.DataFrame,
    places: np.ndarray,
    measure: str,
    colours: Sequence[str],
    askers: str,
) -> None:
    """One measure of the ways to ask, a row each: value, low, high, chance, permuted, p."""
    scale = 1 if measure == MEDIAN else 100
    figures = scale * rows[["value", "low", "high", "chance", "permuted"]]
    best = figures["value"].min() if measure == MEDIAN else figures["value"].max()
    axis.axvline(figures["chance"].mean(), zorder=0, **RANDOM)
    axis.hlines(places, figures["low"], figures["high"], colors=colours, lw=2)
    for place, value, colour, luck in zip(
        places, figures["value"], colours, rows["p"], strict=True
    ):
        face = colour if luck < SURE else "white"
        axis.plot(value, place, "o", color=colour, mfc=face, mew=1.5)
        weight = "bold" if value == best else "normal"
        where = {"transform": axis.get_yaxis_transform(), "va": "center"}
        axis.text(1.02, place, _figure(value, measure), size=9, weight=weight, **where)
    axis.plot(figures["permuted"], places, **SWAPPED)
    axis.set_title(f"\n{_title(measure)}", size=11)  # below the name of the line
    axis.set_xlabel(_unit(measure, askers), size=9)
    axis.set_xlim(left=0)
    axis.grid(axis="x", lw=0.5, alpha=0.5)
    axis.tick_params(axis="y", length=0)


def _title(measure: str) -> str:
    if measure.startswith(RECALL):
        return f"Recall at {measure.removeprefix(RECALL)}"
    return {MEDIAN: "Median rank", "mean_percentile": "Mean percentile"}[measure]


def _figure(value: float, measure: str) -> str:
    if measure == MEDIAN:
        return f"{value:g}"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def _unit(measure: str, askers: str) -> str:
    if measure == MEDIAN:
        return "place in the list\n\N{LEFTWARDS ARROW} better"
    of = "other tracks, that come after" if measure == "mean_percentile" else askers
    return f"% of the {of}\nbetter \N{RIGHTWARDS ARROW}"


def _name_line(axis: Axes, words: str, places: np.ndarray, names: Sequence[str]) -> None:
    """Name the rows of a line of panels, and the line. axis: the first of them."""
    axis.set_yticks(places, names)
    look = {"xycoords": "axes fraction", "textcoords": "offset points", "weight": "bold"}
    name = axis.annotate(words, (0, 1), (0, 23), size=12, **look)
    name.set_in_layout(False)  # it may be wider than the panel


def _telling(table: pd.DataFrame) -> list[str]:
    """A few recalls, those of a small and of a large list and one between.

    Lists that hold all tracks tell nothing, and are left out.
    """
    rows = table[table["measure"].str.startswith(RECALL) & (table["chance"] < 1 - 1e-9)]
    known = sorted(rows["measure"].unique(), key=lambda name: int(name.removeprefix(RECALL)))
    return list(dict.fromkeys([*known[:1], *known[len(known) // 2 :][:1], *known[-1:]]))


def _colour(configuration: str) -> str:
    return OTHER_COLOUR if configuration == BASELINE else OWN_COLOUR


def _model_keys(models: Sequence[str]) -> list[Artist]:
    known = {_colour(name): name for name in models}
    words = {OWN_COLOUR: "attention, InfoNCE", OTHER_COLOUR: "baseline"}
    return [_dot(colour, said) for colour, said in words.items() if colour in known]


def _keys(swapped: str) -> list[Artist]:
    hollow = f"hollow: p \N{GREATER-THAN OR EQUAL TO} {SURE}"
    return [
        _dot(QUIET, hollow, "white"),
        Line2D([], [], label=f"mean where {swapped}", **SWAPPED),
        Line2D([], [], label="random order", **RANDOM),
    ]


def _dot(colour: str, label: str, face: str | None = None) -> Artist:
    return Line2D([], [], color=colour, mfc=face or colour, marker="o", lw=2, mew=1.5, label=label)


def _place_keys(figure: plt.Figure, keys: Sequence[Artist], title: str | None = None) -> None:
    figure.legend(
        handles=keys,
        loc="outside upper left",
        ncols=len(keys),
        fontsize=9,
        title=title,
        alignment="left",
    )


def _empty_figure(words: str) -> plt.Figure:
    figure, axis = plt.subplots(figsize=(8, 1.2))
    axis.set_axis_off()
    axis.text(0, 0.5, words, va="center")
    return figure
