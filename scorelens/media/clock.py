"""Compute one clock for the sound and the picture of a file from the time stamps of its packets.

Time stamps of joined, recorded or cut files start again, jump or wrap, and broadcasts change their
streams midway. The packets of a stream between two such breaks are a *run*. Runs of different
streams that start together are moved together, to the end of what came before, so that sound and
picture stay synchronous. A pause of one stream while others continue is no break.
"""

import functools
import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass

import av

from scorelens.media.files import open_container
from scorelens.media.packets import (
    AHEAD_S,
    BACK_S,
    CHANGING_FORMATS,
    Run,
    StreamPackets,
    count_packets,
)
from scorelens.media.segments import open_segment, segment_spans
from scorelens.media.streams import picture_stream, sound_streams

TOGETHER_S = 5.0  # streams of a new run start within this


@dataclass(frozen=True)
class Clock:
    """Offsets that move the time stamps of a file's streams to one clock.

    Parameters
    ----------
    streams : dict of int to StreamPackets
        Streams with packets, by index.
    offsets_s : dict of int to list of float
        Index -> offset of each run, s.
    successors : dict of int to list of int
        Index -> indices of the streams that continue it, itself first.
    error : str
        Why the file could not be read to its end; empty if it could.
    segments : tuple of Clock
        Clock of each segment of a file of several segments.
    segment_offsets_s : tuple of float
        Offset of each segment, s.
    """

    streams: dict[int, StreamPackets]
    offsets_s: dict[int, list[float]]
    successors: dict[int, list[int]]
    error: str = ""
    segments: tuple["Clock", ...] = ()
    segment_offsets_s: tuple[float, ...] = ()

    def span_s(self, index: int) -> tuple[float, float] | None:
        """Start and end of a stream and its successors on one clock, s; None if it is empty."""
        spans = [
            (run.start_s + offset_s, run.end_s + offset_s)
            for i in self.successors.get(index, [])
            for run, offset_s in zip(self.streams[i].runs, self.offsets_s[i], strict=True)
        ]
        if not spans:
            return None
        return spans[0][0], max(end_s for _, end_s in spans)

    def number(self, index: int) -> int:
        """Number of a stream among those of its kind, from 0."""
        kind = self.streams[index].kind
        return [i for i, s in sorted(self.streams.items()) if s.kind == kind].index(index)

    @property
    def is_plain(self) -> bool:
        """Whether no stamp is moved, so that a seek by time stamp finds a time."""
        moved = any(any(offsets_s) for offsets_s in self.offsets_s.values())
        return not moved and all(len(indices) == 1 for indices in self.successors.values())


def read_clock(path: str | os.PathLike) -> Clock:
    """Read all packets of a file, without decoding them.

    Parameters
    ----------
    path : path
        A media file that FFmpeg reads.

    Returns
    -------
    Clock
        Cached, so that the same process does not read the file again.

    Raises
    ------
    MediaError
        If FFmpeg cannot open the file.
    """
    status = os.stat(path) if os.path.isfile(path) else None
    key = (status.st_size, status.st_mtime_ns) if status else None
    return _read_clock(os.fspath(path), key)


def path_of(container: av.container.InputContainer) -> str:
    """Path of an open file.

    Parameters
    ----------
    container : av.container.InputContainer
        The file.

    Returns
    -------
    str
    """
    return container.name.removeprefix("file:")


@functools.lru_cache(maxsize=32)
def _read_clock(path: str, _version: tuple[int, int] | None) -> Clock:
    with open_container(path) as container:
        spans = segment_spans(path, container.format.name)
        if len(spans) > 1:
            return _clock_of_segments(path, spans, container.format.name)
        return _clock_of(container)


def _clock_of(container: av.container.InputContainer) -> Clock:
    changing = container.format.name in CHANGING_FORMATS
    # The header says little about a stream that appears midway.
    sounds = container.streams.audio if changing else sound_streams(container)
    picture = picture_stream(container)
    pictures = container.streams.video if changing else [picture] if picture else []
    wanted = [*pictures, *sounds]
    codecs = {s.index: s.codec_context.name if s.codec_context else "" for s in wanted}
    streams = {s.index: StreamPackets(s.index, s.type, codecs[s.index]) for s in wanted}
    error = count_packets(container, wanted, streams)
    streams = {index: packets for index, packets in streams.items() if packets.runs}
    for stream in wanted:
        if stream.index in streams and stream.start_time is not None:
            run = streams[stream.index].runs[0]
            start_s = float(stream.start_time * stream.time_base)
            # Samples before it are encoder delay; pictures after it may be missing at first.
            run.start_s = max(run.start_s, start_s) if stream.type == "audio" else start_s
    successors = _successors(streams) if changing else {index: [index] for index in streams}
    return Clock(streams, _offsets_s(streams, successors), successors, error)


def _clock_of_segments(path: str, spans: list[tuple[int, int]], format_name: str) -> Clock:
    """Streams of the first segment continue in the others, by their number among their kind."""
    segments = []
    for span in spans:
        with open_segment(path, span) as container:
            segments.append(_clock_of(container))
    segment_offsets_s = _segment_offsets_s(segments, format_name)
    streams: dict[int, StreamPackets] = {}
    offsets_s: dict[int, list[float]] = {}
    indices: dict[tuple[str, int], int] = {}
    for segment, offset_s in zip(segments, segment_offsets_s, strict=True):
        for index, packets in segment.streams.items():
            first = indices.setdefault((packets.kind, segment.number(index)), index)
            start_s, end_s = segment.span_s(index)
            joined = streams.setdefault(first, StreamPackets(first, packets.kind, packets.codec))
            joined.runs.append(Run(0, start_s, end_s))
            offsets_s.setdefault(first, []).append(offset_s)
    successors = {index: [index] for index in streams}
    error = next((segment.error for segment in segments if segment.error), "")
    return Clock(streams, offsets_s, successors, error, tuple(segments), tuple(segment_offsets_s))


def _segment_offsets_s(segments: list[Clock], format_name: str) -> list[float]:
    """Offset of each segment: it starts where the one before ended."""
    # The programmes of a broadcast may change while its clock continues.
    offsets_s, previous_end_s, total_end_s = [], None, 0.0
    for segment in segments:
        spans_s = [segment.span_s(index) for index in segment.streams]
        start_s = min((span_s[0] for span_s in spans_s), default=0.0)
        end_s = max((span_s[1] for span_s in spans_s), default=start_s)
        may_continue = format_name in CHANGING_FORMATS and previous_end_s is not None
        if previous_end_s is None:
            offsets_s.append(0.0)
        elif may_continue and previous_end_s - BACK_S <= start_s <= previous_end_s + AHEAD_S:
            offsets_s.append(offsets_s[-1])
        else:
            offsets_s.append(total_end_s - start_s)
        previous_end_s, total_end_s = end_s, max(total_end_s, end_s + offsets_s[-1])
    return offsets_s


def _successors(streams: dict[int, StreamPackets]) -> dict[int, list[int]]:
    """Streams that continue each stream: the first of its kind that starts after its end."""
    # One of the same codec is preferred.
    following: dict[int, int] = {}
    for stream in sorted(streams.values(), key=lambda stream: stream.runs[0].first):
        later = [
            other
            for other in streams.values()
            if other.kind == stream.kind
            and other.runs[0].first > stream.last
            and other.index not in following.values()
        ]
        if later:
            codec = stream.codec
            best = min(later, key=lambda other: (other.codec != codec, other.index))
            following[stream.index] = best.index
    return {index: list(_chain(index, following)) for index in streams}


def _chain(index: int, following: dict[int, int]) -> Iterator[int]:
    yield index
    if index in following:
        yield from _chain(following[index], following)


def _offsets_s(
    streams: dict[int, StreamPackets], successors: dict[int, list[int]]
) -> dict[int, list[float]]:
    """Offset of each run of each stream, s."""
    chained = {index for chain in successors.values() for index in chain[1:]}
    chains = [
        [(index, k) for index in chain for k in range(len(streams[index].runs))]
        for start, chain in successors.items()
        if start not in chained
    ]
    offsets_s = {index: [0.0] * len(packets.runs) for index, packets in streams.items()}
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
    """Set the jump between a stream and its successor, which may have another clock."""
    for before, after in itertools.pairwise(chain):
        if before[0] != after[0]:
            end_s, start_s = _run(streams, before).end_s, _run(streams, after).start_s
            continues = end_s - BACK_S <= start_s <= end_s + AHEAD_S
            _run(streams, after).jump_s = 0.0 if continues else start_s - end_s


def _common_breaks(
    streams: dict[int, StreamPackets], chains: list[list[tuple[int, int]]]
) -> list[dict[int, int]]:
    """Breaks of the file's clock: for each, chain -> number of its run in the chain."""
    runs = [
        (_run(streams, key).first, c, k)
        for c, chain in enumerate(chains)
        for k, key in enumerate(chain)
        if _run(streams, key).jump_s
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
    """Whether the clock jumps."""
    # It jumps ahead only if no stream continues meanwhile, and if there is sound, because a picture
    # alone may be on screen for long.
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


def _run(streams: dict[int, StreamPackets], key: tuple[int, int]) -> Run:
    index, number = key
    return streams[index].runs[number]


def _end_before(streams, offsets_s, chain: list[tuple[int, int]], k: int) -> float:
    """End of a chain before its run number k, on the one clock."""
    return max(_run(streams, (i, n)).end_s + offsets_s[i][n] for i, n in chain[:k])
