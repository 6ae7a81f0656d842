"""Scores the models of retrieval, on films and tracks that none of them was trained on.

All are asked for the tracks of all test films. The films are what a result must hold for.
"""

import logging
import os
from collections.abc import Sequence

import numpy as np
import pandas as pd
from tqdm import tqdm

from scorelens.retrieval import all_parts
from scorelens.retrieval.evaluate.metrics import rank_tracks, score_by_film, score_ranks
from scorelens.tables import (
    RETRIEVAL_EMBEDDINGS,
    RETRIEVAL_RANKS,
    RETRIEVAL_SCORES,
    feature_columns,
    read_table,
    write_table,
)

log = logging.getLogger(__name__)


def score_retrieval(
    embeddings: Sequence[str | os.PathLike],
    samples: int,
    permutations: int,
    seed: int,
    scores: str | os.PathLike,
    ranks: str | os.PathLike,
) -> None:
    """Score every model, for queries with all its inputs and with some, and write both tables.

    Parameters
    ----------
    embeddings : sequence of path
        Tables of RETRIEVAL_EMBEDDINGS, of films and tracks, one per model.
    samples : int
        Bootstrap samples of the films, the same for all models.
    permutations : int
        Random orders in which films exchange their queries, the same for all models.
    seed : int
    scores, ranks : path
        Where RETRIEVAL_SCORES and, for queries with all inputs, RETRIEVAL_RANKS go.
    """
    scored, ranked = [], []
    for path in tqdm(embeddings, unit="model", disable=None):
        table = read_table(path, RETRIEVAL_EMBEDDINGS)
        for seen, (films, film, model_ranks) in _rank_all(table).items():
            names = {"configuration": table["configuration"].iloc[0], "seen": seen}
            rows = score_ranks(model_ranks, film, samples, permutations, seed)
            scored.append(rows.rename(columns={"p_permuted": "p"}).assign(**names))
            if seen == all_parts(names["configuration"]):
                rows = score_by_film(model_ranks, film)
                ranked.append(rows.assign(film_id=films[rows.pop("film")], **names))
    write_table(pd.concat(scored, ignore_index=True), scores, RETRIEVAL_SCORES)
    by_film = pd.concat(ranked, ignore_index=True).drop(columns="seen")
    write_table(by_film, ranks, RETRIEVAL_RANKS)
    log.info("%d models, %d test films, %d tracks", len(embeddings), *model_ranks.shape)


def _rank_all(table: pd.DataFrame) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """By inputs of the query: ids of the films, film of each track, and ranks."""
    axes = feature_columns(table, RETRIEVAL_EMBEDDINGS)
    tracks = table[table["kind"] == "track"].sort_values(["film_id", "track_id"])
    queries = table[table["kind"] == "film"].sort_values("film_id", kind="stable")
    ranked = {}
    for seen, films in queries.groupby("seen", sort=False):
        ids = films["film_id"].to_numpy()
        film = pd.Index(ids).get_indexer(tracks["film_id"])
        ranked[seen] = ids, film, rank_tracks(films[axes].to_numpy(), tracks[axes].to_numpy())
    return ranked
