"""The report's section on trailers: genres by picture, by sound and by both."""

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from scorelens import tables, trailers
from scorelens.encoders.registry import AUDIO_ENCODERS, IMAGE_ENCODERS
from scorelens.evaluation import MACRO, SIGNIFICANT
from scorelens.sections import Run, Section, render_section
from scorelens.trailers import BOTH, PICTURE, SOUND
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
    rows = comparison.astype(object).where(comparison.notna(), None).to_dict("records")
    genres = run.config["trailers"]["genres"]
    values = {
        "incomplete": incomplete_trailers(run.matching("trailers/samples/*.tsv").values()),
        "untrained": [genre for genre in genres if genre not in set(scores.genre)],
        "rows": score_rows(scores),
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
    ranked = scores[(scores.measure == "average_precision") & (scores.genre == MACRO)]
    tuned = scores[(scores.threshold == trailers.TUNED) & (scores.genre == MACRO)]
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
