"""The report's section on the genre models: scores, baselines, comparisons and figures."""

from pathlib import Path

import pandas as pd

from scorelens import tables
from scorelens.evaluation import MACRO
from scorelens.genres import BASELINES, title
from scorelens.genres.evaluate.score import METRICS
from scorelens.sections import Run, Section, render_section

ALPHA = 0.05  # a difference counts as shown if its corrected p-value is below


def models_section(run: Run) -> Section:
    """Make the section on the scores of the genre models.

    Parameters
    ----------
    run : Run
        Results of the run.

    Returns
    -------
    Section
    """
    scores = run.table("genres/scores.tsv", tables.GENRE_SCORES)
    comparisons = run.table("genres/comparisons.tsv", tables.GENRE_COMPARISONS)
    best = best_model(scores)
    differences = differences_to_best(comparisons, best)
    published = "genres/published.tsv"
    values = {
        "published": (
            published_rows(run.table(published, tables.GENRE_PUBLISHED)) if published in run else []
        ),
        "best": best,
        "differences": differences,
        "rivals": count_rivals(differences),
        "several_runs": bool(scores.f1_spread.notna().any()),
        "genres": genre_names(scores),
        "rows": score_rows(scores),
        "figures": run.figures("genres/*.svg"),
        "films": run.films.to_dict("records"),
        "explanations": run.figures("genres/explanations/*.svg"),
        "title": title,
    }
    return render_section("genres", "Genre models", Path(__file__).with_name("models.html"), values)


def genre_names(scores: pd.DataFrame) -> list[str]:
    """List the genres of a table of scores.

    Parameters
    ----------
    scores : DataFrame
        Table of GENRE_SCORES.

    Returns
    -------
    list of str
        In the order of the table, without the mean over the genres.
    """
    return [genre for genre in scores.genre.unique() if genre != MACRO]


def score_rows(scores: pd.DataFrame) -> list[dict]:
    """Arrange the scores in one row for each model.

    Parameters
    ----------
    scores : DataFrame
        Table of GENRE_SCORES.

    Returns
    -------
    list of dict
        feature_set and model; `measures`, the means over the genres, each with value, low, high,
        best (of its column) and spread (standard deviation of F1 over training runs, or None);
        permuted (F1 with shuffled predictions) and p_permuted, each None if absent; `f1`, value
        and best for each genre.
    """
    macro = scores[scores.genre == MACRO]
    f1 = scores.set_index(["genre", "feature_set", "model"]).f1
    return [
        {
            "feature_set": row.feature_set,
            "model": row.model,
            "measures": [
                {
                    "value": getattr(row, measure),
                    "low": getattr(row, f"{measure}_low"),
                    "high": getattr(row, f"{measure}_high"),
                    "best": getattr(row, measure) == macro[measure].max(),
                    "spread": _none_if_missing(row.f1_spread) if measure == "f1" else None,
                }
                for measure in METRICS
            ],
            "permuted": _none_if_missing(row.permuted),
            "p_permuted": _none_if_missing(row.p_permuted),
            "f1": [
                {"value": value, "best": value == f1[genre].max()}
                for genre in genre_names(scores)
                for value in [f1.loc[genre, row.feature_set, row.model]]
            ],
        }
        for row in macro.itertuples()
    ]


def published_rows(beside: pd.DataFrame) -> list[dict]:
    """Arrange the published scores and those of the run in one row for each model.

    Parameters
    ----------
    beside : DataFrame
        Table of GENRE_PUBLISHED.

    Returns
    -------
    list of dict
        source, feature_set, model, and `measures`: by precision, recall and f1 the row of the
        table, or None.
    """
    runs = beside.groupby(["source", "feature_set", "model"], sort=False)
    measures = METRICS[:3]  # the study gives no average precision
    return [
        {
            "source": source,
            "feature_set": feature_set,
            "model": model,
            "measures": [by_measure.get(measure) for measure in measures],
        }
        for (source, feature_set, model), rows in runs
        for by_measure in [{row["measure"]: row for row in rows.to_dict("records")}]
    ]


def best_model(scores: pd.DataFrame) -> dict | None:
    """Find the best trained model and the best baseline by macro F1.

    Parameters
    ----------
    scores : DataFrame
        Table of GENRE_SCORES.

    Returns
    -------
    dict or None
        Of the model: feature_set, model, f1, f1_low, f1_high, permuted and p_permuted; baseline and
        baseline_f1, each None if there is no baseline. None if no model was trained.
    """
    macro = scores[scores.genre == MACRO]
    trained = macro[~macro.model.isin(BASELINES)]
    if trained.empty:
        return None
    best = trained.loc[trained.f1.idxmax()]
    columns = ["feature_set", "model", "f1", "f1_low", "f1_high", "permuted", "p_permuted"]
    baselines = macro[macro.model.isin(BASELINES)].nlargest(1, "f1")
    return {
        **best[columns].to_dict(),
        "baseline": next(iter(baselines.model), None),
        "baseline_f1": next(iter(baselines.f1), None),
    }


def differences_to_best(
    comparisons: pd.DataFrame, best: dict | None
) -> dict[tuple[str, str], dict]:
    """Look up how much better the best model is than each other one.

    Parameters
    ----------
    comparisons : DataFrame
        Table of GENRE_COMPARISONS.
    best : dict or None
        As `best_model` returns it.

    Returns
    -------
    dict
        By (feature set, model): difference in macro F1, positive where the best model is better,
        and p, corrected over all pairs.
    """
    if best is None:
        return {}
    leader, differences = (best["feature_set"], best["model"]), {}
    for row in comparisons.itertuples():
        pair = (row.feature_set, row.model), (row.other_feature_set, row.other_model)
        if leader in pair:
            difference = row.difference if pair[0] == leader else -row.difference
            other = pair[pair[0] == leader]
            differences[other] = {"difference": difference, "p": row.p_holm}
    return differences


def count_rivals(differences: dict[tuple[str, str], dict]) -> dict[str, int]:
    """Count the trained models that the best one was compared with.

    Parameters
    ----------
    differences : dict
        As `differences_to_best` returns it.

    Returns
    -------
    dict of str to int
        `total`, and `similar`: those whose corrected p-value is not below `ALPHA`.
    """
    p = [row["p"] for (_, model), row in differences.items() if model not in BASELINES]
    return {"total": len(p), "similar": sum(value >= ALPHA for value in p)}


def _none_if_missing(value: float) -> float | None:
    return None if pd.isna(value) else value
