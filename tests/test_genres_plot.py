"""Figures of the genre scores against the table of scores."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest
from matplotlib import pyplot as plt

from scorelens.genres.evaluate import plot, plot_style, score
from scorelens.tables import GENRE_SCORES, PREDICTIONS, read_table, write_table
from tests.genre_tables import GENRES, make_genre_cues, make_labels, make_predictions, pooled


@pytest.fixture
def scores(tmp_path):
    """The score table of two baselines, a classifier and a network with three runs."""
    actual = make_labels(30)
    cues = make_genre_cues(actual, skill=0.3)
    always = np.tile(np.arange(6) == 0, (1, 30, 1)).astype(float)
    tables = {
        ("none", "random_guess"): make_predictions(actual, np.tile(actual.mean(0), (1, 30, 1))),
        ("none", "plurality"): make_predictions(actual, always),
        ("mir", "imv_svm"): pooled(cues, actual),
        ("vggish", "single_attention"): pooled(cues, actual, runs=3),
    }
    paths = {run: tmp_path / f"{run[1]}.parquet" for run in tables}
    for run, path in paths.items():
        write_table(tables[run], path, PREDICTIONS)
    score.score(paths, samples=50, permutations=50, seed=0, output=tmp_path / "scores.tsv")
    return tmp_path / "scores.tsv"


def texts(path):
    return [
        "".join(node.itertext()) for node in ET.parse(path).iter("{http://www.w3.org/2000/svg}text")
    ]


def test_figures_show_every_model_genre_and_f1(scores, tmp_path):
    plot.plot(scores, tmp_path / "macro.svg", tmp_path / "genres.svg")
    macro, genres = texts(tmp_path / "macro.svg"), texts(tmp_path / "genres.svg")
    for drawn in (macro, genres):
        assert {"Random guess", "Plurality", "IMV SVM (mir)", "Single attention (vggish)"} <= set(
            drawn
        )
    assert {"Precision", "Recall", "F1", "Average precision"} <= set(macro)
    assert {*" ".join(GENRES).split(), "macro"} <= set(genres)
    table = read_table(scores, GENRE_SCORES)
    assert {f"{value:.2f}" for value in table["f1"]} <= set(genres)


def test_macro_figure_markers_are_at_table_values(scores):
    table = read_table(scores, GENRE_SCORES)
    macro = table[table["genre"] == "macro"]
    figure = plot.macro_figure(table)
    precision, _, f1, _ = figure.axes
    dots = {line.get_xdata()[0] for line in f1.lines if line.get_marker() == "o"}
    assert dots == set(macro["f1"])
    [chance] = [line for line in f1.lines if line.get_marker() == "|"]
    assert sorted(chance.get_xdata()) == sorted(macro["permuted"].dropna())
    [spread] = f1.collections[0].get_segments()
    network = macro[macro["f1_spread"].notna()].iloc[0]
    assert np.diff(spread[:, 0]) == pytest.approx(2 * network["f1_spread"])
    assert spread[:, 0].mean() == pytest.approx(network["f1"])
    assert not precision.collections
    plt.close(figure)


def test_legend_omits_baselines_and_repeats_when_absent(scores):
    table = read_table(scores, GENRE_SCORES)
    figure = plot.macro_figure(table[table["model"] == "imv_svm"])
    [legend] = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "chance: films exchange labels, or a random order"
    ]
    plt.close(figure)


def test_feature_set_styles_do_not_depend_on_order():
    first, other = (
        plot_style.set_styles(["vggish", "none", "mir"]),
        plot_style.set_styles(["mir", "vggish"]),
    )
    assert first == other
    assert len(set(first.values())) == 3
    assert plot_style.run_title(("mir", "simple_mi_svm")) == "Simple MI SVM (mir)"
    assert plot_style.run_title(("none", "plurality")) == "Plurality"
