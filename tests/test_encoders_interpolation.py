"""Interpolation of rows in time, with missing values."""

import numpy as np
import pytest

from scorelens.encoders.interpolation import interpolate_rows


def test_rows_are_interpolated_in_time_and_edge_rows_extended():
    windows = np.array([[1.0, 5], [3, np.nan], [np.nan, np.nan], [4, 7]])
    rows = interpolate_rows(windows, np.array([2.5, 5, 7, 8]), np.array([0, 2.5, 3.75, 6, 7, 20]))
    assert rows[:, 0] == pytest.approx([1, 1, 2, 3, np.nan, 4], nan_ok=True)
    assert rows[:, 1] == pytest.approx([5, 5, 5, np.nan, np.nan, 7], nan_ok=True)
