"""The jobs of the genre models: chunks of folds that are trained apart.

A fold holds out one film, or a group of them; a chunk is every n-th fold. Chunks bound the memory,
and a cluster can spread them; which folds stand in one chunk changes no result beyond rounding.
"""

import logging
import os
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
import torch

from scorelens.genres import NETWORKS
from scorelens.genres.model.folds import Learnt, predict, train_folds, weigh_instances
from scorelens.genres.model.labels import deal_films, read_labels
from scorelens.genres.model.prediction_io import PARTS, prediction_rows, sha256
from scorelens.learning import model_io
from scorelens.learning.instances import Bags, BagTable, read_bags
from scorelens.learning.model_io import About
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
) -> None:
    """Train the folds of a chunk, each without the films that it holds out.

    model: a name of `scorelens.genres.MODELS`, no baseline. films: the table of films in use.
    bags: the table of bags. settings: the model's block of the configuration. chunk: its number,
    from 0, and the number of chunks; a chunk may be empty. outputs: the paths of `models` and of
    the tables of PARTS; the one of losses is empty if the model is no network. folds: as
    `labels.deal_films` takes it.
    Raises TableError if fewer than two films can take part, or all are in one fold.
    """
    torch.set_num_threads(threads)
    all_films = read_labels(films, genres)
    corpus = read_bags(bags, all_films)
    dealt = deal_films(all_films.film_ids, corpus.labels.film_ids, folds, seed)
    number, chunks = chunk
    own = dict(list(enumerate(dealt))[number::chunks])
    common = (model, corpus.bags, corpus.labels.actual, [*own.values()], settings, seed, threads)
    runs = [list(train_folds(*common, repeat)) for repeat in range(settings.get("repeats", 1))]
    about = _about(model, feature_set, corpus, own.values(), grouped=folds > 0)
    model_io.save_folds(outputs["models"], about, (learnt.fold for learnt in runs[0]))
    tables = _tables(model, corpus, own, runs)
    provenance = {"model": model, "feature_set": feature_set, "seed": seed, "folds": folds}
    provenance |= {"films_sha256": sha256(films), "bags_sha256": sha256(bags)}
    for name, table in tables.items():
        write_table(table, outputs[name], PARTS[name], {**provenance, "settings": settings})
    log.info("%s on %s: %d folds of %d", model, feature_set, len(own), len(dealt))


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
    runs: Sequence[Sequence[Learnt]],
) -> dict[str, pd.DataFrame]:
    """The tables of PARTS. folds: number -> films held out. runs: a fold each, in this order."""
    predictions = [
        prediction_rows(
            corpus.labels, film, fold, repeat, *(said[0] for said in predict(model, learnt, bag))
        )
        for repeat, run in enumerate(runs)
        for (fold, held_out), (learnt, _) in zip(folds.items(), run, strict=True)
        for film in held_out
        for bag in [corpus.bags.one(film)]
    ]
    cues = [
        _cues(model, learnt, corpus, film)
        for held_out, learnt in zip(folds.values(), runs[0], strict=True)
        for film in held_out
    ]
    curves = [
        _curve(corpus.labels.film_ids[held_out[0]], fold, repeat, learnt.curve)
        for repeat, run in enumerate(runs)
        for (fold, held_out), learnt in zip(folds.items(), run, strict=True)
        if model in NETWORKS
    ]
    return {
        "predictions": _joined(predictions, PREDICTIONS),
        "cues": _joined(cues, GENRE_CUES),
        "curves": _joined(curves, GENRE_CURVES),
    }


def _joined(tables: Sequence[pd.DataFrame], kind: Table) -> pd.DataFrame:
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=kind.names)


def _cues(model: str, learnt: Learnt, corpus: BagTable, film: int) -> pd.DataFrame:
    """How a fold hears the cues of one film that it held out, one row a cue and genre."""
    bag, genres = corpus.bags.one(film), corpus.labels.genres
    ids = corpus.cue_ids[corpus.bags.starts[film] : corpus.bags.starts[film + 1]]
    firsts = np.flatnonzero(np.r_[True, ids[1:] != ids[:-1]])
    cues = Bags(bag.instances, np.r_[firsts, len(ids)])
    probability, _ = predict(model, learnt.fold, cues)
    weight = np.add.reduceat(weigh_instances(model, learnt.fold, bag), firsts, axis=0)
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
