"""Baselines of the genre models that know year, loudness, length or random values of a film."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from scorelens.errors import TableError
from scorelens.genres import BASELINES, CONFOUNDS
from scorelens.genres.model import baselines, confounds
from scorelens.genres.model.single_value import RIDGE
from scorelens.learning.confounds import YEAR_SCALE, quadratic
from scorelens.plan.genres import genre_runs, primary_run
from scorelens.tables import BAGS, FILMS, PREDICTIONS, TRACKS, read_table, write_table
from tests.album_tables import make_tracks

GENRES = ["Action", "Drama"]
FILMS_IN_ALL = 24
LOUD, QUIET = 0.2, 0.02  # RMS; 20 dB apart


@pytest.fixture
def corpus(tmp_path):
    """Tables of films: Action from 2010 on, loud and with long albums; Drama at random."""
    random = np.random.default_rng(2)
    action = np.arange(FILMS_IN_ALL) % 2 == 0
    drama = (random.random(FILMS_IN_ALL) < 0.5) | ~action
    ids = [f"film_{number:02d}" for number in range(FILMS_IN_ALL)]
    genres = [tuple(np.array(GENRES)[[*pair]]) for pair in zip(action, drama, strict=True)]
    films = pd.DataFrame({"film_id": ids, "title": ids, "genres": genres})
    years = np.where(action, 2015, 1985) + random.integers(0, 4, FILMS_IN_ALL)
    films["year"] = pd.array(years, "Int64")
    films.loc[5, "year"] = pd.NA
    write_table(
        films.assign(duration_s=60.0, has_picture=True, tracks=1), tmp_path / "films.tsv", FILMS
    )
    lengths = dict(zip(ids[:-1], np.where(action, 120.0, 30.0), strict=False))
    rows = [(name, f"t{k}", "t.flac", lengths[name], 44100) for name in lengths for k in range(2)]
    write_table(make_tracks(rows), tmp_path / "tracks.parquet", TRACKS)
    rms = np.where(action, LOUD, QUIET) * random.uniform(0.8, 1.25, FILMS_IN_ALL)
    bags = pd.DataFrame({"film_id": ids, "cue_id": "cue_0", "n_frames": 5})
    bags = bags.assign(**{"dynamics.rms.mean": rms, "dynamics.rms.std": 0.01, "a.b.mean": 1.0})
    write_table(bags[1:], tmp_path / "bags.parquet", BAGS)
    return tmp_path, ids, action, years, rms


def predict(folder, model, folds=0):
    output = folder / f"{model}_{folds}.parquet"
    paths = {"tracks": folder / "tracks.parquet", "bags": folder / "bags.parquet"}
    settings = {"c": 0.01}
    baselines.predict_baseline(
        model, folder / "films.tsv", GENRES, 5, output, folds, settings=settings, **paths
    )
    return read_table(output, PREDICTIONS)


@pytest.mark.parametrize("model", ["year_alone", "loudness_alone", "length_alone"])
def test_genre_that_goes_with_value_is_predicted_by_baseline(corpus, model):
    table = predict(corpus[0], model)
    right = table["predicted"] == table["actual"]
    assert right[table["genre"] == "Action"].mean() >= 22 / FILMS_IN_ALL
    assert len(table) == FILMS_IN_ALL * len(GENRES)  # also films whose value is unknown


def test_random_features_predict_genre_of_year_at_chance(corpus):
    table = predict(corpus[0], "random_features")
    action = table[table["genre"] == "Action"]
    assert 4 <= (action["predicted"] == action["actual"]).sum() <= 17  # binomial: 99.8% of draws
    values = confounds.baseline_inputs(
        "random_features", corpus[1], {"bags": corpus[0] / "bags.parquet"}
    )
    assert values.shape == (FILMS_IN_ALL, 3)  # the columns of the bags
    assert abs(values.mean()) < 0.4


def test_year_baseline_equals_scikit_learn(corpus):
    folder, _, action, years, _ = corpus
    table = predict(folder, "year_alone")
    action_rows = table[table["genre"] == "Action"].set_index("fold")
    known = np.arange(FILMS_IN_ALL) != 5
    for held_out in (0, 7):
        training = known & (np.arange(FILMS_IN_ALL) != held_out)
        x = quadratic(years, *YEAR_SCALE).astype(float)
        mean, std = x[training].mean(0), x[training].std(0)
        x = np.where(known[:, None], (x - mean) / std, 0)
        others = np.arange(FILMS_IN_ALL) != held_out
        model = LogisticRegression(C=RIDGE["c"], class_weight="balanced")
        model.fit(x[others], action[others])
        expected = model.predict_proba(x[[held_out]])[0, 1]
        assert action_rows.loc[held_out, "probability"] == pytest.approx(expected, abs=1e-4)


def test_inputs_of_values_equal_their_definitions(corpus):
    folder, ids, action, _, rms = corpus
    paths = {name: folder / f"{name}.parquet" for name in ("tracks", "bags")}
    paths["films"] = folder / "films.tsv"
    loudness = confounds.baseline_inputs("loudness_alone", ids, paths)[:, 0]
    assert np.isnan(loudness).tolist() == [True] + [False] * (FILMS_IN_ALL - 1)
    np.testing.assert_allclose(loudness[1:], 2 * np.log10(rms[1:]) + 2, atol=1e-5)
    length = confounds.baseline_inputs("length_alone", ids, paths)[:, 0]
    expected = np.log(np.where(action, 240, 60) / 3600) / 0.5
    np.testing.assert_allclose(length[:-1], expected[:-1], rtol=1e-5)
    assert np.isnan(length[-1])
    year = confounds.baseline_inputs("year_alone", ids, paths)
    assert np.isnan(year[5]).all()
    assert np.isfinite(np.delete(year, 5, axis=0)).all()


def test_bags_without_rms_raise_table_error(tmp_path):
    bags = pd.DataFrame({"film_id": ["a"], "cue_id": "c", "n_frames": 5, "x.y.mean": 1.0})
    write_table(bags, tmp_path / "bags.parquet", BAGS)
    with pytest.raises(TableError, match=r"has no column dynamics\.rms\.mean"):
        confounds.baseline_inputs("loudness_alone", ["a"], {"bags": tmp_path / "bags.parquet"})


@pytest.mark.parametrize("model", CONFOUNDS)
def test_confound_baseline_does_not_depend_on_labels_of_held_out_films(corpus, model):
    folder, ids = corpus[:2]
    held_out = [np.arange(8), np.arange(8, 16), np.arange(16, 24)]
    paths = {name: folder / f"{name}.parquet" for name in ("tracks", "bags")}
    values = confounds.baseline_inputs(model, ids, {"films": folder / "films.tsv", **paths})
    labels = np.random.default_rng(1).random((FILMS_IN_ALL, 2)) < 0.5
    flipped = labels.copy()
    flipped[8:16] = ~labels[8:16]
    first, second = (
        [
            one["probability"]
            for one in confounds.predict_films(model, values, actual, held_out, {"c": 0.01}, 0)
        ]
        for actual in (labels, flipped)
    )
    np.testing.assert_array_equal(first[8:16], second[8:16])
    assert (np.array(first)[:8] != np.array(second)[:8]).any()


def test_baseline_runs_have_no_feature_set_and_come_first():
    runs = genre_runs(["year_alone", "imv_knn", "random_features"], ("mir",))
    assert runs == [("none", "year_alone"), ("none", "random_features"), ("mir", "imv_knn")]
    assert set(CONFOUNDS) < set(BASELINES)


def test_primary_model_that_is_not_trained_has_no_run():
    runs = [("none", "plurality"), ("mir", "imv_knn"), ("mir_frames", "single_attention")]
    assert primary_run(runs, "max_pooling", "vggish") is None
    assert primary_run(runs, "single_attention", "mir") == ("mir_frames", "single_attention")


def test_baselines_do_not_import_torch():
    code = "import sys, scorelens.genres.model.baselines; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
