"""Calibration of the confidence of cues."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorelens import tables
from scorelens.cues import calibration
from tests.cue_tables import cue_table, truth_table

TRUTH = truth_table(
    "f",
    ("theme", 10, 20, 0, 0, False),
    ("chase", 30, 40, 0, 0, False),
    ("love", 50, 60, 0, 0, False),
    ("other/x", 70, 80, 0, 0, True),
)
CUES = cue_table(
    "f",
    ("theme", 10, 20, 0),
    ("chase", 30, 40, 0),
    ("theme", 32, 38, 0),
    ("theme", 70, 80, 0),
).assign(confidence=[0.95, 0.55, 0.51, 0.97])


def test_bins_count_cues_and_the_share_of_correct_ones():
    frame = calibration.bin_confidence([(CUES, TRUTH)])
    tables.to_arrow(frame, tables.CUE_CONFIDENCE)
    assert frame.cues.tolist() == [0] * 5 + [2] + [0] * 3 + [2]
    low, high = frame.iloc[5], frame.iloc[9]
    assert (low.confidence, low.right) == (pytest.approx(0.53), 0.5)
    assert (high.confidence, high.right) == (pytest.approx(0.96), 0.5)
    # Wilson interval of 1 of 2, from R's binom::binom.wilson.
    assert (low.right_low, low.right_high) == pytest.approx((0.0945, 0.9055), abs=1e-4)


def test_bins_have_precision_and_recall_above_their_threshold():
    frame = calibration.bin_confidence([(CUES, TRUTH)])
    assert frame.cue_precision.tolist() == [0.5] * 6 + [0.5] * 4
    assert frame.cue_recall.tolist() == pytest.approx([2 / 3] * 6 + [1 / 3] * 4)


def test_calibration_error_is_the_mean_distance_weighted_by_cues():
    frame = calibration.bin_confidence([(CUES, TRUTH), (CUES.iloc[:1], TRUTH)])
    expected = (2 * abs(0.53 - 0.5) + 3 * abs(np.mean([0.95, 0.97, 0.95]) - 2 / 3)) / 5
    assert calibration.calibration_error(frame) == pytest.approx(expected)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_every_cue_is_in_a_bin(confidence):
    spans = [("theme", 10 + k, 11 + k, 0) for k in range(len(confidence))]
    cues = cue_table("f", *spans).assign(confidence=confidence)
    frame = calibration.bin_confidence([(cues, TRUTH)])
    assert frame.cues.sum() == len(confidence)
    filled = frame[frame.cues > 0]
    assert (filled.confidence >= filled.confidence_low - 1e-9).all()
    assert (filled.confidence <= filled.confidence_high + 1e-9).all()
    assert 0 <= calibration.calibration_error(frame) <= 1


def test_no_cues_give_error_nan_and_a_figure(tmp_path):
    frame = calibration.bin_confidence([(CUES[:0], TRUTH)])
    assert np.isnan(calibration.calibration_error(frame))
    assert frame.cue_recall.tolist() == [0] * 10
    calibration.draw_confidence(frame, np.nan, tmp_path / "c.svg")
    assert "no cue was found" in (tmp_path / "c.svg").read_text()


def test_calibrate_cues_writes_table_and_figure(tmp_path):
    paths = {"cues": tmp_path / "f.parquet", "truth": tmp_path / "f.tsv"}
    tables.write_table(CUES, paths["cues"], tables.CUES)
    tables.write_table(TRUTH, paths["truth"], tables.TRUTH)
    outputs = tmp_path / "confidence.tsv", tmp_path / "confidence.svg"
    calibration.calibrate_cues([paths["cues"]], [paths["truth"]], *outputs)
    written = tables.read_table(outputs[0], tables.CUE_CONFIDENCE)
    pd.testing.assert_frame_equal(
        written, calibration.bin_confidence([(CUES, TRUTH)]), check_dtype=False
    )
    assert ">4 cues, calibration error 0.245<" in outputs[1].read_text()
