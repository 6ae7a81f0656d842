"""Names, NFO files and titles of media libraries, one convention at a time."""

import re

import pytest

from scorelens.media_library.albums import find_albums
from scorelens.media_library.films import find_films
from scorelens.media_library.initialise import read_library
from scorelens.media_library.names import choose_subtitles, name_parts
from scorelens.media_library.nfo import LARGEST_NFO, Nfo, NfoError, read_nfo
from scorelens.media_library.scanning import scan_tree
from scorelens.media_library.titles import album_titles, tokens
from tests.library_trees import BOMB, EXTERNAL, write_track


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def films_of(folder):
    return find_films(scan_tree(folder, []), [])[0]


@pytest.mark.parametrize(
    "name, title, year",
    [
        ("Heat (1995)", "Heat", 1995),
        ("Heat (1995) [imdbid-tt0113277] - 1080p", "Heat", 1995),
        ("2001 A Space Odyssey (1968)", "2001 A Space Odyssey", 1968),
        ("1917", "1917", None),
        ("The.Matrix.1999.1080p.BluRay.x264-GROUP", "The Matrix", 1999),
        ("Night_Train", "Night Train", None),
        ('The #1 "Fan" (2010)', 'The #1 "Fan"', 2010),
        ("100% Wolf (2020)", "100% Wolf", 2020),
        ("七人の侍 (1954)", "七人の侍", 1954),
        ("[REC] (2007)", "[REC]", 2007),
        ("Blade Runner 2049 (2017) {edition-Final Cut}", "Blade Runner 2049", 2017),
    ],
)
def test_name_gives_title_and_year(name, title, year):
    assert name_parts(name) == (title, year)


@pytest.mark.parametrize(
    "files, videos",
    [
        (["A (2001).mkv", "B (2002).avi"], ["A (2001).mkv", "B (2002).avi"]),
        (["A (2001)/A (2001).mkv", "A (2001)/A (2001)-trailer.mkv"], ["A (2001).mkv"]),
        (["A (2001)/A (2001).mkv", "A (2001)/Featurettes/B.mkv"], ["A (2001).mkv"]),
        (["A (2001)/a-cd1.avi", "A (2001)/a-cd2.avi"], ["a-cd1.avi"]),
        (["A (2001)/CD1/a.avi", "A (2001)/CD2/b.avi"], ["a.avi"]),
        (["Drama/A (2001)/a.mkv", "Drama/B (2002)/b.mkv"], ["a.mkv", "b.mkv"]),
        (["A (2001)/VIDEO_TS/VTS_01_1.VOB"], ["VIDEO_TS"]),
        (["A (2001)/A (2001).iso"], ["A (2001).iso"]),
        (["Show/Season 1/Show S01E01.mkv", "Show/Season 1/Show S01E02.mkv"], []),
        (["Show/tvshow.nfo", "Show/Season 1/One.mkv"], []),
        (["Trailers/A (2001).mkv", "A (2001).mkv"], ["A (2001).mkv"]),
        ([".hidden/A (2001).mkv", "@eaDir/A (2001).mkv"], []),
    ],
)
def test_videos_of_a_tree_are_its_films(tmp_path, files, videos):
    touch(tmp_path, *files)
    assert sorted(film.video.rsplit("/", 1)[1] for film in films_of(tmp_path)) == videos


def test_folder_without_year_gives_its_spelling_to_a_squeezed_file_name(tmp_path):
    touch(tmp_path, "Night Train/nighttrain.avi", "Horror/The Pier.mkv")
    assert sorted(film.title for film in films_of(tmp_path)) == ["Night Train", "The Pier"]


def test_versions_of_a_film_are_one_film_with_the_named_file(tmp_path):
    names = ("Heat (1995) - 4K.mkv", "Heat (1995).mkv", "Heat (1995) {edition-Cut}.mkv")
    touch(tmp_path, *(f"Heat (1995)/{name}" for name in names))
    (film,) = films_of(tmp_path)
    assert film.video.endswith("/Heat (1995).mkv")
    assert "Heat (1995) - 4K.mkv" in film.notes[0]


def test_parts_are_named_and_not_usable_until_joined(tmp_path):
    touch(tmp_path, *(f"Heat (1995)/Heat (1995) - part{n}.mkv" for n in (1, 2, 10)))
    (film,) = films_of(tmp_path)
    assert film.unusable.startswith(
        "is in 3 parts (Heat (1995) - part1.mkv, Heat (1995) - part2.mkv"
    )
    (tmp_path / "Heat (1995)" / "Heat (1995).mkv").touch()
    (film,) = films_of(tmp_path)
    assert (film.unusable, film.video.rsplit("/", 1)[1]) == ("", "Heat (1995).mkv")


def test_single_part_in_a_title_is_no_stack(tmp_path):
    touch(tmp_path, "Dune Part 2.mkv")
    assert [film.unusable for film in films_of(tmp_path)] == [""]


def test_flat_folder_gives_each_film_its_files_only(tmp_path):
    touch(tmp_path, "Alien.mkv", "Alien.jpg", "Alien.en.srt", "Aliens.mkv", "Aliens.tbn")
    touch(tmp_path, "Aliens-trailer.mp4", "folder.jpg")
    alien, aliens = films_of(tmp_path)
    assert [alien.image, aliens.image] == [f"{tmp_path}/Alien.jpg", f"{tmp_path}/Aliens.tbn"]
    assert [alien.subtitles, aliens.subtitles] == [f"{tmp_path}/Alien.en.srt", ""]
    assert [alien.trailers, aliens.trailers] == [(), (f"{tmp_path}/Aliens-trailer.mp4",)]


def test_trailers_of_a_folder_of_trailers_go_to_their_films(tmp_path):
    touch(tmp_path, "films/Heat (1995).mkv", "films/Psycho (1960).mkv", "films/Psycho (1998).mkv")
    touch(tmp_path, "Trailers/Heat-trailer.mp4", "Trailers/Psycho (1998)-trailer.mp4")
    touch(tmp_path, "Trailers/Psycho-trailer.mp4")
    library = read_library([tmp_path])
    assert {film.year: len(film.trailers) for film in library.films} == {1995: 1, 1960: 0, 1998: 1}
    assert library.loose_trailers == [f"{tmp_path}/Trailers/Psycho-trailer.mp4"]


def test_subtitles_in_a_folder_of_their_own(tmp_path):
    touch(tmp_path, "Heat (1995)/Heat (1995).mkv", "Heat (1995)/Subs/2_English.srt")
    touch(tmp_path, "Heat (1995)/Subs/3_French.srt")
    (film,) = films_of(tmp_path)
    assert film.subtitles.endswith("Subs/2_English.srt")


def test_plain_english_subtitles_come_first():
    rows = [
        ("a", "en", frozenset({"forced"})),
        ("b", "", frozenset()),
        ("c", "en", frozenset({"sdh"})),
        ("d", "de", frozenset()),
    ]
    assert choose_subtitles(rows) == "c"
    assert choose_subtitles([*rows, ("e", "en", frozenset())]) == "e"
    assert choose_subtitles(rows[3:]) == ""


def test_links_in_a_circle_are_followed_once(tmp_path):
    touch(tmp_path, "A (2001)/A (2001).mkv")
    (tmp_path / "A (2001)" / "again").symlink_to(tmp_path)
    (tmp_path / "broken.mkv").symlink_to(tmp_path / "nowhere")
    faults = []
    films, _ = find_films(scan_tree(tmp_path, faults), faults)
    assert len(films) == 1
    assert faults == [(f"{tmp_path}/broken.mkv", "is a broken link or no file")]


def nfo(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "movie.nfo"
    path.write_bytes(text.encode(encoding))
    return read_nfo(path)


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        EXTERNAL,
        '<!DOCTYPE m [<!ENTITY % p SYSTEM "http://127.0.0.1/x"> %p;]><movie/>',
        "<movie><title>Heat</movie>",
        "<movie><title>Heat</title>",
        "<" + "x" * (LARGEST_NFO + 1),
        "<movie>" + "<a>" * 200_000,
        "<movie>\1</movie>",
        "<!-- nothing -->",
    ],
    ids=["bomb", "file", "parameter", "crossed", "cut", "large", "deep", "control", "comment"],
)
def test_dangerous_or_broken_nfo_is_a_fault(tmp_path, text):
    with pytest.raises(NfoError, match=re.escape(str(tmp_path / "movie.nfo"))):
        nfo(tmp_path, text)


@pytest.mark.parametrize("text", ["", "https://www.imdb.com/title/tt0113277/", "  ▄▄ RELEASE ▄▄"])
def test_nfo_without_xml_says_nothing(tmp_path, text):
    assert nfo(tmp_path, text) == Nfo()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_nfo_is_read_in_its_encoding(tmp_path, encoding):
    declared = '<?xml version="1.0" encoding="UTF-8"?>\n'
    text = f"{declared}<movie><title>Amélie à Paris, déjà vue</title></movie>"
    assert nfo(tmp_path, text, encoding).title == "Amélie à Paris, déjà vue"


@pytest.mark.parametrize(
    "inside, field, value",
    [
        ("<year>1995</year>", "year", 1995),
        ("<year>0</year><premiered>1995-12-15</premiered>", "year", 1995),
        ("<year>19955</year>", "year", None),
        ("<genre>Sci-Fi &amp; Fantasy</genre>", "genres", ("Science Fiction", "Fantasy")),
        ("<genre>drama|CRIME</genre><genre>Drama</genre>", "genres", ("Drama", "Crime")),
        ("<plot/><outline>Short.</outline>", "plot", "Short."),
        ("<plot>One\n line.\n\n Two.</plot>", "plot", "One line.\n\nTwo."),
        ("<tag>a;b</tag><tag>a;b</tag>", "tags", ("a,b",)),
        ("<set>Old Saga</set>", "collection", "Old Saga"),
        ("<set><name>Saga</name></set>", "collection", "Saga"),
        ("<id>tt0113277</id>", "unique_id", "imdb:tt0113277"),
        ('<uniqueid type="tmdb">949</uniqueid>', "unique_id", "tmdb:949"),
        ('<thumb aspect="banner">b</thumb><thumb aspect="poster">p</thumb>', "posters", ("p",)),
        ("<actor><name>X</name><thumb>a</thumb></actor>", "posters", ()),
    ],
)
def test_nfo_field(tmp_path, inside, field, value):
    assert getattr(nfo(tmp_path, f"<movie>{inside}</movie>"), field) == value


def test_nfo_of_two_films_gives_the_first(tmp_path):
    text = "<movie><title>A</title></movie><movie><title>B</title></movie>"
    assert nfo(tmp_path, text).title == "A"


def test_nfo_of_an_episode_is_no_film(tmp_path):
    touch(tmp_path, "Odd/one.mkv")
    (tmp_path / "Odd" / "one.nfo").write_text("<episodedetails><title>A</title></episodedetails>")
    assert films_of(tmp_path) == []


@pytest.mark.parametrize(
    "name, title",
    [
        ("Heat: Original Motion Picture Soundtrack", "heat"),
        ("Heat (Music From and Inspired by the Motion Picture)", "heat"),
        ("The Heat OST [FLAC]", "heat"),
        ("Rocky II (Disc 1)", "rocky 2"),
        ("Heat (Bande Originale du Film)", "heat"),
        ("Heat - Complete Score (Remastered 2015)", "heat"),
        ("Soundtrack", "soundtrack"),
    ],
)
def test_title_of_an_album_names_the_film(name, title):
    assert tuple(title.split()) in album_titles(name)


def test_numerals_and_articles_do_not_distinguish_titles():
    assert tokens("Rocky III") == tokens("rocky 3")
    assert tokens("Il Postino") == tokens("Postino, Il")
    assert tokens("Malcolm X") != tokens("Malcolm 10")
    assert tokens("The") == ("the",)


def test_discs_are_one_album_and_folders_without_music_none(tmp_path):
    for disc in ("CD1", "Disc 2 - Bonus", "CD 03"):
        write_track(tmp_path / "Alien" / disc / "01.flac", album=f"Alien ({disc[:6]})")
    touch(tmp_path, "Alien/scans/01.jpg", "Heat (1995)/Heat (1995).mkv", "Heat (1995)/theme.mp3")
    (album,) = find_albums(scan_tree(tmp_path, []))
    assert (album.folder, album.tracks) == (f"{tmp_path}/Alien", 3)


def test_album_in_the_folder_of_a_film_is_its_own_whatever_its_title(tmp_path):
    touch(tmp_path, "Heat (1995)/Heat (1995).mkv", "Alien (1979)/Alien (1979).mkv")
    write_track(tmp_path / "Heat (1995)" / "Soundtrack" / "01.flac", album="Alien")
    library = read_library([tmp_path])
    ((video, (album, why)),) = library.matches.albums.items()
    assert video.endswith("Heat (1995).mkv")
    assert (album.title, why) == ("Alien", "in the folder of the film")


def test_two_albums_of_one_title_are_in_doubt(tmp_path):
    touch(tmp_path, "Night Train (2016).mkv")
    for folder in ("a/Night Train", "b/Night Train"):
        write_track(tmp_path / folder / "01.flac")
    matches = read_library([tmp_path]).matches
    assert matches.albums == {}
    assert [doubt.reason for doubt in matches.doubts] == ["2 albums match"] * 2


@pytest.mark.parametrize(
    "tags, reason",
    [
        ({"album": "Night Train", "date": "1970"}, "the album is of 1970, before the film of 2016"),
        ({"album": "Night Train (1998)"}, "the album names 1998, the film is of 2016"),
    ],
)
def test_year_that_does_not_fit_makes_a_match_doubtful(tmp_path, tags, reason):
    touch(tmp_path, "Night Train (2016).mkv")
    write_track(tmp_path / "x" / "01.flac", **tags)
    matches = read_library([tmp_path]).matches
    assert [doubt.reason for doubt in matches.doubts] == [reason]
