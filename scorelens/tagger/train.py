"""Train one model of the tagger: every fold, and the model for new music."""

import logging
import os
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.special import logit

from scorelens.learning.calibration import EDGE, fit_lines
from scorelens.learning.cnn_trainer import train_networks
from scorelens.learning.dataset import Material, Split, read_material, split
from scorelens.learning.embedding_models import learn_attention, learn_linear
from scorelens.learning.training_sets import lessons_of
from scorelens.tables import TAGGER_TILES, TAGGER_TRACKS, write_table
from scorelens.tagger import FREQUENCY, MODELS, NETWORKS
from scorelens.tagger.model import LINES, Model, raw_answers, save_model, tag_tiles, tag_tracks

CALIBRATED = ("mel_cnn", "embedding_linear", "embedding_attention")

log = logging.getLogger(__name__)
Arrays = dict[str, np.ndarray]


def train_tagger(
    model: str,
    films: str | os.PathLike,
    tiles: Sequence[str | os.PathLike],
    albums: Mapping[str, str],
    embeddings: Sequence[str | os.PathLike],
    embedding: str,
    settings: Mapping,
    seed: int,
    outputs: Mapping[str, str | os.PathLike],
) -> None:
    """Train a model fold by fold and once on all films; write it, and what the folds say.

    Of all films, too, a fifth only stops the networks from scratch.

    films, tiles, albums, embeddings: as `material.read_material` takes them. embedding: their
    feature set. settings: `genres`, `least_tracks`, `split`, `folds`, and those of the model.
    outputs: `model` for the model that learnt from all films; `tiles` and `tracks` for tables of
    the contracts TAGGER_TILES and TAGGER_TRACKS, by folds that never heard the track's film.
    """
    material = read_material(
        model, films, tiles, albums, embeddings, settings["genres"], settings["least_tracks"]
    )
    _name_silent(material)
    splits = split(material, settings["split"], settings["folds"], seed)
    log.info(
        "%s: %d tracks, %d tiles, %d genres, %d folds",
        *(model, len(material.heard), len(material.track), len(material.genres), len(splits) - 1),
    )
    learnt = learn(model, material, splits, settings, seed)
    for_embedding = embedding if MODELS[model] == "embedding" else ""
    made = [
        Model(
            model,
            material.genres,
            arrays,
            len(np.unique(material.film[material.heard])),
            for_embedding,
        )
        for arrays in learnt
    ]
    save_model(outputs["model"], made[-1])
    folds = zip(made[:-1], splits[:-1], strict=True)
    parts = [_answers(*pair, material, fold) for fold, pair in enumerate(folds)]
    by_tile, by_track = (pd.concat(tables) for tables in zip(*parts, strict=True))
    order = ["film_id", "track_id"]
    write_table(by_tile.sort_values(order, kind="stable"), outputs["tiles"], TAGGER_TILES)
    write_table(by_track.sort_values(order, kind="stable"), outputs["tracks"], TAGGER_TRACKS)


def learn(
    model: str, material: Material, splits: Sequence[Split], settings: Mapping, seed: int
) -> list[Arrays]:
    """What a model learns from the tracks that teach in each split, by name (`answer.Model`)."""
    if model == FREQUENCY:
        return [_frequency(material, _whole(one)) for one in splits]
    if model in NETWORKS:
        found = _learn_networks(model, material, splits, settings, seed)
        return [_calibrated(model, *pair, material) for pair in zip(found, splits, strict=True)]
    # With the calibration known, the tracks that it was fitted on teach as well.
    partial = _learn_embeddings(model, material, [one.training for one in splits], settings, seed)
    lines = [_calibrated(model, *pair, material) for pair in zip(partial, splits, strict=True)]
    teaching = [_whole(one).training for one in splits]
    whole = _learn_embeddings(model, material, teaching, settings, seed)
    return [own | {LINES: line[LINES]} for own, line in zip(whole, lines, strict=True)]


def _whole(one: Split) -> Split:
    """A split whose validation tracks teach as well."""
    return one._replace(training=np.union1d(one.training, one.validation))


def _frequency(material: Material, one: Split) -> Arrays:
    return {"frequency": material.actual[one.training].mean(axis=0, dtype=np.float32)}


def _learn_networks(
    model: str, material: Material, splits: Sequence[Split], settings: Mapping, seed: int
) -> list[Arrays]:
    """All networks of all folds side by side."""
    place = list(MODELS).index(model)
    asked = [
        ((fold, number), lesson)
        for fold, one in enumerate(splits)
        for number, lesson in lessons_of(
            model, material, one, settings, (seed, place, fold)
        ).items()
    ]
    outputs = 1 if model == "cnn_ensemble" else len(material.genres)
    trained = train_networks(
        model, material.inputs, [lesson for _, lesson in asked], outputs, settings["network"]
    )
    found = [_frequency(material, one) for one in splits]
    for ((fold, number), _), network in zip(asked, trained, strict=True):
        name = "all" if number is None else str(number)
        found[fold] |= {f"{name}/{key}": value for key, value in network.arrays.items()}
    return found


def _learn_embeddings(
    model: str, material: Material, teaching: list[np.ndarray], settings: Mapping, seed: int
) -> list[Arrays]:
    found = [
        learn_linear(material, tracks)
        if model == "embedding_linear"
        else learn_attention(material, tracks, settings["attention"], seed)
        for tracks in teaching
    ]
    return [{f"all/{name}": value for name, value in arrays.items()} for arrays in found]


def _calibrated(model: str, arrays: Arrays, one: Split, material: Material) -> Arrays:
    """The arrays with the lines that the validation tracks ask for.

    Attention learns as if every genre were as frequent as not; what that adds to the odds is known.
    """
    if model not in CALIBRATED:
        return arrays
    rows = material.tiles_of(one.validation)
    track = material.track[rows]
    networks = Model(model, material.genres, arrays).networks()
    said, _ = raw_answers(model, arrays, networks, material.inputs[rows], track)
    film = material.film[track]
    weights = 1 / (np.bincount(track)[track] * _tracks_of(material, one.validation)[film])
    frequency = np.clip(material.actual[one.training].mean(axis=0), EDGE, 1 - EDGE)
    shift = logit(frequency) * (model == "embedding_attention")
    return arrays | {LINES: fit_lines(said, material.actual[track], weights, shift)}


def _tracks_of(material: Material, tracks: np.ndarray) -> np.ndarray:
    """How many of some tracks each film has: int64 (films,)."""
    return np.bincount(material.film[tracks], minlength=material.film.max() + 1)


def _answers(
    model: Model, one: Split, material: Material, fold: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What a fold says of the tracks that it never heard: the rows of both tables."""
    rows = material.tiles_of(one.held_out)
    track = material.track[rows]
    probability, weight = tag_tiles(model, material.inputs[rows], track)
    whole = tag_tracks(probability, weight, track)
    by_tile = _rows(material, track).assign(
        start_s=np.repeat(material.start_s[rows], len(material.genres)),
        probability=probability.ravel().astype(np.float64),
        weight=weight.ravel().astype(np.float64),
    )
    heard = np.unique(track)
    rank = np.argsort(np.argsort(-whole, axis=1, kind="stable"), axis=1) + 1
    by_track = _rows(material, heard).assign(
        probability=whole.ravel().astype(np.float64),
        rank=rank.ravel(),
        actual=material.actual[heard].ravel(),
        fold=fold,
    )
    return by_tile[TAGGER_TILES.names], by_track[TAGGER_TRACKS.names]


def _rows(material: Material, track: np.ndarray) -> pd.DataFrame:
    """A row for each of some tracks and each genre."""
    names = np.array(material.tracks, object)[np.repeat(track, len(material.genres))]
    genres = np.tile(np.array(material.genres, object), len(track))
    return pd.DataFrame({"film_id": names[:, 0], "track_id": names[:, 1], "genre": genres})


def _name_silent(material: Material) -> None:
    for number in np.setdiff1d(np.arange(len(material.tracks)), material.heard):
        log.warning("%s/%s has no tiles and takes no part", *material.tracks[number])
