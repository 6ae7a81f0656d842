"""Classification of film scenes by models trained on trailers: exact values and leakage."""

import numpy as np
import pandas as pd
import pytest
from scipy import special
from sklearn.linear_model import LogisticRegression

from scorelens.errors import TableError
from scorelens.learning.datasets import Dataset
from scorelens.learning.linear_model import fit_linear
from scorelens.trailers.data.table import bare_title
from scorelens.trailers.scenes import scenes
from tests.trailer_tables import GENRES, make_labels, make_vectors


def make_dataset(vectors, actual, titles=None) -> Dataset:
    """Dataset. vectors: (trailers, moments, columns). actual: bool (trailers, genres)."""
    count, moments, columns = vectors.shape
    titles = [f"Title {number:02d}" for number in range(count)] if titles is None else titles
    title = np.unique(titles, return_inverse=True)[1]
    return Dataset(
        instances=vectors.reshape(-1, columns).astype(np.float32),
        bag=np.repeat(np.arange(count), moments),
        time_s=np.zeros(count * moments),
        bag_ids=[(title, f"trailer_{number}") for number, title in enumerate(titles)],
        group=title,
        split_group=title,
        genres=GENRES[: actual.shape[1]],
        labels=actual,
    )


def scene_table(vectors):
    """Table SCENES. vectors: (films, scenes, columns)."""
    films, count, columns = vectors.shape
    heads = {
        "film_id": np.repeat([f"film_{number:02d}" for number in range(films)], count),
        "cue_id": np.tile([f"cue_{number:03d}" for number in range(count)], films),
        "track_id": "t",
        "start_s": 0.0,
        "end_s": 9.0,
    }
    names = [f"v_{column:02d}" for column in range(columns)]
    values = pd.DataFrame(vectors.reshape(-1, columns).astype(np.float32), columns=names)
    return pd.DataFrame(heads).join(values)


def titles_of(films, with_trailer=()):
    """film_id -> title. with_trailer: indices of films that have the title of a trailer."""
    return {
        f"film_{number:02d}": f"{'Title' if number in with_trailer else 'Film'} {number:02d}"
        for number in range(films)
    }


def probability_of(classified, film_id):
    return (
        classified[classified["film_id"] == film_id]["probability"]
        .to_numpy()
        .reshape(-1, len(GENRES))
    )


def test_scene_probabilities_match_scikit_learn_with_prior_removed():
    actual = make_labels(12)
    titles = [f"Title {number % 10}" for number in range(12)]  # two titles have two trailers
    actual[10:] = actual[:2]
    vectors = make_vectors(actual, [0, 2])
    scene_vectors = np.random.default_rng(5).normal(size=(1, 3, 8))
    training_set = make_dataset(vectors, actual, titles)
    classified = scenes.classify_scenes(
        scene_table(scene_vectors), {"film_00": "Another"}, training_set
    )
    counts = np.array([0.5, 0.5, *[1] * 8, 0.5, 0.5])
    means = vectors.mean(axis=1)
    scaled, scaled_scenes = (
        (vectors_of - means.mean(0)) / means.std(0) for vectors_of in (means, scene_vectors[0])
    )
    for column, genre in enumerate(GENRES):
        model = LogisticRegression(C=0.1, max_iter=1000).fit(scaled, actual[:, column], counts)
        share = np.average(actual[:, column], weights=counts)
        odds = model.decision_function(scaled_scenes) - special.logit(share)
        probability = classified[classified["genre"] == genre]["probability"]
        np.testing.assert_allclose(probability, special.expit(odds), atol=1e-4)
    assert classified.cue_id.tolist() == np.repeat(["cue_000", "cue_001", "cue_002"], 4).tolist()


def test_own_trailers_are_left_out_of_training_for_a_film():
    """Changes to a film's trailer leave its own scenes bit-identical and change other films'."""
    actual = make_labels(12)
    vectors = make_vectors(actual, [0, 2])
    names = ["THE ÉTOILE", "L'Étoile: the (1972)", *[f"Title {number}" for number in range(10)]]
    training_set = make_dataset(vectors, actual, names)
    changed, labels = vectors.copy(), actual.copy()
    changed[:2] = 5 - 3 * changed[:2]
    labels[:2] = ~labels[:2]
    titles = {"film_00": "The Etoile", "film_01": "Title 3", "film_02": "L'Étoile — The"}
    scenes_of_films = scene_table(np.random.default_rng(5).normal(size=(3, 2, 8)))
    # Only trailer 0 changes, which has the title of film_00; film_02 has that of trailer 1.
    instances = np.r_[changed[0], vectors[1:].reshape(-1, 8)].astype(np.float32)
    changed_set = training_set._replace(instances=instances)
    changed_set = changed_set._replace(labels=np.r_[labels[:1], actual[1:]])
    before, after = (
        scenes.classify_scenes(scenes_of_films, titles, dataset)
        for dataset in (training_set, changed_set)
    )
    np.testing.assert_array_equal(
        probability_of(before, "film_00"), probability_of(after, "film_00")
    )
    for film_id in ("film_01", "film_02"):
        assert (probability_of(before, film_id) != probability_of(after, film_id)).all()


@pytest.mark.parametrize("with_trailer", [(), (0, 1, 2, 3)])
def test_constant_vectors_have_probability_one_half(with_trailer):
    """A left-out trailer makes its genres rarer in training: probabilities must not change."""
    actual = make_labels(12)
    training_set = make_dataset(np.ones((12, 2, 8)), actual)
    scenes_of_films = scene_table(np.ones((4, 2, 8)))
    classified = scenes.classify_scenes(scenes_of_films, titles_of(4, with_trailer), training_set)
    np.testing.assert_allclose(classified["probability"], 0.5, atol=1e-3)
    bias = fit_linear(training_set, np.arange(1, 12))["bias"]
    np.testing.assert_allclose(special.expit(bias), actual[1:].mean(axis=0), atol=1e-3)


def test_genres_of_all_or_no_trailers_have_probability_one_half():
    actual = make_labels(8)
    actual[:, 1], actual[:, 2] = True, False
    training_set = make_dataset(make_vectors(actual, [0]), actual)
    scenes_of_films = scene_table(np.random.default_rng(1).normal(size=(2, 2, 8)))
    classified = scenes.classify_scenes(scenes_of_films, titles_of(2), training_set)
    constant_genres = classified[classified["genre"].isin(GENRES[1:3])]["probability"]
    assert (constant_genres == 0.5).all()
    assert (classified[classified["genre"] == GENRES[0]]["probability"] != 0.5).all()


def test_film_whose_trailers_are_all_left_out_raises_table_error():
    actual = make_labels(2)
    training_set = make_dataset(make_vectors(actual, []), actual, ["Solaris", "Solaris (2002)"])
    scenes_of_films = scene_table(np.zeros((1, 1, 8)))
    with pytest.raises(TableError) as error:
        scenes.classify_scenes(scenes_of_films, {"film_00": "Solaris"}, training_set)
    assert str(error.value) == (
        "trailers: film_00: no trailer of another title has frames\n"
        "  expected: some to train on\n"
        "  hint: add trailers of other films"
    )


@pytest.mark.parametrize(
    ("title", "other", "expected"),
    [
        ("Solaris", "solaris (1972)", True),
        ("Amélie", "AMELIE", True),
        ("Wall·E", "WALL-E", True),
        ("Blade Runner 2049", "Blade Runner", True),  # a false match only leaves out a trailer
        ("1984", "2012", False),
        ("七人の侍", "七人の侍 1954", True),
        ("七人の侍", "生きる", False),
        ("Up", "Up in the Air", False),
        ("?", "!", False),
        ("Apollo 13", "Apollo 11", False),
    ],
)
def test_bare_title_ignores_case_accents_punctuation_and_year(title, other, expected):
    assert (bare_title(title) == bare_title(other)) == expected


def test_average_scenes_is_the_mean_over_scenes_of_a_film():
    rows = {
        "film_id": ["b", "b", "b", "b", "a", "a"],
        "cue_id": ["x", "x", "y", "y", "x", "x"],
        "genre": ["Horror", "Action"] * 3,
        "probability": [0.1, 0.2, 0.5, 0.4, 0.9, 0.7],
    }
    result = scenes.average_scenes(pd.DataFrame(rows), ["Horror", "Action"])
    assert result.columns.tolist() == ["Horror", "Action"]
    np.testing.assert_allclose(result.loc["b"], [0.3, 0.3])
    np.testing.assert_allclose(result.loc["a"], [0.9, 0.7])
