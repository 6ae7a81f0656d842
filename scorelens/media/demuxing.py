"""Read the packets of a stream, with their time stamps on the one clock of the file."""

from collections.abc import Callable, Iterator

import av

from scorelens.media.clock import Clock, path_of, read_clock
from scorelens.media.packets import CHANGING_FORMATS, BreakFinder, read_packets, stamp_of
from scorelens.media.segments import open_segment, segment_spans
from scorelens.media.streams import picture_stream, sound_streams


def demux(container: av.container.InputContainer, stream: av.stream.Stream) -> Iterator[av.Packet]:
    """Read the packets of one stream, with their stamps moved to the one clock of the file.

    Parameters
    ----------
    container : av.container.InputContainer
        An open file, at its start, or, if its clock `is_plain`, anywhere.
    stream : av.stream.Stream
        One of its streams. Its successors follow; each has its own decoder.

    Yields
    ------
    av.Packet
        At the end of each stream an empty one, which flushes the decoder. A file ends where it
        can no longer be read.
    """
    path = path_of(container)
    spans = segment_spans(path, container.format.name)
    if len(spans) > 1:
        yield from _demux_segments(path, spans, stream)
    else:
        yield from _demux_runs(container, stream, lambda: read_clock(path))


def finds_times(container: av.container.InputContainer) -> bool:
    """Whether a seek in an open file finds a time of its clock.

    Parameters
    ----------
    container : av.container.InputContainer
        The file.

    Returns
    -------
    bool
        False if its time stamps start again or jump.
    """
    path, name = path_of(container), container.format.name
    return len(segment_spans(path, name)) == 1 and (
        name not in CHANGING_FORMATS or read_clock(path).is_plain
    )


def _demux_segments(
    path: str, spans: list[tuple[int, int]], stream: av.stream.Stream
) -> Iterator[av.Packet]:
    """The packets of a stream and of its counterparts in later segments, on one clock."""
    clock = read_clock(path)
    number = _of_kind(stream.container, stream.type).index(stream)
    for span, segment, offset_s in zip(spans, clock.segments, clock.segment_offsets_s, strict=True):
        with open_segment(path, span) as container:
            same_kind = _of_kind(container, stream.type)
            candidates = [s for s in same_kind if s.index in segment.streams]
            if not candidates:
                continue
            best = candidates[min(number, len(candidates) - 1)]
            for packet in _demux_runs(container, best, lambda segment=segment: segment):
                _shift(packet, offset_s)
                if stream.type == "video":
                    _rescale_to(stream, packet)
                yield packet


def _demux_runs(container, stream, clock: Callable[[], Clock]) -> Iterator[av.Packet]:
    """The packets of a stream and its successors, of a file of one segment."""
    # The clock is computed only if the file needs one.
    current = stream
    several = sum(other.type == stream.type for other in container.streams) > 1
    known = clock() if several and container.format.name in CHANGING_FORMATS else None
    indices = known.successors.get(stream.index, [stream.index]) if known else [stream.index]
    streams = [container.streams[index] for index in indices]
    finder, run = BreakFinder(current), 0
    for packet in read_packets(container, streams):
        if packet.stream is not current:
            if indices.index(packet.stream.index) < indices.index(current.index):
                continue  # held back by FFmpeg until the end of the file
            yield _flush(current)
            current = packet.stream
            finder, run = BreakFinder(current), 0
        stamp = stamp_of(packet)
        if packet.size and stamp is not None:
            if finder.jump_s(stamp, packet.duration or 0):
                known = known or clock()
                run += 1
            if known and (offset_s := known.offsets_s[current.index][run]):
                _shift(packet, offset_s)
        yield packet


def _of_kind(container, kind: str) -> list[av.stream.Stream]:
    """Usable streams of one kind: no cover images, no sounds without a sample rate."""
    pictures = [picture_stream(container)] if picture_stream(container) else []
    return pictures if kind == "video" else sound_streams(container)


def _flush(stream: av.stream.Stream) -> av.Packet:
    packet = av.Packet(0)
    packet.stream = stream
    return packet


def _shift(packet: av.Packet, offset_s: float) -> None:
    ticks = round(offset_s / packet.stream.time_base)
    if ticks:
        packet.pts = None if packet.pts is None else packet.pts + ticks
        packet.dts = None if packet.dts is None else packet.dts + ticks


def _rescale_to(stream: av.stream.Stream, packet: av.Packet) -> None:
    """Convert stamps to the time base of the first segment, which the reader uses."""
    ratio = packet.stream.time_base / stream.time_base
    if ratio != 1:
        packet.pts = None if packet.pts is None else round(packet.pts * ratio)
        packet.dts = None if packet.dts is None else round(packet.dts * ratio)
        packet.duration = round((packet.duration or 0) * ratio)
