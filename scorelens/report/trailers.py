"""What the report says of trailers, as plain values."""

import os
from collections.abc import Collection, Mapping, Sequence

import pandas as pd

from scorelens import tables, trailers
from scorelens.report import svg

MEASURES = ("average_precision", "f1", "precision", "recall")


def trailers_block(
    found: Mapping[str, str | os.PathLike], left_out: Sequence[Mapping[str, str]]
) -> dict | None:
    """What the page shows of trailers; None if the run has none.

    found: by file name, scores.tsv and arms.tsv of the contracts TRAILER_SCORES and TRAILER_ARMS,
    and the figures; empty without trailers. left_out: network and reason of those that were asked
    for and cannot be had.
    """
    if not found:
        return None
    scores = tables.read_table(found["scores.tsv"], tables.TRAILER_SCORES)
    arms = tables.read_table(found["arms.tsv"], tables.TRAILER_ARMS)
    return {
        "rows": score_rows(scores),
        "absent": absent_networks(set(scores.network), left_out),
        "arms": arms.to_dict("records"),
        "macro": arms[arms.genre == "macro"].iloc[0].to_dict(),
        "figures": svg.figures(found),
    }


def score_rows(scores: pd.DataFrame) -> list[dict]:
    """One row a run: mean average precision, macro F1 by tuned thresholds, the likeliest genre.

    Each cell has value, low, high, p and whether it is the best of its column.
    """
    ranked = scores[(scores.measure == "average_precision") & (scores.genre == "macro")]
    tuned = scores[(scores.threshold == trailers.TUNED) & (scores.genre == "macro")]
    columns = {
        "average_precision": ranked,
        "f1": tuned[tuned.measure == "f1"],
        "likeliest_right": scores[scores.measure == "likeliest_right"],
    }
    return [
        {
            "title": trailers.title(run.network, run.model),
            "arm": run.arm,
            "cells": {name: _cell(column, run) for name, column in columns.items()},
        }
        for run in ranked.itertuples()
    ]


def absent_networks(
    used: Collection[str], left_out: Sequence[Mapping[str, str]]
) -> list[dict[str, str]]:
    """Title and reason of the networks of EYES and EARS that no model of the run stands on.

    The reason is empty if the config does not name the network.
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
