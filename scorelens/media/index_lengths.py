"""Read how long a file should be from its index, where it has a reliable one.

Headers often have a wrong length: they were written before the end was known, or copied from a
longer file. These are reliable: the sample tables of MP4, the size of a Matroska segment, the two
sizes of a WAV or AIFF file if they agree, and the total of a FLAC file whose last frame is cut.
"""

import os

import av

# CRC-16 of FLAC frames: polynomial 0x8005, start 0 (RFC 9639, section 9.3).
_CRC_POLYNOMIAL = 0x8005
_WAV_SLACK = 1 << 16  # bytes that a file may lack at its end: padding and trailing chunks
_UNKNOWN_SIZE = (0, 0x7FFFFFFF, 0xFFFFFFFF)


def indexed_bytes(container: av.container.InputContainer, path: str | os.PathLike) -> int:
    """Size that a file must have to hold all that its index lists.

    Parameters
    ----------
    container : av.container.InputContainer
        The file, opened.
    path : path
        Its path.

    Returns
    -------
    int
        Bytes; 0 without a reliable index.
    """
    name = container.format.name
    if "mp4" in name:
        ends = [e.pos + e.size for s in container.streams for e in list(s.index_entries)[-1:]]
        return max(ends, default=0)
    with open(path, "rb") as file:
        head = file.read(4096)
    if "matroska" in name:
        return matroska_end(head)
    if name in ("wav", "aiff"):
        return _chunks_end(head)
    return 0


def has_cut_frame(container: av.container.InputContainer, last: bytes) -> bool:
    """Whether a FLAC file ends within a frame: the check sum of its last packet is wrong.

    Parameters
    ----------
    container : av.container.InputContainer
        The file, opened.
    last : bytes
        Content of its last packet of sound.

    Returns
    -------
    bool
        False for other formats.
    """
    if container.format.name != "flac":
        return False
    return len(last) < 3 or _crc16(last[:-2]) != int.from_bytes(last[-2:], "big")


def matroska_end(head: bytes) -> int:
    """End of the segment of a Matroska file.

    Parameters
    ----------
    head : bytes
        The first bytes of the file.

    Returns
    -------
    int
        Byte after the last; 0 if the file does not say.

    References
    ----------
    RFC 8794, sections 4 and 5.

    Examples
    --------
    >>> matroska_end(b"RIFF")
    0
    """
    start, size = _element(head, 0)
    if head[:4] != b"\x1a\x45\xdf\xa3" or size is None:
        return 0
    start += size
    if head[start : start + 4] != b"\x18\x53\x80\x67":
        return 0
    start, size = _element(head, start)
    return start + size if size is not None else 0


def _element(head: bytes, start: int) -> tuple[int, int | None]:
    """Start of the content of an element with a four-byte id, and its size if it is known."""
    at = start + 4
    first = head[at] if at < len(head) else 0
    length = 9 - first.bit_length()
    value = int.from_bytes(head[at : at + length], "big") & ((1 << 7 * length) - 1)
    unknown = first == 0 or value == (1 << 7 * length) - 1
    return at + length, None if unknown else value


def _chunks_end(head: bytes) -> int:
    """Size of a RIFF or AIFF file, if the size of the file and that of the sound agree."""
    order = {b"RIFF": "little", b"FORM": "big"}.get(head[:4])
    if order is None:
        return 0
    whole = int.from_bytes(head[4:8], order)
    start = 12
    while start + 8 <= len(head):
        size = int.from_bytes(head[start + 4 : start + 8], order)
        if head[start : start + 4] in (b"data", b"SSND"):
            end = start + 8 + size
            agree = whole not in _UNKNOWN_SIZE and 0 <= whole + 8 - end <= _WAV_SLACK
            return end if agree else 0
        start += 8 + size + size % 2
    return 0


def _crc16(content: bytes) -> int:
    value = 0
    for byte in content:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1 ^ (_CRC_POLYNOMIAL if value & 0x8000 else 0)) & 0xFFFF
    return value
