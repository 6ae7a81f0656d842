"""Counts of genres and of pairs of genres."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorelens import tables
from scorelens.corpus import genre_counts

NAMES = ["Action", "Comedy", "Drama", "Horror"]


def published_counts():
    """110 films with the genre counts of Ma et al. 2021, Table 1, each genre drawn on its own."""
    counts = {"Action": 55, "Comedy": 37, "Drama": 44, "Horror": 11, "Romance": 13, "Sci-Fi": 36}
    random = np.random.default_rng(0)
    genres = [[] for _ in range(110)]
    for name, count in counts.items():
        for film in random.choice(110, count, replace=False):
            genres[film].append(name)
    return counts, pd.Series(genres)


def test_diagonal_counts_the_films_of_each_genre():
    expected, genres = published_counts()
    counts = genre_counts.count_genres(genres)
    diagonal = counts[counts.genre == counts.other].set_index("genre")
    assert diagonal.films.to_dict() == expected
    assert diagonal.share.to_dict() == {name: n / 110 for name, n in expected.items()}


@given(st.lists(st.sets(st.sampled_from(NAMES), min_size=1), min_size=1, max_size=20))
def test_pairs_are_symmetric_and_equal_counting_by_hand(films):
    counts = genre_counts.count_genres(pd.Series([tuple(sorted(film)) for film in films]))
    matrix = counts.pivot_table(index="genre", columns="other", values="films")
    assert (matrix.to_numpy() == matrix.to_numpy().T).all()
    for row in counts.itertuples():
        assert row.films == sum({row.genre, row.other} <= film for film in films)
        whole = len(films) if row.genre == row.other else matrix.loc[row.genre, row.genre]
        assert row.share == pytest.approx(row.films / whole)
        assert row.share_low <= row.share <= row.share_high


def test_interval_of_a_share_is_wilsons():
    genres = pd.Series([("Drama", "Horror")] * 3 + [("Drama",)] * 7)
    counts = genre_counts.count_genres(genres).set_index(["genre", "other"])
    row = counts.loc[("Drama", "Horror")]
    z, n, p = 1.959964, 10, 0.3
    centre, half = p + z**2 / (2 * n), z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    expected = [(centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n)]
    assert [row.share_low, row.share_high] == pytest.approx(expected, abs=1e-6)


def test_films_without_genres_count_among_all_films():
    counts = genre_counts.count_genres(pd.Series([("Drama",), ()]))
    assert counts[["films", "share"]].to_numpy().tolist() == [[1, 0.5]]
    none = genre_counts.count_genres(pd.Series([(), ()]))
    assert none.empty
    figure = genre_counts.counts_figure(none)
    assert [text.get_text() for text in figure.axes[0].texts] == ["no film has a genre"]


def test_count_corpus_writes_table_and_figure(tmp_path):
    _, genres = published_counts()
    films = pd.DataFrame({"film_id": [f"f{k}" for k in range(110)], "title": "T", "year": 2016})
    films = films.assign(genres=genres.map(lambda g: g or ["Drama"]), duration_s=0.0)
    films = films.assign(has_picture=False, tracks=0)
    paths = [tmp_path / name for name in ("films.tsv", "genres.tsv", "genres.svg")]
    tables.write_table(films, paths[0], tables.FILMS)
    genre_counts.count_corpus(*paths)
    counts = tables.read_table(paths[1], tables.GENRE_COUNTS)
    assert len(counts) == 36
    text = paths[2].read_text()
    pair = counts[(counts.genre == "Drama") & (counts.other == "Action")].films.iloc[0]
    assert f">{pair}<" in text and ">Sci-Fi<" in text
