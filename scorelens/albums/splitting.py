"""Split the files of an album into tracks by its CUE sheets."""

import itertools
import os
import unicodedata
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from scorelens.albums.cuesheets import CueSheet, CueTrack

MIN_HIDDEN_S = 5.0  # longer music before the first track is track 0


class Source(NamedTuple):
    """A CUE sheet of an album.

    Parameters
    ----------
    name : str
        For messages.
    path : str
        Path of the sheet's file, relative to the album's folder.
    sheet : CueSheet
        Its content.
    """

    name: str
    path: str
    sheet: CueSheet


class TrackSpan(NamedTuple):
    """Start and end of a track in a file, s; the end is None for that of the file."""

    start_s: float
    end_s: float | None
    track: CueTrack
    sheet: CueSheet


def apply_sheets(
    sources: Sequence[Source], lengths_s: Mapping[str, float]
) -> tuple[dict[str, list[TrackSpan]], list[str]]:
    """Find the tracks in the files of an album.

    A file is split by the first sheet that has several tracks in it and whose times are valid.
    Sheets with one track a file describe those files.

    Parameters
    ----------
    sources : sequence of Source
        The sheets in order of priority.
    lengths_s : mapping of str to float
        Length of each sound file, s, by its path relative to the album's folder.

    Returns
    -------
    spans : dict of str to list of TrackSpan
        Tracks of each file that a sheet describes, in order.
    notes : list of str
        A note on every sheet, or file that it names, that cannot be used.
    """
    spans: dict[str, list[TrackSpan]] = {}
    notes: list[str] = []
    for source in sources:
        paths = _find_files(source, lengths_s)
        absent = [name for name, path in paths.items() if path is None]
        if absent or not paths:
            what = f"names {absent[0]!r}, which does not exist" if absent else "has no track"
            more = f", and {len(absent) - 1} more" if len(absent) > 1 else ""
            notes.append(f"{source.name} {what}{more}")
        for path in dict.fromkeys(path for path in paths.values() if path is not None):
            tracks = [track for track in source.sheet.tracks if paths[track.file] == path]
            fault = _fault(tracks, lengths_s[path])
            if not fault and path in spans:
                fault = "comes after another sheet for it"
            if fault:
                notes.append(f"{source.name} is not used for {path}: it {fault}")
            else:
                spans[path] = _spans(tracks, source.sheet)
    return spans, notes


def _find_files(source: Source, files: Mapping[str, object]) -> dict[str, str | None]:
    """File of each name in a sheet; a single one may have the name of the sheet."""
    names = source.sheet.files
    paths = {name: _find(name, source.path, files) for name in names}
    if len(names) == 1 and paths[names[0]] is None:
        stem = _stem(source.path)
        same_name = (file for file in files if stem in (_stem(file), _normalized(file)))
        paths[names[0]] = next(same_name, None)
    return paths


def _find(name: str, sheet: str, files: Mapping[str, object]) -> str | None:
    """File of a name in a sheet: by path, by name, by either in another case or extension."""
    folder = os.path.dirname(sheet)
    wanted = os.path.normpath(os.path.join(folder, name.replace("\\", "/")))
    paths = wanted, os.path.join(folder, os.path.basename(wanted))
    for spelling in (str, _normalized, _stem):
        for path in paths:
            for file in files:
                if spelling(file) == spelling(path):
                    return file
    return None


def _normalized(path: str) -> str:
    """A path with normalised case and accents."""
    return unicodedata.normalize("NFC", path).casefold()


def _stem(path: str) -> str:
    return os.path.splitext(_normalized(path))[0]


def _fault(tracks: Sequence[CueTrack], length_s: float) -> str:
    """Why a file cannot be split into tracks; empty if it can."""
    starts = [track.start_s for track in tracks]
    if len(tracks) < 2:
        return ""
    if None in starts:
        return f"has no INDEX 01 of track {tracks[starts.index(None)].number}"
    if any(late <= early for early, late in itertools.pairwise(starts)):
        return "has times that do not increase"
    if starts[-1] >= length_s:
        return f"has a track at {starts[-1]:.1f} s, and the file ends at {length_s:.1f} s"
    return ""


def _spans(tracks: Sequence[CueTrack], sheet: CueSheet) -> list[TrackSpan]:
    """Tracks of a file; a single track is the whole file, pause included."""
    if len(tracks) == 1:
        return [TrackSpan(0.0, None, tracks[0], sheet)]
    if tracks[0].start_s >= MIN_HIDDEN_S:
        hidden = CueTrack(0, tracks[0].file, 0.0, "", "", "", "")
        tracks = [hidden, *tracks]
    ends = [track.start_s for track in tracks[1:]]
    return [
        TrackSpan(track.start_s, end_s, track, sheet)
        for track, end_s in zip(tracks, [*ends, None], strict=True)
    ]
