"""The split of films by year, and batches of pairs of film and track."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from planted_films import make_pairs

from scorelens.errors import InputError
from scorelens.retrieval.data.batches import PairSampler, Rows, split_by_share, split_by_year


def test_batch_has_each_film_once_with_its_own_rows():
    pairs = make_pairs("all", films=37, tracks=3)
    films = np.arange(3, 37)
    batches_drawn = list(PairSampler(pairs).epoch(films, 16, np.random.default_rng(0)))
    assert [len(chosen) for chosen, _ in batches_drawn] == [12, 11, 11] * 3  # three tracks a film
    assert sorted(np.concatenate([chosen for chosen, _ in batches_drawn])) == sorted(
        np.tile(films, 3)
    )
    tracks, texts = set(), set()
    for chosen, batch in batches_drawn:
        assert len(set(chosen)) == len(chosen)
        np.testing.assert_array_equal(pairs.views["image"].owner[batch.views["image"]], chosen)
        np.testing.assert_array_equal(pairs.views["text"].owner[batch.views["text"]], chosen)
        track = pairs.fragments.owner[batch.fragments]
        np.testing.assert_array_equal(pairs.film[track], chosen)
        tracks |= set(track - 3 * chosen)
        texts |= set(batch.views["text"] - 2 * chosen)
    assert tracks == {0, 1, 2}
    assert texts == {0, 1}


@pytest.mark.parametrize(("films", "sizes"), [(2, [2]), (3, [3]), (5, [3, 2]), (17, [9, 8])])
def test_no_batch_has_a_single_film(films, sizes):
    pairs = make_pairs("image", films=films, tracks=1)
    size = 2 if films < 17 else 16
    drawn = PairSampler(pairs).epoch(np.arange(films), size, np.random.default_rng(0))
    assert [len(chosen) for chosen, _ in drawn] == sizes


def test_first_rows_are_those_of_the_first_paragraph():
    pairs = make_pairs("plot", films=5)
    np.testing.assert_array_equal(PairSampler(pairs).first_rows(np.array([1, 4]))["text"], [2, 8])


@pytest.mark.parametrize("owner", [[0, 0, 2], [0, 1, 0, 2], [0, 1, 2, 3]])
def test_invalid_row_owners_raise_value_error(owner):
    pairs = make_pairs("image", films=3)
    rows = Rows(np.zeros((len(owner), 4), np.float32), np.array(owner))
    with pytest.raises(ValueError, match="owners must rise from 0 to the last"):
        PairSampler(pairs._replace(views={"image": rows}))


def test_split_by_year_gives_training_validation_and_test_films():
    years = np.array([2023, 1999, 2022, 2021, 2024, 2022])
    training_films, validation, test = split_by_year(years, 2021, 2023)
    assert (training_films.tolist(), validation.tolist(), test.tolist()) == ([1, 3], [2, 5], [0, 4])


def test_split_by_share_does_not_divide_a_year():
    """40 films of 1990, 35 of 1991, 12 of 1992, 8 of 1993, 5 of 1994: 75%, 12%, 13%."""
    years = np.repeat(np.arange(1990, 1995), [40, 35, 12, 8, 5])
    parts = split_by_share(years, 0.8, 0.1)
    assert [len(part) for part in parts] == [75, 12, 13]
    assert [set(years[part]) for part in parts] == [{1990, 1991}, {1992}, {1993, 1994}]
    few = split_by_share(np.array([3, 3, 1, 1, 2, 2]), 0.8, 0.1)
    assert [part.tolist() for part in few] == [[2, 3], [4, 5], [0, 1]]


def test_split_with_fewer_than_two_films_in_a_part_is_an_error():
    with pytest.raises(InputError) as raised:
        split_by_year(np.array([2020, 2020, 2022, 2023]), 2021, 2023)
    assert str(raised.value) == (
        "the split of the films by year: up to 2021, between, and from 2023 on: 1 for validation, "
        "1 for test\n"
        "  expected: at least two films in each part\n"
        "  hint: set retrieval.split.last_training and first_test in the config (last_training: 0 "
        "goes by the shares training and validation), or add films of other years"
    )
    message = (
        "4 films of 2 years, and films of a year stay together\n"
        "  expected: at least two films in each part"
    )
    with pytest.raises(InputError, match=message):
        split_by_share(np.array([2020, 2020, 2022, 2022]), 0.8, 0.1)
    for years in ([], [2020], [2020, 2021, 2022], [2020, 2020, 2021, 2022, 2022]):
        with pytest.raises(InputError, match=f"{len(years)} films of"):
            split_by_share(np.array(years, int), 0.8, 0.1)


def test_split_by_share_is_the_nearest_with_two_films_in_each_part():
    """The end of 2002 is nearest to 0.5, but 2003 would then be a part of one film."""
    years = np.array([2000, 2001, 2002, 2002, 2003, 2004, 2004])
    parts = split_by_share(years, 0.5, 0.2)
    assert [years[part].tolist() for part in parts] == [
        [2000, 2001],
        [2002, 2002, 2003],
        [2004, 2004],
    ]


@given(
    years=st.lists(st.integers(2000, 2009), min_size=6, max_size=30),
    training=st.floats(0.1, 0.8),
    validation=st.floats(0.05, 0.2),
)
def test_split_by_share_matches_exhaustive_search(years, training, validation):
    """The reference searches all pairs of years."""
    years, distances = np.array(years), []
    for last, first in combinations(np.unique(years), 2):
        sizes = np.array([(years <= last).sum(), 0, (years >= first).sum()])
        sizes[1] = len(years) - sizes.sum()
        if (sizes >= 2).all():
            ends = sizes.cumsum()[:2] / len(years)
            distances.append(abs(ends - [training, training + validation]).sum())
    if not distances:
        with pytest.raises(InputError):
            split_by_share(years, training, validation)
        return
    ends = np.cumsum([len(part) for part in split_by_share(years, training, validation)])[:2]
    distance = abs(ends / len(years) - [training, training + validation]).sum()
    assert distance == pytest.approx(min(distances))


def test_overlapping_training_and_test_years_are_an_error():
    with pytest.raises(InputError) as raised:
        split_by_year(np.arange(2000, 2020), 2010, 2010)
    assert str(raised.value).startswith(
        "the split of the films by year: training films go up to 2010, test films start at 2010\n"
        "  expected: the last year of training before the first year of test\n"
    )
