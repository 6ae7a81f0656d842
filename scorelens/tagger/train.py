"""Train one model of the tagger: every fold, and the final model for other music."""

import logging
import os
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from scorelens.learning.calibration import fit_platt, log_odds
from scorelens.learning.datasets import Dataset
from scorelens.learning.film_groups import read_film_groups
from scorelens.learning.grouped_folds import Split, split_dataset
from scorelens.learning.instance_predictions import pool_by_weight
from scorelens.tables import TAGGER_TILES, TAGGER_TRACKS, write_table
from scorelens.tagger.dataset import read_dataset
from scorelens.tagger.model import CALIBRATION, Model, predict_tiles, save_model
from scorelens.tagger.registry import MODEL_SPECS

log = logging.getLogger(__name__)
Arrays = dict[str, np.ndarray]

IDS = ("film_id", "track_id")  # of a group and of a bag of the dataset


def train_tagger(
    model: str,
    films: str | os.PathLike,
    tiles: Sequence[str | os.PathLike],
    albums: Mapping[str, str],
    embeddings: Sequence[str | os.PathLike],
    embedding: str,
    groups: str | os.PathLike,
    settings: Mapping,
    seed: int,
    outputs: Mapping[str, str | os.PathLike],
) -> None:
    """Train a model fold by fold and once on all films; write it, and the folds' predictions.

    Of all films, too, a fifth only stops the training of the networks from scratch.

    Parameters
    ----------
    model : str
        A name of `scorelens.tagger.MODELS`.
    films, tiles, albums, embeddings
        As `dataset.read_dataset` takes them: the table of films, files of tiles named by album,
        film -> album, tables of embeddings named by film.
    embedding : str
        The feature set of the embeddings.
    groups : path
        The groups of films (tables.FILM_GROUPS).
    settings : mapping
        `genres`, `min_tracks`, `split`, `folds`, and those of the model.
    seed : int
        Of everything random.
    outputs : mapping
        Paths of `model`, trained on all films, and of the tables `tiles` (TAGGER_TILES) and
        `tracks` (TAGGER_TRACKS), predicted by folds that hold out the track's film.
    """
    genres, min_tracks = settings["genres"], settings["min_tracks"]
    film_groups = read_film_groups(groups)
    dataset = read_dataset(model, films, tiles, albums, embeddings, genres, min_tracks, film_groups)
    for number in np.setdiff1d(np.arange(len(dataset.bag_ids)), dataset.nonempty_bags):
        log.warning("%s/%s has no tiles and is left out", *dataset.bag_ids[number])
    splits = split_dataset(dataset, settings["split"] == "film", settings["folds"], seed)
    log.info(
        "%s: %d tracks, %d tiles, %d genres, %d folds",
        *(model, len(dataset.nonempty_bags), len(dataset.bag)),
        *(len(dataset.genres), len(splits) - 1),
    )
    n_films = len(np.unique(dataset.group[dataset.nonempty_bags]))
    source = embedding if MODEL_SPECS[model].inputs == "embedding" else ""
    models = [
        Model(model, dataset.genres, arrays, n_films, source)
        for arrays in fit(model, dataset, splits, settings, seed)
    ]
    save_model(outputs["model"], models[-1])
    folds = zip(models[:-1], splits[:-1], strict=True)
    parts = [_predictions(*pair, dataset, fold) for fold, pair in enumerate(folds)]
    by_tile, by_track = (pd.concat(tables) for tables in zip(*parts, strict=True))
    order = ["film_id", "track_id"]
    write_table(by_tile.sort_values(order, kind="stable"), outputs["tiles"], TAGGER_TILES)
    write_table(by_track.sort_values(order, kind="stable"), outputs["tracks"], TAGGER_TRACKS)


def fit(
    model: str, dataset: Dataset, splits: Sequence[Split], settings: Mapping, seed: int
) -> list[Arrays]:
    """Fit a model on the training tracks of each split, and calibrate it on the validation tracks.

    Parameters
    ----------
    model : str
        A name of `scorelens.tagger.MODELS`.
    dataset : Dataset
        Tiles of the tracks.
    splits : sequence of Split
        Of the tracks.
    settings : mapping
        Of the model.
    seed : int
        Of everything random.

    Returns
    -------
    list of dict
        The arrays of `model.Model` of each split. A model whose module says REFIT is fitted again,
        with the calibration known, on training and validation tracks.
    """
    spec = MODEL_SPECS[model]
    module = spec.load()
    fitted = module.fit(model, dataset, splits, settings, seed)
    if not spec.calibrated:
        return fitted
    calibration = [_calibration(model, *pair, dataset) for pair in zip(fitted, splits, strict=True)]
    if module.REFIT:
        whole = [
            split._replace(training=np.union1d(split.training, split.validation))
            for split in splits
        ]
        fitted = module.fit(model, dataset, whole, settings, seed)
    pairs = zip(fitted, calibration, strict=True)
    return [arrays | {CALIBRATION: coefficients} for arrays, coefficients in pairs]


def _calibration(model: str, arrays: Arrays, split: Split, dataset: Dataset) -> np.ndarray:
    """The coefficients of `calibration.fit_platt`, from the validation tracks.

    A balanced loss trains as if every genre were as frequent as not; what that adds to the log-odds
    is known.
    """
    module, rows = MODEL_SPECS[model].load(), dataset.rows_of(split.validation)
    bag = dataset.bag[rows]
    probability, _ = module.predict(model, arrays, dataset.instances[rows], bag)
    film = dataset.group[bag]
    tracks = np.bincount(dataset.group[split.validation], minlength=dataset.group.max() + 1)
    weights = 1 / (np.bincount(bag)[bag] * tracks[film])
    frequency = dataset.labels[split.training].mean(axis=0)
    offset = log_odds(frequency) * module.BALANCED_LOSS
    return fit_platt(probability, dataset.labels[bag], weights, offset)


def _predictions(
    model: Model, split: Split, dataset: Dataset, fold: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of both tables for the tracks that a fold holds out."""
    rows = dataset.rows_of(split.held_out)
    bag = dataset.bag[rows]
    probability, weight = predict_tiles(model, dataset.instances[rows], bag)
    whole = pool_by_weight(probability, weight, bag)
    by_tile = dataset.genre_rows(bag, IDS).assign(
        start_s=np.repeat(dataset.time_s[rows], len(dataset.genres)),
        probability=probability.ravel().astype(np.float64),
        weight=weight.ravel().astype(np.float64),
    )
    tracks = np.unique(bag)
    rank = np.argsort(np.argsort(-whole, axis=1, kind="stable"), axis=1) + 1
    by_track = dataset.genre_rows(tracks, IDS).assign(
        probability=whole.ravel().astype(np.float64),
        rank=rank.ravel(),
        actual=dataset.labels[tracks].ravel(),
        fold=fold,
    )
    return by_tile[TAGGER_TILES.names], by_track[TAGGER_TRACKS.names]
