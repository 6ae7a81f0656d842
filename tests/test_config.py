"""The configuration and the film table: defaults, and errors with their location and a hint."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from scorelens import config, film_table, ids
from scorelens.errors import ConfigError
from scorelens.renamed_keys import RENAMED_KEYS

GENRES = ["Action", "Comedy", "Drama", "Science Fiction"]
HEADER = "film_id\ttitle\tyear\tvideo\talbum\tgenres\n"


@pytest.fixture
def schemas(home):
    return home / "workflow" / "schemas"


@pytest.fixture
def table(tmp_path, tone):
    """Write a film table next to an album and a video: table('row', ...) -> path."""
    tone("album/01 Thema Élan.wav", 0.1)
    tone("album/CD2/02.flac", 0.1)
    (tmp_path / "film.mp4").touch()

    def write(*rows):
        path = tmp_path / "films.tsv"
        path.write_text(HEADER + "\n".join(rows) + "\n", encoding="utf-8")
        return path

    return write


def problems(path, genres=GENRES, **more):
    return [str(p) for film in film_table.read_films(path, genres, **more) for p in film.problems]


def test_empty_config_is_completed_with_defaults(schemas):
    full = config.complete({}, schemas)
    assert full["seed"] == 1
    assert full["corpus"]["demo"]["films"] == 18
    assert len(full["corpus"]["genres"]) == 6


def test_the_project_config_is_valid(home, schemas):
    config.complete(yaml.safe_load((home / "config" / "config.yaml").read_text()), schemas)


def test_all_config_problems_are_reported_together(schemas):
    bad = {"corpus": {"knd": "demo", "on_bad_film": "ask", "demo": {"films": 1}}, "sed": 3}
    with pytest.raises(ConfigError) as caught:
        config.complete(bad, schemas)
    text = str(caught.value)
    assert "4 problems were found" in text
    assert "config: corpus: has an unknown key 'knd'" in text
    assert "did you mean 'kind'?" in text
    assert "config: corpus.on_bad_film: 'ask' is not one of ['stop', 'skip']" in text
    assert "config: corpus.demo.films: 1 is less than the minimum of 2" in text
    assert "did you mean 'seed'?" in text


def test_command_line_values_are_converted_to_their_types(schemas):
    settings = {
        "resources": {"gpu": "1"},  # from --config 'resources={gpu: 1}'
        "corpus": {"films": "12", "assembly": {"snrs_db": ["1", "1.5"]}},
    }
    full = config.complete(settings, schemas)
    assert full["resources"]["gpu"] == 1
    assert full["corpus"]["assembly"]["snrs_db"] == [1, 1.5]
    assert full["corpus"]["films"] == "12"
    with pytest.raises(ConfigError, match=r"resources\.gpu: 'one' is not of type 'integer'"):
        config.complete({"resources": {"gpu": "one"}}, schemas)
    with pytest.raises(ConfigError, match=r"resources\.gpu: '\[' is not of type 'integer'"):
        config.complete({"resources": {"gpu": "["}}, schemas)


def test_null_block_gives_the_defaults(schemas):
    assert config.complete({"corpus": None, "pretrained": None}, schemas) == config.complete(
        {}, schemas
    )


@pytest.mark.parametrize("old", RENAMED_KEYS)
def test_renamed_key_error_names_the_new_key(schemas, old):
    new = RENAMED_KEYS[old]
    defaults = config.complete({}, schemas)
    for key in new.split("."):
        defaults = defaults[key]
    settings = {"any": 1}
    for key in reversed(old.split(".")):
        settings = {key: settings}
    with pytest.raises(ConfigError) as caught:
        config.complete(settings, schemas)
    *block, key = old.split(".")
    assert f"config: {'.'.join(block) or 'top level'}: has an unknown key '{key}'" in str(
        caught.value
    )
    assert f"hint: it is called {new} now" in str(caught.value)


def test_empty_renamed_block_is_accepted(schemas):
    full = config.complete({"weights": {}, "modes": None}, schemas)
    assert full == config.complete({}, schemas)


def test_integer_library_names_become_strings(schemas):
    settings = yaml.safe_load("tagger: {libraries: {2001: music}}\nretrieval: {libraries: {7: x}}")
    full = config.complete(settings, schemas)
    assert full["tagger"]["libraries"] == {"2001": "music"}
    assert full["retrieval"]["libraries"] == {"7": "x"}


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("1: x", "top level", "has the key 1, which is no text (int)"),
        ("corpus: {1: x}", "corpus", "has the key 1, which is no text (int)"),
        ("on: x", "top level", "has the key True, which is no text (bool)"),
        ("tagger: {libraries: {no: x}}", "tagger.libraries", "has the key False, which is no"),
        ("tagger: {libraries: {1.5: x}}", "tagger.libraries", "has the key 1.5, which is no"),
        ("genres: {apply: {media: {~: x}}}", "genres.apply.media", "has the key None, which is"),
        ("retrieval: {searches: {a: {2: x}}}", "retrieval.searches.a", "has the key 2, which is"),
        ("corpus: {films: 12}", "corpus.films", "12 is not of type 'string'"),
        ("corpus: {films: ~}", "corpus.films", "None is not of type 'string'"),
        ("corpus: {genres: [Drama, no]}", "corpus.genres.1", "False is not of type 'string'"),
        ("corpus: {genres: ['{x}']}", "corpus.genres.0", "'{x}' does not match"),
        ("tagger: {genres: [a, 'b;c']}", "tagger.genres.1", "'b;c' does not match"),
        ("corpus: [demo]", "corpus", "['demo'] is not of type 'object'"),
    ],
)
def test_keys_and_values_of_wrong_type_are_errors(schemas, text, where, what):
    with pytest.raises(ConfigError) as caught:
        config.complete(yaml.safe_load(text), schemas)
    (problem,) = caught.value.problems
    assert str(problem).startswith(f"config: {where}: {what}")
    if "text" in what or "'string'" in what:
        assert "hint: YAML reads digits as a number" in str(problem)


def test_every_schema_key_has_a_default_and_a_description(schemas):
    for path in schemas.glob("*.yaml"):
        for key, _, default, meaning in config._keys(config.read_schema(path), ""):
            assert default != "required", f"{path.stem}.{key}"
            assert len(meaning) > 10, f"{path.stem}.{key}"


def test_config_readme_is_current(home, schemas):
    written = (home / "config" / "README.md").read_text(encoding="utf-8")
    assert written == config.describe(schemas), "run `make docs`"


def test_valid_film_table_is_read(table, tmp_path):
    (film,) = film_table.read_films(
        table("a_film\tA  Film\t2015\tfilm.mp4\talbum\tDrama; Action"), GENRES
    )
    assert film.problems == ()
    assert (film.title, film.year, film.genres) == ("A Film", 2015, ("Drama", "Action"))
    assert film.video == str(tmp_path / "film.mp4")
    album = tmp_path / "album"
    assert film.album.folder == str(album)
    assert film.album.files == (str(album / "01 Thema Élan.wav"), str(album / "CD2" / "02.flac"))
    assert film.album.album_id.startswith("album_")


def test_film_table_with_a_byte_order_mark_is_read(table):
    path = table("a\tA\t\tfilm.mp4\talbum\tDrama")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert problems(path) == []


def test_film_without_genres_is_no_problem(table):
    path = table("a\tA\t2015\tfilm.mp4\talbum\t")
    assert problems(path) == []


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a\tA\t2015\tfilm.mp4\talbum\tDrame", "'Drame' is not a genre of the config"),
        ("a\tA\t2015\tfilm.mp4\talbum\tDrame", "hint: did you mean 'Drama'?"),
        ("a\tA\t2015\tfilm.mp4\talbum\tDrama;Drama", "'Drama' is named 2 times"),
        ("a\tA\tMMXV\tfilm.mp4\talbum\tDrama", "column year: is 'MMXV'"),
        ("a\tA\t2015\t\talbum\tDrama", "column video: is empty"),
        ("a\tA\t2015\tnone.mp4\talbum\tDrama", "none.mp4 does not exist"),
        ("a\tA\t2015\talbum\talbum\tDrama", "album is a folder"),
        ("a\tA\t2015\tfilm.mp4\tmusic\tDrama", "music does not exist"),
        ("a\tA\t2015\tfilm.mp4\tfilm.mp4\tDrama", "film.mp4 is a file"),
        ("a\tA\t2015\tfilm.mp4\t\tDrama", "column album: is empty"),
    ],
)
def test_invalid_cell_of_the_film_table_is_a_problem(table, row, message):
    text = "\n".join(problems(table(row)))
    assert message in text
    assert "films.tsv, line 2, column" in text


def test_album_without_audio_files_is_a_problem(table, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "cover.jpg").touch()
    assert "empty holds no audio file" in problems(table("a\tA\t\tfilm.mp4\tempty\tDrama"))[0]


def test_broken_link_in_an_album_is_a_problem(table, tmp_path):
    (tmp_path / "album" / "gone.flac").symlink_to(tmp_path / "nowhere.flac")
    (problem,) = problems(table("a\tA\t\tfilm.mp4\talbum\tDrama"))
    assert f"'{tmp_path}/album/gone.flac' is a broken link" in problem


def test_films_with_the_same_album_share_it(table, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "album")
    rows = [
        f"{film}\tA\t\tfilm.mp4\t{album}\tDrama" for film, album in (("a", "album"), ("b", "link"))
    ]
    first, second = film_table.read_films(table(*rows), GENRES)
    assert first.album == second.album
    assert first.problems == second.problems == ()


def test_invalid_ids_and_other_problems_are_reported_together(table):
    rows = [
        "x\tA\t\tnone.mp4\talbum\tDrama",
        "x\tB\t\tfilm.mp4\talbum\tOpera",
        "My Film\tC\t\tfilm.mp4\talbum\tDrama",
    ]
    with pytest.raises(ConfigError) as caught:
        film_table.read_films(table(*rows), GENRES)
    text = str(caught.value)
    assert "line 3, column film_id: 'x' stands in 2 rows" in text
    assert "line 4, column film_id: 'My Film' is no id" in text
    assert "none.mp4 does not exist" in text
    assert "'Opera' is not a genre" in text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"film_id,title\na,b\n", "columns are separated by tabs, not commas"),
        (b"film_id\ttitle\tyear\tvideo\talbum\n", "header: lacks genres"),
        (HEADER.encode(), "has no rows"),
        ("film_id\ttitle\u00fc\n".encode("latin-1"), "save the table as UTF-8"),
    ],
)
def test_malformed_film_table_is_an_error(tmp_path, content, message):
    (tmp_path / "films.tsv").write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        film_table.read_films(tmp_path / "films.tsv", GENRES)


def test_rows_longer_than_the_header_are_reported_together(table):
    row = "a\tA\t2015\tfilm.mp4\talbum\tDrama"
    with pytest.raises(ConfigError) as caught:
        film_table.read_films(table(row.replace("A", "A\t"), row, f"{row}\tgood"), GENRES)
    hint = "a tab too many moves what comes after it into another column"
    assert [str(problem).partition("films.tsv, ")[2] for problem in caught.value.problems] == [
        f"line {line}: has 7 cells\n  expected: 6 at most, as many as the header\n  hint: {hint}"
        for line in (2, 4)
    ]


def test_missing_film_table_is_an_error(tmp_path):
    with pytest.raises(
        ConfigError, match=r"films\.tsv: cannot be read \(No such file or directory\)"
    ):
        film_table.read_films(tmp_path / "films.tsv", GENRES)


def test_synthesized_films_need_no_video(tmp_path, table):
    path = tmp_path / "made.tsv"
    path.write_text("film_id\ttitle\tyear\talbum\tgenres\na\tA\t\talbum\tDrama\n")
    table()
    (film,) = film_table.read_films(path, GENRES, made=True)
    assert film.video is None
    assert film.problems == ()


@given(st.text(min_size=1))
def test_slugs_are_ids(text):
    assert set(ids.slug(text)) <= set("abcdefghijklmnopqrstuvwxyz0123456789_")
    assert ids.slug(text)


def test_slugs_of_other_scripts_differ():
    assert ids.slug("Тема") != ids.slug("主题")
