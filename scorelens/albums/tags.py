"""Read the tags of a sound file in any format. Damaged tags count as none.

mutagen reads ID3, APEv2, Vorbis comments, MP4 atoms and ASF; FFmpeg reads the rest, such as
Matroska and the INFO lists of RIFF.
"""

import logging
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import mutagen
from mutagen import apev2, asf, flac, id3, mp4

from scorelens import media
from scorelens.albums.cuesheets import FRAMES

log = logging.getLogger(__name__)
ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}\d{7}")
# Vorbis comments have no common name for it.
PUBLISHER_NAMES = ("publisher", "organization", "label")
# Field -> its names in ID3, MP4, ASF, and where names are words, in lower case.
NAMES = {
    "title": ("TIT2", "\xa9nam", "Title", ("title",)),
    "artist": ("TPE1", "\xa9ART", "Author", ("artist", "author")),
    "composer": ("TCOM", "\xa9wrt", "WM/Composer", ("composer",)),
    "publisher": ("TPUB", "----:com.apple.iTunes:PUBLISHER", "WM/Publisher", PUBLISHER_NAMES),
    "album": ("TALB", "\xa9alb", "WM/AlbumTitle", ("album",)),
    "disc": ("TPOS", "disk", "WM/PartOfSet", ("discnumber", "disc")),
    "number": ("TRCK", "trkn", "WM/TrackNumber", ("tracknumber", "track")),
    "isrc": ("TSRC", "----:com.apple.iTunes:ISRC", "WM/ISRC", ("isrc", "tsrc")),
    "cuesheet": ("TXXX:CUESHEET", "----:com.apple.iTunes:CUESHEET", "CUESHEET", ("cuesheet",)),
}

TEXTS = ("title", "artist", "composer", "album", "publisher")


class Tags(NamedTuple):
    """The tags of a file. Texts are empty, numbers None, where there is no tag.

    Parameters
    ----------
    title, artist, composer, album, publisher : str
        In one line; several values are joined by semicolons.
    disc, number : int or None
        Numbers of disc and track.
    isrc : str
        12 letters and digits.
    cuesheet : str
        Text of a CUE sheet.
    """

    title: str = ""
    artist: str = ""
    composer: str = ""
    album: str = ""
    disc: int | None = None
    number: int | None = None
    isrc: str = ""
    cuesheet: str = ""
    publisher: str = ""


def read_tags(path: str | os.PathLike) -> Tags:
    """Read the tags of a sound file. Never fails because of their content.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    Tags
        Several values of a field are joined by semicolons. Of a number such as `3/12` the first
        part counts. Of two kinds of tags the newer one counts.
    """
    for read in (_of_format, id3.ID3, apev2.APEv2, _of_ffmpeg):
        try:
            tags = _tags(read(path))
        except Exception as error:  # a library may raise anything for damaged bytes
            log.debug("%s: no tags by %s (%s)", path, read.__name__, error)
            continue
        if tags != Tags():
            return tags
    return Tags()


def tag_columns(tags: Tags) -> dict[str, str | int | None]:
    """Tags of a track as columns of a table: all but the CUE sheet.

    Parameters
    ----------
    tags : Tags
        Of the track.

    Returns
    -------
    dict of str to str, int or None
    """
    return {name: value for name, value in tags._asdict().items() if name != "cuesheet"}


def clean_text(text: str) -> str:
    """Normalise a text of tags: one line, composed (NFC), without control characters.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str

    Examples
    --------
    >>> clean_text("The\\x00 Night\\n Train\\x00")
    'The Night Train'
    """
    composed = unicodedata.normalize("NFC", text)
    visible = (c for c in composed if c.isspace() or not _is_invisible(c))
    return " ".join("".join(visible).split())


def whole_number(text: str) -> int | None:
    """Number at the start of a text, such as 3 of `3/12`.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    int or None
        None if there is no number, or if it is 0.

    Examples
    --------
    >>> whole_number("03/12"), whole_number("A1"), whole_number("0")
    (3, None, None)
    """
    match = re.match(r"\s*(\d{1,6})(?!\d)", text)
    return int(match[1]) or None if match else None


def plain_isrc(text: str) -> str:
    """The 12 letters and digits of an ISRC.

    Parameters
    ----------
    text : str
        With or without hyphens.

    Returns
    -------
    str
        Empty if the text is no ISRC.

    Examples
    --------
    >>> plain_isrc("us-abc-12-34567"), plain_isrc("none")
    ('USABC1234567', '')
    """
    plain = re.sub(r"[-\s]", "", text).upper()
    return plain if ISRC.fullmatch(plain) else ""


def _is_invisible(character: str) -> bool:
    """Whether a character is a control character, half of one, or a byte order mark."""
    return unicodedata.category(character) in ("Cc", "Cs") or character == "\ufeff"


def _of_format(path):
    file = mutagen.File(path)
    if isinstance(file, flac.FLAC) and file.cuesheet:
        tags = file.tags.as_dict() if file.tags else {}
        return {"cuesheet": [_sheet_of_block(file)]} | tags
    return None if file is None else file.tags


def _sheet_of_block(file: flac.FLAC) -> str:
    """The CUE sheet in a metadata block of a FLAC file, which has no titles."""
    lines = ['FILE "" WAVE']
    for track in file.cuesheet.tracks:
        for index in track.indexes:
            sample = track.start_offset + index.index_offset
            seconds, frames = divmod(round(sample * FRAMES / file.info.sample_rate), FRAMES)
            time = f"{seconds // 60:02d}:{seconds % 60:02d}:{frames:02d}"
            if index.index_number == 1 and track.type == 0:
                isrc = track.isrc.decode("ascii", "replace").strip("\0")
                lines += [f"TRACK {track.track_number:02d} AUDIO", f"INDEX 01 {time}"]
                lines += [f"ISRC {isrc}"] if isrc else []
    return "\n".join(lines)


def _of_ffmpeg(path) -> dict[str, str]:
    with media.open_container(path) as container:
        streams = [stream.metadata for stream in container.streams.audio]
        sources = [container.metadata, *streams]
    return {key: value for tags in reversed(sources) for key, value in tags.items()}


def _tags(tags) -> Tags:
    if not tags:
        return Tags()
    texts = {field: list(_values(tags, names)) for field, names in NAMES.items()}
    return Tags(
        **{field: _joined(texts[field]) for field in TEXTS},
        **{field: whole_number("".join(texts[field][:1])) for field in ("disc", "number")},
        isrc=plain_isrc("".join(texts["isrc"][:1])),
        cuesheet="".join(texts["cuesheet"][:1]),
    )


def _joined(values: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(filter(None, map(clean_text, values))))


def _values(tags, names) -> Iterator[str]:
    """The values of one field as texts."""
    of_id3, of_mp4, of_asf, plain = names
    if isinstance(tags, id3.ID3Tags):
        values = [value for frame in tags.getall(of_id3) for value in frame.text]
    elif isinstance(tags, mp4.MP4Tags):
        values = tags.get(of_mp4, [])
    elif isinstance(tags, asf.ASFTags):
        values = tags.get(of_asf, [])
    else:
        values = _of_plain_names(tags, plain)
    for value in values:
        first = value[0] if isinstance(value, tuple) and value else value  # 3 of 12, in MP4
        yield first.decode("utf-8", "replace") if isinstance(first, bytes) else str(first)


def _of_plain_names(tags: Mapping, names: Iterable[str]) -> list:
    """The values of the first of some names that the tags have, in any case."""
    for name in names:
        for key in tags.keys():  # noqa: SIM118  (some of mutagen's are no mappings to iterate)
            if key.lower() == name:
                value = tags[key]
                is_text = isinstance(value, str | bytes)
                return [value] if is_text else list(value)
    return []
