"""The training jobs of the genre models: chunks of folds.

A fold holds out one film, or a group of them; a chunk is every n-th fold. Chunks bound the memory,
and a cluster distributes them; how folds are assigned to chunks changes no result beyond rounding.
"""

import logging
import os
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from scorelens.genres.model.folds import predict_bags, train_folds, weigh_instances
from scorelens.genres.model.prediction_io import PARTS, file_sha256, prediction_rows
from scorelens.genres.registry import NETWORKS
from scorelens.learning import model_io
from scorelens.learning.film_groups import (
    group_numbers,
    read_film_groups,
    warn_of_single_groups,
)
from scorelens.learning.fitted_fold import FittedFold
from scorelens.learning.grouped_folds import make_folds
from scorelens.learning.labels import read_labels
from scorelens.learning.model_io import About
from scorelens.learning.packed_bags import Bags, BagTable, read_bags
from scorelens.tables import GENRE_CUES, GENRE_CURVES, PREDICTIONS, Table, write_table

log = logging.getLogger(__name__)


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
    folds: int = 0,
    groups: str | os.PathLike | None = None,
) -> None:
    """Train the folds of a chunk, each without the films that it holds out.

    Parameters
    ----------
    model : str
        A name of `scorelens.genres.MODELS`, no baseline.
    feature_set : str
        Name of the feature set of the bags.
    films, bags : path
        The table of the films in use, and the table of bags.
    genres : sequence of str
        The allowed genres.
    settings : mapping
        The model's block of the configuration.
    chunk : (int, int)
        Number of the chunk, from 0, and the number of chunks; a chunk may be empty.
    seed, threads : int
        Of everything random; threads of torch, or processes of a classifier.
    outputs : mapping
        Paths of `models` and of the tables of PARTS. The table of curves is empty if the model is
        no network.
    folds : int
        0 holds out each film, or group of films, on its own (`grouped_folds.make_folds`).
    groups : path, optional
        The groups of films (tables.FILM_GROUPS); by default each film is a group by itself.

    Raises
    ------
    TableError
        If fewer than two films can take part, or all are in one fold.
    """
    if model in NETWORKS:
        import torch  # slow to import: not for who trains a classifier

        torch.set_num_threads(threads)
    all_films = read_labels(films, genres)
    corpus = read_bags(bags, all_films)
    film_groups = read_film_groups(groups) if groups else None
    held_out = make_folds(all_films.film_ids, corpus.labels.film_ids, folds, seed, film_groups)
    warn_of_single_groups(
        genres, corpus.labels.matrix, group_numbers(corpus.labels.film_ids, film_groups)
    )
    number, chunks = chunk
    chosen = dict(list(enumerate(held_out))[number::chunks])
    common = (model, corpus.bags, corpus.labels.matrix, [*chosen.values()], settings, seed, threads)
    runs = [list(train_folds(*common, repeat)) for repeat in range(settings.get("repeats", 1))]
    grouped = folds > 0 or len(held_out) < len(corpus.labels.film_ids)
    about = _about(model, feature_set, corpus, chosen.values(), grouped)
    model_io.save_folds(outputs["models"], about, (fitted.arrays for fitted in runs[0]))
    provenance = {"model": model, "feature_set": feature_set, "seed": seed, "folds": folds}
    provenance |= {"films_sha256": file_sha256(films), "bags_sha256": file_sha256(bags)}
    for name, table in _tables(model, corpus, chosen, runs).items():
        write_table(table, outputs[name], PARTS[name], {**provenance, "settings": settings})
    log.info("%s on %s: %d folds of %d", model, feature_set, len(chosen), len(held_out))


def _about(
    model: str, feature_set: str, corpus: BagTable, folds: Iterable[np.ndarray], grouped: bool
) -> About:
    named = [[corpus.labels.film_ids[film] for film in held_out] for held_out in folds]
    return About(
        model,
        feature_set,
        corpus.labels.genres,
        corpus.features,
        [film for group in named for film in group],
        [group[0] for group in named for _ in group] if grouped else [],
    )


def _tables(
    model: str,
    corpus: BagTable,
    folds: Mapping[int, np.ndarray],
    runs: Sequence[Sequence[FittedFold]],
) -> dict[str, pd.DataFrame]:
    """The tables of PARTS. folds: number -> films held out. runs: fitted folds in this order."""
    predictions = [
        _predictions(model, fitted, corpus, film, fold, repeat)
        for repeat, run in enumerate(runs)
        for (fold, held_out), fitted in zip(folds.items(), run, strict=True)
        for film in held_out
    ]
    cues = [
        _cues(model, fitted, corpus, film)
        for held_out, fitted in zip(folds.values(), runs[0], strict=True)
        for film in held_out
    ]
    curves = [
        _curve(corpus.labels.film_ids[held_out[0]], fold, repeat, fitted.curve)
        for repeat, run in enumerate(runs)
        for (fold, held_out), fitted in zip(folds.items(), run, strict=True)
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
    model: str, fitted: FittedFold, corpus: BagTable, film: int, fold: int, repeat: int
) -> pd.DataFrame:
    probability, predicted = predict_bags(model, fitted.arrays, corpus.bags.one(film))
    return prediction_rows(corpus.labels, film, fold, repeat, probability[0], predicted[0])


def _cues(model: str, fitted: FittedFold, corpus: BagTable, film: int) -> pd.DataFrame:
    """The prediction of each cue of a film that the fold holds out, a row a cue and genre."""
    bag, genres = corpus.bags.one(film), corpus.labels.genres
    ids = corpus.cue_ids[corpus.bags.starts[film] : corpus.bags.starts[film + 1]]
    firsts = np.flatnonzero(np.r_[True, ids[1:] != ids[:-1]])
    cues = Bags(bag.instances, np.r_[firsts, len(ids)])
    probability, _ = predict_bags(model, fitted.arrays, cues)
    weight = np.add.reduceat(weigh_instances(model, fitted.arrays, bag), firsts, axis=0)
    return pd.DataFrame(
        {
            "film_id": corpus.labels.film_ids[film],
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
