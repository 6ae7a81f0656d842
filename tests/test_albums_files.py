"""Listing of the files of an album, and detection of equal albums."""

import os
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorelens.albums import files
from scorelens.ids import MAX_LENGTH, slug, unique_ids


def write_files(folder, *names, content=b"sound"):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def listed_names(folder):
    return [os.path.relpath(path, folder) for path in files.list_files(folder)]


def albums_of(*folders, known=()):
    return files.find_albums({str(folder): files.scan(folder) for folder in folders}, known)


def test_list_files_skips_images_texts_and_hidden_files(tmp_path):
    music = ["01 Main Title", "02.FLAC", "03.mp4", "CD2/04.m4b", "CD2/album.cue", "bonus.zip"]
    skipped = [
        *("Cover.JPG", "scans/back.png", "rip.log", "all.m3u8", "README", "info.txt", "book.pdf"),
        *("sums.md5", "Thumbs.db", "desktop.ini", ".DS_Store", "._02.FLAC", ".hidden/05.flac"),
        *("__MACOSX/02.flac", "$RECYCLE.BIN/06.flac", "02.wvc", "lyrics.lrc"),
    ]
    write_files(tmp_path, *music, *skipped)
    assert listed_names(tmp_path) == music


def test_links_are_followed_and_each_folder_is_listed_once(tmp_path):
    album = write_files(tmp_path / "album", "b/01.flac")
    other = write_files(tmp_path / "other", "02.flac")
    (album / "a").symlink_to(album / "b")
    (album / "loop").symlink_to(album)
    (album / "more").symlink_to(other)
    (album / "03.flac").symlink_to(other / "02.flac")
    assert listed_names(album) == ["03.flac", "b/01.flac", "more/02.flac"]


def test_broken_links_and_non_utf8_names_are_faults(tmp_path):
    write_files(tmp_path, "good.flac")
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
def test_unreadable_folder_is_a_fault(tmp_path):
    write_files(tmp_path, "closed/01.flac")
    (tmp_path / "closed").chmod(0)
    assert files.scan(tmp_path).faults == (
        (str(tmp_path / "closed"), "cannot be read (Permission denied)"),
    )


def test_missing_folder_has_no_files(tmp_path):
    assert files.list_files(tmp_path / "nowhere") == []


def test_different_paths_to_one_folder_are_one_album(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    album = write_files(tmp_path / "The Album", "01.flac", "02.flac")
    (tmp_path / "link").symlink_to(album)
    result = albums_of("The Album", "link", str(album), "The Album/../link")
    assert len(set(result.values())) == 1
    entry = result["link"]
    assert entry.album_id.startswith("the_album_")
    assert entry.folder in ("The Album", str(album))
    assert albums_of("link")["link"].album_id == entry.album_id


def test_copies_are_one_album_with_the_id_of_earlier_results(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = bytes(range(256)) * 400
    write_files(tmp_path / "b", "01.flac", "02.flac", content=data)
    (entry,) = albums_of("b").values()
    shutil.copytree("b", "a")
    shutil.copytree("b", "c")
    result = albums_of("a", "b", "c")
    assert len(set(result.values())) == 1
    assert result["a"].folder == "a"
    retained = albums_of("a", "b", "c", known={entry.album_id})
    assert set(retained.values()) == {entry}


@pytest.mark.parametrize("change", ["name", "size", "bytes", "more"])
def test_albums_with_different_files_are_distinct(tmp_path, change):
    data = bytes(100_000)
    for name in ("a", "b"):
        write_files(tmp_path / name, "01.flac", content=data)
    changes = {
        "name": lambda: (tmp_path / "b/01.flac").rename(tmp_path / "b/1.flac"),
        "size": lambda: (tmp_path / "b/01.flac").write_bytes(data[:-1]),
        "bytes": lambda: (tmp_path / "b/01.flac").write_bytes(data[:50_000] + b"x" + data[50_001:]),
        "more": lambda: write_files(tmp_path / "b", "02.flac"),
    }
    assert len(set(albums_of(tmp_path / "a", tmp_path / "b").values())) == 1
    changes[change]()
    assert len(set(albums_of(tmp_path / "a", tmp_path / "b").values())) == 2


def test_albums_of_empty_files_are_distinct(tmp_path):
    write_files(tmp_path / "a", "01.flac", content=b"")
    write_files(tmp_path / "b", "01.flac", content=b"")
    assert len(set(albums_of(tmp_path / "a", tmp_path / "b").values())) == 2


def test_files_are_opened_only_if_names_and_sizes_agree(tmp_path, monkeypatch):
    write_files(tmp_path / "a", "01.flac")
    write_files(tmp_path / "b", "02.flac")
    monkeypatch.setattr(files, "_sample_digest", lambda listing: pytest.fail("opened"))
    assert len(set(albums_of(tmp_path / "a", tmp_path / "b").values())) == 2


def test_estimate_tracks_from_cue_sheet_and_file_count(tmp_path):
    sheet = b'FILE "album.flac" WAVE\n' + b"".join(
        b"  Track %02d audio\n" % n for n in range(1, 13)
    )
    write_files(tmp_path, "album.flac")
    write_files(tmp_path, "album.cue", content=sheet)
    assert files.estimate_tracks(files.list_files(tmp_path)) == 12
    write_files(tmp_path, *(f"{n}.flac" for n in range(20)))
    assert files.estimate_tracks(files.list_files(tmp_path)) == 21


@given(st.lists(st.text(), max_size=30))
def test_unique_ids_are_distinct_slugs(names):
    ids = unique_ids(names, "track")
    assert len(set(ids)) == len(names)
    for unique_id in ids:
        assert slug(unique_id) == unique_id
        assert len(unique_id) <= MAX_LENGTH + 3


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
def test_slug_transliterates_other_scripts(name, expected):
    assert slug(name) == expected


def test_unique_ids_of_long_names_are_truncated():
    first, second = unique_ids(["a" * 300, "a" * 299 + "b"], "track")
    assert (first, second) == ("a" * MAX_LENGTH, "a" * MAX_LENGTH + "_2")
