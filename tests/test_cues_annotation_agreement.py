"""Agreement of the annotators of a film, by hand and in simulated annotations."""

import numpy as np
import pytest

from scorelens.cues.annotations.agreement import compare_annotators, edge_f1, label_seconds
from scorelens.evaluation.agreement import MISSING
from scorelens.mask_runs import mask_runs
from tests.annotation_tables import span_table


def values_of(by_annotator, duration_s):
    frame = compare_annotators(by_annotator, duration_s)
    return frame.set_index(["first", "second", "scope", "measure"]).value.sort_index()


def test_label_seconds_have_no_music_off_album_unknown_and_tracks():
    spans = span_table((1, 4, "theme"), (3, 5, "chase"), (6, 7, "-"), (8, 9.4, ""))
    labels = label_seconds({"a": spans}, "track", 9.4)["a"]
    # The chase that starts later counts where both play; 8.5 is the last middle in the film.
    assert labels.tolist() == [0, 3, 3, 2, 2, 0, 1, 0, MISSING]
    assert label_seconds({"a": spans}, "album", 9.4)["a"].tolist() == [0, 1, 1, 1, 1, 0, 0, 0, 1]
    assert label_seconds({"a": spans}, "music", 9.4)["a"].tolist() == [0, 1, 1, 1, 1, 0, 1, 0, 1]


def test_compare_annotators_two_equal_values_by_hand():
    values = values_of(
        {
            "jo": span_table((0, 40, "theme"), (60, 80, "chase"), (90, 100, "-")),
            "al": span_table((10, 40, "theme"), (62, 82, "theme")),
        },
        100.0,
    )
    pair = values["al", "jo"]
    # Music: both 48 s, jo alone 22, al alone 2, neither 28.
    assert pair["music", "same_s"] == pytest.approx(0.76)
    expected = 0.5 * 0.7 + 0.5 * 0.3
    assert pair["music", "kappa"] == pytest.approx((0.76 - expected) / (1 - expected))
    assert pair["music", "f1"] == pytest.approx(2 * 48 / (50 + 70))
    assert pair["album", "f1"] == pytest.approx(2 * 48 / (50 + 60))
    # Starts 0, 60, 90 and 10, 62: one pair; ends 40, 80, 100 and 40, 82: two.
    assert pair["music", "edge_f1"] == pytest.approx(2 * 3 / (6 + 4))
    # Tracks: theme together for 30 s; of the others, 28 s without music are the same.
    assert pair["track", "same_s"] == pytest.approx(0.58)
    assert pair["track", "f1"] == pytest.approx(2 * 30 / (50 + 60))
    assert pair["track", "edge_f1"] == pytest.approx(2 * 1 / (4 + 4))
    assert values["all", "all", "music", "alpha"] < pair["music", "kappa"]


def test_compare_annotators_without_tracks_have_no_agreement_on_tracks():
    values = values_of({"jo": span_table((0, 9, "theme")), "al": span_table((0, 9, ""))}, 20.0)
    assert set(values.index.get_level_values("scope")) == {"music", "album"}
    assert values["al", "jo", "album", "kappa"] == 1


def test_compare_annotators_equal_films_of_music_have_no_kappa():
    spans = span_table((0, 20, "theme"))
    values = values_of({"jo": spans, "al": spans}, 20.0)
    assert values["al", "jo", "music", "same_s"] == 1
    assert np.isnan(values["al", "jo", "music", "kappa"])
    assert np.isnan(values["all", "all", "track", "alpha"])


def test_compare_annotators_one_has_nothing_to_compare_with():
    assert compare_annotators({"jo": span_table((0, 9, "theme"))}, 20.0).empty


def test_edge_f1_counts_each_edge_once_within_three_seconds():
    one = span_table((10, 20, ""))[["film_start_s", "film_end_s", "track_id"]]
    two = span_table((8, 17, ""), (11, 16.9, ""))[["film_start_s", "film_end_s", "track_id"]]
    assert edge_f1(one, two) == pytest.approx(2 / 3)
    assert np.isnan(edge_f1(one[:0], two[:0]))
    assert edge_f1(one, two[:0]) == 0


def test_compare_annotators_noise_of_seconds_gives_expected_kappa():
    """Two who flip each second with probability e have kappa 1 - 4e(1 - e) at even shares."""
    random = np.random.default_rng(7)
    truth = random.random(20_000) < 0.5
    annotated = {
        name: span_table(*((*run, "") for run in mask_runs(truth ^ (random.random(20_000) < 0.1))))
        for name in ("a", "b", "c")
    }
    values = values_of(annotated, 20_000.0)
    assert values["a", "b", "music", "kappa"] == pytest.approx(0.64, abs=0.02)
    assert values["all", "all", "music", "alpha"] == pytest.approx(0.64, abs=0.02)
