"""Tables as spreadsheets and editors save them, and the errors of those that cannot be used."""

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
    """Rows of a table of text or bytes, without the numbers of their lines."""

    def write_and_read(content, columns=COLUMNS):
        path = tmp_path / "films.tsv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return [row for _, row in tsv.read_rows(path, columns)]

    return write_and_read


def refusal(read, content, columns=COLUMNS):
    with pytest.raises(ConfigError) as caught:
        read(content, columns)
    return str(caught.value)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_unicode_of_any_kind_and_lines_of_any_end(read, encoding, ending):
    text = ending.join(["film_id\ttitle", "a\tÉlan 東京", "", "b\tB", "", "\t", ""])
    assert read(text.encode(encoding)) == [
        {"film_id": "a", "title": "Élan 東京"},
        {"film_id": "b", "title": "B"},
    ]


@pytest.mark.parametrize("encoding", ["cp1252", "iso8859-15"])
def test_another_encoding_is_named_with_what_it_would_say(read, encoding):
    text = refusal(read, "film_id\ttitle\na\tLe château déjà hanté\n".encode(encoding))
    assert "films.tsv: is not in UTF-8 (no Unicode: taken for cp1252, it would read 'a\\tLe" in text
    assert "Le château déjà hanté" in text
    assert "save the table as UTF-8" in text


@pytest.mark.parametrize(
    ("cell", "meant"),
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
def test_cells_in_quotes_and_with_invisible_characters(read, cell, meant):
    rows = read(f'film_id\ttitle\na\t{cell}\nb\t"B"\n')
    assert [row["title"] for row in rows] == [meant, "B"]


@given(st.lists(st.text(st.characters(exclude_categories=["C", "Z"])), min_size=1, max_size=4))
def test_any_cells_come_back_as_a_spreadsheet_writes_them(tmp_path_factory, cells):
    path = tmp_path_factory.getbasetemp() / "cells.tsv"
    names = [f"c{n}" for n in range(len(cells))]
    quoted = ['"' + cell.replace('"', '""') + '"' for cell in cells]
    path.write_text("\t".join(["id", *names]) + "\n" + "\t".join(["x", *quoted]) + "\n", "utf-8")
    ((_, row),) = tsv.read_rows(path, ["id"])
    assert list(row.values()) == ["x", *cells]


def test_a_line_is_named_by_the_line_of_the_file(tmp_path):
    path = tmp_path / "films.tsv"
    path.write_text('\nfilm_id\ttitle\na\t"1\n2"\n\nb\tB\n')
    assert [number for number, _ in tsv.read_rows(path, COLUMNS)] == [3, 6]


def test_empty_columns_and_cells_at_the_end_do_not_matter(read):
    assert read("film_id\ttitle\t\t\t\na\tA\t\t\t\t\nb\n") == [
        {"film_id": "a", "title": "A"},
        {"film_id": "b", "title": ""},
    ]
    assert "line 2: has 4 cells" in refusal(read, "film_id\ttitle\t\na\tA\t\tx\n")


def test_spaces_round_the_name_of_a_column_do_not_matter(read):
    assert read(" film_id\t\u00a0title \na\tA\n") == [{"film_id": "a", "title": "A"}]


@pytest.mark.parametrize(
    ("header", "words"),
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
def test_a_header_that_is_wrong(read, header, words):
    assert words in refusal(read, f"{header}\na\tA\n")


def test_the_users_own_columns_may_stand_twice(read):
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
def test_genres_divided_or_written_in_another_way(label, hint):
    genres = ["Action", "Drama", "Science Fiction"]
    (problem,) = film_table.genre_problems(film_table.genre_labels(label), genres, "here")
    assert problem.hint == hint
    assert film_table.genre_labels(" Science\u00a0Fiction ;") == ("Science Fiction",)


@pytest.mark.parametrize("repeated", ["a", "ab", "a_long_one"])
def test_ids_that_snakemake_cannot_have_are_reported(repeated):
    assert not list(ids.name_problems("here", f"x{repeated * 19}"[-100:]))
    if 20 * len(repeated) <= ids.LONGEST_ID:
        (problem,) = ids.name_problems("here", f"x{repeated * 20}")
        assert "in 20 times" in problem.what
    (problem,) = ids.name_problems("here", repeated * 101)
    assert problem.expected == "100 at most"


def test_other_tables_are_read_with_the_same_care(tmp_path, tone):
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
