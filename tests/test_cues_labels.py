"""Cues as subtitles and as an Audacity label track."""

import re

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from scorelens import tables
from scorelens.cues import labels


def cues(*spans) -> pd.DataFrame:
    rows = [
        ("a_film", f"cue_{k:04d}", "main_title", start_s, end_s, 83.9, "", "", 1.0, 50.0, 0.987)
        for k, (start_s, end_s) in enumerate(spans, 1)
    ]
    return pd.DataFrame(rows, columns=tables.CUES.names)


def test_both_files_name_track_place_and_times(tmp_path):
    table = tmp_path / "cues.parquet"
    tables.write_table(cues((1.2345, 62.0), (3723.5, 3800.25)), table, tables.CUES)
    labels.label_cues(table, tmp_path / "a.vtt", tmp_path / "a.txt")
    assert (tmp_path / "a.vtt").read_text() == (
        "WEBVTT\n\n"
        "cue_0001\n00:00:01.234 --> 00:01:02.000\nmain_title from 1:23 (0.99)\n\n"
        "cue_0002\n01:02:03.500 --> 01:03:20.250\nmain_title from 1:23 (0.99)\n"
    )
    assert (tmp_path / "a.txt").read_text() == (
        "1.234500\t62.000000\tmain_title from 1:23 (0.99)\n"
        "3723.500000\t3800.250000\tmain_title from 1:23 (0.99)\n"
    )


def test_a_film_without_cues_gives_empty_valid_files():
    assert labels.as_webvtt(cues()) == "WEBVTT\n"
    assert labels.as_audacity(cues()) == ""


@given(st.floats(0, 100_000))
def test_a_time_stamp_reads_back_to_the_millisecond(time_s):
    stamp = labels.as_webvtt(cues((time_s, time_s + 1))).splitlines()[3].split(" --> ")[0]
    hours, minutes, seconds = re.fullmatch(r"(\d\d+):([0-5]\d):([0-5]\d\.\d{3})", stamp).groups()
    assert abs(int(hours) * 3600 + int(minutes) * 60 + float(seconds) - time_s) <= 0.00051


def test_names_cannot_break_the_files():
    table = cues((1.0, 2.0)).assign(track_id="A --> B\n<b>&\tC")
    assert labels.as_webvtt(table).splitlines()[3:] == [
        "00:00:01.000 --> 00:00:02.000",
        "A --&gt; B &lt;b&gt;&amp; C from 1:23 (0.99)",
    ]
    assert labels.as_audacity(table) == "1.000000\t2.000000\tA --> B <b>& C from 1:23 (0.99)\n"
