"""CUE sheets: what they say of the tracks of a file.

Our own parser: no library that is kept up takes CUE sheets as rippers and hands write them.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

FRAMES = 75  # of a CD, in a second
LINE = re.compile(r"\s*(?:REM\s+)?(?P<command>\w+)\s+(?P<rest>\S.*?)\s*", re.I)
FIRST_INDEX = re.compile(r"0*1$")
TIME = re.compile(r"(\d+):(\d{1,2}):(\d{1,2})")


class CueTrack(NamedTuple):
    """A track of a sheet.

    file: as its FILE line says it. start_s: INDEX 01, in the file, in s; None without. Texts are
    empty where the sheet has none.
    """

    number: int
    file: str
    start_s: float | None
    title: str
    performer: str
    composer: str
    isrc: str


class CueSheet(NamedTuple):
    """A sheet: what it says of the album, and its audio tracks in their order."""

    title: str
    performer: str
    composer: str
    disc: str
    tracks: tuple[CueTrack, ...]

    @property
    def files(self) -> tuple[str, ...]:
        """The files that it names, each once."""
        return tuple(dict.fromkeys(track.file for track in self.tracks))


def parse_sheet(text: str) -> CueSheet:
    """Read a sheet, whatever the case of its commands; lines that say nothing here are passed over.

    Pauses that a player would add (PREGAP, POSTGAP) are not in the file and move nothing; what
    INDEX 00 counts in belongs to the track before. Data tracks are left out.

    Parameters
    ----------
    text
        The whole sheet, or the tag CUESHEET of a file.

    Examples
    --------
    >>> sheet = parse_sheet('FILE "a.wav" WAVE\\n TRACK 01 AUDIO\\n  INDEX 01 00:02:15')
    >>> sheet.tracks[0].file, sheet.tracks[0].start_s
    ('a.wav', 2.2)
    """
    album: dict[str, str] = {}
    tracks: list[dict] = []
    file, about = "", album
    for command, rest in _lines(text):
        words = rest.split()
        if command == "FILE":
            file = _file(rest)
        elif command == "TRACK" and words[0].isdecimal():
            about = {"number": int(words[0]), "kind": words[-1].upper(), "file": file}
            tracks.append(about)
        elif command == "INDEX" and tracks:
            if FIRST_INDEX.match(words[0]) and (time := TIME.match(words[-1])):
                minutes, seconds, frames = map(int, time.groups())
                about |= {"file": file, "start_s": minutes * 60 + seconds + frames / FRAMES}
        else:
            about.setdefault(command, _text(rest))
    found = (_track(own) for own in tracks if own["kind"] == "AUDIO")
    return CueSheet(*_words(album), album.get("DISCNUMBER", ""), tuple(found))


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Command and the rest of each line that has both. REM lines are commands of their own."""
    for line in text.splitlines():
        if match := LINE.fullmatch(line):
            yield match["command"].upper(), match["rest"]


def _text(rest: str) -> str:
    """A text with or without its quotation marks; there may be others inside it."""
    if not rest.startswith('"'):
        return rest
    end = rest.rfind('"')
    return rest[1 : end or None].strip()


def _file(rest: str) -> str:
    """The path of a FILE line, whose last word is the kind of the file if it has no dot."""
    words = rest.rsplit(None, 1)
    is_bare = not rest.startswith('"') and len(words) > 1 and "." not in words[1]
    return words[0] if is_bare else _text(rest)


def _words(about: dict) -> tuple[str, str, str]:
    composer = about.get("SONGWRITER") or about.get("COMPOSER", "")
    return about.get("TITLE", ""), about.get("PERFORMER", ""), composer


def _track(about: dict) -> CueTrack:
    place = about["number"], about["file"], about.get("start_s")
    return CueTrack(*place, *_words(about), about.get("ISRC", ""))
