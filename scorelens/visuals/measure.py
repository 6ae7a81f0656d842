"""Measure the picture of a film and write its visuals table, one row a second.

The row of second t describes the frame on screen at t + 0.5, the middle of the second: the last
frame whose presentation time is not after it. So a variable frame rate is measured by time and not
by count. `colour` measures a frame, `shots_and_motion` the frames between, and `crops` finds the
picture inside the black bars.

The film is decoded once, but its bars may be known only some seconds after a frame. So a frame is
measured inside each crop that it may get, nearly always one. If it gets another, the difference is
black, and the moments are rescaled to the other area.
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
from scorelens.visuals.shots_and_motion import ShotsAndMotion

_SECTION = (
    "%s: from %d s on picture from %.3f to %.3f of the height, %.3f to %.3f of the width, %.2f:1"
)
log = logging.getLogger(__name__)


class MeasuredFrame(NamedTuple):
    """A frame that is on screen in the middle of one or more seconds.

    Parameters
    ----------
    seconds : int
        Number of such seconds.
    moments : dict of Crop to Moments
        Moments inside each crop that it may get.
    frame_aspect : float
        Width over height of the whole frame, with square pixels.
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
    """Write the visuals table of one film (`tables.VISUALS`).

    Parameters
    ----------
    film_id : str
        Id of the film.
    video : path
        The film. Without moving pictures the table has no rows.
    table : path
        Where the table goes.
    black_level : float
        Luma, 0..1, up to which a bar is black; 0 keeps the bars.
    mode : {"exact", "keyframes"}
        Measure the frame on screen in the middle of a second, or the last key frame before it.
    threads : int
        Threads of the decoder.
    video_bytes : int or None
        Size that the file must have, bytes; None for any.

    Raises
    ------
    MediaError
        If the file cannot be read, has another size, or its picture cannot be decoded.
    """
    if video_bytes is not None:
        media.require_bytes(video, video_bytes)
    settings = {"black_level": black_level, "mode": mode}
    with media.unchanged(video):
        provenance = {"config": tables.digest(settings), "video_sha256": media.sha256(video)}
        if media.read_header(video).has_video:
            frame = measure_picture(video, black_level, mode, threads)
            log.info("%s: %d seconds of picture", video, len(frame))
        else:
            frame = _table([], None, 0.0)
            log.info("%s: no moving pictures, the table is empty", video)
    frame["film_id"] = pd.Series(film_id, frame.index, str)
    frame["time_s"] = np.arange(len(frame), dtype=np.float64)
    tables.write_table(frame, table, tables.VISUALS, provenance)


def measure_picture(
    video: str | os.PathLike, black_level: float, mode: str = "exact", threads: int = 1
) -> pd.DataFrame:
    """Measure the picture of a film.

    Parameters
    ----------
    video : path
        The film.
    black_level : float
        Luma, 0..1, up to which a bar is black; 0 keeps the bars.
    mode : {"exact", "keyframes"}
        Measure the frame on screen in the middle of a second, or the last key frame before it.
        Cuts, shot lengths and motion are missing with key frames.
    threads : int
        Threads of the decoder.

    Returns
    -------
    DataFrame
        One row for each second whose middle lies before the end of the last frame:
        `colour.MEASURES`, `aspect_ratio` of the picture inside the bars, `cuts`, `shot_length_s`
        and `motion_energy`.

    Raises
    ------
    MediaError
        If no frame can be decoded.
    """
    key_frames_only = mode == "keyframes"
    tracker = CropTracker(video, black_level)
    shots = None if key_frames_only else ShotsAndMotion()
    measured, end_s = [], 0.0
    frames = sampling.shown_frames(video, key_frames_only, threads)
    for shown in tqdm(frames, unit=" frames", disable=None):
        end_s = shown.end_s
        if not shown.seconds and key_frames_only:
            continue
        planes = colour.read_planes(shown.frame)
        if shown.seconds:
            measured.append(_measure_frame(shown, planes, tracker))
        if shots:
            crop, with_whole = tracker.latest(planes.y.shape)
            shots.add(thumbnails.thumbnail(shown.start_s, planes, crop, with_whole))
    crops = tracker.crops()
    _log_sections(video, measured, crops)
    rows = [
        (*_moments(one, crop).statistics(), crop.aspect_ratio(one.frame_aspect))
        for one, crop in zip(measured, crops, strict=True)
        for _ in range(one.seconds)
    ]
    return _table(rows, shots, end_s)


def _measure_frame(
    shown: sampling.ShownFrame, planes: colour.Planes, tracker: CropTracker
) -> MeasuredFrame:
    crops = tracker.add(planes, len(shown.seconds))
    moments = {crop: colour.moments(colour.cropped(planes, crop)) for crop in crops}
    height, width = planes.y.shape
    return MeasuredFrame(len(shown.seconds), moments, width / height * shown.pixel_aspect)


def _moments(one: MeasuredFrame, crop: colour.Crop) -> colour.Moments:
    """The moments inside a crop: measured there, or rescaled from the crop of the nearest area."""
    if crop in one.moments:
        return one.moments[crop]
    near = min(one.moments, key=lambda other: abs(other.area - crop.area))
    return one.moments[near].rescaled(crop.area / near.area)


def _log_sections(video, measured: list[MeasuredFrame], crops: list[colour.Crop]) -> None:
    """Log the crop, again from each second at which it or the shape of the frame changes."""
    second, previous = 0, None
    for crop, one in zip(crops, measured, strict=True):
        shape = (*crop, crop.aspect_ratio(one.frame_aspect))
        if shape != previous:
            log.info(_SECTION, video, second, *shape)
        second, previous = second + one.seconds, shape


def _table(
    rows: list[tuple[float, ...]], shots: ShotsAndMotion | None, end_s: float
) -> pd.DataFrame:
    names = [*colour.MEASURES, "aspect_ratio"]
    values = np.array(rows, np.float32).reshape(-1, len(names))
    frame = pd.DataFrame(values, columns=names)
    if shots:
        return frame.join(shots.by_second(len(frame), end_s))
    missing = np.full(len(frame), np.nan, np.float32)
    cuts = pd.Series(pd.NA, frame.index, "Int64")
    return frame.assign(cuts=cuts, shot_length_s=missing, motion_energy=missing)
