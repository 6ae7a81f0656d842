"""Find the segments of a file that was joined byte by byte from files with headers of their own.

FFmpeg decodes later segments by the headers of the first, or stops. So each is opened as a file of
its own. Chained Ogg, concatenated Matroska files, and transport streams whose programmes change
have several segments.
"""

import functools
import mmap
import os
import re

import av

from scorelens.errors import MediaError, Problem
from scorelens.media.files import EXPECTED, open_url, reason
from scorelens.media.index_lengths import matroska_end
from scorelens.media.programs import program_spans

# A page that begins a stream, version 0 (RFC 3533, section 6).
_PAGE = re.compile(rb"OggS\x00[\x02\x03\x06\x07]")
# A Matroska header (RFC 8794, section 8.1; RFC 9559, section 5.1).
_HEADER = re.compile(
    rb"\x1a\x45\xdf\xa3[\x01-\xff].{0,64}?\x42\x82.{1,8}?(matroska|webm)", re.DOTALL
)


def segment_spans(path: str | os.PathLike, format_name: str) -> list[tuple[int, int]]:
    """Find the segments of a file.

    Parameters
    ----------
    path : path
        A media file.
    format_name : str
        FFmpeg's name of its format.

    Returns
    -------
    list of tuple of int
        First byte and the one after the last, of each segment in order; one segment for formats
        that are not joined so.
    """
    status = os.stat(path)
    return _segment_spans(os.fspath(path), format_name, status.st_size, status.st_mtime_ns)


@functools.lru_cache(maxsize=64)
def _segment_spans(path: str, format_name: str, size: int, _mtime_ns: int) -> list[tuple[int, int]]:
    if format_name == "mpegts":
        return program_spans(path)
    find_starts = {"ogg": _ogg_starts, "matroska,webm": _matroska_starts}.get(format_name)
    if find_starts is None:
        return [(0, size)]
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        starts = find_starts(content)
    return list(zip(starts, [*starts[1:], size], strict=True))


def _ogg_starts(content: mmap.mmap) -> list[int]:
    starts, end_of_page = [], -1
    for match in _PAGE.finditer(content):
        if match.start() != end_of_page:  # streams that begin together are one segment
            starts.append(match.start())
        end_of_page = _page_end(content, match.start())
    return starts


def _matroska_starts(content: mmap.mmap) -> list[int]:
    starts, header = [], _HEADER.match(content)
    while header:
        starts.append(header.start())
        end = matroska_end(content[header.start() : header.start() + 4096])
        # A segment without a size ends where the next one begins.
        following = header.start() + end if end else header.end()
        header = (_HEADER.match if end else _HEADER.search)(content, following)
    return starts or [0]


def open_segment(path: str | os.PathLike, span: tuple[int, int]) -> av.container.InputContainer:
    """Open one segment of a file.

    Parameters
    ----------
    path : path
        The file.
    span : tuple[int, int]
        One of its `segment_spans`.

    Returns
    -------
    av.container.InputContainer
        To be closed by the caller.

    Raises
    ------
    MediaError
        If FFmpeg cannot read it.
    """
    start, end = span
    try:
        return open_url(f"subfile,,start,{start},end,{end},,:{os.fspath(path)}")
    except (av.FFmpegError, ValueError) as error:
        what = f"cannot be read from byte {start} on ({reason(error)})"
        hint = "it was joined from several files, of which one is damaged; play it to check"
        raise MediaError(Problem(str(path), what, EXPECTED, hint)) from error


def _page_end(content: mmap.mmap, start: int) -> int:
    segments = content[start + 26] if start + 26 < len(content) else 0
    return start + 27 + segments + sum(content[start + 27 : start + 27 + segments])
