"""Subtitles of any common format and encoding: what is said when."""

import html
import logging
import os
import re
import warnings
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import pysubs2

from scorelens import charsets
from scorelens.errors import MediaError, Problem

FORMATS = "subtitles as text: SubRip (SRT), WebVTT, SubStation Alpha (ASS, SSA) or MicroDVD"
ARROW = re.compile(r"-{1,2}>")
# Hours may be left out, and so may what is less than a second.
TIME = re.compile(r"\s*(?:(\d+)\s*:)?\s*(\d+)\s*:\s*(\d+)(?:\s*[,.:]\s*(\d+))?(?=\s|$)")
CLOCK = re.compile(r"\s*[-+]?\s*\d+\s*:\s*\d")  # how a line of times begins, right or wrong
NUMBER = re.compile(r"\s*\d*\s*")  # of a subtitle, or nothing
DIALOGUE = re.compile(r"Dialogue:[^,]*,\s*\d+:\d+:\d+[^,]*,\s*\d+:\d+:\d+[^,]*(,[^,]*){6},")
KARAOKE = re.compile(r"<[\d:.]+>")  # WebVTT's times within words

log = logging.getLogger(__name__)


class Subtitle(NamedTuple):
    """A subtitle and when it is shown, in seconds of the film."""

    start_s: float
    end_s: float
    text: str


def read_subtitles(path: str | os.PathLike) -> list[Subtitle]:
    """The subtitles of a file in order of their start, without markup.

    Times count from the film's first picture. The format is told by the content: SubRip, WebVTT,
    ASS, SSA, MicroDVD with its frame rate, or another that pysubs2 knows. An encoding that had to
    be guessed is named in the log; so are subtitles without usable times, which are left out.
    Raises MediaError if the file cannot be read, or if there is no usable subtitle.
    """
    try:
        text, doubt = charsets.read_text(path)
    except OSError as error:
        raise MediaError(
            Problem(str(path), f"cannot be read ({error.strerror})", FORMATS)
        ) from None
    if doubt:
        log.warning("%s: %s; if its words come out wrong, save it as UTF-8", path, doubt)
    lines = text.replace("\0", "").splitlines()
    if any(line.startswith("Dialogue:") for line in lines):
        found, faults = _substation(lines)
    elif any(map(_is_clock, lines)):
        found, faults = _subrip(lines)
    else:
        found, faults = _of_another_format(path, lines)
    shown = sorted(line for line in found if 0 <= line.start_s <= line.end_s)
    first = f": its times are {faults[0]!r}" if faults else ""
    if not shown:
        hint = "pictures of words (VobSub, PGS) hold no text"
        raise MediaError(Problem(str(path), f"holds no usable subtitle{first}", FORMATS, hint))
    if skipped := len(found) - len(shown) + len(faults):
        what = "%s: %d of %d subtitles without usable times left out%s"
        log.warning(what, path, skipped, skipped + len(shown), first)
    return shown


def words_between(subtitles: list[Subtitle], start_s: float, end_s: float) -> str:
    """What is said in a stretch of a film, s; a subtitle that reaches into it counts whole."""
    shown = (line for line in subtitles if line.start_s < end_s and line.end_s > start_s)
    return " ".join(line.text for line in shown if line.text)


def _substation(lines: Sequence[str]) -> tuple[list[Subtitle], list[str]]:
    """Subtitles of ASS or SSA, and the lines that are none. Styles do not matter here."""
    dialogue = [line for line in lines if line.startswith("Dialogue:")]
    whole = "\n".join(line for line in dialogue if DIALOGUE.match(line))
    return list(_parsed(whole, "ass")), [line for line in dialogue if not DIALOGUE.match(line)]


def _subrip(lines: Sequence[str]) -> tuple[list[Subtitle], list[str]]:
    """Subtitles of SubRip or WebVTT, and the lines of times that say no stretch of time.

    pysubs2 wants times as the format prescribes them, so they are written anew. In SubRip words may
    have empty lines in them; in WebVTT what follows one is a comment, or the name of the next.
    """
    is_vtt = next((line for line in lines if line.strip()), "").startswith("WEBVTT")
    places = [place for place in range(len(lines)) if _is_times(lines, place)]
    blocks, faults = [], []
    for place, following in pairwise([*places, len(lines)]):
        words = list(lines[place + 1 : following])
        if is_vtt:
            words = words[: next((n for n, line in enumerate(words) if not line.strip()), None)]
        elif following < len(lines) and NUMBER.fullmatch(lines[following - 1]):
            words = words[:-1]
        times_ms = _times_ms(lines[place])
        if times_ms is None:
            faults.append(lines[place].strip())
            continue
        stamps = " --> ".join(map(pysubs2.formats.subrip.SubripFormat.ms_to_timestamp, times_ms))
        blocks.append("\n".join([str(len(blocks) + 1), stamps, *map(_plain, words), ""]))
    # A number at the end is taken for that of the next subtitle.
    return list(_parsed("\n".join([*blocks, "0"]), "srt")), faults


def _of_another_format(path, lines: Sequence[str]) -> tuple[list[Subtitle], list[str]]:
    try:
        return list(_parsed("\n".join(lines), None)), []
    except pysubs2.exceptions.UnknownFPSError:
        what, hint = "counts frames, and does not say how many are in a second", "save it as SubRip"
        raise MediaError(Problem(str(path), what, FORMATS, hint)) from None
    except (pysubs2.exceptions.Pysubs2Error, ValueError, SyntaxError, LookupError):
        return [], []


def _parsed(text: str, form: str | None) -> Iterator[Subtitle]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # margins and colours that are none
        read = pysubs2.SSAFile.from_string(text, format_=form)
    for event in read.get_text_events():
        yield Subtitle(event.start / 1000, event.end / 1000, " ".join(event.plaintext.split()))


def _is_clock(line: str) -> bool:
    """Whether a line looks like one of times, right or wrong; words may have an arrow too."""
    sides = ARROW.split(line, maxsplit=1)
    return len(sides) == 2 and all(map(CLOCK.match, sides))


def _is_times(lines: Sequence[str], place: int) -> bool:
    """Whether a line holds times, or stands where they should: between a number and words."""
    if _is_clock(lines[place]):
        return True
    numbered = place > 0 and lines[place - 1].strip() and NUMBER.fullmatch(lines[place - 1])
    first = numbered and (place == 1 or not lines[place - 2].strip())
    return bool(first and ARROW.search(lines[place]))


def _times_ms(line: str) -> tuple[int, int] | None:
    """Start and end, or None if the line does not say them, or the end comes first."""
    found = [TIME.match(side) for side in ARROW.split(line, maxsplit=1)]
    if len(found) != 2 or not all(found):
        return None
    start_ms, end_ms = (_milliseconds(*match.groups()) for match in found)
    return (start_ms, end_ms) if start_ms <= end_ms else None


def _milliseconds(hours: str | None, minutes: str, seconds: str, fraction: str | None) -> int:
    whole = 3600 * int(hours or 0) + 60 * int(minutes) + int(seconds)
    return 1000 * whole + round(1000 * float(f"0.{fraction or 0}"))


def _plain(words: str) -> str:
    """Words of SubRip or WebVTT without what pysubs2 leaves: entities, and times within."""
    return html.unescape(KARAOKE.sub("", words))
