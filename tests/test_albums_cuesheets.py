"""CUE sheets as rippers and hands write them, and which file they mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorelens.albums.cuesheets import parse_sheet
from scorelens.albums.splitting import Source, apply_sheets

SHEET = """REM GENRE Soundtrack
REM DATE 1999
REM DISCNUMBER 2
CATALOG 0724353436322
PERFORMER "The Band"
TITLE "An Album"
FILE "album.wav" WAVE
  TRACK 01 AUDIO
    TITLE "One"
    FLAGS DCP
    PREGAP 00:02:00
    ISRC USABC1234567
    INDEX 01 00:00:00
  TRACK 02 AUDIO
    TITLE "Two "quoted" words"
    PERFORMER Someone Else
    SONGWRITER "A Composer"
    INDEX 00 03:00:00
    INDEX 01 03:02:15
    INDEX 02 04:00:00
    POSTGAP 00:01:00
  TRACK 03 MODE1/2352
    INDEX 01 09:00:00
"""
THREE = "\n".join(
    ['FILE "album.wav" WAVE']
    + [
        f"TRACK {n:02d} AUDIO\nTITLE T{n}\nINDEX 01 {m}"
        for n, m in ((1, "00:00:00"), (2, "01:00:37"))
    ]
    + ["TRACK 03 AUDIO\nTITLE T3\nINDEX 00 01:58:00\nINDEX 01 02:00:00"]
)


def applied(text, files, sheet="album.cue"):
    return apply_sheets([Source(sheet, sheet, parse_sheet(text))], files)


def test_what_a_sheet_says():
    sheet = parse_sheet(SHEET)
    assert (sheet.title, sheet.performer, sheet.disc) == ("An Album", "The Band", "2")
    assert sheet.files == ("album.wav",)
    first, second = sheet.tracks
    assert (first.number, first.start_s, first.title, first.isrc) == (1, 0, "One", "USABC1234567")
    assert first.performer == first.composer == ""
    assert second.start_s == 182.2  # 15 of 75 frames
    assert (second.title, second.performer) == ('Two "quoted" words', "Someone Else")
    assert second.composer == "A Composer"


def test_case_and_indentation_do_not_matter():
    assert parse_sheet("\n".join(line.strip() for line in SHEET.lower().splitlines())) == (
        parse_sheet(SHEET.lower())
    )
    assert [track.start_s for track in parse_sheet(SHEET.lower()).tracks] == [0, 182.2]


def test_a_sheet_of_no_use_is_read_all_the_same():
    for text in ("", "INDEX 01 00:00:00", "TRACK\nFILE\n", "\x00\x01", "TRACK x AUDIO", "REM"):
        assert parse_sheet(text).tracks == ()


LINES = st.sampled_from([*SHEET.splitlines(), *THREE.splitlines(), "INDEX 01 00:00:00"])


@given(st.lists(LINES | st.text(), max_size=40))
def test_any_text_is_a_sheet_and_its_tracks_fill_their_files(lines):
    cuts, _ = applied("\n".join(lines), {"album.wav": 200.0, "other.flac": 5.0})
    for path, item in cuts.items():
        assert [cut.start_s for cut in item[1:]] == [cut.end_s for cut in item[:-1]]
        assert item[-1].end_s is None
        assert all(0 <= cut.start_s < {"album.wav": 200, "other.flac": 5}[path] for cut in item)


def test_the_tracks_of_a_file_follow_each_other():
    """A pause before a track belongs to the one before it, as players do."""
    cuts, notes = applied(THREE, {"album.wav": 200.0})
    assert notes == []
    assert [(cut.start_s, cut.end_s) for cut in cuts["album.wav"]] == [
        (0, 60 + 37 / 75),
        (60 + 37 / 75, 120),
        (120, None),
    ]


@pytest.mark.parametrize(
    ("start", "first"), [("00:04:74", (1, 4 + 74 / 75)), ("00:05:00", (0, 0.0))]
)
def test_music_before_the_first_track_is_track_0_if_it_is_more_than_a_pause(start, first):
    cuts, _ = applied(THREE.replace("00:00:00", start), {"album.wav": 200.0})
    item = cuts["album.wav"][0]
    assert (item.track.number, item.start_s) == first


@pytest.mark.parametrize(
    "file",
    ["album.wav", "Album.WAV", "album.flac", "ALBUM.FLAC", "image.flac"],
)
def test_the_file_that_a_sheet_means(file):
    sheet = "image.cue" if file == "image.flac" else "sheet.cue"
    cuts, notes = applied(THREE, {"other.flac": 300.0, file: 200.0}, sheet)
    assert (list(cuts), notes) == ([file], [])


@pytest.mark.parametrize(
    ("name", "sheet", "file"),
    [
        ("C:\\Rips\\album.wav", "a.cue", "album.flac"),
        ("/home/me/album.wav", "CD1/a.cue", "CD1/album.wav"),
        ("sub\\album.wav", "a.cue", "sub/album.wav"),
        ("../album.wav", "CD1/a.cue", "album.wav"),
        ("E\u0301lan.wav", "a.cue", "Élan.wav"),
        ("nothing.wav", "album.flac.cue", "album.flac"),
    ],
)
def test_paths_in_sheets(name, sheet, file):
    cuts, notes = applied(THREE.replace("album.wav", name), {file: 200.0, "z.flac": 300.0}, sheet)
    assert (list(cuts), notes) == ([file], [])


def test_the_name_itself_comes_before_other_endings():
    cuts, _ = applied(THREE, {"album.flac": 200.0, "album.wav": 200.0})
    assert list(cuts) == ["album.wav"]


@pytest.mark.parametrize(
    ("text", "length_s", "note"),
    [
        (THREE, 100.0, "has a track at 120.0 s, and the file ends at 100.0 s"),
        (THREE.replace("02:00:00", "00:30:00"), 200.0, "has times that do not increase"),
        (THREE.replace("INDEX 01 02", "INDEX 02 02"), 200.0, "has no INDEX 01 of track 3"),
    ],
)
def test_times_that_do_not_fit(text, length_s, note):
    cuts, notes = applied(text, {"album.wav": length_s})
    assert cuts == {}
    assert notes == [f"album.cue is not used for album.wav: it {note}"]


def test_a_sheet_without_its_file():
    assert applied(THREE, {"other.flac": 200.0}) == (
        {},
        ["album.cue names 'album.wav', which does not exist"],
    )
    assert applied("", {"other.flac": 200.0}) == ({}, ["album.cue has no track"])


def test_the_first_of_two_sheets_counts():
    one, two = (Source(name, name, parse_sheet(THREE)) for name in ("a.cue", "b.cue"))
    cuts, notes = apply_sheets([one, two], {"album.wav": 200.0})
    assert len(cuts["album.wav"]) == 3
    assert notes == ["b.cue is not used for album.wav: it comes after another sheet for it"]


def test_a_file_a_track():
    """Also with the pause before a track at the end of the file before, as rippers write it."""
    text = """FILE "01.wav" WAVE
      TRACK 01 AUDIO
        TITLE One
        INDEX 01 00:02:00
      TRACK 02 AUDIO
        TITLE Two
        INDEX 00 03:00:00
    FILE "02.wav" WAVE
        INDEX 01 00:00:00"""
    cuts, notes = applied(text, {"01.flac": 182.0, "02.flac": 90.0})
    assert notes == []
    assert {path: (cut.start_s, cut.end_s, cut.track.title) for path, (cut,) in cuts.items()} == {
        "01.flac": (0, None, "One"),
        "02.flac": (0, None, "Two"),
    }
