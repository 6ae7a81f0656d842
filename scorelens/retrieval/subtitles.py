"""Subtitles in the SubRip format (SRT): what is said when."""

import os
import re
from itertools import pairwise
from typing import NamedTuple

from scorelens.errors import MediaError, Problem

_TIME = r"(\d+):(\d\d):(\d\d[,.]\d{1,3})"
TIMES = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(\s.*)?")
NUMBER = re.compile(r"\s*\d*\s*")  # of a subtitle, or nothing
MARKUP = re.compile(r"</?[a-zA-Z][^>]*>|\{\\[^}]*\}")  # <i>, </font>, {\an8}


class Subtitle(NamedTuple):
    """A subtitle and when it is shown, in seconds of the film."""

    start_s: float
    end_s: float
    text: str


def read_subtitles(path: str | os.PathLike) -> list[Subtitle]:
    """The subtitles of an SRT file in order of their start, without markup.

    Times count from the film's first picture. Numbers and blank lines between are not minded, and
    neither need be there. Raises MediaError with every line of times that is none, or if there is
    no subtitle.
    """
    lines = _read_lines(path)
    places = [number for number, line in enumerate(lines) if "-->" in line]
    problems, found = [], []
    for place, following in pairwise([*places, len(lines)]):
        start_s, end_s = _times(lines[place])
        if end_s < start_s:
            where, what = f"{path}, line {place + 1}", f"{lines[place]!r} holds no times"
            expected = "start and end, as in 00:01:02,500 --> 00:01:04,000"
            problems.append(Problem(where, what, expected))
        # The line before the next times is their number, as a rule.
        numbered = following < len(lines) and NUMBER.fullmatch(lines[following - 1])
        text = MARKUP.sub("", " ".join(lines[place + 1 : following - bool(numbered)]))
        found.append(Subtitle(start_s, end_s, " ".join(text.split())))
    if not found:
        problems.append(Problem(str(path), "holds no subtitle", "an SRT file of subtitles"))
    if problems:
        raise MediaError(problems)
    return sorted(found)


def words_between(subtitles: list[Subtitle], start_s: float, end_s: float) -> str:
    """What is said in a stretch of a film, s; a subtitle that reaches into it counts whole."""
    shown = (line for line in subtitles if line.start_s < end_s and line.end_s > start_s)
    return " ".join(line.text for line in shown if line.text)


def _read_lines(path: str | os.PathLike) -> list[str]:
    try:
        with open(path, encoding="utf-8-sig") as file:
            return file.read().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "is not UTF-8"
        what, hint = f"cannot be read ({reason})", "save it as UTF-8"
        raise MediaError(Problem(str(path), what, "an SRT file of subtitles", hint)) from None


def _times(line: str) -> tuple[float, float]:
    """Start and end, s; an end before the start if the line does not say."""
    match = TIMES.fullmatch(line)
    if not match:
        return 0.0, -1.0
    hours, minutes, seconds = (
        [float(text.replace(",", ".")) for text in match.groups()[kind:6:3]] for kind in range(3)
    )
    start_s, end_s = (
        3600 * h + 60 * m + s for h, m, s in zip(hours, minutes, seconds, strict=True)
    )
    return start_s, end_s
