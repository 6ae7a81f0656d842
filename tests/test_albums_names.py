"""Display names of tracks."""

import unicodedata

import mutagen
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorelens import tables
from scorelens.albums import names, reading
from tests.album_tables import titled_tracks, write_tracks


def make_table(*rows, **columns):
    """Tracks t0, t1, ... of (title, artist, composer, disc, number)."""
    frame = titled_tracks("f", *rows)
    return frame.assign(**columns)


def test_track_title_is_the_tag_or_else_the_file_name(tone):
    for name in ("01.flac", "02 Große Fahrt.flac", "夜汽車.flac"):
        path = tone(f"album/{name}")
    first = mutagen.File(path.parent / "01.flac")
    first.update({"title": "Main $ <Title> & More", "composer": "Jo Field"})
    first.save()
    tracks = reading.read_album(path.parent, sorted(path.parent.iterdir())).tracks
    assert names.track_titles(tracks) == {
        "01": "Main $ <Title> & More",
        "02_grosse_fahrt": "02 Große Fahrt",
        "yeqiche": "夜汽車",
    }
    assert list(names.track_artists(tracks).values()) == ["Jo Field", "", ""]
    assert list(names.track_names(tracks).values()) == [
        "Main $ <Title> & More - Jo Field",
        "02 Große Fahrt",
        "夜汽車",
    ]


def test_file_title_is_one_line():
    assert names.file_title("a.b/two\tlines\n.d.flac") == "two lines .d"


def test_untitled_track_of_a_file_of_several_is_named_by_its_number():
    tracks = make_table(("", "", "", None, 1), ("Theme", "", "", None, 2), path="the album.flac")
    assert list(names.track_titles(tracks).values()) == ["the album 1", "Theme"]


def test_track_without_title_and_file_name_is_named_by_its_id():
    assert names.track_titles(make_table(("", "", "", None, None), path="\x01.flac")) == {
        "t0": "t0"
    }


@pytest.mark.parametrize(
    "rows, expected",
    [
        ([("A", "", "", 1, 1), ("A", "", "", 1, 2)], ["A (track 1)", "A (track 2)"]),
        ([("A", "", "", None, 1), ("A", "", "", None, 2)], ["A (track 1)", "A (track 2)"]),
        (
            [("A", "", "", None, 1), ("B", "", "", 1, 1), ("A", "", "", 2, 1)],
            ["A (disc 1, track 1)", "B", "A (disc 2, track 1)"],
        ),
        ([("A", "", "", 1, 1), ("A", "", "", 1, 1)], ["A (t0)", "A (t1)"]),
        ([("A", "", "", 1, 1), ("A", "", "", 1, None)], ["A (t0)", "A (t1)"]),
    ],
)
def test_equal_titles_are_made_distinct(rows, expected, tmp_path):
    tracks = make_table(*rows)
    assert list(names.track_titles(tracks).values()) == expected
    tables.write_table(tracks, tmp_path / "t.tsv", tables.TRACKS)
    read = tables.read_table(tmp_path / "t.tsv", tables.TRACKS)
    assert list(names.track_titles(read).values()) == expected


def test_titles_that_are_equal_when_shortened_are_made_distinct():
    movements = "Symphony in D minor: I. Allegro", "Symphony in D minor: II. Vivace"
    rows = [(title, "", "", None, number) for number, title in enumerate(movements, 1)]
    assert list(names.track_titles(make_table(*rows)).values()) == list(movements)
    cut = list(names.track_titles(make_table(*rows), 20).values())
    assert cut == ["Symphony… (track 1)", "Symphony… (track 2)"]
    # Too short for a suffix: the ids.
    assert list(names.track_titles(make_table(*rows), 12).values()) == ["t0", "t1"]


def test_artist_is_appended_if_it_fits():
    tracks = make_table(
        ("Theme", "Jo Field", "Ann Other", None, None), ("A Longer Theme", "", "B", 1, 1)
    )
    assert list(names.track_names(tracks).values()) == ["Theme - Jo Field", "A Longer Theme - B"]
    assert list(names.track_names(tracks, 16).values()) == ["Theme - Jo Field", "A Longer Theme"]
    assert list(names.track_names(tracks, 10).values()) == ["Theme", "A Longer…"]


def test_shorten_does_not_split_grapheme_clusters():
    family = "\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL}"
    assert names.text_columns(family) == 6
    assert names.shorten(family, 5) == "\N{MAN}\u200d\N{WOMAN}…"
    assert names.shorten("re\u0301sume\u0301", 3) == "re\u0301…"


@given(st.text(st.characters(exclude_categories=("Cc", "Cs"))), st.integers(1, 30))
def test_shortened_text_fits_and_is_a_prefix(text, columns):
    result = names.shorten(text, columns)
    assert names.text_columns(result) <= columns
    assert result == text or (result[-1] == "…" and text.startswith(result[:-1]))
    if result != text:
        rest = text[len(result) - 1 :]
        assert names.text_columns(text) > columns
        assert not unicodedata.combining(rest[0])


@given(st.lists(st.sampled_from(["A", "B", "A long title", "A long title, and more"]), max_size=8))
def test_display_names_are_unique(titles):
    tracks = make_table(*((title, "", "", None, None) for title in titles))
    for columns in (None, 8, 12, 20):
        result = names.track_titles(tracks, columns)
        assert list(result) == tracks.track_id.tolist()
        assert len(set(result.values())) == len(titles)


def test_album_without_tracks_has_no_names():
    assert names.track_names(make_table()) == {}


def test_track_names_of_a_table_file(tmp_path):
    path = write_tracks([("f", "02_arrival", "x/02_arrival.flac", 3.0, 8000)], tmp_path / "t.tsv")
    tracks = tables.read_table(path, tables.TRACKS)
    assert names.track_names(tracks) == {"02_arrival": "02_arrival"}
    assert pd.isna(tracks.number[0])
