"""Decode the frames of a film that the statistics need, in order of presentation."""

import bisect
import collections
import contextlib
import functools
import logging
import os
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import av

from scorelens import media
from scorelens.errors import MediaError, Problem

REORDERED = 32  # packets; twice the frames that H.264 and HEVC may reorder

log = logging.getLogger(__name__)


class Clock(NamedTuple):
    """Time stamps of a picture stream: that of time 0, and the length of a tick as a fraction."""

    origin: int
    numerator: int
    denominator: int

    def time_s(self, ticks: int) -> float:
        """Film time of a time stamp, s."""
        return (ticks - self.origin) * self.numerator / self.denominator

    def seconds_by(self, ticks: int) -> int:
        """Number of seconds of the film whose middle is before a time stamp."""
        ahead = 2 * (ticks - self.origin) * self.numerator
        return max(0, -((self.denominator - ahead) // (2 * self.denominator)))


class ShownFrame(NamedTuple):
    """A decoded frame and when it is on screen.

    Parameters
    ----------
    start_s, end_s : float
        When it and when the next frame comes on screen, s of the film.
    seconds : range
        Seconds in whose middle it is on screen; often none.
    frame : av.VideoFrame
        The frame.
    pixel_aspect : float
        Width over height of a pixel.
    """

    start_s: float
    end_s: float
    seconds: range
    frame: av.VideoFrame
    pixel_aspect: float


def shown_frames(
    video: str | os.PathLike,
    key_frames_only: bool = False,
    threads: int = 1,
    selected_keys: Mapping[int, bool] | None = None,
) -> Iterator[ShownFrame]:
    """Decode a film once, in order of presentation.

    Frames from which no other is predicted are left out, unless they are on screen in the middle of
    a second. Damaged frames are skipped: the frame before them stays on screen, and the first good
    frame counts from the start.

    Parameters
    ----------
    video : path
        The film.
    key_frames_only : bool
        Decode key frames only.
    threads : int
        Threads of the decoder.
    selected_keys : mapping of int to bool, optional
        Decode only key frames of these time stamps, and where it is true the frames up to the next
        one of them.

    Yields
    ------
    ShownFrame

    Raises
    ------
    MediaError
        If there is no good frame or if frames have no times.
    """
    with media.open_container(video) as container, media.unchanged(video):
        stream = _picture(video, container)
        _open_decoder(stream, threads)
        clock = clock_of(stream)
        decode = _decoder_of(key_frames_only, selected_keys)
        shown, start, next_second, end = None, None, 0, 0
        pixel_aspect, coded_first = 1.0, None
        for packet, frames in _decoded(video, container, stream, decode):
            end = max(end, end_of(packet, stream))
            for frame in frames:
                ticks = _ticks(video, container, stream, frame, start)
                if shown is not None:
                    stop = max(next_second, clock.seconds_by(ticks))
                    times_s = clock.time_s(start), clock.time_s(ticks)
                    yield ShownFrame(*times_s, range(next_second, stop), shown, pixel_aspect)
                    next_second = stop
                else:
                    coded_first = stream.codec_context.sample_aspect_ratio
                shown, start, pixel_aspect = frame, ticks, _pixel_aspect(stream, coded_first)
        if shown is None:
            raise _undecodable(video, stream)
        end = max(start, end)
        stop = max(next_second, clock.seconds_by(end))
        times_s = clock.time_s(start), clock.time_s(end)
        yield ShownFrame(*times_s, range(next_second, stop), shown, pixel_aspect)


def spread_key_frames(video: str | os.PathLike, count: int) -> Iterator[av.VideoFrame]:
    """Decode key frames that are evenly spread over the film.

    Parameters
    ----------
    video : path
        The film.
    count : int
        Maximum number of key frames.

    Yields
    ------
    av.VideoFrame
        Each key frame once, without damaged ones.
    """
    with media.open_container(video) as container:
        stream = _picture(video, container)
        length = container.duration or 0
        previous = None
        for number in range(count if length else 0):
            container.seek((container.start_time or 0) + length * (2 * number + 1) // (2 * count))
            packet = next((p for p in container.demux(stream) if p.is_keyframe and p.size), None)
            if packet is None or packet.pts == previous:
                continue
            previous = packet.pts
            with contextlib.suppress(av.FFmpegError):
                yield from packet.decode() + stream.codec_context.decode(None)


def clock_of(stream: av.VideoStream) -> Clock:
    """Return the clock of a picture stream."""
    return Clock(stream.start_time or 0, *stream.time_base.as_integer_ratio())


def _pixel_aspect(stream, coded_first) -> float:
    """Shape of a pixel: that of the container, until that of the coded picture changes."""
    coded = stream.codec_context.sample_aspect_ratio
    return float((stream.sample_aspect_ratio if coded == coded_first else coded) or 1)


def _open_decoder(stream, threads: int) -> None:
    """Some decoders read `skip_frame` when they are opened: then nothing may be skipped yet."""
    stream.thread_type, stream.thread_count = "AUTO", threads
    stream.codec_context.open(strict=False)


def _decoder_of(key_frames_only: bool, selected_keys: Mapping[int, bool] | None):
    if selected_keys is not None:
        return functools.partial(_selected_frames, selected_keys=selected_keys)
    return _key_frames if key_frames_only else _needed_frames


def _decoded(video, container, stream, decode) -> Iterator[tuple[av.Packet, list[av.VideoFrame]]]:
    """Each packet, with the frames that the decoder has ready after it."""
    errors = 0
    for packet, frames in decode(container, stream):
        errors += frames is None
        yield packet, frames or []
    if errors:
        log.warning("%s: %d decoding errors, damaged frames were skipped", video, errors)


def _key_frames(container, stream) -> Iterator[tuple[av.Packet, list[av.VideoFrame] | None]]:
    """Other packets do not reach the decoder, which would parse each before it drops it."""
    for packet in media.demux(container, stream):
        yield packet, _frames_alone(packet) if packet.is_keyframe and packet.size else []


def _frames_alone(packet) -> list[av.VideoFrame] | None:
    """The frame of a key packet; None if the packet is damaged."""
    packet.stream.codec_context.skip_frame = "NONKEY"
    frames, rest = _frames_of(packet), _rest(packet.stream.codec_context)
    return None if frames is None or rest is None else frames + rest


def _needed_frames(container, stream) -> Iterator[tuple[av.Packet, list[av.VideoFrame] | None]]:
    for packet, needed in _with_need(container, stream):
        packet.stream.codec_context.skip_frame = "DEFAULT" if needed else "NONREF"
        yield packet, _frames_of(packet)


def _selected_frames(
    container, stream, selected_keys: Mapping[int, bool]
) -> Iterator[tuple[av.Packet, list[av.VideoFrame] | None]]:
    """Frames after a key frame in the file but before it on screen are of the part before."""
    key, is_whole, was_whole, is_empty = None, False, False, True
    for packet, needed in _with_need(container, stream):
        ticks = presented(packet, container)
        is_key = packet.is_keyframe and ticks in selected_keys
        if is_key:
            key, was_whole, is_whole = ticks, is_whole, selected_keys[ticks]
        is_early = None not in (ticks, key) and ticks < key
        if is_key or (was_whole if is_early else is_whole):
            packet.stream.codec_context.skip_frame = "DEFAULT" if needed or is_key else "NONREF"
            yield packet, _frames_of(packet)
            is_empty = False
        elif is_whole or is_empty:
            yield packet, []
        else:
            yield packet, _rest(packet.stream.codec_context)
            is_empty = True


def _rest(decoder) -> list[av.VideoFrame] | None:
    """Empty a decoder: after a gap it would guess the order of frames, and drop some."""
    try:
        return decoder.decode(None)
    except av.FFmpegError:
        return None
    finally:
        decoder.flush_buffers()


def _frames_of(packet) -> list[av.VideoFrame] | None:
    """The frames that the decoder has ready after a packet; None if the packet is damaged."""
    # An empty packet with a time means that the picture does not change.
    if not packet.size and (packet.pts is not None or packet.dts is not None):
        return []
    try:
        return packet.decode()
    except av.FFmpegError:
        return None


def _with_need(container, stream) -> Iterator[tuple[av.Packet, bool]]:
    """Each packet, and whether its frame is on screen in the middle of a second."""
    # It is, if a middle lies between it and the next frame in order of presentation, which is among
    # the next `REORDERED` packets. A packet without a time counts as needed.
    waiting, known, clock = collections.deque(), [], clock_of(stream)

    def needed(pts):
        following = len(known) if pts is None else bisect.bisect_right(known, pts)
        if following == len(known):
            return True
        return clock.seconds_by(known[following]) > clock.seconds_by(pts)

    timed = not _lacks_presentation_times(container)
    for packet in media.demux(container, stream):
        waiting.append(packet)
        if timed and packet.pts is not None:
            bisect.insort(known, packet.pts)
        if len(waiting) > REORDERED:
            yield waiting[0], needed(waiting.popleft().pts)
            del known[: -3 * REORDERED]
    for packet in waiting:
        yield packet, needed(packet.pts)


def _lacks_presentation_times(container) -> bool:
    """AVI holds only the order of decoding, and FFmpeg's guess at the other is often wrong."""
    return container.format.name == "avi"


def _ticks(video, container, stream, frame: av.VideoFrame, before: int | None) -> int:
    """Time stamp of a frame; without one, a frame's length after the frame before."""
    ticks = frame.dts if _lacks_presentation_times(container) else frame.pts
    if ticks is not None:
        return ticks
    if before is None:
        raise MediaError(
            Problem(
                str(video),
                "has a picture without time stamps",
                "a container with presentation times, such as MP4 or Matroska",
                "copy the stream into one: ffmpeg -i IN -c copy OUT.mkv",
            )
        )
    return before + _frame_ticks(stream)


def presented(packet: av.Packet, container: av.container.InputContainer) -> int | None:
    """Return the time stamp at which a packet's frame comes on screen, None if it has none."""
    return packet.dts if packet.pts is None or _lacks_presentation_times(container) else packet.pts


def end_of(packet: av.Packet, stream: av.VideoStream) -> int:
    """Return the time stamp at which a packet's frame leaves the screen."""
    start = packet.dts if packet.pts is None else packet.pts
    if start is None:
        return 0
    return start + (packet.duration or _frame_ticks(stream))


def _frame_ticks(stream: av.VideoStream) -> int:
    rate = stream.average_rate
    return round(1 / (rate * stream.time_base)) if rate else 0


def _picture(video, container) -> av.VideoStream:
    stream = media.picture_stream(container)
    if stream.codec_context is None:
        raise _undecodable(video, stream)
    return stream


def _undecodable(video, stream) -> MediaError:
    codec = stream.codec_context.name if stream.codec_context else "unknown"
    return MediaError(
        Problem(
            str(video),
            f"has a picture without a frame that can be decoded (codec {codec})",
            "moving pictures that FFmpeg decodes",
            "the file may be damaged or protected against copying; play it to check",
        )
    )
