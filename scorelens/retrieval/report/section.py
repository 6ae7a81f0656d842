"""The report's section on retrieval: ranks of tracks for films and for scenes, searches."""

from pathlib import Path

import pandas as pd

from scorelens import retrieval, tables
from scorelens.retrieval.search.search_config import choose_configuration
from scorelens.sections import Run, Section, render_section

MEASURES = ("recall_1", "recall_5", "recall_10", "recall_20", "recall_50", "recall_100")
MEDIAN = "median_rank"
PAIRS = "track"  # the level of Wang et al.: every track is paired with its film
SCENES, SEARCHES = "retrieval/scenes.tsv", "retrieval/searches.html"


def retrieval_section(run: Run) -> Section | None:
    """Make the section on retrieval.

    The summary quotes the model that answers searches: it is chosen by the configuration, not by
    the scores on the test films.

    Parameters
    ----------
    run : Run
        Results of the run.

    Returns
    -------
    Section or None
        None if the run has no retrieval.
    """
    if "retrieval/scores.tsv" not in run:
        return None
    films = run.table("retrieval/films.tsv", tables.RETRIEVAL_FILMS)
    scores = full_queries(run.table("retrieval/scores.tsv", tables.RETRIEVAL_SCORES))
    rows = {row["configuration"]: row for row in score_rows(scores)}
    wanted = run.config["retrieval"]["search"]["configuration"]
    left_out = films[films.part == "left_out"]
    values = {
        "films": films.part.value_counts().to_dict(),
        "tracks": int(films.tracks[films.part == "test"].sum()),
        "left_out": left_out[["film_id", "problem"]].to_dict("records"),
        "measures": MEASURES,
        "rows": list(rows.values()),
        "search_model": rows[choose_configuration(list(rows), wanted)],
        "chance": scores.groupby("measure").chance.first().to_dict(),
        "scenes": [],
        "figures": run.figures("retrieval/*.svg"),
        "searches": SEARCHES if SEARCHES in run else None,
    }
    if SCENES in run:
        values["scenes"] = scene_rows(run.table(SCENES, tables.RETRIEVAL_SCENE_SCORES))
    template = Path(__file__).with_name("section.html")
    return render_section("retrieval", "Retrieval", template, values)


def full_queries(scores: pd.DataFrame) -> pd.DataFrame:
    """Select the scores of pairs for queries with all inputs of the model.

    Parameters
    ----------
    scores : DataFrame
        Table of RETRIEVAL_SCORES.

    Returns
    -------
    DataFrame
        Some of its rows.
    """
    return scores[
        (scores.level == PAIRS) & (scores.seen == scores.configuration.map(retrieval.all_parts))
    ]


def score_rows(scores: pd.DataFrame) -> list[dict]:
    """Arrange the scores in one row for each configuration.

    Parameters
    ----------
    scores : DataFrame
        Rows that `full_queries` selects.

    Returns
    -------
    list of dict
        configuration and title; `cells`, by measure, each with value, low, high, p and best (of its
        column).
    """
    return [
        {
            "configuration": name,
            "title": retrieval.TITLES[name],
            "cells": {measure: _cell(scores, name, measure) for measure in (*MEASURES, MEDIAN)},
        }
        for name in scores.configuration.unique()
    ]


def scene_rows(scenes: pd.DataFrame) -> list[dict]:
    """Arrange the scores of scenes in one row for each kind of query and pool of tracks.

    Parameters
    ----------
    scenes : DataFrame
        Table of RETRIEVAL_SCENE_SCORES.

    Returns
    -------
    list of dict
        asked, pool, scenes (their number); `cells`, the rows of the table by measure.
    """
    return [
        {
            "asked": asked,
            "pool": pool,
            "scenes": int(rows.scenes.max()),
            "cells": {row.measure: row._asdict() for row in rows.itertuples(index=False)},
        }
        for (asked, pool), rows in scenes.groupby(["asked", "pool"], sort=False)
    ]


def _cell(scores: pd.DataFrame, configuration: str, measure: str) -> dict:
    column = scores[scores.measure == measure]
    row = column[column.configuration == configuration].iloc[0]
    best = column.value.min() if measure == MEDIAN else column.value.max()
    cell = {name: row[name] for name in ("value", "low", "high", "p")}
    return cell | {"best": row.value == best}
