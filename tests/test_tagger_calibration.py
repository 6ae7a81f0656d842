"""Calibration of the tagger's models on held-out tracks."""

import numpy as np
import pytest

from scorelens.evaluation import calibration_tables
from scorelens.tables import CALIBRATION, RELIABILITY, TAGGER_TRACKS, read_table, write_table
from scorelens.tagger import calibrate
from tests.tagger_tables import tables_of


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory):
    """A calibrated model, one that is too sure, and one of frequencies; 80 films of 2 tracks."""
    folder = tmp_path_factory.mktemp("calibration")
    random = np.random.default_rng(4)
    probability = random.uniform(0.02, 0.6, (80, 5))
    actual = random.random((80, 5)) < probability
    actual[0] = False  # a film without any genre counts
    film = np.repeat(np.arange(80), 2)
    odds = (probability / (1 - probability)) ** 4
    models = {
        "embedding_linear": probability,
        "cnn": odds / (1 + odds),
        "frequency_ranking": np.tile(actual.mean(axis=0), (80, 1)),
    }
    paths = {name: folder / f"{name}.parquet" for name in models}
    for name, values in models.items():
        tracks = np.tile([0, 1], 80)
        table = tables_of(film, tracks, np.zeros(160), values[film], actual)[1]
        write_table(table, paths[name], TAGGER_TRACKS)
    outputs = [folder / name for name in ("calibration.tsv", "reliability.tsv", "calibration.svg")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(calibration_tables, "SAMPLES", 200)
        calibrate.calibrate_models(paths, "musicnn", 200, 0, *outputs)
    scores = read_table(outputs[0], CALIBRATION)
    return scores, read_table(outputs[1], RELIABILITY), outputs[2].read_text(), models, actual


def test_calibration_error_separates_a_calibrated_model_from_one_too_sure(calibrated):
    scores, *_ = calibrated
    rows = scores[scores["genre"] == "all"].set_index("model")
    assert rows["features"].to_dict() == {
        "embedding_linear": "musicnn", "cnn": "mfcc", "frequency_ranking": "none",
    }  # fmt: skip
    assert rows.loc["embedding_linear", "p"] > 0.05
    assert rows.loc["cnn", "p"] < 0.01
    assert rows.loc["cnn", "calibration_error_low"] > rows.loc["cnn", "calibrated_error"]
    assert (rows["groups"] == 80).all()
    assert (rows["units"] == 160).all()
    assert set(zip(scores["stage"], scores["level"], strict=True)) == {("tagger", "track")}


def test_brier_score_is_the_mean_squared_distance_over_films(calibrated):
    scores, _, _, models, actual = calibrated
    for model, probability in models.items():
        row = scores[(scores["model"] == model) & (scores["genre"] == "all")].iloc[0]
        assert row["brier"] == pytest.approx(((probability - actual) ** 2).mean())
    frequency = scores[(scores["model"] == "frequency_ranking") & (scores["genre"] == "all")].iloc[
        0
    ]
    assert frequency["brier"] == pytest.approx(frequency["brier_frequency"])


def test_reliability_bins_hold_all_tracks_and_the_figure_names_the_models(calibrated):
    _, bins, figure, *_ = calibrated
    every = bins[bins["genre"] == "all"].groupby("model")["units"].sum()
    assert (every == 160 * 5).all()
    assert {"embedding linear, musicnn", "cnn, mfcc", "frequency ranking"} <= {
        part.strip() for part in figure.replace("<", ">").split(">")
    }
