"""Draw what the annotators of a film mark and what is predicted, one below the other."""

import os
from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from scorelens import figures, tables
from scorelens.albums.names import shorten, track_titles
from scorelens.cues.annotations import ALBUM, MAJORITY, TRACK
from scorelens.cues.annotations.film_scores import decided_cues
from scorelens.cues.annotations.reference import (
    cues_in_scope,
    make_references,
    music_runs,
    names_tracks,
    undecided_spans,
)
from scorelens.cues.score import compare_cues, overlap_s

WIDTH_IN, LANE_IN, PANEL_IN, FRAME_IN = 10.0, 0.3, 0.35, 0.8
PANEL_S = 1800.0  # longer films have several time axes
TICKS = 12  # of a panel at most
COLUMNS = 90  # of the title
NAME_COLUMNS = 18  # of a lane
# Names in bars: the width of a letter in shares of the panel, and the fewest letters that help.
LETTER, MIN_COLUMNS = 1 / 130, 5
PREDICTION = "scorelens"
BOTH, PREDICTED, ANNOTATED, UNKNOWN, OFF_ALBUM = (
    "predicted and annotated",
    "predicted only",
    "annotated only",
    "annotated without a track",
    "on no track of the album",
)
STYLES: dict[str, dict] = {
    BOTH: {"facecolor": figures.PALETTE[0], "edgecolor": "white"},
    PREDICTED: {"facecolor": figures.PALETTE[3], "edgecolor": "white"},
    ANNOTATED: {"facecolor": figures.PALETTE[1], "edgecolor": "white"},
    UNKNOWN: {"facecolor": figures.PALETTE[5], "edgecolor": "white"},
    OFF_ALBUM: {"facecolor": "none", "edgecolor": figures.QUIET, "hatch": "////", "linewidth": 0.5},
}
LIGHT = (ANNOTATED, UNKNOWN)  # dark letters


def plot_annotations(
    film_id: str,
    title: str,
    cues: str | os.PathLike,
    annotations: str | os.PathLike,
    annotators: str | os.PathLike,
    tracks: str | os.PathLike,
    path: str | os.PathLike,
) -> None:
    """Draw the annotations of a film with its cues.

    Parameters
    ----------
    film_id, title : str
    cues, tracks : path
        The film's tables CUES and TRACKS.
    annotations, annotators : path
        Tables ANNOTATIONS and ANNOTATORS of all films.
    path : path
        Where the figure goes.
    """
    who = tables.read_table(annotators, tables.ANNOTATORS)
    who = who[who.film_id == film_id]
    spans = make_references(tables.read_table(annotations, tables.ANNOTATIONS), who)[film_id]
    names = track_titles(tables.read_table(tracks, tables.TRACKS))
    predicted = tables.read_table(cues, tables.CUES)
    draw_annotations(title, predicted, spans, names, who.duration_s.iloc[0], path)


def draw_annotations(
    title: str,
    cues: pd.DataFrame,
    references: Mapping[str, pd.DataFrame],
    names: Mapping[str, str],
    duration_s: float,
    path: str | os.PathLike,
) -> None:
    """Draw a lane of bars for the predicted cues, for the majority and for each annotator.

    A cue counts as annotated if at least half of it is so by the majority, an annotated span as
    predicted if at least half of it is: both with the same track if tracks are annotated.

    Parameters
    ----------
    title : str
        Title of the film.
    cues : DataFrame
        Its rows of CUES.
    references : mapping of str to DataFrame
        Annotated spans by annotator, and of MAJORITY, which is drawn of several annotators.
    names : mapping of str to str
        What to call each track, by track_id.
    duration_s : float
        Running time, s.
    path : path
        Where the figure goes.
    """
    annotators = [name for name in references if name != MAJORITY]
    shown = [MAJORITY, *annotators] if len(annotators) > 1 else annotators
    lanes = {PREDICTION: label_cues(cues, references[MAJORITY])}
    lanes |= {name: label_spans(references[name], cues) for name in shown}
    panels = max(1, int(np.ceil(duration_s / PANEL_S)))
    heading = figures.wrapped(
        f"{figures.isolated(title)}: {len(cues)} cues, {len(annotators)} annotator"
        + "s" * (len(annotators) > 1),
        COLUMNS,
    )
    height = FRAME_IN + panels * (PANEL_IN + LANE_IN * len(lanes)) + 0.2 * heading.count("\n")
    figure, axes = plt.subplots(panels, figsize=(WIDTH_IN, height), squeeze=False)
    length_s = duration_s / panels
    for number, axis in enumerate(axes.flat):
        _draw_panel(axis, lanes, names, number * length_s, length_s)
        figures.set_time_ticks(axis, duration_s, TICKS * panels)
        axis.set_xlim(number * length_s, (number + 1) * length_s)
    axes[0, 0].set_title(heading)
    axes[-1, 0].set_xlabel("film time (min:s)")
    states = {state for lane in lanes.values() for state in lane.state}
    handles = [Patch(label=state, **STYLES[state]) for state in STYLES if state in states]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(STYLES), fontsize=8)
    figures.save(figure, path)


def label_cues(cues: pd.DataFrame, spans: pd.DataFrame) -> pd.DataFrame:
    """Label each predicted cue by what is annotated.

    Parameters
    ----------
    cues, spans : DataFrame
        Rows of CUES, and the annotated spans of the majority.

    Returns
    -------
    DataFrame
        `film_start_s`, `film_end_s`, `track_id` and `state`, a key of STYLES.
    """
    scope = TRACK if names_tracks(spans) else ALBUM
    decided = decided_cues(cues, spans, scope)
    correct, _ = compare_cues(decided, cues_in_scope(spans, scope))
    state = pd.Series(UNKNOWN, index=cues.index, dtype=object)
    state[decided.index] = np.where(correct, BOTH, PREDICTED)
    return cues[["film_start_s", "film_end_s", "track_id"]].assign(state=state)


def label_spans(spans: pd.DataFrame, cues: pd.DataFrame) -> pd.DataFrame:
    """Label each annotated span by what is predicted.

    Parameters
    ----------
    spans, cues : DataFrame
        Annotated spans of a film, and its rows of CUES.

    Returns
    -------
    DataFrame
        `film_start_s`, `film_end_s`, `track_id` and `state`, a key of STYLES.
    """
    by_track = names_tracks(spans)
    others = cues if by_track else music_runs(cues)
    shared = overlap_s(spans, others)
    if by_track:
        shared = shared * (spans.track_id.to_numpy()[:, None] == others.track_id.to_numpy())
    is_predicted = 2 * shared.sum(axis=1) >= (spans.film_end_s - spans.film_start_s).to_numpy()
    state = pd.Series(np.where(is_predicted, BOTH, ANNOTATED), index=spans.index, dtype=object)
    state[spans.off_album] = OFF_ALBUM
    if by_track:
        state[undecided_spans(spans).index] = UNKNOWN
    return spans[["film_start_s", "film_end_s", "track_id"]].assign(state=state)


def _draw_panel(
    axis: Axes,
    lanes: Mapping[str, pd.DataFrame],
    names: Mapping[str, str],
    start_s: float,
    length_s: float,
) -> None:
    for lane, bars in enumerate(lanes.values()):
        ends = bars.film_end_s.clip(upper=start_s + length_s)
        starts = bars.film_start_s.clip(lower=start_s)
        for bar in bars.assign(start=starts, width=ends - starts).query("width > 0").itertuples():
            axis.barh(lane, bar.width, 0.74, bar.start, **STYLES[bar.state])
            columns = int(bar.width / length_s / LETTER)
            if bar.track_id and columns >= MIN_COLUMNS:
                colour = "black" if bar.state in LIGHT else "white"
                text = shorten(names[bar.track_id], columns)
                axis.text(
                    bar.start + bar.width / 2,
                    lane,
                    text,
                    ha="center",
                    va="center",
                    size=7,
                    color=colour,
                )
    axis.set_yticks(range(len(lanes)), [shorten(name, NAME_COLUMNS) for name in lanes], size=9)
    axis.set_ylim(len(lanes) - 0.5, -0.5)
    axis.grid(axis="x", color="#e4e4e4", linewidth=0.6)
    axis.set_axisbelow(True)
