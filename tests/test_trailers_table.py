"""Trailer table: parsed rows, and error messages with line and column."""

import subprocess
import sys

import pytest

from scorelens.errors import ConfigError
from scorelens.trailers.data import table as trailer_table
from scorelens.trailers.data.table import Trailer

GENRES = ("Comedy", "Drama", "Science Fiction")
HEADER = "\t".join(trailer_table.COLUMNS)


@pytest.fixture
def table(tmp_path):
    """Function that writes a trailer table next to two videos: table('row', ...) -> path."""
    (tmp_path / "clips" / "folder").mkdir(parents=True)
    for name in ("a.mp4", "b.mkv"):
        (tmp_path / "clips" / name).touch()

    def write(*rows, header=HEADER):
        path = tmp_path / "trailers.tsv"
        path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return path

    return write


def error_text(path):
    with pytest.raises(ConfigError) as error:
        trailer_table.read_trailers(path, GENRES)
    return str(error.value).replace(f"{path.parent}/", "")


def test_trailers_are_sorted_by_id_and_genres_are_not_sorted(table, tmp_path):
    path = table(
        "teaser_2\tThe  Sea \tclips/b.mkv\tScience Fiction; Comedy;",
        "teaser_1\tThe Sea\tclips/a.mp4\tComedy;Science Fiction",
    )
    assert trailer_table.read_trailers(path, GENRES) == [
        Trailer(
            "teaser_1", "The Sea", str(tmp_path / "clips/a.mp4"), ("Comedy", "Science Fiction")
        ),
        Trailer(
            "teaser_2", "The Sea", str(tmp_path / "clips/b.mkv"), ("Science Fiction", "Comedy")
        ),
    ]


def test_additional_columns_are_ignored(table):
    path = table("x\t1999\tA\tclips/a.mp4\tDrama", header="trailer_id\tyear\ttitle\tvideo\tgenres")
    (trailer,) = trailer_table.read_trailers(path, GENRES)
    assert (trailer.title, trailer.genres) == ("A", ("Drama",))


def test_missing_column_is_an_error_with_its_name(table):
    path = table("x\tA\tclips/a.mp4", header="trailer_id\ttitle\tvideo")
    assert error_text(path) == (
        "trailers.tsv, header: lacks genres\n  expected: columns trailer_id, title, video, genres"
    )


def test_missing_or_empty_table_is_an_error(table, tmp_path):
    assert error_text(tmp_path / "absent.tsv") == (
        "absent.tsv: cannot be read (No such file or directory)\n  expected: a trailer table\n"
        "  hint: save the table as UTF-8, tab-separated; "
        "set its path with trailers: {trailers: ...}"
    )
    assert error_text(table()) == "trailers.tsv: has no rows\n  expected: one row a trailer"


def test_all_problems_of_all_rows_are_reported(table):
    path = table(
        "The Sea\tThe Sea\tclips/a.mp4\tDrama",
        "same\tA\tclips/absent.mp4\tDrma",
        "same\t\tclips/folder\tDrama; Comedy; Drama",
        "?\t\t\t",
    )
    duplicate = "'same' stands in 2 rows\n  expected: one row a trailer\n  hint: rename one"
    slug = "letters a-z, digits and underscores\n  hint: for example"
    title = "a title: trailers of one title are in the same fold"
    relative = "hint: paths are relative to the table"
    labels = "['Comedy', 'Drama', 'Science Fiction']\n  hint: did you mean 'Drama'?"
    expected = [
        "12 problems were found",
        "trailers.tsv, line 2, column trailer_id: 'The Sea' is no id",
        f"  expected: {slug} the_sea",
        f"trailers.tsv, line 3, column trailer_id: {duplicate}",
        f"trailers.tsv, line 4, column trailer_id: {duplicate}",
        f"trailers.tsv, line 5, column trailer_id: '?' is no id\n  expected: {slug} trailer",
        "trailers.tsv, line 3, column video: clips/absent.mp4 does not exist",
        f"  expected: a media file\n  {relative}",
        "trailers.tsv, line 3, column genres: 'Drma' is not a genre of the config",
        f"  expected: one of {labels}",
        f"trailers.tsv, line 4, column title: is empty\n  expected: {title}",
        "trailers.tsv, line 4, column video: clips/folder is a folder",
        f"  expected: a media file\n  {relative}",
        "trailers.tsv, line 4, column genres: 'Drama' is named 2 times",
        "  expected: each genre once",
        f"trailers.tsv, line 5, column title: is empty\n  expected: {title}",
        "trailers.tsv, line 5, column video: is empty",
        f"  expected: the path of the trailer's file\n  {relative}",
        "trailers.tsv, line 5, column genres: is empty\n  expected: at least one genre",
        "  hint: genres: Comedy; Drama; Science Fiction",
    ]
    assert error_text(path) == "\n".join(expected)


def test_different_genres_of_one_title_are_an_error(table):
    path = table(
        "a\tThe Sea\tclips/a.mp4\tDrama;Comedy",
        "b\tThe Sea\tclips/a.mp4\tComedy;Drama",
        "c\t The  Sea\tclips/a.mp4\tDrama",
        "d\tThe Sky\tclips/b.mkv\tScience Fiction",
    )
    assert error_text(path) == (
        "trailers.tsv, line 4, column genres: differ from those of line 2, of the same title "
        "'The Sea'\n  expected: the same genres for one title\n"
        "  hint: if these are different films, put the year in the title"
    )


def test_row_longer_than_header_is_an_error(table):
    assert error_text(table("a\tThe Sea\tclips/a.mp4\tDrama\t1999")) == (
        "trailers.tsv, line 2: has 5 cells\n  expected: 4 at most, as many as the header\n"
        "  hint: a tab too many moves what comes after it into another column"
    )


def test_trailer_table_imports_no_heavy_library():
    """Snakemake imports the module on every parse of the workflow, in each job."""
    code = (
        "import sys; from scorelens.trailers.data import table; "
        "from scorelens.trailers.demo import demo_plan; print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"numpy", "pandas", "torch", "sklearn", "matplotlib", "av", "cv2", "librosa"}
    assert not heavy & set(done.stdout.split())


def test_two_spellings_of_one_title_are_an_error(table):
    path = table("x\tThe Ring\tclips/a.mp4\tDrama", "y\tthe  r\u00edng!\tclips/b.mkv\tDrama")
    assert error_text(path) == (
        "trailers.tsv, line 3, column title: 'the r\u00edng!' is nearly 'The Ring' of line 2\n"
        "  expected: one spelling of a title, so that its trailers are in the same fold\n"
        "  hint: if these are different films, put the year in the title"
    )


def test_titles_with_different_years_are_distinct(table):
    path = table("x\tThe Ring 1998\tclips/a.mp4\tDrama", "y\tThe Ring 2002\tclips/b.mkv\tComedy")
    assert len(trailer_table.read_trailers(path, GENRES)) == 2


def test_one_file_with_two_titles_is_an_error(table, tmp_path):
    (tmp_path / "clips" / "again.mp4").symlink_to(tmp_path / "clips" / "a.mp4")
    path = table("x\tA\tclips/a.mp4\tDrama", "y\tB\tclips/again.mp4\tDrama")
    assert error_text(path) == (
        "trailers.tsv, line 3, column video: is also the file of line 2, which has another title\n"
        "  expected: one title for a file"
    )
