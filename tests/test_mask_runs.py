from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scorelens.mask_runs import mask_runs


@given(st.lists(st.booleans(), max_size=30))
def test_mask_runs_restore_the_mask(values):
    restored = np.zeros(len(values), bool)
    runs = mask_runs(np.array(values, bool))
    for first, stop in runs:
        assert first < stop
        restored[first:stop] = True
    assert restored.tolist() == values
    assert all(after > stop for (_, stop), (after, _) in pairwise(runs))
