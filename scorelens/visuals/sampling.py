"""The frames of a film that the statistics need, by presentation time."""

import bisect
import collections
import contextlib
import logging
import os
from collections.abc import Iterator
from typing import NamedTuple

import av

from scorelens import media
from scorelens.errors import MediaError, Problem

REORDERED = 32  # packets; twice the frames that H.264 and HEVC may reorder

log = logging.getLogger(__name__)


class Clock(NamedTuple):
    """The time stamps of a picture stream: that of time 0, and the length of a tick, a fraction."""

    origin: int
    numerator: int
    denominator: int

    def time_s(self, ticks: int) -> float:
        """The time of the film, s, of a time stamp."""
        return (ticks - self.origin) * self.numerator / self.denominator

    def seconds_by(self, ticks: int) -> int:
        """How many seconds of the film have their middle before a time stamp."""
        ahead = 2 * (ticks - self.origin) * self.numerator
        return max(0, -((self.denominator - ahead) // (2 * self.denominator)))


class Shown(NamedTuple):
    """A frame, when it comes on screen and when the next one does, in seconds of the film.

    seconds: those in whose middle it is on screen; often none. pixel_aspect: width of a pixel as a
    multiple of its height.
    """

    start_s: float
    end_s: float
    seconds: range
    frame: av.VideoFrame
    pixel_aspect: float


def shown_frames(
    video: str | os.PathLike, key_frames_only: bool = False, threads: int = 1
) -> Iterator[Shown]:
    """The decoded frames of a film in order of presentation.

    The film is decoded once, less the frames from which no other is predicted, unless they are on
    screen in the middle of a second. Damaged frames are passed over: the frame before them stays on
    screen, and the first good frame stands for what was before it. key_frames_only: decode nothing
    else. Raises MediaError if there is no good frame or if frames have no times.
    """
    with media.open_container(video) as container, media.unchanged(video):
        stream = _picture(video, container)
        _open_decoder(stream, threads)
        clock = _clock(stream)
        held, start, done, end = None, None, 0, 0
        pixel_aspect, coded_first = 1.0, None
        for packet, frames in _decoded(video, container, stream, key_frames_only):
            end = max(end, _end(packet, stream))
            for frame in frames:
                ticks = _ticks(video, container, stream, frame, start)
                if held is not None:
                    due = max(done, clock.seconds_by(ticks))
                    times_s = clock.time_s(start), clock.time_s(ticks)
                    yield Shown(*times_s, range(done, due), held, pixel_aspect)
                    done = due
                else:
                    coded_first = stream.codec_context.sample_aspect_ratio
                held, start, pixel_aspect = frame, ticks, _pixel_aspect(stream, coded_first)
        if held is None:
            raise _undecodable(video, stream)
        end = max(start, end)
        due = max(done, clock.seconds_by(end))
        times_s = clock.time_s(start), clock.time_s(end)
        yield Shown(*times_s, range(done, due), held, pixel_aspect)


def spread_key_frames(video: str | os.PathLike, count: int) -> Iterator[av.VideoFrame]:
    """Up to `count` different key frames, evenly spread over the film, without damaged ones."""
    with media.open_container(video) as container:
        stream = _picture(video, container)
        length = container.duration or 0
        seen = None
        for place in range(count if length else 0):
            container.seek((container.start_time or 0) + length * (2 * place + 1) // (2 * count))
            packet = next((p for p in container.demux(stream) if p.is_keyframe and p.size), None)
            if packet is None or packet.pts == seen:
                continue
            seen = packet.pts
            with contextlib.suppress(av.FFmpegError):
                yield from packet.decode() + stream.codec_context.decode(None)


def _clock(stream) -> Clock:
    return Clock(stream.start_time or 0, *stream.time_base.as_integer_ratio())


def _pixel_aspect(stream, coded_first) -> float:
    """The shape of a pixel: as the container has it, until that in the coded picture changes."""
    coded = stream.codec_context.sample_aspect_ratio
    return float((stream.sample_aspect_ratio if coded == coded_first else coded) or 1)


def _open_decoder(stream, threads: int) -> None:
    """Some decoders read `skip_frame` when they are opened: then nothing may be skipped yet."""
    stream.thread_type, stream.thread_count = "AUTO", threads
    stream.codec_context.open(strict=False)


def _decoded(
    video, container, stream, key_frames_only: bool
) -> Iterator[tuple[av.Packet, list[av.VideoFrame]]]:
    """Each packet, with the frames that the decoder has ready after it."""
    decode = _key_frames if key_frames_only else _needed_frames
    errors = 0
    for packet, frames in decode(container, stream):
        errors += frames is None
        yield packet, frames or []
    if errors:
        log.warning("%s: %d decoding errors, damaged frames were passed over", video, errors)


def _key_frames(container, stream) -> Iterator[tuple[av.Packet, list[av.VideoFrame] | None]]:
    """Other packets do not reach the decoder, which would unpack each to see that it can go."""
    for packet in media.demux(container, stream):
        packet.stream.codec_context.skip_frame = "NONKEY"
        yield packet, _frames_of(packet) if packet.is_keyframe or not packet.size else []


def _needed_frames(container, stream) -> Iterator[tuple[av.Packet, list[av.VideoFrame] | None]]:
    for packet, needed in _with_need(container, stream):
        packet.stream.codec_context.skip_frame = "DEFAULT" if needed else "NONREF"
        yield packet, _frames_of(packet)


def _frames_of(packet) -> list[av.VideoFrame] | None:
    """The frames that the decoder has ready after a packet; None if the packet is damaged.

    An empty packet with a time says that the picture stays as it is.
    """
    if not packet.size and (packet.pts is not None or packet.dts is not None):
        return []
    try:
        return packet.decode()
    except av.FFmpegError:
        return None


def _with_need(container, stream) -> Iterator[tuple[av.Packet, bool]]:
    """Each packet, and whether its frame is on screen in the middle of a second.

    It is, if a middle lies between it and the next frame in order of presentation; that one is
    found by looking `REORDERED` packets ahead. A packet without a time counts as needed.
    """
    waiting, known, clock = collections.deque(), [], _clock(stream)

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
    """The time stamp at which the packet's frame leaves the screen."""
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
            f"has a picture of which not one frame can be decoded (codec {codec})",
            "moving pictures that FFmpeg decodes",
            "the file may be damaged or protected against copying; play it to check",
        )
    )
