"""The report's section on the features: distributions over the genres, missing values."""

from pathlib import Path

import pandas as pd

from scorelens import tables
from scorelens.features.report.distributions import plot_features
from scorelens.sections import Run, Section, render_section


def features_section(run: Run) -> Section:
    """Make the section on the features of every feature set.

    Parameters
    ----------
    run : Run
        Results of the run.

    Returns
    -------
    Section
    """
    feature_sets = [
        {
            "name": name,
            "cues": len(bag),
            "groups": feature_groups(bag),
            "figure": plot_features(bag, run.films),
        }
        for name, bag in run.bags.items()
    ]
    values = {
        "feature_sets": feature_sets,
        "left_out": run.networks["left out"],
        "published": bool(run.published),
    }
    template = Path(__file__).with_name("section.html")
    return render_section("features", "Features", template, values)


def feature_groups(bags: pd.DataFrame) -> list[dict]:
    """Count the columns and the missing values of each group of features.

    Parameters
    ----------
    bags : DataFrame
        Table of BAGS. The group of a feature is the first part of its name.

    Returns
    -------
    list of dict
        For each group: group, columns (number), missing (share in 0..1). Empty without rows.
    """
    columns = pd.Series(tables.feature_columns(bags, tables.BAGS), dtype=str)
    groups = columns.groupby(columns.str.split(".").str[0], sort=False)
    return [
        {
            "group": group,
            "columns": len(names),
            "missing": float(bags[names].isna().to_numpy().mean()),
        }
        for group, names in groups
        if len(bags)
    ]
