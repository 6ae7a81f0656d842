"""How loud the music is, in the report: tables below the timelines, a row of the film overview."""

import pytest

from tests.report_run import make_run, render, section_of, without


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    return folder, make_run(folder, count=2)


def test_timelines_list_the_cues_with_their_levels(inputs):
    _, text, page = render(*inputs)
    lists = [table for table in page.tables if table[0][:3] == ["Start", "End", "Track"]]
    assert [len(table) for table in lists] == [13, 13]
    assert [row[3:] for row in lists[0][1:]] == [["-30", "+4", "foreground", "0.25"]] * 12
    assert lists[1][1][-1] != "0.25"  # no speech detector
    assert "second by second" in section_of(text, "film_overview")


def test_report_without_levels_has_no_lists(inputs):
    folder, complete = inputs
    _, text, page = render(folder, without(complete, "/levels"))
    assert not [table for table in page.tables if table[0][:2] == ["Start", "End"]]
    assert "second by second" not in section_of(text, "film_overview")
