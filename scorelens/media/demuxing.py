"""The packets of a stream on the one clock of its file, and how a time is found in a file."""

from collections.abc import Callable, Iterator

import av

from scorelens.media.clock import Clock, path_of, read_clock
from scorelens.media.links import link_spans, open_link
from scorelens.media.packets import CHANGING_FORMATS, BreakFinder, read_packets, stamp_of
from scorelens.media.streams import picture_stream, sound_streams


def demux(container: av.container.InputContainer, stream: av.stream.Stream) -> Iterator[av.Packet]:
    """The packets of one stream, their stamps moved to the one clock of the file.

    Parameters
    ----------
    container
        An open file, at its start, or, if its clock `is_plain`, anywhere.
    stream
        One of its streams. Streams that go on with it follow; their packets decode with
        decoders of their own.

    Yields
    ------
    av.Packet
        At the end of each stream an empty one, which makes the decoder give out what it holds.
        A file that cannot be read on ends there.
    """
    path = path_of(container)
    spans = link_spans(path, container.format.name)
    if len(spans) > 1:
        yield from _demux_links(path, spans, stream)
    else:
        yield from _demux_runs(container, stream, lambda: read_clock(path))


def finds_times(container: av.container.InputContainer) -> bool:
    """Whether seeking in an open file finds a time of its clock: nothing starts again in it."""
    path, name = path_of(container), container.format.name
    return len(link_spans(path, name)) == 1 and (
        name not in CHANGING_FORMATS or read_clock(path).is_plain
    )


def _demux_links(
    path: str, spans: list[tuple[int, int]], stream: av.stream.Stream
) -> Iterator[av.Packet]:
    """The packets of a stream and of those in its place in later links, on one clock."""
    clock = read_clock(path)
    number = _of_kind(stream.container, stream.type).index(stream)
    for span, link, link_s in zip(spans, clock.links, clock.links_s, strict=True):
        with open_link(path, span) as container:
            own = [s for s in _of_kind(container, stream.type) if s.index in link.streams]
            if not own:
                continue
            best = own[min(number, len(own) - 1)]
            for packet in _demux_runs(container, best, lambda link=link: link):
                _move(packet, link_s)
                if stream.type == "video":
                    _count_in_ticks_of(stream, packet)
                yield packet


def _demux_runs(container, stream, clock: Callable[[], Clock]) -> Iterator[av.Packet]:
    """The packets of a stream and those that go on with it, of a file without links.

    Its clock is asked for only if the file needs one.
    """
    current = stream
    known = clock() if container.format.name in CHANGING_FORMATS else None
    own = known.followers.get(stream.index, [stream.index]) if known else [stream.index]
    finders, runs = {index: BreakFinder() for index in own}, dict.fromkeys(own, 0)
    for packet in read_packets(container, [container.streams[index] for index in own]):
        index = packet.stream.index
        if own.index(index) < own.index(current.index):
            continue  # kept back until the file's end
        if index != current.index:
            yield _flush(current)
            current = packet.stream
        stamp = stamp_of(packet)
        if packet.size and stamp is not None:
            tick_s = float(packet.stream.time_base)
            if finders[index].jump_s(stamp * tick_s, (packet.duration or 0) * tick_s):
                known = known or clock()
                runs[index] += 1
            if known:
                _move(packet, known.offsets_s[index][runs[index]])
        yield packet


def _of_kind(container, kind: str) -> list[av.stream.Stream]:
    """Streams of one kind that count: no cover images, no sounds of which nothing is known."""
    pictures = [picture_stream(container)] if picture_stream(container) else []
    return pictures if kind == "video" else sound_streams(container)


def _flush(stream: av.stream.Stream) -> av.Packet:
    packet = av.Packet(0)
    packet.stream = stream
    return packet


def _move(packet: av.Packet, offset_s: float) -> None:
    ticks = round(offset_s / packet.stream.time_base)
    if ticks:
        packet.pts = None if packet.pts is None else packet.pts + ticks
        packet.dts = None if packet.dts is None else packet.dts + ticks


def _count_in_ticks_of(stream: av.stream.Stream, packet: av.Packet) -> None:
    """Links may count time in other units; who reads the picture knows those of the first."""
    ratio = packet.stream.time_base / stream.time_base
    if ratio != 1:
        packet.pts = None if packet.pts is None else round(packet.pts * ratio)
        packet.dts = None if packet.dts is None else round(packet.dts * ratio)
        packet.duration = round((packet.duration or 0) * ratio)
