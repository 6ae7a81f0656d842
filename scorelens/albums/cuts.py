"""Which file each CUE sheet of an album is about, and where in it its tracks lie."""

import itertools
import os
import unicodedata
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from scorelens.albums.cuesheets import CueSheet, CueTrack

HIDDEN_S = 5.0  # music before the first track that is at least so long is track 0


class Source(NamedTuple):
    """A CUE sheet of an album.

    name: for messages. inside: path of the sheet's file, as seen from the album's folder.
    """

    name: str
    inside: str
    sheet: CueSheet


class Cut(NamedTuple):
    """A track of a file, from start_s to end_s; end_s is None where the file ends."""

    start_s: float
    end_s: float | None
    track: CueTrack
    sheet: CueSheet


def apply_sheets(
    sources: Sequence[Source], lengths_s: Mapping[str, float]
) -> tuple[dict[str, list[Cut]], list[str]]:
    """What CUE sheets say of the files of an album.

    A file is cut by the first sheet that has several tracks in it and whose times fit. Sheets with
    a track a file describe those files.

    Parameters
    ----------
    sources
        In the order in which they count.
    lengths_s
        Length in s of each sound file, by its path as seen from the album's folder.

    Returns
    -------
    tuple
        The tracks of each file that a sheet speaks of, in their order, and a note on every sheet,
        or file that it names, of no use.
    """
    found: dict[str, list[Cut]] = {}
    notes: list[str] = []
    for source in sources:
        paths = _find_files(source, lengths_s)
        absent = [name for name, path in paths.items() if path is None]
        if absent or not paths:
            what = f"names {absent[0]!r}, which is not there" if absent else "has no track"
            more = f", and {len(absent) - 1} more" if len(absent) > 1 else ""
            notes.append(f"{source.name} {what}{more}")
        for path in dict.fromkeys(path for path in paths.values() if path is not None):
            tracks = [own for own in source.sheet.tracks if paths[own.file] == path]
            fault = _fault(tracks, lengths_s[path])
            if not fault and path in found:
                fault = "is one sheet too many"
            if fault:
                notes.append(f"{source.name} is not used for {path}: it {fault}")
            else:
                found[path] = _cuts(tracks, source.sheet)
    return found, notes


def _find_files(source: Source, files: Mapping[str, object]) -> dict[str, str | None]:
    """The file that each name in a sheet means; a single one may be called as the sheet is."""
    names = source.sheet.files
    found = {name: _find(name, source.inside, files) for name in names}
    if len(names) == 1 and found[names[0]] is None:
        own = _stem(source.inside)
        alike = (file for file in files if own in (_stem(file), _plain(file)))
        found[names[0]] = next(alike, None)
    return found


def _find(name: str, sheet: str, files: Mapping[str, object]) -> str | None:
    """The file that a name in a sheet means: by its path, its name alone, both in other case, or
    with another ending.
    """
    home = os.path.dirname(sheet)
    wanted = os.path.normpath(os.path.join(home, name.replace("\\", "/")))
    paths = wanted, os.path.join(home, os.path.basename(wanted))
    for written in (str, _plain, _stem):
        for path in paths:
            for file in files:
                if written(file) == written(path):
                    return file
    return None


def _plain(path: str) -> str:
    """A path whose case and way to write accents are as any other's."""
    return unicodedata.normalize("NFC", path).casefold()


def _stem(path: str) -> str:
    return os.path.splitext(_plain(path))[0]


def _fault(tracks: Sequence[CueTrack], length_s: float) -> str:
    """Why a file cannot be cut into tracks; empty if it can."""
    starts = [track.start_s for track in tracks]
    if len(tracks) < 2:
        return ""
    if None in starts:
        return f"has no INDEX 01 of track {tracks[starts.index(None)].number}"
    if any(late <= early for early, late in itertools.pairwise(starts)):
        return "has times that do not rise"
    if starts[-1] >= length_s:
        return f"has a track at {starts[-1]:.1f} s, and the file ends at {length_s:.1f} s"
    return ""


def _cuts(tracks: Sequence[CueTrack], sheet: CueSheet) -> list[Cut]:
    """The tracks of a file; one alone is the whole file, pause and all."""
    if len(tracks) == 1:
        return [Cut(0.0, None, tracks[0], sheet)]
    if tracks[0].start_s >= HIDDEN_S:
        hidden = CueTrack(0, tracks[0].file, 0.0, "", "", "", "")
        tracks = [hidden, *tracks]
    ends = [track.start_s for track in tracks[1:]]
    return [
        Cut(track.start_s, end_s, track, sheet)
        for track, end_s in zip(tracks, [*ends, None], strict=True)
    ]
