"""Scores of cues against counts by hand and the scorer of the film benchmark."""

import math

import pandas as pd
import pytest

from scorelens import tables
from scorelens.cues import score
from tests.cue_tables import FILMS, cue_table, truth_table

# Output for these two films of the scorer of the film benchmark, which defines the metrics.
# (time precision, time recall, time F1, cue precision, cue recall, true seconds, true cues)
REFERENCE = {
    ("all", "all"): (
        0.7272727272727273,
        0.6475409836065574,
        0.6850948509485095,
        4 / 7,
        0.8,
        122,
        5,
    ),
    ("film", "a"): (0.6951219512195121, 0.7402597402597403, 0.7169811320754716, 0.6, 1, 77, 3),
    ("film", "b"): (0.8214285714285714, 0.4888888888888889, 0.6129618413082979, 0.5, 0.5, 45, 2),
    ("snr", "5"): (1.0, 1.0, 1.0, math.nan, 1.0, 22, 1),
    ("snr", "0"): (
        0.9032258064516129,
        0.5185185185185185,
        0.6588235294117647,
        math.nan,
        0.5,
        54,
        2,
    ),
    ("snr", "-10"): (
        0.8055555555555556,
        0.6304347826086957,
        0.7073170731707318,
        math.nan,
        1.0,
        46,
        2,
    ),
}


@pytest.fixture(scope="module")
def scores() -> pd.DataFrame:
    return score.score_films(FILMS).set_index(["group", "value"])


def test_rows_are_pooled_then_by_film_then_by_descending_snr(scores):
    assert scores.index.tolist() == list(REFERENCE)
    tables.to_arrow(scores.reset_index(), tables.CUE_SCORES)


@pytest.mark.parametrize("row", REFERENCE, ids=" ".join)
def test_metrics_equal_the_benchmark_scorer(scores, row):
    names = tables.CUE_SCORES.names[2:9]
    assert scores.loc[row, names].tolist() == pytest.approx(REFERENCE[row], abs=1e-12, nan_ok=True)


def test_decoy_seconds_and_predicted_cues_by_hand(scores):
    assert scores.decoy_s.tolist() == [10, 10, 0, 0, 0, 0]  # theme from 70 to 80.2 s of film a
    assert scores.predicted_cues.tolist() == [7, 5, 2, 1, 2, 3]


def test_boundary_error_is_the_median_over_both_edges_of_correct_cues(scores):
    edges = sorted([0.8, 1.5, 4.5, 3.5, 7.7, 1.0, 0.4, 2.9])
    assert scores.boundary_error_s["all", "all"] == pytest.approx((edges[3] + edges[4]) / 2)
    assert scores.boundary_error_s["snr", "5"] == pytest.approx((0.4 + 2.9) / 2)
    assert scores.boundary_error_90_s["all", "all"] == pytest.approx(4.5 + 0.3 * (7.7 - 4.5))


def test_offset_error_is_the_median_error_of_the_track_position(scores):
    # True track positions at the cue starts: 5.8, 4.5, 57.7 and 11.6 s.
    assert scores.offset_error_s["film", "a"] == pytest.approx(0.2)
    assert scores.offset_error_s["all", "all"] == pytest.approx((0.2 + 0.3) / 2)


def test_cue_is_placed_if_its_start_or_an_equal_start_is_within_tolerance():
    truth = truth_table("f", ("theme", 10, 20, 30, 0, False))
    for start_s, equal_starts_s, placed_cues in (
        (30.09, (), 1),
        (30.2, (), 0),
        (50.0, (7.0, 30.05), 1),
        (50.0, (7.0, 31.0), 0),
    ):
        cues = cue_table("f", ("theme", 10, 20, start_s))
        cues = cues.assign(equal_starts_s=[equal_starts_s])
        counts = score.count(cues, truth)
        assert (counts.placed_cues, len(counts.offset_errors_s)) == (placed_cues, 1)


def test_cue_is_correct_if_at_least_half_of_it_overlaps_the_truth():
    truth = truth_table("f", ("theme", 10, 20, 0, 0, False))
    half = score.count(cue_table("f", ("theme", 15, 25, 0)), truth)
    less = score.count(cue_table("f", ("theme", 15.1, 25.1, 0)), truth)
    assert (half.correct_cues, half.found_cues) == (1, 1)
    assert (less.correct_cues, less.found_cues) == (0, 0)


def test_cue_edges_have_one_second_of_tolerance():
    truth = truth_table("f", ("theme", 10, 20, 0, 0, False))
    counts = score.count(cue_table("f", ("theme", 8, 22, 0)), truth)
    assert (counts.predicted_s, counts.correct_s) == (14, 12)
    assert (counts.true_s, counts.found_s) == (10, 10)


def test_overlapping_cues_count_once_per_second_and_track():
    truth = truth_table("f", ("theme", 10, 20, 0, 0, False))
    cues = cue_table("f", ("theme", 10, 15, 0), ("theme", 12, 17, 2), ("chase", 12, 14, 0))
    counts = score.count(cues, truth)
    assert (counts.predicted_s, counts.correct_s) == (9, 7)


def test_precision_is_nan_and_recall_0_without_predicted_cues():
    row = score.score_films([("f", cue_table("f"), FILMS[0][2])]).iloc[0]
    assert math.isnan(row.time_precision)
    assert math.isnan(row.boundary_error_s)
    assert (row.time_recall, row.cue_recall, row.time_f1, row.predicted_cues) == (0, 0, 0, 0)


def test_recall_is_nan_and_precision_0_without_true_cues():
    row = score.score_films([("f", cue_table("f", ("theme", 1, 9, 0)), truth_table("f"))]).iloc[0]
    assert math.isnan(row.time_recall)
    assert (row.time_precision, row.cue_precision, row.true_s) == (0, 0, 0)


def test_score_cues_reads_tables_and_writes_scores(tmp_path):
    cues, truths = [], []
    for film, predicted, true in FILMS:
        cues.append(tmp_path / f"{film}.parquet")
        truths.append(tmp_path / f"{film}.tsv")
        tables.write_table(predicted, cues[-1], tables.CUES)
        tables.write_table(true, truths[-1], tables.TRUTH)
    score.score_cues(cues, truths, tmp_path / "scores.tsv")
    written = tables.read_table(tmp_path / "scores.tsv", tables.CUE_SCORES)
    assert list(zip(written.group, written.value, strict=True)) == list(REFERENCE)
    assert written.time_f1[0] == pytest.approx(REFERENCE["all", "all"][2], abs=1e-12)
