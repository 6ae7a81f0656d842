"""The report's section on the tagger: scores, examples, tagged libraries."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from scorelens import tables
from scorelens.evaluation.calibration_error import wilson_interval
from scorelens.sections import Run, Section, render_section
from scorelens.tagger import BASELINES, FREQUENCY, TITLES
from scorelens.tagger.report.evidence import (
    calibration_rows,
    count_candidates,
    differences_to,
    loss_rows,
    pair_rows,
)

RANKING_MEASURES = ("coverage_error", "label_ranking_average_precision")
OUTCOMES = ("right", "partly", "wrong")
GAIN = ("gain", "gain_low", "gain_high")
CONFUSIONS = "tagger/confusions.tsv"
EXAMPLES = 5  # tracks listed for each outcome


def tagger_section(run: Run) -> Section | None:
    """Make the section on the tagger.

    Parameters
    ----------
    run : Run
        Results of the run.

    Returns
    -------
    Section or None
        None if the run has no tagger.
    """
    if "tagger/scores.tsv" not in run:
        return None
    scores = run.table("tagger/scores.tsv", tables.TAGGER_SCORES)
    outcomes = run.table("tagger/outcomes.tsv", tables.TAGGER_OUTCOMES)
    rows = score_rows(scores, outcomes)
    primary = run.config["tagger"]["primary"]
    lead = lead_row(rows, primary)
    comparisons = run.table("tagger/comparisons.tsv", tables.TAGGER_COMPARISONS)
    differences = differences_to(lead["model"], comparisons)
    calibration = calibration_rows(run.table("tagger/calibration.tsv", tables.CALIBRATION))
    values = {
        "split": run.config["tagger"]["split"],
        "rows": rows,
        "tops": sorted(scores.top.dropna().unique().astype(int).tolist()),
        "lead": lead,
        "is_primary": bool(primary),
        "candidates": count_candidates(scores),
        "random": next(row for row in rows if not row["outcomes"]),
        "frequency": next((row for row in rows if row["model"] == FREQUENCY), None),
        "differences": differences,
        "calibration": calibration,
        "lead_calibration": next((r for r in calibration if r["model"] == lead["model"]), None),
        "confusion": top_confusion(run, outcomes[outcomes.model == lead["model"]]),
        "losses": loss_rows(run),
        "pairs": pair_rows(run.table("tagger/label_pairs.tsv", tables.TAGGER_LABEL_PAIRS)),
        "examples": examples(outcomes[outcomes.model == lead["model"]], run.track_titles),
        "figures": run.figures("tagger/*.svg"),
        "libraries": {
            name: path.relative_to(run.results).as_posix()
            for name, path in run.matching("tagger/libraries/*.html").items()
        },
    }
    return render_section("tagger", "Tagger", Path(__file__).with_name("section.html"), values)


def top_confusion(run: Run, outcomes: pd.DataFrame) -> dict | None:
    """Find the genre whose tracks most often get the same wrong tag.

    Parameters
    ----------
    run : Run
        Results of the run.
    outcomes : DataFrame
        Rows of TAGGER_OUTCOMES of one model.

    Returns
    -------
    dict or None
        A row of TAGGER_CONFUSIONS, and low and high, a 95% interval (Wilson) that counts a film
        once; None without the table, or if no tag is wrong.
    """
    if CONFUSIONS not in run:
        return None
    rows = run.table(CONFUSIONS, tables.TAGGER_CONFUSIONS)
    rows = rows[rows.model.isin(outcomes.model) & (rows.share > 0)]
    if rows.empty:
        return None
    row = rows.loc[rows.share.idxmax()].to_dict()
    carries = outcomes.genres.map(lambda genres: row["genre"] in genres)
    films = outcomes.film_id[carries].nunique()
    low, high = wilson_interval(np.array([row["share"]]), np.array([films])).ravel()
    return row | {"low": low, "high": high}


def score_rows(scores: pd.DataFrame, outcomes: pd.DataFrame) -> list[dict]:
    """Arrange the scores on tracks in one row for each model.

    Parameters
    ----------
    scores, outcomes : DataFrame
        Tables of TAGGER_SCORES and TAGGER_OUTCOMES.

    Returns
    -------
    list of dict
        model and title; `cells`, by measure, each with value, low, high, p (None if absent), p_best
        (as the best of all models; None if absent), gain over a random ranking with its bounds
        (None if absent) and best (of its column); `outcomes`, numbers of tracks by outcome, None
        for the random ranking.
    """
    tracks = scores[scores.level == "track"]
    weighted = tracks[(tracks.measure == "f1") & (tracks.genre == "weighted")]
    columns = {measure: tracks[tracks.measure == measure] for measure in RANKING_MEASURES}
    columns |= {f"f1 {top}": rows for top, rows in weighted.groupby("top")}
    counts = outcomes.groupby(["model", "outcome"]).size()
    tested = set(outcomes.model)
    return [
        {
            "model": model,
            "title": TITLES[model],
            "cells": {name: _cell(column, model, name) for name, column in columns.items()},
            "outcomes": {outcome: int(counts.get((model, outcome), 0)) for outcome in OUTCOMES}
            if model in tested
            else None,
        }
        for model in tracks.model.unique()
    ]


def lead_row(rows: list[dict], primary: str) -> dict:
    """Choose the model of the headline.

    Parameters
    ----------
    rows : list of dict
        As `score_rows` returns them.
    primary : str
        The primary model; empty if it is not trained.

    Returns
    -------
    dict
        Its row, or else that of the highest label-ranking average precision; a baseline only if
        there is no other model.
    """
    models = [row for row in rows if row["outcomes"]]
    if primary:
        return next(row for row in models if row["model"] == primary)
    trained = [row for row in models if row["model"] not in BASELINES]
    return max(trained or models, key=lambda row: row["cells"][RANKING_MEASURES[1]]["value"])


def examples(
    outcomes: pd.DataFrame, titles: Mapping[str, Mapping[str, str]]
) -> dict[str, list[dict]]:
    """Pick a few tracks of each outcome, spread evenly over all of them.

    Parameters
    ----------
    outcomes : DataFrame
        Rows of TAGGER_OUTCOMES of one model.
    titles : mapping
        Title of each track, by film_id and track_id.

    Returns
    -------
    dict of str to list of dict
        By outcome, at most `EXAMPLES` rows of the table, each with the title of the track.
    """
    picked = {}
    for outcome in OUTCOMES:
        rows = outcomes[outcomes.outcome == outcome]
        rows = rows.iloc[:: max(1, -(-len(rows) // EXAMPLES))]
        names = [
            titles[film][track] for film, track in zip(rows.film_id, rows.track_id, strict=True)
        ]
        picked[outcome] = rows.assign(title=names).to_dict("records")
    return picked


def _cell(column: pd.DataFrame, model: str, name: str) -> dict:
    row = column[column.model == model].iloc[0]
    best = column.value.min() if name == "coverage_error" else column.value.max()
    return {
        "value": row.value,
        "low": row.low,
        "high": row.high,
        "p": None if pd.isna(row.p) else row.p,
        "p_best": None if pd.isna(row.p_best) else row.p_best,
        "gain": None if pd.isna(row.p) or pd.isna(row.gain) else tuple(row[list(GAIN)]),
        "best": row.value == best,
    }
