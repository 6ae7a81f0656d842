"""Tests of the retrieval figures against their tables."""

import xml.etree.ElementTree as ET
from itertools import product

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex

from scorelens.retrieval import CONFIGURATIONS, TITLES
from scorelens.retrieval.data.dataset import subsets
from scorelens.retrieval.evaluate import plot
from scorelens.retrieval.evaluate.metrics import METRICS
from scorelens.tables import RETRIEVAL_CURVES, RETRIEVAL_SCENE_SCORES, RETRIEVAL_SCORES, write_table

CHANCE = dict(zip(METRICS, (0.005, 0.025, 0.05, 0.1, 0.25, 0.5, 100, 0.03, 0.5), strict=True))


def score_values(measure, skill):
    """Scores of a query that is `skill` times as good as chance."""
    chance = CHANCE[measure]
    value = chance / skill if measure == plot.MEDIAN else min(1, chance * skill)
    return {
        "value": value,
        "low": 0.8 * value,
        "high": 1.1 * value,
        "chance": chance,
        "permuted": 0.9 * chance,
        "p": 0.001 if skill > 1.3 else 0.4,
        "spread": 0.0,
        "p_best": np.nan,
        "p_in_years": np.nan,
        "exchangeable": 30,
    }


def make_scores(models=tuple(CONFIGURATIONS)):
    """Scores that rise with the number of parts; a query of the image alone has no skill."""
    rows = []
    for name in models:
        for parts in subsets(name):
            skill = 1.5 * len(parts) - 0.4 * ("image" in parts)
            keys = {"configuration": name, "seen": "+".join(parts)}
            rows += [
                keys | {"level": level, "measure": measure} | score_values(measure, skill)
                for level, measure in product(plot.LEVELS, METRICS)
            ]
    return pd.DataFrame(rows)


def make_curves(model, validation=(2.5, 2.2, 2.1, 2.15, 2.3)):
    losses = {"training": [2.6, 2.3, 2.0, 1.8, 1.7], "validation": validation}
    return pd.DataFrame(losses).assign(configuration=model, repeat=0, epoch=np.arange(1, 6))


def make_scenes():
    chance = {"mean_percentile": 0.5, "recall_1": 0.01, "recall_5": 0.05, "recall_10": 0.1}
    chance |= {"median_rank": 100, "reciprocal_rank": 0.05}
    rows = []
    for query, pool, measure in product(plot.QUERIES, plot.POOLS, chance):
        value = chance[measure] * (1.2 if query != "film" else 1.1)
        interval = {"low": 0.9 * value, "high": 1.1 * value, "permuted": chance[measure]}
        keys = {"asked": query, "pool": pool, "measure": measure, "chance": chance[measure]}
        rows.append(
            keys | interval | {"value": value, "p": 0.01 if query != "film" else 0.6, "scenes": 41}
        )
    return pd.DataFrame(rows)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def svg_texts(path):
    return [
        "".join(node.itertext()) for node in ET.parse(path).iter("{http://www.w3.org/2000/svg}text")
    ]


def dots(axis):
    """Value, colour and face colour of each dot, from top to bottom."""
    drawn_values = [line for line in axis.lines if line.get_marker() == "o"]
    return [
        (
            float(line.get_xdata()[0]),
            to_hex(line.get_color()),
            to_hex(line.get_markerfacecolor()),
        )
        for line in sorted(drawn_values, key=lambda line: line.get_ydata()[0])
    ]


def panel(figure, title, number=0):
    return [axis for axis in figure.axes if axis.get_title(loc="left").strip() == title][number]


def test_all_figures_are_written_deterministically(tmp_path):
    write_table(make_scores(), tmp_path / "scores.tsv", RETRIEVAL_SCORES)
    write_table(make_scenes(), tmp_path / "scenes.tsv", RETRIEVAL_SCENE_SCORES)
    curves = [tmp_path / f"{name}.tsv" for name in CONFIGURATIONS]
    for path in curves:
        write_table(make_curves(path.stem), path, RETRIEVAL_CURVES)
    drawn = []
    for folder in (tmp_path / "one", tmp_path / "two"):
        paths = {name: folder / f"{name}.svg" for name in ("recall", "ablation", "curves")}
        plot.plot(tmp_path / "scores.tsv", curves, paths)
        plot.plot_scenes(tmp_path / "scenes.tsv", folder / "scenes.svg")
        drawn.append([path.read_bytes() for path in sorted(folder.iterdir())])
        for name in ("recall", "curves"):
            assert set(TITLES.values()) <= set(svg_texts(paths[name])), name
        assert "41 scenes of test films" in svg_texts(folder / "scenes.svg")
    assert len(drawn[0]) == 4
    assert drawn[0] == drawn[1]


def test_recall_figure_matches_the_score_table():
    """Values are percentages; dots without skill are hollow, and the best value is bold."""
    table = make_scores()
    figure = plot.recall_figure(table)
    assert [axis.get_title(loc="left").strip() for axis in figure.axes] == [
        *("Recall at 1", "Recall at 20", "Recall at 100", "Median rank")
    ] * 2
    axis = panel(figure, "Recall at 20")
    expected = [
        100 * score_values("recall_20", 1.5 * len(parts) - 0.4 * ("image" in parts))["value"]
        for parts in CONFIGURATIONS.values()
    ]
    drawn_values = dots(axis)
    np.testing.assert_allclose([x for x, _, _ in drawn_values], expected)
    colours = {colour for _, colour, _ in drawn_values[:-2]}
    assert colours == {to_hex(plot.MAIN_COLOUR)}
    assert drawn_values[-1][1] == to_hex(plot.OTHER_COLOUR)
    assert [face == "#ffffff" for _, _, face in drawn_values] == [True] + 8 * [False]
    numbers = [text.get_text() for text in axis.texts]
    assert numbers == [f"{value:.1f}" for value in expected]
    assert [text.get_text() for text in axis.texts if text.get_fontweight() == "bold"] == [
        "41.0"
    ] * 3
    random = next(line for line in axis.lines if line.get_linestyle() == "--")
    assert random.get_xdata() == [10, 10]


def test_lowest_median_rank_is_bold():
    axis = panel(plot.recall_figure(make_scores()), "Median rank")
    best = min(x for x, _, _ in dots(axis))
    bold = [text.get_text() for text in axis.texts if text.get_fontweight() == "bold"]
    assert bold == [f"{best:g}"] * 3  # the baselines have the same rank


def test_recall_figure_omits_recalls_that_are_always_1():
    """With 15 tracks, recall at 20 or more is always 1."""
    table = make_scores()
    saturated = table["measure"].isin(["recall_20", "recall_50", "recall_100"])
    table.loc[saturated, ["value", "low", "high", "chance", "permuted"]] = 1.0
    titles = {axis.get_title(loc="left").strip() for axis in plot.recall_figure(table).axes}
    assert titles == {"Recall at 1", "Recall at 5", "Recall at 10", "Median rank"}


def test_ablation_figure_lists_every_subset_of_parts_below_its_model():
    figure = plot.ablation_figure(make_scores())
    axis = panel(figure, "Median rank")
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert len(labels) == 3 * 3 + 3 * 7
    start = labels.index(TITLES["all"])
    assert labels[start : start + 7] == [
        TITLES["all"],
        *("only image and tags", "only image and plot", "only tags and plot"),
        *("only image", "only tags", "only plot"),
    ]
    drawn_values = [x for x, _, _ in dots(axis)]
    assert drawn_values[start] == pytest.approx(score_values(plot.MEDIAN, 4.1)["value"])
    assert drawn_values[start + 4] == pytest.approx(score_values(plot.MEDIAN, 1.1)["value"])
    assert [dots(axis)[start + shift][2] == "#ffffff" for shift in (0, 4, 6)] == [
        False,
        True,
        False,
    ]


def test_ablation_figure_of_single_input_models_shows_a_message():
    figure = plot.ablation_figure(make_scores(("image", "plot")))
    assert figure.axes[0].texts[0].get_text() == "No model has more than one input"


@pytest.mark.parametrize(
    ("validation", "best"),
    [((2.5, 2.2, 2.1, 2.15, 2.3), 3), ((2.5, 2.2, 2.2, 2.3, 2.3), 2), ((np.nan,) * 5, 5)],
)
def test_curve_figure_marks_the_best_epoch(validation, best):
    """The first epoch of lowest validation loss; the last epoch without validation films."""
    axis = plot.curve_figure(make_curves("plot", validation)).axes[0]
    training_line, validation_line, epoch_line = axis.lines
    assert training_line.get_ydata().tolist() == [2.6, 2.3, 2.0, 1.8, 1.7]
    np.testing.assert_array_equal(validation_line.get_ydata(), validation)
    assert epoch_line.get_xdata() == [best, best]
    assert axis.texts[0].get_text().strip() == str(best)


def test_curves_of_the_same_loss_share_their_y_axis():
    table = pd.concat(
        [make_curves("plot"), make_curves("all", (9.0,) * 5), make_curves("baseline")]
    )
    tops = [axis.get_ylim()[1] for axis in plot.curve_figure(table).axes[:3]]
    np.testing.assert_allclose(tops, [1.05 * 9, 1.05 * 9, 1.05 * 2.6])


def test_scene_figure_shows_both_pools():
    figure = plot.scene_figure(make_scenes())
    assert len(figure.axes) == 8
    lines = [axis.texts[-1].get_text() for axis in (figure.axes[0], figure.axes[4])]
    assert lines == list(plot.POOLS.values())
    drawn_values = dots(panel(figure, "Mean percentile", 1))
    np.testing.assert_allclose([x for x, _, _ in drawn_values], [60, 55, 60])
    assert [face == "#ffffff" for _, _, face in drawn_values] == [False, True, False]


def test_scene_figure_explains_the_permutation_ticks_by_pool():
    figure = plot.scene_figure(make_scenes())
    lines = [axis.texts[-1].get_text() for axis in (figure.axes[0], figure.axes[4])]
    assert lines[0].endswith("all test films; ticks: films exchange their queries")
    assert lines[1].endswith("ticks: the scenes of a film exchange their queries")
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels[3:] == ["mean where queries are exchanged", "random order"]


def test_scene_figure_omits_album_recalls_that_are_always_1():
    """In albums of five tracks, recall at 5 and 10 is always 1; among all tracks it is not."""
    table = make_scenes()
    saturated = (table["pool"] == "album") & table["measure"].isin(["recall_5", "recall_10"])
    table.loc[saturated, ["value", "low", "high", "chance", "permuted"]] = 1.0
    figure = plot.scene_figure(table)
    drawn = [axis.axison for axis in figure.axes]
    assert drawn == [True] * 4 + [True, True, False, True]
    titles = [axis.get_title(loc="left").strip() for axis in figure.axes if axis.axison]
    assert titles == [
        *("Mean percentile", "Recall at 1", "Recall at 10", "Median rank"),
        *("Mean percentile", "Recall at 1", "Median rank"),
    ]


def test_scene_figure_without_scenes_shows_a_message():
    figure = plot.scene_figure(make_scenes()[:0])
    assert figure.axes[0].texts[0].get_text() == "No test film has scenes"
