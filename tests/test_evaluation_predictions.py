"""Prediction arrays from tables in any row order, against pivot tables."""

import numpy as np
import pandas as pd
import pytest

from scorelens.evaluation.predictions import from_table, label_frames, rank_genres
from tests.genre_tables import make_labels, make_predictions

GENRES = ["Drama", "Action", "Horror"]


def unit_table(units=11, groups=4, seed=0):
    """Rows of units in groups; a unit has the labels of its group."""
    random = np.random.default_rng(seed)
    group = np.concatenate([np.arange(groups), random.integers(0, groups, units - groups)])
    labels = random.random((groups, 3)) < 0.5
    row, genre = (axis.ravel() for axis in np.indices((units, 3)))
    return pd.DataFrame(
        {
            "title": [f"Title {number}" for number in group[row]],
            "trailer_id": [f"trailer_{number:02d}" for number in (7 * row) % units],
            "genre": np.array(GENRES)[genre],
            "probability": random.random(units * 3),
            "actual": labels[group[row], genre],
            "limit": random.random(units * 3),
        }
    )


def test_prediction_arrays_equal_pivot_tables():
    table = unit_table()
    predictions = from_table(table.sample(frac=1, random_state=1), ["title", "trailer_id"])
    assert sorted(predictions.genres) == sorted(GENRES)
    keys = ["title", "trailer_id"]
    for column, array in (
        ("probability", predictions.probability[0]),
        ("actual", predictions.unit_labels),
    ):
        wide = table.pivot_table(column, keys, "genre", aggfunc="first")[predictions.genres]
        np.testing.assert_array_equal(array, wide)
        pd.testing.assert_frame_equal(predictions.units, wide.index.to_frame(index=False))
    assert (
        predictions.units["title"].unique()[predictions.group] == predictions.units["title"]
    ).all()
    assert predictions.group_sizes.tolist() == np.bincount(predictions.group).tolist()


def test_runs_are_the_first_axis_in_order_of_their_numbers():
    labels = make_labels(5)
    probability = np.random.default_rng(0).random((3, 5, 6))
    table = make_predictions(labels, probability)
    predictions = from_table(table.sample(frac=1, random_state=2), ["film_id"], run="repeat")
    columns = [predictions.genres.index(genre) for genre in table["genre"].unique()]
    np.testing.assert_array_equal(predictions.probability[:, :, columns], probability)
    np.testing.assert_array_equal(predictions.predicted[:, :, columns], probability > 0.5)
    np.testing.assert_array_equal(predictions.labels[:, columns], labels)


def test_sort_false_preserves_the_row_order():
    labels = make_labels(4)
    table = make_predictions(labels, np.random.default_rng(0).random((2, 4, 6)))
    names = {f"film_{k:03d}": name for k, name in enumerate("dacb")}
    table = table.assign(film_id=table["film_id"].map(names))
    predictions = from_table(table, ["film_id"], run="repeat", sort=False)
    assert predictions.units["film_id"].tolist() == list("dacb")
    np.testing.assert_array_equal(predictions.labels, labels)
    actual, predicted = label_frames(predictions)
    assert actual.index.tolist() == list("dacb")
    assert (
        predicted.loc["a", "Drama"]
        == predictions.predicted[0, 1, predictions.genres.index("Drama")]
    )
    assert from_table(table, ["film_id"], run="repeat").units["film_id"].tolist() == list("abcd")


def test_threshold_column_and_genre_order_follow_the_arguments():
    table = unit_table()
    predictions = from_table(
        table, ["title", "trailer_id"], threshold="limit", genres=sorted(GENRES)
    )
    assert predictions.genres == sorted(GENRES)
    wide = table.pivot_table("limit", ["title", "trailer_id"], "genre")[sorted(GENRES)]
    np.testing.assert_array_equal(predictions.thresholds, wide)


def test_count_by_group_equals_groupby_sum():
    predictions = from_table(unit_table(), ["title", "trailer_id"])
    tagged = predictions.probability[0] > 0.5
    by_hand = pd.DataFrame(tagged).groupby(predictions.group).sum()
    np.testing.assert_array_equal(predictions.count_by_group(tagged), by_hand)


@pytest.mark.parametrize("levels", [2, 1000])
def test_rank_genres_sorts_by_probability_and_breaks_ties_by_column(levels):
    probability = np.round(np.random.default_rng(0).random((20, 6)) * levels) / levels
    for row, ranks in zip(probability, rank_genres(probability), strict=True):
        order = sorted(range(6), key=lambda genre: (-row[genre], genre))
        assert [int(ranks[genre]) for genre in order] == [1, 2, 3, 4, 5, 6]
