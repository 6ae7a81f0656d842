"""Genre models under the evaluation policy: chance, best of several, groups, pairs, calibration."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from sklearn.metrics import average_precision_score, brier_score_loss, f1_score

from scorelens import tables
from scorelens.evaluation.bootstrap import draw_groups, interval, score_observations
from scorelens.evaluation.permutation import draw_orders
from scorelens.evaluation.predictions import Predictions, from_table, rank_genres
from scorelens.genres.evaluate import calibrate, chance, compare, plot, score
from scorelens.genres.report import evidence
from scorelens.importance import rank
from tests.genre_tables import GENRES, make_calibration, make_labels, make_predictions

FILMS = 29
PAIRS = np.repeat(np.arange(0, 24, 2), 2)  # films in groups of two
RUNS = [("mir", "imv_svm"), ("mir", "imv_knn"), ("vggish", "single_attention")]


def as_predictions(probability, labels, cluster=None):
    """Predictions of films from arrays (runs, films, genres) and (films, genres)."""
    films, genres = labels.shape
    units = pd.DataFrame({"film_id": [f"film_{number:03d}" for number in range(films)]})
    ranks = rank_genres(probability[0])
    names = GENRES[:genres]
    decided = probability > 0.5
    return Predictions(
        units, names, probability, decided, ranks, np.arange(films), labels, cluster=cluster
    )


def macro_p(predictions, permutations, seed):
    """p of macro F1 and of mean average precision."""
    table = score.score_predictions(predictions, 2, seed)
    values = {name: table[name].to_numpy() for name in chance.TESTED}
    drawn = chance.permuted_metrics(predictions, permutations, seed)
    columns = chance.chance_columns(predictions, values, drawn)
    return columns["p_permuted"][-1], columns["average_precision_p"][-1]


@pytest.mark.slow
def test_noise_is_significant_in_3_to_7_percent_of_1000_corpora():
    random = np.random.default_rng(4)
    p = []
    for seed in range(1000):
        labels = random.random((FILMS, 3)) < np.array([0.5, 0.3, 0.2])
        labels[:2] = [[True] * 3, [False] * 3]
        p.append(macro_p(as_predictions(random.random((1, FILMS, 3)), labels), 99, seed))
    f1, precision = (np.array(p) <= 0.05).mean(axis=0)
    assert 0.03 <= f1 <= 0.07
    assert 0.03 <= precision <= 0.07


@pytest.mark.parametrize("constant", [0.2, 0.8])
def test_constant_prediction_has_p_1(constant):
    for seed in range(20):
        probability = np.tile([constant, 1 - constant, 0.6], (1, FILMS, 1))
        assert macro_p(as_predictions(probability, make_labels(FILMS, GENRES[:3], seed)), 99, seed)[
            :
        ] == (1, 1)


def test_permuted_metrics_equal_scikit_learn_with_exchanged_labels():
    random = np.random.default_rng(0)
    labels, probability = make_labels(12), random.random((2, 12, 6))
    labels[0] = True  # a film of each genre
    drawn = chance.permuted_metrics(as_predictions(probability, labels), 3, seed=5)
    for number, order in enumerate(draw_orders(12, 3, 5)):
        f1 = np.mean([f1_score(labels[order], run > 0.5, average=None) for run in probability], 0)
        np.testing.assert_allclose(drawn[0, number], [*f1, f1.mean()])
        precision = np.mean(
            [average_precision_score(labels[order], run, average=None) for run in probability], 0
        )
        np.testing.assert_allclose(drawn[1, number], [*precision, precision.mean()])


def test_chance_of_average_precision_is_mean_over_random_orders():
    labels = make_labels(FILMS)
    labels[:, 3] = False  # a genre without films
    random = np.random.default_rng(1)
    predictions = as_predictions(random.random((1, FILMS, 6)), labels)
    expected = np.mean(
        [
            [
                average_precision_score(label, random.random(FILMS))
                for label in labels[:, [0, 1, 2]].T
            ]
            for _ in range(400)
        ],
        axis=0,
    )
    columns = chance.chance_columns(predictions, {}, None)
    np.testing.assert_allclose(columns["average_precision_chance"][:3], expected, atol=0.03)
    assert columns["average_precision_chance"][3] == 0
    assert np.isnan(columns["p_permuted"])
    assert columns["exchangeable"] == FILMS


def adjusted_and_plain(models, seed):
    """Smallest p of macro F1 of models without skill: adjusted for the best of them, and plain."""
    random = np.random.default_rng(seed)
    labels = make_labels(FILMS, GENRES[:3], seed)
    values, permuted, plain = {}, {}, []
    for number in range(models):
        predictions = as_predictions(random.random((1, FILMS, 3)), labels)
        drawn = chance.permuted_metrics(predictions, 99, seed)
        table = score.score_predictions(predictions, 2, seed).set_index("genre")
        values[number] = table.loc["macro", list(chance.TESTED)].to_numpy(float)
        permuted[number] = drawn[..., -1]
        plain.append((1 + (drawn[0, :, -1] >= values[number][0] - 1e-12).sum()) / 100)
    adjusted = chance.best_of_models(values, permuted)
    return min(p[0] for p in adjusted.values()), min(plain)


@pytest.mark.slow
def test_best_of_ten_models_without_skill_is_significant_in_5_percent_only_when_adjusted():
    p = np.array([adjusted_and_plain(10, seed) for seed in range(80)])
    adjusted, plain = (p <= 0.05).mean(axis=0)
    assert adjusted <= 0.125  # binomial of .05: 99.7%
    assert plain >= 0.25


@pytest.fixture
def files(tmp_path):
    """Predictions of plurality, a guess, two models without skill and one with it."""
    labels = make_labels(24, seed=3)
    labels[:2] = True  # two films of each genre
    random = np.random.default_rng(3)
    skilled = np.clip(0.5 + 0.3 * (2 * labels - 1) + random.normal(0, 0.3, (2, 24, 6)), 0, 1)
    probability = {
        ("none", "random_guess"): np.tile(labels.mean(0), (1, 24, 1)),
        ("none", "plurality"): np.tile(np.arange(6) == 0, (1, 24, 1)).astype(float),
        RUNS[0]: random.random((1, 24, 6)),
        RUNS[1]: random.random((1, 24, 6)),
        RUNS[2]: skilled,
    }
    paths = {run: tmp_path / f"{run[0]}_{run[1]}.parquet" for run in probability}
    for run, path in paths.items():
        tables.write_table(make_predictions(labels, probability[run]), path, tables.PREDICTIONS)
    return paths, tmp_path, labels


def write_groups(films, path):
    """Write FILM_GROUPS: of each film the first one of its group."""
    ids = [f"film_{number:03d}" for number in range(len(films))]
    groups = pd.DataFrame({"film_id": ids, "group": [ids[number] for number in films]})
    groups = groups.assign(films=1, names=[()] * len(ids), reasons=[()] * len(ids))
    tables.write_table(groups, path, tables.FILM_GROUPS)
    return path


def read_scores(folder):
    return tables.read_table(folder / "scores.tsv", tables.GENRE_SCORES)


def test_score_table_names_primary_and_adjusts_trained_models(files):
    paths, folder, _ = files
    score.score(paths, 50, 199, 0, folder / "scores.tsv", primary=RUNS[1])
    scores = read_scores(folder)
    assert scores.groupby(["feature_set", "model"]).is_primary.all().to_dict() == {
        run: run == RUNS[1] for run in paths
    }
    macro = scores[scores.genre == "macro"].set_index(["feature_set", "model"])
    assert macro.p_best.notna().tolist() == [False, False, True, True, True]
    assert scores[scores.genre != "macro"].p_best.isna().all()
    assert (macro.p_best >= macro.p_permuted)[2:].all()
    assert macro.loc[RUNS[2], ["p_best", "average_precision_p_best"]].tolist() == [1 / 200] * 2
    assert macro.loc[("none", "plurality"), "average_precision_p"] == 1
    assert score.headline_model(scores) == RUNS[1]
    assert score.shown_models(scores)[0] == RUNS[1]
    assert sorted(score.shown_models(scores)) == sorted({RUNS[1], *score.best_models(scores)})
    without = scores.assign(is_primary=False)
    assert score.headline_model(without) == RUNS[2]
    assert score.headline_model(without[without.feature_set == "none"]) is None


def test_groups_of_films_are_resampled_and_exchanged_as_a_whole(files):
    paths, folder, labels = files
    score.score(
        {RUNS[0]: paths[RUNS[0]]}, 300, 99, 8, folder / "scores.tsv",
        write_groups(PAIRS, folder / "groups.parquet"),
    )  # fmt: skip
    scores = read_scores(folder).set_index("genre")
    assert (scores.exchangeable == 24).all()
    table = tables.read_table(paths[RUNS[0]], tables.PREDICTIONS)
    one = from_table(table, ["film_id"], run="repeat")
    cluster = np.repeat(np.arange(12), 2)
    draws = draw_groups(24, 300, np.random.default_rng(8), cluster)
    sampled = [
        f1_score(labels, one.predicted[0], average="macro", sample_weight=drawn, zero_division=0)
        for drawn in draws
    ]
    observations = score_observations(labels, 1, cluster)[-1]
    expected = interval(scores.f1["macro"], np.array(sampled), observations=observations)
    np.testing.assert_allclose(scores.loc["macro", ["f1_low", "f1_high"]].tolist(), expected)
    single = [0, 0, 0, *range(3, 24)]
    score.score(
        {RUNS[0]: paths[RUNS[0]]}, 20, 99, 8, folder / "scores.tsv",
        write_groups(single, folder / "groups.parquet"),
    )  # fmt: skip
    assert (read_scores(folder).exchangeable == 21).all()  # no other group has three films


def test_comparisons_by_average_precision_equal_scikit_learn_on_common_films(files):
    paths, folder, labels = files
    compare.compare_models({run: paths[run] for run in RUNS[1:]}, 50, 0, folder / "c.tsv")
    table = tables.read_table(folder / "c.tsv", tables.GENRE_COMPARISONS).set_index("measure")
    first, second = (score.read_predictions(paths[run]) for run in RUNS[1:])
    means = [
        np.mean([average_precision_score(labels, run) for run in one.probability])
        for one in (first, second)
    ]
    assert table.difference["average_precision"] == pytest.approx(means[0] - means[1])
    assert (table.p_holm <= 0.05).all()
    fewer = first.units["film_id"] != "film_004"
    rows = np.flatnonzero(fewer)
    shorter = compare._select(replace(second, cluster=np.repeat(np.arange(12), 2)), rows)
    common = compare.common_films(first, shorter)
    assert [len(one.labels) for one in common] == [23, 23]
    assert common[1].cluster.tolist() == [0, 0, 1, 1, 2, *np.repeat(np.arange(3, 12), 2)]
    assert compare.compare_precision(first, shorter, 10, 99, 0)["films"] == 23


def test_calibration_tables_have_brier_scores_of_every_model(files):
    paths, folder, labels = files
    outputs = folder / "calibration.tsv", folder / "reliability.tsv", folder / "figure.svg"
    path = write_groups(PAIRS, folder / "groups.parquet")
    calibrate.calibrate_models(paths, path, 50, 0, *outputs)
    table = tables.read_table(outputs[0], tables.CALIBRATION).set_index(["model", "genre"])
    assert len(table) == len(paths) * 7
    assert set(table.level) == {"film"}
    one = score.read_predictions(paths[RUNS[0]])
    for number, genre in enumerate(one.genres):
        expected = brier_score_loss(labels[:, number], one.probability[0, :, number])
        assert table.brier["imv_svm", genre] == pytest.approx(expected)
    assert table.p["plurality", "all"] < 0.01  # probabilities of 0 and 1 that are wrong
    assert table.calibration_error["random_guess", "all"] < 0.01  # the frequencies themselves
    bins = tables.read_table(outputs[1], tables.RELIABILITY)
    assert bins.groupby(["model", "genre"]).weight.sum().to_numpy() == pytest.approx(1)
    assert all(name in outputs[2].read_text() for name in ("imv svm, mir", "plurality"))


def test_report_headline_has_p_of_primary_or_adjusted_p(files):
    paths, folder, _ = files
    score.score(paths, 50, 199, 0, folder / "scores.tsv", primary=RUNS[1])
    scores = read_scores(folder)
    macro = scores[scores.genre == "macro"].set_index("model")
    lead, best = evidence.lead_row(scores), evidence.best_row(scores)
    assert (lead["model"], lead["p"]) == ("imv_knn", macro.p_permuted["imv_knn"])
    assert (best["model"], best["models"]) == ("single_attention", 3)
    chosen = evidence.lead_row(scores.assign(is_primary=False))
    assert chosen["p"] == macro.p_best["single_attention"]
    assert chosen["average_precision_p"] == macro.average_precision_p_best["single_attention"]
    compare.compare_models(paths, 50, 0, folder / "c.tsv")
    comparisons = tables.read_table(folder / "c.tsv", tables.GENRE_COMPARISONS)
    differences = evidence.differences_to(lead, comparisons)
    assert set(differences) == {run for run in paths if run[1] not in ("random_guess", "imv_knn")}
    better = differences[RUNS[2]]
    f1 = macro.f1
    assert better["difference"] == pytest.approx(f1["imv_knn"] - f1["single_attention"])
    assert better["low"] < better["difference"] < better["high"] < 0
    assert evidence.count_rivals(differences) == {"total": 2, "similar": 2}
    rows = evidence.baseline_rows(scores, differences)
    assert [row["f1"] for row in rows] == sorted((row["f1"] for row in rows), reverse=True)
    less = {row["model"]: row["less"] for row in rows}
    assert less["random_guess"] is None
    assert less["plurality"]["difference"] == pytest.approx(f1["imv_knn"] - f1["plurality"])


def test_calibration_rows_are_those_of_all_genres():
    rows = evidence.calibration_rows(make_calibration(RUNS))
    assert [(row["features"], row["model"]) for row in rows] == RUNS
    assert {row["genre"] for row in rows} == {"all"}


def test_score_figure_has_bold_primary_and_chance_of_random_order(files):
    paths, folder, _ = files
    score.score(paths, 20, 20, 0, folder / "scores.tsv", primary=RUNS[2])
    scores = read_scores(folder)
    figure = plot.macro_figure(scores)
    labels = figure.axes[0].get_yticklabels()
    bold = [label.get_text() for label in labels if label.get_fontweight() == "bold"]
    assert bold == ["Single attention (vggish)"]
    [ticks] = [line for line in figure.axes[3].lines if line.get_marker() == "|"]
    expected = scores[scores.genre == "macro"].average_precision_chance
    assert sorted(ticks.get_xdata()) == sorted(expected)
    plt.close(figure)


def test_importance_of_duplicated_films_in_groups_has_the_interval_of_the_films():
    random = np.random.default_rng(6)
    labels = make_labels(15)
    intact = labels ^ (random.random(labels.shape) < 0.2)
    shuffled = labels ^ (random.random((4, *labels.shape)) < 0.4)
    once = rank.score_group(intact, shuffled, labels, 300, 0)
    twice = [np.repeat(array, 2, axis=-2) for array in (intact, shuffled, labels)]
    cluster = np.repeat(np.arange(15), 2)
    grouped = rank.score_group(*twice, 300, 0, cluster)
    pd.testing.assert_frame_equal(once, grouped)
    films = rank.score_group(*twice, 300, 0)
    width = [(table.high - table.low).iloc[-1] for table in (grouped, films)]
    assert width[1] < 0.85 * width[0]  # as if there were twice as many
