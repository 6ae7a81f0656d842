"""Cues as markers for DaVinci Resolve, in the EDL that it imports as timeline markers."""

from pathlib import Path

from scorelens.exports.film import Film
from scorelens.exports.formats.edl import head_lines
from scorelens.exports.frame_rate import first_hour

COLOURS = {"foreground": "Blue", "background": "Cyan"}
BAR = "|", "\N{FULLWIDTH VERTICAL LINE}"  # separates the parts of a marker


def write_film(film: Film, path: Path) -> None:
    """Write the markers of a film: from 01:00:00:00 on, at most one a frame.

    Parameters
    ----------
    film : Film
    path : Path
        The file.
    """
    lines, free = list(head_lines(film)), 0
    hour = first_hour(film.frame_rate)  # where time lines of Resolve start by default
    for number, cue in enumerate(film.cues, 1):
        frame = max(free, cue.in_frame)  # of two markers on a frame, Resolve keeps one
        free = frame + 1
        start, end = (film.timecode(hour + k) for k in (frame, frame + 1))
        lines.append(f"{number:03d}  001      V     C        {start} {end} {start} {end}  ")
        note, name = (text.replace(*BAR) for text in (cue.label, cue.title))
        length = max(1, cue.out_frame - frame)
        lines += [f" {note} |C:ResolveColor{COLOURS[cue.use]} |M:{name} |D:{length}", ""]
    path.write_text("\n".join(lines), encoding="utf-8", newline="")
