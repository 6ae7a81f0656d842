"""Open the files of an album: which are tracks, what they are, and what to tell of the others."""

import logging
import os
from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from scorelens import charsets, media
from scorelens.albums.cuesheets import CueSheet, parse_sheet
from scorelens.albums.cuts import Cut, Source, apply_sheets
from scorelens.albums.files import NAMELESS, SHORTENED, is_cue, says_audio
from scorelens.albums.tags import Tags, clean_text, plain_isrc, read_tags, tag_columns, whole_number
from scorelens.errors import MediaError, Problem
from scorelens.ids import slug, unique_ids
from scorelens.tables import TRACKS

log = logging.getLogger(__name__)
TEXTURE_S = 5.0  # of a texture window
SHOWN = 20  # files of no use that a note names; the others are counted
COLUMNS = [name for name in TRACKS.names if name != "film_id"]


class AlbumTracks(NamedTuple):
    """What an album holds.

    tracks: the columns of tables.TRACKS without the film, in order of path and time. notes: what a
    user may want to know. problems: files that should be music and cannot be used.
    """

    tracks: pd.DataFrame
    notes: list[str]
    problems: list[Problem]


class SoundFile(NamedTuple):
    """A file that has sound. inside: its path as seen from the album's folder."""

    path: str
    inside: str
    info: media.MediaInfo
    tags: Tags


def read_album(folder: str | os.PathLike, files: Sequence[str | os.PathLike]) -> AlbumTracks:
    """Open the files of an album, by content and not by their endings; never fails on bad media.

    A file is a track if sound in it decodes, or as many as a CUE sheet or its tag CUESHEET says. A
    file that calls itself audio and cannot be used is a problem; any other is named in a note.

    Parameters
    ----------
    folder
        Of the album; ids of tracks are made of their paths as seen from it.
    files
        The paths of its files, CUE sheets among them (`files.list_files`).
    """
    problems: list[Problem] = []
    passed_over: list[str] = []
    sounds = []
    for path in sorted(map(os.fspath, files)):
        if not is_cue(path):
            sound = _opened(path, os.path.relpath(path, folder), problems, passed_over)
            sounds += [sound] if sound else []
    cuts, notes = _cuts(folder, sorted(filter(is_cue, map(os.fspath, files))), sounds)
    rows = [row for sound in sounds for row in _rows(sound, cuts.get(sound.inside))]
    ids = unique_ids([row.pop("name") for row in rows], NAMELESS)
    tracks = pd.DataFrame(
        [{"track_id": own, **row} for own, row in zip(ids, rows, strict=True)], columns=COLUMNS
    )
    if tracks.empty and not problems:
        problems.append(Problem(os.fspath(folder), "holds no audio file", "files with sound"))
    notes = [*_unused(passed_over), *_sound_notes(sounds), *notes, *_short(tracks)]
    return AlbumTracks(tracks, notes, problems)


def read_file(path: str | os.PathLike, track_id: str) -> AlbumTracks:
    """Open a single file, such as a film, as the one track of an album; never fails on bad media.

    Parameters
    ----------
    path
        The file.
    track_id
        Of the track.
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
        hint = "take it out of the album folder"
        raise MediaError(Problem(path, "has no sound", "a file with an audio stream", hint))
    problems = list(media.sound_problems(path, info))
    if len(problems) > bool(info.missing):
        raise MediaError(problems)
    return SoundFile(path, inside, info, read_tags(path)), problems


def _opened(
    path: str, inside: str, problems: list[Problem], passed_over: list[str]
) -> SoundFile | None:
    """A file, if it has sound that decodes; else it is a problem or passed over."""
    try:
        sound, found = _open(path, inside)
    except MediaError as error:
        if says_audio(path):
            problems += error.problems
        else:
            passed_over.append(inside)
            log.info("passed over: %s", error)
        return None
    problems += found
    return sound


def _cuts(
    folder, sheets: Sequence[str], sounds: Sequence[SoundFile]
) -> tuple[dict[str, list[Cut]], list[str]]:
    """The tracks of the files that sheets speak of, those beside them and those in their tags."""
    lengths_s = {sound.inside: sound.info.sound_s for sound in sounds}
    beside, doubts = [], []
    for path in sheets:
        name = os.path.relpath(path, folder)
        try:
            text, doubt = charsets.read_text(path)
        except OSError as error:
            text, doubt = "", f"cannot be read ({error.strerror})"
        doubts += [f"{name}: {doubt}"] if doubt else []
        beside.append(Source(name, name, parse_sheet(text)))
    cuts, notes = apply_sheets(beside, lengths_s)
    inside = [
        Source(f"the tag CUESHEET of {sound.inside}", sound.inside, _of_file(sound))
        for sound in sounds
        if sound.tags.cuesheet and sound.inside not in cuts
    ]
    more_cuts, more_notes = apply_sheets(inside, lengths_s)
    return cuts | more_cuts, doubts + notes + more_notes


def _of_file(sound: SoundFile) -> CueSheet:
    """The sheet in a file's tag, which is about that file, whatever it calls it."""
    sheet = parse_sheet(sound.tags.cuesheet)
    own = os.path.basename(sound.path)
    return sheet._replace(tracks=tuple(track._replace(file=own) for track in sheet.tracks))


def _rows(sound: SoundFile, cuts: Sequence[Cut] | None) -> list[dict]:
    """The rows of the tracks of a file, each with the `name` that its id is made of."""
    stem = os.path.splitext(sound.inside)[0]
    file = {
        "path": sound.path,
        "sample_rate_hz": sound.info.sample_rate_hz,
        "sha256": media.sha256(sound.path),
    }
    if not cuts or len(cuts) == 1:
        about = _described(sound.tags, cuts[0]) if cuts else sound.tags
        whole = {"name": stem, "start_s": 0.0, "duration_s": sound.info.sound_s}
        return [file | whole | tag_columns(about)]
    return [file | _part(stem, sound, cut) for cut in cuts]


def _part(stem: str, sound: SoundFile, cut: Cut) -> dict:
    """What is a row's own in a file of several tracks."""
    about = _described(Tags(), cut)
    shared = sound.tags._replace(title="", number=cut.track.number, isrc="")
    about = Tags(*(own or other for own, other in zip(about, shared, strict=True)))
    end_s = sound.info.sound_s if cut.end_s is None else cut.end_s
    return {
        "name": f"{slug(stem)[:SHORTENED]} {cut.track.number:02d} {about.title}",
        "start_s": cut.start_s,
        "duration_s": end_s - cut.start_s,
    } | tag_columns(about)


def _described(tags: Tags, cut: Cut) -> Tags:
    """The tags of a track, and from the sheet what they lack."""
    track, sheet = cut.track, cut.sheet
    of_sheet = Tags(
        title=clean_text(track.title),
        artist=clean_text(track.performer or sheet.performer),
        composer=clean_text(track.composer or sheet.composer),
        album=clean_text(sheet.title),
        disc=whole_number(sheet.disc),
        number=track.number,
        isrc=plain_isrc(track.isrc),
    )
    return Tags(*(own or other for own, other in zip(tags, of_sheet, strict=True)))


def _unused(files: Sequence[str]) -> list[str]:
    if not files:
        return []
    more = f" and {len(files) - SHOWN} more" if len(files) > SHOWN else ""
    return [f"no music, passed over: {', '.join(files[:SHOWN])}{more}"]


def _sound_notes(sounds: Sequence[SoundFile]) -> list[str]:
    return [
        f"{sound.inside}: {note}"
        for sound in sounds
        for note in media.sound_notes(sound.path, sound.info)
    ]


def _short(tracks: pd.DataFrame) -> list[str]:
    return [
        f"track {row.track_id} is shorter than a texture window of 5 s ({row.duration_s:.1f} s)"
        for row in tracks.itertuples()
        if row.duration_s < TEXTURE_S
    ]
