"""Diagnostic figures of the best models: precision-recall curves, films and label sets."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import pyplot as plt
from sklearn.metrics import average_precision_score, precision_score, recall_score

from scorelens import tables
from scorelens.evaluation.predictions import from_table
from scorelens.genres.evaluate import confusion, diagnostics, precision_recall, scatter, score
from tests.genre_tables import GENRES, make_genre_cues, make_labels, make_predictions, pooled

RUN = ("mir", "single_attention")


def loaded(table):
    return from_table(table, ["film_id"], run="repeat")


def figure_texts(figure):
    """All texts of a figure; closes the figure."""
    figure.canvas.draw()
    result = [text.get_text() for axis in figure.axes for text in axis.texts]
    result += [axis.get_title("left") + axis.get_title("right") for axis in figure.axes]
    legends = [axis.get_legend() for axis in figure.axes if axis.get_legend()]
    result += [text.get_text() for legend in legends for text in legend.get_texts()]
    plt.close(figure)
    return result


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=1, max_size=40))
def test_mean_of_precision_at_recall_is_average_precision(films):
    true, ranks = (np.array(column) for column in zip(*films, strict=True))
    if true.any():
        precision = precision_recall.precision_at_recall(true, ranks / 6)
        assert len(precision) == true.sum()
        assert precision.mean() == pytest.approx(average_precision_score(true, ranks))


def test_precision_at_recall_matches_hand_calculation():
    true = np.array([True, False, True, True])
    assert precision_recall.precision_at_recall(true, np.array([0.9, 0.8, 0.8, 0.1])) == (
        pytest.approx([1, 2 / 3, 3 / 4])
    )


def test_precision_recall_figure_shows_average_precision_per_genre():
    actual = make_labels(40)
    table = pooled(make_genre_cues(actual, skill=0.2), actual, runs=3)
    result = figure_texts(precision_recall.precision_recall_figure({RUN: loaded(table)}))
    expected = score.score_predictions(loaded(table), 1, 0)
    assert {f"{area:.2f}" for area in expected["average_precision"][:-1]} <= set(result)
    assert {"All genres pooled", *GENRES, "Single attention (mir)"} <= set(result)


def test_genre_without_positive_films_has_no_curve():
    actual = make_labels(12)
    actual[:, 3] = False
    table = pooled(make_genre_cues(actual), actual)
    assert "no film has it" in figure_texts(
        precision_recall.precision_recall_figure({RUN: loaded(table)})
    )


def test_film_scores_are_micro_averages_over_cues():
    actual = make_labels(9)
    actual[4] = False
    cues = make_genre_cues(actual, skill=0.3)
    result = scatter.score_films(cues, loaded(pooled(cues, actual, runs=2))).set_index("film_id")
    assert "film_004" not in result.index  # without a label there is no recall
    assert len(result) == 8
    for film, film_cues in cues[cues["film_id"] != "film_004"].groupby("film_id"):
        predicted = (
            film_cues.pivot_table(index="cue_id", columns="genre", values="probability")[GENRES]
            > 0.5
        )
        true = np.tile(actual[int(film[-3:])], (len(predicted), 1))
        options = {"average": "micro", "zero_division": 0}
        row = result.loc[film]
        assert row["precision"] == pytest.approx(
            precision_score(true, predicted.to_numpy(), **options)
        )
        assert row["recall"] == pytest.approx(recall_score(true, predicted.to_numpy(), **options))


def test_scatter_counts_overlapping_films_and_lists_lowest_f1():
    films = pd.DataFrame(
        {
            "film_id": ["good", "fair", "poor", "poorer", "poorest"],
            "precision": [1.0, 0.5, 0.0, 0.0, 0.0],
            "recall": [1.0, 0.5, 0.0, 0.0, 0.0],
            "f1": [1.0, 0.5, 0.0, 0.0, 0.0],
        }
    )
    figure = scatter.scatter_figure({RUN: films})
    names = figure.axes[0].get_xlabel()
    result = figure_texts(figure)
    assert {"3", "a, b, c"} <= set(result)
    assert names.splitlines()[0] == "5 films; lowest F1:"
    assert {line.split()[-1] for line in names.splitlines()[1:]} == {"poor", "poorer", "poorest"}


def test_scatter_without_films_shows_a_message():
    films = pd.DataFrame({"film_id": [], "precision": [], "recall": [], "f1": []})
    assert "no film has cues and labels" in figure_texts(scatter.scatter_figure({RUN: films}))


def test_confusion_matches_hand_counts():
    actual = ["A", "A", "A", "B", "B", "C", "D"]
    predicted = ["A", "A", "B", "B", "E", "A", "D"]
    counts = confusion.confusion(actual, predicted, max_sets=2)
    assert counts.index.tolist() == counts.columns.tolist() == ["A", "B", "other"]
    assert counts.to_numpy().tolist() == [[2, 1, 0], [0, 1, 1], [1, 0, 1]]
    whole = confusion.confusion(actual, predicted, max_sets=5)
    assert whole.index.tolist() == ["A", "B", "D", "C", "E"]
    assert np.trace(whole) == 4


def test_label_sets_are_joined_genre_names():
    matrix = np.array([[True, False, True], [False, False, False]])
    assert confusion.label_sets(matrix, ["A", "B", "C"]) == ["A + C", "no genre"]


def test_confusion_figure_uses_only_the_first_run():
    actual = make_labels(25)
    right = make_predictions(actual, actual[None].astype(float))
    wrong = make_predictions(actual, 1 - actual[None].astype(float)).assign(repeat=1)
    result = figure_texts(confusion.confusion_figure(RUN, loaded(pd.concat([right, wrong]))))
    assert "Single attention (mir): all genres correct in 25 of 25 films" in result


@pytest.mark.parametrize("films", [2, 20])
def test_diagnostics_show_best_models_and_average_pooling(tmp_path, films):
    actual = make_labels(films)
    skills = {RUN: 2.0, ("mir", "average_pooling"): 0.5, ("essentia", "imv_svm"): 0.5}
    predicted, by_cue = {}, {}
    for run, skill in skills.items():
        predicted[run], by_cue[run] = (
            tmp_path / f"{run[1]}.parquet",
            tmp_path / f"{run[1]}.cues.parquet",
        )
        cues = make_genre_cues(actual, skill=skill)
        tables.write_table(cues, by_cue[run], tables.GENRE_CUES)
        tables.write_table(pooled(cues, actual), predicted[run], tables.PREDICTIONS)
    score.score(predicted, samples=20, permutations=20, seed=0, output=tmp_path / "scores.tsv")
    names = ["precision_recall", "films", "label_sets"]
    figures = {name: tmp_path / f"{name}.svg" for name in names}
    diagnostics.plot_diagnostics(tmp_path / "scores.tsv", predicted, by_cue, **figures)
    texts = {name: path.read_text() for name, path in figures.items()}
    for model in ("Single attention", "IMV SVM", "Average pooling"):
        assert model in texts["films"]
    for title in ("Single attention (mir)", "IMV SVM (essentia)"):
        assert title in texts["precision_recall"]
    assert "Average pooling" not in texts["precision_recall"]
    assert "Single attention (mir): all genres correct" in texts["label_sets"]


def test_film_without_positive_cue_predictions_scores_zero():
    actual = make_labels(3)
    cues = make_genre_cues(actual).assign(probability=0.5)  # not above the threshold
    result = scatter.score_films(cues, loaded(pooled(cues, actual)))
    assert (result[["precision", "recall", "f1"]] == 0).all(axis=None)
    assert scatter.score_films(cues[:0], loaded(pooled(cues, actual))).empty
