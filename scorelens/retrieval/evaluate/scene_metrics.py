"""How far up the track of a scene stands in the list for it, against chance.

A scene has one right track. Intervals come from samples of the films, each with all its scenes.
Two kinds of chance. `chance`: the tracks in a random order. `permuted`: films swap their queries,
or, where the list is their album, the scenes of a film do.
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pandas as pd

RECALLS = (1, 5, 10)
MEDIAN = "median_rank"
MEASURES = (*(f"recall_{k}" for k in RECALLS), MEDIAN, "reciprocal_rank", "mean_percentile")
BOUNDS = (0.025, 0.975)
VALUES_AT_ONCE = 2**22  # of samples or permutations, in memory at a time
ROUNDING = 1e-9  # of a share
Swap = Callable[[np.random.Generator, int], np.ndarray]


def measure_scenes(
    ranks: np.ndarray,
    tracks: np.ndarray,
    film: np.ndarray,
    swap: Swap,
    samples: int,
    permutations: int,
    seed: int,
) -> pd.DataFrame:
    """All measures with 95% intervals and chance.

    ranks: int (scenes,), the place of each scene's track, 1 for the best. tracks: int (scenes,),
    how many there are in its list, two at least. film: int (scenes,), rising from 0, with none left
    out. swap: gives, of a generator and a number n, int (n, scenes), the ranks after n random swaps
    of queries. samples: bootstrap samples of the films. permutations: swaps in all.
    Returns the columns measure (a name of MEASURES), value, low, high, chance, permuted (mean over
    the swaps), p ((1 + k) / (1 + permutations), k of them being as good). mean_percentile is the
    share of the other tracks that come after the right one, 0..1: 1 is best, 0.5 is chance.
    """
    random = np.random.default_rng(seed)
    films = int(film[-1]) + 1
    value = _plain(ranks[None], tracks)[0]
    draws = random.multinomial(films, np.full(films, 1 / films), samples)
    pieces = np.array_split(draws, _pieces(samples, len(ranks)))
    sampled = np.concatenate([_sampled(ranks, tracks, film, piece) for piece in pieces])
    low, high = np.quantile(sampled, BOUNDS, axis=0)
    counts = np.array_split(np.arange(permutations), _pieces(permutations, len(ranks)))
    swapped = np.concatenate([_plain(swap(random, len(count)), tracks) for count in counts])
    lower_is_better = np.array(MEASURES) == MEDIAN
    good = np.where(lower_is_better, swapped <= value + ROUNDING, swapped >= value - ROUNDING)
    columns = {"measure": MEASURES, "value": value, "low": low, "high": high}
    columns |= {"chance": chance(tracks), "permuted": swapped.mean(axis=0)}
    return pd.DataFrame(columns | {"p": (1 + good.sum(axis=0)) / (1 + permutations)})


def chance(tracks: np.ndarray) -> np.ndarray:
    """What a random order gives, exactly: float (measures,), in the order of MEASURES.

    tracks: int (scenes,), how many there are in each list. The median is that of the rank over all
    orders and scenes.
    """
    sizes, scenes = np.unique(tracks, return_counts=True)
    share = scenes / scenes.sum()
    place = np.arange(1, sizes[-1] + 1)
    reached = share @ np.minimum(place / sizes[:, None], 1)  # found up to a place
    middle = [1 + np.searchsorted(reached, 0.5 + side * ROUNDING) for side in (-1, 1)]
    recalls = [reached[min(k, sizes[-1]) - 1] for k in RECALLS]
    reciprocal = share @ ((1 / place).cumsum()[sizes - 1] / sizes)
    return np.array([*recalls, np.mean(middle), reciprocal, 0.5])


def swap_scenes(lists: Sequence[np.ndarray]) -> Swap:
    """Scenes of a film swap their queries.

    lists: of each film, int (n, n): the place of the track of scene j for the query of scene i.
    """
    return partial(_swapped_scenes, lists)


def swap_films(lists: np.ndarray, owner: np.ndarray, film: np.ndarray) -> Swap:
    """Films swap their queries: the scenes of a film take those of another, one after the other.

    Where the other has fewer, they start again. lists: int (queries, scenes), the place of each
    scene's track for each query. owner: int (queries,), the film of each query, rising from 0, with
    none left out. film: int (scenes,), alike; films of `owner` without a scene come last.
    """
    counts = np.bincount(owner)
    turn = np.arange(len(film)) - np.searchsorted(film, film)  # number of a scene in its film
    return partial(_swapped_films, lists, counts, turn, film)


def _swapped_scenes(
    lists: Sequence[np.ndarray], random: np.random.Generator, count: int
) -> np.ndarray:
    orders = (random.permuted(np.tile(np.arange(len(own)), (count, 1)), axis=1) for own in lists)
    columns = [own[order, np.arange(len(own))] for own, order in zip(lists, orders, strict=True)]
    return np.concatenate(columns, axis=1)


def _swapped_films(
    lists: np.ndarray,
    counts: np.ndarray,
    turn: np.ndarray,
    film: np.ndarray,
    random: np.random.Generator,
    count: int,
) -> np.ndarray:
    """counts: queries of each film."""
    givers = random.permuted(np.tile(np.arange(len(counts)), (count, 1)), axis=1)[:, film]
    rows = (counts.cumsum() - counts)[givers] + turn % counts[givers]
    return lists[rows, np.arange(len(film))]


def _plain(ranks: np.ndarray, tracks: np.ndarray) -> np.ndarray:
    """The measures of each row of ranks: (n, scenes) to float (n, measures)."""
    means = [row.mean(axis=-1) for row in _means(ranks, tracks)]
    return np.column_stack([*means[:-2], np.median(ranks, axis=1), *means[-2:]])


def _means(ranks: np.ndarray, tracks: np.ndarray) -> list[np.ndarray]:
    """Of each scene what the measures are means of, the median left out: arrays like `ranks`."""
    return [*(ranks <= k for k in RECALLS), 1 / ranks, (tracks - ranks) / (tracks - 1)]


def _sampled(
    ranks: np.ndarray, tracks: np.ndarray, film: np.ndarray, draws: np.ndarray
) -> np.ndarray:
    """The measures in samples of the films, (n, films) times drawn: float (n, measures)."""
    order = np.argsort(ranks, kind="stable")
    reached = draws[:, film[order]].cumsum(axis=1)  # scenes up to each rank
    total = reached[:, -1]
    sums = [np.bincount(film, values) for values in _means(ranks, tracks)]
    means = (draws @ np.transpose(sums) / total[:, None]).T
    halves = ((total + 1) // 2, total // 2 + 1)
    median = np.mean(
        [ranks[order][(reached >= half[:, None]).argmax(axis=1)] for half in halves], axis=0
    )
    return np.column_stack([*means[:-2], median, *means[-2:]])


def _pieces(rows: int, width: int) -> int:
    """In how many pieces rows of `width` values take a bounded memory."""
    return -(-rows * width // VALUES_AT_ONCE)
