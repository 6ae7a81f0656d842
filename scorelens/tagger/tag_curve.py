"""The tags of a track over its time."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MultipleLocator

from scorelens.figures import PALETTE, QUIET, isolated
from scorelens.genres.new_media.timeline import NICE_S
from scorelens.tagger import TILE_S

SHOWN = 6  # tracks
NAMED = 3  # genres of a track that are named
WIDTH_INCHES, PANEL_INCHES = 10.0, 1.45
TICKS = 10  # on an axis of time, at most
WORDS = (
    "{model}: tags in tiles of {tile:.1f} s; numbers: the whole track; "
    "in brackets: the film's genres; dashed: none of them; grey: tags further down"
)


def chosen_tracks(tiles: pd.DataFrame, tracks: pd.DataFrame) -> list[tuple[str, str]]:
    """(film_id, track_id) of the tracks to show, SHOWN at most.

    For the genres in turn the track of the genre with most tiles whose film is not yet taken; of
    equally long ones the first by name. tiles, tracks: rows of TAGGER_TILES and TAGGER_TRACKS.
    """
    keys = ["film_id", "track_id"]
    lengths = tiles.groupby(keys).size().sort_values(ascending=False, kind="stable")
    carried = tracks[tracks["actual"]]
    chosen: dict[str, str] = {}
    for genre in tracks["genre"].drop_duplicates():
        own = pd.MultiIndex.from_frame(carried.loc[carried["genre"] == genre, keys])
        left = [key for key in lengths.index[lengths.index.isin(own)] if key[0] not in chosen]
        chosen |= dict(left[:1])
    return list(chosen.items())[:SHOWN]


def profile_figure(
    model: str, tiles: pd.DataFrame, tracks: pd.DataFrame, names: Mapping[tuple[str, str], str]
) -> plt.Figure:
    """A panel a track: the probability of each genre from tile to tile, the likeliest named.

    model: its title. tiles, tracks: its rows of TAGGER_TILES and TAGGER_TRACKS. names: what to call
    tracks, by film_id and track_id.
    """
    chosen = chosen_tracks(tiles, tracks)
    figure, axes = plt.subplots(
        len(chosen),
        squeeze=False,
        sharey=True,
        figsize=(WIDTH_INCHES, 0.6 + PANEL_INCHES * len(chosen)),
    )
    for axis, (film, track) in zip(axes[:, 0], chosen, strict=True):
        own, tags = (
            table[(table["film_id"] == film) & (table["track_id"] == track)]
            for table in (tiles, tracks)
        )
        _draw_track(axis, own, tags.sort_values("rank"), names[film, track])
    axes[-1, 0].set_xlabel("time (min:s)")
    words = WORDS.format(model=model, tile=TILE_S)
    figure.suptitle(words, x=0.01, ha="left", size=9, color=QUIET)
    return figure


def _draw_track(axis: Axes, tiles: pd.DataFrame, tags: pd.DataFrame, name: str) -> None:
    """tiles: the track's rows of TAGGER_TILES. tags: of TAGGER_TRACKS, by rank."""
    wide = tiles.pivot_table(index="start_s", columns="genre", values="probability")
    time_s = _time(wide.index.to_numpy())
    for place, tag in enumerate(tags.itertuples()):
        line = np.pad(wide[tag.genre].to_numpy(), 1, mode="edge")
        if place >= NAMED:
            axis.plot(time_s, line, color=QUIET, lw=0.6, alpha=0.6, zorder=1)
            continue
        style = "-" if tag.actual else "--"
        words = f"{isolated(tag.genre)} {tag.probability:.2f}"
        axis.plot(time_s, line, style, color=PALETTE[place], lw=1.8, zorder=3, label=words)
    axis.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=9)
    carried = ", ".join(map(isolated, tags.loc[tags["actual"], "genre"]))
    axis.set_title(f"{isolated(name)} ({carried})", size=10)
    axis.set(ylim=(0, 1), xlim=(0, time_s[-1]), yticks=(0, 1))
    step_s = next((s for s in NICE_S if time_s[-1] / s <= TICKS), NICE_S[-1])
    axis.xaxis.set_major_locator(MultipleLocator(step_s))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda s, _: f"{int(s) // 60}:{int(s) % 60:02d}"))


def _time(start_s: np.ndarray) -> np.ndarray:
    """The middles of the tiles, and before and after them the first start and the last end, s."""
    return np.array([start_s[0], *(start_s + TILE_S / 2), start_s[-1] + TILE_S])
