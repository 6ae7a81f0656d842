"""Media files as files: opened with FFmpeg, hashed, and held to stay as they are while read."""

import contextlib
import hashlib
import os
from collections.abc import Iterator

import av

from scorelens.errors import MediaError, Problem

EXPECTED = "an audio or video file that FFmpeg reads"
# How far FFmpeg may read to learn what streams there are: bytes, and microseconds.
LONG_LOOK = {"probesize": str(1 << 27), "analyzeduration": str(600_000_000)}
BROKEN = "the file may be truncated or of another kind than its ending says; play it to check"


def open_container(path: str | os.PathLike) -> av.container.InputContainer:
    """Open a file with FFmpeg.

    Parameters
    ----------
    path
        A media file.

    Returns
    -------
    av.container.InputContainer
        To be closed by the caller, as by a `with` block.

    Raises
    ------
    MediaError
        If the file is missing, a folder, empty, or nothing that FFmpeg reads.
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
            container = _open(path, LONG_LOOK)
        return container
    except (av.FFmpegError, ValueError) as error:
        raise MediaError(
            Problem(str(path), f"cannot be read as media ({reason(error)})", EXPECTED, BROKEN)
        ) from error


def _open(path, options: dict[str, str] | None = None) -> av.container.InputContainer:
    # The prefix keeps FFmpeg from taking a name such as `concat:a` for one of its protocols.
    return open_url(f"file:{os.fspath(path)}", options)


def open_url(url: str, options: dict[str, str] | None = None) -> av.container.InputContainer:
    """Open what an address of FFmpeg names.

    Parameters
    ----------
    url
        A protocol and a path.
    options
        Of FFmpeg's demuxers.

    Returns
    -------
    av.container.InputContainer
        Its decoders of sound know the number of channels, and their layout if it is a usual one.
    """
    container = av.open(url, metadata_errors="ignore", options=options)
    for stream in container.streams.audio:
        if stream.codec_context:
            _make_layout_plain(stream.codec_context)
    return container


def _make_layout_plain(decoder: av.AudioCodecContext) -> None:
    """PyAV frees the list of an unusual order of channels twice, which ends the process; so such an
    order, once read, is replaced by none at all.
    """
    layout = decoder.layout
    if layout.nb_channels:
        decoder.layout = f"{layout.nb_channels}C" if " " in layout.name else layout.name


@contextlib.contextmanager
def unchanged(path: str | os.PathLike) -> Iterator[None]:
    """Read a file in the block; if its size or its time of change differ after it, say so.

    Raises
    ------
    MediaError
        At the end of the block, if the file was written to meanwhile.
    """
    before = os.stat(path)
    yield
    after = os.stat(path)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise MediaError(changed(path, before.st_size, after.st_size, "while it was read"))


def require_bytes(path: str | os.PathLike, size: int) -> None:
    """Make sure that a file is as long as it was.

    Parameters
    ----------
    path
        The file.
    size
        Its size before, as when it was checked, in bytes.

    Raises
    ------
    MediaError
        If the file has another size now.
    """
    now = os.path.getsize(path)
    if now != size:
        raise MediaError(changed(path, size, now, "since the run began"))


def changed(path: str | os.PathLike, before: int, after: int, when: str) -> Problem:
    """The problem of a file that did not stay as it was; sizes in bytes."""
    sizes = f" ({before:,} bytes before, {after:,} after)" if before != after else ""
    return Problem(
        str(path),
        f"changed {when}{sizes}",
        "a file that nothing writes to",
        "a recording or a copy may still be going on: wait for its end and run again",
    )


def sha256(path: str | os.PathLike) -> str:
    """The SHA-256 of a file's bytes, 64 hex digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def reason(error: Exception) -> str:
    """What an error of FFmpeg or libsndfile says, without the path and the number."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
