"""The report's section on trailers: genres by picture, by sound and by both."""

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from scorelens import tables
from scorelens.encoders.registry import AUDIO_ENCODERS, IMAGE_ENCODERS
from scorelens.evaluation import ALL, MACRO, SIGNIFICANT
from scorelens.sections import Run, Section, render_section
from scorelens.trailers import BOTH, PICTURE, SOUND, TITLES, TUNED
from scorelens.trailers import Run as ModelRun
from scorelens.trailers import title as run_title

MEASURES = ("precision", "recall", "f1")
MODALITIES = (PICTURE, SOUND, BOTH)


def trailers_section(run: Run) -> Section | None:
    """Make the section on trailers.

    Parameters
    ----------
    run : Run
        Results of the run.

    Returns
    -------
    Section or None
        None if the run has no trailers.
    """
    if "trailers/scores.tsv" not in run:
        return None
    scores = run.table("trailers/scores.tsv", tables.TRAILER_SCORES)
    comparison = run.table("trailers/modalities.tsv", tables.TRAILER_MODALITIES)
    pairs = run.table("trailers/comparisons.tsv", tables.TRAILER_COMPARISONS)
    calibration = run.table("trailers/calibration.tsv", tables.CALIBRATION)
    rows = comparison.astype(object).where(comparison.notna(), None).to_dict("records")
    genres = run.config["trailers"]["genres"]
    values = {
        "incomplete": incomplete_trailers(run.matching("trailers/samples/*.tsv").values()),
        "untrained": [genre for genre in genres if genre not in set(scores.genre)],
        "rows": score_rows(scores),
        "primary": primary_row(scores),
        "primary_model": TITLES[run.config["trailers"]["primary"]],
        "best": best_row(scores),
        "differences": primary_differences(pairs, scores),
        "calibration": calibration_rows(calibration),
        "absent": absent_networks(set(scores.network), run.networks["left out"]),
        "comparison": rows,
        "thresholds": threshold_blocks(scores, rows[0]),
        "better": better_modality(comparison),
        "alpha": SIGNIFICANT,
        "modalities": MODALITIES,
        "macro": next(row for row in rows if row["genre"] == MACRO),
        "figures": run.figures("trailers/*.svg"),
    }
    return render_section("trailers", "Trailers", Path(__file__).with_name("section.html"), values)


def better_modality(comparison: pd.DataFrame) -> dict[str, list[str]] | None:
    """Group the genres by the modality that predicts them better.

    Parameters
    ----------
    comparison : DataFrame
        Table of TRAILER_MODALITIES.

    Returns
    -------
    dict of str to list of str, or None
        Genres for which `picture` or `sound` is significantly better by the adjusted p-value, and
        those for which `neither` is. None if one of the two has no model.
    """
    genres = comparison[comparison.genre != MACRO]
    if genres.difference.isna().all():
        return None
    significant = genres.p_adjusted < SIGNIFICANT
    masks = {
        PICTURE: significant & (genres.difference > 0),
        SOUND: significant & (genres.difference < 0),
        "neither": ~significant,
    }
    return {name: genres.genre[mask].tolist() for name, mask in masks.items()}


def primary_row(scores: pd.DataFrame) -> dict | None:
    """Describe the run of the headline by its average precision.

    Parameters
    ----------
    scores : DataFrame
        Table of TRAILER_SCORES.

    Returns
    -------
    dict or None
        title, value, low, high, chance and p; None if the primary model was not trained.
    """
    rows = _macro_precision(scores)
    rows = rows[rows.is_primary]
    return None if rows.empty else _described(rows.iloc[0])


def best_row(scores: pd.DataFrame) -> dict | None:
    """Describe the model with the highest average precision, baselines aside.

    Parameters
    ----------
    scores : DataFrame
        Table of TRAILER_SCORES.

    Returns
    -------
    dict or None
        As `primary_row`, with p_best and `models`, of how many it is the best; None without models.
    """
    rows = _macro_precision(scores)
    rows = rows[rows.p_best.notna()]
    if rows.empty:
        return None
    row = rows.loc[rows.value.idxmax()]
    return _described(row) | {"p_best": row.p_best, "models": len(rows)}


def primary_differences(pairs: pd.DataFrame, scores: pd.DataFrame) -> list[dict]:
    """List the differences in average precision of the run of the headline to every other.

    Parameters
    ----------
    pairs : DataFrame
        Table of TRAILER_COMPARISONS.
    scores : DataFrame
        Table of TRAILER_SCORES.

    Returns
    -------
    list of dict
        title of the other, difference (of the headline's run less it), low, high and p_holm; empty
        if the primary model was not trained.
    """
    primary = set(map(_run_of, scores[scores.is_primary].itertuples()))
    rows = []
    for pair in pairs[pairs.measure == "average_precision"].itertuples():
        first, second = _run_of(pair), (pair.other_network, pair.other_model)
        bounds = {"difference": pair.difference, "low": pair.low, "high": pair.high}
        if second in primary:
            first, second = second, first
            bounds = {"difference": -pair.difference, "low": -pair.high, "high": -pair.low}
        if first in primary:
            rows.append({"title": run_title(*second), **bounds, "p_holm": pair.p_holm})
    return rows


def calibration_rows(calibration: pd.DataFrame) -> list[dict]:
    """Arrange the calibration of all genres together in one row for each model.

    Parameters
    ----------
    calibration : DataFrame
        Table of CALIBRATION.

    Returns
    -------
    list of dict
        Its columns and `title`.
    """
    rows = calibration[calibration.genre == ALL].to_dict("records")
    return [row | {"title": run_title(row["features"], row["model"])} for row in rows]


def score_rows(scores: pd.DataFrame) -> list[dict]:
    """Arrange the scores in one row for each model.

    Parameters
    ----------
    scores : DataFrame
        Table of TRAILER_SCORES.

    Returns
    -------
    list of dict
        title and modality (None for a baseline); `cells`: mean average precision, macro F1 with
        tuned thresholds and accuracy of the most probable genre, each with value, low, high, p and
        best (of its column).
    """
    ranked = _macro_precision(scores)
    tuned = scores[(scores.threshold == TUNED) & (scores.genre == MACRO)]
    columns = {
        "average_precision": ranked,
        "f1": tuned[tuned.measure == "f1"],
        "top1_accuracy": scores[scores.measure == "top1_accuracy"],
    }
    return [
        {
            "title": run_title(row.network, row.model),
            "modality": None if pd.isna(row.modality) else row.modality,
            "cells": {name: _cell(column, row) for name, column in columns.items()},
        }
        for row in ranked.itertuples()
    ]


def threshold_blocks(scores: pd.DataFrame, compared: Mapping) -> list[dict]:
    """Arrange precision, recall and F1 of every genre by threshold.

    Parameters
    ----------
    scores : DataFrame
        Table of TRAILER_SCORES.
    compared : mapping
        A row of TRAILER_MODALITIES, which names the network and model that represent each modality.

    Returns
    -------
    list of dict
        For each threshold: threshold, modalities, and `rows`: genre and `cells`, each with value,
        low and high, measure after measure for each modality.
    """
    runs = {name: (compared[f"{name}_network"], compared[f"{name}_model"]) for name in MODALITIES}
    keys = pd.MultiIndex.from_frame(scores[["network", "model"]])
    shown = scores[scores.measure.isin(MEASURES) & keys.isin(runs.values())]
    order = ["modality", "threshold", "genre", "measure"]
    cells = shown.set_index(order)[["value", "low", "high"]].to_dict("index")
    modalities = [name for name in MODALITIES if name in set(shown.modality)]
    return [
        {
            "threshold": threshold,
            "modalities": modalities,
            "rows": [
                {
                    "genre": genre,
                    "cells": [
                        cells[name, threshold, genre, measure]
                        for name in modalities
                        for measure in MEASURES
                    ],
                }
                for genre in shown.genre.unique()
            ],
        }
        for threshold in shown.threshold.unique()
    ]


def incomplete_trailers(samples: Iterable[str | os.PathLike]) -> list[dict[str, str]]:
    """List the trailers without picture or sound, or with part of it.

    Parameters
    ----------
    samples : iterable of path
        Tables of TRAILER_SAMPLES, one or more.

    Returns
    -------
    list of dict
        trailer_id and note.
    """
    table = pd.concat([tables.read_table(path, tables.TRAILER_SAMPLES) for path in samples])
    return table.loc[table.note.notna(), ["trailer_id", "note"]].to_dict("records")


def absent_networks(
    used: Collection[str], left_out: Sequence[Mapping[str, str]]
) -> list[dict[str, str]]:
    """List the pretrained networks that no model of the run uses.

    Parameters
    ----------
    used : collection of str
        Networks that models of the run use.
    left_out : sequence of mapping
        network and reason of those that are not available.

    Returns
    -------
    list of dict
        title and reason; the reason is empty if the network was not configured.
    """
    reasons = {row["network"]: row["reason"] for row in left_out}
    return [
        {"title": title, "reason": reasons.get(network, "")}
        for network, title in (IMAGE_ENCODERS | AUDIO_ENCODERS).items()
        if network not in used
    ]


def _cell(column: pd.DataFrame, model) -> dict:
    row = column[(column.network == model.network) & (column.model == model.model)].iloc[0]
    cell = {name: row[name] for name in ("value", "low", "high", "p")}
    return cell | {"best": row.value == column.value.max()}


def _macro_precision(scores: pd.DataFrame) -> pd.DataFrame:
    return scores[(scores.measure == "average_precision") & (scores.genre == MACRO)]


def _run_of(row: tuple) -> ModelRun:
    return row.network, row.model


def _described(row: pd.Series) -> dict:
    numbers = {name: row[name] for name in ("value", "low", "high", "chance", "p")}
    return {"title": run_title(row.network, row.model), **numbers}
