"""Scores of cues against annotations: by hand, against the scores of made corpora, over films."""

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

from scorelens import tables
from scorelens.cues import calibration, score
from scorelens.cues.annotations import MAJORITY, evaluate
from scorelens.cues.annotations.confidence import paired_cues
from scorelens.cues.annotations.film_scores import RATIOS, score_film, with_measures
from scorelens.cues.annotations.reference import majority_spans, make_references
from tests.annotation_tables import annotation_table, span_table
from tests.cue_tables import FILMS, cue_table, truth_table

SPANS = span_table((10, 20, "theme"), (30, 40, ""), (50, 55, "-"))
CUES = cue_table("f", ("theme", 9, 19, 0), ("chase", 32, 36, 0), ("theme", 50, 54, 0))


def scores_of(cues, spans):
    return score_film(cues, spans).set_index("scope")


def test_score_film_seconds_by_scope_equal_counts_by_hand():
    scores = scores_of(CUES, SPANS)
    columns = ["predicted_s", "correct_s", "true_s", "matched_s", "undecided_s"]
    assert scores[columns].T.to_dict("list") == {
        "music": [18, 18, 25, 17, 0],
        "album": [18, 14, 20, 13, 0],
        "track": [14, 10, 10, 9, 4],
    }
    assert scores.precision["album"] == pytest.approx(14 / 18)
    assert scores.recall["music"] == pytest.approx(17 / 25)
    assert scores.f1["track"] == pytest.approx(2 * (10 / 14) * 0.9 / (10 / 14 + 0.9))


def test_score_film_cues_by_scope_equal_counts_by_hand():
    scores = scores_of(CUES, SPANS)
    columns = ["predicted_cues", "correct_cues", "true_cues", "matched_cues", "edge_hits"]
    assert scores[columns].T.to_dict("list") == {
        "music": [3, 3, 3, 3, 2],  # 50 to 54 has both edges within 3 s of 50 to 55
        "album": [3, 2, 2, 2, 1],
        "track": [2, 1, 1, 1, 1],
    }
    # Of the album's runs: 9 against 10, 19 against 20, 32 against 30 and 36 against 40.
    assert scores.edge_error_s["album"] == pytest.approx(1.5)
    assert scores.edge_error_90_s["album"] == pytest.approx(2 + 0.7 * 2)
    assert (scores.cue_precision["track"], scores.edge_recall["track"]) == (0.5, 1.0)


@pytest.mark.parametrize(("film", "cues", "truth"), FILMS, ids=["a", "b"])
def test_score_film_right_track_equals_score_of_made_corpora(film, cues, truth):
    spans = truth.assign(off_album=truth.decoy, track_id=truth.track_id.mask(truth.decoy, ""))
    annotated = scores_of(cues, spans).loc["track"]
    made = score.count(cues, truth)
    columns = ["predicted_s", "correct_s", "true_s", "matched_s", "predicted_cues"]
    columns += ["correct_cues", "true_cues", "matched_cues"]
    names = [name.replace("matched", "found") for name in columns]
    assert annotated[columns].tolist() == [getattr(made, name) for name in names]
    assert annotated.edge_error_s == pytest.approx(np.median(made.boundary_errors_s))


def test_score_film_cues_against_themselves_are_perfect():
    cues = FILMS[0][1]
    spans = span_table(*zip(cues.film_start_s, cues.film_end_s, cues.track_id, strict=True))
    scores = scores_of(cues, spans)
    assert (scores[[*RATIOS, "f1", "cue_f1", "edge_f1"]] == 1).all(axis=None)
    assert (scores.edge_error_90_s == 0).all()


def test_score_film_annotation_without_tracks_scores_presence_alone():
    scores = scores_of(CUES, span_table((10, 20, ""), (50, 55, "")))
    assert scores.index.tolist() == ["music", "album"]
    assert scores.loc["music"].equals(scores.loc["album"])


def test_score_film_runs_of_music_within_a_second_are_one_cue():
    cues = cue_table("f", ("theme", 10, 20, 0), ("chase", 20.9, 30, 0), ("theme", 31.1, 40, 0))
    scores = scores_of(cues, span_table((10, 30, ""), (31.2, 40, "")))
    assert scores.loc["album", ["predicted_cues", "edge_hits", "edge_recall"]].tolist() == [2, 2, 1]


def test_score_film_no_cue_or_no_music_leaves_measures_undefined():
    silent, missed = scores_of(CUES, SPANS[:0]), scores_of(CUES[:0], SPANS)
    nothing = scores_of(CUES[:0], SPANS[:0])
    assert silent.loc["track", ["precision", "f1", "cue_precision", "cue_f1"]].tolist() == [0] * 4
    assert np.isnan(silent.loc["track", ["recall", "edge_error_s"]].astype(float)).all()
    assert missed.loc["album", ["recall", "f1", "cue_recall", "edge_f1"]].tolist() == [0] * 4
    assert np.isnan(missed.precision["album"])
    assert nothing[[*RATIOS, "f1"]].isna().all(axis=None)


def test_majority_spans_three_annotators_are_counted_by_the_second():
    spans = majority_spans(
        {
            "a": span_table((0, 10, "theme"), (20, 24, "chase"), (30, 34, "-"), (40, 44, "theme")),
            "b": span_table((2.4, 12, "theme"), (20, 24, "theme"), (30, 36, "-")),
            "c": span_table((4, 20, ""), (22, 24, ""), (33, 36, "theme")),
        }
    )
    # Music of a track that two of three name; then of the album alone; then off the album.
    expected = [
        (2, 10, "theme"), (10, 12, ""), (20, 24, ""), (30, 36, "-"),
    ]  # fmt: skip
    pd.testing.assert_frame_equal(spans, span_table(*expected), check_dtype=False)


def test_majority_spans_two_annotators_must_agree_and_one_is_unchanged():
    first, second = span_table((0.3, 10.4, "theme")), span_table((5.2, 20, "theme"))
    both = majority_spans({"a": first, "b": second})
    pd.testing.assert_frame_equal(both, span_table((5, 10, "theme")), check_dtype=False)
    assert majority_spans({"a": first}) is first
    assert majority_spans({"a": first[:0], "b": first[:0]}).empty


def test_over_films_interval_is_that_of_students_t_test_within_the_limits():
    values = pd.Series([0.91, 0.97, 0.99, 0.42, np.nan])
    summary = evaluate.over_films(values, (0, 1))
    expected = stats.ttest_1samp(values.dropna(), 0).confidence_interval(0.95)
    assert summary["low"] == pytest.approx(expected.low)
    assert expected.high > 1 and summary["high"] == 1
    assert (summary["films"], summary["mean"]) == (4, values.mean())


@pytest.mark.parametrize("films", [3, 5, 10, 29])
def test_over_films_interval_covers_the_mean_in_93_to_97_percent(films):
    """Recalls of films with the mean and the standard deviation of the study."""
    mean, sd = 0.47, 0.086
    size = mean * (1 - mean) / sd**2 - 1
    random = np.random.default_rng(0)
    samples = random.beta(mean * size, (1 - mean) * size, (2000, films))
    summaries = [evaluate.over_films(pd.Series(sample), (0, 1)) for sample in samples]
    covers = [summary["low"] <= mean <= summary["high"] for summary in summaries]
    assert 0.93 <= np.mean(covers) <= 0.97


def test_over_films_one_film_has_no_spread():
    summary = evaluate.over_films(pd.Series([0.5, np.nan]), (0, 1))
    assert (summary["films"], summary["mean"]) == (1, 0.5)
    assert np.isnan([summary["sd"], summary["low"], summary["high"]]).all()


@pytest.fixture
def evaluate_films(tmp_path):
    """Evaluate two films, of which the first has two annotators: their tables."""
    spans = {
        ("a", "jo"): span_table((10, 40, "theme"), (41, 61, "chase")),
        ("a", "al"): span_table((12, 40, "theme"), (95, 120, "theme")),
        ("b", "jo"): span_table((3, 25, "")),
    }
    annotations = pd.concat([annotation_table(*key, rows) for key, rows in spans.items()])
    who = [
        (film, name, f"{film}.{name}.txt", len(rows), 60.0, 130.0)
        for (film, name), rows in spans.items()
    ]
    inputs = {name: tmp_path / f"{name}.tsv" for name in ("annotations", "annotators")}
    tables.write_table(annotations, inputs["annotations"], tables.ANNOTATIONS)
    frame = pd.DataFrame(who, columns=tables.ANNOTATORS.names)
    tables.write_table(frame, inputs["annotators"], tables.ANNOTATORS)
    for film, cues, _ in FILMS:
        tables.write_table(cues, tmp_path / f"{film}.parquet", tables.CUES)
    schemas = {
        "scores": tables.ANNOTATION_SCORES,
        "films": tables.ANNOTATION_FILM_SCORES,
        "agreement": tables.ANNOTATION_AGREEMENT,
        "film_agreement": tables.ANNOTATION_FILM_AGREEMENT,
        "confidence": tables.ANNOTATION_CONFIDENCE,
        "calibration": tables.CUE_CALIBRATION,
    }
    outputs = {name: tmp_path / "out" / f"{name}.tsv" for name in schemas}
    outputs["figure"] = tmp_path / "out" / "confidence.svg"
    cues = [tmp_path / "a.parquet", tmp_path / "b.parquet"]

    def run(corrected=()):
        evaluate.evaluate_cues(cues, **inputs, outputs=outputs, seed=1, corrected=corrected)
        return {name: tables.read_table(outputs[name], table) for name, table in schemas.items()}

    return run


@pytest.fixture
def evaluated(evaluate_films):
    return evaluate_films()


def test_corrected_cues_are_scored_apart_and_leave_other_tables_as_they_are(
    evaluated, evaluate_films, tmp_path
):
    right = cue_table("a", ("theme", 10, 40, 5), ("chase", 41, 61, 0))
    tables.write_table(right, tmp_path / "corrected" / "a.parquet", tables.CUES)
    after = evaluate_films([tmp_path / "corrected" / "a.parquet"])
    for name in ("agreement", "film_agreement", "confidence", "calibration"):
        pd.testing.assert_frame_equal(after[name], evaluated[name])
    for name in ("scores", "films"):
        matched = after[name][after[name].cues == "matched"]
        pd.testing.assert_frame_equal(matched.reset_index(drop=True), evaluated[name])
    films = after["films"].set_index(["cues", "film_id", "reference", "scope"])
    assert films.loc[("corrected", "a", "jo", "track"), ["precision", "recall"]].tolist() == [1, 1]
    unchanged = [films.loc[(cues, "b", "jo", "album"), "f1"] for cues in ("matched", "corrected")]
    assert unchanged[0] == unchanged[1] < 1
    scores = after["scores"].set_index(["cues", "reference", "scope", "measure"])
    mean = scores.loc[("corrected", "jo", "album", "f1"), "mean"]
    assert mean == pytest.approx((1 + unchanged[0]) / 2)


def test_evaluate_cues_rows_are_references_by_scope_and_means_over_their_films(evaluated):
    scores = evaluated["scores"].set_index(["reference", "scope", "measure"])
    films = evaluated["films"].set_index(["film_id", "reference", "scope"])
    assert scores.films[:, :, "f1"].to_dict() == {
        ("jo", "music"): 2, ("jo", "album"): 2, ("jo", "track"): 1,
        ("al", "music"): 1, ("al", "album"): 1, ("al", "track"): 1,
        (MAJORITY, "music"): 2, (MAJORITY, "album"): 2, (MAJORITY, "track"): 1,
    }  # fmt: skip
    recalls = films.recall[:, "jo", "album"]
    row = scores.loc["jo", "album", "recall"]
    assert row["mean"] == pytest.approx(recalls.mean())
    assert row["sd"] == pytest.approx(abs(recalls.iloc[0] - recalls.iloc[1]) / np.sqrt(2))
    half = stats.t.ppf(0.975, 1) * row["sd"] / np.sqrt(2)
    assert (row["low"], row["high"]) == pytest.approx(
        (max(row["mean"] - half, 0), min(row["mean"] + half, 1))
    )
    counts = films.loc[(slice(None), "jo", "album"), ["matched_s", "true_s"]].sum()
    assert row["pooled"] == pytest.approx(counts.matched_s / counts.true_s)


def test_evaluate_cues_agreement_is_of_films_with_two_annotators(evaluated):
    agreement = evaluated["agreement"].set_index(["first", "second", "scope", "measure"])
    assert set(agreement.films) == {1}
    # Of 130 s both mark 28, jo alone 22 and al alone 25.
    assert agreement["mean"]["al", "jo", "music", "same_s"] == pytest.approx((130 - 47) / 130)
    assert agreement["mean"]["al", "jo", "music", "f1"] == pytest.approx(2 * 28 / (2 * 28 + 47))
    assert evaluated["film_agreement"].film_id.unique().tolist() == ["a"]


def test_evaluate_cues_calibration_counts_cues_that_the_majority_decides(evaluated):
    calibrated = evaluated["calibration"].set_index("scope")
    # The majority of film a is theme from 12 to 40, the annotation of film b has no tracks.
    assert calibrated.loc["album", ["films", "cues", "right"]].tolist() == [
        2,
        7,
        pytest.approx(2 / 7),
    ]
    assert calibrated.loc["track", ["films", "cues", "right"]].tolist() == [1, 5, 0.2]
    bins = evaluated["confidence"]
    assert bins[bins.cues > 0].cues.tolist() == [7, 5]


def test_paired_cues_undecided_ones_are_left_out():
    annotators = pd.DataFrame({"film_id": ["f"], "annotator": ["jo"]})
    references = make_references(annotation_table("f", "jo", SPANS), annotators)
    ((cues, true),) = paired_cues({"f": CUES}, references)["track"]
    assert cues.film_start_s.tolist() == [9, 50]
    assert true.track_id.tolist() == ["theme"]


def test_score_confidence_brier_and_error_equal_values_by_hand():
    truth = truth_table("f", ("theme", 10, 20, 0, 0, False))
    right = cue_table("f", ("theme", 10, 20, 0)).assign(confidence=0.8)
    wrong = cue_table("f", ("chase", 10, 20, 0), ("theme", 30, 40, 0)).assign(confidence=[0.8, 0.3])
    films = [(right, truth), (wrong, truth), (right[:0], truth)]
    row = calibration.score_confidence(films, "track", seed=1).iloc[0]
    assert (row.films, row.cues, row.right) == (2, 3, pytest.approx(1 / 3))
    assert row.brier == pytest.approx((0.04 + 0.64 + 0.09) / 3)
    # Bins: .8 with half right, .3 with none.
    assert row.calibration_error == pytest.approx((2 * 0.3 + 0.3) / 3)
    # A quarter of the samples hold one film twice, half hold both, a quarter the other twice.
    sampled = np.repeat([0.04, 0.77 / 3, 0.73 / 2], [1, 2, 1])
    half = 1.96 * sampled.std() / (row.brier * (1 - row.brier))
    bounds = special.expit(special.logit(row.brier) + np.array([-half, half]))
    assert (row.brier_low, row.brier_high) == pytest.approx(tuple(bounds), rel=0.02)
    assert row.calibration_error_low < row.calibration_error < row.calibration_error_high


def test_score_confidence_calibrated_cues_have_brier_of_their_variance():
    random = np.random.default_rng(5)
    films = []
    for number in range(60):
        confidence = random.random(50)
        spans = [("theme", 10 * k, 10 * k + 8, 0) for k in range(50)]
        true = [(*spans[k], 0, False) for k in np.flatnonzero(random.random(50) < confidence)]
        films.append(
            (cue_table(f"f{number}", *spans).assign(confidence=confidence), truth_table("f", *true))
        )
    row = calibration.score_confidence(films, "track", seed=1).iloc[0]
    assert row.brier_low < 1 / 6 < row.brier_high  # the mean of p (1 - p)
    assert row.calibration_error < 0.03


def test_with_measures_pooled_counts_weigh_films_by_their_seconds():
    counts = pd.DataFrame({name: [0] for parts in RATIOS.values() for name in parts})
    counts[["predicted_s", "correct_s", "true_s", "matched_s"]] = [[10, 9, 30, 6]]
    row = with_measures(counts).iloc[0]
    assert (row.precision, row.recall) == (0.9, 0.2)
    assert row.f1 == pytest.approx(2 * 0.9 * 0.2 / 1.1)
    assert np.isnan(row.cue_f1)
