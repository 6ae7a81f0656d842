"""Public metadata of a soundtrack dataset (JSON), on generated files."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from scorelens.errors import ConfigError
from scorelens.retrieval.data.films import read_films, read_paragraphs
from scorelens.retrieval.data.metadata import read_metadata, write_film_table

HOME = Path(__file__).resolve().parent.parent
FILMS = [
    {
        "id": "tt001",
        "title": "Élan",
        "year": 2019,
        "tags": ["2019 films", "French films", "French films"],
        "plot": ["A man  leaves.", "", "He returns."],
        "image": "posters/elan.jpg",
        "tracks": [{"title": "Opening"}, {"title": "Ending"}],
    },
    {
        "id": "tt002",
        "title": "The Pier",
        "release_date": "2022-05-01",
        "categories": "American films; Films about the sea",
        "synopsis": "A storm.\n\nA ship.",
        "tracks": [],
    },
    {"id": "tt003", "title": "The Pier", "year": "2023", "tags": ["a; b"]},
]


def write_json(folder, content, name="films.json"):
    path = folder / name
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


@pytest.fixture
def media(tmp_path):
    """Albums of the first two films, by id and by title, and a picture by its name."""
    for name in ("tt001", "the pier 2022", "other"):
        folder = tmp_path / "albums" / name
        folder.mkdir(parents=True)
        soundfile.write(folder / "1.wav", np.zeros(8000), 8000)
    (tmp_path / "pictures").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "pictures" / "elan.jpg")
    return tmp_path / "albums", tmp_path / "pictures"


def test_films_have_what_their_keys_hold_under_any_name(tmp_path):
    first, second, third = read_metadata(write_json(tmp_path, FILMS))
    assert (first.film_id, first.title, first.year) == ("elan", "Élan", 2019)
    assert first.tags == ("2019 films", "French films")
    assert first.paragraphs == ("A man leaves.", "He returns.")
    assert (second.film_id, second.year) == ("the_pier", 2022)
    assert second.tags == ("American films", "Films about the sea")
    assert second.paragraphs == ("A storm.", "A ship.")
    assert (third.film_id, third.tags) == ("the_pier_2", ("a, b",))


@pytest.mark.parametrize("shape", ["by id", "lines"])
def test_other_shapes_of_the_file_give_the_same_films(tmp_path, shape):
    expected = read_metadata(write_json(tmp_path, FILMS))
    if shape == "by id":
        by_id = {
            film["id"]: {key: value for key, value in film.items() if key != "id"} for film in FILMS
        }
        path = write_json(tmp_path, by_id, "by_id.json")
    else:
        path = tmp_path / "films.jsonl"
        path.write_text("\n".join(map(json.dumps, FILMS)) + "\n", encoding="utf-8")
    assert read_metadata(path) == expected


def test_table_has_the_films_with_albums_and_is_read_back(tmp_path, media):
    albums, pictures = media
    films = read_metadata(write_json(tmp_path, FILMS))
    table = tmp_path / "made" / "described.tsv"
    written = write_film_table(films, albums, pictures, table)
    assert written == (3, 2, 1, 2)
    first, second = read_films(table, {})
    assert (first.film_id, first.title, first.year) == ("elan", "Élan", 2019)
    assert first.tags == ("2019 films", "French films")
    assert Path(first.image).samefile(pictures / "elan.jpg")
    assert [Path(path).name for path in first.album.files] == ["1.wav"]
    assert read_paragraphs(first.plot) == ["A man leaves.", "He returns."]
    assert (second.film_id, second.image) == ("the_pier", None)
    assert Path(second.album.folder).samefile(albums / "the pier 2022")


def test_every_film_without_title_or_year_is_reported(tmp_path):
    films = [{"title": "A"}, {"year": 2001, "plot": "x"}, {"title": "B", "year": "soon"}, "C"]
    path = write_json(tmp_path, films)
    with pytest.raises(ConfigError) as raised:
        read_metadata(path)
    problems = [(problem.where, problem.what) for problem in raised.value.problems]
    assert problems == [
        (f"{path}, film 1", "has no year; its keys are title"),
        (f"{path}, film 2", "has no title; its keys are year, plot"),
        (f"{path}, film 3, year", "is 'soon'"),
        (f"{path}, film 4", "is 'C'"),
    ]
    assert raised.value.problems[0].expected == "one of: year, release_year, release_date, date"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[", "is no JSON: Expecting value, line 1"),
        ("[]", "holds no film"),
        ('"films"', "holds no film"),
    ],
)
def test_file_of_another_kind_is_reported(tmp_path, text, what):
    path = tmp_path / "films.json"
    path.write_text(text)
    with pytest.raises(ConfigError) as raised:
        read_metadata(path)
    assert raised.value.problems[0].what == what


def test_albums_that_are_called_after_no_film_are_reported_with_an_example(tmp_path, media):
    films = read_metadata(write_json(tmp_path, FILMS))
    with pytest.raises(ConfigError) as raised:
        write_film_table(films, media[1], None, tmp_path / "described.tsv")
    assert "has no folder that is called after a film" in str(raised.value)
    assert "for example elan, or Élan" in str(raised.value)
    assert not (tmp_path / "described.tsv").exists()


def test_command_writes_the_table_and_names_what_is_wrong(tmp_path, media):
    command = [sys.executable, str(HOME / "workflow" / "import_retrieval.py")]
    path = write_json(tmp_path, FILMS)
    arguments = [str(path), str(media[0]), str(tmp_path / "described.tsv")]
    pictures = ["--pictures", str(media[1])]
    done = subprocess.run([*command, *arguments, *pictures], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "films.json: 3 films" in done.stdout
    assert "2 films with a folder of tracks, 1 with a picture, 2 with a plot" in done.stdout
    arguments[0] = str(tmp_path / "no.json")
    failed = subprocess.run([*command, *arguments], capture_output=True, text=True)
    assert failed.returncode == 1
    assert "no.json: cannot be read (No such file or directory)" in failed.stderr
    assert "Traceback" not in failed.stderr
