"""Parse CUE sheets, which describe the tracks of a file.

Our own parser: no maintained library reads CUE sheets as rippers and people write them.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

FRAMES = 75  # of a CD, in a second
LINE = re.compile(r"\s*(?:REM\s+)?(?P<command>\w+)\s+(?P<rest>\S.*?)\s*", re.I)
FIRST_INDEX = re.compile(r"0*1$")
TIME = re.compile(r"(\d+):(\d{1,2}):(\d{1,2})")


class CueTrack(NamedTuple):
    """A track of a sheet. Texts are empty where the sheet has none.

    Parameters
    ----------
    number : int
        Track number.
    file : str
        Path as in its FILE line.
    start_s : float or None
        INDEX 01, s of the file; None without.
    title, performer, composer, isrc : str
        As in the sheet.
    """

    number: int
    file: str
    start_s: float | None
    title: str
    performer: str
    composer: str
    isrc: str


class CueSheet(NamedTuple):
    """A CUE sheet. Texts are empty where the sheet has none.

    Parameters
    ----------
    title, performer, composer, disc : str
        Of the album.
    tracks : tuple of CueTrack
        Its audio tracks in order.
    """

    title: str
    performer: str
    composer: str
    disc: str
    tracks: tuple[CueTrack, ...]

    @property
    def files(self) -> tuple[str, ...]:
        """Files that the sheet names, each once."""
        return tuple(dict.fromkeys(track.file for track in self.tracks))


def parse_sheet(text: str) -> CueSheet:
    """Parse a sheet, whatever the case of its commands. Unknown lines are ignored.

    Pauses that a player would add (PREGAP, POSTGAP) are not in the file and shift nothing; the time
    from INDEX 00 to INDEX 01 belongs to the track before. Data tracks are left out.

    Parameters
    ----------
    text : str
        The whole sheet, or the tag CUESHEET of a file.

    Returns
    -------
    CueSheet

    Examples
    --------
    >>> sheet = parse_sheet('FILE "a.wav" WAVE\\n TRACK 01 AUDIO\\n  INDEX 01 00:02:15')
    >>> sheet.tracks[0].file, sheet.tracks[0].start_s
    ('a.wav', 2.2)
    """
    album: dict[str, str] = {}
    tracks: list[dict] = []
    file, fields = "", album
    for command, rest in _lines(text):
        words = rest.split()
        if command == "FILE":
            file = _file(rest)
        elif command == "TRACK" and words[0].isdecimal():
            fields = {"number": int(words[0]), "kind": words[-1].upper(), "file": file}
            tracks.append(fields)
        elif command == "INDEX" and tracks:
            if FIRST_INDEX.match(words[0]) and (time := TIME.match(words[-1])):
                minutes, seconds, frames = map(int, time.groups())
                fields |= {"file": file, "start_s": minutes * 60 + seconds + frames / FRAMES}
        else:
            fields.setdefault(command, _text(rest))
    audio = (_track(fields) for fields in tracks if fields["kind"] == "AUDIO")
    return CueSheet(*_credits(album), album.get("DISCNUMBER", ""), tuple(audio))


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Command and the rest of each line that has both. REM lines are commands of their own."""
    for line in text.splitlines():
        if match := LINE.fullmatch(line):
            yield match["command"].upper(), match["rest"]


def _text(rest: str) -> str:
    """A text with or without quotation marks around it; there may be others inside it."""
    if not rest.startswith('"'):
        return rest
    end = rest.rfind('"')
    return rest[1 : end or None].strip()


def _file(rest: str) -> str:
    """Path of a FILE line, whose last word is the type of the file if it has no dot."""
    words = rest.rsplit(None, 1)
    is_bare = not rest.startswith('"') and len(words) > 1 and "." not in words[1]
    return words[0] if is_bare else _text(rest)


def _credits(fields: dict) -> tuple[str, str, str]:
    composer = fields.get("SONGWRITER") or fields.get("COMPOSER", "")
    return fields.get("TITLE", ""), fields.get("PERFORMER", ""), composer


def _track(fields: dict) -> CueTrack:
    position = fields["number"], fields["file"], fields.get("start_s")
    return CueTrack(*position, *_credits(fields), fields.get("ISRC", ""))
