"""The tables that `scorelens init` makes of libraries as Kodi, Jellyfin and Plex keep them."""

import os
import shutil

import pytest
import yaml

from scorelens import film_table, tsv
from scorelens.errors import ConfigError
from scorelens.media_library import record
from scorelens.media_library.initialise import initialise
from scorelens.media_library.page import write_page
from scorelens.retrieval.data import films as described_films
from scorelens.trailers.data import table as trailer_table
from tests import library_trees as trees

NEW = (
    trees.Film("Ran", 1985, "Drama;War", "ran_1985"),
    trees.Film("Moon", 2009, "Drama", "moon_2009"),
    trees.Film("Élan", 1999, "Western", "elan_1999"),
)


@pytest.fixture(scope="module", params=trees.SERVERS)
def made(request, tmp_path_factory):
    """A library of one server, the folder of the tables, and what `initialise` returned."""
    folder = tmp_path_factory.mktemp(request.param)
    trees.write_films(request.param, folder / "movies")
    trees.write_albums(folder / "music")
    return request.param, folder, initialise([folder / "movies", folder / "music"], folder)


def table(folder, name, column="film_id"):
    rows = tsv.read_rows(folder / f"{name}.tsv", [column])
    return {row[column]: row for _, row in rows}


def named_title(server, film):
    """Plex has no NFO files: the name is the title, and tells nothing else."""
    return film.name.replace("\t", " ") if server == "plex" and film.name else film.title


def plex_id(server, film):
    by_name = {"the_matrix_1999": "matrix_the_1999"}
    return by_name.get(film.film_id, film.film_id) if server == "plex" else film.film_id


def expected_album(server, film):
    folders = [album.folder for album in trees.ALBUMS if album.film_id == film.film_id]
    # Without an NFO file the original title of these is not known.
    return "music/" + folders[0] if folders and not (
        server == "plex" and film.original_title == "七人の侍"
    ) else ""  # fmt: skip


def expected_genres(server, film):
    return "" if server == "plex" and film.kind == "parts" else film.genres


def test_film_table_has_every_field_of_every_film(made):
    server, folder, _ = made
    rows = table(folder, "films")
    assert len(rows) == 25
    for film in trees.FILMS:
        row = rows[plex_id(server, film)]
        assert row["title"] == named_title(server, film)
        assert row["year"] == str(film.year)
        assert row["genres"] == expected_genres(server, film)
        assert row["album"] == expected_album(server, film)
        assert row["audio"] == ""
        has_nfo = server != "plex" and film.nfo == "full"
        assert row["group"] == (film.collection if has_nfo else "")
        assert row["original_title"] == (film.original_title if has_nfo else "")
        has_id = has_nfo or server in ("plex", "jellyfin")
        assert row["unique_id"] == (f"imdb:{film.imdb}" if has_id else "")
        video = (
            trees.film_folder(server, folder / "movies", film) / trees.video_names(server, film)[0]
        )
        expected = "" if film.kind == "parts" else str(video.relative_to(folder)).replace("\t", " ")
        assert row["video"] == expected


def test_described_films_have_picture_plot_tags_and_english_subtitles(made):
    server, folder, _ = made
    rows = table(folder, "described")
    films = [film for film in trees.FILMS if expected_album(server, film) and film.kind != "parts"]
    assert set(rows) == {plex_id(server, film) for film in films}
    for film in films:
        row, film_id = rows[plex_id(server, film)], plex_id(server, film)
        inside = trees.film_folder(server, folder / "movies", film).relative_to(folder)
        poster = {"kodi": f"{film.base}-poster.jpg", "jellyfin": "folder.jpg"}.get(
            server, "poster.jpg"
        )
        assert row["image"] == f"{inside}/{poster}".replace("\t", " ")
        language = {"kodi": "en", "jellyfin": "eng", "plex": "english"}[server]
        subtitles = f"{inside}/{film.base}.{language}.srt".replace("\t", " ")
        assert row["subtitles"] == ("" if film.kind == "german" else subtitles)
        tags = "" if server == "plex" else film.tags
        assert row["tags"] == ";".join(filter(None, [tags, film.genres]))
        assert [row[name] for name in ("title", "year", "album", "group")] == [""] * 4
        plot = film.plot.replace("\n\n", " ") if server == "plex" else film.plot
        assert row["plot"] == f"plots/{film_id}.txt"
        assert (folder / row["plot"]).read_text(encoding="utf-8") == plot + "\n"


def test_trailer_table_has_the_trailers_of_films_with_genres(made):
    server, folder, _ = made
    rows = table(folder, "trailers", "trailer_id")
    films = [film for film in trees.FILMS if expected_genres(server, film)]
    assert set(rows) == {f"{plex_id(server, film)}_trailer" for film in films}
    for film in films:
        row = rows[f"{plex_id(server, film)}_trailer"]
        title = f"Psycho ({film.year})" if film.title == "Psycho" else named_title(server, film)
        assert row["title"] == title
        assert (row["genres"], row["year"]) == (film.genres, str(film.year))
        assert row["group"] == ("" if server == "plex" else film.collection)
        inside = trees.film_folder(server, folder / "movies", film).relative_to(folder)
        name = "trailers/Official.mp4" if server == "jellyfin" else f"{film.base}-trailer.mp4"
        assert row["video"] == f"{inside}/{name}".replace("\t", " ")


def test_readers_of_the_workflow_accept_the_tables(made):
    server, folder, _ = made
    config = yaml.safe_load((folder / "my.yaml").read_text(encoding="utf-8"))
    films = film_table.read_films(folder / "films.tsv", config["corpus"]["genres"])
    bad = {film.film_id for film in films if film.problems}
    assert bad == {
        plex_id(server, film)
        for film in trees.FILMS
        if not (expected_genres(server, film) and expected_album(server, film))
        or film.kind == "parts"
    }
    corpus = {film.film_id: film for film in films}
    assert all(os.path.isfile(film.video) for film in films if film.video)
    described = described_films.read_films(folder / "described.tsv", corpus)
    assert all(film.title == corpus[film.film_id].title for film in described)
    trailers = trailer_table.read_trailers(folder / "trailers.tsv", config["trailers"]["genres"])
    assert all(os.path.isfile(trailer.video) for trailer in trailers)


def test_doubtful_albums_are_listed_and_not_matched(made):
    _, folder, outcome = made
    doubts = {
        os.path.relpath(doubt.album.folder, folder / "music"): doubt.film.title[:6]
        for doubt in outcome.doubts
    }
    assert doubts == {"Electric Pop - Drive": "Drive", "Pirates of the Bay": "Pirate"}
    unmatched = {os.path.relpath(a.folder, folder / "music"): a.several for a in outcome.unmatched}
    unmatched.pop("Shichinin", None)
    assert unmatched == {"Thriller": 0, trees.MIXED: 5}


def test_page_names_doubts_lacks_and_faults_escaped(made, tmp_path):
    server, _, outcome = made
    write_page(outcome, tmp_path / "init.html")
    page = (tmp_path / "init.html").read_text(encoding="utf-8")
    assert "Electric Pop - Drive" in page
    assert "is in 2 parts" in page
    assert "<2>" not in page
    assert ("declares entities" in page) == (server != "plex")
    lacks = "no album; no genres" + ("" if server == "plex" else "; no plot")
    assert f"Night Train (2016)</td><td>{lacks}</td>" in page


def test_settings_name_the_genres_of_the_library(made):
    _, folder, _ = made
    config = yaml.safe_load((folder / "my.yaml").read_text(encoding="utf-8"))
    genres = {
        genre for row in table(folder, "films").values() for genre in row["genres"].split(";")
    }
    assert set(config["corpus"]["genres"]) == genres - {""}
    assert config["corpus"]["on_bad_film"] == "skip"
    assert set(config) == {"corpus", "tagger", "retrieval", "trailers"}


@pytest.fixture
def again(made, tmp_path):
    """A copy of the library and its tables, to change."""
    server, folder, _ = made
    work = tmp_path / "work"
    shutil.copytree(folder, work)
    kept = record.read(work)
    kept.folders = [str(work / "movies"), str(work / "music")]
    record.write(kept, work)
    return server, work


def snapshot(folder):
    names = ("films.tsv", "described.tsv", "trailers.tsv", "my.yaml")
    return {name: (folder / name).read_bytes() for name in names}


def test_unchanged_library_leaves_every_file_as_it_is(again):
    _, work = again
    before = snapshot(work)
    outcome = initialise([], work)
    assert snapshot(work) == before
    assert not any(merged.added or merged.removed for merged in outcome.tables.values())


def test_three_added_one_removed_and_one_edited_row(again):
    server, work = again
    before = {name: table(work, name, column) for name, column in IDS.items()}
    trees.write_films(server, work / "movies", NEW)
    shutil.rmtree(trees.film_folder(server, work / "movies", trees.FILMS[6]))
    edit(work / "films.tsv", "heat_1995", {"genres": "Noir", "title": "HEAT", "note": "mine"})
    initialise([], work)
    after = {name: table(work, name, column) for name, column in IDS.items()}
    new_ids = {film.film_id for film in NEW}
    assert set(after["films"]) == set(before["films"]) - {"alien_1979"} | new_ids
    assert [*after["films"]][-3:] == sorted(
        new_ids, key=["moon_2009", "ran_1985", "elan_1999"].index
    )
    for film_id in set(before["films"]) - {"alien_1979", "heat_1995"}:
        assert after["films"][film_id] == before["films"][film_id] | {"note": ""}
    edited = before["films"]["heat_1995"] | {"genres": "Noir", "title": "HEAT", "note": "mine"}
    assert after["films"]["heat_1995"] == edited
    assert after["films"]["ran_1985"]["genres"] == "Drama;War"
    assert set(before["described"]) - set(after["described"]) == {"alien_1979"}
    assert not (work / "plots" / "alien_1979.txt").exists()
    assert set(before["trailers"]) - set(after["trailers"]) == {"alien_1979_trailer"}
    assert after["trailers"]["heat_1995_trailer"]["title"] == "HEAT"
    assert after["trailers"]["heat_1995_trailer"]["genres"] == "Noir"
    assert after["trailers"]["elan_1999_trailer"]["title"] == "Élan (1999)"
    genres = yaml.safe_load((work / "my.yaml").read_text(encoding="utf-8"))["corpus"]["genres"]
    assert {"Noir", "Western"} <= set(genres)


IDS = {"films": "film_id", "described": "film_id", "trailers": "trailer_id"}


def edit(path, row_id, cells):
    """Edit a row as a person would, with a column of their own."""
    lines = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    header = lines[0] + [name for name in cells if name not in lines[0]]
    for line in lines[1:]:
        line += [""] * (len(header) - len(line))
        if row_id in line[:1]:
            for name, value in cells.items():
                line[header.index(name)] = value
    text = "".join("\t".join(line) + "\n" for line in [header, *lines[1:]])
    path.write_text(text, encoding="utf-8")


def test_edited_row_of_a_removed_film_stays(again):
    server, work = again
    edit(work / "films.tsv", "alien_1979", {"genres": "Horror"})
    edit(work / "described.tsv", "aliens_1986", {"tags": "marines"})
    for film in trees.FILMS[6:8]:
        shutil.rmtree(trees.film_folder(server, work / "movies", film))
    outcome = initialise([], work)
    rows = table(work, "films")
    assert rows["alien_1979"]["genres"] == "Horror"
    assert rows["aliens_1986"]["title"] == "Aliens"
    assert len(outcome.tables["films"].gone) == 2
    described = table(work, "described")
    assert "alien_1979" not in described
    assert described["aliens_1986"]["tags"] == "marines"
    assert described["aliens_1986"]["image"] == described["aliens_1986"]["subtitles"] == ""


def test_row_that_a_person_took_out_is_not_written_again(again):
    _, work = again
    path = work / "films.tsv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(ln for ln in lines if not ln.startswith("heat_1995")), encoding="utf-8")
    outcome = initialise([], work)
    assert "heat_1995" not in table(work, "films")
    assert len(outcome.tables["films"].deleted) == 1
    assert "heat_1995" not in table(work, "described")
    assert "heat_1995_trailer" not in table(work, "trailers", "trailer_id")


def test_unreachable_folder_keeps_its_rows(again):
    _, work = again
    before = snapshot(work)
    (work / "movies").rename(work / "unplugged")
    outcome = initialise([], work)
    assert snapshot(work) == before
    assert outcome.library.unreachable == [str(work / "movies")]


def test_moved_film_keeps_its_id_and_its_edits(again):
    server, work = again
    edit(work / "films.tsv", "heat_1995", {"genres": "Noir"})
    old = trees.film_folder(server, work / "movies", trees.FILMS[0])
    (work / "movies" / "Crime").mkdir()
    old.rename(work / "movies" / "Crime" / old.name)
    initialise([], work)
    row = table(work, "films")["heat_1995"]
    assert row["genres"] == "Noir"
    assert row["video"].startswith("movies/Crime/")
    assert table(work, "described")["heat_1995"]["image"].startswith("movies/Crime/")
    trailer = table(work, "trailers", "trailer_id")["heat_1995_trailer"]
    assert trailer["video"].startswith("movies/Crime/")
    assert "heat_1995_trailer_2" not in table(work, "trailers", "trailer_id")


def test_second_album_of_a_matched_film_is_listed(tmp_path):
    trees.write_films("kodi", tmp_path / "movies", trees.FILMS[:1])
    trees.write_track(tmp_path / "music" / "Heat (1995)" / "1.flac")
    trees.write_track(tmp_path / "movies" / "Heat (1995)" / "Score" / "1.flac")
    outcome = initialise([tmp_path], tmp_path)
    assert table(tmp_path, "films")["heat_1995"]["album"] == "movies/Heat (1995)/Score"
    assert [(doubt.album.named_year, doubt.reason) for doubt in outcome.doubts] == [
        (1995, "the film has another album")
    ]
    assert "&" not in (tmp_path / "my.yaml").read_text()


def test_name_that_no_table_can_hold_is_a_fault(tmp_path):
    folder = tmp_path / "movies" / "Ran (1985)"
    folder.mkdir(parents=True)
    (folder / "Ran\x01 (1985).mkv").touch()
    outcome = initialise([tmp_path / "movies"], tmp_path)
    assert [row["video"] for row in table(tmp_path, "films").values()] == [""]
    assert [reason[-9:] for _, reason in outcome.library.faults] == ["rename it"]


def test_album_that_a_person_chose_stays_and_ends_the_doubt(again):
    _, work = again
    edit(work / "films.tsv", "drive_2011", {"album": "music/Electric Pop - Drive"})
    outcome = initialise([], work)
    assert table(work, "films")["drive_2011"]["album"] == "music/Electric Pop - Drive"
    assert [doubt.film.year for doubt in outcome.doubts] == [2003]
    assert "drive_2011" in table(work, "described")


def test_edited_settings_and_plots_are_left_as_they_are(again):
    server, work = again
    for name in ("my.yaml", "plots/heat_1995.txt"):
        (work / name).write_text("mine: yes\n")
    trees.write_films(server, work / "movies", NEW)
    outcome = initialise([], work)
    assert (
        (work / "my.yaml").read_text()
        == (work / "plots/heat_1995.txt").read_text()
        == "mine: yes\n"
    )
    assert outcome.settings_edited
    assert "Western" in outcome.settings


def test_row_that_a_person_wrote_is_not_doubled(tmp_path):
    trees.write_films("kodi", tmp_path / "movies", trees.FILMS[:2])
    header = "film_id\ttitle\tyear\tvideo\talbum\tgenres\n"
    row = "mine\tMy Heat\t1995\tmovies/Heat (1995)/Heat (1995).mkv\t\tNoir\n"
    (tmp_path / "films.tsv").write_text(header + row)
    outcome = initialise([tmp_path / "movies"], tmp_path)
    rows = table(tmp_path, "films")
    assert list(rows) == ["mine", "amelie_2001"]
    assert rows["mine"]["genres"] == "Noir"
    assert len(outcome.own) == 1


def test_folder_that_does_not_exist_is_an_error_and_writes_nothing(tmp_path):
    with pytest.raises(ConfigError, match="does not exist"):
        initialise([tmp_path / "nowhere"], tmp_path)
    with pytest.raises(ConfigError, match="was given no folder"):
        initialise([], tmp_path)
    assert list(tmp_path.iterdir()) == []
