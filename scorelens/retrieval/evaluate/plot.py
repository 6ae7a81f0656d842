"""Draws retrieval results: models, inputs of a query, scenes, and learning curves.

Where a row is a kind of query, it has a dot with its 95% interval over films, filled where it is
significantly better than exchanged queries. A tick marks the mean for exchanged queries, a dashed
line a random order of the tracks.
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

from scorelens.evaluation import SIGNIFICANT
from scorelens.evaluation.score_plot import draw_dot
from scorelens.figures import CHANCE, PALETTE, QUIET, save
from scorelens.retrieval import AVCA, BASELINE, BASELINES, CONFIGURATIONS, TITLES, all_parts, title
from scorelens.retrieval.evaluate.rankings import full_queries
from scorelens.tables import RETRIEVAL_CURVES, RETRIEVAL_SCENE_SCORES, RETRIEVAL_SCORES, read_table

MEDIAN, RECALL = "median_rank", "recall_"
ROW_INCHES, GAP = 0.3, 0.6  # of a row; rows between groups
MAIN_COLOUR, OTHER_COLOUR = PALETTE[0], PALETTE[1]
RANDOM_ORDER = {"color": QUIET, "lw": 1.2, "ls": "--"}
LEVELS = {
    "track": "Each track is a pair with its film",
    "film": "The first of a film's own tracks counts",
}
QUERY_NAMES = {"track": "tracks", "film": "films"}
POOLS = {
    "all": "Among the tracks of all test films; ticks: films exchange their queries",
    "album": "Among the tracks of its film; ticks: the scenes of a film exchange their queries",
}
QUERIES = {
    "scene": "the scene's frames and words",
    "film": "the film's picture and words",
    "both": "both",
}
SCENE_METRICS = ("mean_percentile", "recall_1", "recall_10", MEDIAN)
COLUMNS = 4  # panels of curves side by side
TRIPLET_LOSS = (BASELINE, AVCA)


def plot(
    scores: str | os.PathLike,
    curves: Sequence[str | os.PathLike],
    figures: Mapping[str, str | os.PathLike],
) -> None:
    """Draw three figures of the models.

    Parameters
    ----------
    scores : path
        Table of RETRIEVAL_SCORES.
    curves : sequence of path
        Tables of RETRIEVAL_CURVES, one per model.
    figures : mapping of str to path
        Where to write `recall`, `ablation` and `curves`.
    """
    table = read_table(scores, RETRIEVAL_SCORES)
    losses = pd.concat([read_table(path, RETRIEVAL_CURVES) for path in curves])
    save(recall_figure(table), figures["recall"])
    save(ablation_figure(table), figures["ablation"])
    save(curve_figure(losses), figures["curves"])


def plot_scenes(scores: str | os.PathLike, figure: str | os.PathLike) -> None:
    """Draw the ranks of the tracks of scenes.

    Parameters
    ----------
    scores : path
        Table of RETRIEVAL_SCENE_SCORES.
    figure : path
        Where to write the figure.
    """
    save(scene_figure(read_table(scores, RETRIEVAL_SCENE_SCORES)), figure)


def recall_figure(table: pd.DataFrame) -> plt.Figure:
    """Draw three recalls and the median rank of models and baselines on two levels, for test films.

    Parameters
    ----------
    table : pandas.DataFrame
        Rows of RETRIEVAL_SCORES; queries with all inputs of a model count.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows = full_queries(table)
    systems = (*CONFIGURATIONS, *BASELINES)
    models = [name for name in systems if (rows["configuration"] == name).any()]
    colours = [_colour(name) for name in models]
    metrics = [*_informative_recalls(rows), MEDIAN]
    figure, axes = _panels(len(LEVELS), len(metrics), np.arange(len(models)))
    for line, (level, heading) in zip(axes, LEVELS.items(), strict=True):
        level_rows = rows[rows["level"] == level]
        for axis, metric in zip(line, metrics, strict=True):
            chosen = level_rows[level_rows["measure"] == metric]
            chosen = chosen.set_index("configuration").loc[models]
            _draw(axis, chosen, np.arange(len(models)), metric, colours, QUERY_NAMES[level])
        _label_line(line[0], heading, np.arange(len(models)), list(map(title, models)))
    _add_legend(figure, [*_model_handles(models), *_handles("films exchange their queries")])
    return figure


def ablation_figure(table: pd.DataFrame) -> plt.Figure:
    """Draw how well models with several inputs do for queries with all of them and with some.

    The middle one of the recalls and the median rank, of tracks.

    Parameters
    ----------
    table : pandas.DataFrame
        Rows of RETRIEVAL_SCORES.

    Returns
    -------
    matplotlib.figure.Figure
    """
    of_models = table["configuration"].isin(CONFIGURATIONS)
    rows = table[of_models & (table["level"] == "track")].set_index(["configuration", "seen"])
    queries = [pair for pair in rows.index.drop_duplicates() if len(CONFIGURATIONS[pair[0]]) > 1]
    queries.sort(key=lambda pair: (list(CONFIGURATIONS).index(pair[0]), -pair[1].count("+")))
    if not queries:
        return _empty_figure("No model has more than one input")
    models = [name for name, _ in queries]
    breaks = np.cumsum([0, *(one != other for one, other in pairwise(models))])
    y = np.arange(len(queries)) + GAP * breaks
    metrics = [*_informative_recalls(table)[1:2], MEDIAN]
    figure, axes = _panels(1, len(metrics), y)
    for axis, metric in zip(axes[0], metrics, strict=True):
        chosen = rows[rows["measure"] == metric].loc[queries]
        _draw(axis, chosen, y, metric, [_colour(name) for name in models], "tracks")
    names = [
        TITLES[name] if seen == all_parts(name) else "only " + seen.replace("+", " and ")
        for name, seen in queries
    ]
    _label_line(axes[0, 0], LEVELS["track"], y, names)
    for label, (name, seen) in zip(axes[0, 0].get_yticklabels(), queries, strict=True):
        label.set_fontweight("bold" if seen == all_parts(name) else "normal")
    _add_legend(figure, [*_model_handles(models), *_handles("films exchange their queries")])
    return figure


def scene_figure(table: pd.DataFrame) -> plt.Figure:
    """Draw the rank of the track of a scene among all tracks and among its film's, by query.

    Recalls of lists that hold all tracks are left out.

    Parameters
    ----------
    table : pandas.DataFrame
        Rows of RETRIEVAL_SCENE_SCORES.

    Returns
    -------
    matplotlib.figure.Figure
    """
    if table.empty:
        return _empty_figure("No test film has scenes")
    queries = [name for name in QUERIES if (table["asked"] == name).any()]
    pools = [name for name in POOLS if (table["pool"] == name).any()]
    y = np.arange(len(queries))
    colours = [OTHER_COLOUR if name == "film" else MAIN_COLOUR for name in queries]
    figure, axes = _panels(len(pools), len(SCENE_METRICS), y)
    for line, pool in zip(axes, pools, strict=True):
        rows = table[table["pool"] == pool]
        for axis, metric in zip(line, SCENE_METRICS, strict=True):
            if metric.startswith(RECALL) and metric not in _informative_recalls(rows):
                axis.set_axis_off()
                continue
            chosen = rows[rows["measure"] == metric].set_index("asked").loc[queries]
            _draw(axis, chosen, y, metric, colours, "scenes")
        _label_line(line[0], POOLS[pool], y, [QUERIES[name] for name in queries])
    handles = [
        _dot(MAIN_COLOUR, "with the scene"),
        _dot(OTHER_COLOUR, "without"),
        *_handles("queries are exchanged"),
    ]
    _add_legend(figure, handles, f"{table['scenes'].max()} scenes of test films")
    return figure


def curve_figure(table: pd.DataFrame) -> plt.Figure:
    """Draw the losses of each model by epoch, and the epoch whose parameters are retained.

    The first training run, whose model is retained, is drawn strongly, the others thinly.

    Parameters
    ----------
    table : pandas.DataFrame
        Rows of RETRIEVAL_CURVES.

    Returns
    -------
    matplotlib.figure.Figure
    """
    models = [name for name in CONFIGURATIONS if (table["configuration"] == name).any()]
    columns = min(COLUMNS, len(models))
    lines = -(-len(models) // columns)
    figure, axes = plt.subplots(
        lines, columns, squeeze=False, figsize=(1 + 3 * columns, 1 + 2.3 * lines)
    )
    # InfoNCE has one scale for all models, and the triplet loss one for each margin.
    scale = table["configuration"].where(table["configuration"].isin(TRIPLET_LOSS), "")
    highest = table.groupby(scale)[["training", "validation"]].max()
    for axis, model in zip(axes.flat, models, strict=False):
        _draw_curve(axis, table[table["configuration"] == model])
        axis.set_ylim(0, 1.05 * highest.loc[model if model in TRIPLET_LOSS else ""].max())
        loss = "triplet loss" if model in TRIPLET_LOSS else "InfoNCE"
        axis.set_title(TITLES[model], size=10)
        axis.set(xlabel="epoch", ylabel=f"mean {loss} of a pair")
    for axis in axes.flat[len(models) :]:
        axis.set_axis_off()
    handles = [
        Line2D([], [], color=OTHER_COLOUR, lw=1.8, label="training films, with dropout"),
        Line2D([], [], color=MAIN_COLOUR, lw=1.8, label="validation films"),
        Line2D([], [], color="black", lw=1, ls=":", label="best epoch: its weights are retained"),
    ]
    if table["repeat"].max():
        handles.append(Line2D([], [], color=QUIET, lw=0.9, label="further training runs"))
    _add_legend(figure, handles)
    return figure


def _draw_curve(axis: Axes, table: pd.DataFrame) -> None:
    """Without validation films the last epoch counts."""
    table = table.sort_values(["repeat", "epoch"])
    for repeat, rows in table.set_index("epoch").groupby("repeat"):
        style = {"lw": 1.8, "marker": "o" if len(rows) == 1 else None}
        style |= {"alpha": 0.4, "lw": 0.9} if repeat else {}
        axis.plot(rows["training"], color=OTHER_COLOUR, **style)
        axis.plot(rows["validation"], color=MAIN_COLOUR, **style)
    first = table[table["repeat"] == 0].set_index("epoch")
    validation = first["validation"].dropna()
    best = validation.idxmin() if len(validation) else first.index[-1]
    axis.axvline(best, color="black", lw=1, ls=":")
    axis.annotate(
        f" {best} ",
        (best, 1),
        xycoords=("data", "axes fraction"),
        va="top",
        size=9,
        ha="right" if 2 * best > table["epoch"].max() else "left",
    )
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.grid(lw=0.5, alpha=0.5)


def _panels(lines: int, columns: int, y: np.ndarray) -> tuple[plt.Figure, np.ndarray]:
    """Panels whose rows are at `y`, from the top down. Returns axes (lines, columns)."""
    inches = 0.9 + lines * (1.25 + ROW_INCHES * (y[-1] + 1))
    size = (4 + 2.6 * columns, inches)
    figure, axes = plt.subplots(lines, columns, sharey=True, squeeze=False, figsize=size)
    axes[0, 0].set_ylim(y[-1] + GAP, -GAP)
    return figure, axes


def _draw(
    axis: Axes,
    rows: pd.DataFrame,
    y: np.ndarray,
    metric: str,
    colours: Sequence[str],
    query_name: str,
) -> None:
    """One metric of the queries, a row each: value, low, high, chance, permuted, p."""
    scale = 1 if metric == MEDIAN else 100
    scaled = scale * rows[["value", "low", "high", "chance", "permuted"]]
    best = scaled["value"].min() if metric == MEDIAN else scaled["value"].max()
    axis.axvline(scaled["chance"].mean(), zorder=0, **RANDOM_ORDER)
    axis.hlines(y, scaled["low"], scaled["high"], colors=colours, lw=2)
    for at, value, colour, p in zip(y, scaled["value"], colours, rows["p"], strict=True):
        draw_dot(axis, value, at, colour, p, _format(value, metric), value == best)
    axis.plot(scaled["permuted"], y, **CHANCE)
    axis.set_title(f"\n{_title(metric)}", size=11)  # below the heading of the line
    axis.set_xlabel(_unit(metric, query_name), size=9)
    axis.set_xlim(left=0)
    axis.grid(axis="x", lw=0.5, alpha=0.5)
    axis.tick_params(axis="y", length=0)


def _title(metric: str) -> str:
    if metric.startswith(RECALL):
        return f"Recall at {metric.removeprefix(RECALL)}"
    return {MEDIAN: "Median rank", "mean_percentile": "Mean percentile"}[metric]


def _format(value: float, metric: str) -> str:
    if metric == MEDIAN:
        return f"{value:g}"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def _unit(metric: str, query_name: str) -> str:
    if metric == MEDIAN:
        return "rank in the list\n\N{LEFTWARDS ARROW} better"
    of = "other tracks, that rank below" if metric == "mean_percentile" else query_name
    return f"% of the {of}\nbetter \N{RIGHTWARDS ARROW}"


def _label_line(axis: Axes, heading: str, y: np.ndarray, names: Sequence[str]) -> None:
    """Name the rows of a line of panels, and the line. axis: the first of them."""
    axis.set_yticks(y, names)
    style = {"xycoords": "axes fraction", "textcoords": "offset points", "weight": "bold"}
    text = axis.annotate(heading, (0, 1), (0, 23), size=12, **style)
    text.set_in_layout(False)  # it may be wider than the panel


def _informative_recalls(table: pd.DataFrame) -> list[str]:
    """The recalls of the smallest, the middle and the largest list that do not hold all tracks."""
    rows = table[table["measure"].str.startswith(RECALL) & (table["chance"] < 1 - 1e-9)]
    known = sorted(rows["measure"].unique(), key=lambda name: int(name.removeprefix(RECALL)))
    return list(dict.fromkeys([*known[:1], *known[len(known) // 2 :][:1], *known[-1:]]))


def _colour(configuration: str) -> str:
    if configuration in BASELINES:
        return QUIET
    return OTHER_COLOUR if configuration in TRIPLET_LOSS else MAIN_COLOUR


def _model_handles(models: Sequence[str]) -> list[Artist]:
    used = {_colour(name) for name in models}
    labels = {
        MAIN_COLOUR: "attention, InfoNCE",
        OTHER_COLOUR: "triplet loss",
        QUIET: "without content",
    }
    return [_dot(colour, label) for colour, label in labels.items() if colour in used]


def _handles(exchanged: str) -> list[Artist]:
    hollow = f"hollow: p \N{GREATER-THAN OR EQUAL TO} {SIGNIFICANT}"
    return [
        _dot(QUIET, hollow, "white"),
        Line2D([], [], label=f"mean where {exchanged}", **CHANCE),
        Line2D([], [], label="random order", **RANDOM_ORDER),
    ]


def _dot(colour: str, label: str, face: str | None = None) -> Artist:
    return Line2D([], [], color=colour, mfc=face or colour, marker="o", lw=2, mew=1.5, label=label)


def _add_legend(figure: plt.Figure, handles: Sequence[Artist], title: str | None = None) -> None:
    figure.legend(
        handles=handles,
        loc="outside upper left",
        ncols=len(handles),
        fontsize=9,
        title=title,
        alignment="left",
    )


def _empty_figure(text: str) -> plt.Figure:
    figure, axis = plt.subplots(figsize=(8, 1.2))
    axis.set_axis_off()
    axis.text(0, 0.5, text, va="center")
    return figure
