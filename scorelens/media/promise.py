"""What a file's index promises to hold, where there is one that can be relied on.

Headers often tell a wrong length: they were written before the end was known, or copied from a
longer file. An index does not: the sample tables of MP4, the size of a Matroska segment, the two
sizes of a WAV or AIFF file if they agree, and the total of a FLAC file whose last frame is torn.
"""

import os

import av

# CRC-16 of FLAC frames: polynomial 0x8005, start 0 (RFC 9639, section 9.3).
_CRC_POLYNOMIAL = 0x8005
_WAV_SLACK = 1 << 16  # bytes that a file may lack at its end: padding and trailing chunks
_UNKNOWN_SIZE = (0, 0x7FFFFFFF, 0xFFFFFFFF)


def promised_bytes(container: av.container.InputContainer, path: str | os.PathLike) -> int:
    """The size that a file must have for all that its index names, in bytes; 0 without an index.

    Parameters
    ----------
    container
        The file, opened.
    path
        Its path.
    """
    name = container.format.name
    if "mp4" in name:
        ends = [e.pos + e.size for s in container.streams for e in list(s.index_entries)[-1:]]
        return max(ends, default=0)
    with open(path, "rb") as file:
        head = file.read(4096)
    if "matroska" in name:
        return segment_end(head)
    if name in ("wav", "aiff"):
        return _chunks_end(head)
    return 0


def ends_torn(container: av.container.InputContainer, last: bytes) -> bool:
    """Whether a FLAC file ends within a frame: the check sum does not fit.

    Parameters
    ----------
    container
        The file, opened.
    last
        Content of its last packet of sound.
    """
    if container.format.name != "flac":
        return False
    return len(last) < 3 or _crc16(last[:-2]) != int.from_bytes(last[-2:], "big")


def segment_end(head: bytes) -> int:
    """Where the segment of a Matroska file ends; 0 if it is not told (RFC 8794, sections 4, 5).

    Parameters
    ----------
    head
        The first bytes of the file.
    """
    place, size = _element(head, 0)
    if head[:4] != b"\x1a\x45\xdf\xa3" or size is None:
        return 0
    start = place + size
    if head[start : start + 4] != b"\x18\x53\x80\x67":
        return 0
    place, size = _element(head, start)
    return place + size if size is not None else 0


def _element(head: bytes, start: int) -> tuple[int, int | None]:
    """Where the content of an element of a four-byte id starts, and its size if it is told."""
    at = start + 4
    first = head[at] if at < len(head) else 0
    length = 9 - first.bit_length()
    value = int.from_bytes(head[at : at + length], "big") & ((1 << 7 * length) - 1)
    unknown = first == 0 or value == (1 << 7 * length) - 1
    return at + length, None if unknown else value


def _chunks_end(head: bytes) -> int:
    """The size of a RIFF or AIFF file, if the size of the whole and that of the sound agree."""
    order = {b"RIFF": "little", b"FORM": "big"}.get(head[:4])
    if order is None:
        return 0
    whole = int.from_bytes(head[4:8], order)
    place = 12
    while place + 8 <= len(head):
        size = int.from_bytes(head[place + 4 : place + 8], order)
        if head[place : place + 4] in (b"data", b"SSND"):
            end = place + 8 + size
            agree = whole not in _UNKNOWN_SIZE and 0 <= whole + 8 - end <= _WAV_SLACK
            return end if agree else 0
        place += 8 + size + size % 2
    return 0


def _crc16(content: bytes) -> int:
    value = 0
    for byte in content:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1 ^ (_CRC_POLYNOMIAL if value & 0x8000 else 0)) & 0xFFFF
    return value
