"""Open the files of an album: list its tracks, the problems, and notes on other files."""

import logging
import os
from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from scorelens import charsets, media
from scorelens.albums.cuesheets import CueSheet, parse_sheet
from scorelens.albums.files import DEFAULT_ID, MAX_FILE_ID, has_audio_extension, is_cue
from scorelens.albums.splitting import Source, TrackSpan, apply_sheets
from scorelens.albums.tags import Tags, clean_text, plain_isrc, read_tags, tag_columns, whole_number
from scorelens.errors import MediaError, Problem
from scorelens.ids import slug, unique_ids
from scorelens.tables import TRACKS

log = logging.getLogger(__name__)
TEXTURE_S = 5.0  # of a texture window
SHOWN = 20  # unused files that a note names; the others are counted
COLUMNS = [name for name in TRACKS.names if name != "film_id"]


class AlbumTracks(NamedTuple):
    """The tracks of an album.

    Parameters
    ----------
    tracks : DataFrame
        Columns of `tables.TRACKS` without the film, in order of path and time.
    notes : list of str
        Notes for the user.
    problems : list of Problem
        Files that should be music and cannot be used.
    """

    tracks: pd.DataFrame
    notes: list[str]
    problems: list[Problem]


class SoundFile(NamedTuple):
    """A file that has sound; `inside` is its path relative to the album's folder."""

    path: str
    inside: str
    info: media.MediaInfo
    tags: Tags


def read_album(folder: str | os.PathLike, files: Sequence[str | os.PathLike]) -> AlbumTracks:
    """Open the files of an album. Never fails on bad media.

    The content of a file decides, not its extension. A file is one track if its sound decodes, or
    several if a CUE sheet or its tag CUESHEET says so. A file with an audio extension that cannot
    be used is a problem; any other is named in a note.

    Parameters
    ----------
    folder : path
        Folder of the album; ids of tracks are made from their paths relative to it.
    files : sequence of path
        Its files, CUE sheets included.

    Returns
    -------
    AlbumTracks
    """
    problems: list[Problem] = []
    unused: list[str] = []
    sounds = []
    for path in sorted(map(os.fspath, files)):
        if not is_cue(path):
            sound = _opened(path, os.path.relpath(path, folder), problems, unused)
            sounds += [sound] if sound else []
    spans, notes = _spans(folder, sorted(filter(is_cue, map(os.fspath, files))), sounds)
    rows = [row for sound in sounds for row in _rows(sound, spans.get(sound.inside))]
    ids = unique_ids([row.pop("name") for row in rows], DEFAULT_ID)
    tracks = pd.DataFrame(
        [{"track_id": track_id, **row} for track_id, row in zip(ids, rows, strict=True)],
        columns=COLUMNS,
    )
    if tracks.empty and not problems:
        problems.append(Problem(os.fspath(folder), "holds no audio file", "files with sound"))
    notes = [*_unused_note(unused), *_sound_notes(sounds), *notes, *_short_notes(tracks)]
    return AlbumTracks(tracks, notes, problems)


def read_file(path: str | os.PathLike, track_id: str) -> AlbumTracks:
    """Open a single file, such as a film, as the only track of an album. Never fails on bad media.

    Parameters
    ----------
    path : path
        The file.
    track_id : str
        Id of the track.

    Returns
    -------
    AlbumTracks
    """
    path = os.fspath(path)
    try:
        sound, problems = _open(path, os.path.basename(path))
    except MediaError as error:
        return AlbumTracks(pd.DataFrame(columns=COLUMNS), [], error.problems)
    (row,) = _rows(sound, None)
    return AlbumTracks(pd.DataFrame([{"track_id": track_id, **row}])[COLUMNS], [], problems)


def _open(path: str, inside: str) -> tuple[SoundFile, list[Problem]]:
    """A file with sound, and what is wrong with it. Raises MediaError if none of it decodes."""
    info = media.probe(path)
    if not info.has_audio or info.sound_s is None:
        hint = "remove it from the album folder"
        raise MediaError(Problem(path, "has no sound", "a file with an audio stream", hint))
    problems = list(media.sound_problems(path, info))
    if len(problems) > bool(info.missing):
        raise MediaError(problems)
    return SoundFile(path, inside, info, read_tags(path)), problems


def _opened(path: str, inside: str, problems: list[Problem], unused: list[str]) -> SoundFile | None:
    """A file, if it has sound that decodes; otherwise it is added to the problems or the unused."""
    try:
        sound, of_file = _open(path, inside)
    except MediaError as error:
        if has_audio_extension(path):
            problems += error.problems
        else:
            unused.append(inside)
            log.info("skipped: %s", error)
        return None
    problems += of_file
    return sound


def _spans(
    folder, sheets: Sequence[str], sounds: Sequence[SoundFile]
) -> tuple[dict[str, list[TrackSpan]], list[str]]:
    """Tracks of the files that sheets describe, by separate sheets and by those in tags."""
    lengths_s = {sound.inside: sound.info.sound_s for sound in sounds}
    separate, doubts = [], []
    for path in sheets:
        name = os.path.relpath(path, folder)
        try:
            text, doubt = charsets.read_text(path)
        except OSError as error:
            text, doubt = "", f"cannot be read ({error.strerror})"
        doubts += [f"{name}: {doubt}"] if doubt else []
        separate.append(Source(name, name, parse_sheet(text)))
    spans, notes = apply_sheets(separate, lengths_s)
    in_tags = [
        Source(f"the tag CUESHEET of {sound.inside}", sound.inside, _sheet_in_tag(sound))
        for sound in sounds
        if sound.tags.cuesheet and sound.inside not in spans
    ]
    more_spans, more_notes = apply_sheets(in_tags, lengths_s)
    return spans | more_spans, doubts + notes + more_notes


def _sheet_in_tag(sound: SoundFile) -> CueSheet:
    """The sheet in a file's tag, with the name of that file."""
    sheet = parse_sheet(sound.tags.cuesheet)
    name = os.path.basename(sound.path)
    return sheet._replace(tracks=tuple(track._replace(file=name) for track in sheet.tracks))


def _rows(sound: SoundFile, spans: Sequence[TrackSpan] | None) -> list[dict]:
    """Rows of the tracks of a file, each with the `name` from which its id is made."""
    stem = os.path.splitext(sound.inside)[0]
    file = {
        "path": sound.path,
        "sample_rate_hz": sound.info.sample_rate_hz,
        "sha256": media.sha256(sound.path),
    }
    if not spans or len(spans) == 1:
        tags = _completed(sound.tags, spans[0]) if spans else sound.tags
        whole = {"name": stem, "start_s": 0.0, "duration_s": sound.info.sound_s}
        return [file | whole | tag_columns(tags)]
    return [file | _part(stem, sound, span) for span in spans]


def _part(stem: str, sound: SoundFile, span: TrackSpan) -> dict:
    """The columns that differ between the tracks of a file."""
    of_track = _completed(Tags(), span)
    of_file = sound.tags._replace(title="", number=span.track.number, isrc="")
    tags = Tags(*(first or second for first, second in zip(of_track, of_file, strict=True)))
    end_s = sound.info.sound_s if span.end_s is None else span.end_s
    return {
        "name": f"{slug(stem)[:MAX_FILE_ID]} {span.track.number:02d} {tags.title}",
        "start_s": span.start_s,
        "duration_s": end_s - span.start_s,
    } | tag_columns(tags)


def _completed(tags: Tags, span: TrackSpan) -> Tags:
    """The tags of a track, completed from the sheet."""
    track, sheet = span.track, span.sheet
    of_sheet = Tags(
        title=clean_text(track.title),
        artist=clean_text(track.performer or sheet.performer),
        composer=clean_text(track.composer or sheet.composer),
        album=clean_text(sheet.title),
        disc=whole_number(sheet.disc),
        number=track.number,
        isrc=plain_isrc(track.isrc),
    )
    return Tags(*(first or second for first, second in zip(tags, of_sheet, strict=True)))


def _unused_note(files: Sequence[str]) -> list[str]:
    if not files:
        return []
    more = f" and {len(files) - SHOWN} more" if len(files) > SHOWN else ""
    return [f"no music, skipped: {', '.join(files[:SHOWN])}{more}"]


def _sound_notes(sounds: Sequence[SoundFile]) -> list[str]:
    return [
        f"{sound.inside}: {note}"
        for sound in sounds
        for note in media.sound_notes(sound.path, sound.info)
    ]


def _short_notes(tracks: pd.DataFrame) -> list[str]:
    return [
        f"track {row.track_id} is shorter than a texture window of 5 s ({row.duration_s:.1f} s)"
        for row in tracks.itertuples()
        if row.duration_s < TEXTURE_S
    ]
