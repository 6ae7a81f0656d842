"""Reading a file of annotations: a TSV table, an Audacity label track or WebVTT subtitles."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from scorelens import charsets, tsv
from scorelens.cues.annotations.files import TABLE, AnnotationFile
from scorelens.cues.annotations.labels import (
    ARROW,
    AUDACITY,
    WEBVTT,
    LabelText,
    read_audacity,
    read_webvtt,
)
from scorelens.cues.annotations.track_names import Names, find_tracks
from scorelens.errors import ConfigError, InputError, Problem, closest

NUMBER = re.compile(r"\d+(?:\.\d*)?(?:e[-+]?\d+)?")  # tables may write 0.00001 as 1e-05
TIMES = "seconds (83.5) or a clock time (1:23.5 or 0:01:23.5)"
# Start, end and track as a person writes the header, and as the table of cues has it.
PLAIN, EXPORTED = ("start", "end", "track"), ("film_start_s", "film_end_s", "track_id")
OFF_ALBUM = re.compile("[-\N{EN DASH}\N{EM DASH}]")
MAX_LATE_S = 1.0  # after the end of the film; the difference is cut
READERS: Mapping[str, Callable[[str], Iterator[LabelText]]] = {
    AUDACITY: read_audacity,
    WEBVTT: read_webvtt,
}


class Span(NamedTuple):
    """A part of a film with music.

    Parameters
    ----------
    start_s, end_s : float
        Seconds of the film.
    track_id : str
        Empty if the track is not given, or if the music is on no track of the album.
    off_album : bool
        Whether the music is on no track of the album.
    """

    start_s: float
    end_s: float
    track_id: str
    off_album: bool


def read_spans(
    file: AnnotationFile, duration_s: float, names: Names
) -> tuple[list[Span], list[Problem]]:
    """Read the annotations of one film by one annotator.

    Parameters
    ----------
    file : AnnotationFile
    duration_s : float
        Running time of the film.
    names : list of (callable, dict)
        Names of the tracks of its album, from `name_tracks`.

    Returns
    -------
    spans : list of Span
        In the order of the file, without the rows that have a problem.
    problems : list of Problem
        Every fault of every row; a file that cannot be read at all has one.
    """
    try:
        labels = list(_read_labels(file.path))
    except InputError as error:
        return [], error.problems
    spans, problems = [], []
    for label in labels:
        where = f"{file.path}, line {label.line}"
        faults = [*_time_problems(label, where, duration_s), *_track_problems(label, where, names)]
        problems += faults
        if not faults:
            spans.append(_span(label, duration_s, names))
    return spans, problems


def parse_time(text: str) -> float | None:
    """Parse a time of a film.

    Parameters
    ----------
    text : str
        Seconds, or a clock time with minutes or with hours and minutes; the fraction may follow a
        point or a comma.

    Returns
    -------
    float or None
        Seconds; None if it is no time.

    Examples
    --------
    >>> parse_time("83.5"), parse_time("1:23,5"), parse_time("00:01:23.500"), parse_time("1:99")
    (83.5, 83.5, 83.5, None)
    """
    *larger, seconds = text.replace(",", ".").split(":")
    if len(larger) > 2 or not all(map(str.isdecimal, larger)) or not NUMBER.fullmatch(seconds):
        return None
    parts = [*map(float, larger), float(seconds)]
    if any(part >= 60 for part in parts[1:]):
        return None
    return sum(part * 60**power for power, part in enumerate(reversed(parts)))


def _read_labels(path: str) -> Iterable[LabelText]:
    text = _text(path)
    ending = os.path.splitext(path)[1].lstrip(".").lower()
    if ending == TABLE:
        return _table_labels(path, text)
    if ending == WEBVTT and not text.startswith("WEBVTT") and ARROW not in text:
        raise ConfigError(
            Problem(path, "has no subtitles", "a WebVTT file: WEBVTT is its first word")
        )
    return READERS[ending](text)


def _text(path: str) -> str:
    """The text of a file, with `\\n` as line ends."""
    try:
        text, doubt = charsets.read_text(path)
    except OSError as error:
        problem = Problem(path, f"cannot be read ({error.strerror})", "a file of annotations")
        raise ConfigError(problem) from None
    if doubt:
        raise ConfigError(Problem(path, f"is not in UTF-8 ({doubt})", "UTF-8", "save it as UTF-8"))
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _table_labels(path: str, text: str) -> list[LabelText]:
    header, *rows = [line for line in text.split("\n") if line.strip()] or [""]
    columns = [cell.strip() for cell in header.split("\t")]
    start, end, track = EXPORTED if EXPORTED[0] in columns else PLAIN
    if not rows and {start, end} <= set(columns):
        return []
    table = tsv.read_rows(path, (start, end), "cues", "annotation", (track,))
    return [LabelText(line, row[start], row[end], row.get(track, "")) for line, row in table]


def _time_problems(label: LabelText, where: str, duration_s: float) -> Iterator[Problem]:
    start_s, end_s = parse_time(label.start), parse_time(label.end)
    for name, text, time_s in (("start", label.start, start_s), ("end", label.end, end_s)):
        if time_s is None:
            yield Problem(
                where, f"the {name}, {text!r}, is no time" if text else f"has no {name}", TIMES
            )
    if start_s is None or end_s is None:
        return
    if end_s <= start_s:
        what = f"ends at {label.end}, but starts at {label.start}"
        yield Problem(where, what, "an end after the start", "mark a part of the film, not a point")
    elif start_s >= duration_s or end_s > duration_s + MAX_LATE_S:
        what = f"ends at {label.end}, after the end of the film ({duration_s:.1f} s)"
        hint = "times count from the first frame of this file; another cut has others"
        yield Problem(where, what, "times of the film", hint)


def _track_problems(label: LabelText, where: str, names: Names) -> Iterator[Problem]:
    if not label.text or OFF_ALBUM.fullmatch(label.text):
        return
    tracks = find_tracks(label.text, names)
    if not tracks:
        known = [name for _, kind in names[: len(names) // 2] for name in kind]
        hint = "leave it empty if you do not know the track, write - if it is not on the album"
        what = f"{label.text!r} is no track of the album"
        yield Problem(
            where, what, "the id, title or file of a track", closest(label.text, known) or hint
        )
    elif len(tracks) > 1:
        what = f"{label.text!r} is the name of {len(tracks)} tracks"
        yield Problem(
            where, what, "the name of one track", f"write the id: {', '.join(sorted(tracks))}"
        )


def _span(label: LabelText, duration_s: float, names: Names) -> Span:
    off_album = bool(OFF_ALBUM.fullmatch(label.text))
    tracks = find_tracks(label.text, names) if label.text and not off_album else {""}
    end_s = min(parse_time(label.end), duration_s)
    return Span(parse_time(label.start), end_s, *tracks, off_album)
