"""Cues as an edit decision list (CMX 3600): an event a cue, on the audio channels A, A2, A3, ...

The adapter of OpenTimelineIO writes one track of video alone, so the list is written here; the
adapter reads it.
"""

from collections.abc import Iterator
from pathlib import Path

from scorelens.exports.film import Cue, Film
from scorelens.exports.frame_rate import DROP_FRAME, nearest_frame
from scorelens.exports.lanes import sort_into_lanes

REEL = "AX"  # what is on no tape


def write_film(film: Film, path: Path) -> None:
    """Write the list of a film.

    Parameters
    ----------
    film : Film
    path : Path
        The file.
    """
    lanes = enumerate(sort_into_lanes(film.cues), 1)
    events = [("A" if lane == 1 else f"A{lane}", cue) for lane, cues in lanes for cue in cues]
    events.sort(key=lambda event: event[1].in_frame)
    lines = list(head_lines(film))
    for number, (channel, cue) in enumerate(events, 1):
        lines += [*_event_lines(film, number, channel, cue), ""]
    path.write_text("\n".join(lines), encoding="utf-8", newline="")


def head_lines(film: Film) -> Iterator[str]:
    """The head of a list.

    Parameters
    ----------
    film : Film

    Yields
    ------
    str
        Title, kind of time code, and an empty line.
    """
    yield f"TITLE: {film.title}"
    yield "FCM: DROP FRAME" if film.frame_rate in DROP_FRAME else "FCM: NON-DROP FRAME"
    yield ""


def _event_lines(film: Film, number: int, channel: str, cue: Cue) -> Iterator[str]:
    start = nearest_frame(cue.track_file_start_s + cue.track_start_s, film.frame_rate)
    frames = start, start + cue.out_frame - cue.in_frame, cue.in_frame, cue.out_frame
    times = " ".join(map(film.timecode, frames))
    yield f"{number:03d}  {REEL:<8} {channel:<5} C        {times}"
    usual, speed = (f"{float(film.frame_rate) * factor:05.1f}" for factor in (1, cue.speed))
    if speed != usual:
        yield f"M2   {REEL:<8} {speed}                {film.timecode(start)}"
    yield f"* FROM CLIP NAME: {cue.title}"
    yield f"* SOURCE FILE: {Path(cue.track_path).absolute()}"
    yield f"* COMMENT: {cue.label}"
