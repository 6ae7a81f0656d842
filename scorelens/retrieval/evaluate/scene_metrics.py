"""Metrics of scenes: the rank of the one track that plays in a scene, against chance.

Intervals come from bootstrap samples of the films, each with all its scenes. Two kinds of chance.
`chance`: the tracks in a random order. `permuted`: films exchange their queries, or, where the list
is their album, the scenes of a film do.
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pandas as pd

from scorelens.evaluation.bootstrap import draw_groups, interval
from scorelens.evaluation.permutation import draw_orders, is_as_good, p_value
from scorelens.retrieval.evaluate.metrics import (
    MAX_VALUES,
    MEDIAN,
    ROUNDING,
    interval_options,
    middle_ranks,
)

RECALLS = (1, 5, 10)
METRICS = (*(f"recall_{k}" for k in RECALLS), MEDIAN, "reciprocal_rank", "mean_percentile")
Swap = Callable[[np.random.Generator, int], np.ndarray]


def score_scene_ranks(
    ranks: np.ndarray,
    tracks: np.ndarray,
    film: np.ndarray,
    swap: Swap,
    samples: int,
    permutations: int,
    seed: int,
    cluster: np.ndarray | None = None,
) -> pd.DataFrame:
    """Compute all metrics with 95% intervals and chance.

    Parameters
    ----------
    ranks : ndarray of int, shape (scenes,)
        Rank of each scene's track, 1 for the first.
    tracks : ndarray of int, shape (scenes,)
        Length of each scene's list, two at least.
    film : ndarray of int, shape (scenes,)
        Film of each scene, ascending from 0, with none left out.
    swap : callable
        `swap(generator, n)` returns int (n, scenes), the ranks after n random swaps of queries.
    samples : int
        Bootstrap samples of the films.
    permutations : int
        Number of swaps.
    seed : int
    cluster : ndarray of int, shape (films,), optional
        Cluster of each film, from 0; films are independent if left out.

    Returns
    -------
    pandas.DataFrame, one row per metric
        measure (a name of `METRICS`), value, low, high, chance, permuted (mean over the swaps), p.
        mean_percentile is the share of the other tracks that rank below the correct one, 0..1: 1 is
        best, 0.5 is chance.
    """
    random = np.random.default_rng(seed)
    value = _metrics(ranks[None], tracks)[0]
    draws = draw_groups(int(film[-1]) + 1, samples, random, cluster)
    blocks = np.array_split(draws, _number_of_blocks(samples, len(ranks)))
    sampled = np.concatenate([_sampled(ranks, tracks, film, block) for block in blocks])
    clusters = draws.shape[1] if cluster is None else int(cluster.max()) + 1
    options = interval_options(METRICS, int(tracks.max()), clusters)
    low, high = interval(value, sampled, **options)
    blocks = np.array_split(np.arange(permutations), _number_of_blocks(permutations, len(ranks)))
    permuted = np.concatenate([_metrics(swap(random, len(block)), tracks) for block in blocks])
    as_good = is_as_good(permuted, value, np.array(METRICS) == MEDIAN, ROUNDING)
    columns = {"measure": METRICS, "value": value, "low": low, "high": high}
    columns |= {"chance": random_order(tracks), "permuted": permuted.mean(axis=0)}
    return pd.DataFrame(columns | {"p": p_value(as_good.sum(axis=0), permutations)})


def random_order(tracks: np.ndarray) -> np.ndarray:
    """Compute the metrics of a random order of the tracks, exactly.

    Parameters
    ----------
    tracks : ndarray of int, shape (scenes,)
        Length of each list.

    Returns
    -------
    ndarray of float, shape (metrics,)
        In the order of `METRICS`. The median is that of the rank over all orders and scenes.

    Examples
    --------
    >>> dict(zip(METRICS, random_order(np.array([5])).tolist()))["median_rank"]
    3.0
    """
    lengths, scenes = np.unique(tracks, return_counts=True)
    share = scenes / scenes.sum()
    rank = np.arange(1, lengths[-1] + 1)
    reached = share @ np.minimum(rank / lengths[:, None], 1)  # found up to a rank
    middle = [1 + np.searchsorted(reached, 0.5 + side * ROUNDING) for side in (-1, 1)]
    recalls = [reached[min(k, lengths[-1]) - 1] for k in RECALLS]
    reciprocal = share @ ((1 / rank).cumsum()[lengths - 1] / lengths)
    return np.array([*recalls, np.mean(middle), reciprocal, 0.5])


def swap_scenes(lists: Sequence[np.ndarray]) -> Swap:
    """Make a swap in which the scenes of a film exchange their queries.

    Parameters
    ----------
    lists : sequence of ndarray of int, shape (n, n)
        Of each film: [i, j] is the rank of the track of scene j for the query of scene i.

    Returns
    -------
    callable
        As `score_scene_ranks` takes it.
    """
    return partial(_swap_scenes, lists)


def swap_films(
    lists: np.ndarray, owner: np.ndarray, film: np.ndarray, cluster: np.ndarray | None = None
) -> Swap:
    """Make a swap in which films exchange their queries.

    The scenes of a film take the queries of another, one after the other; where the other has
    fewer, they start again.

    Parameters
    ----------
    lists : ndarray of int, shape (queries, scenes)
        Rank of each scene's track for each query.
    owner : ndarray of int, shape (queries,)
        Film of each query, ascending from 0, with none left out.
    film : ndarray of int, shape (scenes,)
        Film of each scene, likewise; films of `owner` without a scene come last.
    cluster : ndarray of int, shape (films,), optional
        Cluster of each film of `owner`; clusters of as many films exchange their queries.

    Returns
    -------
    callable
        As `score_scene_ranks` takes it.
    """
    queries = np.bincount(owner)
    number = np.arange(len(film)) - np.searchsorted(film, film)  # of a scene in its film
    return partial(_swap_films, lists, queries, number, film, cluster)


def _swap_scenes(
    lists: Sequence[np.ndarray], random: np.random.Generator, count: int
) -> np.ndarray:
    orders = (draw_orders(len(ranks), count, random) for ranks in lists)
    columns = [
        ranks[order, np.arange(len(ranks))] for ranks, order in zip(lists, orders, strict=True)
    ]
    return np.concatenate(columns, axis=1)


def _swap_films(
    lists: np.ndarray,
    queries: np.ndarray,
    number: np.ndarray,
    film: np.ndarray,
    cluster: np.ndarray | None,
    random: np.random.Generator,
    count: int,
) -> np.ndarray:
    """queries: of each film. number: of each scene in its film."""
    giver = draw_orders(len(queries), count, random, cluster=cluster)[:, film]
    rows = (queries.cumsum() - queries)[giver] + number % queries[giver]
    return lists[rows, np.arange(len(film))]


def _metrics(ranks: np.ndarray, tracks: np.ndarray) -> np.ndarray:
    """The metrics of each row of ranks: (n, scenes) to float (n, metrics)."""
    means = [row.mean(axis=-1) for row in _averaged(ranks, tracks)]
    return np.column_stack([*means[:-2], np.median(ranks, axis=1), *means[-2:]])


def _averaged(ranks: np.ndarray, tracks: np.ndarray) -> list[np.ndarray]:
    """Of each scene what all metrics but the median are means of: arrays like `ranks`."""
    return [*(ranks <= k for k in RECALLS), 1 / ranks, (tracks - ranks) / (tracks - 1)]


def _sampled(
    ranks: np.ndarray, tracks: np.ndarray, film: np.ndarray, draws: np.ndarray
) -> np.ndarray:
    """The metrics in samples of the films, (n, films) times drawn: float (n, metrics)."""
    order = np.argsort(ranks, kind="stable")
    reached = draws[:, film[order]].cumsum(axis=1)  # scenes up to each rank
    sums = [np.bincount(film, values) for values in _averaged(ranks, tracks)]
    means = (draws @ np.transpose(sums) / reached[:, -1:]).T
    return np.column_stack([*means[:-2], middle_ranks(ranks[order], reached), *means[-2:]])


def _number_of_blocks(rows: int, width: int) -> int:
    """In how many blocks rows of `width` values take a bounded memory."""
    return -(-rows * width // MAX_VALUES)
