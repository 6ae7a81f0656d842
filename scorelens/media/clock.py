"""One clock for the sound and the picture of a file, from the time stamps of its packets.

Time stamps of joined, recorded or cut files start again, jump or wrap, and broadcasts change their
streams midway. The packets of a stream between two such breaks are a *run*. Runs of different
streams that start together are moved together, to where the file has got so far, so that sound and
picture stay in step. A pause of one stream while others go on is no break.
"""

import collections
import contextlib
import functools
import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass, field

import av

from scorelens.media.files import open_container, reason
from scorelens.media.streams import picture_stream, sound_streams

BACK_S = 1.0  # frames are reordered by less
AHEAD_S = 10.0  # a longer pause of all streams at once is a jump of the clock
TOGETHER_S = 5.0  # streams of a new run start within this
FIRST_PACKETS = 64  # among which the earliest picture of a run is
KEPT_BACK = 4  # the last packets of a stream, some of which FFmpeg keeps back until the file ends
# Streams of these formats come and go, and their clocks start again.
CHANGING_FORMATS = ("mpegts", "mpeg")


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


@dataclass(frozen=True)
class Clock:
    """How the stamps of a file's streams are moved to one clock.

    streams: by index, only those with packets. offsets_s: index -> what is added to the stamps of
    each run. followers: index -> indices of the streams that go on with it, itself first. error:
    what kept the file from being read to its end; empty if nothing did.
    """

    streams: dict[int, StreamPackets]
    offsets_s: dict[int, list[float]]
    followers: dict[int, list[int]]
    error: str = ""

    def span_s(self, index: int) -> tuple[float, float] | None:
        """Start and end of a stream and those that go on with it, on one clock; None if empty."""
        spans = [
            (run.start_s + offset_s, run.end_s + offset_s)
            for own in self.followers.get(index, [])
            for run, offset_s in zip(self.streams[own].runs, self.offsets_s[own], strict=True)
        ]
        if not spans:
            return None
        return spans[0][0], max(end_s for _, end_s in spans)

    @property
    def is_plain(self) -> bool:
        """Whether all stamps count as they are, so that a place in the file is found by them."""
        moved = any(offset_s for own in self.offsets_s.values() for offset_s in own)
        return not moved and all(len(own) == 1 for own in self.followers.values())


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


def read_clock(path: str | os.PathLike) -> Clock:
    """Read all packets of a file, without decoding them.

    Parameters
    ----------
    path
        A media file that FFmpeg reads.

    Returns
    -------
    Clock
        Kept, so that the same file is not read again by the same process.

    Raises
    ------
    MediaError
        If FFmpeg cannot open the file.
    """
    status = os.stat(path) if os.path.isfile(path) else None
    key = (status.st_size, status.st_mtime_ns) if status else None
    return _read_clock(os.fspath(path), key)


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
    path, current = path_of(container), stream
    known = read_clock(path) if container.format.name in CHANGING_FORMATS else None
    own = known.followers.get(stream.index, [stream.index]) if known else [stream.index]
    finders, runs = {index: BreakFinder() for index in own}, dict.fromkeys(own, 0)
    for packet in _packets(container, [container.streams[index] for index in own]):
        index = packet.stream.index
        if own.index(index) < own.index(current.index):
            continue  # kept back until the file's end
        if index != current.index:
            yield _flush(current)
            current = packet.stream
        stamp = _stamp(packet)
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
    return container.format.name not in CHANGING_FORMATS or read_clock(path_of(container)).is_plain


def path_of(container: av.container.InputContainer) -> str:
    """The path of an open file."""
    return container.name.removeprefix("file:")


@functools.lru_cache(maxsize=32)
def _read_clock(path: str, _version: tuple[int, int] | None) -> Clock:
    error = ""
    with open_container(path) as container:
        changing = container.format.name in CHANGING_FORMATS
        # Of a stream that appears midway the header knows little.
        sounds = container.streams.audio if changing else sound_streams(container)
        picture = picture_stream(container)
        pictures = container.streams.video if changing else [picture] if picture else []
        wanted = [*pictures, *sounds]
        streams = {s.index: StreamPackets(s.index, s.type, _codec(s)) for s in wanted}
        finders = {s.index: BreakFinder() for s in wanted}
        is_ogg, starts = container.format.name == "ogg", {s.index: _start_s(s) for s in wanted}
        latest: dict[int, av.Packet] = {}
        try:
            for number, packet in enumerate(_packets(container, wanted, strict=True)):
                if packet.size:
                    index = packet.stream.index
                    latest[index] = packet
                    _count(streams[index], finders[index], packet, number, is_ogg)
        except av.FFmpegError as stop:
            error = reason(stop)
        for index, packet in latest.items():
            streams[index].last_bytes = bytes(packet) if packet.stream.type == "audio" else b""
    streams = {index: own for index, own in streams.items() if own.runs}
    for index, own in streams.items():
        if starts[index] is not None:  # samples before it are an encoder's run-in
            own.runs[0].start_s = max(own.runs[0].start_s, starts[index])
    followers = _followers(streams) if changing else {index: [index] for index in streams}
    return Clock(streams, _offsets_s(streams, followers), followers, error)


def _count(own: StreamPackets, finder: BreakFinder, packet, number: int, is_ogg: bool) -> None:
    """Note a packet of a stream."""
    tick_s = float(packet.stream.time_base)
    stamp = _stamp(packet)
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


def _followers(streams: dict[int, StreamPackets]) -> dict[int, list[int]]:
    """Which streams go on with which: of its kind, the first that starts after its end.

    One of its codec is preferred.
    """
    following: dict[int, int] = {}
    for own in sorted(streams.values(), key=lambda own: own.runs[0].first):
        later = [
            other
            for other in streams.values()
            if other.kind == own.kind
            and other.runs[0].first > own.last
            and other.index not in following.values()
        ]
        if later:
            best = min(later, key=lambda other: (other.codec != own.codec, other.runs[0].first))
            following[own.index] = best.index
    return {index: list(_chain(index, following)) for index in streams}


def _chain(index: int, following: dict[int, int]) -> Iterator[int]:
    yield index
    if index in following:
        yield from _chain(following[index], following)


def _offsets_s(
    streams: dict[int, StreamPackets], followers: dict[int, list[int]]
) -> dict[int, list[float]]:
    """What is added to the stamps of each run of each stream."""
    chained = {index for chain in followers.values() for index in chain[1:]}
    chains = [
        [(index, k) for index in chain for k in range(len(streams[index].runs))]
        for start, chain in followers.items()
        if start not in chained
    ]
    offsets_s = {index: [0.0] * len(own.runs) for index, own in streams.items()}
    for chain in chains:
        _mark_joins(streams, chain)
    for members in _common_breaks(streams, chains):
        end_s = max(_end_before(streams, offsets_s, chains[c], k) for c, k in members.items())
        start_s = min(_run(streams, chains[c][k]).start_s for c, k in members.items())
        for c, k in members.items():
            for index, later in chains[c][k:]:
                offsets_s[index][later] = end_s - start_s
    return offsets_s


def _mark_joins(streams: dict[int, StreamPackets], chain: list[tuple[int, int]]) -> None:
    """A stream that goes on with another may do so by the same clock or by one of its own."""
    for before, after in itertools.pairwise(chain):
        if before[0] != after[0]:
            end_s, start_s = _run(streams, before).end_s, _run(streams, after).start_s
            same = end_s - BACK_S <= start_s <= end_s + AHEAD_S
            _run(streams, after).jump_s = 0.0 if same else start_s - end_s


def _common_breaks(
    streams: dict[int, StreamPackets], chains: list[list[tuple[int, int]]]
) -> list[dict[int, int]]:
    """The breaks of the file's clock: chain -> place of its run in the chain, each."""
    runs = [
        (_run(streams, place).first, c, k)
        for c, chain in enumerate(chains)
        for k, place in enumerate(chain)
        if _run(streams, place).jump_s
    ]
    breaks: list[dict[int, int]] = []
    for _, c, k in sorted(runs):
        run = _run(streams, chains[c][k])
        last = next(iter(breaks[-1].items())) if breaks else None
        other = _run(streams, chains[last[0]][last[1]]) if last else None
        if (
            other
            and c not in breaks[-1]
            and (other.jump_s < 0) == (run.jump_s < 0)
            and abs(other.start_s - run.start_s) < TOGETHER_S
        ):
            breaks[-1][c] = k
        else:
            breaks.append({c: k})
    return [members for members in breaks if _is_break(streams, chains, members)]


def _is_break(streams, chains, members: dict[int, int]) -> bool:
    """Whether the clock jumps; ahead it does only if no stream goes on meanwhile, and if there is
    sound, as a picture alone may be on screen for long.
    """
    runs = [_run(streams, chains[c][k]) for c, k in members.items()]
    if runs[0].jump_s < 0:
        return True
    if not any(streams[chains[c][0][0]].kind == "audio" for c in members):
        return False
    first = min(run.first for run in runs)
    return not any(
        _run(streams, chain[0]).first < first < streams[chain[-1][0]].last
        for c, chain in enumerate(chains)
        if c not in members
    )


def _run(streams: dict[int, StreamPackets], place: tuple[int, int]) -> Run:
    index, number = place
    return streams[index].runs[number]


def _end_before(streams, offsets_s, chain: list[tuple[int, int]], k: int) -> float:
    """Where a chain ends before its run number k, on the one clock."""
    return max(_run(streams, (i, n)).end_s + offsets_s[i][n] for i, n in chain[:k])


def _packets(container, streams, strict: bool = False) -> Iterator[av.Packet]:
    """Packets as they come. PyAV counts the streams when it opens a file, and fails at the end of
    one in which others appeared; by then it has given out everything of those that are asked for.

    strict: pass on what keeps the file from being read, instead of ending there.
    """
    with contextlib.suppress(IndexError, *([] if strict else [av.FFmpegError])):
        yield from container.demux(*streams)


def _flush(stream: av.stream.Stream) -> av.Packet:
    packet = av.Packet(0)
    packet.stream = stream
    return packet


def _stamp(packet: av.Packet) -> int | None:
    """Stamps for decoding ascend where those for showing do not."""
    return packet.pts if packet.dts is None else packet.dts


def _move(packet: av.Packet, offset_s: float) -> None:
    ticks = round(offset_s / packet.stream.time_base)
    if ticks:
        packet.pts = None if packet.pts is None else packet.pts + ticks
        packet.dts = None if packet.dts is None else packet.dts + ticks


def _codec(stream: av.stream.Stream) -> str:
    return stream.codec_context.name if stream.codec_context else ""


def _start_s(stream) -> float | None:
    return None if stream.start_time is None else float(stream.start_time * stream.time_base)


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
