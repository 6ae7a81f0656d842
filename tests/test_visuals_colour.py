"""Saturation and colourfulness of any picture."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from scorelens.visuals import colour

PIXELS = hnp.arrays(np.float32, (3, 4, 5), elements=st.floats(0, 1, width=32))


@given(PIXELS)
def test_statistics_stay_in_their_ranges(rgb):
    assert 0 <= colour.saturation(rgb) <= 1
    assert 0 <= colour.colourfulness(rgb) <= 2


@given(PIXELS, st.floats(0.25, 1))
def test_colourfulness_scales_with_light_and_ignores_grey(rgb, factor):
    whole = colour.colourfulness(rgb)
    assert colour.colourfulness(rgb * np.float32(factor)) == pytest.approx(factor * whole, abs=1e-5)
    assert colour.colourfulness(rgb / 2 + np.float32(0.5)) == pytest.approx(whole / 2, abs=1e-5)
