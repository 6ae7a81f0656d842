"""Files of annotations: their names, their formats, and the messages for what is wrong in them."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorelens import tables
from scorelens.albums.tags import clean_text
from scorelens.cues.annotations.files import AnnotationFile, list_annotations
from scorelens.cues.annotations.reading import Span, parse_time, read_spans
from scorelens.cues.annotations.table import merge_spans, read_annotations
from scorelens.cues.annotations.track_names import find_tracks, name_tracks
from scorelens.errors import ConfigError
from tests.album_tables import titled_tracks
from tests.cue_tables import cue_table
from tests.export_films import exported, make_film

TRACKS = titled_tracks(
    "night_train",
    ("Main Title", "Jo Field", "", 1, 1),
    ("Große Fahrt", "", "Ann Other", 1, 2),
    ("Reprise", "", "", 1, 3),
    ("Reprise", "", "", 1, 4),
).assign(
    path=["a/01 Main Title.flac", "a/02 - Grand Ride.flac", "a/03.flac", "a/1-04 The End.flac"]
)
NAMES = name_tracks(TRACKS)


def spans_of(tmp_path, name, text, duration_s=100.0):
    """The spans and the problems, as texts without the folder, of a file with this text."""
    (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    file = AnnotationFile("night_train", "jo", str(tmp_path / name))
    spans, problems = read_spans(file, duration_s, NAMES)
    return spans, [str(problem).replace(f"{tmp_path}/", "") for problem in problems]


@pytest.mark.parametrize(
    ("text", "track_id"),
    [
        ("t0", "t0"),
        ("Main Title", "t0"),
        ("  main   TITLE! ", "t0"),
        ("Main Title - Jo Field", "t0"),
        ("Main Title - Jo Field from 1:23 (0.99)", "t0"),
        ("Main Title - Jo Field from 1:23 (0.99), background, -6 dB", "t0"),
        ("01 Main Title.flac", "t0"),
        ("01_main_title", "t0"),
        ("grosse fahrt", "t1"),
        ("Grand Ride", "t1"),
        ("the end", "t3"),
        ("Reprise (track 4)", "t3"),
    ],
)
def test_find_tracks_id_title_file_or_label_names_the_track(text, track_id):
    assert find_tracks(text, NAMES) == {track_id}


def test_find_tracks_shared_title_names_both_tracks_and_unknown_none():
    assert find_tracks("reprise", NAMES) == {"t2", "t3"}
    assert find_tracks("Grand", NAMES) == set()


def test_read_spans_all_formats_give_the_same_spans(tmp_path):
    expected = [
        Span(1.5, 62.25, "t0", False),
        Span(70.0, 71.0, "", False),
        Span(80.0, 90.0, "", True),
    ]
    texts = {
        "a.txt": "1.5\t62.25\tMain Title\n\\\t100.0\t2000.0\n70\t71\n80,0\t90\t-\n",
        "a.vtt": "\ufeffWEBVTT - of a film\r\n\r\nNOTE by hand\r\n\r\n1\r\n"
        "00:01.500 --> 00:01:02.250 line:0\r\n<i>Main</i>\r\nTitle\r\n\r\n"
        "01:10.000 --> 01:11.000\r\n\r\n01:20.000 --> 01:30.000\r\n\u2013\r\n",
        "a.tsv": "track\tend\tstart\tnote\nMain Title\t1:02.25\t1.5\tloud\n\t71\t70\n-\t90\t1:20\n",
        "b.tsv": "film_start_s\tfilm_end_s\ttrack_id\n1.5\t62.25\tt0\n70\t71\t\n80\t90\t-\n",
        "c.TSV": "start\tend\ttrack\n1.5\t62.25\tt0\n70\t71\n80\t90\t-\n".encode("utf-16"),
    }
    for name, text in texts.items():
        assert spans_of(tmp_path, name, text) == (expected, []), name


def test_read_spans_without_track_column_marks_presence(tmp_path):
    spans, problems = spans_of(tmp_path, "a.tsv", "start\tend\n1\t2\n")
    assert (spans, problems) == ([Span(1.0, 2.0, "", False)], [])


@pytest.mark.parametrize(
    ("name", "text"), [("a.txt", ""), ("a.vtt", "WEBVTT\n"), ("a.tsv", "start\tend\ttrack\n")]
)
def test_read_spans_file_without_cues_gives_none_and_no_problem(tmp_path, name, text):
    assert spans_of(tmp_path, name, text) == ([], [])


def test_read_spans_end_just_after_the_film_is_cut(tmp_path):
    spans, problems = spans_of(tmp_path, "a.txt", "90\t100.8\tt0\n")
    assert (spans, problems) == ([Span(90.0, 100.0, "t0", False)], [])


TIMES = "expected: seconds (83.5) or a clock time (1:23.5 or 0:01:23.5)"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.txt", "\n1.x\t2\tt0\n", f"a.txt, line 2: the start, '1.x', is no time\n  {TIMES}"),
        ("a.txt", "5.0\n", f"a.txt, line 1: has no end\n  {TIMES}"),
        ("a.txt", "-1\t2\n", f"a.txt, line 1: the start, '-1', is no time\n  {TIMES}"),
        (
            "a.vtt",
            "WEBVTT\n\n00:05.000 --> 00:61.000\n\n",
            f"a.vtt, line 3: the end, '00:61.000', is no time\n  {TIMES}",
        ),
        (
            "a.txt",
            "5\t5\tt0\n",
            "a.txt, line 1: ends at 5, but starts at 5\n  expected: an end after the start\n"
            "  hint: mark a part of the film, not a point",
        ),
        (
            "a.tsv",
            "start\tend\n1:39\t1:41.5\n",
            "a.tsv, line 2: ends at 1:41.5, after the end of the film (100.0 s)\n"
            "  expected: times of the film\n"
            "  hint: times count from the first frame of this file; another cut has others",
        ),
        (
            "a.txt",
            "1\t2\tMain Tilte\n",
            "a.txt, line 1: 'Main Tilte' is no track of the album\n"
            "  expected: the id, title or file of a track\n  hint: did you mean 'Main Title'?",
        ),
        (
            "a.txt",
            "1\t2\tlovely music\n",
            "a.txt, line 1: 'lovely music' is no track of the album\n"
            "  expected: the id, title or file of a track\n"
            "  hint: leave it empty if you do not know the track, "
            "write - if it is not on the album",
        ),
        (
            "a.txt",
            "1\t2\tReprise\n",
            "a.txt, line 1: 'Reprise' is the name of 2 tracks\n"
            "  expected: the name of one track\n  hint: write the id: t2, t3",
        ),
        (
            "a.tsv",
            "Start\tend\n1\t2\n",
            "a.tsv, header: lacks start\n  expected: columns start, end\n"
            "  hint: call the column 'Start' 'start'",
        ),
        (
            "a.vtt",
            "1.0\t2.0\tt0\n",
            "a.vtt: has no subtitles\n  expected: a WebVTT file: WEBVTT is its first word",
        ),
    ],
)
def test_read_spans_bad_row_gives_problem_with_hint(tmp_path, name, text, message):
    assert spans_of(tmp_path, name, text) == ([], [message])


def test_read_spans_encoding_other_than_unicode_gives_problem(tmp_path):
    _, (problem,) = spans_of(tmp_path, "a.txt", "1\t2\tGroße Fahrt\n".encode("cp1252"))
    assert problem.startswith("a.txt: is not in UTF-8 (no Unicode: taken for cp")
    assert problem.endswith("hint: save it as UTF-8")


@given(st.integers(0, 86_400_000), st.sampled_from(".,"))
def test_parse_time_clock_and_seconds_agree(milliseconds, point):
    seconds, fraction = divmod(milliseconds, 1000)
    minutes, hours = seconds // 60, seconds // 3600
    texts = (
        f"{seconds}{point}{fraction:03d}",
        f"{minutes}:{seconds % 60:02d}{point}{fraction:03d}",
        f"{hours:02d}:{minutes % 60:02d}:{seconds % 60:02d}{point}{fraction:03d}",
    )
    assert [parse_time(text) for text in texts] == pytest.approx([milliseconds / 1000] * 3)


@pytest.mark.parametrize("text", ["", "nan", "inf", "e3", "1:2:3:4", "0:60:00", "1:-2", "1.2.3"])
def test_parse_time_no_time_gives_none(text):
    assert parse_time(text) is None


titles = st.text(max_size=12).filter(lambda text: clean_text(text) == text and text != "t1")
times = st.tuples(st.floats(0, 9000), st.floats(0.01, 900), st.integers(0, 2))


@settings(max_examples=40)
@given(st.lists(times, max_size=6), st.tuples(titles, titles, titles))
def test_exported_cues_read_back_in_all_formats_with_times_and_tracks(
    tmp_path_factory, spans, names
):
    folder = tmp_path_factory.mktemp("exported")
    tracks = titled_tracks("a_film", *((title, "", "", 1, k) for k, title in enumerate(names)))
    rows = [(f"t{k}", start, start + length, 83.9) for start, length, k in spans]
    cues = cue_table("a_film", *rows)
    tables.write_table(cues, folder / "a_film.tsv", tables.CUES)
    film = make_film(folder, spans=rows, tracks=tracks)
    for name in ("audacity", "webvtt"):
        exported(film, name, folder)
    expected = [(row.film_start_s, row.film_end_s, row.track_id) for row in cues.itertuples()]
    for ending, tolerance_s in (("tsv", 0), ("txt", 6e-7), ("vtt", 6e-4)):
        file = AnnotationFile("a_film", "jo", str(folder / f"a_film.{ending}"))
        read, problems = read_spans(file, 10_000.0, name_tracks(tracks))
        assert problems == []
        assert [(span.track_id, span.off_album) for span in read] == [
            (track, False) for *_, track in expected
        ]
        starts_and_ends = [time for span in read for time in span[:2]]
        assert starts_and_ends == pytest.approx(
            [time for row in expected for time in row[:2]], rel=0, abs=tolerance_s
        )


def test_merge_spans_overlap_of_one_track_is_merged_and_of_two_is_not():
    theme, chase = ("theme", False), ("chase", False)
    spans = [
        Span(20.0, 30.0, *theme),
        Span(0.0, 10.0, *theme),
        Span(8.0, 9.0, *theme),
        Span(9.5, 15.0, *theme),
        Span(14.0, 18.0, *chase),
        Span(15.0, 16.0, *theme),
        Span(40.0, 50.0, "", True),
        Span(45.0, 55.0, "", False),
    ]
    assert merge_spans(spans) == [
        Span(0.0, 15.0, *theme),
        Span(14.0, 18.0, *chase),
        Span(15.0, 16.0, *theme),
        Span(20.0, 30.0, *theme),
        Span(40.0, 50.0, "", True),
        Span(45.0, 55.0, "", False),
    ]


def make_folder(tmp_path, *names):
    for name in names:
        (tmp_path / name).write_text("1\t2\n")
    return tmp_path


def test_list_annotations_file_names_give_film_and_annotator(tmp_path):
    folder = make_folder(
        tmp_path, "night_train.jo.txt", "Night Train.Anna-Lena B..VTT", "dawn.tsv", ".hidden.txt",
        "dawn.aup3",
    )  # fmt: skip
    files, ignored = list_annotations(folder, ["night_train", "dawn"])
    assert [(file.film_id, file.annotator) for file in files] == [
        ("night_train", "anna_lena_b"),
        ("dawn", "unnamed"),
        ("night_train", "jo"),
    ]
    assert ignored == [str(tmp_path / "dawn.aup3")]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["nigth_train.jo.txt"], r"'nigth_train' is no film of the corpus\n.*\n.*'night_train'"),
        (["dawn.jo.txt", "dawn.jo.vtt"], r"is one of 2 files of dawn by jo"),
        (["dawn.Jo.txt", "dawn.jo.txt"], r"is one of 2 files of dawn by jo"),
        (["dawn.majority.txt"], r"'majority' means several annotators"),
        (["notes.md"], r"holds no annotation\n.*FILM_ID\.ANNOTATOR\.EXT"),
    ],
)
def test_list_annotations_bad_names_are_all_reported(tmp_path, names, message):
    with pytest.raises(ConfigError, match=message) as raised:
        list_annotations(make_folder(tmp_path, *names), ["night_train", "dawn"])
    assert len(raised.value.problems) == len(names)


def test_list_annotations_missing_folder_is_reported(tmp_path):
    with pytest.raises(ConfigError, match=r"config: cues\.annotations: .*marks does not exist"):
        list_annotations(tmp_path / "marks", ["dawn"])


@pytest.fixture
def read_all(tmp_path):
    """Read label tracks, by film and annotator, of a corpus with one film of 100 s."""
    row = ("night_train", "Night Train", 2001, ("Drama",), 100.0, True, 4)
    tables.write_table(
        pd.DataFrame([row], columns=tables.FILMS.names), tmp_path / "films.tsv", tables.FILMS
    )
    tables.write_table(TRACKS, tmp_path / "tracks.tsv", tables.TRACKS)

    def read(texts):
        files = []
        for (film, annotator), text in texts.items():
            path = tmp_path / f"{film}.{annotator}.txt"
            path.write_text(text)
            files.append([film, annotator, str(path)])
        outputs = {name: tmp_path / f"{name}.tsv" for name in ("annotations", "annotators")}
        read_annotations(files, tmp_path / "films.tsv", tmp_path / "tracks.tsv", **outputs)
        return (
            tables.read_table(outputs["annotations"], tables.ANNOTATIONS),
            tables.read_table(outputs["annotators"], tables.ANNOTATORS),
        )

    return read


def test_read_annotations_joins_annotators_and_leaves_out_unused_films(read_all):
    annotations, annotators = read_all(
        {
            ("night_train", "jo"): "0\t10\tt0\n5\t12\tt0\n10\t14\tt1\n",
            ("night_train", "al"): "",
            ("skipped", "jo"): "no time\n",
        }
    )
    assert annotations.values.tolist() == [
        ["night_train", "jo", 0.0, 12.0, "t0", False],
        ["night_train", "jo", 10.0, 14.0, "t1", False],
    ]
    assert annotators.values.tolist() == [
        ["night_train", "jo", "night_train.jo.txt", 2, 14.0, 100.0],
        ["night_train", "al", "night_train.al.txt", 0, 0.0, 100.0],
    ]


def test_read_annotations_lists_the_problems_of_all_files(read_all):
    with pytest.raises(ConfigError) as raised:
        read_all({("night_train", "jo"): "x\t1\n3\t2\n", ("night_train", "al"): "1\t2\t?\n"})
    assert [problem.where.rsplit("/")[-1] for problem in raised.value.problems] == [
        "night_train.jo.txt, line 1",
        "night_train.jo.txt, line 2",
        "night_train.al.txt, line 1",
    ]


def test_read_annotations_no_film_in_use_is_an_error(read_all):
    with pytest.raises(ConfigError, match="no film with annotations is in use"):
        read_all({("skipped", "jo"): "1\t2\n"})
