"""Saturation, colourfulness and moments of random pictures."""

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from scorelens.visuals import colour

PIXELS = hnp.arrays(np.float32, (3, 4, 5), elements=st.floats(0, 1, width=32))


@given(PIXELS)
def test_saturation_and_colourfulness_are_within_range(rgb):
    assert 0 <= colour.saturation(rgb) <= 1
    assert 0 <= colour.colourfulness(rgb) <= 2


@given(PIXELS, st.floats(0.25, 1))
def test_colourfulness_scales_with_brightness_and_ignores_added_grey(rgb, factor):
    unscaled = colour.colourfulness(rgb)
    assert colour.colourfulness(rgb * np.float32(factor)) == pytest.approx(
        factor * unscaled, abs=1e-5
    )
    assert colour.colourfulness(rgb / 2 + np.float32(0.5)) == pytest.approx(unscaled / 2, abs=1e-5)


@given(st.integers(0, 3), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_rescaled_moments_of_black_padded_picture_match_inner_picture(bar, height, seed):
    """Exact for sizes that are not downscaled."""
    rng = np.random.default_rng(seed)
    planes = colour.read_planes(
        av.VideoFrame.from_ndarray(rng.integers(60, 200, (8 * height, 32, 3), np.uint8), "rgb24")
    )
    padded = planes._replace(
        y=np.pad(planes.y, ((bar, bar), (2, 2))),
        cb=np.pad(planes.cb, ((bar, bar), (2, 2))),
        cr=np.pad(planes.cr, ((bar, bar), (2, 2))),
    )
    share = planes.y.size / padded.y.size
    inside, whole = colour.moments(planes), colour.moments(padded)
    np.testing.assert_allclose(whole.rescaled(share), inside, atol=1e-5)
    np.testing.assert_allclose(inside.rescaled(1 / share), whole, atol=1e-5)
