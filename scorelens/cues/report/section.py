"""The report's sections on the cues: timelines, scores against the true cues, film overview."""

import os
from pathlib import Path

from tqdm import tqdm

from scorelens import tables
from scorelens.cues.report import film_overview
from scorelens.sections import Run, Section, render_section, svg

HERE = Path(__file__).parent
SCORES = "cues/scores.tsv"
UNKNOWN = "music/unknown.tsv"
ROLES = "cues/levels.tsv"
# How the groups of films in the table of scores are named; {} is the value of the group.
GROUPS = {
    "film": "{}",
    "snr": "music at {} dB",
    "all": "all films",
    "corrected_all": "all films, after the corrections",
    "corrected_film": "{}, after the corrections",
}


def timelines_section(run: Run) -> Section | None:
    """Make the section with the cue timeline of every film.

    Parameters
    ----------
    run : Run
        Results of the run.

    Returns
    -------
    Section or None
        None for a corpus of published features.
    """
    if run.published:
        return None
    values = {
        "films": run.film_rows,
        "timelines": run.figures("cues/timelines/*.svg"),
        "has_unknown": UNKNOWN in run,
        "cues": {} if run.fold_films else cue_rows(run),
        "fold": run.fold_films,
    }
    return render_section("timelines", "Cue timelines", HERE / "timelines.html", values)


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
        "rows": score_rows(run.path(SCORES)),
        "confidence": svg.data_uri(run.path("cues/confidence.svg")),
        "calibration": run.table("cues/calibration.tsv", tables.CUE_CALIBRATION).iloc[0].to_dict(),
    }
    return render_section("cues", "Cue scores", HERE / "scores.html", values)


def film_overview_section(run: Run) -> Section | None:
    """Make the section that shows cues, music and picture of each film on one time axis.

    Parameters
    ----------
    run : Run
        Results of the run. Without the feature set `mir` the music is not shown.

    Returns
    -------
    Section or None
        None for a corpus of published features.
    """
    if run.published:
        return None
    values = {
        "films": run.film_rows,
        "overviews": film_overviews(run),
        "has_music": bool(run.matching("features/mir/*.parquet")),
        "has_unknown": UNKNOWN in run,
        "has_levels": ROLES in run,
        "fold": run.fold_films,
    }
    template = HERE / "film_overview.html"
    return render_section("film_overview", "Film overview", template, values)


def cue_rows(run: Run) -> dict[str, list[dict]]:
    """List the cues of every film with how loud their music is.

    Parameters
    ----------
    run : Run
        Results of the run.

    Returns
    -------
    dict of str to list of dict
        By film_id, rows of CUE_ROLES with the `title` of the track; `dialogue_overlap` is None
        where speech was not detected. Empty if the levels were not measured.
    """
    if ROLES not in run:
        return {}
    rows = {}
    for film, cues in run.table(ROLES, tables.CUE_ROLES).groupby("film_id"):
        titles = run.track_titles[film]
        overlap = cues.dialogue_overlap.astype(object).where(cues.dialogue_overlap.notna(), None)
        named = cues.assign(title=cues.track_id.map(titles), dialogue_overlap=overlap)
        rows[film] = named.to_dict("records")
    return rows


def score_rows(path: str | os.PathLike) -> list[dict]:
    """Read the scores of the cues, with a name for each group of films.

    Parameters
    ----------
    path : path
        Table of CUE_SCORES.

    Returns
    -------
    list of dict
        The rows of the table, each with a `name`.
    """
    scores = tables.read_table(path, tables.CUE_SCORES)
    names = [GROUPS[row.group].format(row.value) for row in scores.itertuples()]
    return scores.assign(name=names).to_dict("records")


def film_overviews(run: Run) -> dict[str, str]:
    """Draw the overview of every film.

    Parameters
    ----------
    run : Run
        Results of the run.

    Returns
    -------
    dict of str to str
        Figures as data URIs, by film_id.
    """
    paths, levels = (run.matching(f"{name}/*.parquet") for name in ("features/mir", "cues/levels"))
    unknown = run.table(UNKNOWN, tables.UNKNOWN_MUSIC) if UNKNOWN in run else None
    columns = [*tables.FEATURES.names, *film_overview.COLUMNS]
    overviews = {}
    for film in tqdm(run.films.itertuples(), total=len(run.films), disable=None):
        name = film.film_id
        features = tables.read_table(paths[name], tables.FEATURES, columns) if paths else None
        figure = film_overview.draw_overview(
            run.cues[run.cues.film_id == name],
            features,
            run.visuals[run.visuals.film_id == name],
            film.duration_s,
            run.track_titles.get(name, {}),
            None if unknown is None else unknown[unknown.film_id == name],
            tables.read_table(levels[name], tables.CUE_LEVELS) if levels else None,
        )
        overviews[name] = svg.data_uri(figure)
    return overviews
