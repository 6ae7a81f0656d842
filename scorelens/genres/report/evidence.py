"""What the report says of a genre model: its headline, baselines, differences and calibration."""

import pandas as pd

from scorelens.evaluation import ALL, MACRO, SIGNIFICANT
from scorelens.genres import BASELINES
from scorelens.genres.evaluate.score import headline_model

Differences = dict[tuple[str, str], dict]


def lead_row(scores: pd.DataFrame) -> dict | None:
    """Look up the scores of the model of the headline.

    Parameters
    ----------
    scores : DataFrame
        Table of GENRE_SCORES.

    Returns
    -------
    dict or None
        Its row of means over the genres, and `p` and `average_precision_p`: of the primary model as
        they are, of another one adjusted for the choice of the best. None if nothing was trained.
    """
    run = headline_model(scores)
    if run is None:
        return None
    row = _macro(scores).loc[[run]].reset_index().iloc[0].to_dict()
    if row["is_primary"]:
        return row | {"p": row["p_permuted"]}
    return row | {"p": row["p_best"], "average_precision_p": row["average_precision_p_best"]}


def best_row(scores: pd.DataFrame) -> dict | None:
    """Look up the trained model of the highest macro F1.

    Parameters
    ----------
    scores : DataFrame
        Table of GENRE_SCORES.

    Returns
    -------
    dict or None
        Its row of means over the genres, and `models`, how many it was chosen from; None if nothing
        was trained.
    """
    macro = _macro(scores).reset_index()
    trained = macro[~macro.model.isin(BASELINES)]
    if trained.empty:
        return None
    return trained.loc[trained.f1.idxmax()].to_dict() | {"models": len(trained)}


def differences_to(lead: dict | None, comparisons: pd.DataFrame) -> Differences:
    """Look up how much better the model of the headline is than each other one.

    Parameters
    ----------
    lead : dict or None
        Of `lead_row`.
    comparisons : DataFrame
        Table of GENRE_COMPARISONS.

    Returns
    -------
    dict of (feature set, model) to dict
        `difference` in macro F1, positive where the model of the headline is better, `low`, `high`,
        and `p`, corrected over all pairs.
    """
    if lead is None:
        return {}
    leader, differences = (lead["feature_set"], lead["model"]), {}
    for row in comparisons[comparisons.measure == "f1"].itertuples():
        pair = (row.feature_set, row.model), (row.other_feature_set, row.other_model)
        if leader not in pair:
            continue
        bounds, other = (row.difference, row.low, row.high), pair[1]
        if pair[1] == leader:
            bounds, other = (-row.difference, -row.high, -row.low), pair[0]
        names = zip(("difference", "low", "high"), bounds, strict=True)
        differences[other] = {**dict(names), "p": row.p_holm}
    return differences


def baseline_rows(scores: pd.DataFrame, differences: Differences) -> list[dict]:
    """List the baselines, the highest F1 first.

    Parameters
    ----------
    scores : DataFrame
        Table of GENRE_SCORES.
    differences : dict
        Of `differences_to`.

    Returns
    -------
    list of dict
        Each row of means over the genres, and `less`, the difference of the model of the headline
        to it, or None: a random guess is not compared.
    """
    macro = _macro(scores).reset_index()
    rows = macro[macro.model.isin(BASELINES)].sort_values("f1", ascending=False, kind="stable")
    return [
        {**row, "less": differences.get((row["feature_set"], row["model"]))}
        for row in rows.to_dict("records")
    ]


def count_rivals(differences: Differences) -> dict[str, int]:
    """Count the trained models that the model of the headline was compared with.

    Parameters
    ----------
    differences : dict
        Of `differences_to`.

    Returns
    -------
    dict of str to int
        `total`, and `similar`: those that it is not significantly better than.
    """
    rivals = [row for (_, model), row in differences.items() if model not in BASELINES]
    better = sum(row["p"] < SIGNIFICANT and row["difference"] > 0 for row in rivals)
    return {"total": len(rivals), "similar": len(rivals) - better}


def calibration_rows(calibration: pd.DataFrame) -> list[dict]:
    """List the calibration of each model over all genres.

    Parameters
    ----------
    calibration : DataFrame
        Table of CALIBRATION.

    Returns
    -------
    list of dict
        The columns of the table.
    """
    return calibration[calibration.genre == ALL].to_dict("records")


def _macro(scores: pd.DataFrame) -> pd.DataFrame:
    return scores[scores.genre == MACRO].set_index(["feature_set", "model"])
