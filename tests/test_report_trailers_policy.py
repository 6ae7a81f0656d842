"""The report's section on trailers: the primary model, its comparisons, and calibration."""

import pytest

from scorelens import tables, trailers
from scorelens.sections import Run
from scorelens.trailers.report import section
from tests.report_run import WEIGHTS, Page
from tests.test_report_trailers import (
    FIGURES,
    PRIMARY,
    RUNS,
    make_modalities,
    make_scores,
    normalize_whitespace,
    write_results,
)
from tests.trailer_policy_tables import make_calibration, make_comparisons


@pytest.fixture(scope="module")
def body(tmp_path_factory):
    """Make the section of a run whose primary model is one of the configuration."""

    def make(primary):
        folder = tmp_path_factory.mktemp("section")
        files = write_results(folder, make_scores(), make_modalities(), FIGURES)
        (folder / "pretrained").mkdir()
        files.append(folder / "pretrained" / "status.tsv")
        tables.write_table(WEIGHTS, files[-1], tables.WEIGHTS)
        config = {"trailers": {"genres": [], "primary": primary}}
        return section.trailers_section(Run(folder, files, config)).body

    return make


def test_lead_names_the_primary_model_and_the_best_with_its_adjusted_p(body):
    text = normalize_whitespace(body(PRIMARY[1]))
    row = section.primary_row(make_scores())
    assert row["title"] == "Linear on sound, MusiCNN"
    assert (
        "Linear on sound, MusiCNN, the model fixed beforehand (<code>trailers.primary</code>), "
        f"has an average precision of {row['value']:.2f} ({row['low']:.2f}–{row['high']:.2f}), a "
        "random order 0.30; p &lt; 0.001."
    ) in text
    best = section.best_row(make_scores())
    models = [run for run in RUNS if run[1] not in trailers.BASELINES]
    assert best["models"] == len(models)
    assert best["title"] == trailers.title(*models[-1])  # scores rise with the index of the run
    expected = (
        f"The best of {len(models)} models is {best['title']} with {best['value']:.2f}; p 0.004"
    )
    assert expected in text


def test_primary_model_that_was_not_trained_is_named_and_not_replaced(body):
    scores = make_scores().assign(is_primary=False)
    assert section.primary_row(scores) is None
    assert section.primary_differences(make_comparisons(RUNS), scores) == []


def test_differences_are_those_of_the_primary_model_to_every_other():
    position = RUNS.index(PRIMARY)
    rows = section.primary_differences(make_comparisons(RUNS), make_scores())
    others = [run for run in RUNS if run != PRIMARY]
    assert [row["title"] for row in rows] == [trailers.title(*run) for run in others]
    for row, other in zip(rows, others, strict=True):
        assert row["difference"] == pytest.approx(0.01 * (RUNS.index(other) - position))
        margins = row["difference"] - row["low"], row["high"] - row["difference"]
        expected = (0.05, 0.1) if RUNS.index(other) > position else (0.1, 0.05)
        assert margins == pytest.approx(expected)


def test_tables_of_differences_and_calibration_have_a_row_for_every_run(body):
    page = Page(body(PRIMARY[1]))
    differences = page.table("Other model", "Difference in average precision")
    assert len(differences) == len(RUNS) - 1
    assert {row["Adjusted p"] for row in differences} == {"0.060"}
    rows = page.table("Model", "Brier score")
    assert [row["Model"] for row in rows] == [trailers.title(*run) for run in RUNS]
    calibration = make_calibration(RUNS)
    overall = calibration[calibration["genre"] == "all"]
    for row, expected in zip(rows, overall.itertuples(), strict=True):
        assert row["Brier score"].startswith(f"{expected.brier:.2f}")
        assert row["Calibration error"].startswith(f"{expected.calibration_error:.2f}")
        assert (row["Calibrated"], row["p"]) == ("0.08", "0.004")
