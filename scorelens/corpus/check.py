"""Check the media behind the film table: what each film holds, and every problem at once."""

import logging
import os
from collections.abc import Mapping, Sequence
from textwrap import indent

import pandas as pd

from scorelens import media
from scorelens.albums.reading import read_album
from scorelens.errors import InputError, MediaError, Problem
from scorelens.film_table import Film
from scorelens.tables import (
    ALBUM_STATUS,
    ALBUM_TRACKS,
    FILMS,
    STATUS,
    TRACKS,
    read_table,
    write_table,
)

log = logging.getLogger(__name__)
STOP_HINT = "mend them, or set corpus: {on_bad_film: skip} to go on without these films"


def check_album(
    album_id: str,
    folder: str | os.PathLike,
    files: Sequence[str],
    status: str | os.PathLike,
    track_table: str | os.PathLike,
) -> None:
    """Open the files of an album, and write what was found; never fails on bad media.

    folder, files: as `albums.reading.read_album` takes them. status, track_table: where the one-row
    ALBUM_STATUS table and the ALBUM_TRACKS table go.
    """
    found = read_album(folder, files)
    row = {"problems": "\n".join(map(str, found.problems)), "notes": "; ".join(found.notes)}
    write_table(pd.DataFrame([{"album_id": album_id, **row}]), status, ALBUM_STATUS)
    write_table(found.tracks.assign(album_id=album_id), track_table, ALBUM_TRACKS)
    log.info("%s: %d tracks in %d files", folder, len(found.tracks), len(files))


def check_film(
    film_id: str,
    video: str | None,
    album: tuple[str | os.PathLike, str | os.PathLike] | None,
    status: str | os.PathLike,
    track_table: str | os.PathLike,
    audio: str = "",
    video_bytes: int | None = None,
) -> None:
    """Open a film, add what was found in its album, and write it; never fails on bad media.

    video: path of the film, None if there is no such file. album: the tables of `check_album`,
    tracks and status; None if there is no such folder. audio: number or language of the film's
    sound, empty for the default one. video_bytes: size of the film when the run was planned, None
    if it was not there yet.
    status, track_table: where the one-row STATUS table and the TRACKS table of the film go.
    """
    problems, notes = [], []
    info, digest, size = None, "", 0
    if video:
        try:
            with media.unchanged(video):
                if video_bytes is not None:
                    media.require_bytes(video, video_bytes)
                info = media.probe(video, audio)
                _check_film_streams(video, info, audio, problems, notes)
                digest, size = media.sha256(video), os.path.getsize(video)
        except MediaError as error:
            problems.extend(error.problems)
    tracks = pd.DataFrame(columns=TRACKS.names)
    texts = list(map(str, problems))
    if album is not None:
        tracks = read_table(album[0], ALBUM_TRACKS).assign(film_id=film_id)[TRACKS.names]
        found = read_table(album[1], ALBUM_STATUS).iloc[0]
        texts += filter(None, [found.problems])
        notes += filter(None, [found.notes])
    for text in texts:
        log.warning("%s", text)
    frame = pd.DataFrame(
        [
            {
                "film_id": film_id,
                "status": "bad" if texts else "ok",
                "problems": "\n".join(texts),
                "notes": "; ".join(notes),
                "duration_s": info.duration_s if info else 0.0,
                "has_picture": bool(info and info.has_video),
                "tracks": len(tracks),
                "video_sha256": digest,
                "video_bytes": size,
            }
        ]
    )
    write_table(frame, status, STATUS)
    write_table(tracks, track_table, TRACKS)


def gather_films(
    films: Sequence[Film],
    on_bad_film: str,
    statuses: Sequence[str],
    track_tables: Sequence[str],
    outputs: Mapping[str, str],
) -> None:
    """Join what was found about each film into the corpus tables.

    films: rows of the film table. on_bad_film: `stop` or `skip`. statuses, track_tables: the files
    of check_film, in the films' order; or the one of inspection.inspect_films, and no tracks.
    outputs: paths of `films`, `tracks` and `status`.
    Raises InputError naming every problem of table and media if there are any and the policy is
    `stop`, or if no film is left.
    """
    status = pd.concat([read_table(path, STATUS) for path in statuses], ignore_index=True)
    status = _with_table_problems(status, films)
    bad = status[status.status == "bad"]
    good = status[status.status == "ok"]
    if len(bad) and on_bad_film == "stop":
        raise InputError(_all_problems(bad, len(films), STOP_HINT))
    if good.empty:
        raise InputError(_all_problems(bad, len(films), "at least one film is needed"))
    for row in bad.itertuples():
        log.warning("film %s is skipped:\n%s", row.film_id, row.problems)
    albums = [read_table(path, TRACKS) for path in track_tables]
    tracks = pd.concat(albums or [pd.DataFrame(columns=TRACKS.names)], ignore_index=True)
    write_table(status, outputs["status"], STATUS)
    write_table(tracks[tracks.film_id.isin(good.film_id)], outputs["tracks"], TRACKS)
    write_table(_films_table(films, good), outputs["films"], FILMS)


def _with_table_problems(status: pd.DataFrame, films: Sequence[Film]) -> pd.DataFrame:
    """A film's own row in the table comes before its media."""
    status = status.set_index("film_id").loc[[film.film_id for film in films]].reset_index()
    own = ["\n".join(map(str, film.problems)) for film in films]
    joined = ["\n".join(filter(None, pair)) for pair in zip(own, status.problems, strict=True)]
    return status.assign(problems=joined, status=["bad" if text else "ok" for text in joined])


def _all_problems(bad: pd.DataFrame, films: int, hint: str) -> Problem:
    lists = [f"film {row.film_id}\n{indent(row.problems, '  ')}" for row in bad.itertuples()]
    what = "\n".join([f"{len(bad)} of {films} films have problems", *lists])
    return Problem("the corpus", what, "films and albums that can be used", hint)


def _films_table(films: Sequence[Film], good: pd.DataFrame) -> pd.DataFrame:
    rows = pd.DataFrame(
        [(f.film_id, f.title, f.year, f.genres) for f in films],
        columns=["film_id", "title", "year", "genres"],
    ).astype({"year": "Int64"})
    return rows.merge(good[["film_id", "duration_s", "has_picture", "tracks"]], on="film_id")


def _check_film_streams(
    video: str, info: media.MediaInfo, audio: str, problems: list[Problem], notes: list[str]
) -> None:
    if info.has_audio:
        problems.extend(media.sound_problems(video, info, audio))
        notes.extend(media.sound_notes(video, info, audio))
    else:
        hint = "cues are found by the sound"
        problems.append(Problem(video, "has no sound", "a film with an audio stream", hint))
    if not info.has_video:
        notes.append("no picture: the film has no visual statistics")
    notes.extend(media.length_notes(info))
