"""Films that share audio or a name: their detection, groups, notes and the warning."""

import logging

import pandas as pd
import pytest

from scorelens import tables
from scorelens.corpus import check, groups
from scorelens.corpus.groups import group_films, write_groups
from scorelens.corpus.shared_tags import shared_people, tag_warning
from scorelens.corpus.sharing import shared_files, shared_sound, with_digests
from scorelens.film_table import NO_ALBUM, Film
from scorelens.learning.film_groups import group_numbers, join_with_corpus, read_film_groups

FILMS = ["a", "b", "c", "d"]


def status(videos=("va", "vb", "vc", "vd"), films=FILMS):
    rows = [
        (film, "ok", "", "", 60.0, True, 25.0, 1, video, 9)
        for film, video in zip(films, videos, strict=True)
    ]
    return pd.DataFrame(rows, columns=tables.STATUS.names)


def tracks(files, artist=None, composer=None):
    """TRACKS of files by film: {"a": "xyz"} has three tracks with the hashes x, y and z."""
    rows = [(film, f"t{k}", name, 10.0) for film in files for k, name in enumerate(files[film])]
    table = pd.DataFrame(rows, columns=["film_id", "track_id", "sha256", "duration_s"])
    texts = dict.fromkeys(("title", "artist", "composer", "album", "isrc", "publisher"), "")
    numbers = dict.fromkeys(("disc", "number"), pd.NA)
    table = table.assign(path=table.film_id + table.track_id, start_s=0.0, sample_rate_hz=44100)
    table = table.assign(**texts, **numbers)
    for tag, names in {"artist": artist, "composer": composer}.items():
        table[tag] = [(names or {}).get(film, "") for film in table.film_id]
    return table[tables.TRACKS.names]


def listed(shared):
    columns = ["film_id", "other_film_id", "reason", "share"]
    return [tuple(row) for row in shared[columns].itertuples(index=False)]


def test_shared_files_detects_video_album_and_files_by_hash():
    table = with_digests(tracks({"a": "xy", "b": "yx", "c": "pqxr", "d": "z"}), FILMS)
    shared = shared_files(status(("v1", "v2", "v3", "v1")), table)
    assert listed(shared) == [
        ("a", "d", "video", 1.0),
        ("a", "b", "album", 1.0),
        ("a", "c", "file", 0.5),  # 10 s of the 20 s of the shorter album
    ]
    assert shared.tracks.tolist() == [(), ("t0", "t1"), ("t0",)]
    assert shared.other_tracks.tolist() == [(), ("t1", "t0"), ("t2",)]


def test_unreadable_videos_are_not_shared():
    table = with_digests(tracks({"a": "x", "b": "y"}), FILMS)
    assert shared_files(status(("", "", "v", "")), table).empty


def test_different_parts_of_one_file_are_not_shared():
    table = tracks({"a": "x", "b": "x"}).assign(start_s=[0.0, 30.0])
    assert shared_files(status(), with_digests(table, FILMS)).empty


def test_album_of_many_films_gives_one_row_per_film():
    films = [f"f{k:03d}" for k in range(200)]
    table = with_digests(tracks(dict.fromkeys(films, "xyz")), films)
    shared = shared_files(status(films, films), table)
    assert len(shared) == 199
    assert set(shared.film_id) == {"f000"}
    assert set(group_films(films, {}, shared).group) == {"f000"}


SHARED = pd.DataFrame(
    [("y", "t0", "x", "t1", 2.0, 8.0, 0.9), ("x", "t0", "z", "t0", 0.0, 10.0, 1.0)],
    columns=tables.SHARED_TRACKS.names,
)
NO_FILMS = pd.DataFrame(columns=tables.SHARED_FILMS.names)


def test_shared_sound_links_first_films_of_albums():
    table = with_digests(tracks({"a": "pq", "b": "pq", "c": "rstu", "d": "p"}), FILMS)
    albums = {"a": "x", "b": "x", "c": "y", "d": "z"}
    shared = shared_sound(table, albums, SHARED, NO_FILMS)
    # The track of d is the file of a's: its hash says so already.
    assert listed(shared) == [("a", "c", "sound", 0.4)]
    assert (shared.tracks[0], shared.other_tracks[0]) == (("t1",), ("t0",))
    alike = pd.DataFrame([("b", "d", 0.0, 55.0, 0.9)], columns=tables.SHARED_FILMS.names)
    assert listed(shared_sound(table, albums, SHARED[:0], alike)) == [("b", "d", "film", 0.9)]


def write_inputs(folder, status_rows, track_rows, shared=SHARED[:0], alike=NO_FILMS):
    rows = [(film, film.upper(), 2001, ("Drama",), 60.0, True, 1) for film in FILMS]
    films = pd.DataFrame(rows, columns=tables.FILMS.names)
    tables.write_table(films, folder / "films.tsv", tables.FILMS)
    tables.write_table(status_rows, folder / "status.tsv", tables.STATUS)
    tables.write_table(track_rows, folder / "tracks.tsv", tables.TRACKS)
    tables.write_table(shared, folder / "shared_tracks.tsv", tables.SHARED_TRACKS)
    tables.write_table(alike, folder / "shared_films.tsv", tables.SHARED_FILMS)
    return {
        "films": folder / "films.tsv",
        "albums": dict(zip(FILMS, "xyzw", strict=True)),
        "statuses": [folder / "status.tsv"],
        "track_tables": [folder / "tracks.tsv"],
        "compared": [folder / "shared_tracks.tsv", folder / "shared_films.tsv"],
        "outputs": {name: folder / f"{name}.tsv" for name in ("groups", "shared")},
    }


def test_write_groups_joins_names_files_and_sound(tmp_path):
    inputs = write_inputs(tmp_path, status(), tracks({"a": "p", "b": "q", "c": "qr", "d": "s"}))
    shared = pd.DataFrame(
        [("z", "t1", "w", "t0", 2.0, 9.0, 0.9)], columns=tables.SHARED_TRACKS.names
    )
    tables.write_table(shared, inputs["compared"][0], tables.SHARED_TRACKS)
    write_groups(names={"b": ["Saga"]}, **inputs)
    table = tables.read_table(inputs["outputs"]["groups"], tables.FILM_GROUPS)
    assert table.group.tolist() == ["a", "b", "b", "b"]
    assert table.films.tolist() == [1, 3, 3, 3]
    assert table.reasons.tolist() == [(), ("file",), ("file", "sound"), ("sound",)]
    pairs = tables.read_table(inputs["outputs"]["shared"], tables.SHARED_AUDIO)
    assert listed(pairs) == [("b", "c", "file", 1.0), ("c", "d", "sound", 0.9)]
    write_groups(names={"b": ["Saga"], "a": ["SAGA ", "Other"]}, **inputs)
    table = tables.read_table(inputs["outputs"]["groups"], tables.FILM_GROUPS)
    assert table.group.tolist() == ["a"] * 4
    assert table.reasons.tolist()[:2] == [("name",), ("name", "file")]
    groups_of = read_film_groups(inputs["outputs"]["groups"])
    assert group_numbers(FILMS, groups_of).tolist() == [0, 0, 0, 0]
    assert group_numbers(["c", "d"], groups_of).tolist() == [0, 0]
    joined = join_with_corpus(["new", "b"], {"new": ["other"]}, inputs["outputs"]["groups"])
    assert joined["new"] == joined["b"] == "new"


def test_unrelated_films_are_single_groups(tmp_path):
    inputs = write_inputs(tmp_path, status(), tracks(dict(zip(FILMS, "pqrs", strict=True))))
    write_groups(names={"a": ["Saga"], "b": ["Other"]}, **inputs)
    table = tables.read_table(inputs["outputs"]["groups"], tables.FILM_GROUPS)
    assert table.group.tolist() == FILMS
    assert table.reasons.tolist() == [()] * 4
    assert tables.read_table(inputs["outputs"]["shared"], tables.SHARED_AUDIO).empty


def test_corpus_without_sound_is_grouped_by_names(tmp_path):
    inputs = write_inputs(tmp_path, status(("",) * 4), tracks({}))
    write_groups(names={"a": ["S"], "d": ["s"]}, **inputs | {"track_tables": [], "compared": []})
    table = tables.read_table(inputs["outputs"]["groups"], tables.FILM_GROUPS)
    assert table.group.tolist() == ["a", "b", "c", "a"]


PEOPLE = {"a": "A. Composer; B. Player", "b": "a. composer", "c": "Various Artists", "d": "C."}


@pytest.mark.parametrize("tag", ["artist", "composer"])
def test_shared_people_lists_artists_of_several_groups(tag):
    table = tracks(dict(zip(FILMS, "pqrs", strict=True)), **{tag: PEOPLE | {"c": "Unknown"}})
    each = dict(zip(FILMS, FILMS, strict=True))
    assert shared_people(table, each) == {"A. Composer": ("a", "b")}
    assert shared_people(table, each | {"b": "a"}) == {}
    assert shared_people(table.assign(artist="Various Artists", composer=""), each) == {}


def test_tag_warning_is_one_line_with_artists_films_and_hint():
    people = {f"P{k}": tuple(f"film_{n}" for n in range(9 - k)) for k in range(7)}
    text = tag_warning(people)
    assert "\n" not in text
    assert "P0 (film_0, film_1, film_2, film_3, film_4 and 4 more films), P1 (" in text
    assert text.count("(") == 5
    assert " and 2 more artists. " in text
    assert "name what such films have in common in the column 'group' of the film table" in text
    assert tag_warning({}) == ""


@pytest.fixture
def gather(tmp_path, caplog):
    """Gather four films; return their notes and what was logged."""

    def run(files, warns_of_tags, **tags):
        caplog.set_level(logging.WARNING)
        films = [Film(film, film, 2001, ("Drama",), "", NO_ALBUM) for film in FILMS]
        inputs = write_inputs(tmp_path, status(("v1", "v2", "v3", "v1")), tracks(files, **tags))
        outputs = {
            name: str(tmp_path / f"{name}_out.tsv") for name in ("films", "tracks", "status")
        }
        of_films, of_tracks = inputs["statuses"], inputs["track_tables"]
        check.gather_films(films, "stop", of_films, of_tracks, outputs, warns_of_tags)
        notes = tables.read_table(outputs["status"], tables.STATUS).notes.tolist()
        return notes, caplog.text

    return run


def test_gather_films_notes_shared_files(gather):
    notes, text = gather({"a": "xy", "b": "xy", "c": "xz", "d": "p"}, True, artist={})
    assert notes == ["", "has the album of a", "has 1 track of a", "is the same file as a"]
    assert "column 'group'" not in text


def test_gather_films_warns_of_shared_artists_without_groups(gather):
    files = dict(zip(FILMS, "xyzp", strict=True))
    notes, text = gather(files, True, composer={"b": "A. Composer", "c": "A. Composer"})
    assert notes[1:3] == ["other films have the same artists: A. Composer"] * 2
    assert "A. Composer (b, c)" in text
    notes, text = gather(files, False, composer={"b": "A. Composer", "c": "A. Composer"})
    assert notes[:3] == [""] * 3


def test_film_left_out_of_corpus_is_in_no_group(tmp_path):
    inputs = write_inputs(tmp_path, status(), tracks({"a": "p", "b": "p", "c": "q", "d": "q"}))
    films = tables.read_table(inputs["films"], tables.FILMS)
    tables.write_table(films[films.film_id != "a"], inputs["films"], tables.FILMS)
    write_groups(names={}, **inputs)
    table = tables.read_table(inputs["outputs"]["groups"], tables.FILM_GROUPS)
    assert table.film_id.tolist() == ["b", "c", "d"]
    assert table.group.tolist() == ["b", "c", "c"]
    assert groups.NAME not in {reason for of_film in table.reasons for reason in of_film}
