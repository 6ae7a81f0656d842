"""Agreement: kappa and alpha by hand and as published, and events matched one to one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorelens.evaluation.agreement import (
    MISSING,
    cohen_kappa,
    krippendorff_alpha,
    matched_events,
)

# Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011: section A (two observers, binary
# data) and section C (four observers, nominal data, some missing).
BINARY = """0 1 0 0 0 0 0 0 1 0
            1 1 1 0 0 1 0 0 0 0"""
NOMINAL = """1 2 3 3 2 1 4 1 2 . . .
             1 2 3 3 2 2 4 1 2 5 . 3
             . 3 3 3 2 3 4 2 2 5 1 .
             1 2 3 3 2 4 4 1 2 5 1 ."""


def labels_of(text):
    rows = [line.split() for line in text.splitlines()]
    return np.array([[MISSING if label == "." else int(label) for label in row] for row in rows])


@pytest.mark.parametrize(("text", "published"), [(BINARY, 0.095), (NOMINAL, 0.743)])
def test_krippendorff_alpha_worked_example_gives_published_value(text, published):
    assert krippendorff_alpha(labels_of(text)) == pytest.approx(published, abs=0.0005)


def test_krippendorff_alpha_two_people_equals_kappa_with_pooled_shares():
    random = np.random.default_rng(3)
    first, second = random.integers(0, 4, (2, 5000))
    second = np.where(random.random(5000) < 0.6, first, second)
    share = np.bincount(np.concatenate([first, second])) / 10_000
    expected = (share**2).sum()
    scott_pi = ((first == second).mean() - expected) / (1 - expected)
    alpha = krippendorff_alpha(np.array([first, second]))
    assert alpha == pytest.approx(scott_pi + (1 - scott_pi) / 10_000)


def test_krippendorff_alpha_independent_people_are_at_zero():
    labels = np.random.default_rng(1).integers(0, 3, (4, 20_000))
    assert abs(krippendorff_alpha(labels)) < 0.01


def test_alpha_and_kappa_one_label_or_no_unit_are_undefined():
    same = np.zeros((2, 5), int)
    missing = np.array([[0, 1, MISSING], [MISSING, MISSING, 1]])
    assert np.isnan(krippendorff_alpha(same))
    assert np.isnan(krippendorff_alpha(missing))
    assert np.isnan(cohen_kappa(*same))
    assert np.isnan(cohen_kappa(*missing))


def test_cohen_kappa_table_of_counts_gives_value_by_hand():
    # 20 both, 5 first only, 10 second only, 15 neither: observed .7, expected .5.
    first = np.repeat([1, 1, 0, 0, 1], [20, 5, 10, 15, 3])
    second = np.repeat([1, 0, 1, 0, MISSING], [20, 5, 10, 15, 3])
    assert cohen_kappa(first, second) == pytest.approx(0.4)


@given(st.lists(st.floats(0, 30), max_size=7), st.lists(st.floats(0, 30), max_size=7))
def test_matched_events_in_a_window_equals_greedy_matching_in_order(first, second):
    near = np.abs(np.subtract.outer(np.array(first), np.array(second))) <= 2.0
    later, hits = sorted(second), 0
    for time in sorted(first):
        later = [other for other in later if other >= time - 2.0]
        if later and later[0] <= time + 2.0:
            later.pop(0)
            hits += 1
    assert matched_events(near.reshape(len(first), len(second))) == hits
