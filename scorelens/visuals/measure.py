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
from collections.abc import Collection, Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from tqdm import tqdm

from scorelens import media, tables
from scorelens.visuals import colour, sampling, thinning, thumbnails
from scorelens.visuals.crops import CropTracker
from scorelens.visuals.shots_and_motion import ShotsAndMotion

_SECTION = (
    "%s: from %d s on picture from %.3f to %.3f of the height, %.3f to %.3f of the width, %.2f:1"
)
ERRORS = {"brightness_error": "brightness", "contrast_error": "contrast"}
log = logging.getLogger(__name__)


class MeasuredFrame(NamedTuple):
    """A frame that is on screen in the middle of one or more seconds.

    Parameters
    ----------
    start_s : float
        When it comes on screen, s of the film.
    seconds : int
        Number of such seconds.
    moments : dict of Crop to Moments
        Moments inside each crop that it may get.
    frame_aspect : float
        Width over height of the whole frame, with square pixels.
    """

    start_s: float
    seconds: int
    moments: dict[colour.Crop, colour.Moments]
    frame_aspect: float


class MeasuredPicture(NamedTuple):
    """What was measured of a film.

    Parameters
    ----------
    frames : list of MeasuredFrame
        In order of presentation.
    rows : DataFrame
        One row a second: `colour.MEASURES` and `aspect_ratio`.
    marked : dict of float to tuple of float
        `colour.MEASURES` of the frames that come on screen at the marked times.
    end_s : float
        End of the last frame, s.
    """

    frames: list[MeasuredFrame]
    rows: pd.DataFrame
    marked: dict[float, tuple[float, ...]]
    end_s: float


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
    mode : {"exact", "hybrid", "keyframes"}
        See `measure_picture`.
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
            no_picture = MeasuredPicture([], _rows([]), {}, 0.0)
            frame = _table(no_picture, None, 0.0, dict.fromkeys(ERRORS, 0.0))
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
    mode : {"exact", "hybrid", "keyframes"}
        Measure the frame on screen in the middle of a second, or the last key frame before it, or
        in most parts of a long film that key frame and in the others that frame. Cuts, shot
        lengths and motion are missing but in mode `exact`.
    threads : int
        Threads of the decoder.

    Returns
    -------
    DataFrame
        One row for each second whose middle lies before the end of the last frame:
        `colour.MEASURES`, `aspect_ratio` of the picture inside the bars, `cuts`, `shot_length_s`,
        `motion_energy`, `held_s`, `brightness_error` and `contrast_error`.

    Raises
    ------
    MediaError
        If no frame can be decoded.
    """
    if mode == "hybrid":
        return _measure_hybrid(video, black_level, threads)
    shots = ShotsAndMotion() if mode == "exact" else None
    frames = sampling.shown_frames(video, mode == "keyframes", threads)
    picture = _measure_frames(video, black_level, frames, shots)
    known = 0.0 if mode == "exact" else np.nan
    return _table(picture, shots, known, dict.fromkeys(ERRORS, known))


def _measure_hybrid(video, black_level: float, threads: int) -> pd.DataFrame:
    """Measure a sample of the film, and all of it if that is too small or its error too large."""
    times = thinning.read_packet_times(video)
    thinned = thinning.thin(times)
    if thinned is None:
        log.info("%s: too short, or key frames too far apart, to be sampled", video)
    else:
        frames = sampling.shown_frames(video, False, threads, thinned.selected_keys)
        picture = _measure_frames(video, black_level, frames, None, thinned.whole_starts_s)
        measured_s = [one.start_s for one in picture.frames for _ in range(one.seconds)]
        errors = _median_errors(picture, thinned)
        _log_sample(video, thinned, errors)
        if max(errors.values()) <= thinning.MAX_ERROR:
            return _table(picture, None, thinning.held_s(times, np.array(measured_s)), errors)
    picture = _measure_frames(video, black_level, sampling.shown_frames(video, False, threads))
    return _table(picture, None, 0.0, dict.fromkeys(ERRORS, 0.0))


def _median_errors(picture: MeasuredPicture, thinned: thinning.Thinned) -> dict[str, float]:
    part = thinning.part_of_seconds(thinned, len(picture.rows))
    missing = (np.nan,) * len(colour.MEASURES)
    held = [picture.marked.get(start_s, missing) for start_s in thinned.starts_s]
    held = pd.DataFrame(held, columns=colour.MEASURES)
    return {
        column: thinning.median_error(
            picture.rows[name].to_numpy(), held[name].to_numpy()[part], thinned
        )
        for column, name in ERRORS.items()
    }


def _log_sample(video, thinned: thinning.Thinned, errors: dict[str, float]) -> None:
    log.info(
        "%s: %d of %d parts decoded completely; expected error of the median: %s",
        video,
        thinned.is_whole.sum(),
        len(thinned.is_whole),
        ", ".join(f"{name} {error:.4f}" for name, error in errors.items()),
    )


def _measure_frames(
    video,
    black_level: float,
    frames: Iterator[sampling.ShownFrame],
    shots: ShotsAndMotion | None = None,
    marked_s: Collection[float] = (),
) -> MeasuredPicture:
    """Measure the frames on screen in the middle of a second, and those that start when marked."""
    tracker = CropTracker(video, black_level)
    measured, marked, end_s = [], {}, 0.0
    for shown in tqdm(frames, unit=" frames", disable=None):
        end_s = shown.end_s
        is_marked = shown.start_s in marked_s
        if not (shown.seconds or shots or is_marked):
            continue
        planes = colour.read_planes(shown.frame)
        if shown.seconds:
            measured.append(_measure_frame(shown, planes, tracker))
        crop, with_whole = tracker.latest(planes.y.shape)
        if is_marked:
            marked[shown.start_s] = colour.moments(colour.cropped(planes, crop)).statistics()
        if shots:
            shots.add(thumbnails.thumbnail(shown.start_s, planes, crop, with_whole))
    crops = tracker.crops()
    _log_sections(video, measured, crops)
    rows = [
        (*_moments(one, crop).statistics(), crop.aspect_ratio(one.frame_aspect))
        for one, crop in zip(measured, crops, strict=True)
        for _ in range(one.seconds)
    ]
    return MeasuredPicture(measured, _rows(rows), marked, end_s)


def _measure_frame(
    shown: sampling.ShownFrame, planes: colour.Planes, tracker: CropTracker
) -> MeasuredFrame:
    crops = tracker.add(planes, len(shown.seconds))
    moments = {crop: colour.moments(colour.cropped(planes, crop)) for crop in crops}
    height, width = planes.y.shape
    return MeasuredFrame(
        shown.start_s, len(shown.seconds), moments, width / height * shown.pixel_aspect
    )


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


def _rows(rows: list[tuple[float, ...]]) -> pd.DataFrame:
    names = [*colour.MEASURES, "aspect_ratio"]
    return pd.DataFrame(np.array(rows, np.float32).reshape(-1, len(names)), columns=names)


def _table(
    picture: MeasuredPicture,
    shots: ShotsAndMotion | None,
    held_s: float | np.ndarray,
    errors: dict[str, float],
) -> pd.DataFrame:
    rows = picture.rows
    if shots:
        rows = rows.join(shots.by_second(len(rows), picture.end_s))
    else:
        missing = np.full(len(rows), np.nan, np.float32)
        cuts = pd.Series(pd.NA, rows.index, "Int64")
        rows = rows.assign(cuts=cuts, shot_length_s=missing, motion_energy=missing)
    sampled = pd.DataFrame({"held_s": held_s, **errors}, rows.index)
    return rows.join(sampled.astype(np.float32))
