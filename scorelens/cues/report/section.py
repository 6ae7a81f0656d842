"""The report's sections on the cues: all films over time, scores against the true cues."""

import os
from pathlib import Path

import pandas as pd

from scorelens import tables
from scorelens.albums.names import track_titles
from scorelens.cues import film_map
from scorelens.cues.roles import FOREGROUND
from scorelens.sections import Run, Section, render_section, svg
from scorelens.sections.section import MAX_ROWS

HERE = Path(__file__).parent
SCORES = "cues/scores.tsv"
UNKNOWN = "music/unknown.tsv"
ROLES = "cues/levels.tsv"
FILM_MAP = "cues/film_map.svg"
EXTREMES = 5  # cues listed, the loudest and as many of the quietest
# How the groups of films in the table of scores are named; {} is the value of the group.
FILM = "film"
GROUPS = {
    FILM: "{}",
    "snr": "music at {} dB",
    "all": "all films",
    "corrected_all": "all films, after the corrections",
    "corrected_film": "{}, after the corrections",
}


def film_map_section(run: Run) -> Section | None:
    """Make the section with all films over time and the loudest and quietest cues.

    Parameters
    ----------
    run : Run
        Results of the run.

    Returns
    -------
    Section or None
        None for a corpus of published features.
    """
    if FILM_MAP not in run:
        return None
    roles = run.table(ROLES, tables.CUE_ROLES) if ROLES in run else pd.DataFrame({"role": []})
    values = {
        "figure": svg.data_uri(run.path(FILM_MAP)),
        "films": run.film_rows,
        "joined_above": film_map.MAX_ROWS,
        "has_unknown": UNKNOWN in run,
        "has_models": bool(run.matching("genres/losses.svg")),
        "table": ROLES,
        "cues": extreme_cues(roles, run),
        "foreground": int((roles.role == FOREGROUND).sum()),
        "total": len(roles),
    }
    return render_section("film_map", "Films over time", HERE / "film_map.html", values)


def scores_section(run: Run) -> Section | None:
    """Make the section that compares the cues with the true ones.

    Parameters
    ----------
    run : Run
        Results of the run.

    Returns
    -------
    Section or None
        None if the true cues are not known.
    """
    if SCORES not in run:
        return None
    values = {
        **score_rows(run.path(SCORES)),
        "confidence": svg.data_uri(run.path("cues/confidence.svg")),
        "calibration": run.table("cues/calibration.tsv", tables.CUE_CALIBRATION).iloc[0].to_dict(),
    }
    return render_section("cues", "Cue scores", HERE / "scores.html", values)


def extreme_cues(roles: pd.DataFrame, run: Run) -> list[dict]:
    """List the cues whose music is loudest against the rest of the sound, and quietest.

    Parameters
    ----------
    roles : DataFrame
        Table of CUE_ROLES.
    run : Run
        Results of the run, for the titles.

    Returns
    -------
    list of dict
        Rows of CUE_ROLES, the loudest first, `EXTREMES` of either kind at most, with the titles
        `film` and `title` (of the track); `dialogue_overlap` is None where speech was not detected.
    """
    if roles.empty:
        return []
    ordered = roles.sort_values("music_to_rest_db", ascending=False, kind="stable")
    if len(ordered) > 2 * EXTREMES:
        ordered = pd.concat([ordered.head(EXTREMES), ordered.tail(EXTREMES)])
    films = run.films.set_index("film_id").title
    tracks = run.tracks[run.tracks.film_id.isin(ordered.film_id)]
    titles = {film: track_titles(rows) for film, rows in tracks.groupby("film_id")}
    overlap = ordered.dialogue_overlap
    return ordered.assign(
        film=ordered.film_id.map(films),
        title=[titles[cue.film_id][cue.track_id] for cue in ordered.itertuples()],
        dialogue_overlap=overlap.astype(object).where(overlap.notna(), None),
    ).to_dict("records")


def score_rows(path: str | os.PathLike) -> dict:
    """Read the scores of the cues: of groups of films, and of the films with the lowest F1.

    Parameters
    ----------
    path : path
        Table of CUE_SCORES.

    Returns
    -------
    dict
        `rows` of the table, each with a `name`, with `MAX_ROWS` films at most; `films`, the number
        of all films in the table.
    """
    scores = tables.read_table(path, tables.CUE_SCORES)
    films = scores[scores.group == FILM]
    if len(films) > MAX_ROWS:
        films = films.sort_values("time_f1", kind="stable").head(MAX_ROWS)
    shown = scores[(scores.group != FILM) | scores.index.isin(films.index)]
    names = [GROUPS[row.group].format(row.value) for row in shown.itertuples()]
    return {
        "rows": shown.assign(name=names).to_dict("records"),
        "films": int((scores.group == FILM).sum()),
    }
