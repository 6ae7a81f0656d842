"""The visuals table of a film.

The row of second t describes the frame on screen at t + 0.5, the middle of the second: the last
frame whose presentation time is not after it. So a variable frame rate is measured by time and not
by count. `scorelens.visuals.colour` says how a frame is measured,
`scorelens.visuals.shots_and_motion` what is said of the frames between, `scorelens.visuals.crops`
where the picture lies in it.

The film is decoded once, but where its bars lie may be known only some seconds after a frame. So a
frame is measured inside each crop that it may turn out to have, which is nearly always one. Where
it has another in the end, it was black between the two, and its moments count over another area.
"""

import logging
import os
from typing import NamedTuple

import numpy as np
import pandas as pd
from tqdm import tqdm

from scorelens import media, tables
from scorelens.visuals import colour, sampling, thumbnails
from scorelens.visuals.crops import CropTracker
from scorelens.visuals.shots_and_motion import Pulse

_STRETCH = (
    "%s: from %d s on picture from %.3f to %.3f of the height, %.3f to %.3f of the width, %.2f:1"
)
log = logging.getLogger(__name__)


class Measured(NamedTuple):
    """A frame that is on screen in the middle of so many seconds, and its moments by crop.

    frame_aspect: width of the whole frame as a multiple of its height, with square pixels.
    """

    seconds: int
    moments: dict[colour.Crop, colour.Moments]
    frame_aspect: float


def measure_film(
    film_id: str,
    video: str | os.PathLike,
    table: str | os.PathLike,
    black_level: float,
    mode: str,
    threads: int = 1,
    video_bytes: int | None = None,
) -> None:
    """Write the visuals table of one film; without moving pictures it has no rows.

    black_level, mode: see `measure_picture`. threads: for the decoder. video_bytes: the size that
    the file must have, None for any. Raises MediaError if the file cannot be read, has another
    size, or its picture cannot be decoded.
    """
    if video_bytes is not None:
        media.require_bytes(video, video_bytes)
    settings = {"black_level": black_level, "mode": mode}
    with media.unchanged(video):
        facts = {"config": tables.digest(settings), "video_sha256": media.sha256(video)}
        if media.read_header(video).has_video:
            frame = measure_picture(video, black_level, mode, threads)
            log.info("%s: %d seconds of picture", video, len(frame))
        else:
            frame = _table([], None, 0.0)
            log.info("%s: no moving pictures, the table is empty", video)
    frame["film_id"] = pd.Series(film_id, frame.index, str)
    frame["time_s"] = np.arange(len(frame), dtype=np.float64)
    tables.write_table(frame, table, tables.VISUALS, facts)


def measure_picture(
    video: str | os.PathLike, black_level: float, mode: str = "exact", threads: int = 1
) -> pd.DataFrame:
    """The statistics of every second of a film: `colour.MEASURES` and those of `pulse`, row by row.

    A second counts if its middle lies before the end of the last frame. black_level: luma, 0..1,
    up to which a bar is black; 0 keeps the bars. mode: `exact`, or `keyframes` to take the last key
    frame instead of the last frame; what happens between key frames is missing then.
    `aspect_ratio` is that of the picture inside the bars. Raises MediaError if no frame can be
    decoded.
    """
    key_frames_only = mode == "keyframes"
    tracker = CropTracker(video, black_level)
    measured, pulse, end_s = [], None if key_frames_only else Pulse(), 0.0
    frames = sampling.shown_frames(video, key_frames_only, threads)
    for shown in tqdm(frames, unit=" frames", disable=None):
        end_s = shown.end_s
        if not shown.seconds and key_frames_only:
            continue
        planes = colour.read_planes(shown.frame)
        if shown.seconds:
            measured.append(_measure_frame(shown, planes, tracker))
        if pulse:
            size = planes.y.shape
            crop, with_whole = tracker.current(size), tracker.is_changing(size)
            pulse.add(thumbnails.thumbnail(shown.start_s, planes, crop, with_whole))
    crops = tracker.crops()
    _log_stretches(video, measured, crops)
    rows = [
        (*_moments(one, crop).statistics(), crop.aspect_ratio(one.frame_aspect))
        for one, crop in zip(measured, crops, strict=True)
        for _ in range(one.seconds)
    ]
    return _table(rows, pulse, end_s)


def _measure_frame(shown: sampling.Shown, planes: colour.Planes, tracker: CropTracker) -> Measured:
    crops = tracker.add(planes, len(shown.seconds))
    moments = {crop: colour.moments(colour.cropped(planes, crop)) for crop in crops}
    height, width = planes.y.shape
    return Measured(len(shown.seconds), moments, width / height * shown.pixel_aspect)


def _moments(one: Measured, crop: colour.Crop) -> colour.Moments:
    """The moments inside a crop: measured there, or else inside the one of the nearest area."""
    if crop in one.moments:
        return one.moments[crop]
    near = min(one.moments, key=lambda other: abs(other.area - crop.area))
    return one.moments[near].over(crop.area / near.area)


def _log_stretches(video, measured: list[Measured], crops: list[colour.Crop]) -> None:
    """Say where the picture lies; if that or the shape of the frame changes, from which second."""
    second, previous = 0, None
    for crop, one in zip(crops, measured, strict=True):
        shape = (*crop, crop.aspect_ratio(one.frame_aspect))
        if shape != previous:
            log.info(_STRETCH, video, second, *shape)
        second, previous = second + one.seconds, shape


def _table(rows: list[tuple[float, ...]], pulse: Pulse | None, end_s: float) -> pd.DataFrame:
    names = [*colour.MEASURES, "aspect_ratio"]
    values = np.array(rows, np.float32).reshape(-1, len(names))
    frame = pd.DataFrame(values, columns=names)
    if pulse:
        return frame.join(pulse.by_second(len(frame), end_s))
    missing = np.full(len(frame), np.nan, np.float32)
    cuts = pd.Series(pd.NA, frame.index, "Int64")
    return frame.assign(cuts=cuts, shot_length_s=missing, motion_energy=missing)
