"""The lists of the source's data set: what is read, the table they make, and every fault."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorelens.config import read_schema
from scorelens.errors import ConfigError
from scorelens.trailers.data.table import Trailer, read_trailers
from scorelens.trailers.published.import_lists import import_trailers
from scorelens.trailers.published.lists import parse_entry, read_addresses, read_entries

HOME = Path(__file__).resolve().parent.parent
SCHEMA = read_schema(HOME / "workflow" / "schemas" / "trailers.yaml")
GENRES = SCHEMA["properties"]["genres"]["default"]
WATCH = "https://www.youtube.com/watch?v="
DATASET = "alien_1\tAlien (1979)\tHorror, Sci-Fi\npier\tThe Pier\tDrama\nlost\tLost\tCrime|Drama\n"
DOWNLOADS = f"alien_1 {WATCH}LjLamj-b0I8\npier\thttp://example.org/clips/pier_hd.mp4?x=1\n"


@pytest.fixture
def lists(tmp_path):
    """Two lists in a folder with the files of two of the three trailers: dataset, downloads."""
    (tmp_path / "videos" / "more").mkdir(parents=True)
    (tmp_path / "videos" / "Alien Trailer [LjLamj-b0I8].webm").touch()
    (tmp_path / "videos" / "more" / "pier_hd.mp4").touch()
    (tmp_path / "videos" / "lost.info.json").touch()
    (tmp_path / "dataset.txt").write_text(DATASET)
    (tmp_path / "downloads.txt").write_text(DOWNLOADS)
    return tmp_path / "dataset.txt", tmp_path / "downloads.txt"


def error_of(function, *arguments):
    with pytest.raises(ConfigError) as error:
        function(*arguments)
    return str(error.value)


@pytest.mark.parametrize(
    "line",
    [
        "tt0078748\tHorror\tScience Fiction",
        "tt0078748\tHorror, Science Fiction",
        "tt0078748 Horror,Sci-Fi",
        "tt0078748,Horror,SciFi",
        "tt0078748; horror; sci-fi;",
        "tt0078748 | Horror | Sci-Fi",
        "tt0078748: ['Horror', 'Sci-Fi']",
        'tt0078748\t["Horror","Science-Fiction"]',
        f"tt0078748 {WATCH}LjLamj-b0I8 Horror Sci Fi",
        f"{WATCH}LjLamj-b0I8\ttt0078748\tHorror/Science Fiction",
    ],
)
def test_separators_and_spellings_give_the_same_entry(line):
    entry = parse_entry(1, line, GENRES)
    assert (entry.name, entry.genres) == ("tt0078748", ("Horror", "Science Fiction"))
    assert entry.address in ("", f"{WATCH}LjLamj-b0I8")
    assert bool(entry.address) == ("http" in line)


@pytest.mark.parametrize(
    ("line", "name", "title", "genres"),
    [
        ("Crouching Tiger, Hidden Dragon, Action, Drama", *["Crouching Tiger, Hidden Dragon"] * 2,
         ("Action", "Drama")),
        ("The Drama\tDrama", "The Drama", "The Drama", ("Drama",)),
        ("a_1\tAmerican Horror\tDrama\tCrime", "a_1", "American Horror", ("Drama", "Crime")),
        ("Melodrama Comedy", "Melodrama", "Melodrama", ("Comedy",)),
        ("b\tAlien (1979)\tHorror", "b", "Alien (1979)", ("Horror",)),
    ],
)  # fmt: skip
def test_names_with_commas_genres_and_brackets_are_read(line, name, title, genres):
    assert parse_entry(1, line, GENRES)[1:4] == (name, title, genres)


@given(
    name=st.from_regex(r"[a-z0-9]{1,9}( [a-z0-9]{1,9}){0,3}", fullmatch=True),
    genres=st.lists(st.sampled_from(GENRES), min_size=1, max_size=6, unique=True),
    separator=st.sampled_from(["\t", ", ", ",", ";", " | "]),
)
def test_entry_round_trips_through_any_separator(name, genres, separator):
    words = {word for genre in GENRES for word in genre.casefold().split()}
    if words & {*name.split()}:
        name = f"x{name.replace(' ', 'x')}"
    entry = parse_entry(3, separator.join([name, *genres]), GENRES)
    assert entry == (3, name, name, tuple(genres), "")


def test_lists_and_files_make_the_table_of_trailers(lists, tmp_path):
    table = tmp_path / "tables" / "trailers.tsv"
    table.parent.mkdir()
    imported = import_trailers(*lists, tmp_path / "videos", GENRES, table)
    assert imported.trailers == 2
    assert [(entry.line, entry.name) for entry in imported.absent] == [(3, "lost")]
    folder = tmp_path / "tables" / ".." / "videos"
    assert read_trailers(table, GENRES) == [
        Trailer(
            "alien_1",
            "Alien (1979)",
            str(folder / "Alien Trailer [LjLamj-b0I8].webm"),
            ("Horror", "Science Fiction"),
            1979,
        ),
        Trailer("pier", "The Pier", str(folder / "more" / "pier_hd.mp4"), ("Drama",)),
    ]


def test_files_called_after_the_names_need_no_addresses(lists, tmp_path):
    (tmp_path / "videos" / "Lost.MP4").touch()
    imported = import_trailers(
        lists[0], None, tmp_path / "videos", GENRES, tmp_path / "trailers.tsv"
    )
    assert [entry.name for entry in imported.absent] == ["alien_1", "pier"]
    assert [one.title for one in read_trailers(tmp_path / "trailers.tsv", GENRES)] == ["Lost"]


def test_header_comments_and_empty_lines_are_skipped(tmp_path):
    path = tmp_path / "dataset.txt"
    path.write_text("\ufeffmovie\tgenres\n# of 2021\n\na\tDrama\r\nb\tComedy\n", encoding="utf-8")
    assert [(one.line, one.name) for one in read_entries(path, GENRES)] == [(4, "a"), (5, "b")]
    path.write_text(f"name,url\na,{WATCH}1\n")
    assert read_addresses(path) == {"a": f"{WATCH}1"}


def test_every_fault_of_the_dataset_list_is_named(tmp_path):
    path = tmp_path / "dataset.txt"
    path.write_text("a\tDrama\nb\tDrma\nDrama, Comedy\nThe Drama, Drama\na\tComedy\n")
    assert error_of(read_entries, path, GENRES).replace(f"{path}", "dataset.txt") == (
        "4 problems were found\n"
        "dataset.txt, line 2: ends in no genre: 'b\\tDrma'\n"
        f"  expected: a name, and genres at the end, of: {', '.join(GENRES)}\n"
        "  hint: did you mean 'Drama'?\n"
        "dataset.txt, line 3: has no name\n"
        "  expected: a name before the genres\n"
        "  hint: if a genre is part of the name, put a tab between the name and the genres\n"
        "dataset.txt, line 4: 'Drama' is named 2 times\n"
        "  expected: each genre once\n"
        "  hint: if a genre is part of the name, put a tab between the name and the genres\n"
        "dataset.txt, line 5: 'a' is also the name of line 1\n"
        "  expected: one line per trailer"
    )


def test_faults_of_the_download_list_are_named(tmp_path):
    path = tmp_path / "downloads.txt"
    path.write_text(f"a {WATCH}1\nb\n{WATCH}2\n")
    text = error_of(read_addresses, path).replace(f"{path}", "downloads.txt")
    expected = (
        "  expected: the name of a trailer, as dataset.txt has it, and an address (http...)\n"
    )
    assert text == (
        f"2 problems were found\ndownloads.txt, line 2: has no address\n{expected}"
        f"downloads.txt, line 3: has an address without a name\n{expected}"
    ).rstrip("\n")


def test_missing_list_folder_and_files_are_named(lists, tmp_path):
    table = tmp_path / "trailers.tsv"
    absent = tmp_path / "absent.txt"
    assert "absent.txt: cannot be read (No such file or directory)" in error_of(
        import_trailers, absent, None, tmp_path, GENRES, table
    )
    assert "does not exist\n  expected: a folder of trailers" in error_of(
        import_trailers, *lists, tmp_path / "vids", GENRES, table
    )
    (tmp_path / "empty").mkdir()
    text = error_of(import_trailers, *lists, tmp_path / "empty", GENRES, table)
    assert f"has a file of none of the 3 trailers of {lists[0]}" in text
    assert "  hint: download what the list names, for example with yt-dlp" in text
    assert not table.exists()


def test_two_files_of_a_trailer_are_a_fault(lists, tmp_path):
    (tmp_path / "videos" / "pier.mp4").touch()
    text = error_of(import_trailers, *lists, tmp_path / "videos", GENRES, tmp_path / "trailers.tsv")
    assert f"{lists[0]}, line 2: has the files pier_hd.mp4, pier.mp4" in text


def test_titles_with_two_spellings_are_faults_of_the_table(lists, tmp_path):
    lists[0].write_text(DATASET + "pier_hd\tThe pier\tDrama\n")
    lists[1].write_text(f"alien_1 {WATCH}LjLamj-b0I8\n")
    (tmp_path / "videos" / "pier.mkv").touch()
    text = error_of(import_trailers, *lists, tmp_path / "videos", GENRES, tmp_path / "trailers.tsv")
    assert "column title: 'The pier' is nearly 'The Pier' of line 3" in text


def test_command_writes_the_table_and_names_what_is_absent(lists, tmp_path):
    command = [sys.executable, HOME / "workflow" / "import_trailers.py", *lists[:1]]
    options = ["--downloads", lists[1], "--videos", tmp_path / "videos", "--table", "out.tsv"]
    done = subprocess.run(
        [*command, *options], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [
        "line 3: no file of lost",
        "out.tsv: 2 trailers, 1 have no file",
        "set trailers: {trailers: out.tsv}",
    ]
