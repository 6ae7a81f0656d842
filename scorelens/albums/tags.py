"""What the tags of a sound file say, whatever the format; damaged tags say nothing.

mutagen reads ID3, APEv2, Vorbis comments, MP4 atoms and ASF; FFmpeg knows the rest, such as
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
# Field -> its names in ID3, MP4, ASF, and where names are words, in lower case.
NAMES = {
    "title": ("TIT2", "\xa9nam", "Title", ("title",)),
    "artist": ("TPE1", "\xa9ART", "Author", ("artist", "author")),
    "composer": ("TCOM", "\xa9wrt", "WM/Composer", ("composer",)),
    "album": ("TALB", "\xa9alb", "WM/AlbumTitle", ("album",)),
    "disc": ("TPOS", "disk", "WM/PartOfSet", ("discnumber", "disc")),
    "number": ("TRCK", "trkn", "WM/TrackNumber", ("tracknumber", "track")),
    "isrc": ("TSRC", "----:com.apple.iTunes:ISRC", "WM/ISRC", ("isrc", "tsrc")),
    "cuesheet": ("TXXX:CUESHEET", "----:com.apple.iTunes:CUESHEET", "CUESHEET", ("cuesheet",)),
}


class Tags(NamedTuple):
    """The tags of a file. Texts are empty, numbers None, where there is none.

    isrc: of 12 letters and digits. cuesheet: a CUE sheet as the tag has it.
    """

    title: str = ""
    artist: str = ""
    composer: str = ""
    album: str = ""
    disc: int | None = None
    number: int | None = None
    isrc: str = ""
    cuesheet: str = ""


def read_tags(path: str | os.PathLike) -> Tags:
    """The tags of a sound file; never fails for what they hold.

    Several values of one field are joined by semicolons. Of a number such as `3/12` the first part
    counts. Of tags that are there twice the newer kind counts.
    """
    for read in (_of_format, id3.ID3, apev2.APEv2, _of_ffmpeg):
        try:
            found = _tags(read(path))
        except Exception as error:  # a library may raise anything for damaged bytes
            log.debug("%s: no tags by %s (%s)", path, read.__name__, error)
            continue
        if found != Tags():
            return found
    return Tags()


def tag_columns(tags: Tags) -> dict[str, str | int | None]:
    """The tags of a track by the columns that tables have for them, which is all but the CUE sheet.

    Parameters
    ----------
    tags
        As `read_tags` gives them.
    """
    return {name: value for name, value in tags._asdict().items() if name != "cuesheet"}


def clean_text(text: str) -> str:
    """A text of tags in one line, composed (NFC), without control characters.

    >>> clean_text("The\\x00 Night\\n Train\\x00")
    'The Night Train'
    """
    kept = (c for c in unicodedata.normalize("NFC", text) if c.isspace() or not _is_unseen(c))
    return " ".join("".join(kept).split())


def whole_number(text: str) -> int | None:
    """The number that a text starts with, such as `3/12`; None without, and of 0, which is none.

    >>> whole_number("03/12"), whole_number("A1"), whole_number("0")
    (3, None, None)
    """
    match = re.match(r"\s*(\d{1,6})(?!\d)", text)
    return int(match[1]) or None if match else None


def plain_isrc(text: str) -> str:
    """The 12 letters and digits of an ISRC; empty if the text is none.

    >>> plain_isrc("us-abc-12-34567"), plain_isrc("none")
    ('USABC1234567', '')
    """
    plain = re.sub(r"[-\s]", "", text).upper()
    return plain if ISRC.fullmatch(plain) else ""


def _is_unseen(character: str) -> bool:
    """Whether a character is a control character, half of one, or a byte order mark."""
    return unicodedata.category(character) in ("Cc", "Cs") or character == "\ufeff"


def _of_format(path):
    file = mutagen.File(path)
    if isinstance(file, flac.FLAC) and file.cuesheet:
        own = file.tags.as_dict() if file.tags else {}
        return {"cuesheet": [_sheet_of_block(file)]} | own
    return None if file is None else file.tags


def _sheet_of_block(file: flac.FLAC) -> str:
    """The CUE sheet that a FLAC file has as a block of its own, which has no titles."""
    lines = ['FILE "" WAVE']
    for track in file.cuesheet.tracks:
        for index in track.indexes:
            place = track.start_offset + index.index_offset
            seconds, frames = divmod(round(place * FRAMES / file.info.sample_rate), FRAMES)
            time = f"{seconds // 60:02d}:{seconds % 60:02d}:{frames:02d}"
            if index.index_number == 1 and track.type == 0:
                isrc = track.isrc.decode("ascii", "replace").strip("\0")
                lines += [f"TRACK {track.track_number:02d} AUDIO", f"INDEX 01 {time}"]
                lines += [f"ISRC {isrc}"] if isrc else []
    return "\n".join(lines)


def _of_ffmpeg(path) -> dict[str, str]:
    with media.open_container(path) as container:
        streams = [stream.metadata for stream in container.streams.audio]
        own = [container.metadata, *streams]
    return {key: value for tags in reversed(own) for key, value in tags.items()}


def _tags(tags) -> Tags:
    if not tags:
        return Tags()
    texts = {field: list(_values(tags, names)) for field, names in NAMES.items()}
    return Tags(
        **{field: _joined(texts[field]) for field in ("title", "artist", "composer", "album")},
        **{field: whole_number("".join(texts[field][:1])) for field in ("disc", "number")},
        isrc=plain_isrc("".join(texts["isrc"][:1])),
        cuesheet="".join(texts["cuesheet"][:1]),
    )


def _joined(values: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(filter(None, map(clean_text, values))))


def _values(tags, names) -> Iterator[str]:
    """The values of one field as texts."""
    of_id3, of_mp4, of_asf, words = names
    if isinstance(tags, id3.ID3Tags):
        found = [value for frame in tags.getall(of_id3) for value in frame.text]
    elif isinstance(tags, mp4.MP4Tags):
        found = tags.get(of_mp4, [])
    elif isinstance(tags, asf.ASFTags):
        found = tags.get(of_asf, [])
    else:
        found = _of_words(tags, words)
    for value in found:
        first = value[0] if isinstance(value, tuple) and value else value  # 3 of 12, in MP4
        yield first.decode("utf-8", "replace") if isinstance(first, bytes) else str(first)


def _of_words(tags: Mapping, words: Iterable[str]) -> list:
    """The values of the first of some names that is there, in tags whose names are words."""
    for word in words:
        for key in tags.keys():  # noqa: SIM118  (some of mutagen's are no mappings to iterate)
            if key.lower() == word:
                value = tags[key]
                is_text = isinstance(value, str | bytes)
                return [value] if is_text else list(value)
    return []
