"""The baselines and the shallow classifiers against known answers."""

import numpy as np
import pytest
from sklearn.metrics import f1_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from scorelens.genres.model import baselines, classifiers
from scorelens.learning.instances import Bags

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
        guess = predicted(baselines.fit_random_guess, actual, seed)
        scores.append(f1_score(actual, guess, average="macro", zero_division=0))
    assert np.mean(scores) == pytest.approx(0.292, abs=0.012)


def test_random_guess_gives_the_frequency_in_the_training_films():
    actual = study_labels(0)
    for fold, answer in enumerate(baselines.fit_random_guess(actual, 1)):
        expected = (np.array(STUDY_COUNTS) - actual[fold]) / (STUDY_FILMS - 1)
        np.testing.assert_allclose(answer["probability"], expected, rtol=1e-6)


def test_plurality_gives_the_most_frequent_set_of_the_others():
    a, b, ab = [True, False], [False, True], [True, True]
    answers = predicted(baselines.fit_plurality, np.array([a, a, b, b, ab]), 0)
    np.testing.assert_array_equal(answers, [b, b, a, a, a])


IMV = Bags(np.zeros((5, 2), np.float32), np.array([0, 2, 5]))


def test_imv_is_the_share_of_the_cues_that_vote(monkeypatch):
    said = np.array([[0.9, 0.4], [0.2, 0.4], [0.6, 0.1], [0.7, 0.9], [0.1, 0.5]])
    monkeypatch.setitem(classifiers.KINDS, "knn", classifiers.Kind(None, lambda fitted, x: said))
    votes = classifiers.bag_probability("imv_knn", None, IMV)
    np.testing.assert_allclose(votes, [[1 / 2, 0], [2 / 3, 1 / 3]])


def training_set(seed=0):
    random = np.random.default_rng(seed)
    x = random.standard_normal((60, 5)).astype(np.float32)
    y = x[:, :3] + 0.5 * random.standard_normal((60, 3)) > 0.4
    return x, y, random.standard_normal((20, 5)).astype(np.float32)


def test_the_svm_is_scikit_learns_with_a_gaussian_kernel():
    x, y, new = training_set()
    fitted = classifiers.fit_svm(x, y, {"c": 2.0}, 0)
    ours = classifiers.svm_probability(fitted, new)
    for genre in range(3):
        reference = SVC(C=2.0, gamma=1 / 5, class_weight="balanced").fit(x, y[:, genre])
        margin = reference.decision_function(new)
        np.testing.assert_allclose(ours[:, genre], 1 / (1 + np.exp(-margin)), atol=1e-3)
        clear = np.abs(margin) > 0.01
        np.testing.assert_array_equal((ours[:, genre] > 0.5)[clear], reference.predict(new)[clear])


def test_the_neighbours_are_scikit_learns_genre_by_genre():
    x, y, new = training_set(1)
    ours = classifiers.knn_probability(classifiers.fit_knn(x, y, {"neighbours": 5}, 0), new)
    for genre in range(3):
        reference = KNeighborsClassifier(5).fit(x, y[:, genre])
        np.testing.assert_allclose(ours[:, genre], reference.predict_proba(new)[:, 1])


def test_neighbours_are_at_most_the_instances():
    x, y, new = training_set()
    ours = classifiers.knn_probability(classifiers.fit_knn(x[:3], y[:3], {"neighbours": 5}, 0), new)
    np.testing.assert_allclose(ours, np.tile(y[:3].mean(axis=0), (20, 1)))


def test_a_forest_of_a_bounded_size_learns_and_keeps_to_it():
    x, y, _ = training_set(2)
    forests = classifiers.fit_forest(x, y, {"trees": 10, "leaves": 4}, 3)
    assert max(tree.get_n_leaves() for forest in forests for tree in forest.estimators_) <= 4
    right = (classifiers.forest_probability(forests, x) > 0.5) == y
    assert right.mean() > 0.8
