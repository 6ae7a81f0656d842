"""Resolution of paths in the keys of the config and in the tables."""

import unicodedata

import pytest
import yaml

from scorelens import config, film_table, paths
from scorelens.genres.new_media import new_media_config
from scorelens.retrieval.data import films as described
from scorelens.retrieval.search import search_config
from scorelens.tagger import library
from scorelens.trailers.data import table as trailers

HEADER = "film_id\ttitle\tyear\tvideo\talbum\tgenres\n"


@pytest.fixture
def media(tmp_path, tone, monkeypatch):
    """A home folder with media, also named by $MEDIA; the working directory is another folder."""
    home = tmp_path / "home"
    tone("home/album/01.wav", 0.1)
    for name in ("film.mp4", "poster.png", "plot.txt", "words.srt"):
        (home / name).touch()
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("MEDIA", str(home))
    monkeypatch.delenv("RECYCLE", raising=False)
    return home


@pytest.mark.parametrize("written", ["~/film.mp4", "$MEDIA/film.mp4", "${MEDIA}/film.mp4"])
def test_home_and_variables_are_expanded(media, written):
    assert paths.resolve(written) == str(media / "film.mp4")
    assert paths.resolve(written, "tables") == str(media / "film.mp4")


def test_relative_path_is_resolved_in_the_given_folder(media):
    assert paths.resolve("films/a.mp4", "tables") == "tables/films/a.mp4"
    assert paths.resolve("films/a.mp4") == "films/a.mp4"
    assert paths.resolve("", "tables") == ""


@pytest.mark.parametrize("written", ["$RECYCLE/a.mp4", "$MEDIA/a.mp4", "~backup/a.mp4", "~/a.mp4"])
def test_existing_path_is_not_expanded(media, tmp_path, written):
    file = tmp_path / "work" / written
    file.parent.mkdir()
    file.touch()
    assert paths.resolve(written) == written
    assert paths.resolve(written, str(tmp_path / "work")) == str(tmp_path / "work" / written)


def test_unknown_variable_or_user_is_not_expanded_and_hinted(media):
    for written, hint in (
        ("$RECYCLE/a.mp4", "the variable RECYCLE is not set"),
        ("${RECYCLE}/a.mp4", "the variable RECYCLE is not set"),
        ("~no_such_user/a.mp4", "there is no user 'no_such_user'"),
    ):
        assert paths.resolve(written) == written
        (problem,) = paths.file_problems("here", paths.resolve(written), "a film")
        assert problem.what == f"{written} does not exist"
        assert hint in problem.hint


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_paths_are_matched_in_any_unicode_normal_form(media, form):
    for kind in ("NFC", "NFD"):
        folder = media / unicodedata.normalize(kind, f"Élan {kind}")
        folder.mkdir()
        (folder / unicodedata.normalize(kind, "Müller.mp4")).touch()
        written = unicodedata.normalize(form, f"~/Élan {kind}/Müller.mp4")
        assert paths.resolve(written) == str(folder / unicodedata.normalize(kind, "Müller.mp4"))


@pytest.mark.parametrize(
    "written", ["Night\u00a0Train.mp4", "Night  Train.mp4", "\u202aNight Train.mp4"]
)
def test_paths_are_matched_despite_other_spaces_and_invisible_characters(media, written):
    (media / "Night Train.mp4").touch()
    assert paths.resolve(written, str(media)) == str(media / "Night Train.mp4")


def test_ambiguous_path_is_not_changed(media):
    (media / "a  b").touch()
    (media / "a   b").touch()
    assert paths.resolve("a b", str(media)) == str(media / "a b")


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("FILM.mp4", "did you mean 'film.mp4'? Upper and lower case are different"),
        ("Album/01.WAV", "did you mean 'album/01.wav'? Upper and lower case are different"),
        ("film.mkv", "did you mean 'film.mp4'?"),
        ("album\\01.wav", "write / in place of \\"),
        ("lost", "it is a link to a file that does not exist"),
        ("quite_another", paths.IN_TABLE),
        ("no/such/film.mp4", paths.IN_TABLE),
    ],
)
def test_missing_file_problem_has_a_hint(media, monkeypatch, written, hint):
    monkeypatch.chdir(media)
    (media / "lost").symlink_to("nowhere")
    (problem,) = paths.file_problems("here", paths.resolve(written), "a film")
    assert str(problem) == f"here: {written} does not exist\n  expected: a film\n  hint: {hint}"


def test_folder_as_file_and_file_as_folder_are_problems(media):
    (problem,) = paths.file_problems("here", str(media), "a film")
    assert problem.what == f"{media} is a folder"
    (problem,) = paths.folder_problems("here", str(media / "film.mp4"), "an album")
    assert problem.what == f"{media / 'film.mp4'} is a file"


@pytest.mark.parametrize("home", ["~", "$MEDIA", "${MEDIA}"])
def test_path_columns_of_all_tables_are_expanded(media, tmp_path, home):
    table = tmp_path / "tables" / "any.tsv"
    table.parent.mkdir()
    table.write_text(f"{HEADER}a\tA\t2015\t{home}/film.mp4\t{home}/album\tDrama\n")
    (film,) = film_table.read_films(table, ["Drama"])
    assert film.problems == ()
    assert film.video == str(media / "film.mp4")
    assert film.album.files == (str(media / "album" / "01.wav"),)
    row = f"a\t{home}/poster.png\t{home}/plot.txt\t{home}/words.srt\n"
    table.write_text(f"film_id\timage\tplot\tsubtitles\n{row}")
    (film_read,) = described.read_films(table, {"a": film})
    assert film_read.image == str(media / "poster.png")
    assert film_read.plot == str(media / "plot.txt")
    assert film_read.subtitles == str(media / "words.srt")
    table.write_text(f"film_id\ttitle\tyear\ttags\talbum\nb\tB\t2015\tsad\t{home}/album\n")
    (film_read,) = described.read_films(table, {})
    assert film_read.album.files == (str(media / "album" / "01.wav"),)
    table.write_text(f"trailer_id\ttitle\tvideo\tgenres\na\tA\t{home}/film.mp4\tDrama\n")
    (trailer,) = trailers.read_trailers(table, ["Drama"])
    assert trailer.video == str(media / "film.mp4")


@pytest.mark.parametrize("root", ["~", "$MEDIA", "${MEDIA}"])
def test_path_keys_of_the_config_are_expanded(media, home, root):
    full = config.complete(
        {
            "corpus": {
                "films": f"{root}/films.tsv",
                "published": {"folder": f"{root}/published"},
                "assembly": {
                    name: f"{root}/{name}" for name in ("speech", "effects", "decoys", "pictures")
                },
            },
            "genres": {"apply": {"media": {"new": f"{root}/film.mp4"}}},
            "tagger": {"libraries": {"own": f"{root}/album"}},
            "retrieval": {
                "films": f"{root}/described.tsv",
                "libraries": {"own": f"{root}/album"},
                "searches": {
                    "one": {"image": f"{root}/poster.png", "track": f"{root}/album/01.wav"},
                    "two": {"film": f"{root}/film.mp4", "time_s": 1},
                },
            },
            "trailers": {"trailers": f"{root}/trailers.tsv"},
            "pretrained": {"folder": f"{root}/weights"},
        },
        home / "workflow" / "schemas",
    )
    written = yaml.safe_dump(full)
    assert root not in written
    assert written.count(str(media)) == 15
    new_media = new_media_config.find_media(full["genres"]["apply"]["media"])
    assert new_media["new"].files == (str(media / "film.mp4"),)
    (part,) = library.find_parts(full["tagger"]["libraries"]).values()
    assert part.folder == str(media / "album")
    settings = full["retrieval"] | {"configurations": ["all"]}
    one, two = search_config.read_searches(settings, [], {})
    assert (one.image, one.track) == (str(media / "poster.png"), str(media / "album" / "01.wav"))
    assert two.film == str(media / "film.mp4")


def test_schema_keys_described_as_paths_have_the_path_type(home):
    """A key whose description names a file or folder must have the path type in its schema."""
    path_words = ("path of", "folder of", "the table of", "film table", "a folder", "a path")
    for file in (home / "workflow" / "schemas").glob("*.yaml"):
        for key, kind, _, meaning in config._keys(config.read_schema(file), ""):
            first = meaning.lower().split(":")[0].split(".")[0]
            if any(words in first for words in path_words) and kind.startswith("string"):
                pytest.fail(f"{file.stem}.{key} is no path")
