"""Corrections for multiple tests, by hand and by their defining properties."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scorelens.evaluation.multiplicity import benjamini_hochberg, holm


def test_benjamini_hochberg_by_hand():
    p = benjamini_hochberg(np.array([0.01, np.nan, 0.04, 0.03, 0.005]))
    np.testing.assert_allclose(p, [0.02, np.nan, 0.04, 0.04, 0.02])
    assert benjamini_hochberg(np.zeros(0)).tolist() == []
    assert np.isnan(benjamini_hochberg(np.full(3, np.nan))).all()


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_benjamini_hochberg_is_the_step_up_rule(values):
    p = np.sort(values)
    steps = p * len(p) / np.arange(1, len(p) + 1)
    by_hand = np.minimum.accumulate(steps[::-1])[::-1].clip(max=1)
    np.testing.assert_allclose(benjamini_hochberg(p), by_hand)


def test_holm_by_hand():
    p = holm(np.array([0.01, 0.04, 0.03, 0.005]))
    np.testing.assert_allclose(p, [0.03, 0.06, 0.06, 0.02])
    assert holm(np.zeros(0)).tolist() == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_preserves_the_order_and_never_lowers_p(values):
    p = np.array(values)
    corrected = holm(p)
    assert (corrected >= p - 1e-12).all()
    assert (corrected <= 1).all()
    assert (np.diff(corrected[np.argsort(p, kind="stable")]) >= 0).all()
