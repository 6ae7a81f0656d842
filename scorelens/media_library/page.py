"""The page of what was read from a media library: matches, doubts, what lacks and faults."""

import os
from collections.abc import Iterator
from pathlib import Path

from scorelens.html_page import template_environment
from scorelens.media_library.initialise import Outcome
from scorelens.media_library.merging import Row
from scorelens.tables import atomic

CHANGES = {
    "added": "added",
    "removed": "taken out: the file is gone, and you had not edited the row",
    "gone": "kept though the file is gone: you edited the row",
    "edited": "kept as you edited it",
    "deleted": "not written again: you took it out",
}


def write_page(outcome: Outcome, output: str | os.PathLike) -> None:
    """Write the page.

    Parameters
    ----------
    outcome : Outcome
        Of `initialise.initialise`.
    output : path
        The page, self-contained.
    """
    text = (
        template_environment(Path(__file__).parent)
        .get_template("page.html")
        .render(
            summary=summary(outcome),
            changes=list(_changes(outcome)),
            doubts=[
                {
                    "album": d.album.folder,
                    "film": _name(d.film.title, d.film.year),
                    "reason": d.reason,
                }
                for d in outcome.doubts
            ],
            lacking=list(_lacking(outcome)),
            left_out=outcome.left_out,
            faults=[{"path": path, "reason": reason} for path, reason in faults(outcome)],
            films=list(_films(outcome)),
            unmatched=[
                {
                    "folder": album.folder,
                    "title": ", ".join(filter(None, (album.title, album.artist))),
                    "note": f"tracks of {album.several} albums" if album.several else "",
                }
                for album in outcome.unmatched
            ],
            settings=outcome.settings,
            settings_edited=outcome.settings_edited,
        )
    )
    with atomic(output) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8", errors="replace")


def summary(outcome: Outcome) -> str:
    """One sentence with the numbers of films, albums, doubts and faults."""
    rows = outcome.tables["films"].rows
    usable = [row for row in rows if row["album"] and row["video"]]
    counts = [
        f"{len(rows)} films, {len(usable)} with video and album",
        f"{sum(bool(row['genres']) for row in usable)} of these with genres",
        f"{sum(bool(row['album']) for row in rows)} albums matched",
        f"{len({doubt.album.folder for doubt in outcome.doubts})} in doubt",
        f"{len(outcome.unmatched)} of no film",
        f"{len(outcome.tables['described'].rows)} films described",
        f"{len(outcome.tables['trailers'].rows)} trailers",
        f"{len(faults(outcome))} faults",
    ]
    return "; ".join(counts) + "."


def faults(outcome: Outcome) -> list[tuple[str, str]]:
    """Path and reason of all that could not be read or used."""
    library = outcome.library
    lost = [(path, "cannot be reached, or is empty; its rows stay") for path in library.unreachable]
    loose = [(path, "is a trailer of no film, or of several") for path in library.loose_trailers]
    return [*library.faults, *lost, *loose]


def _changes(outcome: Outcome) -> Iterator[dict[str, str]]:
    for name, merged in outcome.tables.items():
        for kind, what in CHANGES.items():
            if keys := getattr(merged, kind):
                yield {"what": what, "table": f"{name}.tsv", "rows": "; ".join(keys)}
    if outcome.own:
        yield {
            "what": "left to you: you wrote the row",
            "table": "films.tsv",
            "rows": "; ".join(outcome.own),
        }


def _films(outcome: Outcome) -> Iterator[dict[str, str]]:
    merged, described = outcome.tables["films"], outcome.tables["described"]
    for key, film in outcome.films.items():
        row, description = merged.row_of.get(key, {}), described.row_of.get(key, {})
        album = outcome.library.matches.albums.get(film.video)
        is_matched = album and os.path.basename(row.get("album", "")) == os.path.basename(
            album[0].folder
        )
        why = album[1] if is_matched else "by you"
        yield {
            "name": _name(film.title, film.year),
            "id": row.get("film_id", ""),
            "genres": row.get("genres", ""),
            "album": f"{row['album']} ({why})" if row.get("album") else "",
            "image": os.path.basename(film.image),
            "plot": f"{len(film.plot.split())} words" if film.plot else "",
            "subtitles": os.path.basename(film.subtitles),
            "trailers": str(len(film.trailers) or ""),
            "notes": "; ".join(
                filter(None, [film.unusable, *film.notes, "described" if description else ""])
            ),
        }


def _lacking(outcome: Outcome) -> Iterator[dict[str, str]]:
    merged = outcome.tables["films"]
    by_id = {id(row): outcome.films[k] for k, row in merged.row_of.items() if k in outcome.films}
    for row in merged.rows:
        film = by_id.get(id(row))
        lacks = [f"no {name}" for name in ("year", "album", "genres") if not row[name]]
        if not row["video"]:
            lacks.append(f"its video {film.unusable}" if film and film.unusable else "no video")
        if film and not film.image:
            lacks.append("no picture")
        if film and not film.plot:
            lacks.append("no plot")
        if lacks:
            yield {"film": _row_name(row), "what": "; ".join(lacks)}


def _row_name(row: Row) -> str:
    return _name(row["title"] or row["film_id"], row["year"])


def _name(title: str, year: int | str | None) -> str:
    return f"{title} ({year})" if year else title
