"""The packets of a stream on the one clock of its file, and how a time is found in a file."""

from collections.abc import Iterator

import av

from scorelens.media.clock import CHANGING_FORMATS, is_chained, path_of, read_clock
from scorelens.media.links import link_spans, open_link
from scorelens.media.packets import BreakFinder, read_packets, stamp_of


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
    if is_chained(path, container.format.name):
        yield from _demux_links(path, stream)
        return
    current = stream
    known = read_clock(path) if container.format.name in CHANGING_FORMATS else None
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
                known = known or read_clock(path)
                runs[index] += 1
            if known:
                _move(packet, known.offsets_s[index][runs[index]])
        yield packet


def finds_times(container: av.container.InputContainer) -> bool:
    """Whether seeking in an open file finds a time of its clock: nothing starts again in it."""
    path, name = path_of(container), container.format.name
    return not is_chained(path, name) and (
        name not in CHANGING_FORMATS or read_clock(path).is_plain
    )


def _demux_links(path: str, stream: av.stream.Stream) -> Iterator[av.Packet]:
    """The packets of a stream and of those of its kind in later links, on one clock."""
    for span, offset_s in zip(link_spans(path), read_clock(path).links_s, strict=True):
        with open_link(path, span) as container:
            own = next((s for s in container.streams if s.type == stream.type), None)
            for packet in read_packets(container, [own]) if own else ():
                _move(packet, offset_s)
                yield packet


def _flush(stream: av.stream.Stream) -> av.Packet:
    packet = av.Packet(0)
    packet.stream = stream
    return packet


def _move(packet: av.Packet, offset_s: float) -> None:
    ticks = round(offset_s / packet.stream.time_base)
    if ticks:
        packet.pts = None if packet.pts is None else packet.pts + ticks
        packet.dts = None if packet.dts is None else packet.dts + ticks
