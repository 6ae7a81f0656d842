"""Assignment of trailers to batches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorelens.trailers import batches

IDS = st.lists(st.from_regex(r"[a-z0-9_]{1,8}", fullmatch=True), unique=True, max_size=200)


@given(IDS)
def test_every_trailer_is_in_exactly_one_batch(trailer_ids):
    batched_ids = [
        trailer_id for batch in batches(trailer_ids, 20).values() for trailer_id in batch
    ]
    assert sorted(batched_ids) == sorted(trailer_ids)


@pytest.mark.parametrize(("n_trailers", "n_batches"), [(0, 0), (1, 1), (20, 1), (21, 2), (200, 16)])
def test_number_of_batches_doubles_until_batches_are_below_40(n_trailers, n_batches):
    result = batches([f"trailer_{number}" for number in range(n_trailers)], 20)
    assert len(result) == n_batches
    assert all(len(batch) < 40 for batch in result.values())


def test_added_trailer_changes_exactly_one_batch():
    trailer_ids = [f"trailer_{number}" for number in range(150)]
    before, after = batches(trailer_ids, 20), batches([*trailer_ids, "another"], 20)
    assert sum(before[number] != after[number] for number in before) == 1
