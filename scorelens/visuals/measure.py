"""The visuals table of a film.

The row of second t describes the frame on screen at t + 0.5, the middle of the second: the last
frame whose presentation time is not after it. So a variable frame rate is measured by time and
not by count. `scorelens.visuals.colour` says how a frame is measured, `scorelens.visuals.pulse`
what is said of the frames between.
"""

import logging
import os

import numpy as np
import pandas as pd
from tqdm import tqdm

from scorelens import media, tables
from scorelens.visuals import colour, letterbox, sampling, thumbnails
from scorelens.visuals.pulse import Pulse

log = logging.getLogger(__name__)


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
    frame instead of the last frame; what happens between key frames is missing then. The bars are
    first guessed from a few key frames, then seen in every second; if the guess was wrong, the film
    is measured once more. Raises MediaError if no frame can be decoded.
    """
    crop = letterbox.guess_crop(video, black_level) if black_level > 0 else colour.WHOLE
    frame, seen = _measure_once(video, crop, black_level, mode, threads)
    if black_level > 0 and not letterbox.near(seen, crop):
        log.info("%s: the bars are others than those of a few key frames; once more", video)
        crop = seen
        frame, _ = _measure_once(video, crop, black_level, mode, threads)
    log.info("%s: picture from %.3f to %.3f of the height, %.3f to %.3f of the width", video, *crop)
    return frame


def _measure_once(
    video, crop: colour.Crop, black_level: float, mode: str, threads: int
) -> tuple[pd.DataFrame, colour.Crop]:
    """The statistics inside a crop, and the crop that all seconds together ask for."""
    key_frames_only = mode == "keyframes"
    light, pulse = letterbox.Light(black_level), None if key_frames_only else Pulse()
    rows, end_s = [], 0.0
    frames = sampling.shown_frames(video, key_frames_only, threads)
    for shown in tqdm(frames, unit=" frames", disable=None):
        end_s = shown.end_s
        if not shown.seconds and key_frames_only:
            continue
        planes = colour.read_planes(shown.frame)
        if pulse:
            pulse.add(thumbnails.thumbnail(shown.start_s, planes, crop))
        if shown.seconds:
            rows += [colour.statistics(colour.cropped(planes, crop))] * len(shown.seconds)
            light.add(planes, len(shown.seconds))
    return _table(rows, pulse, end_s), light.crop()


def _table(rows: list[tuple[float, ...]], pulse: Pulse | None, end_s: float) -> pd.DataFrame:
    values = np.array(rows, np.float32).reshape(-1, len(colour.MEASURES))
    frame = pd.DataFrame(values, columns=list(colour.MEASURES))
    if pulse:
        return frame.join(pulse.by_second(len(frame), end_s))
    missing = np.full(len(frame), np.nan, np.float32)
    cuts = pd.Series(pd.NA, frame.index, "Int64")
    return frame.assign(cuts=cuts, shot_length_s=missing, motion_energy=missing)
