"""Figure of the tags of tracks over time."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from scorelens.figures import PALETTE, QUIET, isolated, set_time_ticks
from scorelens.tagger import TILE_S

MAX_TRACKS = 6  # panels
LABELLED = 3  # genres of a track with a colour and a label
WIDTH_INCHES, PANEL_INCHES = 10.0, 1.45
MAX_TICKS = 10  # on the time axis
CAPTION = (
    "{model}: tags in tiles of {tile:.1f} s; numbers: the whole track; "
    "in brackets: the genres of the film; dashed: other genres; grey: lower tags"
)


def chosen_tracks(tiles: pd.DataFrame, tracks: pd.DataFrame) -> list[tuple[str, str]]:
    """Choose the tracks to show, at most MAX_TRACKS.

    For each genre in turn it is the longest track of the genre whose film has none yet; of equally
    long tracks the first by name.

    Parameters
    ----------
    tiles, tracks : pandas.DataFrame
        Rows of TAGGER_TILES and TAGGER_TRACKS of one model.

    Returns
    -------
    list of (str, str)
        Film id and track id.
    """
    keys = ["film_id", "track_id"]
    lengths = tiles.groupby(keys).size().sort_values(ascending=False, kind="stable")
    labels = tracks[tracks["actual"]]
    chosen: dict[str, str] = {}
    for genre in tracks["genre"].drop_duplicates():
        of_genre = pd.MultiIndex.from_frame(labels.loc[labels["genre"] == genre, keys])
        longest = lengths.index[lengths.index.isin(of_genre)]
        chosen |= dict([key for key in longest if key[0] not in chosen][:1])
    return list(chosen.items())[:MAX_TRACKS]


def profile_figure(
    model: str, tiles: pd.DataFrame, tracks: pd.DataFrame, names: Mapping[tuple[str, str], str]
) -> plt.Figure:
    """Draw the probability of each genre over time, one panel per track.

    Parameters
    ----------
    model : str
        Title of the model.
    tiles, tracks : pandas.DataFrame
        Its rows of TAGGER_TILES and TAGGER_TRACKS.
    names : mapping of (str, str) to str
        Names of the tracks, by film id and track id.

    Returns
    -------
    matplotlib.figure.Figure
        The figure. The highest tags have a colour and a label.
    """
    chosen = chosen_tracks(tiles, tracks)
    figure, axes = plt.subplots(
        len(chosen),
        squeeze=False,
        sharey=True,
        figsize=(WIDTH_INCHES, 0.6 + PANEL_INCHES * len(chosen)),
    )
    for axis, (film, track) in zip(axes[:, 0], chosen, strict=True):
        curves, tags = (
            table[(table["film_id"] == film) & (table["track_id"] == track)]
            for table in (tiles, tracks)
        )
        _draw_track(axis, curves, tags.sort_values("rank"), names[film, track])
    axes[-1, 0].set_xlabel("time (min:s)")
    caption = CAPTION.format(model=model, tile=TILE_S)
    figure.suptitle(caption, x=0.01, ha="left", size=9, color=QUIET)
    return figure


def _draw_track(axis: Axes, tiles: pd.DataFrame, tags: pd.DataFrame, name: str) -> None:
    """tiles: rows of TAGGER_TILES of the track. tags: its rows of TAGGER_TRACKS, by rank."""
    wide = tiles.pivot_table(index="start_s", columns="genre", values="probability")
    time_s = _curve_times_s(wide.index.to_numpy())
    for rank, tag in enumerate(tags.itertuples()):
        line = np.pad(wide[tag.genre].to_numpy(), 1, mode="edge")
        if rank >= LABELLED:
            axis.plot(time_s, line, color=QUIET, lw=0.6, alpha=0.6, zorder=1)
            continue
        style = "-" if tag.actual else "--"
        label = f"{isolated(tag.genre)} {tag.probability:.2f}"
        axis.plot(time_s, line, style, color=PALETTE[rank], lw=1.8, zorder=3, label=label)
    axis.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=9)
    genres = ", ".join(map(isolated, tags.loc[tags["actual"], "genre"]))
    axis.set_title(f"{isolated(name)} ({genres})", size=10)
    axis.set(ylim=(0, 1), xlim=(0, time_s[-1]), yticks=(0, 1))
    set_time_ticks(axis, time_s[-1], MAX_TICKS)


def _curve_times_s(start_s: np.ndarray) -> np.ndarray:
    """Start of the first tile, middles of all tiles, and end of the last tile."""
    return np.array([start_s[0], *(start_s + TILE_S / 2), start_s[-1] + TILE_S])
