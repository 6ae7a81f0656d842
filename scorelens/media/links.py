"""The links of a chained Ogg file, which are files joined byte by byte, with headers of their own.

FFmpeg reads on into the next link, but decodes it by the headers of the first. So each is opened as
a file of its own.
"""

import mmap
import os
import re

import av

from scorelens.errors import MediaError, Problem
from scorelens.media.files import EXPECTED, reason

# A page that begins a stream, of version 0 (RFC 3533, section 6).
_BEGINNING = re.compile(rb"OggS\x00[\x02\x03\x06\x07]")


def link_spans(path: str | os.PathLike) -> list[tuple[int, int]]:
    """Where the links of an Ogg file lie.

    Parameters
    ----------
    path
        An Ogg file.

    Returns
    -------
    list of tuple of int
        First byte and the one after the last, of each link in order.
    """
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        starts, end_of_page = [], -1
        for match in _BEGINNING.finditer(content):
            if match.start() != end_of_page:  # streams that begin together are one link
                starts.append(match.start())
            end_of_page = _page_end(content, match.start())
        return list(zip(starts, [*starts[1:], len(content)], strict=True))


def open_link(path: str | os.PathLike, span: tuple[int, int]) -> av.container.InputContainer:
    """Open one link of an Ogg file.

    Parameters
    ----------
    path
        The file.
    span
        One of its `link_spans`.

    Returns
    -------
    av.container.InputContainer
        To be closed by the caller.

    Raises
    ------
    MediaError
        If FFmpeg does not read it.
    """
    start, end = span
    try:
        return av.open(f"subfile,,start,{start},end,{end},,:{os.fspath(path)}")
    except (av.FFmpegError, ValueError) as error:
        what = f"cannot be read from byte {start} on ({reason(error)})"
        hint = "it was joined of several files, of which one is damaged; play it to check"
        raise MediaError(Problem(str(path), what, EXPECTED, hint)) from error


def _page_end(content: mmap.mmap, start: int) -> int:
    segments = content[start + 26] if start + 26 < len(content) else 0
    return start + 27 + segments + sum(content[start + 27 : start + 27 + segments])
