"""Sum up the films: shares of music, speech and singing, and the music that no cue covers."""

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from scorelens import tables
from scorelens.music.shares import describe_film
from scorelens.music.spans import find_unknown_music

log = logging.getLogger(__name__)


def summarize_music(
    music: Sequence[str | os.PathLike],
    cues: Sequence[str | os.PathLike],
    films: str | os.PathLike,
    unknown: str | os.PathLike,
    settings: Mapping[str, float],
    thresholds: Mapping[str, float],
) -> None:
    """Write the tables over all films.

    Parameters
    ----------
    music, cues : sequence of path
        The films' tables of MUSIC and of CUES, named after the films.
    films, unknown : path
        Where MUSIC_SHARES and UNKNOWN_MUSIC go.
    settings : mapping
        `music_threshold`, `min_unknown_s` and `cue_margin_s`, as `find_unknown_music` takes them.
    thresholds : mapping
        Probability from which a second has `music`, `speech` or `singing`, 0..1.
    """
    cue_paths = {Path(path).stem: path for path in cues}
    rows, spans = [], [pd.DataFrame(columns=tables.UNKNOWN_MUSIC.names)]
    for path in music:
        film = Path(path).stem
        film_music = tables.read_table(path, tables.MUSIC)
        film_cues = tables.read_table(cue_paths[film], tables.CUES)
        stretches = find_unknown_music(film_music, film_cues, **settings)
        rows.append(describe_film(film, film_music, film_cues, stretches, thresholds))
        spans.append(stretches)
    shares = pd.DataFrame(rows, columns=tables.MUSIC_SHARES.names)
    unknown_music = tables.as_typed(pd.concat(spans, ignore_index=True), tables.UNKNOWN_MUSIC)
    tables.write_table(shares, films, tables.MUSIC_SHARES)
    tables.write_table(unknown_music, unknown, tables.UNKNOWN_MUSIC)
    length_s = (unknown_music.end_s - unknown_music.start_s).sum()
    log.info(
        "%d films, %d stretches of unknown music, %.0f s", len(rows), len(unknown_music), length_s
    )
