"""Reading the file of corrections: rows, their order, and the message for every fault."""

import pytest

from scorelens import tables
from scorelens.cues.corrections import COLUMNS, STATES
from scorelens.cues.corrections.reading import read_corrections
from scorelens.errors import ConfigError
from tests.correction_tables import cells, new, write_file

CUE = (10, 20, "theme")


def test_columns_equal_those_of_the_schema():
    assert list(COLUMNS) == tables.CORRECTIONS.names
    assert tables.CORRECTION_COUNTS.names[-3:] == list(STATES)


def test_rows_are_grouped_by_film_with_three_decimals(tmp_path):
    first, second = cells("right", CUE), cells("missed", film="b", **new(1.5, 2, "x", 0.25))
    read = read_corrections(write_file(tmp_path / "c.tsv", first, second))
    assert read == {"a": [first], "b": [second]}
    assert read["b"][0][5:9] == ("1.500", "2.000", "x", "0.250")


def test_short_table_with_other_columns_and_line_ends_is_read(tmp_path):
    path = tmp_path / "c.tsv"
    header = "verdict\tfilm_id\ttrack_id\tfilm_start_s\tfilm_end_s\tmine"
    path.write_bytes(f"\ufeff{header}\r\nright\ta\ttheme\t1e1\t20\tx\r\n\r\n".encode())
    assert read_corrections(path) == {"a": [cells("right", CUE)]}


def test_header_alone_is_a_file_without_corrections(tmp_path):
    assert read_corrections(write_file(tmp_path / "c.tsv")) == {}


def test_remark_without_verdict_keeps_quotes_and_braces_in_its_note(tmp_path):
    row = cells("", CUE, note='a "source" cue {film}', diegetic="yes", annotator="Ána Ö")
    assert read_corrections(write_file(tmp_path / "c.tsv", row)) == {"a": [row]}


def test_rows_are_in_the_order_of_the_decisions_and_undated_ones_follow_the_row_above(tmp_path):
    rows = [
        cells("right", CUE, note="3", decided_at="2026-03-02T10:00:00Z"),
        cells("right", CUE, note="4"),
        cells("right", CUE, note="1", decided_at="2026-03-01T10:00:00.250Z"),
        cells("right", CUE, note="2", decided_at="2026-03-02T10:30:00+01:00"),
        cells("right", CUE, note="5", decided_at="2026-03-02T10:00:00Z"),
    ]
    rows = [cells("right", CUE, note="0"), *rows]
    read = read_corrections(write_file(tmp_path / "c.tsv", *rows))["a"]
    assert [row[COLUMNS.index("note")] for row in read] == ["0", "1", "2", "3", "4", "5"]


def test_three_bad_rows_are_listed_together_with_their_lines(tmp_path):
    path = write_file(
        tmp_path / "c.tsv",
        cells("rihgt", CUE),
        cells("right", CUE),
        cells("changed", ("ten", 20, "theme"), **new(5, 4)),
        cells("missed"),
    )
    with pytest.raises(ConfigError) as caught:
        read_corrections(path)
    text = str(caught.value)
    assert text.startswith("4 problems were found")
    assert f"{path}, line 2, column verdict: is 'rihgt'" in text
    assert "did you mean 'right'?" in text
    assert f"{path}, line 4, column film_start_s: 'ten' is no time" in text
    assert f"{path}, line 4, column new_film_end_s: ends at 4.000, but starts at 5.000" in text
    assert f"{path}, line 5: has no new_film_start_s, new_film_end_s, new_track_id" in text


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (cells("right", ("12,5", 20, "t")), "hint: write a point before the decimals"),
        (cells("right", (-1, 20, "t")), "'-1.000' is no time"),
        (cells("right", ("nan", 20, "t")), "'nan' is no time"),
        (cells("wrong", (10, 10, "t")), "column film_end_s: ends at 10.000, but starts at 10.000"),
        (cells("wrong", (10, "", "")), "line 2: has no film_end_s, track_id"),
        (cells("", note="?"), "has no film_start_s, film_end_s, track_id"),
        (cells("right", CUE, **new(11)), "has new_film_start_s, but the verdict is 'right'"),
        (cells("right", CUE, diegetic="true"), "column diegetic: is 'true'"),
        (cells("right", CUE, decided_at="today"), "column decided_at: 'today' is no time"),
        (cells("right", CUE, film="Film 1"), "hint: for example film_1"),
        (cells("right", CUE, film=""), "column film_id: '' is no id"),
        ((*cells("right", CUE, decided_at="2026-01-01"), "x"), "line 2: has 14 cells"),
    ],
)
def test_bad_row_raises_config_error_with_line(tmp_path, row, message):
    with pytest.raises(ConfigError) as caught:
        read_corrections(write_file(tmp_path / "c.tsv", row))
    assert message in str(caught.value)
    assert f"{tmp_path / 'c.tsv'}, line 2" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "config: cues.corrections"),
        (b"", "header: lacks film_id"),
        (b"film_id,verdict\n", "columns are separated by tabs, not commas"),
        ("\t".join(COLUMNS[1:]).encode(), "header: lacks film_id"),
        ("\t".join((*COLUMNS, "note")).encode(), "has the column 'note' 2 times"),
    ],
)
def test_bad_file_raises_config_error(tmp_path, content, message):
    path = tmp_path / "c.tsv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        read_corrections(path)
    assert message in str(caught.value)
