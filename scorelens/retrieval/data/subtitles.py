"""Read subtitles in any common format and encoding: the text and its time in the film."""

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
# Hours and fractions of a second are optional.
TIME = re.compile(r"\s*(?:(\d+)\s*:)?\s*(\d+)\s*:\s*(\d+)(?:\s*[,.:]\s*(\d+))?(?=\s|$)")
CLOCK = re.compile(r"\s*[-+]?\s*\d+\s*:\s*\d")  # start of a time, valid or not
NUMBER = re.compile(r"\s*\d*\s*")  # of a subtitle; may be empty
DIALOGUE = re.compile(r"Dialogue:[^,]*,\s*\d+:\d+:\d+[^,]*,\s*\d+:\d+:\d+[^,]*(,[^,]*){6},")
KARAOKE = re.compile(r"<[\d:.]+>")  # inline times of WebVTT

log = logging.getLogger(__name__)


class Subtitle(NamedTuple):
    """A subtitle and its time.

    Attributes
    ----------
    start_s, end_s : float
        When it is shown, in seconds of the film.
    text : str
        The text without markup, in one line.
    """

    start_s: float
    end_s: float
    text: str


def read_subtitles(path: str | os.PathLike) -> list[Subtitle]:
    """Read the subtitles of a file in order of their start, without markup.

    The content decides the format: SubRip, WebVTT, ASS, SSA, MicroDVD with its frame rate, or
    another that pysubs2 reads. The log names an encoding that had to be guessed. Subtitles without
    usable times are left out and logged.

    Parameters
    ----------
    path : str or os.PathLike
        Path of the file. Its times count from the first frame of the film.

    Returns
    -------
    list of Subtitle
        The subtitles by start.

    Raises
    ------
    MediaError
        If the file cannot be read or holds no usable subtitle.
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
        parsed, faults = _parse_substation(lines)
    elif any(map(_is_time_line, lines)):
        parsed, faults = _parse_subrip(lines)
    else:
        parsed, faults = _parse_other(path, lines)
    usable = sorted(line for line in parsed if 0 <= line.start_s <= line.end_s)
    first = f": its times are {faults[0]!r}" if faults else ""
    if not usable:
        hint = "subtitles as pictures (VobSub, PGS) hold no text"
        raise MediaError(Problem(str(path), f"holds no usable subtitle{first}", FORMATS, hint))
    if skipped := len(parsed) - len(usable) + len(faults):
        message = "%s: %d of %d subtitles without usable times left out%s"
        log.warning(message, path, skipped, skipped + len(usable), first)
    return usable


def words_between(subtitles: list[Subtitle], start_s: float, end_s: float) -> str:
    """Join the texts of the subtitles that overlap a span of a film.

    Parameters
    ----------
    subtitles : list of Subtitle
        Subtitles of the film.
    start_s, end_s : float
        The span, in seconds. A subtitle that overlaps it counts as a whole.

    Returns
    -------
    str
        The texts, separated by spaces.

    Examples
    --------
    >>> words_between([Subtitle(1.0, 2.0, "Run!"), Subtitle(5.0, 6.0, "Stop.")], 0.0, 1.5)
    'Run!'
    """
    overlapping = (line for line in subtitles if line.start_s < end_s and line.end_s > start_s)
    return " ".join(line.text for line in overlapping if line.text)


def _parse_substation(lines: Sequence[str]) -> tuple[list[Subtitle], list[str]]:
    """Subtitles of ASS or SSA, and the dialogue lines that cannot be parsed. Styles are ignored."""
    dialogue = [line for line in lines if line.startswith("Dialogue:")]
    valid = "\n".join(line for line in dialogue if DIALOGUE.match(line))
    return list(_parse(valid, "ass")), [line for line in dialogue if not DIALOGUE.match(line)]


def _parse_subrip(lines: Sequence[str]) -> tuple[list[Subtitle], list[str]]:
    """Subtitles of SubRip or WebVTT, and the time lines that cannot be parsed.

    pysubs2 requires times in the exact form of the format, so they are rewritten. A text of SubRip
    may contain empty lines; in WebVTT an empty line ends it, and a comment or a name may follow.
    """
    is_vtt = next((line for line in lines if line.strip()), "").startswith("WEBVTT")
    time_lines = [number for number in range(len(lines)) if _starts_block(lines, number)]
    blocks, faults = [], []
    for number, following in pairwise([*time_lines, len(lines)]):
        words = list(lines[number + 1 : following])
        if is_vtt:
            words = words[: next((n for n, line in enumerate(words) if not line.strip()), None)]
        elif following < len(lines) and NUMBER.fullmatch(lines[following - 1]):
            words = words[:-1]
        times_ms = _times_ms(lines[number])
        if times_ms is None:
            faults.append(lines[number].strip())
            continue
        stamps = " --> ".join(map(pysubs2.formats.subrip.SubripFormat.ms_to_timestamp, times_ms))
        blocks.append("\n".join([str(len(blocks) + 1), stamps, *map(_plain, words), ""]))
    # pysubs2 takes a number at the end for that of the next subtitle.
    return list(_parse("\n".join([*blocks, "0"]), "srt")), faults


def _parse_other(path: str | os.PathLike, lines: Sequence[str]) -> tuple[list[Subtitle], list[str]]:
    try:
        return list(_parse("\n".join(lines), None)), []
    except pysubs2.exceptions.UnknownFPSError:
        what, hint = "counts frames, but gives no frame rate", "save it as SubRip"
        raise MediaError(Problem(str(path), what, FORMATS, hint)) from None
    except (pysubs2.exceptions.Pysubs2Error, ValueError, SyntaxError, LookupError):
        return [], []


def _parse(text: str, form: str | None) -> Iterator[Subtitle]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # invalid margins and colours
        parsed = pysubs2.SSAFile.from_string(text, format_=form)
    for event in parsed.get_text_events():
        yield Subtitle(event.start / 1000, event.end / 1000, " ".join(event.plaintext.split()))


def _is_time_line(line: str) -> bool:
    """Whether a line looks like start and end times, valid or not; a text may have an arrow too."""
    sides = ARROW.split(line, maxsplit=1)
    return len(sides) == 2 and all(map(CLOCK.match, sides))


def _starts_block(lines: Sequence[str], number: int) -> bool:
    """Whether a line holds times, or stands where times should: between a number and a text."""
    if _is_time_line(lines[number]):
        return True
    before = lines[number - 1] if number else ""
    numbered = before.strip() and NUMBER.fullmatch(before)
    first = numbered and (number == 1 or not lines[number - 2].strip())
    return bool(first and ARROW.search(lines[number]))


def _times_ms(line: str) -> tuple[int, int] | None:
    """Start and end; None if they cannot be parsed or the end comes before the start."""
    matches = [TIME.match(side) for side in ARROW.split(line, maxsplit=1)]
    if len(matches) != 2 or not all(matches):
        return None
    start_ms, end_ms = (_milliseconds(*match.groups()) for match in matches)
    return (start_ms, end_ms) if start_ms <= end_ms else None


def _milliseconds(hours: str | None, minutes: str, seconds: str, fraction: str | None) -> int:
    whole = 3600 * int(hours or 0) + 60 * int(minutes) + int(seconds)
    return 1000 * whole + round(1000 * float(f"0.{fraction or 0}"))


def _plain(words: str) -> str:
    """Text of SubRip or WebVTT without entities and inline times, which pysubs2 leaves."""
    return html.unescape(KARAOKE.sub("", words))
