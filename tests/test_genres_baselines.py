"""Baselines and shallow classifiers against known predictions and scikit-learn."""

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
    """Random labels with the number of films per genre of Ma et al. 2021."""
    random = np.random.default_rng(seed)
    columns = [random.permutation(STUDY_FILMS) < count for count in STUDY_COUNTS]
    return np.stack(columns, axis=1)


def predicted(fit, actual, seed):
    return np.array([fold["predicted"] for fold in fit(actual, seed)])


def test_random_guess_macro_f1_matches_rerun_of_the_study():
    scores = []
    for seed in range(60):
        actual = study_labels(seed)
        guessed = predicted(baselines.random_guess, actual, seed)
        scores.append(f1_score(actual, guessed, average="macro", zero_division=0))
    assert np.mean(scores) == pytest.approx(0.292, abs=0.012)


def test_random_guess_probability_is_genre_frequency_in_training():
    actual = study_labels(0)
    for fold, prediction in enumerate(baselines.random_guess(actual, 1)):
        expected = (np.array(STUDY_COUNTS) - actual[fold]) / (STUDY_FILMS - 1)
        np.testing.assert_allclose(prediction["probability"], expected, rtol=1e-6)


def test_plurality_predicts_most_frequent_training_label_set():
    a, b, ab = [True, False], [False, True], [True, True]
    predictions = predicted(baselines.plurality, np.array([a, a, b, b, ab]), 0)
    np.testing.assert_array_equal(predictions, [b, b, a, a, a])


IMV = Bags(np.zeros((5, 2), np.float32), np.array([0, 2, 5]))


def test_imv_probability_is_share_of_positive_cues(monkeypatch):
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


def test_svm_matches_scikit_learn_with_rbf_kernel():
    x, y, new = training_set()
    probability = svm.predict_probability(svm.fit(x, y, {"c": 2.0}, 0), new)
    for genre in range(3):
        reference = SVC(C=2.0, gamma=1 / 5, class_weight="balanced").fit(x, y[:, genre])
        margin = reference.decision_function(new)
        np.testing.assert_allclose(probability[:, genre], 1 / (1 + np.exp(-margin)), atol=1e-3)
        clear = np.abs(margin) > 0.01
        np.testing.assert_array_equal(
            (probability[:, genre] > 0.5)[clear], reference.predict(new)[clear]
        )


def test_svm_is_bitwise_equal_to_scikit_learn_with_precomputed_kernel():
    x, y, new = training_set()
    probability = svm.predict_probability(svm.fit(x, y, {"c": 2.0}, 0), new)
    for genre in range(3):
        reference = SVC(C=2.0, kernel="precomputed", class_weight="balanced")
        reference.fit(rbf_kernel(x, x), y[:, genre])
        expected = expit(reference.decision_function(rbf_kernel(new, x)))
        np.testing.assert_array_equal(probability[:, genre], expected)


def test_knn_matches_scikit_learn_per_genre():
    x, y, new = training_set(1)
    probability = knn.predict_probability(knn.fit(x, y, {"n_neighbors": 5}, 0), new)
    for genre in range(3):
        reference = KNeighborsClassifier(5).fit(x, y[:, genre])
        np.testing.assert_allclose(probability[:, genre], reference.predict_proba(new)[:, 1])


def test_knn_neighbors_are_limited_to_the_number_of_instances():
    x, y, new = training_set()
    probability = knn.predict_probability(knn.fit(x[:3], y[:3], {"n_neighbors": 5}, 0), new)
    np.testing.assert_allclose(probability, np.tile(y[:3].mean(axis=0), (20, 1)))


def test_logistic_regression_is_bitwise_equal_to_scikit_learn():
    x, y, new = training_set()
    arrays = logistic_regression.fit(x, y, {"c": 0.5}, 0)
    probability = logistic_regression.predict_probability(arrays, new)
    for genre in range(3):
        reference = LogisticRegression(C=0.5, class_weight="balanced", max_iter=1000)
        expected = reference.fit(x, y[:, genre]).predict_proba(new)[:, 1]
        np.testing.assert_array_equal(probability[:, genre], expected)


FOREST = {"n_estimators": 10, "max_leaf_nodes": 4}


def test_random_forest_is_bitwise_equal_to_scikit_learn():
    x, y, new = training_set(2)
    arrays = random_forest.fit(x, y, FOREST, 3)
    assert arrays["tree_sizes"].shape == (3, 10)
    assert arrays["tree_sizes"].max() <= 2 * 4 - 1
    probability = random_forest.predict_probability(arrays, new)
    for genre in range(3):
        reference = RandomForestClassifier(**FOREST, class_weight="balanced", random_state=3)
        expected = reference.fit(x, y[:, genre]).predict_proba(new)[:, 1]
        np.testing.assert_array_equal(probability[:, genre], expected)


def test_random_forest_balances_label_weights():
    """With constant features every tree is one leaf with the weighted label share, one half."""
    y = np.arange(200)[:, None] < 20
    settings = {"n_estimators": 200, "max_leaf_nodes": 4}
    arrays = random_forest.fit(np.zeros((200, 2), np.float32), y, settings, 0)
    share = random_forest.predict_probability(arrays, np.zeros((1, 2), np.float32))
    assert share[0, 0] == pytest.approx(0.5, abs=0.03)  # 0.1 without weights


def test_saved_classifier_predictions_are_bitwise_equal(tmp_path):
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
