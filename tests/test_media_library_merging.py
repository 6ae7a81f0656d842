"""Merging of tables: what people write stays, what nobody edited follows the library."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorelens import tsv
from scorelens.errors import ConfigError
from scorelens.media_library import record
from scorelens.media_library.merging import merge
from scorelens.media_library.rows import trailer_titles
from scorelens.media_library.settings import as_yaml, settings
from scorelens.media_library.table_files import clean_cell, path_cell, read_table, write_table

COLUMNS = ("id", "title", "genres")
CELLS = st.text(st.characters(exclude_categories=("Cs",)), max_size=12).map(clean_cell)
KEYS = st.sampled_from([f"{letter}.mkv" for letter in "abcdef"])


def rows_of(keys, cells):
    return {key: {"id": key[0], "title": cells[0], "genres": cells[1]} for key in keys}


TABLES = st.builds(
    rows_of, st.lists(KEYS, unique=True, min_size=1), st.tuples(CELLS, CELLS).map(list)
)


@given(TABLES, TABLES)
def test_table_without_edits_becomes_the_new_one(old, new):
    merged = merge([dict(row) for row in old.values()], old, new, ["id"])
    assert {row["id"]: row for row in merged.rows} == {row["id"]: row for row in new.values()}
    assert merged.record == new
    assert set(merged.added) == set(new) - set(old)
    assert set(merged.removed) == set(old) - set(new)


@given(TABLES, TABLES, st.dictionaries(KEYS, CELLS))
def test_edited_cells_stay_whatever_the_library_says(old, new, edits):
    edits = {key: text for key, text in edits.items() if key in old and text != old[key]["title"]}
    table = [row | ({"title": edits[key]} if key in edits else {}) for key, row in old.items()]
    for _ in range(3):  # however often it is run
        merged = merge(table, old, new, ["id"])
        after = {row["id"]: row for row in merged.rows}
        for key, text in edits.items():
            assert after[key[0]]["title"] == text
            expected = new.get(key, old[key])["genres"]
            assert after[key[0]]["genres"] == expected
        for key in new.keys() - edits.keys():
            assert after[key[0]] == new[key]
        table, old = merged.rows, merged.record


@given(TABLES)
def test_second_merge_changes_nothing(new):
    first = merge([], {}, new, ["id"])
    second = merge(first.rows, first.record, new, ["id"])
    assert (second.rows, second.record) == (first.rows, first.record)
    assert not (second.added or second.removed or second.edited or second.deleted)


def test_row_with_another_id_is_found_by_its_second_column():
    written = {"a.mkv": {"id": "a", "title": "A", "genres": "Drama"}}
    table = [{"id": "mine", "title": "A", "genres": "Drama"}]
    merged = merge(table, written, written, ["id", "title"])
    assert merged.rows == table
    assert merged.edited == ["a.mkv"]


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1))
def test_written_table_is_read_back_cell_by_cell(tmp_path_factory, cells):
    path = tmp_path_factory.mktemp("table") / "t.tsv"
    rows = [dict(zip(COLUMNS, ("x", *row[1:]), strict=True)) for row in cells]
    write_table(path, COLUMNS, rows)
    assert read_table(path, COLUMNS) == (list(COLUMNS), rows)
    assert [row for _, row in tsv.read_rows(path, COLUMNS)] == rows
    assert write_table(path, COLUMNS, rows) is False


def test_table_of_a_header_alone_has_no_rows(tmp_path):
    (tmp_path / "t.tsv").write_text("id\ttitle\tgenres\n")
    assert read_table(tmp_path / "t.tsv", COLUMNS) == (list(COLUMNS), [])


def test_file_that_is_no_table_is_an_error(tmp_path):
    (tmp_path / "t.tsv").write_text("name,title\na,b\n")
    with pytest.raises(ConfigError, match="columns are separated by tabs"):
        read_table(tmp_path / "t.tsv", COLUMNS)


def test_path_is_relative_below_the_tables_and_absolute_elsewhere(tmp_path):
    assert path_cell(str(tmp_path / "a" / "b.mkv"), tmp_path) == "a/b.mkv"
    assert path_cell("/media/b.mkv", tmp_path) == "/media/b.mkv"


def test_damaged_record_is_an_error_that_says_what_to_do(tmp_path):
    (tmp_path / record.NAME).write_text("{")
    with pytest.raises(ConfigError, match="delete it"):
        record.read(tmp_path)


def test_edited_file_is_neither_written_nor_removed(tmp_path):
    kept = record.Record()
    assert record.write_file(kept, tmp_path, "a.txt", "one")
    (tmp_path / "a.txt").write_text("mine")
    assert not record.write_file(kept, tmp_path, "a.txt", "two")
    record.remove_file(kept, tmp_path, "a.txt")
    assert (tmp_path / "a.txt").read_text() == "mine"


def test_titles_of_different_films_differ():
    rows = {str(n): {"title": "Élan", "year": year} for n, year in enumerate(("1999", "1999", ""))}
    assert list(trailer_titles(rows).values()) == ["Élan (1999)", "Élan (2)", "Élan (3)"]


def test_settings_leave_out_what_lacks_rows():
    film = {"film_id": "a", "genres": "Drama"}
    made, left_out = settings([film], [], [])
    assert made["tagger"] == {"models": []}
    assert "trailers" not in made
    assert len(left_out) == 3
    assert as_yaml(made, left_out).count("\n# ") == 4
