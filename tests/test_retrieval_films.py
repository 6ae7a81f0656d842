"""The table of film descriptions: valid rows, and errors with line and column."""

import dataclasses
import subprocess
import sys

import pytest

from scorelens.albums.files import NO_ALBUM, Album
from scorelens.errors import ConfigError, InputError
from scorelens.film_table import Film
from scorelens.retrieval.data import films

CORPUS = {
    "a_film": Film("a_film", "A Film", 2015, ("Drama",), "a.mp4", Album("a", "a", ("a/01.flac",))),
    "no_year": Film(
        "no_year", "No Year", None, ("Drama",), "b.mp4", Album("b", "b", ("b/01.flac",))
    ),
    "no_sound": Film("no_sound", "No Sound", 2015, ("Drama",), "c.mp4", NO_ALBUM),
}
HEADER = "\t".join(films.COLUMNS)


@pytest.fixture
def write_table(tmp_path, tone):
    """Write a table into a folder with an album and files: write_table('row', ...) -> path."""
    tone("music/01 Élan.wav", 0.1)
    (tmp_path / "empty").mkdir()
    for name in ("poster.png", "plot.txt", "words.srt"):
        (tmp_path / name).write_text("words", encoding="utf-8")

    def write(*rows, header=HEADER, line_end="\n"):
        path = tmp_path / "films.tsv"
        path.write_bytes((line_end.join([header, *rows]) + line_end).encode())
        return path

    return write


def error_text(path):
    with pytest.raises(ConfigError) as error:
        films.read_films(path, CORPUS)
    return str(error.value).replace(f"{path.parent}/", "")


def test_corpus_film_has_album_and_year_of_the_corpus(write_table, tmp_path):
    path = write_table("a_film\t\t\tposter.png\tplot.txt\ttwo; one ;; a  tag;two\t\twords.srt")
    assert films.read_films(path, CORPUS) == [
        films.FilmDescription(
            film_id="a_film",
            title="A Film",
            year=2015,
            image=str(tmp_path / "poster.png"),
            plot=str(tmp_path / "plot.txt"),
            tags=("two", "one", "a tag"),
            subtitles=str(tmp_path / "words.srt"),
            album=Album("a", "a", ("a/01.flac",)),
        )
    ]


def test_film_outside_the_corpus_has_its_own_album(write_table, tmp_path):
    path = write_table("other\tAn  Other\t1999\t\t\t\tmusic\t", "a_film\t\t\t\t\t\t\t")
    first, second = films.read_films(path, CORPUS)
    assert (first.film_id, second.film_id) == ("a_film", "other")
    assert second == films.FilmDescription(
        film_id="other",
        title="An Other",
        year=1999,
        image=None,
        plot=None,
        tags=(),
        subtitles=None,
        album=Album("", str(tmp_path / "music"), (str(tmp_path / "music" / "01 Élan.wav"),)),
    )


def test_table_may_set_title_and_year_of_a_corpus_film(write_table):
    path = write_table("no_year\tYear, at Last\t1950\t\t\t\t\t", "a_film\t\t2015\t\t\t\t\t")
    descriptions = films.read_films(path, CORPUS)
    assert [(film.title, film.year) for film in descriptions] == [
        ("A Film", 2015),
        ("Year, at Last", 1950),
    ]


def test_columns_are_optional_and_unknown_columns_are_ignored(write_table, tmp_path):
    path = write_table("plot.txt\tmine\ta_film", header="plot\tremarks\tfilm_id")
    (film,) = films.read_films(path, CORPUS)
    assert film.plot == str(tmp_path / "plot.txt")
    assert (film.image, film.tags, film.subtitles) == (None, (), None)


def test_table_with_bom_crlf_and_quotes_is_read(write_table, tmp_path):
    (tmp_path / "plakát 東京.png").touch()
    row = ' a_film \t Élet és halál \t\t"plakát 東京.png"\t\tпогоня; 東京 \t\t'
    path = write_table(row, line_end="\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    (film,) = films.read_films(path, CORPUS)
    assert (film.film_id, film.title, film.tags) == (
        "a_film",
        "Élet és halál",
        ("погоня", "東京"),
    )
    assert film.image == str(tmp_path / "plakát 東京.png")


NEAR = "\n  hint: did you mean 'a_film'?"
RELATIVE = "\n  hint: paths are relative to the table"
OUTSIDE = "other is no film of the corpus"
INVALID_ROWS = {
    "title": ("other\t\t1999\t\t\t\tmusic\t", f"is empty\n  expected: a title: {OUTSIDE}"),
    "year": ("other\tT\t\t\t\t\tmusic\t", f"is empty\n  expected: a year: {OUTSIDE}"),
    "typo": (
        "a_fil\tT\t\t\t\t\tmusic\t",
        f"year: is empty\n  expected: a year: a_fil is no film of the corpus{NEAR}",
    ),
    "bad year": (
        "other\tT\tMMXV\t\t\t\tmusic\t",
        "column year: is 'MMXV'\n  expected: a year from 1878 on, or nothing",
    ),
    "another year": (
        "a_film\t\t2014\t\t\t\t\t",
        "column year: is 2014\n  expected: 2015, the corpus's year of a_film\n"
        "  hint: leave it empty",
    ),
    "no year": (
        "no_year\t\t\t\t\t\t\t",
        "column year: is empty here and in the corpus\n  expected: a year: it splits the films",
    ),
    "bad year in the corpus": ("a_film\t\t15\t\t\t\t\t", "column year: is '15'"),
    "no album": (
        "other\tT\t1999\t\t\t\t\t",
        "column album: is empty\n  expected: the folder of the soundtrack album, relative to the "
        "table",
    ),
    "album nowhere": (
        "other\tT\t1999\t\t\t\tgone\t",
        f"column album: gone does not exist\n  expected: a folder of audio files{RELATIVE}",
    ),
    "album without audio": ("other\tT\t1999\t\t\t\tempty\t", "empty holds no audio file"),
    "album of the corpus": (
        "a_film\t\t\t\t\t\tmusic\t",
        "column album: is 'music'\n  expected: nothing: a_film has the corpus's album",
    ),
    "corpus without audio": (
        "no_sound\t\t\t\t\t\t\t",
        "column album: no_sound has no audio in the corpus\n  expected: a film with an album",
    ),
    "image": (
        "a_film\t\t\tgone.png\t\t\t\t",
        f"column image: gone.png does not exist\n  expected: a picture{RELATIVE}",
    ),
    "plot": (
        "a_film\t\t\t\tmusic\t\t\t",
        f"column plot: music is a folder\n  expected: a text file{RELATIVE}",
    ),
    "subtitles": (
        "a_film\t\t\t\t\t\t\tgone.srt",
        f"column subtitles: gone.srt does not exist\n  expected: a file of subtitles{RELATIVE}",
    ),
    "subtitles of no film": (
        "other\tT\t1999\t\t\t\tmusic\twords.srt",
        f"column subtitles: are given\n  expected: nothing: {OUTSIDE}",
    ),
    "no slug": (
        "A Film\tT\t1999\t\t\t\tmusic\t",
        "column film_id: 'A Film' is no id\n  expected: letters a-z, digits and underscores\n"
        "  hint: for example t",
    ),
}


@pytest.mark.parametrize(("row", "message"), INVALID_ROWS.values(), ids=list(INVALID_ROWS))
def test_invalid_cell_error_has_line_and_column(write_table, row, message):
    text = error_text(write_table("a_film\t\t\t\t\t\t\t" if "a_film" not in row else "", row))
    assert "films.tsv, line 3, column " in text
    assert message in text


def test_all_errors_of_all_rows_are_listed(write_table):
    path = write_table(
        "a_film\t\t\tgone.png\tgone.txt\t\t\t", "a_film\t\t\t\t\t\t\t", "x\t\t\t\t\t\t\t"
    )
    text = error_text(path)
    assert "7 problems were found" in text
    for cell in ("2, column image", "2, column plot", "2, column film_id", "3, column film_id"):
        assert f"line {cell}: " in text
    assert "'a_film' stands in 2 rows" in text
    for column in ("title", "year", "album"):
        assert f"line 4, column {column}: is empty" in text


def test_missing_or_empty_table_is_an_error(write_table, tmp_path):
    assert "hint: save the table as UTF-8, tab-separated; set its path with retrieval: {films" in (
        error_text(tmp_path / "gone.tsv")
    )
    assert "films.tsv, header: lacks film_id" in error_text(write_table("A", header="film"))
    assert "films.tsv: has no rows" in error_text(write_table())


def test_misspelt_column_error_suggests_the_column(write_table):
    text = error_text(write_table("a_film\tx", header="film_id\ttag"))
    assert "films.tsv, header: has a column 'tag'\n  expected: columns of film_id, title" in text
    assert "hint: did you mean 'tags'?" in text


def test_blank_lines_separate_paragraphs(tmp_path):
    path = tmp_path / "plot.txt"
    path.write_bytes("\ufeff\r\n One,\r\n two.\r\n \t\r\n\r\nÚt 東京.\r\n".encode())
    assert films.read_paragraphs(path) == ["One, two.", "Út 東京."]
    path.write_text("\n \n")
    assert films.read_paragraphs(path) == []


def test_table_without_description_columns_is_an_error(write_table):
    text = error_text(
        write_table(
            "a_film\tposter.png\tplot.txt\tsad", header="film_id\tpicture\tsynopsis\tgenres"
        )
    )
    assert text == (
        "films.tsv, header: has no column that describes the films\n"
        "  expected: at least one of image, plot, tags"
    )


def test_row_longer_than_the_header_is_an_error(write_table):
    text = error_text(
        write_table("a_film\ta\tb", "a_film\tc\t\t", "a_film\td\t\te", header="film_id\ttags")
    )
    assert text == "\n".join(
        [
            "2 problems were found",
            "films.tsv, line 2: has 3 cells",
            "  expected: 2 at most, as many as the header",
            "  hint: a tab too many moves what comes after it into another column",
            "films.tsv, line 4: has 4 cells",
            "  expected: 2 at most, as many as the header",
            "  hint: a tab too many moves what comes after it into another column",
        ]
    )


def test_track_in_the_albums_of_two_films_is_an_error(write_table, tmp_path, tone):
    tone("music/02.wav", 0.1)
    tone("own/03.wav", 0.1)
    (tmp_path / "again").symlink_to("music")
    (tmp_path / "own" / "link.wav").symlink_to("../music/02.wav")
    rows = (f"{name}\tT\t1999\t\t\t\t{album}\t" for name, album in (("x", "music"), ("y", "own")))
    path = write_table(*rows, "z\tT\t1999\t\t\t\tagain\t")
    expected = "  expected: each audio file in the album of one film"
    assert error_text(path) == "\n".join(
        [
            "2 problems were found",
            "films.tsv, line 3, column album: y shares own/link.wav with x",
            expected,
            "films.tsv, line 4, column album: z shares again/01 Élan.wav and 1 more with x",
            expected,
        ]
    )


def test_corpus_track_in_another_album_is_an_error(write_table, tmp_path):
    track = str(tmp_path / "music" / "01 Élan.wav")
    corpus = {"a_film": CORPUS["a_film"], "b_film": CORPUS["no_year"]}
    corpus = {
        name: dataclasses.replace(film, year=2000, album=Album(name, "music", (track,)))
        for name, film in corpus.items()
    }
    outside = "other\tT\t1999\t\t\t\tmusic\t"
    path = write_table("a_film\t\t\t\t\t\t\t", "b_film\t\t\t\t\t\t\t", outside)
    with pytest.raises(ConfigError) as error:
        films.read_films(path, corpus)
    message = str(error.value)
    assert f"line 3, column album: b_film shares {track} with a_film" in message
    assert f"line 4, column album: other shares {track} with a_film" in message


def test_corpus_films_may_share_an_album(write_table):
    corpus = {"a_film": CORPUS["a_film"], "b_film": CORPUS["a_film"]}
    described = films.read_films(
        write_table("a_film\t\t\t\t\t\t\t", "b_film\t\t\t\t\t\t\t"), corpus
    )
    assert [film.album for film in described] == [CORPUS["a_film"].album] * 2


def test_plot_encoding_is_detected_and_logged(tmp_path, caplog):
    path = tmp_path / "plot.txt"
    plot = "Le héros part à la guerre. Sa mère, déjà très âgée, espère le revoir."
    path.write_bytes(plot.encode("cp1252"))
    assert films.read_paragraphs(path) == [plot]
    assert caplog.messages == [
        f"{path}: no Unicode: taken for cp1252; if its words come out wrong, save it as UTF-8"
    ]
    path.write_bytes(plot.encode("utf-16"))
    assert films.read_paragraphs(path) == [plot]
    assert len(caplog.messages) == 1


def test_missing_plot_raises_input_error(tmp_path):
    with pytest.raises(InputError, match="cannot be read \\(No such file or directory\\)"):
        films.read_paragraphs(tmp_path / "gone.txt")


def test_importing_demo_plan_imports_no_numpy_pandas_or_torch():
    heavy = "{'numpy', 'pandas', 'torch', 'cv2', 'soundfile', 'PIL'}"
    code = (
        f"import sys; import scorelens.retrieval.demo.demo_plan; print({heavy} & set(sys.modules))"
    )
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert process.stdout.strip() == "set()"
