"""What the report shows beside the tagger's scores: comparisons, calibration, losses, labels."""

import pandas as pd

from scorelens import tables
from scorelens.evaluation import ALL
from scorelens.sections import Run
from scorelens.tagger import TITLES

LOSSES = "tagger/losses.tsv"


def count_candidates(scores: pd.DataFrame) -> int:
    """Count the models that the best one is chosen from.

    Parameters
    ----------
    scores : DataFrame
        Table of TAGGER_SCORES.

    Returns
    -------
    int
    """
    return scores.model[scores.p_best.notna()].nunique()


def differences_to(model: str, comparisons: pd.DataFrame) -> dict[str, dict[str, dict]]:
    """Look up how much a model differs from each other one.

    Parameters
    ----------
    model : str
    comparisons : DataFrame
        Table of TAGGER_COMPARISONS.

    Returns
    -------
    dict of str to dict
        By measure, then by the other model: difference (the model less the other), low, high, and
        p, corrected over all pairs.
    """
    differences = {measure: {} for measure in comparisons.measure.unique()}
    for row in comparisons.itertuples():
        if model not in (row.model, row.other_model):
            continue
        bounds, other = (row.difference, row.low, row.high), row.other_model
        if model == other:
            bounds, other = (-row.difference, -row.high, -row.low), row.model
        names = zip(("difference", "low", "high"), bounds, strict=True)
        differences[row.measure][other] = {**dict(names), "p": row.p_holm}
    return differences


def calibration_rows(calibration: pd.DataFrame) -> list[dict]:
    """List the calibration of each model over all genres.

    Parameters
    ----------
    calibration : DataFrame
        Table of CALIBRATION.

    Returns
    -------
    list of dict
        The columns of the table, and the title of the model.
    """
    rows = calibration[calibration.genre == ALL].to_dict("records")
    return [{**row, "title": TITLES[row["model"]]} for row in rows]


def loss_rows(run: Run) -> list[dict]:
    """List the validation loss of each model with networks from scratch.

    Parameters
    ----------
    run : Run

    Returns
    -------
    list of dict
        The columns of TAGGER_LOSSES, and the title of the model; none without such a model.
    """
    if LOSSES not in run:
        return []
    rows = run.table(LOSSES, tables.TAGGER_LOSSES).to_dict("records")
    return [{**row, "title": TITLES[row["model"]]} for row in rows]


def pair_rows(pairs: pd.DataFrame) -> list[dict]:
    """List the pairs of genres, the most frequent first.

    Parameters
    ----------
    pairs : DataFrame
        Table of TAGGER_LABEL_PAIRS.

    Returns
    -------
    list of dict
        The columns of the table, each pair once, without those that no film carries.
    """
    once = pairs[(pairs.genre < pairs.other) & (pairs.films > 0)]
    return once.sort_values(["films", "genre", "other"], ascending=[False, True, True]).to_dict(
        "records"
    )
