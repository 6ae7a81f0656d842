"""Write the cues of a film for players and editors."""

import os
from collections.abc import Mapping

import pandas as pd

from scorelens import tables
from scorelens.albums.names import track_names
from scorelens.cues.formats import FORMATS
from scorelens.cues.formats.label import Label
from scorelens.cues.roles import describe_cues


def export_cues(
    cues: str | os.PathLike,
    levels: str | os.PathLike,
    tracks: str | os.PathLike,
    outputs: Mapping[str, str | os.PathLike],
) -> None:
    """Write the cues of one film in each format.

    Parameters
    ----------
    cues, levels : path-like
        The film's tables CUES and CUE_LEVELS.
    tracks : path-like
        The film's table TRACKS.
    outputs : mapping of str to path-like
        File to write by the name of its format in FORMATS.
    """
    names = track_names(tables.read_table(tracks, tables.TRACKS))
    found = tables.read_table(cues, tables.CUES)
    roles = describe_cues(found, tables.read_table(levels, tables.CUE_LEVELS))
    labels = make_labels(found.join(roles), names)
    for name, path in outputs.items():
        with tables.atomic(path) as temporary:
            temporary.write_text(FORMATS[name].as_text(labels), encoding="utf-8")


def make_labels(cues: pd.DataFrame, names: Mapping[str, str]) -> list[Label]:
    """The cues as labels.

    Parameters
    ----------
    cues : DataFrame
        Rows of a table CUES with the columns `role` and `music_to_rest_db` of CUE_ROLES.
    names : mapping of str to str
        What to call each track, in one line, by track_id.

    Returns
    -------
    list of Label
        In the order of the rows. A text is, for example, "Main Title from 1:23 (0.99), background,
        -6 dB".
    """
    labels = []
    for cue in cues.itertuples():
        minutes, seconds = divmod(cue.track_start_s, 60)
        start = f"{minutes:.0f}:{int(seconds):02d}"
        level = f"{cue.role}, {round(cue.music_to_rest_db):+d} dB"
        text = f"{names[cue.track_id]} from {start} ({cue.confidence:.2f}), {level}"
        labels.append(Label(cue.cue_id, cue.film_start_s, cue.film_end_s, text))
    return labels
