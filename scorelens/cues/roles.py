"""Sum up how loud the music of every cue is, and whether somebody speaks over it."""

import logging
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from scorelens import tables
from scorelens.cues.decibels import FLOOR_DB, decibels, ratio_of
from scorelens.music import speech_share

FOREGROUND, BACKGROUND = "foreground", "background"
MIN_SHARE = 0.5  # of the seconds of a cue that is in the foreground
CUE = ("film_id", "cue_id", "track_id", "film_start_s", "film_end_s")

log = logging.getLogger(__name__)


def summarize_levels(
    cues: Sequence[str | os.PathLike],
    levels: Sequence[str | os.PathLike],
    music: Sequence[str | os.PathLike],
    table: str | os.PathLike,
    speech_threshold: float,
) -> None:
    """Write one row for every cue of all films.

    Parameters
    ----------
    cues, levels, music : sequence of path
        The films' tables of CUES, of CUE_LEVELS and of MUSIC, named after the films. `music` is
        empty where speech was not detected.
    table : path
        Where CUE_ROLES goes.
    speech_threshold : float
        Probability from which a second has speech, 0..1.
    """
    level_paths, music_paths = (
        {Path(path).stem: path for path in paths} for paths in (levels, music)
    )
    rows = [pd.DataFrame(columns=tables.CUE_ROLES.names)]
    for path in cues:
        film = Path(path).stem
        found = tables.read_table(path, tables.CUES)
        film_levels = tables.read_table(level_paths[film], tables.CUE_LEVELS)
        roles = describe_cues(found, film_levels).assign(dialogue_overlap=np.nan)
        if film in music_paths and len(found):
            speech = tables.read_table(music_paths[film], tables.MUSIC)
            spans = found.film_start_s, found.film_end_s
            roles["dialogue_overlap"] = speech_share(speech, *spans, speech_threshold)
        rows.append(pd.concat([found[list(CUE)], roles], axis=1)[tables.CUE_ROLES.names])
    joined = tables.as_typed(pd.concat(rows, ignore_index=True), tables.CUE_ROLES)
    tables.write_table(joined, table, tables.CUE_ROLES)
    count = int((joined.role == FOREGROUND).sum())
    log.info("%d films, %d cues, %d in the foreground", len(cues), len(joined), count)


def describe_cues(cues: pd.DataFrame, levels: pd.DataFrame) -> pd.DataFrame:
    """Sum up the levels of every cue.

    Parameters
    ----------
    cues, levels : DataFrame
        Rows of CUES and of CUE_LEVELS of a film.

    Returns
    -------
    DataFrame
        A row a cue, in the order of the cues: `level_db`, `music_to_rest_db`, `foreground_share`
        and `role`, as in CUE_ROLES.
    """
    powers = 10 ** (levels[["music_db", "rest_db"]] / 10)
    by_cue = levels[["cue_id", "is_foreground"]].join(powers).groupby("cue_id").mean()
    by_cue = by_cue.reindex(cues.cue_id)
    music, rest, share = (
        by_cue[name].to_numpy(float) for name in ("music_db", "rest_db", "is_foreground")
    )
    return pd.DataFrame(
        {
            "level_db": np.maximum(FLOOR_DB, decibels(music)),
            "music_to_rest_db": ratio_of(music, rest),
            "foreground_share": share,
            "role": np.where(share >= MIN_SHARE, FOREGROUND, BACKGROUND),
        }
    )
