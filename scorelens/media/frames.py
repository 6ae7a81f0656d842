"""Decode the frames of a film at given times, without decoding what lies between."""

import contextlib
import os
from collections.abc import Iterator, Sequence

import av
import numpy as np

from scorelens import media
from scorelens.errors import MediaError, Problem

ROUNDING = 1e-6  # ticks
BEFORE_S = (0.0, 2.0, 12.0)  # seeks start so long before a time; key frames are no further apart


def spread(start_s: float, end_s: float, count: int) -> np.ndarray:
    """Give the middles of equal parts of a span of time.

    Parameters
    ----------
    start_s, end_s : float
        The span, s.
    count : int
        Number of parts.

    Returns
    -------
    ndarray of float64, shape (count,)
        Times in s, ascending.

    Examples
    --------
    >>> spread(10, 18, 4).tolist()
    [11.0, 13.0, 15.0, 17.0]
    """
    return start_s + (end_s - start_s) * (np.arange(count) + 0.5) / count


def frames_at(video: str | os.PathLike, times_s: Sequence[float]) -> Iterator[np.ndarray]:
    """Decode the frames on screen at some times of a film.

    Damaged frames are skipped. Black bars stay.

    Parameters
    ----------
    video : path
    times_s : sequence of float
        Times in s, in any order. After the end of the film the last frame counts, before the first
        good frame that one.

    Yields
    ------
    ndarray of uint8, shape (height, width, 3)
        RGB, 0 to 255, with square pixels, in the orientation that the file states.

    Raises
    ------
    MediaError
        If the file has no moving pictures, or no frame near a time can be decoded.
    """
    with media.open_container(video) as container:
        stream = media.picture_stream(container)
        if stream is None:
            raise MediaError(Problem(str(video), "has no moving pictures", "a film"))
        frame_at = _frame_at if media.finds_times(container) else _frame_by_reading
        for time_s in times_s:
            frame = frame_at(container, stream, time_s) if stream.codec_context else None
            if frame is None:
                what = f"no frame can be decoded at {time_s:.1f} s"
                hint = (
                    "play it to check whether it is damaged or protected against copying; a bare "
                    "stream has no time stamps, put it into Matroska or MP4"
                )
                raise MediaError(
                    Problem(str(video), what, "moving pictures that FFmpeg decodes", hint)
                )
            yield as_shown(frame, stream)


def _frame_at(container, stream, time_s: float) -> av.VideoFrame | None:
    """Decode from the key frame before a time, or from the film's start if that is not found.

    In some formats a seek ends after the key frame: it is then repeated from an earlier time.
    """
    origin = stream.start_time or 0
    ticks = origin + int(time_s / stream.time_base + ROUNDING)
    for before_s in BEFORE_S:
        target = ticks - round(before_s / stream.time_base)
        with contextlib.suppress(av.FFmpegError):  # a container that cannot seek continues here
            container.seek(max(target, origin), stream=stream)
        shown = None
        for ticks_shown, frame in _timed_frames(container, stream):
            if ticks_shown > ticks:
                break
            shown = frame
        if shown:
            return shown
    return _frame_by_reading(container, stream, time_s)


def _frame_by_reading(container, stream, time_s: float) -> av.VideoFrame | None:
    """Decode a film from its start; the first good frame counts for the time before it."""
    ticks = (stream.start_time or 0) + int(time_s / stream.time_base + ROUNDING)
    with media.open_container(media.path_of(container)) as again:
        shown = None
        for ticks_shown, frame in _timed_frames(again, media.picture_stream(again)):
            if shown and ticks_shown > ticks:
                break
            shown = frame
        return shown


def _timed_frames(container, stream) -> Iterator[tuple[int, av.VideoFrame]]:
    """The good frames from here on, in order of presentation, with their time stamps.

    AVI stores only the order of decoding, and FFmpeg's guess of the other is often wrong.
    """
    by_decoding = container.format.name == "avi"
    for packet in media.demux(container, stream):
        frames = []
        with contextlib.suppress(av.FFmpegError):
            frames = packet.decode()
        for frame in frames:
            ticks = frame.dts if by_decoding else frame.pts
            if ticks is not None:
                yield ticks, frame


def as_shown(frame: av.VideoFrame, stream: av.VideoStream) -> np.ndarray:
    """Convert a frame to RGB with square pixels, in the orientation that the file states.

    Parameters
    ----------
    frame : av.VideoFrame
    stream : av.VideoStream
        The stream of the frame, which has the shape of its pixels.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        RGB, 0 to 255.
    """
    ratio = stream.sample_aspect_ratio or 1
    width = max(1, round(frame.width * ratio))
    picture = frame.to_ndarray(format="rgb24", width=width, height=frame.height)
    return np.ascontiguousarray(np.rot90(picture, round(frame.rotation / 90)))
