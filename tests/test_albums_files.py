"""Which files of a folder belong to an album, and which albums are one, before any is opened."""

import os
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorelens.albums import files
from scorelens.ids import MAX_LENGTH, slug, unique_ids


def put(folder, *names, content=b"sound"):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def inside(folder):
    return [os.path.relpath(path, folder) for path in files.list_files(folder)]


def albums(*folders, known=()):
    return files.find_albums({str(folder): files.scan(folder) for folder in folders}, known)


def test_everything_counts_but_what_lies_in_many_albums(tmp_path):
    music = ["01 Main Title", "02.FLAC", "03.mp4", "CD2/04.m4b", "CD2/album.cue", "bonus.zip"]
    quiet = [
        *("Cover.JPG", "scans/back.png", "rip.log", "all.m3u8", "README", "info.txt", "book.pdf"),
        *("sums.md5", "Thumbs.db", "desktop.ini", ".DS_Store", "._02.FLAC", ".hidden/05.flac"),
        *("__MACOSX/02.flac", "$RECYCLE.BIN/06.flac", "02.wvc", "lyrics.lrc"),
    ]
    put(tmp_path, *music, *quiet)
    assert inside(tmp_path) == music


def test_links_are_followed_and_no_folder_counts_twice(tmp_path):
    album, other = put(tmp_path / "album", "b/01.flac"), put(tmp_path / "other", "02.flac")
    (album / "a").symlink_to(album / "b")
    (album / "loop").symlink_to(album)
    (album / "more").symlink_to(other)
    (album / "03.flac").symlink_to(other / "02.flac")
    assert inside(album) == ["03.flac", "b/01.flac", "more/02.flac"]


def test_what_cannot_be_used_is_named(tmp_path):
    put(tmp_path, "good.flac")
    (tmp_path / "gone.flac").symlink_to(tmp_path / "nowhere.flac")
    (tmp_path / "cover.jpg").symlink_to(tmp_path / "nowhere.jpg")
    with open(os.fsencode(tmp_path) + b"/\xe9lan.flac", "wb"):
        pass
    result = files.scan(tmp_path)
    assert result.inside == ("good.flac",)
    assert {(os.path.basename(path), why) for path, why in result.faults} == {
        ("gone.flac", "is a broken link"),
        ("\udce9lan.flac", "has a name that is not UTF-8"),
    }


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read all folders")
def test_a_folder_that_may_not_be_read_is_named(tmp_path):
    put(tmp_path, "closed/01.flac")
    (tmp_path / "closed").chmod(0)
    assert files.scan(tmp_path).faults == (
        (str(tmp_path / "closed"), "cannot be read (Permission denied)"),
    )


def test_no_folder_has_no_files(tmp_path):
    assert files.list_files(tmp_path / "nowhere") == []


def test_one_album_however_it_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    album = put(tmp_path / "The Album", "01.flac", "02.flac")
    (tmp_path / "link").symlink_to(album)
    result = albums("The Album", "link", str(album), "The Album/../link")
    assert len(set(result.values())) == 1
    item = result["link"]
    assert item.album_id.startswith("the_album_")
    assert item.folder in ("The Album", str(album))
    assert albums("link")["link"].album_id == item.album_id


def test_copies_are_one_album_and_keep_the_id_of_earlier_results(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = bytes(range(256)) * 400
    put(tmp_path / "b", "01.flac", "02.flac", content=data)
    (item,) = albums("b").values()
    shutil.copytree("b", "a")
    shutil.copytree("b", "c")
    result = albums("a", "b", "c")
    assert len(set(result.values())) == 1
    assert result["a"].folder == "a"
    retained = albums("a", "b", "c", known={item.album_id})
    assert set(retained.values()) == {item}


@pytest.mark.parametrize("change", ["name", "size", "bytes", "more"])
def test_albums_that_differ_are_two(tmp_path, change):
    data = bytes(100_000)
    for name in ("a", "b"):
        put(tmp_path / name, "01.flac", content=data)
    other = {
        "name": lambda: (tmp_path / "b/01.flac").rename(tmp_path / "b/1.flac"),
        "size": lambda: (tmp_path / "b/01.flac").write_bytes(data[:-1]),
        "bytes": lambda: (tmp_path / "b/01.flac").write_bytes(data[:50_000] + b"x" + data[50_001:]),
        "more": lambda: put(tmp_path / "b", "02.flac"),
    }
    assert len(set(albums(tmp_path / "a", tmp_path / "b").values())) == 1
    other[change]()
    assert len(set(albums(tmp_path / "a", tmp_path / "b").values())) == 2


def test_empty_files_do_not_make_copies(tmp_path):
    put(tmp_path / "a", "01.flac", content=b"")
    put(tmp_path / "b", "01.flac", content=b"")
    assert len(set(albums(tmp_path / "a", tmp_path / "b").values())) == 2


def test_files_are_opened_only_where_names_and_sizes_agree(tmp_path, monkeypatch):
    put(tmp_path / "a", "01.flac")
    put(tmp_path / "b", "02.flac")
    monkeypatch.setattr(files, "_sample_digest", lambda listing: pytest.fail("opened"))
    assert len(set(albums(tmp_path / "a", tmp_path / "b").values())) == 2


def test_an_estimate_of_the_tracks(tmp_path):
    sheet = b'FILE "album.flac" WAVE\n' + b"".join(
        b"  Track %02d audio\n" % n for n in range(1, 13)
    )
    put(tmp_path, "album.flac")
    put(tmp_path, "album.cue", content=sheet)
    assert files.estimate_tracks(files.list_files(tmp_path)) == 12
    put(tmp_path, *(f"{n}.flac" for n in range(20)))
    assert files.estimate_tracks(files.list_files(tmp_path)) == 21


@given(st.lists(st.text(), max_size=30))
def test_ids_differ_and_are_slugs(names):
    ids = unique_ids(names, "track")
    assert len(set(ids)) == len(names)
    for item in ids:
        assert slug(item) == item
        assert len(item) <= MAX_LENGTH + 3


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("CD1/01 Élan", "cd1_01_elan"),
        ("メインテーマ (Piano Ver.)", "meintema_piano_ver"),
        ("Финал (live)", "final_live"),
        ("主题曲", "zhutiqu"),
        ("Straße №5", "strasse_no5"),
    ],
)
def test_names_in_other_scripts_can_be_read(name, expected):
    assert slug(name) == expected


def test_long_names_end_within_the_bound():
    first, second = unique_ids(["a" * 300, "a" * 299 + "b"], "track")
    assert (first, second) == ("a" * MAX_LENGTH, "a" * MAX_LENGTH + "_2")
