"""Read the streams of a media file from its header, and their true lengths from its packets."""

import os
from dataclasses import dataclass

import av
import soundfile

from scorelens.errors import MediaError, Problem
from scorelens.media.clock import Clock, read_clock
from scorelens.media.files import EXPECTED, open_container
from scorelens.media.index_lengths import has_cut_frame, indexed_bytes
from scorelens.media.streams import (
    SoundStream,
    describe_sounds,
    picture_stream,
    sound_stream,
    sound_streams,
)

MAX_SHORTFALL = 0.01  # share of a file that its index may list too much: padding, free space
HEADER_TOLERANCE_S, HEADER_TOLERANCE = 5.0, 0.05  # headers round, and estimate


@dataclass(frozen=True)
class Header:
    """The reliable part of the header of a file. None where there is no such stream.

    Parameters
    ----------
    sample_rate_hz : int or None
        Of the sound that is used, Hz.
    channels : int or None
        Its channels.
    width, height : int or None
        Size of the picture, pixels.
    frame_rate_hz : float or None
        Its mean frame rate, Hz.
    sounds : tuple of SoundStream
        All sounds of the file.
    sound : int or None
        Number of the one that is used, from 1.
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
    """The streams of a file and their true lengths, whatever the header says.

    Times count from the first picture; without pictures, from the first sample. The fields of
    `Header` come first.

    Parameters
    ----------
    duration_s : float
        End of the last of sound and picture, s.
    sound_s, picture_s : float or None
        End of the sound and of the picture, s; None without such a stream.
    missing : float
        Share of the file that its index lists and that is not there, 0..1.
    header_s : float or None
        Length by the header, s.
    error : str
        Why FFmpeg cannot read the file to its end; empty if it can.
    """

    duration_s: float = 0.0
    sound_s: float | None = None
    picture_s: float | None = None
    missing: float = 0.0
    header_s: float | None = None
    error: str = ""


def read_header(path: str | os.PathLike, sound: str = "") -> Header:
    """Read the streams of a media file from its header. Cheap, and without a length.

    Parameters
    ----------
    path : path
        A media file.
    sound : str
        Number or language of the sound, empty for the default one.

    Returns
    -------
    Header

    Raises
    ------
    MediaError
        If the file is missing, empty, or cannot be read by FFmpeg or libsndfile, or if it lacks the
        requested sound.
    """
    try:
        container = open_container(path)
    except MediaError as error:
        with open_soundfile(path, error) as file:
            return Header(file.samplerate, file.channels, None, None, None)
    with container:
        return Header(**_streams(path, container, sound))


def probe(path: str | os.PathLike, sound: str = "") -> MediaInfo:
    """Read the streams and lengths of a media file. Reads all packets and decodes none.

    Parameters
    ----------
    path : path
        A media file.
    sound : str
        Number or language of the sound, empty for the default one.

    Returns
    -------
    MediaInfo

    Raises
    ------
    MediaError
        If the file is missing, empty, or cannot be read by FFmpeg or libsndfile, if it lacks the
        requested sound, or if it holds no packet of sound or moving pictures.
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
    """Open with libsndfile a file that FFmpeg cannot read.

    Parameters
    ----------
    path : path
        The file.
    refused : MediaError
        The error of FFmpeg.

    Returns
    -------
    soundfile.SoundFile

    Raises
    ------
    MediaError
        `refused`, if libsndfile cannot read it either.
    """
    try:
        return soundfile.SoundFile(os.fspath(path))
    except (soundfile.LibsndfileError, OSError):
        raise refused from None


def _streams(path, container, sound: str) -> dict[str, object]:
    video, audio = picture_stream(container), sound_stream(container, sound)
    if video is None and audio is None:
        raise MediaError(Problem(str(path), "holds neither sound nor moving pictures", EXPECTED))
    sounds = sound_streams(container)
    return {
        "sample_rate_hz": audio.sample_rate if audio else None,
        "channels": audio.channels if audio else None,
        "width": video.width if video else None,
        "height": video.height if video else None,
        "frame_rate_hz": float(video.average_rate) if video and video.average_rate else None,
        "sounds": tuple(describe_sounds(sounds)),
        "sound": sounds.index(audio) + 1 if audio else None,
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
    """Share of the file that its index lists and that is not there."""
    indexed, size = indexed_bytes(container, path), os.path.getsize(path)
    if indexed > size * (1 + MAX_SHORTFALL):
        return 1 - size / indexed
    header_s = (container.duration or 0) / av.time_base
    actual_s = clock.span_s(audio.index)[1] if audio and clock.span_s(audio.index) else 0.0
    last = clock.streams[audio.index].last_bytes if actual_s else b""
    if header_s > actual_s * (1 + MAX_SHORTFALL) and has_cut_frame(container, last):
        return 1 - actual_s / header_s
    return 0.0
