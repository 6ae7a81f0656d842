"""Tables and figure of calibration: against scikit-learn, and for true and distorted models."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.metrics import brier_score_loss

from scorelens.evaluation.calibration_tables import calibrate, write_calibration
from scorelens.evaluation.reliability_plot import reliability_figure
from scorelens.tables import CALIBRATION, RELIABILITY, read_table
from tests.null_corpora import predictions_of

GENRES = ["Action", "Drama", "Horror"]


def draw_films(random, films, sharpness=1.0):
    """Probabilities and labels of films; they are true at sharpness 1, overconfident above."""
    logits = random.normal(-0.5, 1.2, (films, 3))
    return expit(sharpness * logits), random.random((films, 3)) < expit(logits)


def measure(probability, outcome, seed=0, **options):
    group = np.arange(len(outcome))
    table, bins = calibrate(probability[None], outcome, group, GENRES, 300, seed, **options)
    return table.set_index("genre"), bins


def test_brier_score_is_that_of_scikit_learn_and_of_the_frequency():
    probability, outcome = draw_films(np.random.default_rng(0), 40)
    table, _ = measure(probability, outcome)
    for number, genre in enumerate(GENRES):
        expected = brier_score_loss(outcome[:, number], probability[:, number])
        assert table.loc[genre, "brier"] == pytest.approx(expected)
        constant = np.full(40, outcome[:, number].mean())
        expected = brier_score_loss(outcome[:, number], constant)
        assert table.loc[genre, "brier_frequency"] == pytest.approx(expected)
    assert table.loc["all", "brier"] == pytest.approx(table.loc[GENRES, "brier"].mean())
    assert (table["brier_low"] < table["brier"]).all() and (
        table["brier"] < table["brier_high"]
    ).all()


def test_repeated_run_and_repeated_units_change_nothing():
    probability, outcome = draw_films(np.random.default_rng(1), 25)
    once, _ = measure(probability, outcome)
    runs, _ = calibrate(np.stack([probability] * 2), outcome, np.arange(25), GENRES, 300, 0)
    pd.testing.assert_frame_equal(once.reset_index(), runs)
    group = np.repeat(np.arange(25), np.arange(25) % 4 + 1)
    units, _ = calibrate(probability[None, group], outcome[group], group, GENRES, 300, 0)
    columns = ["genre", "brier", "calibration_error", "calibration_error_low", "calibrated_error"]
    pd.testing.assert_frame_equal(units[columns], once.reset_index()[columns])


def test_bins_of_a_genre_hold_all_units_and_weigh_one():
    probability, outcome = draw_films(np.random.default_rng(2), 40)
    _, bins = measure(probability, outcome)
    sums = bins.groupby("genre")[["units", "weight"]].sum()
    assert sums["units"].to_dict() == {"Action": 40, "Drama": 40, "Horror": 40, "all": 120}
    np.testing.assert_allclose(sums["weight"], 1)
    for row in bins.itertuples():
        assert row.low <= row.probability <= row.high
        assert row.observed_low <= row.observed <= row.observed_high


def test_error_of_overconfident_probabilities_is_above_the_calibrated_one():
    random = np.random.default_rng(3)
    table, _ = measure(*draw_films(random, 110, sharpness=3.0))
    assert table.loc["all", "p"] < 0.01
    assert table.loc["all", "calibration_error_low"] > table.loc["all", "calibrated_error"]


@pytest.mark.slow
def test_true_probabilities_are_rejected_in_at_most_7_percent_and_intervals_cover(monkeypatch):
    monkeypatch.setattr("scorelens.evaluation.calibration_tables.SAMPLES", 59)
    tables = [
        measure(*draw_films(np.random.default_rng(seed), 29), seed)[0].loc["all"]
        for seed in range(200)
    ]
    table = pd.DataFrame(tables).astype(float, errors="ignore").reset_index(drop=True)
    assert 0.02 <= (table["p"] <= 0.05).mean() <= 0.08
    expected = table["calibration_error"].mean()
    assert table["calibrated_error"].mean() == pytest.approx(expected, rel=0.05)
    for name in ("calibration_error", "brier"):
        expected = table[name].mean()
        covered = (table[f"{name}_low"] <= expected) & (expected <= table[f"{name}_high"])
        assert 0.90 <= covered.mean() <= 0.99


def test_a_stage_writes_both_tables_and_the_figure_with_one_call(tmp_path):
    random = np.random.default_rng(4)
    models = {}
    for name in ("single_attention", "max_pooling"):
        probability, outcome = draw_films(random, 20)
        models["mir", name] = predictions_of(probability, outcome, np.arange(20))
    paths = [tmp_path / name for name in ("calibration.tsv", "reliability.tsv", "figure.svg")]
    write_calibration("genres", "film", models, 50, 0, *paths)
    scores, bins = (
        read_table(path, schema)
        for path, schema in zip(paths, (CALIBRATION, RELIABILITY), strict=False)
    )
    assert scores["model"].value_counts().to_dict() == {"single_attention": 4, "max_pooling": 4}
    assert set(scores["stage"]) == {"genres"} and set(bins["level"]) == {"film"}
    assert (scores["units"] == 20).all()
    text = paths[2].read_text()
    assert "single attention, mir" in text and "calibrated" in text
    again = [path.read_bytes() for path in paths]
    write_calibration("genres", "film", models, 50, 0, *paths)
    assert [path.read_bytes() for path in paths] == again


def test_figure_marks_each_bin_with_an_area_by_its_weight_and_the_number_of_films():
    probability, outcome = draw_films(np.random.default_rng(5), 30)
    scores, bins = measure(probability, outcome)
    scores, bins = (
        table.reset_index().assign(features="none", model="plurality") for table in (scores, bins)
    )
    figure = reliability_figure(scores, bins)
    axis = figure.axes[0]
    every = bins[bins["genre"] == "all"]
    [points] = axis.collections[-1:]
    np.testing.assert_allclose(points.get_offsets(), every[["probability", "observed"]])
    assert np.argmax(points.get_sizes()) == np.argmax(every["weight"])
    numbers = {text.get_text() for text in axis.texts}
    assert {str(count) for count in every["groups"]} <= numbers
    assert axis.get_title(loc="left") == "plurality"
