"""Cues as WebVTT subtitles, which video players show over the film."""

import html
from collections.abc import Iterable

from scorelens.cues.formats.label import Label

ENDING = "vtt"


def as_text(labels: Iterable[Label]) -> str:
    r"""The text of a WebVTT file, one subtitle a cue, named by the id of the cue.

    Parameters
    ----------
    labels : iterable of Label
        In the order of the film.

    Returns
    -------
    str

    References
    ----------
    W3C, WebVTT: The Web Video Text Tracks Format, section 4.1.

    Examples
    --------
    >>> as_text([Label("cue_0001", 1.2345, 62.0, "Main Title")])
    'WEBVTT\n\ncue_0001\n00:00:01.234 --> 00:01:02.000\nMain Title\n'
    """
    blocks = [
        f"{label.cue_id}\n{_timestamp(label.start_s)} --> {_timestamp(label.end_s)}\n"
        f"{html.escape(label.text, quote=False)}\n"
        for label in labels
    ]
    return "\n".join(["WEBVTT\n", *blocks])


def _timestamp(time_s: float) -> str:
    """hours:minutes:seconds.milliseconds."""
    minutes, milliseconds = divmod(round(time_s * 1000), 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{milliseconds // 1000:02d}.{milliseconds % 1000:03d}"
