"""Find when the streams of a file start, end and jump, from its packets, without decoding."""

import collections
import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import av

from scorelens.media.files import reason

BACK_S = 1.0  # frames are reordered by less
AHEAD_S = 10.0  # a longer pause may be a jump of the clock
# Streams of these formats come and go, and their clocks start again.
CHANGING_FORMATS = ("mpegts", "mpeg")
FIRST_PACKETS = 64  # among which the earliest picture of a run is
HELD_BACK = 4  # last packets of a stream, some of which FFmpeg holds back until the file ends


@dataclass
class Run:
    """The packets of one stream between two breaks of its clock.

    Parameters
    ----------
    first : int
        Number of its first packet in the file, over all streams.
    start_s, end_s : float
        Earliest start and latest end of a sample or picture, by the stamps of the file, s.
    jump_s : float
        Difference from the stamp before the first, s; 0 in the first run.
    packets : int
        Number of packets.
    """

    first: int
    start_s: float
    end_s: float
    jump_s: float = 0.0
    packets: int = 0


@dataclass
class StreamPackets:
    """Runs of the packets of one stream.

    Parameters
    ----------
    index : int
        Index of the stream.
    kind : {"audio", "video"}
        Its kind.
    codec : str
        Its codec.
    runs : list of Run
        In the order of the file, at least one if there is a packet.
    newest : deque of int
        Numbers of the last packets.
    last_bytes : bytes
        Content of the last packet of a sound.
    """

    index: int
    kind: str
    codec: str
    runs: list[Run] = field(default_factory=list)
    newest: collections.deque[int] = field(
        default_factory=partial(collections.deque, maxlen=HELD_BACK)
    )
    last_bytes: bytes = b""

    @property
    def last(self) -> int:
        """Number of the last packet before the end of the file, or of one just before it."""
        return self.newest[0]


class BreakFinder:
    """Finds the breaks in the clock of one stream, packet by packet.

    Attribute `tick_s` is the unit of its stamps, s.

    Parameters
    ----------
    stream : av.stream.Stream
        The stream.
    """

    def __init__(self, stream: av.stream.Stream):
        self.tick_s = float(stream.time_base)
        self._back, self._ahead = BACK_S / self.tick_s, AHEAD_S / self.tick_s
        self._before: int | None = None
        self._end = 0

    def jump_s(self, stamp: int, duration: int) -> float:
        """Jump of the clock before a packet, s; 0 if it continues. Arguments in ticks."""
        before, end = self._before, self._end
        self._before, self._end = stamp, stamp + duration
        if before is None or before - self._back <= stamp <= end + self._ahead:
            return 0.0
        return (stamp - before) * self.tick_s


def count_packets(
    container: av.container.InputContainer,
    wanted: Sequence[av.stream.Stream],
    streams: dict[int, StreamPackets],
) -> str:
    """Read all packets of some streams and record their runs.

    Parameters
    ----------
    container : av.container.InputContainer
        An open file, at its start.
    wanted : sequence of av.stream.Stream
        Streams of it.
    streams : dict of int to StreamPackets
        By index; changed in place.

    Returns
    -------
    str
        Why the file could not be read to its end; empty if it could.
    """
    finders = {stream.index: BreakFinder(stream) for stream in wanted}
    is_ogg = container.format.name == "ogg"
    latest: dict[int, av.Packet] = {}
    error = ""
    try:
        for number, packet in enumerate(read_packets(container, wanted, strict=True)):
            if packet.size or stamp_of(packet) is not None:  # empty: no new picture
                index = packet.stream.index
                latest[index] = packet
                _count(streams[index], finders[index], packet, number, is_ogg)
    except av.FFmpegError as stop:
        error = reason(stop)
    for index, packet in latest.items():
        streams[index].last_bytes = bytes(packet) if packet.stream.type == "audio" else b""
    return error


def _count(packets: StreamPackets, finder: BreakFinder, packet, number: int, is_ogg: bool) -> None:
    """Add a packet to the runs of its stream."""
    tick_s, stamp, duration = finder.tick_s, stamp_of(packet), packet.duration or 0
    packets.newest.append(number)
    duration_s = duration * tick_s
    skipped_s, dropped_s = _trimmed_s(packet)
    if stamp is None:
        if packets.runs:  # it starts where the one before ended
            packets.runs[-1].end_s += duration_s
            packets.runs[-1].packets += 1
        else:
            packets.runs.append(Run(number, 0.0, duration_s, packets=1))
        return
    jump_s = finder.jump_s(stamp, duration)
    shown_s = (stamp if packet.pts is None else packet.pts) * tick_s
    end_s = shown_s + duration_s - (0.0 if is_ogg else dropped_s)
    if jump_s or not packets.runs:
        packets.runs.append(Run(number, shown_s + skipped_s, end_s, jump_s))
    run = packets.runs[-1]
    run.packets += 1
    if 1 < run.packets <= FIRST_PACKETS:
        run.start_s = min(run.start_s, shown_s) if packet.stream.type == "video" else run.start_s
    run.end_s = max(run.end_s, end_s)


def read_packets(
    container: av.container.InputContainer,
    streams: Sequence[av.stream.Stream],
    strict: bool = False,
) -> Iterator[av.Packet]:
    """Read the packets of some streams in the order of the file.

    Parameters
    ----------
    container : av.container.InputContainer
        An open file.
    streams : sequence of av.stream.Stream
        Streams of it.
    strict : bool
        Raise the error that prevents further reading, instead of ending there.

    Yields
    ------
    av.Packet
        With the stamps of the file; at the end an empty one for each stream.
    """
    # PyAV counts the streams when it opens a file, and fails at the end of one in which others
    # appeared; by then it has returned all packets of the requested streams.
    with contextlib.suppress(IndexError, *([] if strict else [av.FFmpegError])):
        packets = container.demux(*streams)
        is_changing = container.format.name in CHANGING_FORMATS
        yield from _with_valid_stamps(packets) if is_changing else packets


def _with_valid_stamps(packets: Iterator[av.Packet]) -> Iterator[av.Packet]:
    """In these formats FFmpeg computes stamps, and may carry them across a jump of the clock."""
    for packet in packets:
        pts, dts = packet.pts, packet.dts
        if pts != dts and pts is not None and dts is not None:
            apart_s = abs(pts - dts) * float(packet.time_base)
            packet.pts = pts if apart_s < AHEAD_S else dts
        yield packet


def stamp_of(packet: av.Packet) -> int | None:
    """Time stamp by which packets ascend.

    Parameters
    ----------
    packet : av.Packet
        Any packet.

    Returns
    -------
    int or None
        Decoding time stamp; without one, the presentation time stamp. Ticks.
    """
    return packet.pts if packet.dts is None else packet.dts


def _trimmed_s(packet: av.Packet) -> tuple[float, float]:
    """Duration that a decoder drops at the start and at the end of a packet of sound, s."""
    # Layout of the side data: AV_PKT_DATA_SKIP_SAMPLES in FFmpeg's packet.h.
    if packet.stream.type != "audio" or not packet.has_sidedata("skip_samples"):
        return 0.0, 0.0
    content = bytes(packet.get_sidedata("skip_samples"))
    rate_hz = packet.stream.sample_rate
    numbers = (int.from_bytes(content[k : k + 4], "little") for k in (0, 4))
    skipped_s, dropped_s = (number / rate_hz for number in numbers)
    return skipped_s, dropped_s
