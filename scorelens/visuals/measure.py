"""The visuals table of a film.

The row of second t describes the frame on screen at t + 0.5, the middle of the second: the last
frame whose presentation time is not after it. So a variable frame rate is measured by time and
not by count. `scorelens.visuals.colour` says how a frame is measured.
"""

import logging
import os

import numpy as np
import pandas as pd
from tqdm import tqdm

from scorelens import media, tables
from scorelens.visuals import colour, letterbox, sampling

log = logging.getLogger(__name__)


def measure_film(
    film_id: str,
    video: str | os.PathLike,
    table: str | os.PathLike,
    black_level: float,
    key_frames_only: bool,
    threads: int = 1,
) -> None:
    """Write the visuals table of one film; without moving pictures it has no rows.

    black_level, key_frames_only: see `picture_statistics`. threads: for the decoder. Raises
    MediaError if the file cannot be read or its picture cannot be decoded.
    """
    rows = np.zeros((0, len(colour.MEASURES)), np.float32)
    if media.probe(video).has_video:
        rows = picture_statistics(video, black_level, key_frames_only, threads)
        log.info("%s: %d seconds of picture", video, len(rows))
    else:
        log.info("%s: no moving pictures, the table is empty", video)
    frame = pd.DataFrame(rows, columns=list(colour.MEASURES))
    frame["film_id"] = pd.Series(film_id, frame.index, str)
    frame["time_s"] = np.arange(len(rows), dtype=np.float64)
    settings = {"black_level": black_level, "key_frames_only": key_frames_only}
    facts = {"config": tables.digest(settings), "video_sha256": media.sha256(video)}
    tables.write_table(frame, table, tables.VISUALS, facts)


def picture_statistics(
    video: str | os.PathLike, black_level: float, key_frames_only: bool = False, threads: int = 1
) -> np.ndarray:
    """The statistics `colour.MEASURES` of every second of a film, float32 of shape (seconds, 4).

    A second counts if its middle lies before the end of the last frame. black_level: luma, 0..1,
    up to which a bar is black; 0 keeps the bars (see `letterbox.find_crop`). key_frames_only: take
    the last key frame instead of the last frame. Raises MediaError if no frame can be decoded.
    """
    crop = letterbox.find_crop(video, black_level, threads) if black_level > 0 else colour.WHOLE
    rows = []
    frames = sampling.frames_by_second(video, key_frames_only, threads)
    for seconds, frame in tqdm(frames, unit=" frames", disable=None):
        rows += [colour.frame_statistics(frame, crop)] * len(seconds)
    return np.array(rows, np.float32).reshape(-1, len(colour.MEASURES))
