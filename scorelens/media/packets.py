"""What the packets of a file say of when its streams start, end and jump; none is decoded."""

import collections
import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import av

from scorelens.media.files import reason

BACK_S = 1.0  # frames are reordered by less
AHEAD_S = 10.0  # a longer pause may be a jump of the clock
# Streams of these formats come and go, and their clocks start again.
CHANGING_FORMATS = ("mpegts", "mpeg")
FIRST_PACKETS = 64  # among which the earliest picture of a run is
KEPT_BACK = 4  # the last packets of a stream, some of which FFmpeg keeps back until the file ends


@dataclass
class Run:
    """The packets of one stream between two breaks of its clock, in s of the file's own stamps.

    first: number of its first packet in the file, over all streams. start_s: of the earliest first
    sample or picture that counts. end_s: end of the latest. jump_s: from the stamp before it, 0 in
    the first run. packets: how many.
    """

    first: int
    start_s: float
    end_s: float
    jump_s: float = 0.0
    packets: int = 0


def _kept_back() -> collections.deque[int]:
    return collections.deque(maxlen=KEPT_BACK)


@dataclass
class StreamPackets:
    """What the packets of one stream say.

    runs: in the file's order, at least one if there is a packet. newest: numbers of the last
    packets. last_bytes: content of the very last packet of a sound.
    """

    index: int
    kind: str
    codec: str
    runs: list[Run] = field(default_factory=list)
    newest: collections.deque[int] = field(default_factory=_kept_back)
    last_bytes: bytes = b""

    @property
    def last(self) -> int:
        """Number of the last packet that came before the end of the file, or one just before."""
        return self.newest[0]


class BreakFinder:
    """Finds the breaks in the clock of one stream, packet by packet."""

    def __init__(self):
        self.before_s: float | None = None
        self.end_s = 0.0

    def jump_s(self, stamp_s: float, duration_s: float) -> float:
        """By how much the clock jumps before a packet, s; 0 if it goes on."""
        before_s, end_s = self.before_s, self.end_s
        self.before_s, self.end_s = stamp_s, stamp_s + duration_s
        if before_s is None or (before_s - BACK_S <= stamp_s <= end_s + AHEAD_S):
            return 0.0
        return stamp_s - before_s


def count_packets(
    container: av.container.InputContainer,
    wanted: Sequence[av.stream.Stream],
    streams: dict[int, StreamPackets],
) -> str:
    """Read all packets of some streams and note what they say.

    Parameters
    ----------
    container
        An open file, at its start.
    wanted
        Streams of it.
    streams
        By their indices; what is noted is added to these.

    Returns
    -------
    str
        What kept the file from being read to its end; empty if nothing did.
    """
    finders = {stream.index: BreakFinder() for stream in wanted}
    is_ogg = container.format.name == "ogg"
    latest: dict[int, av.Packet] = {}
    error = ""
    try:
        for number, packet in enumerate(read_packets(container, wanted, strict=True)):
            if packet.size or stamp_of(packet) is not None:  # an empty one: the picture stays
                index = packet.stream.index
                latest[index] = packet
                _count(streams[index], finders[index], packet, number, is_ogg)
    except av.FFmpegError as stop:
        error = reason(stop)
    for index, packet in latest.items():
        streams[index].last_bytes = bytes(packet) if packet.stream.type == "audio" else b""
    return error


def _count(own: StreamPackets, finder: BreakFinder, packet, number: int, is_ogg: bool) -> None:
    """Note a packet of a stream."""
    tick_s = float(packet.stream.time_base)
    stamp = stamp_of(packet)
    own.newest.append(number)
    duration_s = (packet.duration or 0) * tick_s
    skipped_s, dropped_s = _trimmed_s(packet)
    if stamp is None:
        if own.runs:  # it goes on where the one before ended
            own.runs[-1].end_s += duration_s
            own.runs[-1].packets += 1
        else:
            own.runs.append(Run(number, 0.0, duration_s, packets=1))
        return
    jump_s = finder.jump_s(stamp * tick_s, duration_s)
    shown_s = (stamp if packet.pts is None else packet.pts) * tick_s
    end_s = shown_s + duration_s - (0.0 if is_ogg else dropped_s)
    if jump_s or not own.runs:
        own.runs.append(Run(number, shown_s + skipped_s, end_s, jump_s))
    run = own.runs[-1]
    run.packets += 1
    if 1 < run.packets <= FIRST_PACKETS:
        run.start_s = min(run.start_s, shown_s) if packet.stream.type == "video" else run.start_s
    run.end_s = max(run.end_s, end_s)


def read_packets(
    container: av.container.InputContainer,
    streams: Sequence[av.stream.Stream],
    strict: bool = False,
) -> Iterator[av.Packet]:
    """The packets of some streams, as they come.

    Parameters
    ----------
    container
        An open file.
    streams
        Streams of it.
    strict
        Pass on what keeps the file from being read, instead of ending there.

    Yields
    ------
    av.Packet
        With the stamps of the file; at the end an empty one for each stream.
    """
    # PyAV counts the streams when it opens a file, and fails at the end of one in which others
    # appeared; by then it has given out all packets of those that are asked for.
    with contextlib.suppress(IndexError, *([] if strict else [av.FFmpegError])):
        packets = container.demux(*streams)
        yield from map(_mended, packets) if container.format.name in CHANGING_FORMATS else packets


def _mended(packet: av.Packet) -> av.Packet:
    """In these formats FFmpeg works stamps out, and may take them across a jump of the clock."""
    if packet.pts is not None and packet.dts is not None:
        apart_s = abs(packet.pts - packet.dts) * float(packet.time_base)
        packet.pts = packet.pts if apart_s < AHEAD_S else packet.dts
    return packet


def stamp_of(packet: av.Packet) -> int | None:
    """The stamp by which packets ascend: that for decoding; without one, that for showing."""
    return packet.pts if packet.dts is None else packet.dts


def _trimmed_s(packet: av.Packet) -> tuple[float, float]:
    """What a decoder leaves out at the start and at the end of a packet of sound, s.

    The layout of the side data: AV_PKT_DATA_SKIP_SAMPLES of FFmpeg's packet.h.
    """
    if packet.stream.type != "audio" or not packet.has_sidedata("skip_samples"):
        return 0.0, 0.0
    content = bytes(packet.get_sidedata("skip_samples"))
    rate_hz = packet.stream.sample_rate
    numbers = (int.from_bytes(content[k : k + 4], "little") for k in (0, 4))
    skipped_s, dropped_s = (number / rate_hz for number in numbers)
    return skipped_s, dropped_s
