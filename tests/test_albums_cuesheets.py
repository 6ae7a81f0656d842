"""Parsing of CUE sheets, and matching of their tracks to audio files."""

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


def split_by_sheet(text, files, sheet="album.cue"):
    return apply_sheets([Source(sheet, sheet, parse_sheet(text))], files)


def test_parse_cue_sheet():
    sheet = parse_sheet(SHEET)
    assert (sheet.title, sheet.performer, sheet.disc) == ("An Album", "The Band", "2")
    assert sheet.files == ("album.wav",)
    first, second = sheet.tracks
    assert (first.number, first.start_s, first.title, first.isrc) == (1, 0, "One", "USABC1234567")
    assert first.performer == first.composer == ""
    assert second.start_s == 182.2  # 15 of 75 frames
    assert (second.title, second.performer) == ('Two "quoted" words', "Someone Else")
    assert second.composer == "A Composer"


def test_cue_sheet_parsing_ignores_case_and_indentation():
    assert parse_sheet("\n".join(line.strip() for line in SHEET.lower().splitlines())) == (
        parse_sheet(SHEET.lower())
    )
    assert [track.start_s for track in parse_sheet(SHEET.lower()).tracks] == [0, 182.2]


def test_cue_sheet_without_tracks_is_parsed():
    for text in ("", "INDEX 01 00:00:00", "TRACK\nFILE\n", "\x00\x01", "TRACK x AUDIO", "REM"):
        assert parse_sheet(text).tracks == ()


LINES = st.sampled_from([*SHEET.splitlines(), *THREE.splitlines(), "INDEX 01 00:00:00"])


@given(st.lists(LINES | st.text(), max_size=40))
def test_tracks_of_any_cue_sheet_cover_their_files_without_gaps(lines):
    cuts, _ = split_by_sheet("\n".join(lines), {"album.wav": 200.0, "other.flac": 5.0})
    for path, pieces in cuts.items():
        assert [cut.start_s for cut in pieces[1:]] == [cut.end_s for cut in pieces[:-1]]
        assert pieces[-1].end_s is None
        assert all(0 <= cut.start_s < {"album.wav": 200, "other.flac": 5}[path] for cut in pieces)


def test_pregap_is_part_of_the_previous_track():
    """A track starts at its INDEX 01; the pause from its INDEX 00 is in the track before."""
    cuts, notes = split_by_sheet(THREE, {"album.wav": 200.0})
    assert notes == []
    assert [(cut.start_s, cut.end_s) for cut in cuts["album.wav"]] == [
        (0, 60 + 37 / 75),
        (60 + 37 / 75, 120),
        (120, None),
    ]


@pytest.mark.parametrize(
    ("start", "expected"), [("00:04:74", (1, 4 + 74 / 75)), ("00:05:00", (0, 0.0))]
)
def test_sound_before_track_1_is_track_0_if_it_is_5_s_or_longer(start, expected):
    cuts, _ = split_by_sheet(THREE.replace("00:00:00", start), {"album.wav": 200.0})
    first = cuts["album.wav"][0]
    assert (first.track.number, first.start_s) == expected


@pytest.mark.parametrize(
    "file",
    ["album.wav", "Album.WAV", "album.flac", "ALBUM.FLAC", "image.flac"],
)
def test_cue_sheet_is_matched_to_its_audio_file(file):
    sheet = "image.cue" if file == "image.flac" else "sheet.cue"
    cuts, notes = split_by_sheet(THREE, {"other.flac": 300.0, file: 200.0}, sheet)
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
def test_paths_in_cue_sheets_are_matched_to_files(name, sheet, file):
    cuts, notes = split_by_sheet(
        THREE.replace("album.wav", name), {file: 200.0, "z.flac": 300.0}, sheet
    )
    assert (list(cuts), notes) == ([file], [])


def test_exact_file_name_is_preferred_to_other_extensions():
    cuts, _ = split_by_sheet(THREE, {"album.flac": 200.0, "album.wav": 200.0})
    assert list(cuts) == ["album.wav"]


@pytest.mark.parametrize(
    ("text", "length_s", "note"),
    [
        (THREE, 100.0, "has a track at 120.0 s, and the file ends at 100.0 s"),
        (THREE.replace("02:00:00", "00:30:00"), 200.0, "has times that do not increase"),
        (THREE.replace("INDEX 01 02", "INDEX 02 02"), 200.0, "has no INDEX 01 of track 3"),
    ],
)
def test_cue_sheet_with_invalid_times_is_not_used(text, length_s, note):
    cuts, notes = split_by_sheet(text, {"album.wav": length_s})
    assert cuts == {}
    assert notes == [f"album.cue is not used for album.wav: it {note}"]


def test_cue_sheet_without_its_file_or_tracks_is_noted():
    assert split_by_sheet(THREE, {"other.flac": 200.0}) == (
        {},
        ["album.cue names 'album.wav', which does not exist"],
    )
    assert split_by_sheet("", {"other.flac": 200.0}) == ({}, ["album.cue has no track"])


def test_first_of_two_cue_sheets_is_used():
    one, two = (Source(name, name, parse_sheet(THREE)) for name in ("a.cue", "b.cue"))
    cuts, notes = apply_sheets([one, two], {"album.wav": 200.0})
    assert len(cuts["album.wav"]) == 3
    assert notes == ["b.cue is not used for album.wav: it comes after another sheet for it"]


def test_cue_sheet_with_one_file_per_track():
    """The pregap of track 2 (INDEX 00) is at the end of the file before, as rippers write it."""
    text = """FILE "01.wav" WAVE
      TRACK 01 AUDIO
        TITLE One
        INDEX 01 00:02:00
      TRACK 02 AUDIO
        TITLE Two
        INDEX 00 03:00:00
    FILE "02.wav" WAVE
        INDEX 01 00:00:00"""
    cuts, notes = split_by_sheet(text, {"01.flac": 182.0, "02.flac": 90.0})
    assert notes == []
    assert {path: (cut.start_s, cut.end_s, cut.track.title) for path, (cut,) in cuts.items()} == {
        "01.flac": (0, None, "One"),
        "02.flac": (0, None, "Two"),
    }
