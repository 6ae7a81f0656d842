"""The policy of evaluation on trailers: chance, best of N, pairs of models, calibration."""

import itertools

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import brier_score_loss, f1_score

from scorelens.evaluation import calibration_tables
from scorelens.evaluation.bootstrap import draw_groups
from scorelens.evaluation.grouped_precision import grouped_average_precision
from scorelens.evaluation.multiplicity import best_of_p
from scorelens.evaluation.permutation import draw_orders
from scorelens.evaluation.predictions import Predictions, rank_genres
from scorelens.tables import (
    CALIBRATION,
    RELIABILITY,
    TRAILER_COMPARISONS,
    TRAILER_SCORES,
    read_table,
)
from scorelens.trailers.evaluate import model_comparison, score
from scorelens.trailers.evaluate.calibrate import calibrate_trailers
from scorelens.trailers.evaluate.predictions import read_predictions
from tests.trailer_tables import GENRES, make_labels, write_predictions

TITLE = np.repeat(np.arange(30), np.where(np.arange(30) % 4, 1, 3))  # 1 or 3 trailers of a title
RUNS = {
    "skilled": ("efficientnet_lite0", "frame_attention"),
    "noise": ("musicnn", "sound_linear"),
    "other_noise": ("vgg16", "frame_linear"),
    "baseline": ("none", "loudness"),
}
MEANS = (
    ("average_precision", None),
    ("f1", "tuned"),
    ("top1_accuracy", None),
    ("single_label_accuracy", None),
)


def draw_probability(seed, skill=0.0, title=TITLE):
    """Probabilities of trailers: labels of their titles times the skill, and noise."""
    random = np.random.default_rng(seed)
    logits = skill * (2.0 * make_labels(title.max() + 1)[title] - 1)
    return 1 / (1 + np.exp(random.normal(-logits, 1)))


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    """Predictions of one run with skill and of three without."""
    folder, actual = tmp_path_factory.mktemp("policy"), make_labels(30)
    return {
        run: write_predictions(
            folder / f"{name}.parquet",
            draw_probability(number, 1.5 * (name == "skilled")),
            actual,
            TITLE,
            run=run,
        )
        for number, (name, run) in enumerate(RUNS.items())
    }


@pytest.fixture(scope="module")
def scores(paths, tmp_path_factory):
    folder = tmp_path_factory.mktemp("scores")
    outputs = folder / "scores.tsv", folder / "modalities.tsv"
    score.score(paths, [0.36], 20, 150, 7, *outputs, "sound_linear")
    return read_table(outputs[0], TRAILER_SCORES)


def rows_of(table, measure, threshold):
    rows = table[(table["measure"] == measure) & table["genre"].isin(["macro", "all"])]
    return rows[rows["threshold"].isna() if threshold is None else rows["threshold"] == threshold]


@pytest.mark.slow
def test_noise_is_significant_in_3_to_7_percent_of_draws():
    """Of 1,000 models without skill; discrete accuracies may have fewer small p-values."""
    labels, repeats = make_labels(30), 1000
    p = {mean: [] for mean in MEANS}
    for number in range(repeats):
        predictions = noise_predictions(number, labels)
        orders = draw_orders(30, 99, [number, 1])
        table = score.score_model(predictions, [], draw_groups(30, 1, 0).astype(float), orders)
        for mean in MEANS:
            p[mean].append(rows_of(table, *mean)["p"].item())
    for mean, values in p.items():
        share = np.mean(np.array(values) <= 0.05)
        least = 0.03 if mean[1] or mean[0] == "average_precision" else 0.02
        assert least <= share <= 0.07, (mean, share)


def noise_predictions(seed, labels):
    """Predictions without skill, as `read_predictions` returns them."""
    probability = draw_probability(seed)
    return Predictions(
        units=pd.DataFrame({"title": TITLE}),
        genres=GENRES,
        probability=probability[None],
        predicted=None,
        rank=rank_genres(probability),
        group=TITLE,
        labels=labels,
        thresholds=np.full(probability.shape, 0.6),
    )


def test_p_of_the_best_model_is_the_largest_statistic_over_models_without_baselines(paths, scores):
    orders = draw_orders(30, 150, [7, 150])
    models = [run for run in paths if run != RUNS["baseline"]]
    predictions = {run: read_predictions(paths[run]) for run in models}
    for mean in MEANS:
        rows = rows_of(scores, *mean).set_index(["network", "model"])
        permuted = [
            [weighted_value(one, one.labels[order], mean[0]) for order in orders]
            for one in predictions.values()
        ]
        expected = best_of_p(rows.loc[models, "value"].to_numpy(), np.array(permuted))
        np.testing.assert_allclose(rows.loc[models, "p_best"], expected)
        assert np.isnan(rows.loc[[RUNS["baseline"]], "p_best"]).all()
        best = rows.loc[[RUNS["skilled"]]].iloc[0]
        assert best["p"] <= best["p_best"] < 0.02
    assert scores.loc[~scores["genre"].isin(["macro", "all"]), "p_best"].isna().all()


def weighted_value(predictions, labels, measure):
    """A metric by labels of the titles, each title with the same weight."""
    probability, group, true = predictions.probability[0], predictions.group, labels[TITLE]
    weights = 1 / np.bincount(group)[group]
    if measure == "average_precision":
        return grouped_average_precision(probability, group, labels, np.ones((1, 30))).mean()
    if measure == "f1":
        predicted = probability > predictions.thresholds
        return f1_score(true, predicted, average="macro", sample_weight=weights, zero_division=0)
    correct = true[np.arange(len(true)), probability.argmax(axis=1)]
    if measure == "single_label_accuracy":
        correct = correct / true.sum(axis=1)
    return np.average(correct, weights=weights)


def test_primary_model_is_marked_and_no_other_takes_its_part(paths, scores, tmp_path):
    marked = scores[scores["is_primary"]][["network", "model"]].drop_duplicates()
    assert marked.to_numpy().tolist() == [list(RUNS["noise"])]
    outputs = tmp_path / "scores.tsv", tmp_path / "modalities.tsv"
    score.score(paths, [], 5, 5, 0, *outputs, "sound_attention")
    assert not read_table(outputs[0], TRAILER_SCORES)["is_primary"].any()


def test_only_groups_of_equal_size_exchange_genres_and_groups_are_drawn_whole(paths, tmp_path):
    """The first ten titles are a group."""
    clusters = {f"Title {number:02d}": "franchise" for number in range(10)}
    tables = []
    for name, groups in (("single", None), ("grouped", clusters)):
        outputs = tmp_path / f"{name}.tsv", tmp_path / "modalities.tsv"
        score.score(paths, [], 300, 99, 0, *outputs, groups=groups)
        tables.append(read_table(outputs[0], TRAILER_SCORES))
    single, grouped = tables
    assert (set(single["exchangeable"]), set(grouped["exchangeable"])) == ({30}, {20})
    np.testing.assert_array_equal(single["value"], grouped["value"])
    assert not np.array_equal(single["low"], grouped["low"])


def test_titles_that_are_groups_of_one_have_the_tables_of_titles(paths, tmp_path, monkeypatch):
    """Bit for bit: scores, modalities, comparisons and calibration."""
    monkeypatch.setattr(calibration_tables, "SAMPLES", 50)
    compared = {run: paths[run] for run in (RUNS["skilled"], RUNS["noise"])}
    alone = {f"Title {number:02d}": f"Title {number:02d}" for number in range(30)}
    files = []
    for name, groups in (("titles", None), ("groups", alone)):
        folder = tmp_path / name
        folder.mkdir()
        outputs = [folder / one for one in ("a.tsv", "b.tsv", "c.tsv", "d.tsv", "e.tsv", "f.svg")]
        score.score(compared, [0.36], 20, 99, 0, *outputs[:2], groups=groups)
        model_comparison.compare_models(compared, 20, 0, outputs[2], groups)
        calibrate_trailers(compared, 20, 0, *outputs[3:], groups)
        files.append([path.read_bytes() for path in outputs[:5]])
    assert files[0] == files[1]


def test_copies_of_titles_in_their_groups_change_neither_intervals_nor_p(tmp_path):
    labels, probability = make_labels(30), draw_probability(3, 0.5, np.arange(30))
    single = write_predictions(tmp_path / "single.parquet", probability, labels)
    copies = (np.tile(array, (2, 1)) for array in (probability, labels))
    double = write_predictions(tmp_path / "double.parquet", *copies)
    clusters = {f"Title {number + 30:02d}": f"Title {number:02d}" for number in range(30)}
    clusters |= {name: name for name in clusters.values()}
    tables = []
    for path, groups in ((single, None), (double, clusters), (double, None)):
        outputs = tmp_path / "scores.tsv", tmp_path / "modalities.tsv"
        score.score({("none", "fusion"): path}, [0.5], 200, 99, 0, *outputs, groups=groups)
        tables.append(read_table(outputs[0], TRAILER_SCORES))
    films, groups, copies = (table[["value", "low", "high", "p"]] for table in tables)
    np.testing.assert_allclose(groups, films, rtol=1e-9)
    assert (tables[1]["exchangeable"] == 60).all()
    width, narrow = ((one["high"] - one["low"]).mean() for one in (films, copies))
    assert narrow < 0.8 * width


def test_two_groups_of_titles_have_too_few_swaps_for_a_small_p(paths, tmp_path):
    """Of four ways to swap two groups two give the same size of the difference."""
    clusters = {f"Title {number:02d}": str(number < 15) for number in range(30)}
    model_comparison.compare_models(paths, 50, 0, tmp_path / "comparisons.tsv", clusters)
    assert read_table(tmp_path / "comparisons.tsv", TRAILER_COMPARISONS)["p"].min() > 0.4


def test_single_label_accuracy_is_its_mean_over_all_ways_to_pick_a_label(tmp_path):
    labels = np.array([[1, 1, 0, 0], [1, 0, 1, 1], [0, 0, 0, 1], [0, 0, 0, 0]], bool)
    title = np.array([0, 0, 1, 2, 3])
    probability = np.eye(4)[[0, 2, 3, 0, 1]] * 0.9
    path = write_predictions(tmp_path / "a.parquet", probability, labels, title)
    table = score.score_model(read_predictions(path), [], np.ones((1, 4)), np.arange(4)[None])
    row = rows_of(table, "single_label_accuracy", None).iloc[0]
    ways = itertools.product(*[np.flatnonzero(label) for label in labels[:3]])
    top = probability.argmax(axis=1)
    by_title = [
        np.mean([np.mean(top[title == number] == way[number]) for number in range(3)])
        for way in ways
    ]
    assert row["value"] == pytest.approx(np.mean(by_title))
    assert row["value"] == pytest.approx((1 / 4 + 1 / 3 + 0) / 3)


def test_perfect_ranking_has_a_single_label_accuracy_of_one_over_the_number_of_labels(tmp_path):
    labels = make_labels(40, seed=1)
    path = write_predictions(tmp_path / "a.parquet", np.where(labels, 0.9, 0.1), labels)
    table = score.score_model(read_predictions(path), [], np.ones((1, 40)), np.arange(40)[None])
    top1, single = (
        rows_of(table, measure, None)["value"].item()
        for measure in ("top1_accuracy", "single_label_accuracy")
    )
    assert top1 == 1
    assert single == pytest.approx(np.mean(1 / labels.sum(axis=1)))


@pytest.fixture(scope="module")
def comparisons(paths, tmp_path_factory):
    output = tmp_path_factory.mktemp("pairs") / "comparisons.tsv"
    model_comparison.compare_models(paths, 200, 3, output)
    return read_table(output, TRAILER_COMPARISONS)


def test_differences_of_all_pairs_are_those_of_their_scores(comparisons, scores):
    assert len(comparisons) == 2 * 6
    for measure, threshold in MEANS[:2]:
        values = rows_of(scores, measure, threshold).set_index(["network", "model"])["value"]
        rows = comparisons[comparisons["measure"] == measure]
        for row in rows.itertuples():
            first, second = (row.network, row.model), (row.other_network, row.other_model)
            expected = values[first] - values[second]
            # Average precision is compared by ranks, of which ties have the mean.
            assert row.difference == pytest.approx(expected, abs=1e-6)
            assert row.low <= row.difference <= row.high


def test_skill_differs_from_noise_and_noise_does_not_after_holm(comparisons):
    for _, rows in comparisons.groupby("measure"):
        is_skilled = rows["model"] == "frame_attention"
        assert (rows["p_holm"] >= rows["p"]).all()
        assert is_skilled.sum() == 3
        assert (rows.loc[is_skilled, "p_holm"] < 0.01).all()
        assert (rows.loc[~is_skilled, "p_holm"] > 0.05).all()


def test_a_model_does_not_differ_from_itself(paths, tmp_path):
    path = next(iter(paths.values()))
    twice = {("vgg16", "frame_linear"): path, ("vit", "frame_linear"): path}
    model_comparison.compare_models(twice, 50, 0, tmp_path / "comparisons.tsv")
    table = read_table(tmp_path / "comparisons.tsv", TRAILER_COMPARISONS)
    assert table["difference"].tolist() == [0, 0]
    assert table["p_holm"].tolist() == [1, 1]


def test_one_model_alone_has_no_pairs(paths, tmp_path):
    run, path = next(iter(paths.items()))
    model_comparison.compare_models({run: path}, 50, 0, tmp_path / "comparisons.tsv")
    assert read_table(tmp_path / "comparisons.tsv", TRAILER_COMPARISONS).empty


def test_calibration_of_true_and_of_extreme_probabilities(tmp_path):
    """Labels drawn with the probabilities; and the same labels with log-odds times four."""
    random = np.random.default_rng(5)
    true = random.uniform(0.05, 0.95, (150, 4))
    labels = random.random((150, 4)) < true
    title = np.arange(90)  # ids of trailers are in order up to 99
    true, labels = true[:90], labels[:90]
    extreme = 1 / (1 + ((1 - true) / true) ** 4)
    runs = {("musicnn", "sound_linear"): true, ("vgg16", "frame_linear"): extreme}
    paths = {
        run: write_predictions(tmp_path / f"{run[0]}.parquet", one, labels, title, run=run)
        for run, one in runs.items()
    }
    outputs = [tmp_path / name for name in ("calibration.tsv", "reliability.tsv", "a.svg")]
    calibrate_trailers(paths, 100, 0, *outputs)
    table = read_table(outputs[0], CALIBRATION).set_index(["features", "genre"])
    assert set(table["stage"]) == {"trailers"}
    assert set(table["level"]) == {"trailer"}
    for (network, _), probability in runs.items():
        brier = [brier_score_loss(labels[:, k], probability[:, k]) for k in range(4)]
        np.testing.assert_allclose(table.loc[network].loc[GENRES, "brier"], brier)
        assert table.loc[(network, "all"), "brier"] == pytest.approx(np.mean(brier))
    assert table.loc[("musicnn", "all"), "p"] > 0.05
    assert table.loc[("vgg16", "all"), "p"] < 0.01
    assert table.loc[("vgg16", "all"), "calibration_error"] > 0.1
    bins = read_table(outputs[1], RELIABILITY)
    assert bins.groupby(["features", "genre"])["units"].sum().loc["vgg16"].tolist() == [
        *[90] * 4,
        360,
    ]
    assert outputs[2].read_text().count("calibrated") >= 2
