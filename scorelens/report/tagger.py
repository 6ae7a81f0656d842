"""What the report says of the tagger, as plain values."""

import os
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from scorelens import tables, tagger
from scorelens.report import svg

RANKING = ("coverage_error", "label_ranking_average_precision")
VERDICTS = ("right", "partly", "wrong")
GAIN = ("gain", "gain_low", "gain_high")
EXAMPLES = 5  # tracks of each verdict that are listed


def tagger_block(
    found: Mapping[str, str | os.PathLike],
    titles: Mapping[str, Mapping[str, str]],
    libraries: Mapping[str, str | os.PathLike],
    split: str,
    page: str | os.PathLike,
) -> dict | None:
    """What the page shows of the tagger; None if the run has none.

    found: by file name, scores.tsv and verdicts.tsv of the contracts TAGGER_SCORES and
    TAGGER_VERDICTS, and the figures; empty without a tagger. titles: of the tracks of each film, by
    film_id and track_id. libraries: the page of each, by name. split: what was held out, `film` or
    `track`. page: where the report goes; the libraries' pages are linked as seen from there.
    """
    if not found:
        return None
    table = tables.read_table(found["scores.tsv"], tables.TAGGER_SCORES)
    judged = tables.read_table(found["verdicts.tsv"], tables.TAGGER_VERDICTS)
    rows = score_rows(table, judged)
    ranked = [row for row in rows if row["verdicts"]]
    ranked = [row for row in ranked if row["model"] != tagger.FREQUENCY] or ranked
    best = max(ranked, key=lambda row: row["cells"][RANKING[1]]["value"])
    return {
        "split": split,
        "rows": rows,
        "tops": sorted(table.top.dropna().unique().astype(int).tolist()),
        "best": best,
        "random": next(row for row in rows if not row["verdicts"]),
        "examples": examples(judged[judged.model == best["model"]], titles),
        "figures": svg.figures(found),
        "libraries": {
            name: Path(os.path.relpath(path, Path(page).parent)).as_posix()
            for name, path in libraries.items()
        },
    }


def score_rows(scores: pd.DataFrame, verdicts: pd.DataFrame) -> list[dict]:
    """One row a model: its measures on tracks, and how many tracks are tagged right and wrong.

    Each cell has value, low, high, p, the gain over a random ranking with its bounds, and
    whether it is the best of its column.
    """
    tracks = scores[scores.level == "track"]
    weighted = tracks[(tracks.measure == "f1") & (tracks.genre == "weighted")]
    columns = {measure: tracks[tracks.measure == measure] for measure in RANKING}
    columns |= {f"f1 {top}": own for top, own in weighted.groupby("top")}
    counts = verdicts.groupby(["model", "verdict"]).size()
    found = []
    for model in tracks.model.unique():
        judged = {verdict: int(counts.get((model, verdict), 0)) for verdict in VERDICTS}
        found.append(
            {
                "model": model,
                "title": tagger.TITLES[model],
                "cells": {name: _cell(own, model, name) for name, own in columns.items()},
                "verdicts": judged if model in set(verdicts.model) else None,
            }
        )
    return found


def examples(
    verdicts: pd.DataFrame, titles: Mapping[str, Mapping[str, str]]
) -> dict[str, list[dict]]:
    """For each verdict a few tracks with their `title`, spread evenly over all of them.

    titles: as `tagger_block` takes them.
    """
    found = {}
    for verdict in VERDICTS:
        own = verdicts[verdicts.verdict == verdict]
        shown = own.iloc[:: max(1, -(-len(own) // EXAMPLES))]
        named = [
            titles[film][track] for film, track in zip(shown.film_id, shown.track_id, strict=True)
        ]
        found[verdict] = shown.assign(title=named).to_dict("records")
    return found


def _cell(column: pd.DataFrame, model: str, name: str) -> dict:
    row = column[column.model == model].iloc[0]
    best = column.value.min() if name == "coverage_error" else column.value.max()
    return {
        "value": row.value,
        "low": row.low,
        "high": row.high,
        "p": None if pd.isna(row.p) else row.p,
        "gain": None if pd.isna(row.p) or pd.isna(row.gain) else tuple(row[list(GAIN)]),
        "best": row.value == best,
    }
