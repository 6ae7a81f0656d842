"""Figures of the cue weights of a film and of the learning curves of the networks."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_rgba
from matplotlib.patches import PathPatch

from scorelens import tables
from scorelens.genres.evaluate import explain, learning_curves
from tests.genre_tables import (
    GENRES,
    make_cue_table,
    make_curves,
    make_genre_cues,
    make_labels,
    make_predictions,
    pooled,
)

RUN = ("mir", "single_attention")
TITLES = {"00_a_track_of_the_album": "Other", "03_a_track_of_the_album": "A <Title> & $"}


def cue_rows(weights, probability):
    """Rows of GENRE_CUES of one film and one genre."""
    cues = len(weights)
    return pd.DataFrame(
        {
            "film_id": "film_000",
            "cue_id": [f"cue_{k:03d}" for k in range(cues)],
            "genre": "Horror",
            "probability": probability,
            "weight": weights,
        }
    )


def film_rows(probability=0.8, actual=True):
    labels = np.array([[actual]])
    return make_predictions(labels, np.full((1, 1, 1), probability), ["Horror"])


def bars(axis):
    """(colour, left, right, height) of every bar of a lane, from left to right."""
    result = []
    for patch in axis.patches:
        if isinstance(patch, PathPatch):
            for corners in patch.get_path().vertices.reshape(-1, 5, 2):
                span = corners[0, 0], corners[2, 0], corners[1, 1]
                result.append((explain.SHADES[shade(patch)], *span))
    return sorted(result, key=lambda bar: bar[1])


def shade(patch):
    return [to_rgba(colour) for colour in explain.SHADES].index(patch.get_facecolor())


def test_bars_show_cue_time_probability_as_height_and_weight_as_shade():
    cues = make_cue_table("film_000", 4, 600.0)
    table = cue_rows([0.05, 0.25, 0.25, 0.45], [0.9, 0.2, 0.4, 0.6])
    figure = explain.explain_figure("A film", table, film_rows(), cues, 600.0, TITLES)
    drawn = bars(figure.axes[0])
    assert [colour for colour, *_ in drawn] == [explain.SHADES[k] for k in (0, 2, 2, 3)]
    np.testing.assert_allclose([bar[1] for bar in drawn], cues["film_start_s"])
    np.testing.assert_allclose([bar[2] for bar in drawn], cues["film_end_s"])
    assert [bar[3] for bar in drawn] == [0.9, 0.2, 0.4, 0.6]
    assert figure.axes[0].get_xlim() == (0, 600)
    words = [text.get_text() for text in figure.axes[0].texts]
    seconds = int(cues["film_start_s"][3])
    assert words[:2] == ["Horror 0.80", "predicted, true"]
    assert words[2] == f"most from {seconds // 60}:{seconds % 60:02d}\nA <Title> & $"
    plt.close(figure)


@pytest.mark.parametrize("cues", [None, make_cue_table("film_000", 2)])
def test_cues_without_film_times_are_drawn_side_by_side(cues):
    """There is no cue table, or it lacks the instances, as for a model of whole tracks."""
    table = cue_rows([0.2, 0.3, 0.5], [0.9, 0.5, 0.4])
    figure = explain.explain_figure("A film", table, film_rows(), cues, 0.0, TITLES)
    centres = [(left + right) / 2 for _, left, right, _ in bars(figure.axes[0])]
    assert centres == pytest.approx([1, 2, 3])
    assert figure.axes[0].get_xlabel() == "cue"
    assert figure.axes[0].texts[2].get_text() == "most from\ncue_002"
    plt.close(figure)


def test_equal_weights_get_the_middle_shade_for_any_number_of_cues():
    for cues in (1, 3, 7, 49):
        table = cue_rows(np.full(cues, 1 / cues), np.full(cues, 0.5))
        figure = explain.explain_figure("A film", table, film_rows(), None, 0.0, {})
        assert {bar[0] for bar in bars(figure.axes[0])} == {explain.SHADES[2]}
        plt.close(figure)


def test_short_cue_is_drawn_with_minimum_width():
    cues = make_cue_table("film_000", 1, 6000.0).assign(film_start_s=100.0, film_end_s=100.5)
    figure = explain.explain_figure(
        "A film", cue_rows([1.0], [0.5]), film_rows(), cues, 6000.0, TITLES
    )
    [(_, left, right, _)] = bars(figure.axes[0])
    assert right - left == pytest.approx(6000 * explain.MIN_WIDTH)
    plt.close(figure)


def test_lane_order_puts_predicted_and_true_genres_first():
    probability = np.array([[[0.2, 0.6, 0.7, 0.1, 0.9, 0.4]]])
    actual = np.array([[True, True, False, False, False, False]])
    order = explain.lane_order(make_predictions(actual, probability))
    assert order["genre"].tolist() == [
        "Comedy", "Romance", "Drama", "Action", "Science Fiction", "Horror",
    ]  # fmt: skip


def test_cue_is_annotated_only_in_predicted_or_true_genre_lanes():
    figure = explain.explain_figure(
        "A film", cue_rows([1.0], [0.2]), film_rows(0.2, False), None, 0.0, {}
    )
    assert [text.get_text() for text in figure.axes[0].texts] == ["Horror 0.20", "not predicted"]
    plt.close(figure)


@pytest.fixture
def inputs(tmp_path):
    """Paths of tables of two networks, the first with the higher score, and of two films."""
    actual = make_labels(2)
    runs = [RUN, ("vggish", "single_attention")]
    paths = {"predictions": {}, "genre_cues": {}, "scores": tmp_path / "scores.tsv"}
    for number, run in enumerate(runs):
        cues = make_genre_cues(actual, seed=number)
        predictions = pooled(cues, actual, runs=2)
        for name, table, contract in (
            ("predictions", predictions, tables.PREDICTIONS),
            ("genre_cues", cues[cues["film_id"] == "film_000"], tables.GENRE_CUES),
        ):
            paths[name][run] = tmp_path / f"{name}_{run[0]}.parquet"
            tables.write_table(table, paths[name][run], contract)
    rows = [dict.fromkeys(tables.GENRE_SCORES.names, 0.5 - 0.1 * k) for k in range(2)]
    for row, run in zip(rows, runs, strict=True):
        row |= {"feature_set": run[0], "model": run[1], "level": "cue", "genre": "macro"}
        row |= {"is_primary": False, "exchangeable": 2}
    tables.write_table(pd.DataFrame(rows), paths["scores"], tables.GENRE_SCORES)
    films = {"film_id": ["film_000", "film_001"], "title": ["A Film", "A Silent Film"]}
    films |= {"year": 2000, "genres": [("Drama",)] * 2, "duration_s": 6000.0}
    films |= {"has_picture": True, "tracks": 3}
    paths["films"] = tmp_path / "films.tsv"
    tables.write_table(pd.DataFrame(films), paths["films"], tables.FILMS)
    return paths


def test_explain_uses_the_first_run_of_the_best_model(inputs, tmp_path):
    for name in ("a.svg", "b.svg"):
        explain.explain("film_000", cues=None, tracks=None, figure=tmp_path / name, **inputs)
    text = (tmp_path / "a.svg").read_text()
    assert "A Film: predictions of Single attention (mir)" in text
    first = tables.read_table(inputs["predictions"][RUN], tables.PREDICTIONS)
    rows = first[(first["film_id"] == "film_000") & (first["repeat"] == 0)].set_index("genre")
    for genre in GENRES:
        assert f"{genre} {rows.loc[genre, 'probability']:.2f}" in text
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_film_without_cues_gets_figure_with_message(inputs, tmp_path):
    explain.explain("film_001", cues=None, tracks=None, figure=tmp_path / "a.svg", **inputs)
    text = (tmp_path / "a.svg").read_text()
    assert "A Silent Film" in text and "no cue of this film was found" in text


def test_learning_curves_are_means_over_folds_and_runs_with_minimum(tmp_path):
    table = make_curves(5, epochs=120)
    figure = learning_curves.learning_curve_figure(
        {RUN: table, ("mir", "max_pooling"): make_curves(2, 3, 1)}
    )
    training, held_out, minimum = figure.axes[0].lines
    wide = table.pivot_table(index="epoch", columns=["fold", "repeat"], values="held_out_loss")
    np.testing.assert_allclose(held_out.get_ydata(), wide.mean(axis=1))
    assert training.get_ydata()[-1] == pytest.approx(
        table.loc[table["epoch"] == 120, "training_loss"].mean()
    )
    assert minimum.get_xdata()[0] == wide.mean(axis=1).idxmin() == 97
    band = figure.axes[0].collections[1].get_paths()[0].vertices[:, 1]
    assert band.max() == pytest.approx(np.quantile(wide, 0.95, axis=1).max())
    plt.close(figure)


def test_plot_learning_curves_writes_figure_of_one_network(tmp_path):
    tables.write_table(make_curves(2, 2, 1), tmp_path / "c.parquet", tables.GENRE_CURVES)
    learning_curves.plot_learning_curves({RUN: tmp_path / "c.parquet"}, tmp_path / "losses.svg")
    text = (tmp_path / "losses.svg").read_text()
    assert "Single attention (mir)" in text and "epoch" in text
