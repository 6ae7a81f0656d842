"""Labels and bags read from tables, and the scaling of features."""

import numpy as np
import pytest

from scorelens.errors import TableError
from scorelens.learning import labels, packed_bags, scaling
from scorelens.tables import BAGS, FILMS, read_table, write_table
from tests.separable_bags import GENRES, make_corpus, write_corpus


def test_one_film_is_an_error(tmp_path):
    write_corpus(tmp_path, *make_corpus(films=1))
    with pytest.raises(TableError) as error:
        labels.read_labels(tmp_path / "films.tsv", GENRES)
    message = f"{tmp_path}/films.tsv: films with genres: 1\n  expected: at least 2"
    assert str(error.value).startswith(message)


def test_films_without_genres_and_their_bags_are_left_out_and_named(tmp_path, caplog):
    write_corpus(tmp_path, *make_corpus(films=4))
    films = read_table(tmp_path / "films.tsv", FILMS)
    named = [
        names if film != "film_01" else ()
        for film, names in films[["film_id", "genres"]].to_numpy()
    ]
    write_table(films.assign(genres=named), tmp_path / "films.tsv", FILMS)
    read = labels.read_labels(tmp_path / "films.tsv", GENRES)
    assert (read.film_ids, len(read.matrix)) == (["film_00", "film_02", "film_03"], 3)
    packed = packed_bags.read_bags(tmp_path / "bags.parquet", read)
    assert packed.labels.film_ids == read.film_ids
    assert caplog.messages == ["films without genres, left out of training and scoring: film_01"]


def test_unlisted_genre_is_an_error(tmp_path):
    write_corpus(tmp_path, *make_corpus(films=3))
    with pytest.raises(TableError) as error:
        labels.read_labels(tmp_path / "films.tsv", ["Drama", "Horror"])
    assert "film film_01: the genre 'Action' is not listed" in str(error.value)
    assert "expected: one of ['Drama', 'Horror']" in str(error.value)


def test_bags_of_films_outside_the_selection_are_an_error(tmp_path):
    write_corpus(tmp_path, *make_corpus(films=4))
    selected = labels.read_labels(tmp_path / "films.tsv", GENRES).select(["film_00", "film_01"])
    with pytest.raises(TableError) as error:
        packed_bags.read_bags(tmp_path / "bags.parquet", selected)
    assert "bags of films that are not in use: film_02, film_03" in str(error.value)


def test_bags_follow_the_order_of_the_selected_films(tmp_path):
    bags, actual = make_corpus(films=4)
    write_corpus(tmp_path, bags, actual)
    selected = labels.read_labels(tmp_path / "films.tsv", GENRES).select(["film_02", "film_00"])
    table = read_table(tmp_path / "bags.parquet", BAGS)
    write_table(table[table["film_id"].isin(selected.film_ids)], tmp_path / "two.parquet", BAGS)
    packed, films, features, cue_ids = packed_bags.read_bags(tmp_path / "two.parquet", selected)
    assert films.film_ids == ["film_02", "film_00"]
    assert features == [f"a.b{k}.mean" for k in range(6)]
    first = bags.starts[2]
    assert list(cue_ids[:2]) == [f"cue_{first}", f"cue_{first + 1}"]
    np.testing.assert_array_equal(packed.one(0).instances, bags.one(2).instances)
    np.testing.assert_array_equal(packed.one(1).instances, bags.one(0).instances)


def test_feature_scaler_ignores_missing_values():
    x = np.array([[1, 7, np.nan, 2], [3, 7, np.nan, np.nan], [np.nan, 7, np.nan, 6]], np.float32)
    scale = scaling.fit_feature_scaler(x)
    np.testing.assert_allclose(scale["mean"], [2, 7, 0, 4])
    np.testing.assert_allclose(scale["inverse_std"], [1, 0, 0, 0.5])
    expected = [[-1, 0, 0, -1], [1, 0, 0, 0], [0, 0, 0, 1]]
    np.testing.assert_allclose(scaling.standardise(x, scale), expected)


def test_feature_scaler_matches_standard_scaler():
    from sklearn.preprocessing import StandardScaler

    x = np.random.default_rng(0).gamma(2, 1000, (50, 4)).astype(np.float32)
    x[::7, 2] = np.nan
    scaler = StandardScaler().fit(x.astype(float))
    scale = scaling.fit_feature_scaler(x)
    np.testing.assert_allclose(scale["mean"], scaler.mean_, rtol=1e-6)
    np.testing.assert_allclose(1 / scale["inverse_std"], scaler.scale_, rtol=1e-6)


def test_bag_means_match_nanmean():
    bags, _ = make_corpus(films=6)
    bags.instances[bags.starts[2] : bags.starts[3], 1] = np.nan
    means = bags.means()
    with pytest.warns(RuntimeWarning, match="Mean of empty slice"):
        expected = [np.nanmean(bags.one(k).instances, axis=0) for k in range(6)]
    np.testing.assert_allclose(means.instances, expected, rtol=1e-5)
    np.testing.assert_array_equal(means.sizes, 1)
