"""List problems and notes about the length of a media file and about its sounds."""

import os
from collections.abc import Iterator

from scorelens.errors import MediaError, Problem
from scorelens.media.probe import HEADER_TOLERANCE, HEADER_TOLERANCE_S, MediaInfo
from scorelens.media.sound import Sound, audio_blocks, count_broken_samples

FIRST_S = 5.0  # of a sound, in which at least one sample must decode
APART_S = 5.0  # by which sound and picture may end at different times without a note


def sound_problems(path: str | os.PathLike, info: MediaInfo, stream: str = "") -> Iterator[Problem]:
    """List the problems that prevent the sound of a file from being used.

    Parameters
    ----------
    path : path
        The file.
    info : MediaInfo
        The result of `probe`.
    stream : str
        Number or language of the sound, empty for the default one.

    Yields
    ------
    Problem
        The file is shorter than its index says, or no sound decodes.
    """
    if info.missing:
        yield Problem(
            str(path),
            f"lacks {info.missing:.0%} of what its index lists, from {info.duration_s:.1f} s on",
            "a whole file",
            "the copy was probably cut off; copy it again",
        )
    if not _decodes(path, stream):
        yield Problem(
            str(path),
            "has sound that cannot be decoded",
            "sound that FFmpeg or libsndfile decodes",
            "the file may be damaged or protected against copying; play it to check",
        )


def length_notes(info: MediaInfo) -> Iterator[str]:
    """List notes about the length of a film: different ends, or a wrong header.

    Parameters
    ----------
    info : MediaInfo
        The result of `probe`.

    Yields
    ------
    str
        One note.
    """
    sound_s, picture_s = info.sound_s, info.picture_s
    if sound_s is not None and picture_s is not None and abs(sound_s - picture_s) > APART_S:
        first, last = ("sound", "picture") if sound_s < picture_s else ("picture", "sound")
        ends = sorted([sound_s, picture_s])
        yield f"the {first} ends at {ends[0]:.1f} s, the {last} at {ends[1]:.1f} s"
    tolerance_s = max(HEADER_TOLERANCE_S, HEADER_TOLERANCE * info.duration_s)
    if info.header_s is not None and abs(info.header_s - info.duration_s) > tolerance_s:
        yield f"the header says {info.header_s:.1f} s, there are {info.duration_s:.1f} s"
    if info.error:
        yield f"nothing can be read after {info.duration_s:.1f} s ({info.error})"


def sound_notes(path: str | os.PathLike, info: MediaInfo, stream: str = "") -> Iterator[str]:
    """List notes about the sound of a file.

    Parameters
    ----------
    path : path
        The file.
    info : MediaInfo
        The result of `probe`.
    stream : str
        Number or language of the sound, empty for the default one.

    Yields
    ------
    str
        Which of several sounds is used, or the number of samples that are not finite.
    """
    if len(info.sounds) > 1:
        used = next(sound for sound in info.sounds if sound.number == info.sound)
        others = "; ".join(str(sound) for sound in info.sounds if sound is not used)
        yield f"of {len(info.sounds)} sounds number {used} is used; there are also {others}"
    if info.sounds and (broken := count_broken_samples(Sound(path, stream=stream))):
        yield f"{broken:,} samples are not finite; they count as silence"


def _decodes(path: str | os.PathLike, stream: str) -> bool:
    try:
        return any(len(block) for block in audio_blocks(Sound(path, 0.0, FIRST_S, stream), 8000))
    except MediaError:
        return False
