"""How good the models of retrieval are, on films and tracks that none of them learnt from.

All are asked for the tracks of all test films. The films are what a result must hold for: see
`measures`.
"""

import logging
import os
from collections.abc import Sequence

import numpy as np
import pandas as pd
from tqdm import tqdm

from scorelens.retrieval import all_parts
from scorelens.retrieval.evaluate.metrics import measure, measure_films, rank_tracks
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
    places: Sequence[str | os.PathLike],
    samples: int,
    permutations: int,
    seed: int,
    scores: str | os.PathLike,
    ranks: str | os.PathLike,
) -> None:
    """Score every model, asked with all that it sees and with less, and write both tables.

    places: a table of RETRIEVAL_EMBEDDINGS a model. samples: bootstrap samples of the films.
    permutations: how often the films swap their queries; samples and swaps are the same for all
    models. scores, ranks: tables of RETRIEVAL_SCORES and, of the models that are asked with all
    that they see, of RETRIEVAL_RANKS.
    """
    scored, ranked = [], []
    for path in tqdm(places, unit="model", disable=None):
        table = read_table(path, RETRIEVAL_EMBEDDINGS)
        for seen, (films, film, found) in _search(table).items():
            about = {"configuration": table["configuration"].iloc[0], "seen": seen}
            figures = measure(found, film, samples, permutations, seed)
            scored.append(figures.rename(columns={"p_permuted": "p"}).assign(**about))
            if seen == all_parts(about["configuration"]):
                own = measure_films(found, film)
                ranked.append(own.assign(film_id=films[own.pop("film")], **about))
    write_table(pd.concat(scored, ignore_index=True), scores, RETRIEVAL_SCORES)
    by_film = pd.concat(ranked, ignore_index=True).drop(columns="seen")
    write_table(by_film, ranks, RETRIEVAL_RANKS)
    log.info("%d models, %d test films, %d tracks", len(places), *found.shape)


def _search(table: pd.DataFrame) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """For each choice of parts the ids of the films, the film of each track, and the ranks.

    table: of RETRIEVAL_EMBEDDINGS, of one model.
    """
    axes = feature_columns(table, RETRIEVAL_EMBEDDINGS)
    tracks = table[table["kind"] == "track"].sort_values(["film_id", "track_id"])
    asked = table[table["kind"] == "film"].sort_values("film_id", kind="stable")
    found = {}
    for seen, films in asked.groupby("seen", sort=False):
        ids = films["film_id"].to_numpy()
        film = pd.Index(ids).get_indexer(tracks["film_id"])
        found[seen] = ids, film, rank_tracks(films[axes].to_numpy(), tracks[axes].to_numpy())
    return found
