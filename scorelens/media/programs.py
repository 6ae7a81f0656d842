"""Where an MPEG transport stream changes its streams: recordings joined, programmes that follow.

FFmpeg gives out streams that it meets midway, but whoever opened the file does not know them. So
where the tables of a file name others in place of those before, a new part begins, which is opened
as a file of its own. The layout of packets and tables: ITU-T H.222.0, section 2.4.
"""

import functools
import os
from collections.abc import Iterator

import numpy as np

PACKET_SIZES = (188, 192, 204)  # plain; after a time stamp, as on Blu-ray discs; with check sums
IN_STEP = 5  # packets in a row that begin with the sync byte, where packets begin at all
CHUNK_PACKETS = 1 << 18
CHUNK_BYTES = 1 << 13  # in which packets are looked for at a time, after damage
_SYNC = 0x47
_CRC_POLYNOMIAL = 0x04C11DB7


def program_spans(path: str | os.PathLike) -> list[tuple[int, int]]:
    """The parts of a transport stream in which no stream takes the place of another.

    Parameters
    ----------
    path
        A file of MPEG transport packets.

    Returns
    -------
    list of tuple of int
        First byte and the one after the last, of each part in order.
    """
    tables: dict[int, set[tuple[int, int]]] = {}
    starts, before = [0], set()
    for position, pid, section in _sections(np.memmap(path, np.uint8, "r")):
        if pid == 0:
            programs = _programs(section)
            tables = {own: streams for own, streams in tables.items() if own in programs}
            continue
        tables[pid] = _streams(section)
        now = set().union(*tables.values())
        if before - now and now - before:
            starts.append(position)
        before = now
    return list(zip(starts, [*starts[1:], os.path.getsize(path)], strict=True))


def _sections(content: np.ndarray) -> Iterator[tuple[int, int, bytes]]:
    """Each table that differs from the one before it: where the list of tables before it begins,
    the number of its packets, and the table.

    Only tables that fit into one packet, and whose check sum is right.
    """
    wanted, latest, listed = {0}, {}, 0
    for position, packets in _packets(content):
        pids = (packets[:, 1] & 0x1F).astype(np.uint16) << 8 | packets[:, 2]
        for row in np.flatnonzero(pids == 0):
            wanted |= _programs(_section(packets[row].tobytes()))
        for row in np.flatnonzero(np.isin(pids, list(wanted))):
            section, pid = _section(packets[row].tobytes()), int(pids[row])
            listed = listed if pid else position + int(row) * packets.strides[0]
            if section and section != latest.get(pid):
                latest = {0: section} if pid == 0 else {**latest, pid: section}
                yield listed, pid, section


def _packets(content: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Packets in a row, uint8 (n, 188), without a copy, and where the first begins."""
    start = _next_in_step(content, 0)
    while start is not None:
        first, size = start
        count = min(CHUNK_PACKETS, (len(content) - first - 188) // size + 1)
        rows = np.lib.stride_tricks.as_strided(content[first:], (count, 188), (size, 1))
        wrong = np.flatnonzero(rows[:, 0] != _SYNC)
        good = int(wrong[0]) if len(wrong) else count
        yield first, rows[:good]
        end = first + good * size
        whole = not len(wrong) and end + 188 <= len(content)
        start = (end, size) if whole else _next_in_step(content, end)


def _next_in_step(content: np.ndarray, start: int) -> tuple[int, int] | None:
    """Where packets begin from a byte on, and their size; None if nowhere."""
    for place in range(start, len(content), CHUNK_BYTES):
        part = np.asarray(content[place : place + CHUNK_BYTES + IN_STEP * max(PACKET_SIZES)])
        sync, found = part == _SYNC, []
        for size in PACKET_SIZES:
            length = len(part) - (IN_STEP - 1) * size
            if length > 0:
                steps = [sync[k * size : k * size + length] for k in range(IN_STEP)]
                found += [(int(at), size) for at in np.flatnonzero(np.all(steps, axis=0))[:1]]
        if found:
            at, size = min(found)
            return place + at, size
    return None


def _section(packet: bytes) -> bytes:
    """The table that begins in a packet and ends in it; empty if there is none."""
    has_start, has_content, has_field = packet[1] & 0x40, packet[3] & 0x10, packet[3] & 0x20
    start = 5 + packet[4] if has_field else 4
    if not (has_start and has_content) or start >= len(packet):
        return b""
    start += 1 + packet[start]
    section = packet[start : start + 3 + (int.from_bytes(packet[start + 1 : start + 3]) & 0xFFF)]
    is_whole = len(section) > 12 and start + len(section) <= 188
    return section if is_whole and section[0] in (0, 2) and _crc32(section) == 0 else b""


def _programs(section: bytes) -> set[int]:
    """The numbers of the packets that hold the tables of the programmes, of table 0."""
    rows = [section[k : k + 4] for k in range(8, len(section) - 4, 4)]
    return {int.from_bytes(row[2:]) & 0x1FFF for row in rows if int.from_bytes(row[:2])}


def _streams(section: bytes) -> set[tuple[int, int]]:
    """Number of the packets, and type, of each stream of a programme, of table 2."""
    streams, at = set(), 12 + (int.from_bytes(section[10:12]) & 0xFFF)
    while at + 5 <= len(section) - 4:
        streams.add((int.from_bytes(section[at + 1 : at + 3]) & 0x1FFF, section[at]))
        at += 5 + (int.from_bytes(section[at + 3 : at + 5]) & 0xFFF)
    return streams


@functools.lru_cache(maxsize=64)  # tables are repeated all the time
def _crc32(content: bytes) -> int:
    """0 for a table with its check sum (H.222.0, annex A)."""
    value = 0xFFFFFFFF
    for byte in content:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ (_CRC_POLYNOMIAL if value >> 31 else 0)) & 0xFFFFFFFF
    return value
