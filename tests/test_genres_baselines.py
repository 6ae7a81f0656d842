"""The baselines and the shallow classifiers against known predictions."""

import zipfile

import numpy as np
import pytest
from scipy.special import expit
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from scorelens.genres.model import (
    baselines,
    classifiers,
    knn,
    logistic_regression,
    random_forest,
    svm,
)
from scorelens.learning import model_io
from scorelens.learning.packed_bags import Bags

STUDY_FILMS = 110
STUDY_COUNTS = (55, 37, 44, 11, 13, 36)  # films of each genre, Ma et al. 2021


def study_labels(seed):
    """Labels with the study's number of films in each genre."""
    random = np.random.default_rng(seed)
    columns = [random.permutation(STUDY_FILMS) < count for count in STUDY_COUNTS]
    return np.stack(columns, axis=1)


def predicted(fit, actual, seed):
    return np.array([fold["predicted"] for fold in fit(actual, seed)])


def test_random_guess_reaches_what_a_rerun_of_the_study_got():
    scores = []
    for seed in range(60):
        actual = study_labels(seed)
        guessed = predicted(baselines.random_guess, actual, seed)
        scores.append(f1_score(actual, guessed, average="macro", zero_division=0))
    assert np.mean(scores) == pytest.approx(0.292, abs=0.012)


def test_random_guess_gives_the_frequency_in_the_training_films():
    actual = study_labels(0)
    for fold, prediction in enumerate(baselines.random_guess(actual, 1)):
        expected = (np.array(STUDY_COUNTS) - actual[fold]) / (STUDY_FILMS - 1)
        np.testing.assert_allclose(prediction["probability"], expected, rtol=1e-6)


def test_plurality_gives_the_most_frequent_set_of_the_others():
    a, b, ab = [True, False], [False, True], [True, True]
    predictions = predicted(baselines.plurality, np.array([a, a, b, b, ab]), 0)
    np.testing.assert_array_equal(predictions, [b, b, a, a, a])


IMV = Bags(np.zeros((5, 2), np.float32), np.array([0, 2, 5]))


def test_imv_is_the_share_of_the_cues_that_vote(monkeypatch):
    probability = np.array([[0.9, 0.4], [0.2, 0.4], [0.6, 0.1], [0.7, 0.9], [0.1, 0.5]])
    monkeypatch.setattr(knn, "predict_probability", lambda arrays, x: probability)
    arrays = {
        "frequency": np.float32([0.5, 0.5]),
        "mean": np.zeros(2, np.float32),
        "inverse_std": np.ones(2, np.float32),
    }
    votes = classifiers.predict("imv_knn", arrays, IMV)
    np.testing.assert_allclose(votes, [[1 / 2, 0], [2 / 3, 1 / 3]])


def training_set(seed=0):
    random = np.random.default_rng(seed)
    x = random.standard_normal((60, 5)).astype(np.float32)
    y = x[:, :3] + 0.5 * random.standard_normal((60, 3)) > 0.4
    return x, y, random.standard_normal((20, 5)).astype(np.float32)


def test_the_svm_is_scikit_learns_with_a_gaussian_kernel():
    x, y, new = training_set()
    ours = svm.predict_probability(svm.fit(x, y, {"c": 2.0}, 0), new)
    for genre in range(3):
        reference = SVC(C=2.0, gamma=1 / 5, class_weight="balanced").fit(x, y[:, genre])
        margin = reference.decision_function(new)
        np.testing.assert_allclose(ours[:, genre], 1 / (1 + np.exp(-margin)), atol=1e-3)
        clear = np.abs(margin) > 0.01
        np.testing.assert_array_equal((ours[:, genre] > 0.5)[clear], reference.predict(new)[clear])


def test_the_svm_has_the_bits_of_scikit_learns_own_decision():
    x, y, new = training_set()
    ours = svm.predict_probability(svm.fit(x, y, {"c": 2.0}, 0), new)
    for genre in range(3):
        reference = SVC(C=2.0, kernel="precomputed", class_weight="balanced")
        reference.fit(rbf_kernel(x, x), y[:, genre])
        expected = expit(reference.decision_function(rbf_kernel(new, x)))
        np.testing.assert_array_equal(ours[:, genre], expected)


def test_the_neighbours_are_scikit_learns_genre_by_genre():
    x, y, new = training_set(1)
    ours = knn.predict_probability(knn.fit(x, y, {"n_neighbors": 5}, 0), new)
    for genre in range(3):
        reference = KNeighborsClassifier(5).fit(x, y[:, genre])
        np.testing.assert_allclose(ours[:, genre], reference.predict_proba(new)[:, 1])


def test_neighbours_are_at_most_the_instances():
    x, y, new = training_set()
    ours = knn.predict_probability(knn.fit(x[:3], y[:3], {"n_neighbors": 5}, 0), new)
    np.testing.assert_allclose(ours, np.tile(y[:3].mean(axis=0), (20, 1)))


def test_the_logistic_regression_has_the_bits_of_scikit_learns():
    x, y, new = training_set()
    arrays = logistic_regression.fit(x, y, {"c": 0.5}, 0)
    ours = logistic_regression.predict_probability(arrays, new)
    for genre in range(3):
        reference = LogisticRegression(C=0.5, class_weight="balanced", max_iter=1000)
        expected = reference.fit(x, y[:, genre]).predict_proba(new)[:, 1]
        np.testing.assert_array_equal(ours[:, genre], expected)


FOREST = {"n_estimators": 10, "max_leaf_nodes": 4}


def test_a_forest_has_the_bits_of_scikit_learns():
    x, y, new = training_set(2)
    arrays = random_forest.fit(x, y, FOREST, 3)
    assert arrays["tree_sizes"].shape == (3, 10)
    assert arrays["tree_sizes"].max() <= 2 * 4 - 1
    ours = random_forest.predict_probability(arrays, new)
    for genre in range(3):
        reference = RandomForestClassifier(**FOREST, class_weight="balanced", random_state=3)
        expected = reference.fit(x, y[:, genre]).predict_proba(new)[:, 1]
        np.testing.assert_array_equal(ours[:, genre], expected)


def test_both_labels_of_a_genre_weigh_the_same_in_a_forest():
    """Without features every tree is one leaf, whose share is that of the weights: one half."""
    y = np.arange(200)[:, None] < 20
    settings = {"n_estimators": 200, "max_leaf_nodes": 4}
    arrays = random_forest.fit(np.zeros((200, 2), np.float32), y, settings, 0)
    share = random_forest.predict_probability(arrays, np.zeros((1, 2), np.float32))
    assert share[0, 0] == pytest.approx(0.5, abs=0.03)  # 0.1 without weights


def test_a_saved_classifier_predicts_the_same_bits(tmp_path):
    x, y, new = training_set(3)
    fits = {
        random_forest: FOREST,
        svm: {"c": 1.0},
        knn: {"n_neighbors": 3},
        logistic_regression: {"c": 1.0},
    }
    for module, settings in fits.items():
        arrays = module.fit(x, y, settings, 1)
        about = model_io.About("simple_mi_svm", "mir", list("abc"), list("12345"), ["film"])
        model_io.save_folds(tmp_path / "models.zip", about, [arrays])
        loaded = model_io.load_fold(tmp_path / "models.zip", "film")
        np.testing.assert_array_equal(
            module.predict_probability(loaded, new), module.predict_probability(arrays, new)
        )
        assert zipfile.ZipFile(tmp_path / "models.zip").namelist() == [
            "about.json",
            "film.safetensors",
        ]
