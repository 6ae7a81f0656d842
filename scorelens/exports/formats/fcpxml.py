"""Cues as Final Cut Pro XML: the film, and its music connected below it.

The adapter of OpenTimelineIO does not write 23.976, 29.97 and 59.94 frames a second (it has no
frame duration for them), so the document is written here.
"""

from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from scorelens.exports.film import Cue, Film, file_url
from scorelens.exports.frame_rate import DROP_FRAME, nearest_frame
from scorelens.exports.lanes import sort_into_lanes

FORMAT = "r1"


def write_film(film: Film, path: Path) -> None:
    """Write the project of a film. Speeds are not applied: the note of a clip has them.

    Parameters
    ----------
    film : Film
    path : Path
        The file.

    References
    ----------
    Apple, Final Cut Pro XML (FCPXML) reference, version 1.8.
    """
    document = Element("fcpxml", version="1.8")
    assets = _add_resources(SubElement(document, "resources"), film)
    event = SubElement(SubElement(document, "library"), "event", name="scorelens")
    project = SubElement(event, "project", name=film.title)
    kind = "DF" if film.frame_rate in DROP_FRAME else "NDF"
    length = _time(film, film.frames)
    sequence = SubElement(
        project, "sequence", format=FORMAT, duration=length, tcStart="0s", tcFormat=kind
    )
    spine = SubElement(sequence, "spine")
    whole = {"name": film.title, "ref": assets[film.video], "offset": "0s", "start": "0s"}
    picture = SubElement(spine, "asset-clip", whole, duration=length, format=FORMAT)
    for lane, cues in enumerate(sort_into_lanes(film.cues), 1):
        for cue in cues:
            _add_cue(picture, film, cue, -lane, assets[cue.track_path])
    ElementTree.indent(document)
    text = ElementTree.tostring(document, encoding="unicode")
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n'
    path.write_text(f"{head}{text}\n", encoding="utf-8", newline="")


def _add_resources(resources: Element, film: Film) -> dict[str, str]:
    """Add the format, the film and the files of its music; returns their ids by path."""
    SubElement(resources, "format", id=FORMAT, frameDuration=_time(film, 1))
    lengths = {film.video: film.frames}
    for cue in film.cues:
        end = nearest_frame(cue.track_file_start_s + cue.track_duration_s, film.frame_rate)
        lengths[cue.track_path] = max(end, lengths.get(cue.track_path, 0))
    assets = {}
    for number, (path, frames) in enumerate(lengths.items(), 2):
        assets[path] = f"r{number}"
        is_film = path == film.video
        streams = {"hasVideo": "1", "format": FORMAT} if is_film else {"hasVideo": "0"}
        SubElement(
            resources,
            "asset",
            {"id": assets[path], "name": Path(path).stem, "src": file_url(path)},
            start="0s",
            duration=_time(film, frames),
            hasAudio="1",
            **streams,
        )
    return assets


def _add_cue(picture: Element, film: Film, cue: Cue, lane: int, asset: str) -> None:
    start = nearest_frame(cue.track_file_start_s + cue.track_start_s, film.frame_rate)
    attributes = {
        "name": cue.title,
        "ref": asset,
        "lane": str(lane),
        "offset": _time(film, cue.in_frame),
        "start": _time(film, start),
        "duration": _time(film, cue.out_frame - cue.in_frame),
        "audioRole": "music",
    }
    clip = SubElement(picture, "asset-clip", attributes)
    speed = "" if cue.speed == 1 else f", speed {cue.speed:.4f}"
    SubElement(clip, "note").text = cue.label + speed


def _time(film: Film, frames: int) -> str:
    time = Fraction(int(frames)) / film.frame_rate
    return f"{time.numerator}s" if time.denominator == 1 else f"{time}s"
