"""Check the media of the film table and write the corpus tables, with every problem at once."""

import logging
import os
from collections.abc import Mapping, Sequence
from textwrap import indent

import pandas as pd

from scorelens import media
from scorelens.albums.reading import read_album
from scorelens.corpus.shared_tags import artist_notes, shared_people, tag_warning
from scorelens.corpus.sharing import PAIR, file_note, shared_files, with_digests
from scorelens.errors import InputError, MediaError, Problem
from scorelens.film_table import Film
from scorelens.groups import join_groups
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
STOP_HINT = "fix them, or set corpus: {on_bad_film: skip} to go on without these films"


def check_album(
    album_id: str,
    folder: str | os.PathLike,
    files: Sequence[str],
    status: str | os.PathLike,
    track_table: str | os.PathLike,
) -> None:
    """Open the files of an album and write its tracks and problems. Never fails on bad media.

    Parameters
    ----------
    album_id : str
        Id of the album.
    folder : path
        Its folder, or a single file.
    files : sequence of str
        Its files.
    status : path
        Where its row of problems and notes goes (`tables.ALBUM_STATUS`).
    track_table : path
        Where its tracks go (`tables.ALBUM_TRACKS`).
    """
    album = read_album(folder, files)
    row = {"problems": "\n".join(map(str, album.problems)), "notes": "; ".join(album.notes)}
    write_table(pd.DataFrame([{"album_id": album_id, **row}]), status, ALBUM_STATUS)
    write_table(album.tracks.assign(album_id=album_id), track_table, ALBUM_TRACKS)
    log.info("%s: %d tracks in %d files", folder, len(album.tracks), len(files))


def check_film(
    film_id: str,
    video: str | None,
    album: tuple[str | os.PathLike, str | os.PathLike] | None,
    status: str | os.PathLike,
    track_table: str | os.PathLike,
    audio: str = "",
    video_bytes: int | None = None,
) -> None:
    """Open a film and write its status, with that of its album. Never fails on bad media.

    Parameters
    ----------
    film_id : str
        Id of the film.
    video : str or None
        The film; None if there is no such file.
    album : tuple of path, or None
        Track table and status table of `check_album`; None if there is no such folder.
    status : path
        Where the film's row goes (`tables.STATUS`).
    track_table : path
        Where the film's tracks go (`tables.TRACKS`).
    audio : str
        Number or language of the film's sound, empty for the default one.
    video_bytes : int or None
        Size of the film when the run was planned, bytes; None if it was not there yet.
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
        album_status = read_table(album[1], ALBUM_STATUS).iloc[0]
        texts += filter(None, [album_status.problems])
        notes += filter(None, [album_status.notes])
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
                "frame_rate_hz": info.frame_rate_hz if info else None,
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
    warns_of_tags: bool = False,
) -> None:
    """Join the tables of the films into the corpus tables, with notes on films that share files.

    Parameters
    ----------
    films : sequence of Film
        Rows of the film table.
    on_bad_film : {"stop", "skip"}
        What to do with films that have problems.
    statuses, track_tables : sequence of str
        The tables of `check_film` in the order of the films; or one status table of all films, and
        no track tables.
    outputs : mapping of str to str
        Paths of `films`, `tracks` and `status`.
    warns_of_tags : bool
        Whether films that share the artists of their albums have a note and the log a warning: the
        film table could have groups and has none.

    Raises
    ------
    InputError
        If there are problems and `on_bad_film` is `stop`, or if no film is left. It lists every
        problem of the film table and the media.
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
    tracks = tracks[tracks.film_id.isin(good.film_id)]
    status = with_sharing_notes(status, good, tracks, warns_of_tags)
    write_table(status, outputs["status"], STATUS)
    write_table(tracks, outputs["tracks"], TRACKS)
    write_table(_films_table(films, good), outputs["films"], FILMS)


def with_sharing_notes(
    status: pd.DataFrame, good: pd.DataFrame, tracks: pd.DataFrame, warns_of_tags: bool
) -> pd.DataFrame:
    """Add notes on what films have in common: files, and artists by their tags.

    Parameters
    ----------
    status : DataFrame
        Rows of STATUS of all films.
    good : DataFrame
        Those of the films in use.
    tracks : DataFrame
        Rows of TRACKS of the films in use.
    warns_of_tags : bool
        Whether artists are noted, and named in the log.

    Returns
    -------
    DataFrame
        The rows of `status` with longer notes.
    """
    shared = shared_files(good, with_digests(tracks, good.film_id))
    notes = [(row.other_film_id, file_note(row)) for row in shared.itertuples()]
    if warns_of_tags:
        group = join_groups(list(good.film_id), shared[PAIR].itertuples(index=False))
        people = shared_people(tracks, group)
        notes += artist_notes(people).items()
        if people:
            log.warning(tag_warning(people))
    by_film = status.set_index("film_id").notes
    for film, note in notes:
        by_film[film] = "; ".join(filter(None, [by_film[film], note]))
    return status.assign(notes=by_film.to_numpy())


def _with_table_problems(status: pd.DataFrame, films: Sequence[Film]) -> pd.DataFrame:
    """The problems of a film's row in the film table come before those of its media."""
    status = status.set_index("film_id").loc[[film.film_id for film in films]].reset_index()
    of_table = ["\n".join(map(str, film.problems)) for film in films]
    joined = ["\n".join(filter(None, pair)) for pair in zip(of_table, status.problems, strict=True)]
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
        hint = "cues are matched by the sound"
        problems.append(Problem(video, "has no sound", "a film with an audio stream", hint))
    if not info.has_video:
        notes.append("no picture: the film has no visual statistics")
    notes.extend(media.length_notes(info))
