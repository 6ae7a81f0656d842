"""Find where an MPEG transport stream changes its streams, as in joined recordings.

FFmpeg returns packets of streams that begin midway, but the open file does not list them. So where
the tables of a file replace streams by others, a new part begins, which is opened as a file of its
own. Packets and tables: ITU-T H.222.0, section 2.4.
"""

import functools
import os
from collections.abc import Iterator

import numpy as np

PACKET_SIZES = (188, 192, 204)  # plain; after a time stamp, as on Blu-ray discs; with check sums
SYNC_PACKETS = 5  # consecutive packets with a sync byte that prove where packets begin
CHUNK_PACKETS = 1 << 18
CHUNK_BYTES = 1 << 13  # searched for packets at a time, after damage
_SYNC = 0x47
_CRC_POLYNOMIAL = 0x04C11DB7


def program_spans(path: str | os.PathLike) -> list[tuple[int, int]]:
    """Find the parts of a transport stream in which no stream replaces another.

    Parameters
    ----------
    path : path
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
            tables = {number: streams for number, streams in tables.items() if number in programs}
            continue
        tables[pid] = _streams(section)
        now = set().union(*tables.values())
        if before - now and now - before:
            starts.append(position)
        before = now
    return list(zip(starts, [*starts[1:], os.path.getsize(path)], strict=True))


def _sections(content: np.ndarray) -> Iterator[tuple[int, int, bytes]]:
    """Each table that differs from the one before it."""
    # Yields the position of the list of tables before it, the packet identifier and the table. Only
    # tables that fit into one packet and have a valid check sum.
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
    """Position of the first, and consecutive packets, uint8 (n, 188), without a copy."""
    start = _find_sync(content, 0)
    while start is not None:
        first, size = start
        count = min(CHUNK_PACKETS, (len(content) - first - 188) // size + 1)
        rows = np.lib.stride_tricks.as_strided(content[first:], (count, 188), (size, 1))
        bad = np.flatnonzero(rows[:, 0] != _SYNC)
        good = int(bad[0]) if len(bad) else count
        yield first, rows[:good]
        end = first + good * size
        whole = not len(bad) and end + 188 <= len(content)
        start = (end, size) if whole else _find_sync(content, end)


def _find_sync(content: np.ndarray, start: int) -> tuple[int, int] | None:
    """Position of the next packet from a byte on, and its size; None if there is none."""
    for offset in range(start, len(content), CHUNK_BYTES):
        part = np.asarray(content[offset : offset + CHUNK_BYTES + SYNC_PACKETS * max(PACKET_SIZES)])
        sync, positions = part == _SYNC, []
        for size in PACKET_SIZES:
            length = len(part) - (SYNC_PACKETS - 1) * size
            if length > 0:
                steps = [sync[k * size : k * size + length] for k in range(SYNC_PACKETS)]
                positions += [(int(at), size) for at in np.flatnonzero(np.all(steps, axis=0))[:1]]
        if positions:
            at, size = min(positions)
            return offset + at, size
    return None


def _section(packet: bytes) -> bytes:
    """The table that begins and ends in a packet; empty if there is none."""
    has_start, has_content, has_field = packet[1] & 0x40, packet[3] & 0x10, packet[3] & 0x20
    start = 5 + packet[4] if has_field else 4
    if not (has_start and has_content) or start >= len(packet):
        return b""
    start += 1 + packet[start]
    section = packet[start : start + 3 + (int.from_bytes(packet[start + 1 : start + 3]) & 0xFFF)]
    is_whole = len(section) > 12 and start + len(section) <= 188
    return section if is_whole and section[0] in (0, 2) and _crc32(section) == 0 else b""


def _programs(section: bytes) -> set[int]:
    """Packet identifiers of the tables of the programmes, from table 0."""
    rows = [section[k : k + 4] for k in range(8, len(section) - 4, 4)]
    return {int.from_bytes(row[2:]) & 0x1FFF for row in rows if int.from_bytes(row[:2])}


def _streams(section: bytes) -> set[tuple[int, int]]:
    """Packet identifier and type of each stream of a programme, from table 2."""
    streams, at = set(), 12 + (int.from_bytes(section[10:12]) & 0xFFF)
    while at + 5 <= len(section) - 4:
        streams.add((int.from_bytes(section[at + 1 : at + 3]) & 0x1FFF, section[at]))
        at += 5 + (int.from_bytes(section[at + 3 : at + 5]) & 0xFFF)
    return streams


@functools.lru_cache(maxsize=64)  # tables are repeated all the time
def _crc32(content: bytes) -> int:
    """0 for a table with a valid check sum (H.222.0, annex A)."""
    value = 0xFFFFFFFF
    for byte in content:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ (_CRC_POLYNOMIAL if value >> 31 else 0)) & 0xFFFFFFFF
    return value
