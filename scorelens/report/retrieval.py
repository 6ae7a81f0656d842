"""What the report says of retrieval, as plain values."""

import os
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from scorelens import retrieval, tables
from scorelens.report import svg
from scorelens.retrieval.search.search_config import choose_configuration

MEASURES = ("recall_1", "recall_5", "recall_10", "recall_20", "recall_50", "recall_100")
MEDIAN = "median_rank"
PAIRS = "track"  # the level of the paper: every track is a pair with its film


def retrieval_block(
    found: Mapping[str, str | os.PathLike], page: str | os.PathLike, wanted: str = ""
) -> dict | None:
    """What the page shows of retrieval; None if the run has none.

    found: by file name, films.tsv, scores.tsv and, if scenes could be asked about, scenes.tsv, of
    the contracts RETRIEVAL_FILMS, RETRIEVAL_SCORES and RETRIEVAL_SCENE_SCORES; the figures; and, if
    something was searched, searches.html. page: where the report goes; searches are linked as seen
    from there. wanted: the configuration that answers searches, as `searches.choose_configuration`
    takes it: the one that is quoted, for it is chosen before the test films are asked.
    """
    if not found:
        return None
    films = tables.read_table(found["films.tsv"], tables.RETRIEVAL_FILMS)
    scores = tables.read_table(found["scores.tsv"], tables.RETRIEVAL_SCORES)
    rows = {row["configuration"]: row for row in score_rows(scores)}
    left_out = films[films.part == "left_out"]
    return {
        "films": films.part.value_counts().to_dict(),
        "tracks": int(films.tracks[films.part == "test"].sum()),
        "left_out": left_out[["film_id", "problem"]].to_dict("records"),
        "measures": MEASURES,
        "rows": list(rows.values()),
        "searching": rows[choose_configuration(list(rows), wanted)],
        "chance": _chance(scores),
        "scenes": scene_rows(found["scenes.tsv"]) if "scenes.tsv" in found else [],
        "figures": svg.figures(found),
        "searches": _linked(found.get("searches.html"), page),
    }


def score_rows(scores: pd.DataFrame) -> list[dict]:
    """One row a configuration asked with all that it sees: recalls and the median rank of pairs.

    Each cell has value, low, high, p and whether it is the best of its column.
    """
    own = _full(scores)
    return [
        {
            "configuration": name,
            "title": retrieval.TITLES[name],
            "cells": {m: _cell(own, name, m) for m in (*MEASURES, MEDIAN)},
        }
        for name in own.configuration.unique()
    ]


def scene_rows(scenes: str | os.PathLike) -> list[dict]:
    """One row for each way to ask about scenes and each pool: every measure with its interval."""
    table = tables.read_table(scenes, tables.RETRIEVAL_SCENE_SCORES)
    return [
        {
            "asked": asked,
            "pool": pool,
            "scenes": int(own.scenes.max()),
            "cells": {row.measure: row._asdict() for row in own.itertuples(index=False)},
        }
        for (asked, pool), own in table.groupby(["asked", "pool"], sort=False)
    ]


def _linked(path: str | os.PathLike | None, page: str | os.PathLike) -> str | None:
    return path and Path(os.path.relpath(path, Path(page).parent)).as_posix()


def _full(scores: pd.DataFrame) -> pd.DataFrame:
    """The rows of pairs, each configuration asked with all that it sees."""
    everything = scores.configuration.map(retrieval.whole)
    return scores[(scores.level == PAIRS) & (scores.seen == everything)]


def _chance(scores: pd.DataFrame) -> dict[str, float]:
    own = _full(scores)
    return own.groupby("measure").chance.first().to_dict()


def _cell(own: pd.DataFrame, configuration: str, measure: str) -> dict:
    column = own[own.measure == measure]
    row = column[column.configuration == configuration].iloc[0]
    best = column.value.min() if measure == MEDIAN else column.value.max()
    return {
        "value": row.value,
        "low": row.low,
        "high": row.high,
        "p": row.p,
        "best": row.value == best,
    }
