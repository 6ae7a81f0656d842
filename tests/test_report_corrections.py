"""The report's section on corrections."""

import pandas as pd
import pytest

from scorelens import tables
from scorelens.cues.corrections.scores import score_checked
from scorelens.cues.corrections.summary import summarize_corrections
from scorelens.cues.report import corrections_section
from scorelens.cues.report.corrections import MAX_ROWS
from scorelens.sections import Run
from tests.annotation_tables import span_table
from tests.correction_tables import cells, new
from tests.cue_tables import FILMS
from tests.report_run import Page, make_run

SPANS = {"a": span_table((10, 40, "theme"), (41, 61, "chase")), "b": span_table((3, 25, "love"))}


@pytest.fixture
def section_of(tmp_path):
    """Make the section of corrections that could not be applied, and of checked films."""
    run = make_run(tmp_path, count=1)

    def make(*rows, checked=()):
        names = {"decisions": "corrections", "counts": "correction_counts"}
        names["unmatched"] = "unmatched_corrections"
        files = {key: tmp_path / "cues" / f"{name}.tsv" for key, name in names.items()}
        summarize_corrections([], {"gone": rows}, files)
        films = {film: (cues, SPANS[film]) for film, cues, _ in FILMS if film in checked}
        frame, schema = score_checked(films, seed=1)["scores"]
        files["scores"] = tmp_path / "cues" / "corrections" / "scores.tsv"
        tables.write_table(tables.as_typed(frame, schema), files["scores"], schema)
        return corrections_section(Run(tmp_path, files.values(), run["config"]))

    return make


def test_section_counts_by_annotator_and_lists_what_was_not_applied(section_of):
    section = section_of(
        cells("right", (65, 80, "theme"), film="gone", annotator="<b>Ána</b>"),
        cells("missed", film="gone", **new(3700, 3720, "love")),
    )
    page = Page(str(section.body))
    counts = page.table("Who", "Right")
    assert [row["Who"] for row in counts] == ["without a name", "<b>Ána</b>", "all"]
    assert [row["Not applied"] for row in counts] == ["1", "1", "2"]
    rows = page.table("Film", "From")
    assert [(row["From"], row["To"], row["Track"], row["Verdict"]) for row in rows] == [
        ("1:05", "1:20", "theme", "right"),
        ("1:01:40", "1:02:00", "love", "missed"),
    ]
    assert "the film is not in the corpus" in rows[0]["Why not"]
    assert "<b>" not in section.body
    assert "Cue recall" not in section.body


def test_section_has_constant_size(section_of):
    many = [cells("wrong", (t, t + 1, "theme"), film="gone") for t in range(MAX_ROWS + 7)]
    section = section_of(*many)
    assert len(Page(str(section.body)).table("Film", "From")) == MAX_ROWS
    assert "and 7 more in" in section.body


def test_section_has_the_scores_of_checked_films(section_of):
    section = section_of(checked=("a", "b"))
    rows = Page(str(section.body)).table("What counts", "Films")
    assert [row["What counts"] for row in rows] == ["music of the album", "the right track"]
    assert {row["Films"] for row in rows} == {"2"}
    frame, _ = score_checked({film: (cues, SPANS[film]) for film, cues, _ in FILMS}, 1)["scores"]
    means = pd.Series(frame["mean"].to_numpy(), frame[["scope", "measure"]].agg(" ".join, axis=1))
    assert rows[1]["Precision"].startswith(f"{means['track precision']:.2f} (")


def test_run_without_corrections_has_no_section(tmp_path):
    run = make_run(tmp_path, count=1)
    assert corrections_section(Run(tmp_path, run["files"], run["config"])) is None
