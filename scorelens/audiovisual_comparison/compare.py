"""Compares the picture of the films of a genre with that of other films (Ma et al. 2021, Table 5).

The table holds the comparison twice. Unit `film`: a film counts once, by the median over its
seconds. Unit `clip`, as published: the clips in which a cue plays, each by the median over its
seconds, against all other clips. Intervals and p-values are over films in both; the published test
(Mann-Whitney U with Bonferroni's correction), which takes clips for independent, is beside them.
"""

import itertools
import logging
import os
from collections.abc import Sequence

import pandas as pd

from scorelens.audiovisual_comparison.clips import clip_predictions, clip_values, compare_clips
from scorelens.audiovisual_comparison.picture import MEASURES, summarise_picture
from scorelens.evaluation.group_difference import compare_labellings, standardise
from scorelens.evaluation.predictions import from_table, label_frames
from scorelens.tables import (
    AUDIOVISUAL_COMPARISON,
    CUES,
    GENRE_CUES,
    PREDICTIONS,
    VISUALS,
    Table,
    read_table,
    write_table,
)

log = logging.getLogger(__name__)

Paths = Sequence[str | os.PathLike]
CUE_COLUMNS = ["film_id", "cue_id", "track_id", "film_start_s", "film_end_s"]


def compare(
    predictions: str | os.PathLike,
    genre_cues: str | os.PathLike | None,
    visuals: Paths,
    cues: Paths,
    feature_set: str,
    model: str,
    permutations: int,
    samples: int,
    seed: int,
    output: str | os.PathLike,
) -> None:
    """Compare the films of each genre with the others and write one table.

    Parameters
    ----------
    predictions : path
        Table of PREDICTIONS of a genre model. Of several training runs the first counts, as a mean
        of decisions would label no film.
    genre_cues : path or None
        Its table of GENRE_CUES; None for a baseline, whose clips have the prediction of their film.
    visuals, cues : sequence of path
        Tables of VISUALS and of CUES, of every film; one without pictures takes no part.
    feature_set, model : str
        What the predictions are of.
    permutations : int
        Most permutations behind a p-value.
    samples : int
        Bootstrap samples behind an interval.
    seed : int
    output : path
        Where AUDIOVISUAL_COMPARISON goes.
    """
    table = read_table(predictions, PREDICTIONS)
    actual, predicted = label_frames(from_table(table, ["film_id"], run="repeat", sort=False))
    picture, all_cues = _joined(visuals, VISUALS), _joined(cues, CUES, CUE_COLUMNS)
    films, clips = summarise_picture(picture, "film_id"), clip_values(picture, all_cues)
    shown = [film for film in actual.index if film in films.index]
    log.info("%s on %s: %d of %d films have pictures", model, feature_set, len(shown), len(actual))
    labels, settings = (actual.loc[shown], predicted.loc[shown]), (permutations, samples, seed)
    decided = None
    if genre_cues:
        decided = clip_predictions(read_table(genre_cues, GENRE_CUES), all_cues, feature_set)
    by_unit = {
        "film": compare_films(films.loc[shown], *labels, *settings),
        "clip": compare_clips(clips, *labels, decided, *settings),
    }
    joined = pd.concat([rows.assign(unit=unit) for unit, rows in by_unit.items()])
    named = joined.assign(feature_set=feature_set, model=model)
    write_table(named.reindex(columns=AUDIOVISUAL_COMPARISON.names), output, AUDIOVISUAL_COMPARISON)


def compare_films(
    values: pd.DataFrame,
    actual: pd.DataFrame,
    predicted: pd.DataFrame,
    permutations: int,
    samples: int,
    seed: int,
) -> pd.DataFrame:
    """Compare the films of each genre with the others, each film once.

    Parameters
    ----------
    values : pandas.DataFrame, shape (films, measures)
        As `summarise_picture` returns them.
    actual, predicted : pandas.DataFrame of bool, shape (films, genres)
        Labels and predictions of the same films.
    permutations, samples, seed : int
        As `compare` takes them.

    Returns
    -------
    pandas.DataFrame
        As `group_difference.compare_labellings` returns it, with `raw_difference`.
    """
    cells = list(itertools.product(actual.columns, MEASURES))
    rows = compare_labellings(
        cells, standardise(values), actual, predicted, permutations, samples, seed
    )
    return rows.assign(raw_difference=rows["difference"] * rows["measure"].map(values.std(ddof=0)))


def _joined(paths: Paths, kind: Table, columns: Sequence[str] | None = None) -> pd.DataFrame:
    tables = [read_table(path, kind, columns) for path in paths]
    return pd.concat(tables, ignore_index=True)
