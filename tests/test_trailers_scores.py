"""Scores of trailer models against scikit-learn, all permutations and hand calculation."""

import itertools

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, precision_recall_fscore_support

from scorelens.evaluation.average_precision import random_average_precision
from scorelens.tables import (
    TRAILER_MODALITIES,
    TRAILER_PREDICTIONS,
    TRAILER_SCORES,
    read_table,
    write_table,
)
from scorelens.trailers.evaluate import score
from scorelens.trailers.evaluate.predictions import read_predictions
from tests.trailer_tables import GENRES, make_labels, predictions_table, write_predictions

TITLE = np.array([0, 1, 1, 2, 3, 4, 5, 5, 5, 6, 7, 8, 9, 10, 11])
FRAMES = "efficientnet_lite0", "frame_attention"
SOUND = "musicnn", "sound_attention"
LINEAR = "vgg16", "frame_linear"
THRESHOLDS = (0.5, 0.36, 0.1)


def random_predictions(seed, skill=1.0, title=TITLE, hidden=()):
    """Probabilities and labels. skill: separation of logits. hidden: genres without signal."""
    actual = make_labels(title.max() + 1)
    random = np.random.default_rng(seed)
    logits = skill * np.delete(2 * actual - 1.0, hidden, axis=1)[title]
    logits = np.insert(logits, [genre - n for n, genre in enumerate(hidden)], 0, axis=1)
    logits = logits + random.normal(0, 0.7, logits.shape)
    return 1 / (1 + np.exp(-logits)), actual


def score_runs(folder, models, samples=30, permutations=40, title=TITLE):
    """Score runs and read the two tables. models: run -> probabilities and labels."""
    paths = {
        run: write_predictions(folder / f"{'_'.join(run)}.parquet", *one, title, run=run)
        for run, one in models.items()
    }
    outputs = folder / "scores.tsv", folder / "modalities.tsv"
    score.score(paths, THRESHOLDS, samples, permutations, 0, *outputs)
    contracts = TRAILER_SCORES, TRAILER_MODALITIES
    return [read_table(path, one) for path, one in zip(outputs, contracts, strict=True)]


def score_row(table, measure, genre, threshold=None, run=FRAMES):
    rows = table[(table["network"] == run[0]) & (table["model"] == run[1])]
    rows = rows[(rows["measure"] == measure) & (rows["genre"] == genre)]
    chosen = rows["threshold"].isna() if threshold is None else rows["threshold"] == threshold
    [(_, row)] = rows[chosen].iterrows()
    return row


def test_scores_agree_with_scikit_learn(tmp_path):
    probability, actual = random_predictions(0)
    table, _ = score_runs(tmp_path, {FRAMES: (probability, actual)})
    true = actual[TITLE]
    ranked = average_precision_score(true, probability, average=None)
    for genre, value in zip([*GENRES, "macro"], [*ranked, ranked.mean()], strict=True):
        assert score_row(table, "average_precision", genre)["value"] == pytest.approx(value)
    for limit in (*THRESHOLDS, "tuned"):  # the table's threshold is 0.5
        predicted = probability > (0.5 if limit == "tuned" else limit)
        for average in (None, "macro"):
            *values, support = precision_recall_fscore_support(
                true, predicted, average=average, zero_division=0
            )
            for measure, value in zip(("precision", "recall", "f1"), values, strict=True):
                names = [average] if average else GENRES
                rows = [score_row(table, measure, name, str(limit)) for name in names]
                np.testing.assert_allclose([row["value"] for row in rows], np.atleast_1d(value))
                if average is None:
                    assert [row["support"] for row in rows] == support.tolist()


def test_scores_match_hand_calculation(tmp_path):
    actual = np.array([[1, 0, 0, 0], [1, 1, 0, 0], [0, 1, 0, 1], [0, 0, 1, 0]], bool)
    probability = np.array(
        [[0.9, 0.4, 0, 0], [0.3, 0.2, 0.6, 0], [0.4, 0.6, 0.1, 0.2], [0.8, 0.2, 0.2, 0.15]]
    )
    table, _ = score_runs(tmp_path, {FRAMES: (probability, actual)}, title=np.arange(4))
    # Of the top genres Action, Horror, Comedy and Action the first and third are correct.
    assert score_row(table, "top1_accuracy", "all")["value"] == 0.5
    # At 0.36 Action is predicted for trailers 1, 3 and 4; those of Action are 1 and 2.
    assert score_row(table, "precision", "Action", "0.36")["value"] == pytest.approx(1 / 3)
    assert score_row(table, "recall", "Action", "0.36")["value"] == pytest.approx(1 / 2)
    assert score_row(table, "f1", "Action", "0.36")["value"] == pytest.approx(2 / 5)
    # In order of probability the trailers of Action have ranks 1 and 4.
    assert score_row(table, "average_precision", "Action")["value"] == pytest.approx(
        (1 + 2 / 4) / 2
    )
    assert score_row(table, "average_precision", "Action")["support"] == 2
    assert score_row(table, "f1", "Drama", "0.5")["value"] == 0


def test_tuned_scores_use_the_threshold_of_trailer_and_genre(tmp_path):
    probability, actual = random_predictions(0)
    limits = np.where(
        np.arange(len(TITLE))[:, None] % 2, [0.1, 0.9, 0.5, 0.3], [0.6, 0.2, 0.4, 0.8]
    )
    path = write_predictions(tmp_path / "one.parquet", probability, actual, TITLE, limits)
    score.score({FRAMES: path}, [], 5, 5, 0, tmp_path / "scores.tsv", tmp_path / "modalities.tsv")
    table = read_table(tmp_path / "scores.tsv", TRAILER_SCORES)
    values = precision_recall_fscore_support(actual[TITLE], probability > limits, zero_division=0)[
        2
    ]
    result = [score_row(table, "f1", genre, "tuned")["value"] for genre in GENRES]
    np.testing.assert_allclose(result, values)


def test_read_predictions_ignores_training_rows(tmp_path):
    probability, actual = random_predictions(0)
    table = predictions_table(probability, actual, TITLE)
    path = tmp_path / "one.parquet"
    training = table.assign(part="training", probability=table["actual"].astype(float))
    write_table(pd.concat([training, table]), path, TRAILER_PREDICTIONS)
    predictions = read_predictions(path)
    order = np.lexsort([predictions.units["trailer_id"]])
    np.testing.assert_array_equal(predictions.probability[0][order], probability)


def test_read_predictions_does_not_depend_on_row_order(tmp_path):
    table = predictions_table(*random_predictions(0), TITLE)
    result = []
    for number in range(2):
        path = tmp_path / f"{number}.parquet"
        write_table(table.sample(frac=1, random_state=number), path, TRAILER_PREDICTIONS)
        one = read_predictions(path)
        columns = [one.genres.index(genre) for genre in GENRES]
        result.append((one.probability[0][:, columns], one.labels[:, columns], one.units))
    for one, other in zip(*result, strict=True):
        assert np.array_equal(one, other)


def test_chance_and_p_match_all_permutations_of_title_labels(tmp_path):
    """Reference: all permutations of four titles; that of two trailers is fixed."""
    title = np.array([0, 1, 1, 2, 3])
    probability, actual = random_predictions(3, title=title)
    table, _ = score_runs(tmp_path, {FRAMES: (probability, actual)}, 5, 4000, title)
    orders = np.array([(a, 1, b, c) for a, b, c in itertools.permutations((0, 2, 3))])
    top_genre = probability.argmax(axis=1)
    values = [actual[order][title, top_genre].mean() for order in orders]
    row = score_row(table, "top1_accuracy", "all")
    assert row["value"] == pytest.approx(actual[title, top_genre].mean())
    assert row["chance"] == pytest.approx(np.mean(values), abs=0.02)
    assert row["p"] == pytest.approx(np.mean(np.array(values) >= row["value"] - 1e-9), abs=0.03)
    carried = actual.any(axis=0)
    for genre in np.flatnonzero(carried):
        permuted = [
            average_precision_score(actual[o][title, genre], probability[:, genre]) for o in orders
        ]
        row = score_row(table, "average_precision", GENRES[genre])
        assert row["chance"] == pytest.approx(np.mean(permuted), abs=0.03)
        assert row["p"] == pytest.approx(
            np.mean(np.array(permuted) >= row["value"] - 1e-9), abs=0.03
        )


def test_constant_predictions_score_at_chance_with_p_1(tmp_path):
    """Numbers of trailers are unequal: of 30 titles, the ten of Horror have four each."""
    horror = np.arange(30) % 3 == 0
    title = np.repeat(np.arange(30), np.where(horror, 4, 1))
    actual = make_labels(30)
    actual[:, 2], actual[4] = horror, False
    same = np.tile([0.5, 0.4, 0.9, 0.2], (len(title), 1))
    limits = [0.3, 0.6, 0.7, 0.1]
    path = write_predictions(tmp_path / "one.parquet", same, actual, title, limits)
    score.score(
        {FRAMES: path}, [0.3], 20, 200, 0, tmp_path / "scores.tsv", tmp_path / "modalities.tsv"
    )
    table = read_table(tmp_path / "scores.tsv", TRAILER_SCORES)
    assert table["measure"].nunique() == 5
    np.testing.assert_allclose(table["chance"], table["value"])
    assert (table["p"] == 1).all()
    ranked = table[(table["measure"] == "average_precision") & (table["genre"] != "macro")]
    np.testing.assert_allclose(ranked["value"], actual[title].mean(axis=0))


def test_top1_accuracy_ignores_trailers_without_genres(tmp_path):
    """Three of five trailers carry a genre; the top genre of two of these is correct."""
    actual = np.array([[1, 0, 0, 0], [0, 0, 0, 0], [0, 1, 0, 1], [0, 0, 1, 0]], bool)
    title = np.array([0, 1, 1, 2, 3])
    probability = np.eye(4)[[0, 0, 1, 3, 1]]
    table, _ = score_runs(tmp_path, {FRAMES: (probability, actual)}, 200, 40, title)
    row = score_row(table, "top1_accuracy", "all")
    assert row["value"] == pytest.approx(2 / 3)
    assert row["support"] == 3
    assert (row["low"], row["high"]) == (0, 1)
    assert score_row(table, "average_precision", "macro")["support"] == 5


def test_top1_accuracy_of_a_bootstrap_sample_without_genres_is_zero(tmp_path):
    actual = np.array([[1, 0], [0, 1], [0, 0]], bool)
    path = write_predictions(
        tmp_path / "one.parquet", np.eye(2)[[0, 1, 0]], actual, genres=GENRES[:2]
    )
    table = score.score_model(
        read_predictions(path), [], np.array([[0.0, 0, 3]]), np.array([[0, 1, 2]])
    )
    [(_, row)] = table[table["measure"] == "top1_accuracy"].iterrows()
    assert (row["value"], row["low"], row["high"]) == (1, 0, 0)


def test_skilled_run_is_significant_and_unskilled_run_is_not(tmp_path):
    title = np.arange(40)
    models = {FRAMES: random_predictions(0, 2.0, title), LINEAR: random_predictions(0, 0.0, title)}
    table, _ = score_runs(tmp_path, models, 50, 200, title)
    for measure, genre, limit in (
        ("average_precision", "macro", None),
        ("top1_accuracy", "all", None),
        ("f1", "macro", "tuned"),
    ):
        skilled, unskilled = (score_row(table, measure, genre, limit, run) for run in models)
        assert skilled["p"] < 0.01
        assert skilled["low"] > skilled["chance"]
        assert unskilled["p"] > 0.05


def test_bootstrap_samples_titles_with_all_their_trailers(tmp_path):
    """Expected accuracy for each of the possible samples of two titles."""
    title = np.array([0, 0, 0, 1])
    actual = np.array([[True, False], [False, True]])
    probability = np.array([[0.9, 0.1], [0.9, 0.1], [0.1, 0.9], [0.2, 0.8]])
    path = write_predictions(
        tmp_path / "one.parquet", probability, actual, title, genres=GENRES[:2]
    )
    predictions = read_predictions(path)
    for draw, value in (([2, 0], 2 / 3), ([0, 2], 1), ([1, 1], 3 / 4)):
        draws = np.tile(np.array(draw, float), (3, 1))
        table = score.score_model(predictions, [0.5], draws, np.array([[0, 1]]))
        [(_, row)] = table[table["measure"] == "top1_accuracy"].iterrows()
        assert row["low"] == row["high"] == pytest.approx(value)


def test_modality_table_compares_first_attention_runs_of_picture_and_sound(tmp_path):
    title = np.arange(60)
    models = {
        FRAMES: random_predictions(0, 2.5, title, hidden=[0]),
        SOUND: random_predictions(1, 2.5, title, hidden=[2]),
        LINEAR: random_predictions(2, 0.0, title),
        ("vgg16", "frame_attention"): random_predictions(3, 4.0, title),
        ("yamnet", "sound_attention"): random_predictions(4, 4.0, title),
    }
    table, modalities = score_runs(tmp_path, models, 60, 200, title)
    assert modalities["genre"].tolist() == [*GENRES, "macro"]
    # Neither the linear model nor a better network that is listed later.
    assert set(
        modalities[["picture_network", "picture_model"]].itertuples(index=False, name=None)
    ) == {FRAMES}
    assert set(modalities[["sound_network", "sound_model"]].itertuples(index=False, name=None)) == {
        SOUND
    }
    assert modalities["both"].isna().all()
    for _, row in modalities.iterrows():
        for modality, run in (("picture", FRAMES), ("sound", SOUND)):
            score_of_run = score_row(table, "average_precision", row["genre"], run=run)
            for suffix, column in (("", "value"), ("_low", "low"), ("_high", "high")):
                assert row[f"{modality}{suffix}"] == pytest.approx(score_of_run[column])
        assert row["difference"] == pytest.approx(row["picture"] - row["sound"])
        assert row["difference_low"] <= row["difference"] <= row["difference_high"]
    action, comedy, horror, drama, macro = (row for _, row in modalities.iterrows())
    assert action["difference_high"] < 0
    assert horror["difference_low"] > 0
    assert max(action["p"], horror["p"]) < 0.01
    assert min(comedy["p"], drama["p"], macro["p"]) > 0.05
    labels = make_labels(60)
    by_chance = random_average_precision(labels.sum(axis=0), 60)
    np.testing.assert_allclose(modalities["chance"], [*by_chance, by_chance.mean()])
    assert modalities["support"].tolist() == [*labels.sum(axis=0), 60]


def test_modality_without_model_is_null(tmp_path):
    _, modalities = score_runs(
        tmp_path,
        {
            ("yamnet", "sound_linear"): random_predictions(0),
            ("none", "frequency"): random_predictions(1),
        },
    )
    names = ["picture", "both", "difference", "p", "p_adjusted"]
    names += ["picture_model", "picture_network"]
    assert modalities[names].isna().all(axis=None)
    assert set(modalities["sound_network"]) == {"yamnet"}
    assert set(modalities["sound_model"]) == {"sound_linear"}
    assert modalities["sound"].notna().all()


def test_a_model_is_scored_on_each_of_its_networks(tmp_path):
    title, other = np.arange(40), ("vgg16", "frame_attention")
    models = {FRAMES: random_predictions(0, 0.2, title), other: random_predictions(1, 2.0, title)}
    together, _ = score_runs(tmp_path, models, 20, 30, title)
    alone, _ = score_runs(tmp_path, {other: models[other]}, 20, 30, title)
    for network, rows in together.groupby("network", sort=False):
        assert len(rows) == len(alone)
        assert rows.reset_index(drop=True).equals(alone) == (network == "vgg16")
    assert together["network"].drop_duplicates().tolist() == ["efficientnet_lite0", "vgg16"]


def test_identical_modalities_have_difference_0_and_p_1(tmp_path):
    _, modalities = score_runs(
        tmp_path, {FRAMES: random_predictions(0), SOUND: random_predictions(0)}
    )
    assert (modalities["difference"] == 0).all()
    assert (modalities[["p", "p_adjusted"]] == 1).all(axis=None)


def test_p_values_are_adjusted_over_genres_by_benjamini_hochberg(tmp_path):
    """The macro difference is one test and is not adjusted."""
    title = np.arange(60)
    models = {
        FRAMES: random_predictions(0, 1.2, title, [0]),
        SOUND: random_predictions(1, 0.8, title, [2]),
    }
    _, modalities = score_runs(tmp_path, models, 60, 200, title)
    p = modalities["p"].to_numpy()[:4]
    scaled = np.sort(p) * 4 / np.arange(1, 5)
    adjusted = np.minimum.accumulate(scaled[::-1])[::-1]
    np.testing.assert_allclose(modalities["p_adjusted"][:4], adjusted[np.argsort(np.argsort(p))])
    assert (modalities["p_adjusted"][:4] > p).sum() >= 2
    assert modalities["p_adjusted"][4] == modalities["p"][4]


def test_p_of_macro_difference_agrees_with_its_interval(tmp_path):
    """Picture predicts three genres; sound predicts two, one of which picture does not."""
    title = np.arange(60)
    models = {
        FRAMES: random_predictions(0, 2.0, title, [0]),
        SOUND: random_predictions(1, 2.0, title, [1, 2]),
    }
    _, modalities = score_runs(tmp_path, models, 400, 20, title)
    macro = modalities.iloc[-1]
    assert macro["difference_low"] > 0
    assert macro["p"] < 0.05
    assert modalities["difference"][0] < -0.3
