"""Check the media behind the film table: what each film holds, and every problem at once."""

import logging
import os
from collections.abc import Mapping, Sequence
from textwrap import indent

import pandas as pd

from scorelens import media
from scorelens.config import Film
from scorelens.errors import InputError, MediaError, Problem
from scorelens.tables import FILMS, STATUS, TRACKS, read_table, write_table

log = logging.getLogger(__name__)
STOP_HINT = "mend them, or set corpus: {on_bad_film: skip} to go on without these films"


def check_film(
    film_id: str,
    video: str | None,
    tracks: Mapping[str, str],
    status: str | os.PathLike,
    track_table: str | os.PathLike,
    audio: str = "",
) -> None:
    """Open a film and its album, and write what was found; never fails on bad media.

    video: path of the film, None if there is no such file. tracks: track_id -> path. audio: number
    or language of the film's sound, empty for the default one.
    status, track_table: where the one-row STATUS table and the TRACKS table of the film go.
    """
    problems, notes = [], []
    info = _probed(video, problems, audio) if video else None
    if info is not None:
        _check_film_streams(video, info, audio, problems, notes)
    rows = [
        _track_row(film_id, track_id, path, problems, notes) for track_id, path in tracks.items()
    ]
    rows = [row for row in rows if row]
    for problem in problems:
        log.warning("%s", problem)
    frame = pd.DataFrame(
        [
            {
                "film_id": film_id,
                "status": "bad" if problems else "ok",
                "problems": "\n".join(map(str, problems)),
                "notes": "; ".join(notes),
                "duration_s": info.duration_s if info else 0.0,
                "has_picture": bool(info and info.has_video),
                "tracks": len(rows),
                "video_sha256": media.sha256(video) if info else "",
                "video_bytes": os.path.getsize(video) if info else 0,
            }
        ]
    )
    write_table(frame, status, STATUS)
    write_table(pd.DataFrame(rows, columns=TRACKS.names), track_table, TRACKS)


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
        [(f.film_id, f.title, f.year, ";".join(f.genres)) for f in films],
        columns=["film_id", "title", "year", "genres"],
    ).astype({"year": "Int64"})
    return rows.merge(good[["film_id", "duration_s", "has_picture", "tracks"]], on="film_id")


def _probed(path: str, problems: list[Problem], audio: str = "") -> media.MediaInfo | None:
    try:
        return media.probe(path, audio)
    except MediaError as error:
        problems.extend(error.problems)
        return None


def _check_film_streams(
    video: str, info: media.MediaInfo, audio: str, problems: list[Problem], notes: list[str]
) -> None:
    if info.has_audio:
        problems.extend(media.sound_problems(video, info, audio))
    else:
        hint = "cues are found by the sound"
        problems.append(Problem(video, "has no sound", "a film with an audio stream", hint))
    if not info.has_video:
        notes.append("no picture: the film has no visual statistics")
    notes.extend(filter(None, [media.sound_note(info), *media.length_notes(info)]))


def _track_row(film_id: str, track_id: str, path: str, problems, notes) -> dict | None:
    info = _probed(path, problems)
    if info is None:
        return None
    if not info.has_audio:
        problems.append(
            Problem(path, "has no sound", "an album track", "take it out of the album folder")
        )
        return None
    problems.extend(media.sound_problems(path, info))
    if info.sound_s < 5:
        notes.append(
            f"track {track_id} is shorter than a texture window of 5 s ({info.sound_s:.1f} s)"
        )
    return {
        "film_id": film_id,
        "track_id": track_id,
        "path": path,
        "duration_s": info.sound_s,
        "sample_rate_hz": info.sample_rate_hz,
    }
