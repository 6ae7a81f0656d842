"""Tags of films: the ending of the paper, and tags that too few films carry."""

from hypothesis import given
from hypothesis import strategies as st

from scorelens.albums.files import NO_ALBUM
from scorelens.retrieval.data.films import FilmDescription
from scorelens.retrieval.data.tag_filter import filter_tags


def films_with(*tags):
    return [
        FilmDescription(f"f{number}", "", 2000, None, None, tuple(of_film), None, NO_ALBUM)
        for number, of_film in enumerate(tags)
    ]


def filtered(films, ending="", min_films=1):
    settings = {"ending": ending, "min_films": min_films}
    return [film.tags for film in filter_tags(films, settings)]


def test_paper_settings_leave_tags_that_end_in_films_and_two_films_carry():
    films = films_with(
        ("American action films", "Films about whales", "2019 films", "heist"),
        ("American Action Films", "heist", "1990s films"),
        ("2019 films", "Whales"),
    )
    assert filtered(films, "films", 2) == [
        ("American action films", "2019 films"),
        ("American Action Films",),
        ("2019 films",),
    ]


def test_tag_that_one_film_has_twice_counts_once():
    assert filtered(films_with(("a", "A"), ("b",), ("b",)), min_films=2) == [(), ("b",), ("b",)]


def test_minimum_of_one_film_without_ending_changes_nothing():
    films = films_with(("a", "b"), (), ("c",))
    assert filter_tags(films, {"ending": "", "min_films": 1}) == films


@given(
    st.lists(st.lists(st.sampled_from("abcdef"), unique=True), min_size=1, max_size=8),
    st.integers(1, 4),
)
def test_every_remaining_tag_has_enough_films_and_no_other_is_left(tags, least):
    remaining = filtered(films_with(*tags), min_films=least)
    for before, after in zip(tags, remaining, strict=True):
        expected = [tag for tag in before if sum(tag in other for other in tags) >= least]
        assert list(after) == expected
