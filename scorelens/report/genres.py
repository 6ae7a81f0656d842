"""What the report says about the genre models, as plain values."""

import pandas as pd

from scorelens.genres import BASELINES
from scorelens.genres.evaluate.score import MACRO, MEASURES

TOLD_APART = 0.05  # a corrected p-value below it


def names(scores: pd.DataFrame) -> list[str]:
    """The genres of a table of genre scores, in its order."""
    return [genre for genre in scores.genre.unique() if genre != MACRO]


def score_rows(scores: pd.DataFrame) -> list[dict]:
    """One row a model: macro measures with intervals, F1 of every genre, and which are best.

    With the spread of F1 over training runs, and F1 by chance with its p-value, each None if there
    is none.
    """
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
                    "spread": _present(row.f1_spread) if measure == "f1" else None,
                }
                for measure in MEASURES
            ],
            "permuted": _present(row.permuted),
            "p_permuted": _present(row.p_permuted),
            "f1": [
                {"value": value, "best": value == by_genre[genre].max()}
                for genre in names(scores)
                for value in [by_genre.loc[genre, row.feature_set, row.model]]
            ],
        }
        for row in macro.itertuples()
    ]


def headline(scores: pd.DataFrame) -> dict | None:
    """The best model and the best baseline by macro F1; None if no model was trained.

    Of the best model also what its answers would have by chance, and how rarely by chance they are
    as good. The baseline's name and F1 are None if there is no baseline.
    """
    macro = scores[scores.genre == MACRO]
    trained = macro[~macro.model.isin(BASELINES)]
    if trained.empty:
        return None
    best = trained.loc[trained.f1.idxmax()]
    shown = ["feature_set", "model", "f1", "f1_low", "f1_high", "permuted", "p_permuted"]
    baselines = macro[macro.model.isin(BASELINES)].nlargest(1, "f1")
    return {
        **best[shown].to_dict(),
        "baseline": next(iter(baselines.model), None),
        "baseline_f1": next(iter(baselines.f1), None),
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


def rivals(against: dict[tuple[str, str], dict]) -> dict[str, int]:
    """How many trained models the best one was compared with, and how many are not told apart.

    against: as `against_best` gives it. Returns `all` and `close`, those of no corrected p-value
    below TOLD_APART.
    """
    p = [found["p"] for (_, model), found in against.items() if model not in BASELINES]
    return {"all": len(p), "close": sum(value >= TOLD_APART for value in p)}


def prediction_block(run: tuple[str, str], predictions: pd.DataFrame) -> dict:
    """What one model says of every film, in its first training run: a row a film, a cell a genre.

    A cell's kind is `hit` (said and true), `miss` (true alone), `false` (said alone) or `none`.
    """
    predictions = predictions[predictions["repeat"] == 0]
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


def _present(value: float) -> float | None:
    return None if pd.isna(value) else value


def _cell(row: pd.Series) -> dict:
    kinds = {(True, True): "hit", (False, True): "miss", (True, False): "false"}
    kind = kinds.get((bool(row.predicted), bool(row.actual)), "none")
    return {"kind": kind, "probability": row.probability}
