"""The cues of the matcher scored against the corrections of films that were checked as a whole."""

import pandas as pd
import pytest

from scorelens import tables
from scorelens.cues import score
from scorelens.cues.corrections.apply import apply_corrections
from scorelens.cues.corrections.scores import is_checked, score_corrections
from tests.correction_tables import cells, corrections, new
from tests.cue_tables import FILMS, cue_table

TRACKS = {"theme": 200.0, "chase": 60.0}
CUES = cue_table("a", ("theme", 0, 40, 0), ("chase", 50, 60, 0), ("theme", 80, 90, 40))
WHOLE = (
    cells("changed", (0, 40, "theme"), **new(end=30)),
    cells("wrong", (50, 60, "chase")),
    cells("right", (80, 90, "theme")),
    cells("missed", **new(100, 120, "chase")),
)


def apply(*rows, cues=CUES):
    return apply_corrections(cues, corrections(*rows), TRACKS, 200.0)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (WHOLE, True),
        (WHOLE[1:], False),
        ((*WHOLE[:2], cells("", (80, 90, "theme"), note="?")), False),
        ((*WHOLE, cells("", (80, 90, "theme"), note="?")), False),
        ((*WHOLE[:2], cells("changed", (80, 90, "theme"), **new(75))), True),
    ],
    ids=["whole", "one unchecked", "a remark", "a verdict taken back", "moved"],
)
def test_film_is_checked_if_each_cue_has_a_verdict(rows, expected):
    assert is_checked(CUES, *apply(*rows)) is expected


def test_part_of_a_changed_cue_is_checked_with_it():
    cues = cue_table("a", ("theme", 0, 18, 0), ("theme", 20, 40, 20))
    rows = [cells("changed", (20, 40, "theme"), **new(0))]
    assert is_checked(cues, *apply(*rows, cues=cues))


@pytest.fixture
def scored(tmp_path):
    """Score films of rows of corrections: the tables by name."""

    def run(**films):
        paths = {"cues": [], "corrected": []}
        decisions = []
        for film, rows in films.items():
            frame, decided = apply(*(cells_of(film, row) for row in rows), cues=rename(film))
            decisions.append(decided)
            for name, cues in (("cues", rename(film)), ("corrected", frame)):
                paths[name].append(tmp_path / name / f"{film}.parquet")
                tables.write_table(cues, paths[name][-1], tables.CUES)
        tables.write_table(pd.concat(decisions), tmp_path / "decisions.tsv", tables.DECISIONS)
        schemas = {
            "films": tables.ANNOTATION_FILM_SCORES,
            "scores": tables.ANNOTATION_SCORES,
            "calibration": tables.CUE_CALIBRATION,
        }
        outputs = {name: tmp_path / f"{name}.tsv" for name in schemas}
        score_corrections(**paths, decisions=tmp_path / "decisions.tsv", outputs=outputs, seed=1)
        return {name: tables.read_table(outputs[name], table) for name, table in schemas.items()}

    return run


def rename(film):
    return CUES.assign(film_id=film)


def cells_of(film, row):
    return (film, *row[1:])


def test_scores_against_the_corrections_equal_counts_by_hand(scored):
    """Of 60 s predicted, 30 s of the first cue, a second at its end and the third are right."""
    tables_of = scored(a=WHOLE, b=WHOLE[:2])
    films = tables_of["films"].set_index("scope")
    assert tables_of["films"].film_id.unique().tolist() == ["a"]
    assert films.index.tolist() == ["album", "track"]
    row = films.loc["track"]
    assert (row.reference, row.predicted_s, row.correct_s) == ("corrections", 60, 31 + 10)
    assert (row.true_s, row.matched_s) == (30 + 10 + 20, 40)
    assert (row.predicted_cues, row.correct_cues, row.true_cues, row.matched_cues) == (3, 2, 3, 2)
    scores = tables_of["scores"].set_index(["scope", "measure"])
    assert scores.loc[("track", "precision"), "mean"] == pytest.approx(41 / 60)
    assert scores.loc[("track", "recall"), "mean"] == pytest.approx(40 / 60)
    calibration = tables_of["calibration"].set_index("scope")
    assert calibration.loc["track", ["cues", "right"]].tolist() == [3, pytest.approx(2 / 3)]


def test_no_film_checked_as_a_whole_gives_tables_without_rows(scored):
    assert [len(table) for table in scored(a=WHOLE[1:]).values()] == [0, 0, 0]


def test_score_table_has_the_matcher_s_rows_unchanged_and_others_after_the_corrections():
    film, cues, truth = FILMS[0]
    before = score.score_films(FILMS)
    right = cues.assign(
        film_start_s=[10.2, 41.0, 60.9, 97.0, 95.3], film_end_s=[40.7, 61.5, 80.2, 103.0, 120.0]
    )[~cues.index.isin([2, 3])]
    after = score.score_films(FILMS, {film: right})
    pd.testing.assert_frame_equal(after[: len(before)], before)
    more = after[len(before) :].set_index(["group", "value"])
    assert list(more.index) == [("corrected_all", "all"), ("corrected_film", "a")]
    assert more.loc[("corrected_film", "a"), ["time_precision", "time_recall"]].tolist() == [1, 1]
    pooled = score.count(right, truth) + score.count(*FILMS[1][1:])
    row = more.loc[("corrected_all", "all")]
    assert row.time_recall == pytest.approx(pooled.found_s / pooled.true_s)
    assert row.predicted_cues == 3 + 2
