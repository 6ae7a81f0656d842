"""How trailers are dealt into batches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorelens.trailers import batches

IDS = st.lists(st.from_regex(r"[a-z0-9_]{1,8}", fullmatch=True), unique=True, max_size=200)


@given(IDS)
def test_every_trailer_is_in_one_batch(names):
    in_batches = [name for batch in batches(names, 20).values() for name in batch]
    assert sorted(in_batches) == sorted(names)


@pytest.mark.parametrize(("trailers", "count"), [(0, 0), (1, 1), (20, 1), (21, 2), (200, 16)])
def test_batches_are_doubled_when_they_grow_too_large(trailers, count):
    result = batches([f"trailer_{number}" for number in range(trailers)], 20)
    assert len(result) == count
    assert all(len(batch) < 40 for batch in result.values())


def test_one_more_trailer_changes_one_batch():
    names = [f"trailer_{number}" for number in range(150)]
    before, after = batches(names, 20), batches([*names, "another"], 20)
    assert sum(before[number] != after[number] for number in before) == 1
