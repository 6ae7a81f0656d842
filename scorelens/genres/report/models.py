"""The report's section on the genre models: scores, baselines, comparisons and figures."""

from pathlib import Path

import pandas as pd

from scorelens import tables
from scorelens.evaluation import MACRO
from scorelens.genres import title
from scorelens.genres.evaluate.score import METRICS
from scorelens.genres.report.evidence import (
    baseline_rows,
    best_row,
    calibration_rows,
    count_rivals,
    differences_to,
    lead_row,
)
from scorelens.sections import Run, Section, render_section

SCORES = "genres/scores.tsv"
CHANCE = (
    "permuted",
    "p_permuted",
    "p_best",
    "average_precision_chance",
    "average_precision_p",
    "average_precision_p_best",
)


def models_section(run: Run) -> Section | None:
    """Make the section on the scores of the genre models.

    Parameters
    ----------
    run : Run
        Results of the run.

    Returns
    -------
    Section or None
        None if no model was trained.
    """
    if SCORES not in run:
        return None
    scores = run.table(SCORES, tables.GENRE_SCORES)
    comparisons = run.table("genres/comparisons.tsv", tables.GENRE_COMPARISONS)
    calibration = run.table("genres/calibration.tsv", tables.CALIBRATION)
    lead = lead_row(scores)
    differences = differences_to(lead, comparisons)
    published = "genres/published.tsv"
    values = {
        "published": (
            published_rows(run.table(published, tables.GENRE_PUBLISHED)) if published in run else []
        ),
        "lead": lead,
        "best": best_row(scores),
        "differences": differences,
        "baselines": baseline_rows(scores, differences),
        "calibration": calibration_rows(calibration),
        "rivals": count_rivals(differences),
        "several_runs": bool(scores.f1_spread.notna().any()),
        "exchangeable": int(scores.exchangeable.max()),
        "genres": genre_names(scores),
        "rows": score_rows(scores),
        "figures": run.figures("genres/*.svg"),
        "extremes": extreme_genres(scores, lead) if lead else [],
        "lead_calibration": _row_of(calibration_rows(calibration), lead),
        "title": title,
    }
    return render_section("genres", "Genre models", Path(__file__).with_name("models.html"), values)


def extreme_genres(scores: pd.DataFrame, lead: dict) -> list[dict]:
    """Find the genres that a model predicts best and worst.

    Parameters
    ----------
    scores : DataFrame
        Table of GENRE_SCORES.
    lead : mapping
        feature_set and model.

    Returns
    -------
    list of dict
        Two rows of the table, the best and the worst by F1; empty if there is but one genre.
    """
    is_lead = (scores.feature_set == lead["feature_set"]) & (scores.model == lead["model"])
    rows = scores[is_lead & (scores.genre != MACRO) & scores.f1.notna()]
    ordered = rows.sort_values("f1", ascending=False, kind="stable").to_dict("records")
    return [ordered[0], ordered[-1]] if len(ordered) > 1 else []


def genre_names(scores: pd.DataFrame) -> list[str]:
    """List the genres of a table of scores.

    Parameters
    ----------
    scores : DataFrame
        Table of GENRE_SCORES.

    Returns
    -------
    list of str
        In the order of the table, without the mean over the genres.
    """
    return [genre for genre in scores.genre.unique() if genre != MACRO]


def score_rows(scores: pd.DataFrame) -> list[dict]:
    """Arrange the scores in one row for each model.

    Parameters
    ----------
    scores : DataFrame
        Table of GENRE_SCORES.

    Returns
    -------
    list of dict
        feature_set and model; `measures`, the means over the genres, each with value, low, high,
        best (of its column) and spread (standard deviation of F1 over training runs, or None);
        permuted (F1 with exchanged labels), p_permuted and p_best, average_precision_chance,
        average_precision_p and average_precision_p_best, each None if absent; `f1`, value and best
        for each genre.
    """
    macro = scores[scores.genre == MACRO]
    f1 = scores.set_index(["genre", "feature_set", "model"]).f1
    return [
        {
            "feature_set": row.feature_set,
            "model": row.model,
            "measures": [
                {
                    "value": getattr(row, measure),
                    "low": getattr(row, f"{measure}_low"),
                    "high": getattr(row, f"{measure}_high"),
                    "best": getattr(row, measure) == macro[measure].max(),
                    "spread": _none_if_missing(row.f1_spread) if measure == "f1" else None,
                }
                for measure in METRICS
            ],
            **{name: _none_if_missing(getattr(row, name)) for name in CHANCE},
            "f1": [
                {"value": value, "best": value == f1[genre].max()}
                for genre in genre_names(scores)
                for value in [f1.loc[genre, row.feature_set, row.model]]
            ],
        }
        for row in macro.itertuples()
    ]


def published_rows(beside: pd.DataFrame) -> list[dict]:
    """Arrange the published scores and those of the run in one row for each model.

    Parameters
    ----------
    beside : DataFrame
        Table of GENRE_PUBLISHED.

    Returns
    -------
    list of dict
        source, feature_set, model, and `measures`: by precision, recall and f1 the row of the
        table, or None.
    """
    runs = beside.groupby(["source", "feature_set", "model"], sort=False)
    measures = METRICS[:3]  # the study gives no average precision
    return [
        {
            "source": source,
            "feature_set": feature_set,
            "model": model,
            "measures": [by_measure.get(measure) for measure in measures],
        }
        for (source, feature_set, model), rows in runs
        for by_measure in [{row["measure"]: row for row in rows.to_dict("records")}]
    ]


def _none_if_missing(value: float) -> float | None:
    return None if pd.isna(value) else value


def _row_of(calibration: list[dict], lead: dict | None) -> dict | None:
    """The calibration of the model of the headline."""
    run = (lead["feature_set"], lead["model"]) if lead else None
    return next((row for row in calibration if (row["features"], row["model"]) == run), None)
