"""How loud the music is, in the report: the cues where it is loudest and quietest."""

import pytest

from scorelens import tables
from scorelens.cues.report.section import EXTREMES
from tests.report_run import make_run, path_of, render, section_of, without


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    return folder, make_run(folder, count=2)


def test_loudest_and_quietest_cues_are_listed_in_order(inputs):
    folder, complete = inputs
    path = path_of(complete, "cues/levels.tsv")
    roles = tables.read_table(path, tables.CUE_ROLES)
    levels = [float(k) for k in range(len(roles))]
    tables.write_table(roles.assign(music_to_rest_db=levels), path, tables.CUE_ROLES)
    _, text, page = render(folder, complete)
    tables.write_table(roles, path, tables.CUE_ROLES)
    rows = page.table("Film", "Start", "End")
    count = len(roles)
    loudest = [f"+{count - 1 - k}" for k in range(EXTREMES)]
    quietest = [f"+{k}" for k in reversed(range(EXTREMES))]
    assert [row["To the rest, dB"] for row in rows] == loudest + quietest
    assert rows[0]["Film"] == "The <1th> Film & Co"
    assert rows[-1]["Dialogue"] == "0.25"
    assert rows[0]["Dialogue"] == "–"  # no speech detector
    assert f"{count} of {count} cues" in section_of(text, "film_map")


def test_report_without_levels_has_no_list(inputs):
    folder, complete = inputs
    _, _, page = render(folder, without(complete, "/levels"))
    assert not [table for table in page.tables if table[0][:2] == ["Film", "Start"]]
