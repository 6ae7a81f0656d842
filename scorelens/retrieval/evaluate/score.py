"""Scores the models of retrieval, on films and tracks that none of them was trained on.

All rank the tracks of all test films. The films are what a result must hold for.
"""

import logging
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from tqdm import tqdm

from scorelens.retrieval import UNTRAINED
from scorelens.retrieval.data.dataset import read_dataset
from scorelens.retrieval.evaluate.baselines import baseline_rankings
from scorelens.retrieval.evaluate.comparisons import best_of_models, compare_all, film_metrics
from scorelens.retrieval.evaluate.draws import draw_for_films
from scorelens.retrieval.evaluate.metrics import score_by_film, score_ranks
from scorelens.retrieval.evaluate.rankings import Rankings, is_full_query, rank_embeddings
from scorelens.tables import (
    RETRIEVAL_COMPARISONS,
    RETRIEVAL_EMBEDDINGS,
    RETRIEVAL_FILMS,
    RETRIEVAL_RANKS,
    RETRIEVAL_SCORES,
    RETRIEVAL_TRACKS,
    read_table,
    write_table,
)

log = logging.getLogger(__name__)


def score_retrieval(
    embeddings: Sequence[str | os.PathLike],
    dataset: Mapping[str, str | os.PathLike | None],
    primary: str,
    samples: int,
    permutations: int,
    seed: int,
    outputs: Mapping[str, str | os.PathLike],
) -> None:
    """Score every model and baseline, compare them in pairs, and write three tables.

    Parameters
    ----------
    embeddings : sequence of path
        Tables of RETRIEVAL_EMBEDDINGS, of films and tracks, one per model.
    dataset : mapping of str to path
        `films`, `tracks`, `fragments`, `images`, `texts`, for `dataset.read_dataset`.
    primary : str
        The configuration of the headline, whose parts the baselines are given.
    samples : int
        Bootstrap samples of the films, the same for all models.
    permutations : int
        Random orders in which films exchange their queries, the same for all models.
    seed : int
    outputs : mapping of str to path
        `scores` (RETRIEVAL_SCORES), `ranks` (RETRIEVAL_RANKS, for queries with all inputs) and
        `comparisons` (RETRIEVAL_COMPARISONS).
    """
    films = read_table(dataset["films"], RETRIEVAL_FILMS).set_index("film_id")
    rankings = _all_rankings(embeddings, dataset, films["year"], primary, seed)
    score_rankings(rankings, samples, permutations, seed, outputs, films)


def score_rankings(
    rankings: Iterable[Rankings],
    samples: int,
    permutations: int,
    seed: int,
    outputs: Mapping[str, str | os.PathLike],
    described: pd.DataFrame | None = None,
) -> None:
    """Score rankings of the same tracks for the same films, and compare those of full queries.

    Parameters
    ----------
    rankings : iterable of Rankings
        One at least, of a query with all inputs of a model.
    samples, permutations, seed, outputs
        As `score_retrieval` takes them.
    described : pandas.DataFrame, optional
        By film id: `year` and `group`. Films of a group are drawn, exchanged and swapped together.
    """
    scored, full, values, ranks, draws = [], {}, {}, [], None
    for one in rankings:
        if draws is None:
            years, cluster = _years_and_clusters(described, one.films)
            draws = draw_for_films(len(one.films), samples, permutations, seed, cluster, years)
        scores = score_ranks(one.ranks, one.film, draws)
        scored.append(scores.table.assign(configuration=one.configuration, seen=one.seen))
        if one.is_full:
            full[one.configuration] = scores
            values[one.configuration] = film_metrics(one)
            ranks += _film_ranks(one)
    table = _with_best(pd.concat(scored, ignore_index=True), best_of_models(full))
    write_table(table, outputs["scores"], RETRIEVAL_SCORES)
    write_table(pd.concat(ranks, ignore_index=True), outputs["ranks"], RETRIEVAL_RANKS)
    comparisons = compare_all(values, samples, seed, cluster)
    write_table(comparisons, outputs["comparisons"], RETRIEVAL_COMPARISONS)
    message = "%d models and baselines, %d test films, %d tracks"
    log.info(message, len(full), len(one.films), len(one.film))


def _years_and_clusters(
    described: pd.DataFrame | None, films: np.ndarray
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Release year and cluster of each film; None if they are unknown."""
    if described is None:
        return None, None
    rows = described.loc[films]
    return rows["year"].to_numpy(), pd.factorize(rows["group"])[0]


def _all_rankings(
    embeddings: Sequence[str | os.PathLike],
    dataset: Mapping[str, str | os.PathLike | None],
    years: pd.Series,
    primary: str,
    seed: int,
) -> Iterator[Rankings]:
    """The rankings of all models, by each kind of query, and of the baselines."""
    for path in tqdm(embeddings, unit="model", disable=None):
        yield from rank_embeddings(read_table(path, RETRIEVAL_EMBEDDINGS))
    loudness = read_table(dataset["tracks"], RETRIEVAL_TRACKS)["loudness_db"].to_numpy(float)
    vectors = read_dataset(primary, **dataset)
    yield from baseline_rankings(primary, vectors, years[vectors.films].to_numpy(), loudness, seed)


def _film_ranks(one: Rankings) -> list[pd.DataFrame]:
    """Rows of RETRIEVAL_RANKS, of each training run of a model; none of the untrained baselines."""
    if one.configuration in UNTRAINED:
        return []
    tables = [score_by_film(run, one.film) for run in one.ranks]
    return [
        rows.assign(
            configuration=one.configuration, repeat=repeat, film_id=one.films[rows.pop("film")]
        )
        for repeat, rows in enumerate(tables)
    ]


def _with_best(table: pd.DataFrame, best: pd.DataFrame) -> pd.DataFrame:
    """The scores with `p_best` of the queries with all inputs. best: of `best_of_models`."""
    merged = table.merge(best, "left", ["configuration", "level", "measure"])
    pairs = zip(merged["configuration"], merged["seen"], strict=True)
    is_full = [is_full_query(*pair) for pair in pairs]
    return merged.assign(p_best=merged["p_best"].where(is_full))
