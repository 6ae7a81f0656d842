"""The report's section on the corpus: films, albums, films that were skipped."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from scorelens.corpus.groups import NAME
from scorelens.corpus.shared_tags import shared_people, tag_warning
from scorelens.corpus.sharing import ALBUM, FILE, FILM, SOUND, VIDEO
from scorelens.sections import Run, Section, formats, render_section, svg
from scorelens.tables import FILM_GROUPS, SHARED_AUDIO

GROUPS, SHARED = "corpus/groups.tsv", "corpus/shared.tsv"
GENRE_COUNTS = "corpus/genres.svg"


def corpus_section(run: Run) -> Section:
    """Make the section on the corpus: the first films, groups, skipped films, genres.

    It also gives the numbers for the head of the page.

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
    grouped = group_rows(run)
    values = {
        "published": bool(run.published),
        "groups": grouped,
        "single_genres": single_group_genres(run) if grouped else [],
        "tag_warning": shared_artists(run),
        "films": rows,
        "summary": summary,
        "skipped": skipped,
        "genres": svg.data_uri(run.path(GENRE_COUNTS)) if GENRE_COUNTS in run else None,
        "common": most_frequent_genre(run.films),
        "has_notes": any(row["notes"] for row in rows),
    }
    tiles = [("films", str(len(rows))), *tiles]
    if grouped:
        tiles.append(("groups of films", str(len(grouped))))
    if skipped:
        tiles.append(("films skipped", str(len(skipped))))
    template = Path(__file__).with_name("section.html")
    return render_section("corpus", "Corpus", template, values, tiles)


def most_frequent_genre(films: pd.DataFrame) -> dict | None:
    """Find the genre that most films have.

    Parameters
    ----------
    films : DataFrame
        Table of FILMS.

    Returns
    -------
    dict or None
        genre and films, their number; None if no film has a genre.
    """
    counts = films.genres.explode().value_counts()
    return {"genre": counts.index[0], "films": int(counts.iloc[0])} if len(counts) else None


def group_rows(run: Run) -> list[dict]:
    """Describe the groups of films that are held out together.

    Parameters
    ----------
    run : Run
        Results of the run.

    Returns
    -------
    list of dict
        For each group of several films: names (by the film table), films (titles) and reasons (one
        text each).
    """
    if GROUPS not in run:
        return []
    groups, shared = run.table(GROUPS, FILM_GROUPS), run.table(SHARED, SHARED_AUDIO)
    titles = run.films.set_index("film_id")["title"]
    rows = []
    for _, films in groups[groups.films > 1].groupby("group", sort=False):
        names = dict.fromkeys(name for of_film in films.names for name in of_film)
        pairs = shared[shared.film_id.isin(films.film_id)]
        reasons = [reason_text(pair, titles) for pair in pairs.itertuples()]
        if any(NAME in of_film for of_film in films.reasons):
            reasons.insert(0, "the film table says so")
        rows.append({"names": [*names], "films": [*titles[films.film_id]], "reasons": reasons})
    return rows


def reason_text(pair: NamedTuple, titles: Mapping[str, str]) -> str:
    """Say what two films share.

    Parameters
    ----------
    pair : named tuple
        A row of SHARED_AUDIO.
    titles : mapping of str to str
        Title by film_id.

    Returns
    -------
    str
    """
    both = f"{titles[pair.film_id]} and {titles[pair.other_film_id]}"
    share, tracks = formats.percent(pair.share), len(pair.tracks)
    return {
        VIDEO: f"{both} are one file",
        FILM: f"{both} sound alike for {share} of the shorter one",
        ALBUM: f"{both} have the same album",
        FILE: f"{both} have tracks of one file: {tracks}, {share} of the shorter album",
        SOUND: f"{both} have tracks that sound alike: {tracks}, {share} of the shorter album",
    }[pair.reason]


def single_group_genres(run: Run) -> list[str]:
    """List the genres whose films are all of one group, so that no model can learn them.

    Parameters
    ----------
    run : Run
        Results of the run, with groups.

    Returns
    -------
    list of str
    """
    group = run.table(GROUPS, FILM_GROUPS).set_index("film_id")["group"]
    rows = run.films.explode("genres").assign(group=lambda films: films.film_id.map(group))
    counts = rows.groupby("genres").agg(films=("film_id", "nunique"), groups=("group", "nunique"))
    return list(counts.index[(counts.groups == 1) & (counts.films > 1)])


def shared_artists(run: Run) -> str:
    """Say which artists the albums of several groups of films name, if the table has no groups.

    Parameters
    ----------
    run : Run
        Results of the run.

    Returns
    -------
    str
        One line; empty if there is nothing to say.
    """
    if GROUPS not in run or run.config["corpus"]["kind"] not in ("assembled", "table"):
        return ""
    groups = run.table(GROUPS, FILM_GROUPS)
    if groups.names.map(len).any():
        return ""
    return tag_warning(shared_people(run.tracks, groups.set_index("film_id")["group"]))


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
