"""Metrics of retrieval: ranks, recall, median rank and reciprocal rank of the films' own tracks.

Three levels. `track`: the paper's pairs; each track is a pair with its film, and its rank is its
position among all tracks for that film. A film's tracks displace one another there, so recall at 1
cannot reach 1 where films have several. `film_mean`: the same, averaged over the tracks of a film
first, so that each film weighs the same. `film`: the rank of the first of the film's tracks, which
counts for a user who searches.

Two kinds of chance. `chance`: the tracks in a random order. `permuted`: the films exchange their
queries. The tracks of a film resemble one another and are neighbours in any list, so that the first
of them is found later than in a random order: at the level of films a model without skill is at
`permuted`, not at `chance`; at the other levels the two agree.

All values are means over the training runs of a model. Intervals come from bootstrap samples of the
films, and films of one cluster are drawn, and exchange their queries, together
(docs/evaluation.md).
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from scorelens.evaluation.bootstrap import interval
from scorelens.evaluation.permutation import is_as_good, p_value
from scorelens.retrieval.evaluate.draws import Draws

RECALLS = (1, 5, 10, 20, 50, 100)
MEDIAN, RECIPROCAL, PERCENTILE = "median_rank", "reciprocal_rank", "mean_percentile"
MEANS = (*(f"recall_{k}" for k in RECALLS), RECIPROCAL, PERCENTILE)  # over queries
METRICS = (*(f"recall_{k}" for k in RECALLS), MEDIAN, RECIPROCAL, PERCENTILE)
TRACK, FILM_MEAN, FILM = "track", "film_mean", "film"
LEVELS = {TRACK: METRICS, FILM_MEAN: MEANS, FILM: METRICS}
MAX_VALUES = 2**22  # of samples or permutations, in memory at a time
ROUNDING = 1e-9  # of a share
TESTS = ["p", "p_in_years", "exchangeable"]
COLUMNS = ["level", "measure", "value", "low", "high", "spread", "chance", "permuted", *TESTS]


class RankScores(NamedTuple):
    """The metrics of one model.

    Attributes
    ----------
    table : pandas.DataFrame, one row per level and metric
        level (a key of `LEVELS`), measure (a name of `METRICS`), value, low, high, spread (standard
        deviation over the runs, NaN for one), chance, permuted (mean over the orders), p,
        p_in_years (films exchange their queries within a year; NaN of the median, and without two
        films of a year).
        A recall is in 0..1, the median is a rank, the reciprocal rank and the percentile are means
        in 0..1.
    permuted : ndarray of float, shape (rows, permutations)
        The metric of each row in each order.
    """

    table: pd.DataFrame
    permuted: np.ndarray


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


def score_ranks(ranks: np.ndarray, film: np.ndarray, draws: Draws) -> RankScores:
    """Compute all metrics on all levels, with 95% intervals and chance.

    Parameters
    ----------
    ranks : ndarray of int, shape (runs, films, tracks)
        From `rank_tracks`, of each training run.
    film : ndarray of int, shape (tracks,)
        The film of each track, a row of `ranks`, ascending; each film has a track at least.
    draws : Draws

    Returns
    -------
    RankScores
    """
    counts, tracks = np.bincount(film), len(film)
    films, once = np.arange(len(counts)), np.ones(len(counts))
    first = np.minimum.reduceat(ranks, counts.cumsum() - counts, axis=2)
    by_track, by_first = (
        np.stack([film_values(run, owner, tracks) for run in each])
        for each, owner in ((ranks, film), (first, films))
    )
    metrics = {
        TRACK: [*_means(by_track, counts, draws), _median(ranks, film, draws)],
        FILM_MEAN: _means(by_track, once, draws),
        FILM: [*_means(by_first, once, draws), _median(first, films, draws)],
    }
    chance = dict.fromkeys(LEVELS, random_order(np.ones(1, int), tracks))
    chance[FILM] = random_order(counts, tracks)
    rows, permuted = [], []
    for level, measures in LEVELS.items():
        named = dict(zip((*MEANS, MEDIAN), metrics[level], strict=False))
        for measure in measures:
            expected = chance[level][METRICS.index(measure)]
            options = interval_options([measure], tracks, draws.clusters)
            row = {"level": level, "measure": measure, "chance": expected}
            rows.append(row | _columns(named[measure], measure == MEDIAN, options))
            permuted.append(named[measure].permuted)
    table = pd.DataFrame(rows).assign(exchangeable=draws.exchangeable)
    return RankScores(table[COLUMNS], np.stack(permuted))


def film_values(ranks: np.ndarray, film: np.ndarray, tracks: int) -> np.ndarray:
    """Average the metrics of `MEANS` over the tracks of each film, in the list of each query.

    Parameters
    ----------
    ranks : ndarray of int, shape (queries, n)
        Ranks of n tracks in the list of each query.
    film : ndarray of int, shape (n,)
        The film of each of them, ascending from 0, with none left out.
    tracks : int
        Length of a list.

    Returns
    -------
    ndarray of float, shape (queries, films, len(MEANS))

    Examples
    --------
    >>> values = film_values(np.array([[1, 4, 2]]), np.array([0, 0, 1]), 5)
    >>> dict(zip(MEANS, values[0, 0].tolist()))["reciprocal_rank"]
    0.625
    """
    counts = np.bincount(film)
    each = [*(ranks <= k for k in RECALLS), 1 / ranks, (tracks - ranks) / max(tracks - 1, 1)]
    starts = counts.cumsum() - counts
    means = [np.add.reduceat(one, starts, axis=1, dtype=float) / counts for one in each]
    return np.stack(means, axis=-1)


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
    percentile = (at_rank * (tracks - rank)).sum() / max(tracks - 1, 1)
    return np.array([*recalls, np.mean(middle), (at_rank / rank).sum(), percentile])


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


class _Metric(NamedTuple):
    """A metric in each run (runs,), sample (samples,) and order of the queries (permutations,).

    in_years: in the orders within years (permutations,), or None.
    """

    runs: np.ndarray
    sampled: np.ndarray
    permuted: np.ndarray
    in_years: np.ndarray | None = None


def _means(values: np.ndarray, weights: np.ndarray, draws: Draws) -> list[_Metric]:
    """Each of `MEANS`, over films of these weights. values: (runs, queries, films, MEANS)."""
    films, share = np.arange(len(weights)), weights / weights.sum()
    relevant, mean = values[:, films, films], values.mean(axis=0)
    drawn = draws.samples * share
    sampled = drawn @ relevant.mean(axis=0) / drawn.sum(axis=1, keepdims=True)
    each = [share @ relevant, sampled, _permuted_means(mean, share, draws.orders)]
    if draws.year_orders is not None:
        each.append(_permuted_means(mean, share, draws.year_orders))
    return [_Metric(*parts) for parts in zip(*(values.T for values in each), strict=True)]


def _permuted_means(values: np.ndarray, share: np.ndarray, orders: np.ndarray) -> np.ndarray:
    """values: (queries, films, MEANS). share: of each film. Returns (permutations, MEANS)."""
    films = np.arange(len(share))
    blocks = _blocks(orders, values[0].size)
    return np.concatenate([share @ values[block, films] for block in blocks])


def _median(ranks: np.ndarray, film: np.ndarray, draws: Draws) -> _Metric:
    """The median rank, mean over runs. ranks: (runs, queries, n) of what belongs to `film`."""
    relevant = ranks[:, film, np.arange(len(film))]
    sampled = [_sampled_medians(run, film, draws.samples) for run in relevant]
    permuted = _permuted_medians(ranks, film, draws.orders)
    return _Metric(_middle(relevant), np.mean(sampled, axis=0), permuted)


def _sampled_medians(relevant: np.ndarray, film: np.ndarray, samples: np.ndarray) -> np.ndarray:
    order = np.argsort(relevant, kind="stable")
    reached = (block[:, film[order]].cumsum(axis=1) for block in _blocks(samples, len(film)))
    return np.concatenate([middle_ranks(relevant[order], counts) for counts in reached])


def _permuted_medians(ranks: np.ndarray, film: np.ndarray, orders: np.ndarray) -> np.ndarray:
    columns, blocks = np.arange(len(film)), _blocks(orders, len(film))
    queries = (block[:, film] for block in blocks)
    means = [sum(_middle(run[rows, columns]) for run in ranks) / len(ranks) for rows in queries]
    return np.concatenate(means)


def _middle(ranks: np.ndarray) -> np.ndarray:
    """Median of each row: many times as fast as `numpy.median`, which does not sort."""
    half = ranks.shape[-1] // 2
    middle = np.sort(ranks, axis=-1)[..., (ranks.shape[-1] - 1) // 2 : half + 1]
    return middle.mean(axis=-1)


def _columns(metric: _Metric, is_rank: bool, options: Mapping[str, object]) -> dict[str, float]:
    """The columns of a metric but for its names and its chance. options: of `interval`."""
    value = metric.runs.mean()
    low, high = interval(np.array([value]), metric.sampled[:, None], **options)[:, 0]

    def p(permuted: np.ndarray) -> float:
        return p_value(is_as_good(permuted, value, is_rank, ROUNDING).sum(), len(permuted))

    return {
        "value": value,
        "low": low,
        "high": high,
        "spread": metric.runs.std(ddof=1) if len(metric.runs) > 1 else np.nan,
        "permuted": metric.permuted.mean(),
        "p": p(metric.permuted),
        "p_in_years": np.nan if metric.in_years is None else p(metric.in_years),
    }


def _blocks(rows: np.ndarray, width: int) -> list[np.ndarray]:
    """Rows in blocks that take a bounded memory, with `width` values of each."""
    step = max(1, MAX_VALUES // width)
    return [rows[start : start + step] for start in range(0, len(rows), step)]
