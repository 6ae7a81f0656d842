"""Corrections of cues: every verdict, what a row holds on to, and tables that are written."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorelens import __version__, tables
from scorelens.cues.corrections.apply import apply_corrections
from scorelens.cues.corrections.correct import correct_film
from scorelens.cues.corrections.summary import summarize_corrections
from tests.album_tables import write_tracks
from tests.correction_tables import cells, corrections, new
from tests.cue_tables import cue_table

TRACKS = {"theme": 200.0, "chase": 60.0, "love": 90.0}
DURATION_S = 300.0
CUES = cue_table(
    "a", ("theme", 10, 40, 5), ("chase", 50, 70, 0), ("love", 100, 130, 20), ("theme", 150, 180, 60)
).assign(speed=[1.04, 1.0, 1.0, 1.0], equal_starts_s=[(1.0, 90.0), (), (), ()])
THEME, CHASE, LOVE = (10, 40, "theme"), (50, 70, "chase"), (100, 130, "love")
SPAN = ["track_id", "film_start_s", "film_end_s", "track_start_s", "verdict"]


def corrected(*rows, cues=CUES, duration_s=DURATION_S):
    return apply_corrections(cues, corrections(*rows), TRACKS, duration_s)


def spans(*rows, **more) -> list[tuple]:
    """Track, start, end, start in the track and verdict of each corrected cue."""
    cues, _ = corrected(*rows, **more)
    tables.to_arrow(cues, tables.CUES)
    return [tuple(row) for row in cues[SPAN].round(6).itertuples(index=False)]


UNCHANGED = [
    ("theme", 10, 40, 5, ""),
    ("chase", 50, 70, 0, ""),
    ("love", 100, 130, 20, ""),
    ("theme", 150, 180, 60, ""),
]


def test_right_sets_the_verdict_and_nothing_else():
    cues, decisions = corrected(cells("right", LOVE))
    assert cues.verdict.tolist() == ["", "", "right", ""]
    # The numbers of the ids are those of the corrected table.
    columns = [name for name in CUES if name not in ("verdict", "cue_id")]
    pd.testing.assert_frame_equal(cues[columns], CUES[columns], check_dtype=False)
    assert decisions[["state", "matched_cue_id", "cue_id"]].to_numpy().tolist() == [
        ["applied", "cue_0002", "cue_0003"]
    ]


def test_wrong_takes_the_cue_out_and_numbers_the_others():
    cues, decisions = corrected(cells("wrong", CHASE))
    assert cues.track_id.tolist() == ["theme", "love", "theme"]
    assert cues.cue_id.tolist() == ["cue_0001", "cue_0002", "cue_0003"]
    assert decisions.iloc[0][["state", "matched_cue_id", "cue_id"]].tolist() == [
        "applied", "cue_0001", "",
    ]  # fmt: skip


def test_wrong_of_every_cue_gives_an_empty_table_of_the_schema():
    cues, _ = corrected(*(cells("wrong", tuple(row)[1:3] + row[:1]) for row in UNCHANGED))
    assert tables.to_arrow(cues, tables.CUES).num_rows == 0


def test_remark_without_verdict_changes_no_cue_and_is_a_decision():
    row = cells("", CHASE, diegetic="yes", note="a radio")
    assert spans(row) == UNCHANGED
    assert corrected(row)[1].iloc[0][["state", "diegetic", "note"]].tolist() == [
        "applied", "yes", "a radio",
    ]  # fmt: skip


def test_moved_start_moves_the_start_in_the_track_by_speed():
    cues, _ = corrected(cells("changed", THEME, **new(12.5)))
    cue = cues.iloc[0]
    assert (cue.film_start_s, cue.film_end_s, cue.verdict) == (12.5, 40, "changed")
    assert cue.track_start_s == pytest.approx(5 + 2.5 * 1.04)
    assert cue.equal_starts_s == pytest.approx((1 + 2.6, 90 + 2.6))
    assert (cue.score, cue.confidence) == (50, 0.9)


def test_start_moved_before_the_track_begins_starts_with_the_track():
    cues, _ = corrected(cells("changed", THEME, **new(4)))
    assert cues.iloc[0].track_start_s == 0  # 5 s - 6 s * 1.04 is before it
    assert cues.iloc[0].equal_starts_s == pytest.approx((90 - 6 * 1.04,))


def test_moved_end_and_given_start_in_the_track():
    assert spans(cells("changed", LOVE, **new(end=140)))[2] == ("love", 100, 140, 20, "changed")
    cues, _ = corrected(cells("changed", THEME, **new(12, 35, "theme", 77)))
    assert cues.iloc[0][SPAN].tolist() == ["theme", 12, 35, 77, "changed"]
    assert cues.iloc[0].equal_starts_s == ()


def test_another_track_has_the_start_given_or_its_beginning_and_no_score():
    cues, _ = corrected(
        cells("changed", CHASE, **new(track="love", at=33)),
        cells("changed", THEME, **new(track="chase")),
    )
    assert cues.iloc[1][SPAN].tolist() == ["love", 50, 70, 33, "changed"]
    assert cues.iloc[0][SPAN].tolist() == ["chase", 10, 40, 0, "changed"]
    assert cues.iloc[0].speed == 1.04
    assert cues.score.isna().tolist() == [True, True, False, False]
    assert cues.confidence.tolist() == [1, 1, 0.9, 0.9]


def test_missed_cue_is_added_in_order_of_time_at_the_speed_of_the_film():
    cues = CUES.assign(speed=25 / 24, tempo=25 / 24, pitch_semitones=0.7067)
    result, decisions = corrected(cells("missed", **new(80, 95, "love", 12)), cues=cues)
    added = result.iloc[2]
    assert added[SPAN].tolist() == ["love", 80, 95, 12, "missed"]
    assert added[["speed", "tempo", "pitch_semitones"]].tolist() == [25 / 24, 25 / 24, 0.7067]
    assert np.isnan(added.score)
    assert (added.confidence, added.cue_id) == (1, "cue_0003")
    assert decisions.iloc[0][["matched_cue_id", "cue_id"]].tolist() == ["", "cue_0003"]


def test_missed_cue_of_a_film_without_cues_plays_at_the_speed_of_the_album():
    rows = spans(cells("missed", **new(80, 95, "love")), cues=CUES[:0])
    assert rows == [("love", 80, 95, 0, "missed")]


def test_end_up_to_a_second_after_the_film_is_cut():
    assert spans(cells("changed", LOVE, **new(end=300.8)))[2][2] == 300
    assert spans(cells("missed", **new(290, 301, "love")))[-1][2] == 300


def test_verdict_holds_on_to_a_cue_2_s_elsewhere_but_not_of_another_track():
    assert spans(cells("right", (12, 42, "theme")))[0][-1] == "right"
    assert spans(cells("right", (8, 38, "theme")))[0][-1] == "right"
    cues, decisions = corrected(cells("wrong", (12, 42, "love")), cells("wrong", (40, 55, "theme")))
    assert len(cues) == 4
    assert decisions.state.tolist() == ["unmatched", "unmatched"]
    assert (
        decisions.reason.tolist() == ["no cue of this track shares more than half of its time"] * 2
    )


def test_half_of_the_shorter_is_too_little_and_more_is_enough():
    assert spans(cells("wrong", (40 - 5, 45, "theme"))) == UNCHANGED
    assert len(spans(cells("wrong", (40 - 5.01, 45, "theme")))) == 3


SPLIT = cue_table("a", ("theme", 10, 22, 5), ("chase", 50, 70, 0), ("theme", 24, 40, 19))


def test_verdict_on_a_cue_that_was_split_is_of_the_part_with_the_larger_overlap():
    assert spans(cells("wrong", THEME), cues=SPLIT) == [
        ("theme", 10, 22, 5, ""),
        ("chase", 50, 70, 0, ""),
    ]


def test_changed_cue_that_was_split_takes_in_its_other_parts():
    """The person's edges count, and the part that nobody checked is inside them."""
    assert spans(cells("changed", THEME, **new(10, 41)), cues=SPLIT) == [
        ("theme", 10, 41, 19 - 14, "changed"),
        ("chase", 50, 70, 0, ""),
    ]


def test_missed_cue_that_the_matcher_finds_later_is_that_cue_with_the_edges_of_the_person():
    row = cells("missed", **new(98, 131, "love"))
    cues, decisions = corrected(row)
    assert cues.iloc[2][SPAN].tolist() == ["love", 98, 131, 18, "changed"]
    assert (len(cues), cues.iloc[2].score) == (4, 50)
    assert decisions.iloc[0].matched_cue_id == "cue_0002"


def test_last_row_of_a_cue_counts_as_a_whole():
    cues, decisions = corrected(
        cells("changed", LOVE, **new(105, 125)), cells("changed", LOVE, **new(end=128))
    )
    assert cues.iloc[2][SPAN].tolist() == ["love", 100, 128, 20, "changed"]
    assert decisions.state.tolist() == ["replaced", "applied"]
    assert spans(cells("wrong", LOVE), cells("", LOVE)) == UNCHANGED


def test_row_may_name_a_cue_as_it_was_corrected():
    """A page that shows the corrected cues writes their edges and tracks."""
    changed = cells("changed", LOVE, **new(90, 140, "chase", 3))
    again = cells("changed", (90, 140, "chase"), **new(end=120))
    assert spans(changed, again)[2] == ("chase", 90, 120, 3, "changed")
    assert spans(changed, cells("right", (90, 140, "chase")))[2] == ("chase", 90, 140, 3, "changed")
    assert spans(changed, cells("right", LOVE))[2] == ("love", 100, 130, 20, "right")
    assert len(spans(changed, cells("wrong", (90, 140, "chase")))) == 3


def test_added_cue_is_replaced_or_taken_out_by_later_rows():
    missed = cells("missed", **new(80, 95, "love"))
    moved = cells("missed", **new(82, 96, "love", 1))
    added = (82, 96, "love")
    assert spans(missed, moved)[2] == ("love", 82, 96, 1, "missed")
    assert spans(missed, moved, cells("changed", added, **new(83)))[2] == (
        "love", 83, 96, 2, "missed",
    )  # fmt: skip
    assert spans(missed, moved, cells("wrong", added)) == UNCHANGED


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (cells("changed", LOVE, **new(track="lvoe")), "the album has no track lvoe"),
        (cells("missed", **new(80, 95, "lvoe")), "the album has no track lvoe"),
        (cells("changed", LOVE, **new(130)), "it would start at 130.000 s and end at 130.000 s"),
        (cells("changed", LOVE, **new(end=301.1)), "after the end of the film (300.000 s)"),
        (cells("missed", **new(300, 300.5, "love")), "after the end of the film (300.000 s)"),
        (cells("missed", **new(80, 95, "love", 90)), "after the end of the track (90.000 s)"),
    ],
)
def test_row_that_cannot_be_applied_is_listed_with_its_reason(row, reason):
    cues, decisions = corrected(cells("right", LOVE), row)
    assert cues.verdict.tolist() == ["", "", "right", ""]
    assert decisions.state.tolist() == ["applied", "unmatched"]
    assert reason in decisions.reason[1]


# Cues of one track each, apart, so that no row fits another cue once its own is gone.
BY_TRACK = cue_table("a", ("theme", 10, 40, 5), ("chase", 50, 70, 0), ("love", 100, 130, 20))
times = st.integers(0, 3000).map(lambda tenths: tenths / 10)
optional_times = st.one_of(st.just(""), times)


def row_of(cue, verdict, shift, start="", end="") -> tuple[str, ...]:
    """A row about a cue that the matcher had `shift` s elsewhere."""
    moved = new(start, end) if verdict == "changed" else {}
    return cells(verdict, (cue[0] + shift, cue[1] + shift, cue[2]), **moved)


verdicts, shifts = st.sampled_from(["right", "wrong", "changed", ""]), st.integers(-3, 3)
checked_rows = st.builds(
    row_of, st.sampled_from([THEME, CHASE, LOVE]), verdicts, shifts, optional_times, optional_times
)
missed_rows = st.builds(
    lambda at, length, track: cells("missed", **new(at, at + length, track)),
    times,
    st.integers(1, 60),
    st.sampled_from([*TRACKS, "x"]),
)
one_row_a_cue = st.tuples(
    *(
        st.builds(row_of, st.just(cue), verdicts, shifts, optional_times, optional_times)
        for cue in (THEME, CHASE, LOVE)
    ),
    missed_rows,
)


@given(st.lists(checked_rows | missed_rows, max_size=6))
def test_rows_given_twice_equal_rows_given_once(rows):
    once, twice = corrected(*rows, cues=BY_TRACK)[0], corrected(*rows, *rows, cues=BY_TRACK)[0]
    assert set(once.track_id) <= set(TRACKS)
    assert (once.film_end_s > once.film_start_s).all()
    assert once.film_start_s.is_monotonic_increasing
    pd.testing.assert_frame_equal(once, twice)


@given(one_row_a_cue)
def test_corrected_cues_corrected_again_are_the_same(rows):
    once, _ = corrected(*rows, cues=BY_TRACK)
    pd.testing.assert_frame_equal(once, corrected(*rows, cues=once)[0])


@pytest.fixture
def film(tmp_path):
    """The tables that the corrected cues of a film are made from, and how to write them."""
    tracks = [("a", name, f"{name}.flac", length_s, 44100) for name, length_s in TRACKS.items()]
    status = {"film_id": "a", "status": "ok", "duration_s": DURATION_S, "has_picture": True}
    status |= {"problems": "", "notes": "", "tracks": 3, "video_sha256": "ab", "video_bytes": 9}
    status |= {"frame_rate_hz": 25.0}
    inputs = {name: tmp_path / name for name in ("cues.parquet", "tracks.tsv", "status.tsv")}
    write_tracks(tracks, inputs["tracks.tsv"])
    tables.write_table(pd.DataFrame([status]), inputs["status.tsv"], tables.STATUS)
    tables.write_table(CUES, inputs["cues.parquet"], tables.CUES, {"method": "dejavu"})
    outputs = {
        "table": tmp_path / "corrected" / "a.parquet",
        "text": tmp_path / "corrected" / "a.tsv",
        "decisions": tmp_path / "decisions" / "a.tsv",
    }

    def write(*rows):
        correct_film(rows, *inputs.values(), outputs)
        return outputs

    return write


ROWS = (
    cells("right", THEME, annotator="anna", note="sure"),
    cells("wrong", CHASE, annotator="anna"),
    cells("changed", LOVE, annotator="ben", **new(end=140)),
    cells("right", (10, 40, "love"), annotator="ben"),
)


def test_files_of_a_film_have_the_cues_and_say_who_decided_what(film):
    paths = film(*ROWS)
    expected = [("theme", 10, 40, 5, "right"), ("love", 100, 140, 20, "changed"), UNCHANGED[3]]
    for name in ("table", "text"):
        cues = tables.read_table(paths[name], tables.CUES)
        assert [tuple(row) for row in cues[SPAN].itertuples(index=False)] == expected
    assert tables.read_provenance(paths["table"]) == {
        "version": __version__,
        "method": "dejavu",
        "corrections": tables.digest([list(row) for row in ROWS]),
        "verdicts": {"changed": 1, "right": 1, "wrong": 1},
        "annotators": {"anna": 2, "ben": 1},
        "unmatched": 1,
    }


def test_files_of_a_film_are_the_same_at_every_run(film):
    first = [path.read_bytes() for path in film(*ROWS).values()]
    assert [path.read_bytes() for path in film(*ROWS).values()] == first


def test_summary_counts_verdicts_and_lists_what_was_not_applied(film, tmp_path):
    decisions = film(*ROWS)["decisions"]
    outside = cells("right", (1, 2, "x"), film="gone", annotator="ben")
    names = ("decisions", "counts", "unmatched")
    outputs = {name: tmp_path / f"{name}.tsv" for name in names}
    summarize_corrections([decisions], {"a": ROWS, "gone": [outside]}, outputs)
    counts = tables.read_table(outputs["counts"], tables.CORRECTION_COUNTS)
    assert [tuple(row) for row in counts.itertuples(index=False)] == [
        ("anna", "right", 1, 1, 0, 0),
        ("anna", "wrong", 1, 1, 0, 0),
        ("ben", "changed", 1, 1, 0, 0),
        ("ben", "right", 2, 0, 0, 2),
    ]
    unmatched = tables.read_table(outputs["unmatched"], tables.UNMATCHED_CORRECTIONS)
    assert unmatched[["film_id", "track_id", "reason"]].to_numpy().tolist() == [
        ["a", "love", "no cue of this track shares more than half of its time"],
        ["gone", "x", "the film is not in the corpus, or left out of it"],
    ]
    assert len(tables.read_table(outputs["decisions"], tables.DECISIONS)) == 5


def test_summary_of_a_file_about_other_films_alone_lists_every_row(tmp_path):
    names = ("decisions", "counts", "unmatched")
    outputs = {name: tmp_path / f"{name}.tsv" for name in names}
    missed = cells("missed", film="gone", **new(1, 2, "x"))
    summarize_corrections([], {"gone": [missed]}, outputs)
    unmatched = tables.read_table(outputs["unmatched"], tables.UNMATCHED_CORRECTIONS)
    assert unmatched.new_film_end_s.tolist() == [2]
    assert unmatched.film_start_s.isna().all()
