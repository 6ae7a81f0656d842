"""Labels of people, as read from Audacity label tracks and WebVTT subtitles."""

import html
import re
from collections.abc import Iterator
from itertools import takewhile
from typing import NamedTuple

AUDACITY, WEBVTT = "txt", "vtt"  # endings of the files
FREQUENCIES = "\\"  # starts the line with the frequency range of the label above
ARROW = "-->"
TAG = re.compile("<[^>]*>")


class LabelText(NamedTuple):
    """A label as written in a file, its times unparsed.

    Parameters
    ----------
    line : int
        Number of its line in the file, from 1.
    start, end : str
        When it starts and ends; empty if that is absent.
    text : str
        In one line; may be empty.
    """

    line: int
    start: str
    end: str
    text: str


def read_audacity(text: str) -> Iterator[LabelText]:
    r"""Read a label track; frequency ranges of labels are ignored.

    Parameters
    ----------
    text : str
        The text of the file; lines end in `\n`.

    Yields
    ------
    LabelText

    Examples
    --------
    >>> list(read_audacity("1.5\t62\tMain Title\n"))
    [LabelText(line=1, start='1.5', end='62', text='Main Title')]
    """
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip() and not line.startswith(FREQUENCIES):
            start, end, label = (part.strip() for part in (line + "\t\t").split("\t")[:3])
            yield LabelText(number, start, end, label)


def read_webvtt(text: str) -> Iterator[LabelText]:
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
    >>> list(read_webvtt("WEBVTT\n\n00:01.500 --> 01:02.000 line:0\n<b>Q &amp; A</b>\n"))
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
