"""Select the streams of a file to use: its picture, and one of its sounds."""

import os
import re
from collections.abc import Sequence
from typing import NamedTuple

import av
import langcodes
from av.stream import Disposition

from scorelens.errors import MediaError, Problem

# Titles of commentaries and of descriptions for the blind.
_COMMENTARY = re.compile(
    r"comment|kommentar|comentar|descri|beschreib|audio.?guide|h.rfilm|director", re.IGNORECASE
)
_SECONDARY = (
    Disposition.comment
    | Disposition.visual_impaired
    | Disposition.hearing_impaired
    | Disposition.descriptions
    | Disposition.karaoke
    | Disposition.clean_effects
)


class SoundStream(NamedTuple):
    """One of the sounds of a file.

    Parameters
    ----------
    number : int
        Among the file's sounds, from 1.
    language : str
        As in the file, such as `eng`; may be empty.
    title : str
        As in the file; may be empty.
    layout : str
        Channel layout.
    default : bool
        Flagged as default.
    secondary : bool
        A commentary, a description for the blind, or similar.
    """

    number: int
    language: str
    title: str
    layout: str
    default: bool
    secondary: bool

    def __str__(self) -> str:
        details = [self.language, self.layout, f"{self.title!r}" if self.title else ""]
        flags = ["default" if self.default else "", "commentary" if self.secondary else ""]
        return f"{self.number} ({', '.join(filter(None, [*details, *flags]))})"


def picture_stream(container: av.container.InputContainer) -> av.VideoStream | None:
    """First stream of moving pictures; the cover image of an album track does not count.

    Parameters
    ----------
    container : av.container.InputContainer
        An open file.

    Returns
    -------
    av.VideoStream or None
    """
    still = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
    return next((s for s in container.streams.video if not s.disposition & still), None)


def sound_streams(container: av.container.InputContainer) -> list[av.AudioStream]:
    """Sounds of a file with a sample rate, in the order of the file.

    Parameters
    ----------
    container : av.container.InputContainer
        An open file.

    Returns
    -------
    list of av.AudioStream
    """
    return [stream for stream in container.streams.audio if stream.sample_rate]


def sound_stream(container: av.container.InputContainer, choice: str = "") -> av.AudioStream | None:
    """Select the sound of a file.

    Parameters
    ----------
    container : av.container.InputContainer
        An open file.
    choice : str
        Number of a sound, from 1, or its language, such as `de`, `deu` or `ger`. Empty for the
        sound that is flagged as default, if it is no commentary or description; otherwise the
        first that is neither; otherwise the first.

    Returns
    -------
    av.AudioStream or None
        None if the file has no sound.

    Raises
    ------
    MediaError
        If the file has sound, but not the requested one.
    """
    streams = sound_streams(container)
    sounds = describe_sounds(streams)
    if choice and streams:
        return streams[_chosen(container.name, choice, sounds)]
    order = sorted(range(len(sounds)), key=lambda k: (sounds[k].secondary, not sounds[k].default))
    return streams[order[0]] if order else None


def describe_sounds(streams: Sequence[av.AudioStream]) -> list[SoundStream]:
    """Describe the sounds of a file.

    Parameters
    ----------
    streams : sequence of av.AudioStream
        As `sound_streams` returns them.

    Returns
    -------
    list of SoundStream
    """
    return [
        SoundStream(
            number=number,
            language=stream.language or "",
            title=" ".join(stream.metadata.get("title", "").split()),
            layout=stream.layout.name,
            default=bool(stream.disposition & Disposition.default),
            secondary=_is_secondary(stream),
        )
        for number, stream in enumerate(streams, start=1)
    ]


def _is_secondary(stream: av.AudioStream) -> bool:
    title = f"{stream.metadata.get('title', '')} {stream.metadata.get('handler_name', '')}"
    return bool(stream.disposition & _SECONDARY) or bool(_COMMENTARY.search(title))


def _chosen(path: str | os.PathLike, choice: str, sounds: Sequence[SoundStream]) -> int:
    """Index of the sound of a number or of a language."""
    matching = [
        k
        for k, sound in enumerate(sounds)
        if (choice.isdecimal() and int(choice) == sound.number)
        or (sound.language and _language(choice) == _language(sound.language))
    ]
    if not matching:
        available = "; ".join(map(str, sounds))
        raise MediaError(
            Problem(
                str(path).removeprefix("file:"),
                f"has no sound {choice!r}",
                f"a number or a language of its sounds: {available}",
                "correct the column `audio` of the table, or leave it empty",
            )
        )
    return min(matching, key=lambda k: (sounds[k].secondary, not sounds[k].default))


def _language(name: str) -> str:
    """Normalised language: `ger`, `deu` and `de` are `de`; other words do not change."""
    try:
        return langcodes.Language.get(name.strip()).language or name.strip().lower()
    except langcodes.LanguageTagError:
        return name.strip().lower()
