"""Which streams of a file count: its picture, and the one of its sounds that is the film's."""

import os
import re
from collections.abc import Sequence
from typing import NamedTuple

import av
import langcodes
from av.stream import Disposition

from scorelens.errors import MediaError, Problem

# What a sound is called that comments on the film, or describes it to the blind.
_COMMENTARY = re.compile(
    r"comment|kommentar|comentar|descri|beschreib|audio.?guide|h.rfilm|director", re.IGNORECASE
)
_ASIDE = (
    Disposition.comment
    | Disposition.visual_impaired
    | Disposition.hearing_impaired
    | Disposition.descriptions
    | Disposition.karaoke
    | Disposition.clean_effects
)


class SoundStream(NamedTuple):
    """What a file says of one of its sounds.

    number: among the file's sounds, from 1. language: as the file has it, such as `eng`; may be
    empty. aside: a commentary, a description for the blind, or the like. default: flagged so.
    """

    number: int
    language: str
    title: str
    layout: str
    default: bool
    aside: bool

    def __str__(self) -> str:
        words = [self.language, self.layout, f"{self.title!r}" if self.title else ""]
        flags = ["default" if self.default else "", "commentary or the like" if self.aside else ""]
        return f"{self.number} ({', '.join(filter(None, [*words, *flags]))})"


def picture_stream(container: av.container.InputContainer) -> av.VideoStream | None:
    """The first stream of moving pictures; the cover image of an album track does not count."""
    still = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
    return next((s for s in container.streams.video if not s.disposition & still), None)


def sound_streams(container: av.container.InputContainer) -> list[av.AudioStream]:
    """The sounds of a file of which the sample rate is known, in the file's order."""
    return [stream for stream in container.streams.audio if stream.sample_rate]


def sound_stream(container: av.container.InputContainer, choice: str = "") -> av.AudioStream | None:
    """The sound of a file that counts.

    Parameters
    ----------
    container
        An open file.
    choice
        The number of a sound, from 1, or its language, such as `de`, `deu` or `ger`. If it is
        empty: the sound that is flagged default, if that is no commentary or description; else
        the first that is neither; else the first.

    Returns
    -------
    av.AudioStream or None
        None if the file has no sound.

    Raises
    ------
    MediaError
        If the file has sound, but not the one that is asked for.
    """
    streams = sound_streams(container)
    known = describe_sounds(streams)
    if choice and streams:
        return streams[_chosen(container.name, choice, known)]
    order = sorted(range(len(known)), key=lambda k: (known[k].aside, not known[k].default))
    return streams[order[0]] if order else None


def describe_sounds(streams: Sequence[av.AudioStream]) -> list[SoundStream]:
    """What a file says of its sounds; see `sound_streams`."""
    return [
        SoundStream(
            number=number,
            language=stream.language or "",
            title=" ".join(stream.metadata.get("title", "").split()),
            layout=stream.layout.name,
            default=bool(stream.disposition & Disposition.default),
            aside=_is_aside(stream),
        )
        for number, stream in enumerate(streams, start=1)
    ]


def _is_aside(stream: av.AudioStream) -> bool:
    title = f"{stream.metadata.get('title', '')} {stream.metadata.get('handler_name', '')}"
    return bool(stream.disposition & _ASIDE) or bool(_COMMENTARY.search(title))


def _chosen(path: str | os.PathLike, choice: str, known: Sequence[SoundStream]) -> int:
    """The place of the sound of a number or of a language."""
    matching = [
        k
        for k, sound in enumerate(known)
        if (choice.isdecimal() and int(choice) == sound.number)
        or (sound.language and _language(choice) == _language(sound.language))
    ]
    if not matching:
        there = "; ".join(map(str, known))
        raise MediaError(
            Problem(
                str(path).removeprefix("file:"),
                f"has no sound {choice!r}",
                f"a number or a language of its sounds: {there}",
                "mend the column `audio` of the table, or leave it empty",
            )
        )
    return min(matching, key=lambda k: (known[k].aside, not known[k].default))


def _language(name: str) -> str:
    """One spelling of a language: `ger`, `deu` and `de` are `de`; other words are themselves."""
    try:
        return langcodes.Language.get(name.strip()).language or name.strip().lower()
    except langcodes.LanguageTagError:
        return name.strip().lower()
