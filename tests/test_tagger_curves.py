"""Losses of the tagger's networks in training: the table of a fit, its summary, and the figure."""

import math

import numpy as np
import pandas as pd
import pytest

from scorelens.learning.grouped_folds import split_dataset
from scorelens.tables import TAGGER_CURVES, TAGGER_LOSSES, read_table, write_table
from scorelens.tagger import curves, loss_plot, train
from scorelens.tagger.model import Model
from tests.learning_dataset import make_dataset

SETTINGS = {
    "tiles_per_track": 0,
    "tiles_per_class": 0,
    "network": {"learning_rate": 3e-3, "batch_size": 16, "epochs": 4, "patience": 2},
}


def fitted(model, height=20, width=18):
    """Models of two folds and of all films, of noise that is louder for the first genre."""
    corpus = make_dataset(films=12, tracks=2, each=2)
    random = np.random.default_rng(0)
    tiles = random.normal(size=(len(corpus.bag), height, width)).astype(np.float32)
    tiles[:, : height // 2] += 2 * corpus.labels[corpus.bag, 0][:, None, None]
    corpus = corpus._replace(instances=tiles)
    splits = split_dataset(corpus, True, 2, 0)
    arrays = train.fit(model, corpus, splits, SETTINGS, 0)
    return [Model(model, corpus.genres, one) for one in arrays]


def written(folder, models):
    path = folder / f"{models[0].name}.parquet"
    write_table(curves.list_curves(models), path, TAGGER_CURVES)
    return path


@pytest.mark.parametrize("model", ["dnn", "dnn_pca"])
def test_curves_list_every_epoch_of_every_fold_with_the_loss_of_equal_probabilities(
    tmp_path, model
):
    models = fitted(model)
    table = read_table(written(tmp_path, models), TAGGER_CURVES)
    assert set(table["genre"]) == {"all"}
    assert table["uniform_loss"].tolist() == [math.log(3)] * len(table)
    for fold, one in zip((0, 1, None), models, strict=True):
        rows = table[table["fold"].isna() if fold is None else table["fold"] == fold]
        assert rows["epoch"].tolist() == list(range(1, len(rows) + 1))
        losses = rows[["training_loss", "validation_loss"]].to_numpy()
        np.testing.assert_array_equal(losses, one.arrays["curve.all"].astype(float))
        assert (losses > 0).all()


def test_curves_of_the_ensemble_name_the_genre_of_each_network(tmp_path):
    models = fitted("cnn_ensemble")
    table = read_table(written(tmp_path, models), TAGGER_CURVES)
    assert set(table["genre"]) == set(models[0].genres)
    assert table["uniform_loss"].tolist() == [math.log(2)] * len(table)
    first = table[(table["fold"] == 0) & (table["genre"] == models[0].genres[1])]
    expected = models[0].arrays["curve.1"][:, 1].astype(float)
    np.testing.assert_array_equal(first["validation_loss"], expected)


def test_curves_of_a_model_without_networks_are_empty(tmp_path):
    models = [Model("frequency_ranking", ["a", "b"], {"frequency": np.zeros(2)})] * 3
    assert len(read_table(written(tmp_path, models), TAGGER_CURVES)) == 0


def make_curves(rows):
    return pd.DataFrame(rows, columns=TAGGER_CURVES.names).astype({"fold": "Int64"})


def test_lowest_loss_averages_the_best_epoch_of_each_network():
    table = make_curves(
        [
            (0, "a", 1, 2.0, 1.8, 0.7),
            (0, "a", 2, 1.5, 1.2, 0.7),
            (0, "a", 3, 1.0, 1.4, 0.7),
            (0, "b", 1, 2.2, 0.8, 0.7),
            (0, "b", 2, 1.9, 0.9, 0.7),
            (1, "a", 1, 2.4, 2.0, 0.7),
            (1, "b", 1, 3.0, None, 0.7),
            (1, "b", 2, 2.6, None, 0.7),
        ]
    )
    lowest = curves.lowest_loss(table)
    assert lowest == pytest.approx(
        {
            "networks": 4, "epoch": 1.5, "training_loss": (1.5 + 2.2 + 2.4 + 2.6) / 4,
            "validation_loss": (1.2 + 0.8 + 2.0) / 3, "validation_spread": 0.5,
            "uniform_loss": 0.7,
        }
    )  # fmt: skip


def test_losses_leave_out_the_model_of_all_films_and_models_without_curves(tmp_path):
    table = make_curves([(0, "all", 1, 2.0, 1.8, 2.3), (None, "all", 1, 0.1, 0.2, 2.3)])
    paths = {name: tmp_path / f"{name}.parquet" for name in ("cnn", "frequency_ranking")}
    write_table(table, paths["cnn"], TAGGER_CURVES)
    write_table(table.iloc[:0], paths["frequency_ranking"], TAGGER_CURVES)
    loss_plot.summarize_losses(paths, tmp_path / "losses.tsv", tmp_path / "losses.svg")
    losses = read_table(tmp_path / "losses.tsv", TAGGER_LOSSES)
    assert losses["model"].tolist() == ["cnn"]
    assert losses["validation_loss"].tolist() == [1.8]
    assert "CNN on MFCC" in (tmp_path / "losses.svg").read_text()


def test_loss_figure_marks_the_lowest_validation_loss_of_each_fold():
    rows = [(0, "all", epoch, 3 - epoch / 2, loss, 2.3) for epoch, loss in enumerate((2, 1, 4), 1)]
    rows += [(1, "all", epoch, 3.0, loss, 2.3) for epoch, loss in enumerate((2, 3), 1)]
    [axis] = loss_plot.loss_figure({"cnn": make_curves(rows)}).axes
    marks = [line.get_xydata().tolist() for line in axis.lines if line.get_marker() == "v"]
    assert marks == [[[2, 1]], [[1, 2]]]
    [uniform] = [line for line in axis.lines if line.get_linestyle() == "--"]
    assert set(uniform.get_ydata()) == {2.3}
