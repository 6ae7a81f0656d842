"""Decode and probe media: the one place that opens audio and video files.

Times count from the film's first picture; a file without moving pictures starts at its first
sample. Samples are float32 in -1..1. Mono is the mean of the channels, taken here and not by
FFmpeg's resampler, whose float down-mix of stereo is louder by the square root of two.
"""

import contextlib
import hashlib
import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass

import av
import numpy as np
import soundfile
import soxr
from av.stream import Disposition

from scorelens.errors import MediaError, Problem

GAP_S = 0.05  # a jump in the time stamps longer than this is a real gap, filled with silence
PIECE_SAMPLES = 1 << 15


@dataclass(frozen=True)
class MediaInfo:
    """What a file says it holds. Durations in seconds; None where there is no such stream."""

    duration_s: float
    sample_rate_hz: int | None
    channels: int | None
    width: int | None
    height: int | None
    frame_rate_hz: float | None

    @property
    def has_audio(self) -> bool:
        return self.sample_rate_hz is not None

    @property
    def has_video(self) -> bool:
        return self.width is not None


def probe(path: str | os.PathLike) -> MediaInfo:
    """Read the header of a media file, without decoding it.

    Raises MediaError if the file is missing, empty, or not media that FFmpeg or libsndfile reads.
    """
    try:
        container = open_container(path)
    except MediaError:
        return _probe_soundfile(path)
    with container:
        video, audio = picture_stream(container), first_audio(container)
        if video is None and audio is None:
            raise MediaError(Problem(str(path), "holds neither sound nor moving pictures", _MEDIA))
        return MediaInfo(
            duration_s=_duration_s(container, video, audio),
            sample_rate_hz=audio.sample_rate if audio else None,
            channels=audio.channels if audio else None,
            width=video.width if video else None,
            height=video.height if video else None,
            frame_rate_hz=float(video.average_rate) if video and video.average_rate else None,
        )


def open_container(path: str | os.PathLike) -> av.container.InputContainer:
    """Open a file with FFmpeg. Raises MediaError in the user's words if that fails."""
    if not os.path.isfile(path):
        what = "is a folder" if os.path.isdir(path) else "does not exist"
        raise MediaError(
            Problem(str(path), what, "a media file", "check the path in the film table")
        )
    if os.path.getsize(path) == 0:
        raise MediaError(Problem(str(path), "is empty (0 bytes)", _MEDIA, "copy the file again"))
    try:
        return av.open(os.fspath(path), metadata_errors="ignore")
    except (av.FFmpegError, ValueError) as error:
        raise MediaError(
            Problem(str(path), f"cannot be read as media ({_reason(error)})", _MEDIA, _BROKEN)
        ) from error


def picture_stream(container: av.container.InputContainer) -> av.VideoStream | None:
    """The first stream of moving pictures; the cover image of an album track does not count."""
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            return stream
    return None


def first_audio(container: av.container.InputContainer) -> av.AudioStream | None:
    """The first audio stream whose sample rate is known, or None."""
    return next((s for s in container.streams.audio if s.sample_rate), None)


def audio_blocks(
    path: str | os.PathLike, rate_hz: float, block_s: float = 30.0
) -> Iterator[np.ndarray]:
    """Decode a file's sound once, as mono blocks of `block_s` seconds, in bounded memory.

    Yields float32 arrays of shape (block_s * rate_hz,), the last one shorter; block k starts at
    k * block_s seconds of the film. Raises MediaError if there is no sound or it does not decode.
    """
    size = round(block_s * rate_hz)
    held, length = [], 0
    for piece in _resampled(path, rate_hz):
        held.append(piece)
        length += len(piece)
        if length < size:
            continue
        joined = np.concatenate(held)
        whole = length // size * size
        yield from joined[:whole].reshape(-1, size)
        held, length = [joined[whole:]], length - whole
    if length:
        yield np.concatenate(held)


def read_audio(path: str | os.PathLike, rate_hz: int) -> np.ndarray:
    """Decode a whole file to mono float32 of shape (n,) at `rate_hz`. Raises MediaError."""
    pieces = list(_resampled(path, rate_hz))
    return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)


def sha256(path: str | os.PathLike) -> str:
    """The SHA-256 of a file's bytes, 64 hex digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


_MEDIA = "an audio or video file that FFmpeg reads"
_BROKEN = "the file may be truncated or of another kind than its ending says; play it to check"


def _resampled(path, rate_hz: float) -> Iterator[np.ndarray]:
    source_rate, pieces = _mono_pieces(path)
    if source_rate == rate_hz:
        yield from pieces
        return
    resampler = soxr.ResampleStream(source_rate, rate_hz, 1, dtype="float32", quality="HQ")
    for piece in pieces:
        yield resampler.resample_chunk(piece)
    yield resampler.resample_chunk(np.zeros(0, np.float32), last=True)


def _mono_pieces(path) -> tuple[int, Iterator[np.ndarray]]:
    try:
        container = open_container(path)
    except MediaError:
        return _soundfile_pieces(path)
    audio = first_audio(container)
    if audio is None:
        container.close()
        raise MediaError(Problem(str(path), "has no sound", "a file with an audio stream"))
    return audio.sample_rate, _decoded_pieces(path, container, audio)


def _decoded_pieces(path, container, audio) -> Iterator[np.ndarray]:
    """Mono pieces of about `PIECE_SAMPLES`; single frames of a decoder are too short to handle."""
    rate, origin_s = audio.sample_rate, _start_s(picture_stream(container))
    planar = av.AudioResampler(format="fltp")
    fifo, kind, written = av.AudioFifo(), None, 0
    with container:
        for frame in _frames(path, container, audio):
            _check_rate(path, frame, rate)
            if origin_s is None and frame.time is not None:
                origin_s = frame.time + _surplus(path, audio) / rate
            gap = 0 if frame.time is None else round((frame.time - origin_s) * rate) - written
            if written == 0 and gap < 0:
                mono = _mono(planar, frame)[-gap:]
                written = len(mono)
                yield mono
                continue
            late = gap > (GAP_S * rate if written else 0)
            if late or fifo.samples >= PIECE_SAMPLES or kind != _kind(frame):
                yield _mono(planar, fifo.read())
                fifo, kind = av.AudioFifo(), _kind(frame)
            if late:
                yield from _silence(gap)
                written += gap
            frame.pts = None  # the gaps are filled
            fifo.write(frame)
            written += frame.samples
        yield _mono(planar, fifo.read())


def _mono(planar: av.AudioResampler, frame: av.AudioFrame | None) -> np.ndarray:
    """The mean of a frame's channels; nothing of none."""
    if frame is None:
        return np.zeros(0, np.float32)
    return np.concatenate([f.to_ndarray() for f in planar.resample(frame)], axis=1).mean(0)


def _kind(frame: av.AudioFrame) -> tuple[str, str]:
    return frame.format.name, frame.layout.name


def _silence(samples: int) -> Iterator[np.ndarray]:
    for start in range(0, samples, PIECE_SAMPLES):
        yield np.zeros(min(PIECE_SAMPLES, samples - start), np.float32)


def _surplus(path, audio) -> int:
    """How many samples FFmpeg decodes before the first that counts, in an Ogg Vorbis file.

    A file cut out of a longer one has more in its first page than the page's granule position says
    (Vorbis I, appendix A.2); libvorbis leaves them out, FFmpeg does not.
    """
    if audio.codec_context.name != "vorbis" or audio.container.format.name != "ogg":
        return 0
    position, packets = _first_page(path)
    with open_container(path) as container:
        frames = itertools.islice(container.decode(first_audio(container)), packets - 1)
        return max(0, sum(frame.samples for frame in frames) - position)


def _first_page(path) -> tuple[int, int]:
    """Granule position of the first page of sound in an Ogg file, and how many packets end in it.

    The pages before it hold the codec's headers. The layout of a page: RFC 3533, section 6.
    """
    with open(path, "rb") as file:
        while len(head := file.read(27)) == 27:
            lacing = file.read(head[26])
            position = int.from_bytes(head[6:14], "little", signed=True)
            if position > 0:
                return position, sum(size < 255 for size in lacing)
            file.seek(sum(lacing), os.SEEK_CUR)
    return 0, 0


def _check_rate(path, frame, rate: int) -> None:
    if frame.sample_rate != rate:
        raise MediaError(
            Problem(
                str(path),
                f"changes its sample rate from {rate} to {frame.sample_rate} Hz",
                "one sample rate throughout",
                "convert the file with FFmpeg first",
            )
        )


def _frames(path, container, stream) -> Iterator:
    """Decoded frames; a damaged packet inside a file is passed over, as a player does.

    So is an empty one, which Ogg files may end with; the last of all, without a time, is not: it
    makes the decoder give out what it holds.
    """
    for packet in container.demux(stream):
        if packet.size == 0 and packet.pts is not None:
            continue
        with contextlib.suppress(av.FFmpegError):
            yield from packet.decode()


def _start_s(stream) -> float | None:
    if stream is None:
        return None
    return float((stream.start_time or 0) * stream.time_base)


def _duration_s(container, *streams) -> float:
    if container.duration:
        return container.duration / av.time_base
    known = [float(s.duration * s.time_base) for s in streams if s is not None and s.duration]
    return max(known, default=0.0)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _probe_soundfile(path) -> MediaInfo:
    """Some files that FFmpeg refuses, libsndfile reads."""
    with _open_soundfile(path) as file:
        return MediaInfo(
            file.frames / file.samplerate, file.samplerate, file.channels, None, None, None
        )


def _open_soundfile(path) -> soundfile.SoundFile:
    try:
        return soundfile.SoundFile(os.fspath(path))
    except (soundfile.LibsndfileError, OSError):
        open_container(path).close()  # raises FFmpeg's reason, in our words
        raise


def _soundfile_pieces(path) -> tuple[int, Iterator[np.ndarray]]:
    file = _open_soundfile(path)

    def pieces():
        with file:
            for block in file.blocks(blocksize=1 << 18, dtype="float32", always_2d=True):
                yield block.mean(1)

    return file.samplerate, pieces()
