"""One clock for the sound and the picture of a file, from the time stamps of its packets.

Time stamps of joined, recorded or cut files start again, jump or wrap, and broadcasts change their
streams midway. The packets of a stream between two such breaks are a *run*. Runs of different
streams that start together are moved together, to where the file has got so far, so that sound and
picture stay in step. A pause of one stream while others go on is no break.
"""

import functools
import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass

import av

from scorelens.media.files import open_container
from scorelens.media.links import link_spans, open_link
from scorelens.media.packets import (
    AHEAD_S,
    BACK_S,
    CHANGING_FORMATS,
    Run,
    StreamPackets,
    count_packets,
)
from scorelens.media.streams import picture_stream, sound_streams

TOGETHER_S = 5.0  # streams of a new run start within this


@dataclass(frozen=True)
class Clock:
    """How the stamps of a file's streams are moved to one clock.

    streams: by index, only those with packets. offsets_s: index -> what is added to the stamps of
    each run. followers: index -> indices of the streams that go on with it, itself first. error:
    what kept the file from being read to its end; empty if nothing did. links, links_s: of a file
    of several links the clock of each, and what is added to its stamps.
    """

    streams: dict[int, StreamPackets]
    offsets_s: dict[int, list[float]]
    followers: dict[int, list[int]]
    error: str = ""
    links: tuple["Clock", ...] = ()
    links_s: tuple[float, ...] = ()

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

    def number(self, index: int) -> int:
        """The place of a stream among those of its kind, from 0."""
        kind = self.streams[index].kind
        return [i for i, own in sorted(self.streams.items()) if own.kind == kind].index(index)

    @property
    def is_plain(self) -> bool:
        """Whether all stamps count as they are, so that a place in the file is found by them."""
        moved = any(offset_s for own in self.offsets_s.values() for offset_s in own)
        return not moved and all(len(own) == 1 for own in self.followers.values())


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


def path_of(container: av.container.InputContainer) -> str:
    """The path of an open file."""
    return container.name.removeprefix("file:")


@functools.lru_cache(maxsize=32)
def _read_clock(path: str, _version: tuple[int, int] | None) -> Clock:
    with open_container(path) as container:
        spans = link_spans(path, container.format.name)
        if len(spans) > 1:
            return _clock_of_links(path, spans, container.format.name)
        return _clock_of(container)


def _clock_of(container: av.container.InputContainer) -> Clock:
    changing = container.format.name in CHANGING_FORMATS
    # Of a stream that appears midway the header knows little.
    sounds = container.streams.audio if changing else sound_streams(container)
    picture = picture_stream(container)
    pictures = container.streams.video if changing else [picture] if picture else []
    wanted = [*pictures, *sounds]
    streams = {s.index: StreamPackets(s.index, s.type, _codec(s)) for s in wanted}
    error = count_packets(container, wanted, streams)
    streams = {index: own for index, own in streams.items() if own.runs}
    for stream in wanted:
        if stream.index in streams and stream.start_time is not None:
            run = streams[stream.index].runs[0]
            start_s = float(stream.start_time * stream.time_base)
            # Samples before it are an encoder's run-in; pictures after it may be left out at first.
            run.start_s = max(run.start_s, start_s) if stream.type == "audio" else start_s
    followers = _followers(streams) if changing else {index: [index] for index in streams}
    return Clock(streams, _offsets_s(streams, followers), followers, error)


def _clock_of_links(path: str, spans: list[tuple[int, int]], format_name: str) -> Clock:
    """The streams of the first link go on in the others, each by its place among its kind."""
    links = []
    for span in spans:
        with open_link(path, span) as container:
            links.append(_clock_of(container))
    links_s = _links_s(links, format_name)
    streams: dict[int, StreamPackets] = {}
    offsets_s: dict[int, list[float]] = {}
    indices: dict[tuple[str, int], int] = {}
    for link, link_s in zip(links, links_s, strict=True):
        for index, own in link.streams.items():
            known = indices.setdefault((own.kind, link.number(index)), index)
            start_s, end_s = link.span_s(index)
            kept = streams.setdefault(known, StreamPackets(known, own.kind, own.codec))
            kept.runs.append(Run(0, start_s, end_s))
            offsets_s.setdefault(known, []).append(link_s)
    followers = {index: [index] for index in streams}
    error = next((link.error for link in links if link.error), "")
    return Clock(streams, offsets_s, followers, error, tuple(links), tuple(links_s))


def _links_s(links: list[Clock], format_name: str) -> list[float]:
    """What is added to the stamps of each link: it starts where the one before ended.

    The programmes of a broadcast may change while its clock goes on.
    """
    links_s, before_s, reached_s = [], None, 0.0
    for link in links:
        spans_s = [link.span_s(index) for index in link.streams]
        start_s = min((span_s[0] for span_s in spans_s), default=0.0)
        end_s = max((span_s[1] for span_s in spans_s), default=start_s)
        goes_on = format_name in CHANGING_FORMATS and before_s is not None
        if before_s is None:
            links_s.append(0.0)
        elif goes_on and before_s - BACK_S <= start_s <= before_s + AHEAD_S:
            links_s.append(links_s[-1])
        else:
            links_s.append(reached_s - start_s)
        before_s, reached_s = end_s, max(reached_s, end_s + links_s[-1])
    return links_s


def _followers(streams: dict[int, StreamPackets]) -> dict[int, list[int]]:
    """Which streams go on with which: the first of its kind, at best of its codec, of those that
    start after its end.
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
            best = min(later, key=lambda other: (other.codec != own.codec, other.index))
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


def _codec(stream: av.stream.Stream) -> str:
    return stream.codec_context.name if stream.codec_context else ""
