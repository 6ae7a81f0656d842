"""Sets the scores of a run on the study's published features beside the published ones."""

import os

import pandas as pd

from scorelens.evaluation import MACRO
from scorelens.tables import GENRE_PUBLISHED, GENRE_SCORES, read_table, write_table

METRICS = ("precision", "recall", "f1")
STUDY, RERUN = "study", "re-run"
# Precision, recall and F1 of Table 4 of Ma et al. 2021, means over the six genres. For Simple MI
# and IMV the paper gives the best of kNN, SVM and random forest.
TABLE_4 = {
    ("none", "random_guess"): (0.32, 0.32, 0.32),
    ("none", "plurality"): (0.14, 0.34, 0.19),
    ("vggish", "simple_mi_knn"): (0.64, 0.59, 0.61),
    ("vggish", "imv_svm"): (0.64, 0.42, 0.44),
    ("vggish", "max_pooling"): (0.56, 0.48, 0.49),
    ("vggish", "average_pooling"): (0.55, 0.78, 0.62),
    ("vggish", "linear_softmax"): (0.62, 0.59, 0.59),
    ("vggish", "single_attention"): (0.60, 0.73, 0.65),
    ("vggish", "multi_attention"): (0.45, 0.72, 0.52),
    ("vggish", "feature_attention"): (0.53, 0.74, 0.57),
    ("mir", "simple_mi_svm"): (0.60, 0.52, 0.56),
    ("mir", "imv_svm"): (0.55, 0.40, 0.42),
    ("mir", "max_pooling"): (0.40, 0.10, 0.15),
    ("mir", "average_pooling"): (0.55, 0.78, 0.61),
    ("mir", "linear_softmax"): (0.55, 0.61, 0.57),
    ("mir", "single_attention"): (0.49, 0.76, 0.55),
    ("mir", "multi_attention"): (0.44, 0.70, 0.51),
    ("mir", "feature_attention"): (0.53, 0.67, 0.56),
}
# Macro F1 of an independent re-run on the published features.
RERUN_F1 = {
    ("none", "random_guess"): 0.292,
    ("none", "plurality"): 0.193,
    ("vggish", "simple_mi_logistic_regression"): 0.620,
}


def published_scores() -> pd.DataFrame:
    """List the published scores.

    Returns
    -------
    pandas.DataFrame
        `source`, `feature_set`, `model`, `measure` (a name of METRICS) and `published`, 0..1.
    """
    of_study = [
        (STUDY, *run, measure, value)
        for run, values in TABLE_4.items()
        for measure, value in zip(METRICS, values, strict=True)
    ]
    of_rerun = [(RERUN, *run, "f1", value) for run, value in RERUN_F1.items()]
    columns = ["source", "feature_set", "model", "measure", "published"]
    return pd.DataFrame(of_study + of_rerun, columns=columns)


def compare_published(scores: str | os.PathLike, output: str | os.PathLike) -> None:
    """Write the published scores of the models of a run beside those of the run.

    Parameters
    ----------
    scores : path
        Table of GENRE_SCORES of a run on the published features.
    output : path
        Where GENRE_PUBLISHED goes; models that the run lacks are left out.
    """
    write_table(beside_published(read_table(scores, GENRE_SCORES)), output, GENRE_PUBLISHED)


def beside_published(scores: pd.DataFrame) -> pd.DataFrame:
    """Join the published scores with those of a run.

    Parameters
    ----------
    scores : pandas.DataFrame
        Rows of GENRE_SCORES.

    Returns
    -------
    pandas.DataFrame
        Columns of GENRE_PUBLISHED, in the order of the paper's table.
    """
    macro = scores[scores["genre"] == MACRO].set_index(["feature_set", "model"])
    table = published_scores()
    runs = list(zip(table["feature_set"], table["model"], strict=True))
    table = table[[run in macro.index for run in runs]].reset_index(drop=True)
    for column, ending in (("value", ""), ("low", "_low"), ("high", "_high")):
        table[column] = [
            macro.loc[(row.feature_set, row.model), f"{row.measure}{ending}"]
            for row in table.itertuples()
        ]
    inside = (table["low"] <= table["published"]) & (table["published"] <= table["high"])
    return table.assign(difference=table["value"] - table["published"], inside=inside)
