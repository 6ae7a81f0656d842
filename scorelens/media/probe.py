"""What a media file holds: its streams by its header, their lengths by what is there."""

import os
from dataclasses import dataclass

import av
import soundfile

from scorelens.errors import MediaError, Problem
from scorelens.media.clock import Clock, read_clock
from scorelens.media.files import EXPECTED, open_container
from scorelens.media.promise import ends_torn, promised_bytes
from scorelens.media.streams import (
    SoundStream,
    describe_sounds,
    picture_stream,
    sound_stream,
    sound_streams,
)

SHORTFALL = 0.01  # of a file that an index may promise too much, for padding and free space
HEADER_TOLERANCE_S, HEADER_TOLERANCE = 5.0, 0.05  # headers round, and estimate


@dataclass(frozen=True)
class Header:
    """What the header of a file says that can be relied on. None where there is no such stream.

    sounds: all sounds of the file. sound: number of the one that counts, from 1.
    """

    sample_rate_hz: int | None
    channels: int | None
    width: int | None
    height: int | None
    frame_rate_hz: float | None
    sounds: tuple[SoundStream, ...] = ()
    sound: int | None = None

    @property
    def has_audio(self) -> bool:
        return self.sample_rate_hz is not None

    @property
    def has_video(self) -> bool:
        return self.width is not None


@dataclass(frozen=True)
class MediaInfo(Header):
    """What a file holds. Lengths in s are of what is there, whatever the header says.

    Times count from the first picture; without pictures, from the first sample. duration_s: until
    the last of sound and picture. sound_s, picture_s: ends of the two, None without such a stream.
    missing: the share of the file that its index promises and that is not there, 0..1.
    header_s: the length that the header tells, None if none. error: what keeps FFmpeg from reading
    the file to its end; empty if nothing does.
    """

    duration_s: float = 0.0
    sound_s: float | None = None
    picture_s: float | None = None
    missing: float = 0.0
    header_s: float | None = None
    error: str = ""


def read_header(path: str | os.PathLike, sound: str = "") -> Header:
    """The streams of a media file, by its header: cheap, and without a length.

    Parameters
    ----------
    path
        A media file.
    sound
        Which of its sounds counts; see `sound_stream`.

    Returns
    -------
    Header

    Raises
    ------
    MediaError
        If the file is missing, empty, or no media that FFmpeg or libsndfile reads, or if it has not
        the sound that is asked for.
    """
    try:
        container = open_container(path)
    except MediaError as error:
        with open_soundfile(path, error) as file:
            return Header(file.samplerate, file.channels, None, None, None)
    with container:
        return Header(**_streams(path, container, sound))


def probe(path: str | os.PathLike, sound: str = "") -> MediaInfo:
    """What a media file holds: all its packets are read, and none is decoded.

    Parameters
    ----------
    path
        A media file.
    sound
        Which of its sounds counts; see `sound_stream`.

    Returns
    -------
    MediaInfo

    Raises
    ------
    MediaError
        As `read_header`; or if the file holds neither sound nor moving pictures, or not one packet
        of them.
    """
    try:
        container = open_container(path)
    except MediaError as error:
        with open_soundfile(path, error) as file:
            length_s = file.frames / file.samplerate
            rate_hz, channels = file.samplerate, file.channels
        return MediaInfo(rate_hz, channels, None, None, None, duration_s=length_s, sound_s=length_s)
    with container:
        streams = _streams(path, container, sound)
        clock = read_clock(path)
        audio, picture = sound_stream(container, sound), picture_stream(container)
        return MediaInfo(
            **streams,
            **_lengths(path, clock, audio, picture),
            missing=_missing(container, path, clock, audio),
            header_s=container.duration / av.time_base if container.duration else None,
            error=clock.error,
        )


def open_soundfile(path: str | os.PathLike, refused: MediaError) -> soundfile.SoundFile:
    """Open a file that FFmpeg refuses with libsndfile; raises what FFmpeg said if that fails."""
    try:
        return soundfile.SoundFile(os.fspath(path))
    except (soundfile.LibsndfileError, OSError):
        raise refused from None


def _streams(path, container, sound: str) -> dict[str, object]:
    video, audio = picture_stream(container), sound_stream(container, sound)
    if video is None and audio is None:
        raise MediaError(Problem(str(path), "holds neither sound nor moving pictures", EXPECTED))
    known = sound_streams(container)
    return {
        "sample_rate_hz": audio.sample_rate if audio else None,
        "channels": audio.channels if audio else None,
        "width": video.width if video else None,
        "height": video.height if video else None,
        "frame_rate_hz": float(video.average_rate) if video and video.average_rate else None,
        "sounds": tuple(describe_sounds(known)),
        "sound": known.index(audio) + 1 if audio else None,
    }


def _lengths(path, clock: Clock, audio, picture) -> dict[str, float | None]:
    of_sound, of_picture = (
        clock.span_s(stream.index) if stream else None for stream in (audio, picture)
    )
    if of_sound is None and of_picture is None:
        raise MediaError(
            Problem(
                str(path),
                f"holds no sound and no picture that can be read ({clock.error or 'no packets'})",
                EXPECTED,
                "the file may be cut off right after its header; copy it again",
            )
        )
    start_s = (of_picture or of_sound)[0]
    ends_s = [max(0.0, span[1] - start_s) if span else None for span in (of_sound, of_picture)]
    return {
        "sound_s": ends_s[0],
        "picture_s": ends_s[1],
        "duration_s": max(end_s for end_s in ends_s if end_s is not None),
    }


def _missing(container, path, clock: Clock, audio) -> float:
    """The share of the file that its index promises and that is not there."""
    promised, size = promised_bytes(container, path), os.path.getsize(path)
    if promised > size * (1 + SHORTFALL):
        return 1 - size / promised
    told_s = (container.duration or 0) / av.time_base
    there_s = clock.span_s(audio.index)[1] if audio and clock.span_s(audio.index) else 0.0
    last = clock.streams[audio.index].last_bytes if there_s else b""
    if told_s > there_s * (1 + SHORTFALL) and ends_torn(container, last):
        return 1 - there_s / told_s
    return 0.0
