"""Tests of tagger scores against scikit-learn, all permutations and hand-computed tables."""

import itertools

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import (
    average_precision_score,
    coverage_error,
    label_ranking_average_precision_score,
    precision_recall_fscore_support,
)

from scorelens.evaluation import label_ranking
from scorelens.tables import (
    TAGGER_CONFUSIONS,
    TAGGER_OUTCOMES,
    TAGGER_SCORES,
    TAGGER_TILES,
    TAGGER_TRACKS,
    read_table,
    write_table,
)
from scorelens.tagger import RANDOM, TILE_S, score
from scorelens.tagger.predictions import read_tiles, read_tracks
from scorelens.tagger.track_outcomes import confusions, track_outcomes
from tests.tagger_tables import make_labels, make_tables, tables_of

SKLEARN_METRICS = (coverage_error, label_ranking_average_precision_score)
PRF = ("precision", "recall", "f1")


def save(folder, tables, name="model"):
    """Write the tables of tiles and tracks of a model; returns their paths."""
    paths = folder / f"tiles_{name}.parquet", folder / f"tracks_{name}.parquet"
    for table, path, schema in zip(tables, paths, (TAGGER_TILES, TAGGER_TRACKS), strict=True):
        write_table(table, path, schema)
    return paths


def load(folder, tables):
    tiles, tracks = save(folder, tables)
    held_out = read_tracks(tracks)
    return read_tiles(tiles, held_out), held_out


def single_tile_predictions(folder, probability, actual, film=None):
    """`Predictions` of tracks of one tile each. probability: (tracks, genres)."""
    film = np.arange(len(probability)) if film is None else film
    track, start = np.arange(len(film)), np.zeros(len(film))
    return load(folder, tables_of(film, track, start, probability, actual))[1]


def scored(folder, models, tops=(1, 2), samples=20, permutations=30):
    tiles, tracks = {}, {}
    for name, tables in models.items():
        tiles[name], tracks[name] = save(folder, tables, name)
    outputs = [folder / f"{name}.tsv" for name in ("scores", "confusions", "outcomes")]
    score.score(tiles, tracks, tops, samples, permutations, 0, *outputs)
    schemas = (TAGGER_SCORES, TAGGER_CONFUSIONS, TAGGER_OUTCOMES)
    return [read_table(path, one) for path, one in zip(outputs, schemas, strict=True)]


def cell(table, measure, genre="all", top=None, **others):
    """The only row of the scores with these keys."""
    chosen = (table["measure"] == measure) & (table["genre"] == genre)
    chosen &= table["top"].isna() if top is None else table["top"].eq(top).fillna(False)
    for name, value in others.items():
        chosen &= table[name] == value
    [(_, row)] = table[chosen].iterrows()
    return row


def tagged(probability, top):
    """The `top` most probable tags, bool (units, genres), if no probabilities are equal."""
    return probability >= np.sort(probability, axis=1)[:, [-top]]


def test_scores_match_scikit_learn_for_any_row_order(tmp_path):
    actual = make_labels(9)
    actual[4] = True  # so that each genre has a film
    tables = [one.sample(frac=1, random_state=3) for one in make_tables(actual, 4, 5)]
    genres = tables[1]["genre"].drop_duplicates().tolist()
    table, _, _ = scored(tmp_path, {"dnn": tables}, tops=(1, 3))
    table = table[table["model"] == "dnn"]
    for level, predictions in zip(("tile", "track"), load(tmp_path, tables), strict=True):
        assert predictions.genres == genres
        true, probability = predictions.unit_labels, predictions.probability[0]
        for measure, sklearn_metric in zip(label_ranking.RANKINGS, SKLEARN_METRICS, strict=True):
            row = cell(table, measure, level=level)
            assert row["value"] == pytest.approx(sklearn_metric(true, probability))
            assert row["support"] == len(true)
        ranked = average_precision_score(true, probability, average=None)
        for genre, value in zip([*genres, "macro"], [*ranked, ranked.mean()], strict=True):
            row = cell(table, "average_precision", genre, level=level)
            assert row["value"] == pytest.approx(value)
            assert np.isnan(row["chance"])
        for top in (1, 3):
            predicted = tagged(probability, top)
            for average in (None, "macro", "weighted"):
                *values, support = precision_recall_fscore_support(
                    true, predicted, average=average, zero_division=0
                )
                names = [average] if average else genres
                for measure, value in zip(PRF, values, strict=True):
                    rows = [cell(table, measure, name, top, level=level) for name in names]
                    np.testing.assert_allclose([r["value"] for r in rows], np.atleast_1d(value))
                    if average is None:
                        assert [r["support"] for r in rows] == support.tolist()


def test_predictions_match_the_pivoted_tables(tmp_path):
    tiles, tracks = make_tables(make_labels(4), 3, 5)
    by_tile, by_track = load(
        tmp_path, [one.sample(frac=1, random_state=1) for one in (tiles, tracks)]
    )
    for predictions, table, keys in (
        (by_tile, tiles, ["film_id", "track_id", "start_s"]),
        (by_track, tracks, ["film_id", "track_id"]),
    ):
        wide = table.pivot_table(index=keys, columns="genre", values="probability")[
            predictions.genres
        ]
        pd.testing.assert_frame_equal(predictions.units, wide.index.to_frame(index=False))
        np.testing.assert_array_equal(predictions.probability[0], wide)
        ids = predictions.units["film_id"].to_numpy()
        assert (ids == np.unique(ids)[predictions.group]).all()
    labels = tracks.pivot_table("actual", ["film_id", "track_id"], "genre", aggfunc="first")
    assert (by_track.unit_labels == labels[by_track.genres]).all(axis=None)


def test_intervals_match_scikit_learn_on_the_same_bootstrap_samples(tmp_path):
    predictions, _ = load(tmp_path, make_tables(make_labels(6), 3, 4, skill=0.4))
    draws = np.random.default_rng(2).multinomial(6, np.full(6, 1 / 6), 40).astype(float)
    table = score.score_model(predictions, [2], draws, np.arange(6)[None])
    rows = [
        np.repeat(np.arange(len(predictions.group)), draw[predictions.group].astype(int))
        for draw in draws
    ]
    true, predicted = predictions.unit_labels, tagged(predictions.probability[0], 2)
    for measure, sklearn_metric in zip(label_ranking.RANKINGS, SKLEARN_METRICS, strict=True):
        values = [sklearn_metric(true[r], predictions.probability[0][r]) for r in rows]
        bounds = cell(table, measure)[["low", "high"]].astype(float)
        np.testing.assert_allclose(bounds, np.percentile(values, [2.5, 97.5]))
    for average in ("macro", "weighted"):
        values = [
            precision_recall_fscore_support(
                true[r], predicted[r], average=average, zero_division=0
            )[:3]
            for r in rows
        ]
        low, high = np.percentile(values, [2.5, 97.5], axis=0)
        for measure, *bounds in zip(PRF, low, high, strict=True):
            result = cell(table, measure, average, 2)[["low", "high"]].astype(float)
            np.testing.assert_allclose(result, bounds)


def test_chance_and_p_match_all_permutations_of_five_films(tmp_path):
    predictions, _ = load(tmp_path, make_tables(make_labels(5), 3, 4, skill=0.3))
    orders = np.array(list(itertools.permutations(range(5))))
    table = score.score_model(predictions, [3], np.ones((1, 5)), orders)
    labels, predicted = (
        [predictions.labels[order][predictions.group] for order in orders],
        tagged(predictions.probability[0], 3),
    )
    expected = {
        (measure, "all", None): [
            sklearn_metric(true, predictions.probability[0]) for true in labels
        ]
        for measure, sklearn_metric in zip(label_ranking.RANKINGS, SKLEARN_METRICS, strict=True)
    }
    for average in ("macro", "weighted"):
        values = [
            precision_recall_fscore_support(true, predicted, average=average, zero_division=0)[:3]
            for true in labels
        ]
        for measure, permuted in zip(PRF, zip(*values, strict=True), strict=True):
            expected[measure, average, 3] = permuted
    for key, values in expected.items():
        row, values = cell(table, *key), np.array(values)
        assert row["chance"] == pytest.approx(values.mean())
        sign = -1 if key[0] == "coverage_error" else 1
        reached = (sign * values >= sign * row["value"] - 1e-12).sum()
        assert row["p"] == pytest.approx((1 + reached) / 121)


def test_perfect_predictions_have_maximal_scores_and_minimal_p(tmp_path):
    true = make_labels(12)
    true[4] = True  # so that each genre has a film
    film = np.repeat(np.arange(12), 3)
    probability = 0.1 + 0.8 * true[film] + np.linspace(0, 0.05, 10)
    table, confused, outcomes = scored(
        tmp_path,
        {"cnn": tables_of(film, np.tile(np.arange(3), 12), np.zeros(36), probability, true)},
        permutations=2000,
    )
    table = table[table["model"] == "cnn"]
    for level in ("track", "tile"):
        covered = cell(table, "coverage_error", level=level)
        assert covered["value"] == pytest.approx(true.sum(axis=1).mean())
        assert covered["p"] == pytest.approx(1 / 2001)
        ranked = cell(table, "label_ranking_average_precision", level=level)
        assert ranked[["value", "low", "high"]].tolist() == [1, 1, 1]
        assert cell(table, "average_precision", "macro", level=level)["value"] == 1
    assert (confused["tracks"] == 0).all()
    assert (outcomes["outcome"] == "right").all()


def test_equal_predictions_for_all_films_have_p_1(tmp_path):
    true = make_labels(12)
    frequency = np.tile(true.mean(axis=0), (12, 1))
    predictions = single_tile_predictions(tmp_path, frequency, true)
    orders = np.random.default_rng(0).permuted(np.tile(np.arange(12), (50, 1)), axis=1)
    table = score.score_model(predictions, [2], np.ones((1, 12)), orders).dropna(subset="p")
    assert (table["p"] == 1).all()
    np.testing.assert_allclose(table["chance"], table["value"])


def test_gain_is_relative_to_random_ranking_on_the_same_samples(tmp_path):
    """The bootstrap samples of two films: the first twice, both once, the second twice."""
    actual = np.array([[1, 0, 0], [1, 1, 0]], bool)
    probability = np.array([[0.9, 0.2, 0.1], [0.1, 0.2, 0.9]])
    predictions = single_tile_predictions(tmp_path, probability, actual)
    draws = np.array([[2, 0], [1, 1], [0, 2]], float)
    result = score.score_model(predictions, (1,), draws, np.empty((0, 2), int)).set_index("measure")
    row = result.loc["coverage_error"]
    # Coverage 1 and 3; at random 2 and 8/3.
    assert row.gain == pytest.approx((1 - 2 + 3 - 8 / 3) / 2)
    low, high = np.percentile([1 - 2, row.gain, 3 - 8 / 3], [2.5, 97.5])
    assert (row.gain_low, row.gain_high) == pytest.approx((low, high))
    assert result.loc["f1", "gain"].isna().all()
    random = score.score_random(predictions, (1,), draws).set_index("measure")
    assert random.loc["coverage_error", "gain"] == pytest.approx(0)


def test_intervals_of_a_single_film_have_zero_width(tmp_path):
    table, _, _ = scored(tmp_path, {"dnn": make_tables(make_labels(1), 6, 5)})
    np.testing.assert_allclose(table["low"], table["value"])
    np.testing.assert_allclose(table["high"], table["value"])


def test_random_ranking_scores_match_the_mean_over_random_orders(tmp_path):
    labels = make_labels(10)
    labels[4] = True  # so that each genre has a film
    _, held_out = load(tmp_path, make_tables(labels, 8, 8))
    random = np.random.default_rng(4)
    table = score.score_random(held_out, [3, 99], np.ones((2, 10)))
    true = held_out.unit_labels
    f1 = [
        precision_recall_fscore_support(
            true, tagged(random.random(true.shape), 3), average="macro", zero_division=0
        )[2]
        for _ in range(200)
    ]
    assert cell(table, "f1", "macro", 3)["value"] == pytest.approx(np.mean(f1), abs=0.01)
    assert cell(table, "recall", "weighted", 3)["value"] == pytest.approx(3 / 10)
    assert cell(table, "recall", "macro", 99)["value"] == 1
    assert table[["chance", "p"]].isna().all(axis=None)
    assert (table["measure"] != "average_precision").all()


def test_models_share_bootstrap_samples_and_scores_are_deterministic(tmp_path):
    tables = make_tables(make_labels(7), 3, 4)
    scores = scored(tmp_path, {"dnn": tables, "cnn": tables})
    repeated = scored(tmp_path, {"dnn": tables, "cnn": tables})
    for first, second in zip(scores, repeated, strict=True):
        pd.testing.assert_frame_equal(first, second)
        one, two = (first[first["model"] == name].drop(columns="model") for name in ("dnn", "cnn"))
        pd.testing.assert_frame_equal(one.reset_index(drop=True), two.reset_index(drop=True))
    assert scores[0]["model"].unique().tolist() == [RANDOM, "dnn", "cnn"]


def test_films_without_any_of_the_genres_are_left_out(tmp_path):
    true = make_labels(6)
    tables = make_tables(true, 4, 5)
    without_film = scored(tmp_path, {"dnn": [one[one["film_id"] != "film_002"] for one in tables]})
    tables[1].loc[tables[1]["film_id"] == "film_002", "actual"] = False
    for first, second in zip(without_film, scored(tmp_path, {"dnn": tables}), strict=True):
        pd.testing.assert_frame_equal(first, second)


HAND = np.array(
    [[0.9, 0.8, 0.1, 0.2], [0.7, 0.1, 0.8, 0.3], [0.2, 0.3, 0.8, 0.9], [0.1, 0.9, 0, 0]]
)
HAND_TRUE = np.array([[True, True, False, False], [False, True, False, False]])


def test_outcomes_and_confusions_match_hand_computed_values(tmp_path):
    predictions = single_tile_predictions(tmp_path, HAND, HAND_TRUE, film=np.array([0, 0, 0, 1]))
    outcomes = track_outcomes(predictions)
    assert outcomes["film_id"].tolist() == ["film_000"] * 3 + ["film_001"]
    assert outcomes["genres"].tolist() == [("Action", "Adventure")] * 3 + [("Adventure",)]
    assert outcomes["tags"].tolist() == [
        ("Action", "Adventure"), ("Comedy", "Action"), ("Crime", "Comedy"), ("Adventure",)
    ]  # fmt: skip
    assert outcomes["outcome"].tolist() == ["right", "partly", "wrong", "right"]
    table = confusions(predictions).set_index(["genre", "tagged"])
    assert len(table) == 2 * 3  # Comedy and Crime have no tracks
    assert table.loc[("Action", "Comedy")].tolist() == [2, pytest.approx(2 / 3)]
    assert table.loc[("Action", "Crime")].tolist() == [1, pytest.approx(1 / 3)]
    assert table.loc[("Adventure", "Comedy")].tolist() == [2, pytest.approx(2 / 4)]
    assert table.loc[("Action", "Adventure")].tolist() == [0, 0]


def test_tied_tags_of_a_tile_are_ranked_in_genre_order(tmp_path):
    flat = tables_of(np.zeros(2, int), np.zeros(2, int), np.array([0, TILE_S]),
                     np.full((2, 4), 0.5), HAND_TRUE)  # fmt: skip
    tiles, tracks = load(tmp_path, flat)
    assert tiles.rank.tolist() == [[1, 2, 3, 4]] * 2
    assert tracks.rank.tolist() == [[1, 2, 3, 4]]
