"""Export of cues: what is joined, cue sheets, labels and tables."""

import csv
import io
import itertools
import math
import subprocess
import sys
import types

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorelens import tables
from scorelens.code_hash import source_files
from scorelens.exports import export, registry
from scorelens.exports.film import describe_cue, tracks_used
from scorelens.exports.formats import webvtt
from scorelens.exports.lanes import sort_into_lanes
from scorelens.exports.registry import FORMATS, Format
from tests.album_tables import titled_tracks
from tests.export_films import CLEAN, SPANS, TITLE, exported, make_film, write_inputs


def read_csv(path, encoding="utf-8-sig", **options):
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode(encoding)), **options))


def sheet_rows(sheet, head):
    header, *rows = sheet.iter_rows(min_row=head, values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


def test_film_has_tags_time_code_use_and_label(tmp_path):
    film = make_film(tmp_path, rate_hz=29.97)
    first, second, *_ = film.cues
    assert first[:10] == (
        *("a_film", TITLE, "cue_0000", "t0", CLEAN[0], "Ann O'Ther", "Jo Field"),
        *("P & Q <Music>", 'The "Album"', "USABC1234567"),
    )
    assert (first.timecode_in, first.in_frame) == ("00:00:01;07", 37)  # 36.998 frames
    assert (first.timecode_out, first.out_frame) == ("00:01:02;00", 1858)  # 1,858.14; 1800 + 58
    assert first.timecode_duration == "00:01:00;23"  # 1,821 frames
    assert (first.use, first.vocal, first.diegetic, first.verdict) == ("background", "", "", "")
    assert first.label == f"{CLEAN[0]} - Jo Field from 0:00 (0.90), background, -6 dB"
    assert second.label == "=1+1 - Jo Field from 0:05 (0.90), background, -6 dB"


def test_vocal_cue_has_singing_in_a_fifth_of_its_seconds(tmp_path):
    spans = (("t0", 0.0, 100.0, 0.0), ("t1", 100.0, 200.0, 0.0), ("t2", 5000.0, 5010.0, 0.0))
    singing = [*range(20), *range(100, 119)]
    film = make_film(tmp_path, spans=spans, singing=singing)
    assert [cue.vocal for cue in film.cues] == ["yes", "no", ""]


def test_verdicts_and_diegetic_are_those_of_people(tmp_path):
    verdicts = ["right", "", "changed", "missed", ""]
    diegetic = {"cue_0000": "yes", "cue_0002": "no", "cue_0003": ""}
    film = make_film(tmp_path, verdict=verdicts, diegetic=diegetic)
    assert [cue.verdict for cue in film.cues] == verdicts
    assert [cue.diegetic for cue in film.cues] == ["yes", "", "no", "", ""]


def test_frame_rate_of_the_configuration_replaces_that_of_the_film(tmp_path):
    film = make_film(tmp_path, frame_rate=24, rate_hz=29.97)
    assert film.frame_rate == 24
    assert film.cues[1].timecode_in == "00:00:30:00"


def test_cue_shorter_than_a_frame_has_one_frame(tmp_path):
    film = make_film(tmp_path, spans=(("t0", 10.0, 10.01, 0.0),))
    assert (film.cues[0].in_frame, film.cues[0].out_frame) == (250, 251)


def test_tracks_used_sums_the_frames_of_all_cues_of_a_track(tmp_path):
    used = tracks_used(make_film(tmp_path))
    assert used.track_id.tolist() == ["t0", "t1", "t2", "t3"]
    assert used.uses.tolist() == [2, 1, 1, 1]
    # 31 to 1550 and 1550 to 1750 of 25 frames a second: 1,719 frames.
    assert used.timecode_total[0] == "00:01:08:19"
    assert used.total_s[0] == pytest.approx(1719 / 25)
    assert used.timecode_first.tolist()[:2] == ["00:00:01:06", "00:00:30:00"]


def test_cues_that_play_at_once_are_in_different_lanes(tmp_path):
    lanes = sort_into_lanes(make_film(tmp_path).cues)
    assert [[cue.cue_id for cue in lane] for lane in lanes] == [
        ["cue_0000", "cue_0003", "cue_0004"],
        ["cue_0001"],
        ["cue_0002"],
    ]


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(1, 30)), max_size=20))
def test_lanes_hold_every_cue_without_overlap_and_are_as_few_as_possible(spans):
    cues = [types.SimpleNamespace(in_frame=a, out_frame=a + length) for a, length in spans]
    lanes = sort_into_lanes(cues)
    assert sorted(map(id, cues)) == sorted(id(cue) for lane in lanes for cue in lane)
    for lane in lanes:
        assert all(a.out_frame <= b.in_frame for a, b in itertools.pairwise(lane))
    at_once = [sum(c.in_frame <= t < c.out_frame for c in cues) for t in range(130)]
    assert len(lanes) == max(at_once)


def test_workbook_has_cues_and_tracks_as_text(tmp_path):
    path = exported(make_film(tmp_path, rate_hz=23.976), "cue_sheet", tmp_path)
    cues, used = openpyxl.load_workbook(path).worksheets
    assert (cues.title, used.title) == ("Cue sheet", "As used")
    assert [cues.cell(row, 2).value for row in (1, 2, 3)] == [TITLE, "01:01:36:07", "23.976"]
    rows = sheet_rows(cues, 5)
    assert [row["Title"] for row in rows] == [*CLEAN[:3], CLEAN[0], CLEAN[3]]
    assert rows[1]["In"] == "00:00:29:23"  # 719.28 frames
    assert rows[4] == {
        **{"Cue": "cue_0004", "Title": CLEAN[3], "Composer": "Ann O'Ther", "Artist": "Jo Field"},
        **{"Publisher": "P & Q <Music>", "Album": 'The "Album"', "ISRC": "USABC1234567"},
        **{"In": "00:59:55:22", "Out": "01:00:01:10", "Duration": "00:00:05:12"},
        **{"Use": "background", "Vocal": None, "Diegetic": None, "Confidence": 0.9},
        "Checked": None,
    }
    assert "f" not in {cell.data_type for row in cues.iter_rows() for cell in row}
    assert [(row["Title"], row["Uses"]) for row in sheet_rows(used, 5)] == [
        *((CLEAN[0], 2), (CLEAN[1], 1), (CLEAN[2], 1), (CLEAN[3], 1))
    ]


def test_same_cues_give_the_same_bytes_in_every_format(tmp_path, monkeypatch):
    film = make_film(tmp_path)
    first = {name: exported(film, name, tmp_path).read_bytes() for name in FORMATS}
    monkeypatch.setattr("time.time", lambda: 2e9)
    assert {name: exported(film, name, tmp_path).read_bytes() for name in FORMATS} == first


def test_csv_files_hold_titles_and_times_exactly(tmp_path):
    film = make_film(tmp_path)
    rows = read_csv(exported(film, "cue_sheet_csv", tmp_path))
    assert [row["Title"] for row in rows] == [cue.title for cue in film.cues]
    assert rows[0]["In"] == "00:00:01:06"  # 30.86 frames: 31
    used = read_csv(exported(film, "as_used", tmp_path))
    assert (used[0]["Title"], used[0]["Uses"]) == (CLEAN[0], "2")
    every = read_csv(exported(film, "csv", tmp_path), "utf-8")
    assert list(every[0]) == tables.CUE_SHEET.names
    assert [float(row["film_start_s"]) for row in every] == [span[1] for span in SPANS]
    assert [row["label"] for row in every] == [cue.label for cue in film.cues]


@pytest.mark.parametrize(
    ("rate_hz", "start", "end"),
    [(25.0, "00:00:30:00", "00:01:30:12"), (29.97, "00;00;29;29", "00;01;30;14")],
)
def test_premiere_markers_have_the_columns_and_time_code_of_premiere(tmp_path, rate_hz, start, end):
    # 90.5 s are 2,262.5 frames, to the even 2,262; at 29.97 2,712.29, 1,800 + 912 with 2 skipped.
    film = make_film(tmp_path, rate_hz=rate_hz)
    rows = read_csv(exported(film, "premiere", tmp_path), delimiter="\t")
    assert list(rows[1]) == [
        *("Marker Name", "Description", "In", "Out", "Duration", "Marker Type")
    ]
    assert [row["Marker Name"] for row in rows] == [cue.title for cue in film.cues]
    assert (rows[1]["In"], rows[1]["Out"]) == (start, end)


def test_webvtt_and_audacity_have_every_cue_escaped(tmp_path):
    film = make_film(tmp_path, spans=(("t2", 1.2345, 62.0, 83.9), ("t0", 3723.5, 3800.25, 0.0)))
    vtt = exported(film, "webvtt", tmp_path).read_text(encoding="utf-8").split("\n")
    assert vtt[:5] == [
        *("WEBVTT", "", "cue_0000", "00:00:01.234 --> 00:01:02.000"),
        '"Crocodile" Dundee | 夜汽車 --&gt; \N{STEAM LOCOMOTIVE} - Jo Field'
        " from 1:23 (0.90), background, -6 dB",
    ]
    assert vtt[7] == "01:02:03.500 --> 01:03:20.250"
    audacity = exported(film, "audacity", tmp_path).read_text(encoding="utf-8")
    labels = [line.split("\t") for line in audacity.splitlines()]
    assert labels[0] == ["1.234500", "62.000000", film.cues[0].label]


def test_untitled_track_has_the_name_of_its_file_in_one_line(tmp_path):
    tracks = titled_tracks("a_film", ("", "", "", None, None)).assign(
        path="x/02 Große\u2028Fahrt.mp3"
    )
    film = make_film(tmp_path, spans=(("t0", 1.0, 2.0, 83.9),), tracks=tracks)
    assert film.cues[0].label == "02 Große Fahrt from 1:23 (0.90), background, -6 dB"


@pytest.mark.parametrize("name", list(FORMATS))
def test_film_without_cues_gives_a_file(tmp_path, name):
    path = exported(make_film(tmp_path, spans=()), name, tmp_path)
    if name in ("audacity", "webvtt"):
        assert path.read_text() == {"audacity": "", "webvtt": "WEBVTT\n"}[name]
    if name == "cue_sheet":
        assert [sheet.max_row for sheet in openpyxl.load_workbook(path)] == [5, 5]
    if name == "as_used":
        assert len(path.read_text(encoding="utf-8-sig").splitlines()) == 1


@given(st.floats(0, 100_000))
def test_webvtt_time_stamp_is_exact_to_a_millisecond(time_s):
    hours, minutes, seconds = webvtt.timestamp(time_s).split(":")
    assert 0 <= int(minutes) < 60
    assert 0 <= float(seconds) < 60
    assert abs(int(hours) * 3600 + int(minutes) * 60 + float(seconds) - time_s) <= 0.00051


def job(folder, **inputs):
    """Files of a job of one film, and its arguments."""
    folder.mkdir()
    return {
        "inputs": write_inputs(folder, **inputs),
        "table": folder / "a_film.tsv",
        "title": TITLE,
        "video": folder / "film.mp4",
        "frame_rate": "auto",
        "singing_threshold": 0.5,
    }


def test_export_film_writes_the_table_and_a_registered_format(tmp_path, monkeypatch):
    starts = types.ModuleType("scorelens.exports.formats.starts")
    starts.write_film = lambda film, path: path.write_text(
        "".join(f"{cue.film_start_s}\n" for cue in film.cues)
    )
    monkeypatch.setitem(sys.modules, starts.__name__, starts)
    monkeypatch.setitem(registry.FORMATS, "starts", Format("starts", "Starts", "starts"))
    arguments = job(tmp_path / "a", spans=(("t0", 1.5, 2.0, 0.0), ("t1", 3.0, 4.0, 0.0)))
    export.export_film(**arguments, outputs={"starts": tmp_path / "a.starts"})
    assert (tmp_path / "a.starts").read_text() == "1.5\n3.0\n"
    table = tables.read_table(arguments["table"], tables.CUE_SHEET)
    assert table.timecode_in.tolist() == ["00:00:01:13", "00:00:03:00"]  # 37.5 frames: 38
    assert table.track_path.tolist() == ["album/t0.flac", "album/t1.flac"]


def test_export_cue_sheets_joins_the_films(tmp_path):
    rates = {"a": 23.976, "b": 29.97, "c": 25.0}
    cue_tables = []
    for name, rate_hz in rates.items():
        spans = () if name == "c" else SPANS
        arguments = job(tmp_path / name, rate_hz=rate_hz, spans=spans)
        export.export_film(**arguments | {"title": f"Film {name}"}, outputs={})
        cue_tables.append(arguments["table"])
    outputs = {name: tmp_path / f"{name}.xlsx" for name in ("workbook", "cues", "as_used")}
    export.export_cue_sheets(cue_tables, outputs)
    cues, used = openpyxl.load_workbook(outputs["workbook"]).worksheets
    rows = sheet_rows(cues, 1)
    assert [row["Film"] for row in rows] == ["Film a"] * 5 + ["Film b"] * 5
    assert (rows[4]["In"], rows[9]["In"]) == ("00:59:55:22", "00:59:59;15")
    assert [row["Uses"] for row in sheet_rows(used, 1)] == [2, 1, 1, 1] * 2
    assert [row["Title"] for row in read_csv(outputs["cues"])] == [row["Title"] for row in rows]
    assert len(read_csv(outputs["as_used"])) == 8


def test_corpus_without_cues_has_headers(tmp_path):
    arguments = job(tmp_path / "a", spans=())
    export.export_film(**arguments, outputs={})
    outputs = {name: tmp_path / f"{name}.xlsx" for name in ("workbook", "cues", "as_used")}
    export.export_cue_sheets([arguments["table"]], outputs)
    assert [sheet.max_row for sheet in openpyxl.load_workbook(outputs["workbook"])] == [1, 1]
    assert len(outputs["cues"].read_text(encoding="utf-8-sig").splitlines()) == 1


def test_level_that_was_not_measured_is_left_out_of_the_label(tmp_path):
    cue = make_film(tmp_path).cues[0]._replace(music_to_rest_db=math.nan)
    named = types.SimpleNamespace(**cue._asdict(), name="Main Title")
    assert describe_cue(named) == "Main Title from 0:00 (0.90), background"


def test_registry_has_a_module_and_an_ending_for_each_format(home):
    endings = [form.ending for form in FORMATS.values()]
    assert len(set(endings)) == len(endings)
    assert pd.Series(endings).str.fullmatch(r"[a-z_]+(\.[a-z]+)?").all()
    # An edit of a format runs the exports again.
    files = {path.stem for path in source_files(home / "scripts" / "export_film.py")}
    assert {form.module for form in FORMATS.values()} <= files


def test_workflow_is_parsed_without_the_libraries_of_the_formats():
    code = "import sys; from scorelens import plan; from scorelens.plan import supplement;"
    code += "print({'openpyxl', 'opentimelineio', 'pympi', 'pandas'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
