"""The figure of a film's annotations, and the report's section on all of them."""

import re

import pandas as pd
import pytest

from scorelens import tables
from scorelens.cues.annotations import CORRECTED, MAJORITY, MATCHED, SCOPES, plot
from scorelens.cues.annotations.reference import majority_spans
from tests.album_tables import titled_tracks
from tests.annotation_tables import annotation_table, span_table
from tests.cue_tables import cue_table
from tests.report_run import make_run, render, section_of, without

NAMES = {"theme": "Main Theme", "chase": "Chase"}
CUES = cue_table(
    "f",
    ("theme", 10, 30, 0),
    ("chase", 40, 60, 0),
    ("theme", 70, 80, 0),
    ("chase", 90, 100, 0),
    ("theme", 110, 120, 0),
)
SPANS = span_table(
    (12, 30, "theme"), (40, 60, "theme"), (66, 84, ""), (90, 100, "-"), (120, 125, "chase")
)


def draw(tmp_path, cues, by_annotator, duration_s=130.0):
    references = {**by_annotator, MAJORITY: majority_spans(by_annotator)}
    plot.draw_annotations("The Film", cues, references, NAMES, duration_s, tmp_path / "f.svg")
    return (tmp_path / "f.svg").read_text()


def test_label_cues_states_follow_the_annotated_tracks():
    assert plot.label_cues(CUES, SPANS).state.tolist() == [
        plot.BOTH, plot.PREDICTED, plot.UNKNOWN, plot.PREDICTED, plot.PREDICTED,
    ]  # fmt: skip


def test_label_spans_states_follow_the_predicted_tracks():
    assert plot.label_spans(SPANS, CUES).state.tolist() == [
        plot.BOTH, plot.ANNOTATED, plot.UNKNOWN, plot.OFF_ALBUM, plot.ANNOTATED,
    ]  # fmt: skip


def test_label_cues_and_spans_without_tracks_follow_presence():
    spans = SPANS.assign(track_id="", off_album=False)
    both, predicted, annotated = plot.BOTH, plot.PREDICTED, plot.ANNOTATED
    assert plot.label_cues(CUES, spans).state.tolist() == [both, both, both, both, predicted]
    assert plot.label_spans(spans, CUES).state.tolist() == [both, both, both, both, annotated]


def test_draw_annotations_has_a_lane_for_each_annotator_and_names_in_bars(tmp_path):
    svg = draw(tmp_path, CUES, {"jo": SPANS, "al": SPANS[:2]})
    for text in ("The Film: 5 cues, 2 annotators", "scorelens", "majority", "jo", "al"):
        assert f">{text}<" in svg
    assert ">Main Theme<" in svg
    assert all(f">{state}<" in svg for state in plot.STYLES)
    assert svg == draw(tmp_path, CUES, {"jo": SPANS, "al": SPANS[:2]})


def test_draw_annotations_one_annotator_has_no_majority(tmp_path):
    svg = draw(tmp_path, CUES[:0], {"jo": SPANS[:0]})
    assert ">The Film: 0 cues, 1 annotator<" in svg
    assert ">majority<" not in svg


@pytest.mark.parametrize(("duration_s", "panels"), [(1800.0, 1), (7300.0, 5)])
def test_draw_annotations_long_films_have_several_time_axes(tmp_path, duration_s, panels):
    svg = draw(tmp_path, CUES, {"jo": SPANS}, duration_s)
    assert svg.count(">scorelens<") == panels
    ends = re.findall(r">(\d+):00<", svg)
    assert max(map(int, ends)) <= duration_s / 60


def test_plot_annotations_tables_become_the_figure_of_one_film(tmp_path):
    tracks = titled_tracks("f", ("Main Theme", "", "", 1, 1), ("Chase", "", "", 1, 2))
    other = annotation_table("g", "cy", span_table((0, 5, "theme")))
    who = [("f", "jo", "f.jo.txt", 5, 60.0, 130.0), ("g", "cy", "g.cy.txt", 1, 5.0, 9.0)]
    frames = {
        "cues": (CUES, tables.CUES),
        "annotations": (pd.concat([annotation_table("f", "jo", SPANS), other]), tables.ANNOTATIONS),
        "annotators": (pd.DataFrame(who, columns=tables.ANNOTATORS.names), tables.ANNOTATORS),
        "tracks": (tracks.assign(track_id=["theme", "chase"]), tables.TRACKS),
    }
    paths = {name: tmp_path / f"{name}.tsv" for name in frames}
    for name, (frame, schema) in frames.items():
        tables.write_table(frame, paths[name], schema)
    plot.plot_annotations("f", "The Film", path=tmp_path / "f.svg", **paths)
    svg = (tmp_path / "f.svg").read_text()
    assert ">jo<" in svg
    assert ">cy<" not in svg
    assert ">Main Theme<" in svg


def make_evaluation(folder):
    """The files of a made-up evaluation of two films by two annotators."""
    measures = ("precision", "recall", "f1", "cue_precision", "cue_recall", "edge_f1")
    spread = (2, 0.94, 0.012, 0.93, 0.95)
    scores = [
        (cues, reference, scope, measure, *spread, 0.9)
        for cues in (MATCHED, CORRECTED)
        for reference in ("jo", MAJORITY)
        for scope in SCOPES
        for measure in (*measures, "edge_error_s")
    ]
    pairs = [("al", "jo", "album", name, *spread) for name in ("kappa", "f1", "edge_f1")]
    pairs += [("all", "all", "album", "alpha", 1, 0.81, None, None, None)]
    who = [(film, name, f"{film}.txt", 3, 50.0, 90.0) for film in "ab" for name in ("al", "jo")]
    calibration = [("album", 0, 0, *[None] * 8), ("track", 2, 9, *[0.5] * 2, *[0.125] * 6)]
    frames = {
        "annotators": (who, tables.ANNOTATORS),
        "evaluation/scores": (scores, tables.ANNOTATION_SCORES),
        "evaluation/agreement": (pairs, tables.ANNOTATION_AGREEMENT),
        "evaluation/calibration": (calibration, tables.CUE_CALIBRATION),
    }
    for name, (rows, schema) in frames.items():
        frame = tables.as_typed(pd.DataFrame(rows, columns=schema.names), schema)
        tables.write_table(frame, folder / "cues" / f"{name}.tsv", schema)
        yield folder / "cues" / f"{name}.tsv"
    path = folder / "cues" / "evaluation" / "confidence.svg"
    path.parent.mkdir(exist_ok=True)
    path.write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    yield path


def test_report_section_has_scores_agreement_and_calibration(tmp_path):
    inputs = without(make_run(tmp_path, 2), "/importance/")
    inputs["files"] += make_evaluation(tmp_path)
    _, text, page = render(tmp_path, inputs)
    section = " ".join(section_of(text, "annotations").split())
    rows = page.table("Against", "What counts")
    assert len(rows) == 12
    assert rows[5]["Against"] == "majority"
    assert rows[11]["Against"] == "majority, after the corrections"
    assert rows[5]["What counts"] == "the right track"
    assert " ".join(rows[5]["Precision"].split()) == "0.94 ± 0.01 (0.93–0.95)"
    agreement = page.table("Annotators", "What counts")
    assert [row["Annotators"] for row in agreement] == ["al, jo", "all"]
    assert agreement[1]["Alpha"].strip() == "0.81"
    assert "By the right track: 9 cues, Brier score 0.125 (0.125–0.125)" in section
    assert "By music of the album" not in section
    assert section.count("<img") == 1
