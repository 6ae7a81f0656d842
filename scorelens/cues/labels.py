"""The cues of a film for a player or an editor, to be checked by ear."""

import html
import os

import pandas as pd

from scorelens import tables


def label_cues(
    cues: str | os.PathLike, webvtt: str | os.PathLike, audacity: str | os.PathLike
) -> None:
    """Write a film's cues as subtitles (WebVTT) and as an Audacity label track.

    cues: the film's table of the contract CUES. Each label names the track, where in the track the
    cue starts, and the confidence.
    """
    found = tables.read_table(cues, tables.CUES)
    for path, text in ((webvtt, as_webvtt(found)), (audacity, as_audacity(found))):
        with tables.atomic(path) as temporary:
            temporary.write_text(text, encoding="utf-8")


def as_webvtt(cues: pd.DataFrame) -> str:
    """The text of a WebVTT file (W3C), one subtitle a cue, named by its id."""
    blocks = [
        f"{cue.cue_id}\n{_stamp(cue.film_start_s)} --> {_stamp(cue.film_end_s)}\n"
        f"{html.escape(_label(cue), quote=False)}\n"
        for cue in cues.itertuples()
    ]
    return "\n".join(["WEBVTT\n", *blocks])


def as_audacity(cues: pd.DataFrame) -> str:
    """The text of an Audacity label track: start and end in seconds and a label, by tabs."""
    return "".join(
        f"{cue.film_start_s:.6f}\t{cue.film_end_s:.6f}\t{_label(cue)}\n"
        for cue in cues.itertuples()
    )


def _label(cue) -> str:
    minutes, seconds = divmod(cue.track_start_s, 60)
    name = " ".join(cue.track_id.split())  # in one line and one cell
    return f"{name} from {minutes:.0f}:{int(seconds):02d} ({cue.confidence:.2f})"


def _stamp(time_s: float) -> str:
    """hours:minutes:seconds.milliseconds."""
    minutes, milliseconds = divmod(round(time_s * 1000), 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{milliseconds // 1000:02d}.{milliseconds % 1000:03d}"
