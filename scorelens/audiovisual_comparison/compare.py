"""Compares the picture of the films of a genre with that of other films (Ma et al. 2021, Table 5).

A film counts once, by the median over its seconds. p-values and intervals, which the paper lacks,
are over films.
"""

import itertools
import logging
import os
from collections.abc import Sequence

import numpy as np
import pandas as pd

from scorelens.evaluation.group_difference import compare_labellings, standardise
from scorelens.evaluation.predictions import from_table, label_frames
from scorelens.tables import AUDIOVISUAL_COMPARISON, PREDICTIONS, VISUALS, read_table, write_table

MEDIANS = ("brightness", "contrast", "saturation", "motion_energy")
CUT_RATE = "cut_rate"
MEASURES = ("brightness", "contrast", "saturation", CUT_RATE, "motion_energy")

log = logging.getLogger(__name__)


def compare(
    predictions: str | os.PathLike,
    visuals: Sequence[str | os.PathLike],
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
    visuals : sequence of path
        Tables of VISUALS, of every film; one without pictures takes no part.
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
    values = film_values(pd.concat([read_table(path, VISUALS) for path in visuals]))
    films = [film for film in actual.index if film in values.index]
    log.info("%s on %s: %d of %d films have pictures", model, feature_set, len(films), len(actual))
    cells = list(itertools.product(actual.columns, MEASURES))
    compared = compare_labellings(
        cells,
        standardise(values.loc[films]),
        actual.loc[films],
        predicted.loc[films],
        permutations,
        samples,
        seed,
    )
    named = compared.assign(feature_set=feature_set, model=model)
    write_table(named, output, AUDIOVISUAL_COMPARISON)


def film_values(visuals: pd.DataFrame) -> pd.DataFrame:
    """Summarise the picture of each film.

    Parameters
    ----------
    visuals : pandas.DataFrame
        Rows of VISUALS, one per second, of any number of films.

    Returns
    -------
    pandas.DataFrame, one row per film
        The measures of `MEASURES`: medians over the seconds, and cuts per minute; NaN where the
        film lacks one.
    """
    seconds = visuals.astype(dict.fromkeys((*MEDIANS, "cuts"), np.float64))
    films = seconds.groupby("film_id")
    values = films[list(MEDIANS)].median()
    values[CUT_RATE] = 60 * films["cuts"].mean()
    return values[list(MEASURES)]
