"""Reading of tables as saved by spreadsheets and editors, and errors of invalid tables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorelens import film_table, ids, tsv
from scorelens.errors import ConfigError
from scorelens.retrieval.data import films as described
from scorelens.trailers.data import table as trailers

COLUMNS = ("film_id", "title")


@pytest.fixture
def read(tmp_path):
    """Write text or bytes to a table and return its rows: read(content, columns)."""

    def write_and_read(content, columns=COLUMNS):
        path = tmp_path / "films.tsv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return [row for _, row in tsv.read_rows(path, columns)]

    return write_and_read


def read_error(read, content, columns=COLUMNS):
    with pytest.raises(ConfigError) as caught:
        read(content, columns)
    return str(caught.value)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_any_unicode_encoding_and_line_ending_is_read(read, encoding, ending):
    text = ending.join(["film_id\ttitle", "a\tÉlan 東京", "", "b\tB", "", "\t", ""])
    assert read(text.encode(encoding)) == [
        {"film_id": "a", "title": "Élan 東京"},
        {"film_id": "b", "title": "B"},
    ]


@pytest.mark.parametrize("encoding", ["cp1252", "iso8859-15"])
def test_non_unicode_encoding_error_shows_the_decoded_text(read, encoding):
    text = read_error(read, "film_id\ttitle\na\tLe château déjà hanté\n".encode(encoding))
    assert "films.tsv: is not in UTF-8 (no Unicode: taken for cp1252, it would read 'a\\tLe" in text
    assert "Le château déjà hanté" in text
    assert "save the table as UTF-8" in text


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ('"Good, Bad; Ugly"', "Good, Bad; Ugly"),
        ('"""Crocodile"" Dundee"', '"Crocodile" Dundee'),
        ('"Crocodile" Dundee', '"Crocodile" Dundee'),
        ('Dundee, the "Crocodile"', 'Dundee, the "Crocodile"'),
        ('"A line\nand another"', "A line\nand another"),
        ('6" deep', '6" deep'),
        ('"open', '"open'),
        ("\u00a0 A  B\u200b \u202c", "A  B"),
        ("\u202aA", "A"),
        ("A\x07\x00B\x1b", "AB"),
    ],
)
def test_quotes_and_invisible_characters_are_removed_from_cells(read, cell, expected):
    rows = read(f'film_id\ttitle\na\t{cell}\nb\t"B"\n')
    assert [row["title"] for row in rows] == [expected, "B"]


@given(st.lists(st.text(st.characters(exclude_categories=["C", "Z"])), min_size=1, max_size=4))
def test_quoted_cells_round_trip(tmp_path_factory, cells):
    path = tmp_path_factory.getbasetemp() / "cells.tsv"
    names = [f"c{n}" for n in range(len(cells))]
    quoted = ['"' + cell.replace('"', '""') + '"' for cell in cells]
    path.write_text("\t".join(["id", *names]) + "\n" + "\t".join(["x", *quoted]) + "\n", "utf-8")
    ((_, row),) = tsv.read_rows(path, ["id"])
    assert list(row.values()) == ["x", *cells]


def test_rows_have_the_line_numbers_of_the_file(tmp_path):
    path = tmp_path / "films.tsv"
    path.write_text('\nfilm_id\ttitle\na\t"1\n2"\n\nb\tB\n')
    assert [number for number, _ in tsv.read_rows(path, COLUMNS)] == [3, 6]


def test_empty_trailing_columns_and_cells_are_ignored(read):
    assert read("film_id\ttitle\t\t\t\na\tA\t\t\t\t\nb\n") == [
        {"film_id": "a", "title": "A"},
        {"film_id": "b", "title": ""},
    ]
    assert "line 2: has 4 cells" in read_error(read, "film_id\ttitle\t\na\tA\t\tx\n")


def test_spaces_around_column_names_are_ignored(read):
    assert read(" film_id\t\u00a0title \na\tA\n") == [{"film_id": "a", "title": "A"}]


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("Film_ID\tTitle", "hint: call the column 'Film_ID' 'film_id'; call the column 'Title'"),
        ("film id\ttitle", "hint: call the column 'film id' 'film_id'"),
        ("film_id\ttitel", "hint: call the column 'titel' 'title'"),
        ("film_id,title", "hint: columns are separated by tabs, not commas"),
        ("film_id;title", "hint: columns are separated by tabs, not semicolons"),
        ("film_id|title", "hint: columns are separated by tabs, not bars"),
        ("film_id title", "hint: columns are separated by tabs, not spaces"),
        ("film_id\ttitle\ttitle", "has the column 'title' 2 times"),
        ("", "lacks film_id, title"),
    ],
)
def test_invalid_header_is_an_error_with_a_hint(read, header, message):
    assert message in read_error(read, f"{header}\na\tA\n")


def test_duplicate_unknown_columns_are_accepted(read):
    assert len(read("film_id\ttitle\tnote\tnote\na\tA\t1\t2\n")) == 1


@pytest.mark.parametrize(
    ("label", "hint"),
    [
        ("Drama|Action", "semicolons divide genres: Drama;Action"),
        ("Drama, Action", "semicolons divide genres: Drama;Action"),
        ("Drama/Action", "semicolons divide genres: Drama;Action"),
        ("DRAMA", "did you mean 'Drama'?"),
        ("science-fiction", "did you mean 'Science Fiction'?"),
    ],
)
def test_genre_problem_suggests_separator_and_spelling(label, hint):
    genres = ["Action", "Drama", "Science Fiction"]
    (problem,) = film_table.genre_problems(film_table.genre_labels(label), genres, "here")
    assert problem.hint == hint
    assert film_table.genre_labels(" Science\u00a0Fiction ;") == ("Science Fiction",)


@pytest.mark.parametrize("repeated", ["a", "ab", "a_long_one"])
def test_long_and_repetitive_ids_are_problems(repeated):
    assert not list(ids.name_problems("here", f"x{repeated * 19}"[-100:]))
    if 20 * len(repeated) <= ids.LONGEST_ID:
        (problem,) = ids.name_problems("here", f"x{repeated * 20}")
        assert "in 20 times" in problem.what
    (problem,) = ids.name_problems("here", repeated * 101)
    assert problem.expected == "100 at most"


def test_trailer_and_retrieval_tables_accept_the_same_formats(tmp_path, tone):
    tone("album/01.wav", 0.1)
    (tmp_path / "a.mp4").touch()
    path = tmp_path / "table.tsv"
    rows = ['trailer_id\t"title"\tvideo\tgenres\t', 'a\t"A, B"\ta.mp4\tDrama\t\t', "\t\t\t"]
    path.write_bytes("\r\n".join(rows).encode("utf-16"))
    (trailer,) = trailers.read_trailers(path, ["Drama"])
    assert (trailer.title, trailer.genres) == ("A, B", ("Drama",))
    rows = ["film_id\ttitle\tyear\talbum\ttags\t", 'b\tB\t2015\talbum\t"sad;  slow"\t\t', "\t"]
    path.write_bytes("\r\n".join(rows).encode("utf-16"))
    (film,) = described.read_films(path, {})
    assert film.tags == ("sad", "slow")
    path.write_text("film_id\ttags\ttags\nb\tsad\tslow\n")
    with pytest.raises(ConfigError, match="has the column 'tags' 2 times"):
        described.read_films(path, {})
