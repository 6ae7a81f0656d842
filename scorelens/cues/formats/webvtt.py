"""Cues as WebVTT subtitles, which video players show over the film."""

import html
import re
from collections.abc import Iterable, Iterator
from itertools import takewhile

from scorelens.cues.formats.label import Label, LabelText

ENDING = "vtt"
ARROW = "-->"
TAG = re.compile("<[^>]*>")


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


def read_labels(text: str) -> Iterator[LabelText]:
    r"""Read the subtitles of a WebVTT file: times and text, without tags and settings.

    Parameters
    ----------
    text : str
        The text of the file; lines end in `\n`.

    Yields
    ------
    LabelText

    References
    ----------
    W3C, WebVTT: The Web Video Text Tracks Format, section 6.

    Examples
    --------
    >>> list(read_labels("WEBVTT\n\n00:01.500 --> 01:02.000 line:0\n<b>Q &amp; A</b>\n"))
    [LabelText(line=3, start='00:01.500', end='01:02.000', text='Q & A')]
    """
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if ARROW in line:
            start, _, end_and_settings = line.partition(ARROW)
            payload = " ".join(takewhile(str.strip, lines[number:]))
            plain = " ".join(html.unescape(TAG.sub("", payload)).split())
            end = end_and_settings.split()[:1]
            yield LabelText(number, start.strip(), "".join(end), plain)


def _timestamp(time_s: float) -> str:
    """hours:minutes:seconds.milliseconds."""
    minutes, milliseconds = divmod(round(time_s * 1000), 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{milliseconds // 1000:02d}.{milliseconds % 1000:03d}"
