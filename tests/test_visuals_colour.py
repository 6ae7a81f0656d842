"""Saturation and colourfulness of any picture."""

import av
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


@given(st.integers(0, 3), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_moments_inside_black_are_those_of_the_whole_over_the_area(bar, height, seed):
    """At sizes that are not shrunk, exactly."""
    rng = np.random.default_rng(seed)
    planes = colour.read_planes(
        av.VideoFrame.from_ndarray(rng.integers(60, 200, (8 * height, 32, 3), np.uint8), "rgb24")
    )
    wide = planes._replace(
        y=np.pad(planes.y, ((bar, bar), (2, 2))),
        cb=np.pad(planes.cb, ((bar, bar), (2, 2))),
        cr=np.pad(planes.cr, ((bar, bar), (2, 2))),
    )
    share = planes.y.size / wide.y.size
    inside, whole = colour.moments(planes), colour.moments(wide)
    np.testing.assert_allclose(whole.rescaled(share), inside, atol=1e-5)
    np.testing.assert_allclose(inside.rescaled(1 / share), whole, atol=1e-5)
