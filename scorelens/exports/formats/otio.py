"""Cues as an OpenTimelineIO time line: the film, and its music on audio tracks below it."""

from collections.abc import Sequence
from pathlib import Path

import opentimelineio as otio
from opentimelineio.opentime import RationalTime, TimeRange

from scorelens.exports.film import Cue, Film, file_url
from scorelens.exports.frame_rate import nearest_frame
from scorelens.exports.lanes import sort_into_lanes

SPEED_TOLERANCE = 5e-4  # less than a frame in a minute of 30 frames a second
INDENT = -1  # none: a third of the size
KEPT = ("cue_id", "track_id", "composer", "artist", "publisher", "album", "isrc", "use", "vocal")
KEPT += ("diegetic", "confidence", "verdict", "label")


def write_film(film: Film, path: Path) -> None:
    """Write the time line of a film.

    Parameters
    ----------
    film : Film
    path : Path
        The file.
    """
    text = otio.adapters.write_to_string(make_timeline(film), "otio_json", indent=INDENT)
    path.write_text(text, encoding="utf-8", newline="")


def make_timeline(film: Film) -> otio.schema.Timeline:
    """Place the film, and each cue as a clip of its track's file.

    Parameters
    ----------
    film : Film

    Returns
    -------
    Timeline
        A video track with the film, and an audio track for each lane of cues.
    """
    timeline = otio.schema.Timeline(film.title, global_start_time=_time(film, 0))
    whole = _range(film, 0, film.frames)
    picture = otio.schema.Track("Film", kind=otio.schema.TrackKind.Video)
    reference = otio.schema.ExternalReference(file_url(film.video), whole)
    picture.append(otio.schema.Clip(film.title, reference, whole))
    timeline.tracks.append(picture)
    for number, lane in enumerate(sort_into_lanes(film.cues), 1):
        timeline.tracks.append(_music_track(film, f"Music {number}", lane))
    return timeline


def _music_track(film: Film, name: str, lane: Sequence[Cue]) -> otio.schema.Track:
    track = otio.schema.Track(name, kind=otio.schema.TrackKind.Audio)
    end = 0
    for cue in lane:
        if cue.in_frame > end:
            track.append(otio.schema.Gap(duration=_time(film, cue.in_frame - end)))
        track.append(_clip(film, cue))
        end = cue.out_frame
    return track


def _clip(film: Film, cue: Cue) -> otio.schema.Clip:
    rate = film.frame_rate
    length = nearest_frame(cue.track_file_start_s + cue.track_duration_s, rate)
    start = nearest_frame(cue.track_file_start_s + cue.track_start_s, rate)
    clip = otio.schema.Clip(
        cue.title,
        otio.schema.ExternalReference(file_url(cue.track_path), _range(film, 0, length)),
        _range(film, start, cue.out_frame - cue.in_frame),
    )
    clip.metadata["scorelens"] = {name: getattr(cue, name) for name in KEPT}
    if abs(cue.speed - 1) > SPEED_TOLERANCE:
        clip.effects.append(otio.schema.LinearTimeWarp(time_scalar=float(cue.speed)))
    return clip


def _time(film: Film, frames: int) -> RationalTime:
    return RationalTime(int(frames), float(film.frame_rate))


def _range(film: Film, start: int, frames: int) -> TimeRange:
    return TimeRange(_time(film, start), _time(film, frames))
