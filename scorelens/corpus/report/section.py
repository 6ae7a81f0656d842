"""The report's section on the corpus: films, albums, films that were skipped."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from scorelens.sections import Run, Section, formats, render_section, svg

GENRE_COUNTS = "corpus/genres.svg"


def corpus_section(run: Run) -> Section:
    """Make the section on the corpus, with the numbers for the head of the page.

    Parameters
    ----------
    run : Run
        Results of the run. Of a corpus of published features its bags are counted, of any other
        its cues.

    Returns
    -------
    Section
    """
    if run.published:
        rows = published_rows(run.films, run.bags, run.status)
        summary = published_summary(rows)
        tiles = _published_tiles(summary)
    else:
        rows = run.film_rows
        summary = media_summary(rows, run.tracks)
        tiles = _media_tiles(summary)
    skipped = run.status.loc[run.status.status != "ok", ["film_id", "problems"]].to_dict("records")
    values = {
        "published": bool(run.published),
        "films": rows,
        "summary": summary,
        "skipped": skipped,
        "genres": svg.data_uri(run.path(GENRE_COUNTS)) if GENRE_COUNTS in run else None,
        "has_notes": any(row["notes"] for row in rows),
    }
    tiles = [("films", str(len(rows))), *tiles]
    if skipped:
        tiles.append(("films skipped", str(len(skipped))))
    template = Path(__file__).with_name("section.html")
    return render_section("corpus", "Corpus", template, values, tiles)


def media_summary(rows: Sequence[Mapping], tracks: pd.DataFrame) -> dict:
    """Sum up the films and albums of a corpus.

    Parameters
    ----------
    rows : sequence of mapping
        One a film, as `scorelens.sections.films.film_rows` makes them.
    tracks : DataFrame
        Table of TRACKS.

    Returns
    -------
    dict
        Numbers of films, albums, tracks and cues; film_h and album_h (hours); music_share (0..1).
    """
    film_s = sum(row["duration_s"] for row in rows)
    in_use = tracks[tracks.film_id.isin([row["film_id"] for row in rows])]
    return {
        "films": len(rows),
        "albums": in_use.film_id.nunique(),
        "tracks": len(in_use),
        "film_h": film_s / 3600,
        "album_h": in_use.duration_s.sum() / 3600,
        "cues": sum(row["cues"] for row in rows),
        "music_share": sum(row["music_s"] for row in rows) / film_s if film_s else 0,
    }


def published_rows(
    films: pd.DataFrame, bags: Mapping[str, pd.DataFrame], status: pd.DataFrame
) -> list[dict]:
    """Describe the films of a corpus of published features.

    Parameters
    ----------
    films, status : DataFrame
        Tables of FILMS and STATUS.
    bags : mapping of str to DataFrame
        Table of BAGS of each feature set.

    Returns
    -------
    list of dict
        For each film: film_id, title, genres, notes, and `sets`: numbers of cues and frames in each
        feature set.
    """
    notes = status.set_index("film_id")["notes"]
    sets = {
        name: bag.groupby("film_id").agg(cues=("cue_id", "nunique"), frames=("n_frames", "sum"))
        for name, bag in bags.items()
    }
    return [
        {
            "film_id": film.film_id,
            "title": film.title,
            "genres": ", ".join(film.genres),
            "sets": {name: counts.loc[film.film_id].to_dict() for name, counts in sets.items()},
            "notes": notes.get(film.film_id, ""),
        }
        for film in films.itertuples()
    ]


def published_summary(rows: Sequence[Mapping]) -> dict:
    """Sum up the films of a corpus of published features.

    Parameters
    ----------
    rows : sequence of mapping
        As `published_rows` makes them, one or more.

    Returns
    -------
    dict
        Number of films, and `sets`: numbers of cues and frames of each feature set.
    """
    return {
        "films": len(rows),
        "sets": {
            name: {count: sum(row["sets"][name][count] for row in rows) for count in counts}
            for name, counts in rows[0]["sets"].items()
        },
    }


def _media_tiles(summary: Mapping) -> list[tuple[str, str]]:
    return [
        ("of film", f"{formats.number(summary['film_h'])} h"),
        *((name, str(summary[name])) for name in ("albums", "tracks", "cues")),
        ("of film time is music", formats.percent(summary["music_share"])),
    ]


def _published_tiles(summary: Mapping) -> list[tuple[str, str]]:
    return [
        (f"{count} in {name}", str(number))
        for name, counts in summary["sets"].items()
        for count, number in counts.items()
    ]
