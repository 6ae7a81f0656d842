"""A run on the published features: what it makes, and its scores beside the published ones."""

import re

import numpy as np
import pandas as pd
import pytest

from scorelens import tables
from scorelens.genres.evaluate import published
from scorelens.genres.report import models
from tests import workflow_runs as runs
from tests.published_files import small

PAPER_OUTPUTS = {  # of the workflow, and what they hold of the paper
    "results/genres/scores.tsv": "Table 4",
    "results/genres/published.tsv": "Table 4 beside the published one",
    "results/genres/comparisons.tsv": "comparisons of the models",
    "results/importance/scores.svg": "Fig 3",
    "results/genres/precision_recall.svg": "appendix: precision-recall curves",
    "results/genres/films.svg": "appendix: precision and recall of every film",
    "results/genres/contradictions.tsv": "cues that contradict their film",
}


def make_scores(runs, value=0.5):
    """Rows of GENRE_SCORES with one genre, and intervals of 0.1 to either side."""
    rows = []
    for feature_set, model in runs:
        for genre in ("Drama", "macro"):
            row = {"feature_set": feature_set, "model": model, "level": "cue", "genre": genre}
            for measure in ("precision", "recall", "f1", "average_precision"):
                row |= {measure: value, f"{measure}_low": value - 0.1}
                row[f"{measure}_high"] = value + 0.1
            rows.append(row | {"is_primary": False, "exchangeable": 110})
    scores = pd.DataFrame(rows).assign(average_precision_chance=0.3)
    return scores.reindex(columns=tables.GENRE_SCORES.names)


def test_published_f1_agrees_with_the_means_of_precision_and_recall_within_the_table():
    """F1 of means differs from the mean of F1 by a few hundredths: a wrong digit would not."""
    for (feature_set, model), (precision, recall, f1) in published.TABLE_4.items():
        harmonic = 2 * precision * recall / (precision + recall)
        assert -0.09 <= f1 - harmonic <= 0.005, (feature_set, model)


def test_best_published_rows_are_those_of_the_paper():
    best = {
        name: max(
            (run for run in published.TABLE_4 if run[0] == name),
            key=lambda r: published.TABLE_4[r][2],
        )
        for name in ("vggish", "mir")
    }
    assert best == {
        "vggish": ("vggish", "single_attention"),
        "mir": ("mir", "average_pooling"),
    }


def test_published_scores_are_joined_with_those_of_the_run():
    runs = [("mir", "average_pooling"), ("mir", "imv_knn"), ("none", "plurality")]
    table = published.beside_published(make_scores(runs))
    assert table[["source", "feature_set", "model", "measure"]].to_numpy().tolist() == [
        ["study", "none", "plurality", "precision"],
        ["study", "none", "plurality", "recall"],
        ["study", "none", "plurality", "f1"],
        ["study", "mir", "average_pooling", "precision"],
        ["study", "mir", "average_pooling", "recall"],
        ["study", "mir", "average_pooling", "f1"],
        ["re-run", "none", "plurality", "f1"],
    ]
    np.testing.assert_allclose(table["published"], [0.14, 0.34, 0.19, 0.55, 0.78, 0.61, 0.193])
    np.testing.assert_allclose(table["difference"], 0.5 - table["published"])
    assert table["inside"].tolist() == [False, False, False, True, False, False, False]


def test_table_of_published_scores_is_written_and_arranged_for_the_report(tmp_path):
    scores = tmp_path / "scores.tsv"
    tables.write_table(make_scores(list(published.TABLE_4)), scores, tables.GENRE_SCORES)
    published.compare_published(scores, tmp_path / "published.tsv")
    table = tables.read_table(tmp_path / "published.tsv", tables.GENRE_PUBLISHED)
    assert len(table) == 3 * 18 + 2
    rows = models.published_rows(table)
    assert len(rows) == 18 + 2
    assert [cell["published"] for cell in rows[7]["measures"]] == [0.60, 0.73, 0.65]
    assert [cell and cell["published"] for cell in rows[-1]["measures"]] == [None, None, 0.193]


@pytest.mark.slow
def test_one_run_on_published_features_makes_what_the_paper_has(home, tmp_path):
    small().write(tmp_path / "published")
    settings = {"corpus": {"kind": "published"}, "features": {"sets": ["mir", "vggish"]}}
    done = runs.snakemake(home, tmp_path, settings, "--dry-run")
    output = done.stdout
    assert done.returncode == 0, output
    made = {
        path for line in re.findall(r"^ *output: (.+)$", output, re.M) for path in line.split(", ")
    }
    assert set(PAPER_OUTPUTS) <= made
    params = re.findall(r"models/(\w+)/(\w+)/0\.zip", output)
    assert {run for run in published.TABLE_4 if run[0] != "none"} <= set(params)
    scored = {("none", model) for model in ("random_guess", "plurality")}
    assert {f"results/genres/predictions/{s}/{m}.parquet" for s, m in scored} <= made
