"""Export of cues as WebVTT subtitles, as an Audacity label track and in a registered format."""

import re
import types

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from scorelens import tables
from scorelens.cues import export
from scorelens.cues.formats import FORMATS
from tests.album_tables import titled_tracks

TEXT = "Main Title - Jo Field from 1:23 (0.99), background, -6 dB"
NAMES = {"main_title": "main_title"}


def cues(*spans) -> pd.DataFrame:
    rates = 1.0, 1.0, 0.0  # speed, tempo, pitch
    rows = [
        (
            "a_film",
            f"cue_{k:04d}",
            "main_title",
            start_s,
            end_s,
            83.9,
            (),
            (),
            *rates,
            50.0,
            0.987,
            "",
        )
        for k, (start_s, end_s) in enumerate(spans, 1)
    ]
    return pd.DataFrame(rows, columns=tables.CUES.names)


def levels_of(predicted) -> pd.DataFrame:
    """One second of each cue, 6.2 dB below the rest."""
    levels = predicted[["film_id", "cue_id"]].assign(time_s=predicted.film_start_s.round())
    powers = {"music_db": -36.2, "rest_db": -30.0, "music_to_rest_db": -6.2}
    return levels.assign(**powers, is_foreground=False)


def exported_texts(tmp_path, predicted, tracks):
    """The texts of both files."""
    names = {"cues": "cues.parquet", "levels": "levels.parquet", "tracks": "tracks.tsv"}
    paths = {name: tmp_path / file for name, file in names.items()}
    tables.write_table(predicted, paths["cues"], tables.CUES)
    tables.write_table(tracks, paths["tracks"], tables.TRACKS)
    tables.write_table(levels_of(predicted), paths["levels"], tables.CUE_LEVELS)
    outputs = {name: tmp_path / f"a.{form.ENDING}" for name, form in FORMATS.items()}
    export.export_cues(**paths, outputs=outputs)
    return [path.read_text(encoding="utf-8") for path in outputs.values()]


def as_text(name, rows) -> str:
    levels = rows.assign(role="foreground", music_to_rest_db=3.0)
    return FORMATS[name].as_text(export.make_labels(levels, NAMES))


def test_both_files_have_track_name_position_and_times(tmp_path):
    tracks = titled_tracks("a_film", ("Main Title", "Jo Field", "", 1, 1))
    predicted = cues((1.2345, 62.0), (3723.5, 3800.25)).assign(track_id="t0")
    webvtt, audacity = exported_texts(tmp_path, predicted, tracks)
    assert webvtt == (
        "WEBVTT\n\n"
        f"cue_0001\n00:00:01.234 --> 00:01:02.000\n{TEXT}\n\n"
        f"cue_0002\n01:02:03.500 --> 01:03:20.250\n{TEXT}\n"
    )
    assert audacity == (f"1.234500\t62.000000\t{TEXT}\n3723.500000\t3800.250000\t{TEXT}\n")


def test_titles_in_any_script_are_exported_and_escaped(tmp_path):
    title = "<b>Élan</b> & $Ärger$ --> 夜汽車 \N{STEAM LOCOMOTIVE}"
    webvtt, audacity = exported_texts(
        tmp_path,
        cues((1.0, 2.0)).assign(track_id="t0"),
        titled_tracks("a_film", (title, "", "רכבת", None, None)),
    )
    stamp, text = webvtt.splitlines()[3:]
    assert stamp == "00:00:01.000 --> 00:00:02.000"
    assert text == (
        "&lt;b&gt;Élan&lt;/b&gt; &amp; $Ärger$ --&gt; 夜汽車 \N{STEAM LOCOMOTIVE} - רכבת"
        " from 1:23 (0.99), background, -6 dB"
    )
    assert audacity == f"1.000000\t2.000000\t{title} - רכבת from 1:23 (0.99), background, -6 dB\n"


def test_untitled_track_is_labelled_with_its_file_name_in_one_line(tmp_path):
    tracks = titled_tracks("a_film", ("", "", "", None, None)).assign(
        path="x/02 Große\u2028Fahrt.mp3"
    )
    webvtt, audacity = exported_texts(tmp_path, cues((1.0, 2.0)).assign(track_id="t0"), tracks)
    assert webvtt.split("\n")[4:] == ["02 Große Fahrt from 1:23 (0.99), background, -6 dB", ""]
    assert audacity == "1.000000\t2.000000\t02 Große Fahrt from 1:23 (0.99), background, -6 dB\n"


def test_a_film_without_cues_gives_empty_valid_files():
    assert as_text("webvtt", cues()) == "WEBVTT\n"
    assert as_text("audacity", cues()) == ""


def test_registered_format_is_exported(tmp_path, monkeypatch):
    starts = types.SimpleNamespace(
        ENDING="csv", as_text=lambda labels: "".join(f"{label.start_s}\n" for label in labels)
    )
    monkeypatch.setitem(FORMATS, "starts", starts)
    tracks = titled_tracks("a_film", ("Main Title", "", "", 1, 1))
    *_, text = exported_texts(tmp_path, cues((1.5, 2.0), (3.0, 4.0)).assign(track_id="t0"), tracks)
    assert text == "1.5\n3.0\n"


@given(st.floats(0, 100_000))
def test_webvtt_time_stamp_is_exact_to_a_millisecond(time_s):
    stamp = as_text("webvtt", cues((time_s, time_s + 1))).splitlines()[3].split(" --> ")[0]
    hours, minutes, seconds = re.fullmatch(r"(\d\d+):([0-5]\d):([0-5]\d\.\d{3})", stamp).groups()
    assert abs(int(hours) * 3600 + int(minutes) * 60 + float(seconds) - time_s) <= 0.00051
