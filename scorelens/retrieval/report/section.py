"""The report's section on retrieval: ranks of tracks for films and for scenes, searches."""

from pathlib import Path

import pandas as pd

from scorelens import retrieval, tables
from scorelens.evaluation import SIGNIFICANT
from scorelens.retrieval.evaluate import rankings
from scorelens.retrieval.search.search_config import choose_configuration
from scorelens.sections import Run, Section, render_section

MEASURES = ("recall_1", "recall_5", "recall_10", "recall_20", "recall_50", "recall_100")
MEDIAN = "median_rank"
PAIRS = "track"  # the level of Wang et al.: every track is paired with its film
HEADLINE = "film_mean"  # the level on which each film weighs the same
COMPARED = {"mean_percentile": "Mean percentile", "recall_10": "R@10"}
SCENES, SEARCHES = "retrieval/scenes.tsv", "retrieval/searches.html"


def retrieval_section(run: Run) -> Section | None:
    """Make the section on retrieval.

    The summary quotes the primary model: it is chosen by the configuration, not by the scores on
    the test films.

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
    every_score = run.table("retrieval/scores.tsv", tables.RETRIEVAL_SCORES)
    comparisons = run.table("retrieval/comparisons.tsv", tables.RETRIEVAL_COMPARISONS)
    scores = full_queries(every_score)
    rows = score_rows(scores)
    models = [row["configuration"] for row in rows if not row["is_baseline"]]
    primary = choose_configuration(models, run.config["retrieval"]["primary"], "primary")
    left_out = films[films.part == "left_out"]
    values = {
        "films": films.part.value_counts().to_dict(),
        "tracks": int(films.tracks[films.part == "test"].sum()),
        "left_out": left_out[["film_id", "problem"]].to_dict("records"),
        "measures": MEASURES,
        "rows": rows,
        "repeats": run.config["retrieval"]["training"]["repeats"],
        "headline": headline(rankings.full_queries(every_score), primary),
        "compared": COMPARED,
        "comparisons": comparison_rows(comparisons, primary),
        "pairs": pair_rows(comparisons),
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
    return rankings.full_queries(scores[scores.level == PAIRS])


def headline(scores: pd.DataFrame, primary: str) -> dict:
    """Collect what the summary states: the primary model, and the best of all models.

    Parameters
    ----------
    scores : DataFrame
        Rows of RETRIEVAL_SCORES of queries with all inputs.
    primary : str
        The model that the configuration chooses.

    Returns
    -------
    dict
        title and `cells` (rows of the table, by measure) of the primary model; `best`, the model
        of the highest mean percentile, with its title and its row; `models`, their number.
    """
    averaged = scores[scores.level == HEADLINE].set_index(["configuration", "measure"])
    models = averaged.xs("mean_percentile", level="measure").dropna(subset="p_best")
    best = models["value"].idxmax()
    return {
        "title": retrieval.title(primary),
        "cells": averaged.loc[primary].to_dict("index"),
        "best": {"title": retrieval.title(best), **models.loc[best].to_dict()},
        "models": len(models),
    }


def comparison_rows(comparisons: pd.DataFrame, primary: str) -> list[dict]:
    """Arrange the comparisons of the primary model with every other model and baseline.

    Parameters
    ----------
    comparisons : DataFrame
        Table of RETRIEVAL_COMPARISONS.
    primary : str
        The model that the configuration chooses.

    Returns
    -------
    list of dict
        title; `cells`, by measure, each with difference (primary less the other), low, high and
        p_holm.
    """
    swapped = comparisons.rename(columns={"configuration": "other", "other": "configuration"})
    signs = {"difference": -swapped.difference, "low": -swapped.high, "high": -swapped.low}
    both = pd.concat([comparisons, swapped.assign(**signs)])
    of_primary = both[both.configuration == primary]
    return [
        {
            "title": retrieval.title(name),
            "cells": rows.set_index("measure").to_dict("index"),
        }
        for name, rows in of_primary.groupby("other", sort=False)
    ]


def pair_rows(comparisons: pd.DataFrame) -> dict[str, dict]:
    """Count the pairs that differ, and list them.

    Parameters
    ----------
    comparisons : DataFrame
        Table of RETRIEVAL_COMPARISONS.

    Returns
    -------
    dict of str to dict
        By measure of `COMPARED`: `pairs`, their number, and `different`, those that differ after
        Holm's correction, each with the titles `better` and `worse`, difference and p_holm.
    """
    result = {}
    for measure in COMPARED:
        rows = comparisons[comparisons.measure == measure]
        different = [
            _ordered(row) for row in rows[rows.p_holm < SIGNIFICANT].itertuples(index=False)
        ]
        result[measure] = {"pairs": len(rows), "different": different}
    return result


def score_rows(scores: pd.DataFrame) -> list[dict]:
    """Arrange the scores in one row for each configuration.

    Parameters
    ----------
    scores : DataFrame
        Rows that `full_queries` selects.

    Returns
    -------
    list of dict
        configuration, title, is_baseline; `cells`, by measure, each with value, low, high, p and
        best (of its column).
    """
    return [
        {
            "configuration": name,
            "title": retrieval.title(name),
            "is_baseline": name in retrieval.BASELINES,
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


def _ordered(row: tuple) -> dict:
    """A comparison as the better and the worse of the pair."""
    names = [row.configuration, row.other][:: 1 if row.difference > 0 else -1]
    better, worse = map(retrieval.title, names)
    difference = abs(row.difference)
    return {"better": better, "worse": worse, "difference": difference, "p_holm": row.p_holm}


def _cell(scores: pd.DataFrame, configuration: str, measure: str) -> dict:
    column = scores[scores.measure == measure]
    row = column[column.configuration == configuration].iloc[0]
    best = column.value.min() if measure == MEDIAN else column.value.max()
    cell = {name: row[name] for name in ("value", "low", "high", "p")}
    return cell | {"best": row.value == best}
