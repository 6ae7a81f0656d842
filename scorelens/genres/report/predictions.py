"""The report's section on the predictions of the genre models, film by film."""

from pathlib import Path

import pandas as pd

from scorelens import tables
from scorelens.genres import title
from scorelens.genres.evaluate.score import shown_models
from scorelens.genres.report.models import SCORES
from scorelens.sections import Run, Section, render_section
from scorelens.sections.section import MAX_ROWS

# By whether a genre was predicted and is a label of the film.
KINDS = {
    (True, True): "true_positive",
    (False, True): "false_negative",
    (True, False): "false_positive",
    (False, False): "true_negative",
}


def predictions_section(run: Run) -> Section | None:
    """Make the section on the predictions of the primary model and the best of each feature set.

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
    blocks = [
        {
            "feature_set": feature_set,
            "model": model,
            **prediction_block(
                run.table(f"genres/predictions/{feature_set}/{model}.parquet", tables.PREDICTIONS)
            ),
        }
        for feature_set, model in shown_models(scores)
    ]
    several_runs = bool(scores.f1_spread.notna().any())
    values = {"blocks": blocks, "several_runs": several_runs, "title": title}
    template = Path(__file__).with_name("predictions.html")
    return render_section("predictions", "Predictions", template, values)


def prediction_block(predictions: pd.DataFrame) -> dict:
    """Arrange the predictions of one model in one row a film, one cell a genre.

    Of more than `MAX_ROWS` films those with the most wrong genres are shown.

    Parameters
    ----------
    predictions : DataFrame
        Table of PREDICTIONS; only the first training run is shown.

    Returns
    -------
    dict
        `genres`; `total`, the number of all films; `films`: film_id and `cells`, each with kind (of
        `KINDS`) and probability.
    """
    predictions = predictions[predictions["repeat"] == 0]
    genres = list(predictions.genre.unique())
    wrong = (predictions.predicted != predictions.actual).groupby(predictions.film_id).sum()
    if len(wrong) > MAX_ROWS:
        shown = wrong.sort_values(ascending=False, kind="stable").index[:MAX_ROWS]
        predictions = predictions[predictions.film_id.isin(shown)]
    return {
        "genres": genres,
        "total": len(wrong),
        "films": [
            {"film_id": film, "cells": [_cell(rows.loc[genre]) for genre in genres]}
            for film, group in predictions.groupby("film_id", sort=False)
            for rows in [group.set_index("genre")]
        ],
    }


def _cell(row: pd.Series) -> dict:
    kind = KINDS[bool(row.predicted), bool(row.actual)]
    return {"kind": kind, "probability": row.probability}
