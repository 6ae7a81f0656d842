"""What the report says of trailers, as plain values."""

import os
from collections.abc import Collection, Mapping, Sequence

import pandas as pd

from scorelens import tables, trailers
from scorelens.genres.evaluate.score import MACRO
from scorelens.report import svg
from scorelens.trailers.evaluate.modality_comparison import SURE

MEASURES = ("precision", "recall", "f1")
ARMS = (trailers.PICTURE, trailers.SOUND, trailers.BOTH)


def trailers_block(
    found: Mapping[str, str | os.PathLike],
    samples: Sequence[str | os.PathLike],
    left_out: Sequence[Mapping[str, str]],
    genres: Sequence[str],
) -> dict | None:
    """What the page shows of trailers; None if the run has none.

    found: by file name, scores.tsv and arms.tsv of the contracts TRAILER_SCORES and TRAILER_ARMS,
    and the figures; empty without trailers. samples: tables of the contract TRAILER_SAMPLES.
    left_out: network and reason of those that were asked for and cannot be had. genres: that were
    to be learnt.
    """
    if not found:
        return None
    scores = tables.read_table(found["scores.tsv"], tables.TRAILER_SCORES)
    arms = tables.read_table(found["arms.tsv"], tables.TRAILER_ARMS)
    rows = arms.astype(object).where(arms.notna(), None).to_dict("records")
    return {
        "lacking": lacking(samples),
        "not_learnt": [genre for genre in genres if genre not in set(scores.genre)],
        "rows": score_rows(scores),
        "absent": absent_networks(set(scores.network), left_out),
        "arms": rows,
        "thresholds": threshold_blocks(scores, rows[0]),
        "answer": answer(arms),
        "sure": SURE,
        "macro": next(row for row in rows if row["genre"] == MACRO),
        "figures": svg.figures(found),
    }


def answer(arms: pd.DataFrame) -> dict[str, list[str]] | None:
    """Which genres the picture tells better, which the sound, and of which that is not shown.

    By the adjusted p of a table of TRAILER_ARMS: genres by `picture`, `sound` and `neither`. None
    if one of the two has no model.
    """
    own = arms[arms.genre != MACRO]
    if own.difference.isna().all():
        return None
    shown = own.p_adjusted < SURE
    told = {
        trailers.PICTURE: shown & (own.difference > 0),
        trailers.SOUND: shown & (own.difference < 0),
        "neither": ~shown,
    }
    return {name: own.genre[which].tolist() for name, which in told.items()}


def score_rows(scores: pd.DataFrame) -> list[dict]:
    """One row a run: mean average precision, macro F1 by tuned thresholds, the likeliest genre.

    Each cell has value, low, high, p and whether it is the best of its column.
    """
    ranked = scores[(scores.measure == "average_precision") & (scores.genre == MACRO)]
    tuned = scores[(scores.threshold == trailers.TUNED) & (scores.genre == MACRO)]
    columns = {
        "average_precision": ranked,
        "f1": tuned[tuned.measure == "f1"],
        "likeliest_right": scores[scores.measure == "likeliest_right"],
    }
    return [
        {
            "title": trailers.title(run.network, run.model),
            "arm": None if pd.isna(run.arm) else run.arm,
            "cells": {name: _cell(column, run) for name, column in columns.items()},
        }
        for run in ranked.itertuples()
    ]


def threshold_blocks(scores: pd.DataFrame, arms: Mapping) -> list[dict]:
    """Precision, recall and F1 of every genre at each threshold, of the runs that stand for an arm.

    arms: a row of TRAILER_ARMS, which names these runs. Each block has the threshold, its arms, and
    rows of a genre and its cells: value, low and high of each measure, arm by arm.
    """
    runs = {arm: (arms[f"{arm}_network"], arms[f"{arm}_model"]) for arm in ARMS}
    named = pd.MultiIndex.from_frame(scores[["network", "model"]])
    own = scores[scores.measure.isin(MEASURES) & named.isin(runs.values())]
    order = ["arm", "threshold", "genre", "measure"]
    cells = own.set_index(order)[["value", "low", "high"]].to_dict("index")
    shown = [arm for arm in ARMS if arm in set(own.arm)]
    return [
        {
            "threshold": threshold,
            "arms": shown,
            "rows": [
                {
                    "genre": genre,
                    "cells": [
                        cells[arm, threshold, genre, measure]
                        for arm in shown
                        for measure in MEASURES
                    ],
                }
                for genre in own.genre.unique()
            ],
        }
        for threshold in own.threshold.unique()
    ]


def lacking(samples: Sequence[str | os.PathLike]) -> list[dict[str, str]]:
    """trailer_id and note of the trailers that lack something."""
    table = pd.concat([tables.read_table(path, tables.TRAILER_SAMPLES) for path in samples])
    return table.loc[table.note.notna(), ["trailer_id", "note"]].to_dict("records")


def absent_networks(
    used: Collection[str], left_out: Sequence[Mapping[str, str]]
) -> list[dict[str, str]]:
    """Title and reason of the networks of EYES and EARS that no model of the run stands on.

    The reason is empty if the network was not asked for.
    """
    reasons = {row["network"]: row["reason"] for row in left_out}
    return [
        {"title": title, "reason": reasons.get(network, "")}
        for network, title in (trailers.EYES | trailers.EARS).items()
        if network not in used
    ]


def _cell(column: pd.DataFrame, run) -> dict:
    row = column[(column.network == run.network) & (column.model == run.model)].iloc[0]
    cell = {name: row[name] for name in ("value", "low", "high", "p")}
    return cell | {"best": row.value == column.value.max()}
