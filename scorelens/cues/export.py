"""The cues of a film for a player or an editor, to be checked by ear."""

import html
import os
from collections.abc import Mapping

import pandas as pd

from scorelens import tables
from scorelens.albums.names import track_names


def export_cues(
    cues: str | os.PathLike,
    tracks: str | os.PathLike,
    webvtt: str | os.PathLike,
    audacity: str | os.PathLike,
) -> None:
    """Write a film's cues as subtitles (WebVTT) and as an Audacity label track.

    cues, tracks: the film's tables of the contracts CUES and TRACKS. Each label names the track and
    its artist, where in the track the cue starts, and the confidence.
    """
    found = tables.read_table(cues, tables.CUES)
    names = track_names(tables.read_table(tracks, tables.TRACKS))
    for path, text in ((webvtt, as_webvtt(found, names)), (audacity, as_audacity(found, names))):
        with tables.atomic(path) as temporary:
            temporary.write_text(text, encoding="utf-8")


def as_webvtt(cues: pd.DataFrame, names: Mapping[str, str]) -> str:
    """The text of a WebVTT file (W3C), one subtitle a cue, named by its id.

    names: what to call the tracks, in one line, by track_id.
    """
    blocks = [
        f"{cue.cue_id}\n{_stamp(cue.film_start_s)} --> {_stamp(cue.film_end_s)}\n"
        f"{html.escape(_label(cue, names), quote=False)}\n"
        for cue in cues.itertuples()
    ]
    return "\n".join(["WEBVTT\n", *blocks])


def as_audacity(cues: pd.DataFrame, names: Mapping[str, str]) -> str:
    """The text of an Audacity label track: start and end in seconds and a label, by tabs.

    names: as `as_webvtt` takes them.
    """
    return "".join(
        f"{cue.film_start_s:.6f}\t{cue.film_end_s:.6f}\t{_label(cue, names)}\n"
        for cue in cues.itertuples()
    )


def _label(cue, names: Mapping[str, str]) -> str:
    minutes, seconds = divmod(cue.track_start_s, 60)
    return f"{names[cue.track_id]} from {minutes:.0f}:{int(seconds):02d} ({cue.confidence:.2f})"


def _stamp(time_s: float) -> str:
    """hours:minutes:seconds.milliseconds."""
    minutes, milliseconds = divmod(round(time_s * 1000), 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{milliseconds // 1000:02d}.{milliseconds % 1000:03d}"
