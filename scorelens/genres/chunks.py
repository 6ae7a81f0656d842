"""The jobs of the genre models: chunks of folds that are trained apart, and what they come to.

A chunk is every n-th film, held out in turn. Chunks bound the memory, and a cluster can spread
them; which films stand in one chunk changes no result beyond rounding.
"""

import logging
import os
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import torch

from scorelens.genres import NETWORKS, archive, baselines
from scorelens.genres.archive import About
from scorelens.genres.folds import Learnt, predict, train_folds, weigh_instances
from scorelens.genres.instances import Bags, BagTable, read_bags
from scorelens.genres.labels import Labels, read_labels
from scorelens.tables import (
    GENRE_CUES,
    GENRE_CURVES,
    PREDICTIONS,
    Table,
    read_provenance,
    read_table,
    write_table,
)

log = logging.getLogger(__name__)

# What a chunk writes, and its joined form.
PARTS: dict[str, Table] = {
    "predictions": PREDICTIONS,
    "cues": GENRE_CUES,
    "curves": GENRE_CURVES,
}


def guess(
    model: str,
    films: str | os.PathLike,
    genres: Sequence[str],
    seed: int,
    predictions: str | os.PathLike,
) -> None:
    """Write the predictions of a baseline, with each film left out in turn.

    films: the table of films in use. Raises TableError if there are fewer than two.
    """
    labels = read_labels(films, genres)
    tables = [
        _predictions(labels, fold, 0, answer["probability"], answer["predicted"])
        for fold, answer in enumerate(baselines.FIT[model](labels.actual, seed))
    ]
    write_table(pd.concat(tables, ignore_index=True), predictions, PREDICTIONS, {"seed": seed})


def train_chunk(
    model: str,
    feature_set: str,
    films: str | os.PathLike,
    bags: str | os.PathLike,
    genres: Sequence[str],
    settings: Mapping[str, float],
    chunk: tuple[int, int],
    seed: int,
    threads: int,
    outputs: Mapping[str, str | os.PathLike],
) -> None:
    """Train a model with each film of a chunk left out in turn.

    model: a name of `scorelens.genres.MODELS`, no baseline. films: the table of films in use.
    bags: the table of bags. settings: the model's block of the configuration. chunk: its number,
    from 0, and the number of chunks; a chunk may be empty. outputs: the paths of `models` and of
    the tables of PARTS; the one of losses is empty if the model is no network.
    Raises TableError if fewer than two films can take part.
    """
    torch.set_num_threads(threads)
    corpus = read_bags(bags, read_labels(films, genres))
    number, chunks = chunk
    folds = range(number, len(corpus.labels.film_ids), chunks)
    common = (model, corpus.bags, corpus.labels.actual, folds, settings, seed, threads)
    runs = [list(train_folds(*common, repeat)) for repeat in range(settings.get("repeats", 1))]
    about = About(
        model,
        feature_set,
        corpus.labels.genres,
        corpus.features,
        [corpus.labels.film_ids[fold] for fold in folds],
    )
    archive.save_folds(outputs["models"], about, (learnt.fold for learnt in runs[0]))
    tables = _tables(model, corpus, folds, runs)
    provenance = {"model": model, "feature_set": feature_set, "seed": seed, "settings": settings}
    for name, table in tables.items():
        write_table(table, outputs[name], PARTS[name], provenance)
    log.info("%s on %s: %d folds of %d", model, feature_set, len(folds), len(corpus.bags.sizes))


def gather_chunks(
    parts: Mapping[str, Sequence[str | os.PathLike]], outputs: Mapping[str, str | os.PathLike]
) -> None:
    """Join the chunks of a model. parts, outputs: paths, as `train_chunk` wrote them."""
    joined = {
        name: pd.concat([read_table(path, table) for path in parts[name]])
        for name, table in PARTS.items()
    }
    numbered = joined["predictions"].sort_values("fold", kind="stable")
    films = list(numbered["film_id"].unique())
    place = {film: number for number, film in enumerate(films)}
    for name, table in joined.items():
        # Within a film and training run the rows are in order already.
        keys = table.get("repeat", pd.Series(0, table.index)), table["film_id"].map(place)
        order = np.lexsort(keys[::-1])
        table = table.iloc[order].reset_index(drop=True)
        write_table(table, outputs[name], PARTS[name], read_provenance(parts[name][0]))
    archive.join_archives(parts["models"], films, outputs["models"])


def _tables(
    model: str, corpus: BagTable, folds: Sequence[int], runs: Sequence[Sequence[Learnt]]
) -> dict[str, pd.DataFrame]:
    """The tables of PARTS."""
    predictions = [
        _predictions(
            corpus.labels, fold, repeat, *(said[0] for said in predict(model, learnt.fold, bag))
        )
        for repeat, run in enumerate(runs)
        for fold, learnt in zip(folds, run, strict=True)
        for bag in [corpus.bags.one(fold)]
    ]
    cues = [_cues(model, learnt, corpus, fold) for fold, learnt in zip(folds, runs[0], strict=True)]
    curves = [
        _curve(corpus.labels.film_ids[fold], fold, repeat, learnt.curve)
        for repeat, run in enumerate(runs)
        for fold, learnt in zip(folds, run, strict=True)
        if model in NETWORKS
    ]
    return {
        "predictions": _joined(predictions, PREDICTIONS),
        "cues": _joined(cues, GENRE_CUES),
        "curves": _joined(curves, GENRE_CURVES),
    }


def _joined(tables: Sequence[pd.DataFrame], kind: Table) -> pd.DataFrame:
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=kind.names)


def _predictions(
    labels: Labels, fold: int, repeat: int, probability: np.ndarray, predicted: np.ndarray
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "film_id": labels.film_ids[fold],
            "genre": labels.genres,
            "probability": probability.astype(float),
            "predicted": predicted,
            "actual": labels.actual[fold],
            "fold": fold,
            "repeat": repeat,
        }
    )


def _cues(model: str, learnt: Learnt, corpus: BagTable, fold: int) -> pd.DataFrame:
    """How a fold hears the cues of its film, one row a cue and genre."""
    bag, genres = corpus.bags.one(fold), corpus.labels.genres
    ids = corpus.cue_ids[corpus.bags.starts[fold] : corpus.bags.starts[fold + 1]]
    firsts = np.flatnonzero(np.r_[True, ids[1:] != ids[:-1]])
    cues = Bags(bag.instances, np.r_[firsts, len(ids)])
    probability, _ = predict(model, learnt.fold, cues)
    weight = np.add.reduceat(weigh_instances(model, learnt.fold, bag), firsts, axis=0)
    return pd.DataFrame(
        {
            "film_id": corpus.labels.film_ids[fold],
            "cue_id": np.repeat(ids[firsts], len(genres)),
            "genre": np.tile(genres, len(firsts)),
            "probability": probability.ravel(),
            "weight": np.minimum(weight, 1).ravel(),
        }
    )


def _curve(film_id: str, fold: int, repeat: int, curve: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "film_id": film_id,
            "fold": fold,
            "repeat": repeat,
            "epoch": np.arange(1, len(curve) + 1),
            "training_loss": curve[:, 0].astype(float),
            "held_out_loss": curve[:, 1].astype(float),
        }
    )
