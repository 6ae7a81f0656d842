"""Metrics of retrieval: ranks, recall, median rank and reciprocal rank of the films' own tracks.

Two levels. `track`: the paper's pairs; each track is a pair with its film, and its rank is its
position among all tracks for that film. A film's tracks displace one another there, so recall at 1
cannot reach 1 where films have several. `film`: the rank of the first of the film's tracks, which
counts for a user who searches.

Two kinds of chance. `chance`: the tracks in a random order. `permuted`: the films exchange their
queries. The tracks of a film resemble one another and are neighbours in any list, so that the first
of them is found later than in a random order: at the level of films a model without skill is at
`permuted`, not at `chance`; at that of tracks the two agree. Intervals come from bootstrap samples
of the films.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from scorelens.evaluation.bootstrap import draw_groups, interval
from scorelens.evaluation.permutation import draw_orders, is_as_good, p_value

RECALLS = (1, 5, 10, 20, 50, 100)
MEDIAN, RECIPROCAL = "median_rank", "reciprocal_rank"
METRICS = (*(f"recall_{k}" for k in RECALLS), MEDIAN, RECIPROCAL)
MAX_VALUES = 2**22  # of samples or permutations, in memory at a time
ROUNDING = 1e-9  # of a share


def rank_tracks(queries: np.ndarray, tracks: np.ndarray) -> np.ndarray:
    """Rank all tracks for each query by cosine similarity.

    Parameters
    ----------
    queries : ndarray of float, shape (films, d)
        Embeddings of length 1, finite.
    tracks : ndarray of float, shape (tracks, d)
        Embeddings of length 1, finite.

    Returns
    -------
    ndarray of int32, shape (films, tracks)
        1 for the most similar track; tied ones share the worst rank of theirs, so that a model that
        embeds all alike is not lucky.

    Examples
    --------
    >>> rank_tracks(np.array([[1.0, 0.0]]), np.array([[0.0, 1.0], [1.0, 0.0]])).tolist()
    [[2, 1]]
    """
    ranks = np.empty((len(queries), len(tracks)), np.int32)
    for row, query in zip(ranks, queries, strict=True):
        cosines = tracks @ query
        row[:] = len(tracks) - np.searchsorted(np.sort(cosines), cosines)
    return ranks


def score_ranks(
    ranks: np.ndarray, film: np.ndarray, samples: int, permutations: int, seed: int
) -> pd.DataFrame:
    """Compute all metrics on both levels, with 95% intervals and chance.

    Parameters
    ----------
    ranks : ndarray of int, shape (films, tracks)
        From `rank_tracks`.
    film : ndarray of int, shape (tracks,)
        The film of each track, a row of `ranks`, ascending; each film has a track at least.
    samples : int
        Bootstrap samples of the films.
    permutations : int
        Random orders in which films exchange their queries.
    seed : int

    Returns
    -------
    pandas.DataFrame, one row per level and metric
        level (`track`, `film`), measure (a name of `METRICS`), value, low, high, chance, permuted
        (mean over the permutations), p_permuted. A recall is in 0..1, the median is a rank, the
        reciprocal rank a mean in 0..1.
    """
    films = len(ranks)
    random = np.random.default_rng(seed)
    draws = draw_groups(films, samples, random)
    orders = draw_orders(films, permutations, random)
    starts, own_tracks = np.searchsorted(film, np.arange(films)), np.bincount(film)
    levels = {  # ranks, film of each query, number of correct tracks for each
        "track": (ranks, film, np.ones_like(film)),
        "film": (np.minimum.reduceat(ranks, starts, axis=1), np.arange(films), own_tracks),
    }
    tables = []
    for level, (level_ranks, owner, correct) in levels.items():
        own_ranks = level_ranks[owner, np.arange(len(owner))]
        table = _with_intervals(own_ranks, owner, draws, len(film))
        table = table.assign(level=level, chance=random_order(correct, len(film)))
        tables.append(table.assign(**_permuted(level_ranks, owner, orders, table.value.to_numpy())))
    columns = ["level", "measure", "value", "low", "high", "chance", "permuted", "p_permuted"]
    return pd.concat(tables, ignore_index=True)[columns]


def score_by_film(ranks: np.ndarray, film: np.ndarray) -> pd.DataFrame:
    """Summarise the ranks of each film's own tracks.

    Parameters
    ----------
    ranks : ndarray of int, shape (films, tracks)
        From `rank_tracks`.
    film : ndarray of int, shape (tracks,)
        The film of each track, a row of `ranks`, ascending.

    Returns
    -------
    pandas.DataFrame, one row per film, in order
        film, tracks (how many are its own), first_rank, median_rank, reciprocal_rank (mean over its
        tracks).
    """
    own_ranks = ranks[film, np.arange(len(film))]
    table = pd.DataFrame({"film": film, "rank": own_ranks, "reciprocal": 1 / own_ranks})
    grouped = table.groupby("film")
    columns = {
        "tracks": grouped["rank"].size(),
        "first_rank": grouped["rank"].min(),
        MEDIAN: grouped["rank"].median(),
        RECIPROCAL: grouped["reciprocal"].mean(),
    }
    return pd.DataFrame(columns).reset_index()


def random_order(correct: np.ndarray, tracks: int) -> np.ndarray:
    """Compute the metrics of a random order of the tracks, exactly.

    Parameters
    ----------
    correct : ndarray of int, shape (queries,)
        How many of the tracks are correct for each query, 1 at least.
    tracks : int
        How many there are.

    Returns
    -------
    ndarray of float, shape (metrics,)
        In the order of `METRICS`. The median is that of the first correct track's rank over all
        orders and queries.

    Examples
    --------
    >>> dict(zip(METRICS, random_order(np.array([1]), 5).round(3).tolist()))["median_rank"]
    3.0
    """
    kinds, queries = np.unique(correct, return_counts=True)
    rank = np.arange(1, tracks + 1)
    # Of the queries not answered before rank k, a share of correct / (tracks - k + 1) is there.
    missed = 1 - np.minimum(kinds[:, None] / (tracks - rank + 1), 1)
    reached = 1 - np.average(missed.cumprod(axis=1), axis=0, weights=queries)
    recalls = [reached[min(k, tracks) - 1] for k in RECALLS]
    middle = [1 + np.searchsorted(reached, 0.5 + side * ROUNDING, side="left") for side in (-1, 1)]
    at_rank = np.diff(reached, prepend=0)
    return np.array([*recalls, np.mean(middle), (at_rank / rank).sum()])


def interval_options(metrics: Sequence[str], tracks: int, films: int) -> dict[str, object]:
    """Options of `bootstrap.interval`: a median rank is no share, and has no observation added.

    Parameters
    ----------
    metrics : sequence of str
    tracks : int
        Length of the longest list: the worst rank.
    films : int
        Number of films, or of their clusters.

    Returns
    -------
    dict of str to tuple or ndarray
        `bounds` and `observations`.
    """
    is_rank = np.array(metrics) == MEDIAN
    bounds = np.where(is_rank, 1.0, 0.0), np.where(is_rank, float(tracks), 1.0)
    return {"bounds": bounds, "observations": np.where(is_rank, np.inf, float(films))}


def middle_ranks(ordered: np.ndarray, reached: np.ndarray) -> np.ndarray:
    """Median rank in bootstrap samples.

    Parameters
    ----------
    ordered : ndarray of int, shape (queries,)
        Ranks, ascending.
    reached : ndarray of int, shape (samples, queries)
        How many queries each sample draws up to each of them.

    Returns
    -------
    ndarray of float, shape (samples,)

    Examples
    --------
    >>> middle_ranks(np.array([1, 4, 9]), np.array([[1, 2, 2], [0, 1, 3]])).tolist()
    [2.5, 9.0]
    """
    total = reached[:, -1:]
    halves = (total + 1) // 2, total // 2 + 1
    return np.mean([ordered[(reached >= half).argmax(axis=1)] for half in halves], axis=0)


def _with_intervals(
    ranks: np.ndarray, film: np.ndarray, draws: np.ndarray, tracks: int
) -> pd.DataFrame:
    """ranks, film: (queries,). draws: int (samples, films), how often each film is drawn."""
    value = _sampled(ranks, film, np.ones((1, draws.shape[1]), draws.dtype))[0]
    blocks = _blocks(draws, len(ranks))
    sampled = np.concatenate([_sampled(ranks, film, b) for b in blocks])
    low, high = interval(value, sampled, **interval_options(METRICS, tracks, draws.shape[1]))
    return pd.DataFrame({"measure": METRICS, "value": value, "low": low, "high": high})


def _sampled(ranks: np.ndarray, film: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """The metrics in samples of the films: float (samples, metrics)."""
    order = np.argsort(ranks, kind="stable")
    ordered = ranks[order]
    reached = draws[:, film[order]].cumsum(axis=1)  # queries up to each rank
    total = reached[:, -1]
    padded = np.concatenate([np.zeros((len(draws), 1), reached.dtype), reached], axis=1)
    hits = padded[:, np.searchsorted(ordered, RECALLS, side="right")]
    sums = np.bincount(film, 1 / ranks, minlength=draws.shape[1])
    reciprocal = draws @ sums / total
    return np.column_stack([hits / total[:, None], middle_ranks(ordered, reached), reciprocal])


def _permuted(
    ranks: np.ndarray, film: np.ndarray, orders: np.ndarray, value: np.ndarray
) -> dict[str, np.ndarray]:
    """ranks: int (films, queries), in the list of each film, of what belongs to `film`."""
    columns = np.arange(len(film))
    blocks = (ranks[block[:, film], columns] for block in _blocks(orders, len(film)))
    permuted = np.concatenate([_metrics(block) for block in blocks])
    as_good = is_as_good(permuted, value, np.array(METRICS) == MEDIAN, ROUNDING)
    p = p_value(as_good.sum(axis=0), len(orders))
    return {"permuted": permuted.mean(axis=0), "p_permuted": p}


def _metrics(ranks: np.ndarray) -> np.ndarray:
    """The metrics of each row of ranks: (n, queries) to float (n, metrics)."""
    hits = [(ranks <= k).mean(axis=1) for k in RECALLS]
    return np.column_stack([*hits, np.median(ranks, axis=1), (1 / ranks).mean(axis=1)])


def _blocks(rows: np.ndarray, width: int) -> list[np.ndarray]:
    """Rows in blocks that take a bounded memory, with `width` values of each."""
    step = max(1, MAX_VALUES // width)
    return [rows[start : start + step] for start in range(0, len(rows), step)]
