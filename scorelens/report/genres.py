"""What the report says about the genre models, as plain values."""

import pandas as pd

from scorelens.genres import BASELINES

MACRO = "macro"
MEASURES = ("precision", "recall", "f1")


def names(scores: pd.DataFrame) -> list[str]:
    """The genres of a table of genre scores, in its order."""
    return [genre for genre in scores.genre.unique() if genre != MACRO]


def score_rows(scores: pd.DataFrame) -> list[dict]:
    """One row a model: macro measures with intervals, F1 of every genre, and which are best."""
    macro = scores[scores.genre == MACRO]
    by_genre = scores.set_index(["genre", "feature_set", "model"]).f1
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
                }
                for measure in MEASURES
            ],
            "f1": [
                {"value": value, "best": value == by_genre[genre].max()}
                for genre in names(scores)
                for value in [by_genre.loc[genre, row.feature_set, row.model]]
            ],
        }
        for row in macro.itertuples()
    ]


def best_models(scores: pd.DataFrame) -> list[tuple[str, str]]:
    """The (feature set, model) of the highest macro F1 in each feature set, without baselines."""
    macro = _trained(scores)
    best = macro.loc[macro.groupby("feature_set", sort=False).f1.idxmax()]
    return list(zip(best.feature_set, best.model, strict=True))


def headline(scores: pd.DataFrame) -> dict | None:
    """The best model and the best baseline by macro F1; None if no model was trained."""
    macro = _trained(scores)
    if macro.empty:
        return None
    best = macro.loc[macro.f1.idxmax()]
    baselines = scores[(scores.genre == MACRO) & scores.model.isin(BASELINES)]
    return {
        **best[["feature_set", "model", "f1", "f1_low", "f1_high"]].to_dict(),
        "baseline_f1": None if baselines.empty else baselines.f1.max(),
    }


def against_best(comparisons: pd.DataFrame, best: dict | None) -> dict[tuple[str, str], dict]:
    """How much the best model leads each other one it was compared with, and the corrected p-value.

    best: as `headline` gives it. Returns by (feature set, model): lead, in macro F1, and p.
    """
    if best is None:
        return {}
    leader, found = (best["feature_set"], best["model"]), {}
    for row in comparisons.itertuples():
        pair = (row.feature_set, row.model), (row.other_feature_set, row.other_model)
        if leader in pair:
            lead = row.difference if pair[0] == leader else -row.difference
            found[pair[pair[0] == leader]] = {"lead": lead, "p": row.p_holm}
    return found


def prediction_block(run: tuple[str, str], predictions: pd.DataFrame) -> dict:
    """What one model says of every film: a row a film, a cell a genre.

    A cell's kind is `hit` (said and true), `miss` (true alone), `false` (said alone) or `none`.
    """
    order = list(predictions.genre.unique())
    return {
        "feature_set": run[0],
        "model": run[1],
        "genres": order,
        "films": [
            {"film_id": film, "cells": [_cell(rows.loc[genre]) for genre in order]}
            for film, own in predictions.groupby("film_id", sort=False)
            for rows in [own.set_index("genre")]
        ],
    }


def _trained(scores: pd.DataFrame) -> pd.DataFrame:
    return scores[(scores.genre == MACRO) & ~scores.model.isin(BASELINES)]


def _cell(row: pd.Series) -> dict:
    kinds = {(True, True): "hit", (False, True): "miss", (True, False): "false"}
    kind = kinds.get((bool(row.predicted), bool(row.actual)), "none")
    return {"kind": kind, "probability": row.probability}
