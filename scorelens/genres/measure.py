"""The sound of a new film or album as frame features, from beginning to end.

The same features on the same grid as those of the corpus: a film, and each track of an album, is
measured as a whole track is (`features.of: tracks`).
"""

import os
from collections.abc import Mapping

import pandas as pd

from scorelens import media
from scorelens.errors import MediaError, Problem
from scorelens.features import embed, extract, table
from scorelens.tables import TRACKS, write_table


def measure_media(
    name: str,
    tracks: Mapping[str, str | os.PathLike],
    feature_set: str,
    profile: str | None,
    weights: str | os.PathLike | None,
    code: str,
    threads: int,
    track_table: str | os.PathLike,
    output: str | os.PathLike,
) -> None:
    """Measure a new film or album; every file is decoded once.

    tracks: id -> file. feature_set: `mir`, `essentia` or a network. profile: of `mir`. weights:
    the network's, None for the other sets. code: stands for the code in force. track_table, output:
    where the tables of the contracts TRACKS and FEATURES go; `film_id` is the name, `cue_id` the
    track. Raises MediaError with every file that cannot be read or has no sound.
    """
    write_table(_track_table(name, tracks), track_table, TRACKS)
    whole = feature_set + table.WHOLE
    if weights is None:
        extract.extract_film(name, whole, profile, "album", None, track_table, None, output)
    else:
        film = table.film_sound(whole, name, "album", None, track_table, None)
        embed.embed_films(whole, weights, [film], [output], code, threads)


def _track_table(name: str, tracks: Mapping[str, str | os.PathLike]) -> pd.DataFrame:
    rows, problems = [], []
    for track_id, path in tracks.items():
        try:
            info = media.probe(path)
        except MediaError as error:
            problems += error.problems
            continue
        if not info.has_audio:
            problems.append(Problem(str(path), "has no sound", "a file with an audio stream"))
        rows.append((name, track_id, str(path), info.duration_s, info.sample_rate_hz))
    if problems:
        raise MediaError(problems)
    return pd.DataFrame(rows, columns=TRACKS.names)
