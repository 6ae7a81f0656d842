"""Open media files with FFmpeg, hash them, and check that they do not change while read."""

import contextlib
import hashlib
import os
from collections.abc import Iterator

import av

from scorelens.errors import MediaError, Problem

EXPECTED = "an audio or video file that FFmpeg reads"
# How far FFmpeg may read to find all streams: bytes, and microseconds.
LONG_PROBE = {"probesize": str(1 << 27), "analyzeduration": str(600_000_000)}
BROKEN = "the file may be truncated or have the wrong file name extension; play it to check"


def open_container(path: str | os.PathLike) -> av.container.InputContainer:
    """Open a file with FFmpeg.

    Parameters
    ----------
    path : path
        A media file.

    Returns
    -------
    av.container.InputContainer
        The caller closes it, for example by a `with` block.

    Raises
    ------
    MediaError
        If the file is missing, a folder, empty, or cannot be read by FFmpeg.
    """
    if not os.path.isfile(path):
        what = "is a folder" if os.path.isdir(path) else "does not exist"
        raise MediaError(
            Problem(str(path), what, "a media file", "check the path in the film table")
        )
    if os.path.getsize(path) == 0:
        raise MediaError(Problem(str(path), "is empty (0 bytes)", EXPECTED, "copy the file again"))
    try:
        container = _open(path)
        if container.streams.audio and not any(s.sample_rate for s in container.streams.audio):
            container.close()  # its sound starts late
            container = _open(path, LONG_PROBE)
        return container
    except (av.FFmpegError, ValueError) as error:
        raise MediaError(
            Problem(str(path), f"cannot be read as media ({reason(error)})", EXPECTED, BROKEN)
        ) from error


def _open(path, options: dict[str, str] | None = None) -> av.container.InputContainer:
    # The prefix prevents FFmpeg from taking a name such as `concat:a` for a protocol.
    return open_url(f"file:{os.fspath(path)}", options)


def open_url(url: str, options: dict[str, str] | None = None) -> av.container.InputContainer:
    """Open a URL of FFmpeg.

    Parameters
    ----------
    url : str
        Protocol and path.
    options : dict of str to str or None
        Options of FFmpeg's demuxers.

    Returns
    -------
    av.container.InputContainer
        Its audio decoders have the number of channels, and their layout if it is a standard one.
    """
    container = av.open(url, metadata_errors="ignore", options=options)
    for stream in container.streams.audio:
        if stream.codec_context:
            _make_layout_plain(stream.codec_context)
    return container


def _make_layout_plain(decoder: av.AudioCodecContext) -> None:
    """Remove an unusual order of channels: PyAV frees its list twice, which ends the process."""
    layout = decoder.layout
    if layout.nb_channels:
        decoder.layout = f"{layout.nb_channels}C" if " " in layout.name else layout.name


@contextlib.contextmanager
def unchanged(path: str | os.PathLike) -> Iterator[None]:
    """Context manager that checks that a file does not change inside the block.

    Parameters
    ----------
    path : path
        The file.

    Raises
    ------
    MediaError
        At the end of the block, if size or modification time of the file differ.
    """
    before = os.stat(path)
    yield
    after = os.stat(path)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise MediaError(changed(path, before.st_size, after.st_size, "while it was read"))


def require_bytes(path: str | os.PathLike, size: int) -> None:
    """Check that a file has the size that it had before.

    Parameters
    ----------
    path : path
        The file.
    size : int
        Its size before, bytes.

    Raises
    ------
    MediaError
        If the file has another size now.
    """
    now = os.path.getsize(path)
    if now != size:
        raise MediaError(changed(path, size, now, "since the run began"))


def changed(path: str | os.PathLike, before: int, after: int, when: str) -> Problem:
    """Make the problem of a file that changed.

    Parameters
    ----------
    path : path
        The file.
    before, after : int
        Its sizes, bytes.
    when : str
        Continues "changed ".

    Returns
    -------
    Problem
    """
    sizes = f" ({before:,} bytes before, {after:,} after)" if before != after else ""
    return Problem(
        str(path),
        f"changed {when}{sizes}",
        "a file that no program writes to",
        "a recording or a copy may still be running: wait for its end and run again",
    )


def sha256(path: str | os.PathLike) -> str:
    """SHA-256 of a file.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    str
        64 hex digits.
    """
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def reason(error: Exception) -> str:
    """Message of an error of FFmpeg or libsndfile, without path and number.

    Parameters
    ----------
    error : Exception
        The error.

    Returns
    -------
    str

    Examples
    --------
    >>> reason(OSError(2, "No such file"))
    'No such file'
    """
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
