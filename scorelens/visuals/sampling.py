"""The frames of a film that the statistics need, by presentation time."""

import bisect
import collections
import contextlib
import logging
import os
from collections.abc import Iterator

import av

from scorelens import media
from scorelens.errors import MediaError, Problem

REORDERED = 32  # packets; twice the frames that H.264 and HEVC may reorder

log = logging.getLogger(__name__)


def frames_by_second(
    video: str | os.PathLike, key_frames_only: bool = False, threads: int = 1
) -> Iterator[tuple[range, av.VideoFrame]]:
    """The frames on screen in the middle of a second, each with the seconds it stands for.

    The film is decoded once, less the frames that no second needs and from which no other frame is
    predicted. Damaged frames are passed over: the frame before them stays on screen, and the first
    good frame stands for what was before it. key_frames_only: decode nothing else. Raises
    MediaError if there is no good frame or if frames have no times.
    """
    with media.open_container(video) as container:
        stream = _picture(video, container)
        stream.thread_type, stream.thread_count = "AUTO", threads
        shown, ticks, done, end = None, None, 0, 0
        for packet, frames in _decoded(video, container, stream, key_frames_only):
            end = max(end, _end(packet, stream))
            for frame in frames:
                ticks = _ticks(video, container, stream, frame, ticks)
                due = seconds_by(ticks, stream)
                if shown is not None and due > done:
                    yield range(done, due), shown
                    done = due
                shown = frame
        if shown is None:
            raise _undecodable(video, stream)
        if end > done:
            yield range(done, end), shown


def spread_key_frames(video: str | os.PathLike, count: int) -> Iterator[av.VideoFrame]:
    """Up to `count` different key frames, evenly spread over the film, without damaged ones."""
    with media.open_container(video) as container:
        stream = _picture(video, container)
        length = container.duration or 0
        seen = None
        for place in range(count if length else 0):
            container.seek((container.start_time or 0) + length * place // count)
            packet = next((p for p in container.demux(stream) if p.is_keyframe and p.size), None)
            if packet is None or packet.pts == seen:
                continue
            seen = packet.pts
            with contextlib.suppress(av.FFmpegError):
                yield from packet.decode() + stream.codec_context.decode(None)


def seconds_by(ticks: int, stream: av.VideoStream) -> int:
    """How many seconds of the film have their middle before a time stamp of its picture stream."""
    tick = stream.time_base
    ahead = (ticks - (stream.start_time or 0)) * tick.numerator
    return max(0, -((tick.denominator - 2 * ahead) // (2 * tick.denominator)))


def _decoded(
    video, container, stream, key_frames_only: bool
) -> Iterator[tuple[av.Packet, list[av.VideoFrame]]]:
    """Each packet, with the frames that the decoder has ready after it."""
    context, errors = stream.codec_context, 0
    for packet, needed in _with_need(container, stream):
        context.skip_frame = "NONKEY" if key_frames_only else "DEFAULT" if needed else "NONREF"
        try:
            yield packet, packet.decode()
        except av.FFmpegError:
            errors += 1
    if errors:
        log.warning("%s: %d decoding errors, damaged frames were passed over", video, errors)


def _with_need(container, stream) -> Iterator[tuple[av.Packet, bool]]:
    """Each packet, and whether its frame is on screen in the middle of a second.

    It is, if a middle lies between it and the next frame in order of presentation; that one is
    found by looking `REORDERED` packets ahead. A packet without a time counts as needed.
    """
    waiting, known = collections.deque(), []

    def needed(pts):
        following = len(known) if pts is None else bisect.bisect_right(known, pts)
        if following == len(known):
            return True
        return seconds_by(known[following], stream) > seconds_by(pts, stream)

    for packet in container.demux(stream):
        waiting.append(packet)
        if packet.pts is not None and not _lacks_presentation_times(container):
            bisect.insort(known, packet.pts)
        if len(waiting) > REORDERED:
            yield waiting[0], needed(waiting.popleft().pts)
            del known[: -3 * REORDERED]
    for packet in waiting:
        yield packet, needed(packet.pts)


def _lacks_presentation_times(container) -> bool:
    """AVI keeps the order of decoding alone, and FFmpeg's guess at the other is often wrong."""
    return container.format.name == "avi"


def _ticks(video, container, stream, frame: av.VideoFrame, before: int | None) -> int:
    """When a frame comes on screen; without a time, one frame's length after the one before."""
    ticks = frame.dts if _lacks_presentation_times(container) else frame.pts
    if ticks is not None:
        return ticks
    if before is None:
        raise MediaError(
            Problem(
                str(video),
                "has a picture without time stamps",
                "a container that tells when a frame is shown, such as MP4 or Matroska",
                "put the stream into one: ffmpeg -i IN -c copy OUT.mkv",
            )
        )
    return before + _frame_ticks(stream)


def _end(packet: av.Packet, stream: av.VideoStream) -> int:
    """How many seconds have their middle before the packet's frame leaves the screen."""
    start = packet.dts if packet.pts is None else packet.pts
    if start is None:
        return 0
    return seconds_by(start + (packet.duration or _frame_ticks(stream)), stream)


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
            f"has a picture of which not one frame can be decoded (codec {codec})",
            "moving pictures that FFmpeg decodes",
            "the file may be damaged or protected against copying; play it to check",
        )
    )
