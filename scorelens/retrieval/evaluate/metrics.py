"""How well films find their music: ranks, recall, median rank, reciprocal rank, against chance.

Two levels. `track`: the paper's pairs; every track is a pair with its film, and its rank is its
place among all tracks for that film. A film's tracks stand in one another's way there, so recall at
1 cannot reach 1 where films have several. `film`: the place of the first track that is the film's,
what somebody who searches sees.

Two kinds of chance. `chance`: the tracks in a random order. `permuted`: the films swap their
queries. The tracks of a film resemble one another and lie side by side in any list, so that the
first of them is found later than in a random order: on the level of films a model without skill is
at `permuted`, not at `chance`; on that of tracks the two agree. Intervals come from samples of the
films.
"""

import numpy as np
import pandas as pd

RECALLS = (1, 5, 10, 20, 50, 100)
MEDIAN, RECIPROCAL = "median_rank", "reciprocal_rank"
MEASURES = (*(f"recall_{k}" for k in RECALLS), MEDIAN, RECIPROCAL)
BOUNDS = (0.025, 0.975)
VALUES_AT_ONCE = 2**22  # of samples or permutations, in memory at a time
ROUNDING = 1e-9  # of a share


def rank_tracks(queries: np.ndarray, tracks: np.ndarray) -> np.ndarray:
    """The place of every track in the list for every film.

    queries: (films, d), tracks: (tracks, d), rows of length 1, finite. Returns int32 (films,
    tracks), 1 for the most alike; of tied ones the last, so that a model that says the same of all
    has no luck.
    """
    ranks = np.empty((len(queries), len(tracks)), np.int32)
    for own, query in zip(ranks, queries, strict=True):
        cosines = tracks @ query
        own[:] = len(tracks) - np.searchsorted(np.sort(cosines), cosines)
    return ranks


def measure(
    ranks: np.ndarray, film: np.ndarray, samples: int, permutations: int, seed: int
) -> pd.DataFrame:
    """All measures on both levels, with 95% intervals and chance.

    ranks: of `rank_tracks`. film: int (tracks,), the film of each track, a row of `ranks`, rising;
    each film has a track at least. samples: bootstrap samples of the films. permutations: how often
    the films swap their queries. Returns the columns level (`track`, `film`), measure (a name of
    MEASURES), value, low, high, chance, permuted (the mean over the permutations), p_permuted
    ((1 + k) / (1 + permutations), k of them being as good). A recall is a share in 0..1, the median
    a rank, the reciprocal rank a mean in 0..1.
    """
    films = len(ranks)
    random = np.random.default_rng(seed)
    draws = random.multinomial(films, np.full(films, 1 / films), samples)
    orders = random.permuted(np.tile(np.arange(films), (permutations, 1)), axis=1)
    starts, right = np.searchsorted(film, np.arange(films)), np.bincount(film)
    levels = {
        "track": (ranks, film, np.ones_like(film)),
        "film": (np.minimum.reduceat(ranks, starts, axis=1), np.arange(films), right),
    }
    tables = []
    for level, (places, of, correct) in levels.items():
        table = _with_intervals(places[of, np.arange(len(of))], of, draws)
        table = table.assign(level=level, chance=chance(correct, len(film)))
        tables.append(table.assign(**_permuted(places, of, orders, table.value.to_numpy())))
    columns = ["level", "measure", "value", "low", "high", "chance", "permuted", "p_permuted"]
    return pd.concat(tables, ignore_index=True)[columns]


def measure_films(ranks: np.ndarray, film: np.ndarray) -> pd.DataFrame:
    """Each film on its own. Takes what `measure` does.

    Returns the columns film, tracks (how many are its own), first_rank, median_rank,
    reciprocal_rank (mean over its tracks), a row a film, in order.
    """
    own = ranks[film, np.arange(len(film))]
    table = pd.DataFrame({"film": film, "rank": own, "reciprocal": 1 / own})
    grouped = table.groupby("film")
    columns = {
        "tracks": grouped["rank"].size(),
        "first_rank": grouped["rank"].min(),
        MEDIAN: grouped["rank"].median(),
        RECIPROCAL: grouped["reciprocal"].mean(),
    }
    return pd.DataFrame(columns).reset_index()


def chance(right: np.ndarray, tracks: int) -> np.ndarray:
    """What a random order gives, exactly: float (measures,), in the order of MEASURES.

    right: int (queries,), how many of the tracks are right for each query, 1 at least. tracks: how
    many there are. The median is that of the first right one's rank over all orders and queries.
    """
    kinds, queries = np.unique(right, return_counts=True)
    place = np.arange(1, tracks + 1)
    # Of those not yet found at place k, a share of right / (tracks - k + 1) is found there.
    missed = 1 - np.minimum(kinds[:, None] / (tracks - place + 1), 1)
    reached = 1 - np.average(missed.cumprod(axis=1), axis=0, weights=queries)
    recalls = [reached[min(k, tracks) - 1] for k in RECALLS]
    middle = [1 + np.searchsorted(reached, 0.5 + side * ROUNDING, side="left") for side in (-1, 1)]
    at_place = np.diff(reached, prepend=0)
    return np.array([*recalls, np.mean(middle), (at_place / place).sum()])


def _with_intervals(ranks: np.ndarray, film: np.ndarray, draws: np.ndarray) -> pd.DataFrame:
    """ranks, film: (queries,). draws: int (samples, films), how often each film is drawn."""
    value = _sampled(ranks, film, np.ones((1, draws.shape[1]), draws.dtype))[0]
    sampled = np.concatenate([_sampled(ranks, film, piece) for piece in _pieces(draws, len(ranks))])
    low, high = np.quantile(sampled, BOUNDS, axis=0)
    return pd.DataFrame({"measure": MEASURES, "value": value, "low": low, "high": high})


def _sampled(ranks: np.ndarray, film: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """The measures in samples of the films: float (samples, measures)."""
    order = np.argsort(ranks, kind="stable")
    ordered = ranks[order]
    reached = draws[:, film[order]].cumsum(axis=1)  # queries up to each rank
    total = reached[:, -1]
    padded = np.concatenate([np.zeros((len(draws), 1), reached.dtype), reached], axis=1)
    hits = padded[:, np.searchsorted(ordered, RECALLS, side="right")]
    middle = [_at(ordered, reached, (total + 1) // 2), _at(ordered, reached, total // 2 + 1)]
    sums = np.bincount(film, 1 / ranks, minlength=draws.shape[1])
    reciprocal = draws @ sums / total
    return np.column_stack([hits / total[:, None], np.mean(middle, axis=0), reciprocal])


def _at(ordered: np.ndarray, reached: np.ndarray, place: np.ndarray) -> np.ndarray:
    """The rank of the query at a place, counted from 1, of each sample."""
    return ordered[(reached >= place[:, None]).argmax(axis=1)]


def _permuted(
    places: np.ndarray, film: np.ndarray, orders: np.ndarray, value: np.ndarray
) -> dict[str, np.ndarray]:
    """places: int (films, queries), what each film's list says of what belongs to `film`."""
    swapped = (places[piece[:, film], np.arange(len(film))] for piece in _pieces(orders, len(film)))
    found = np.concatenate([_plain(ranks) for ranks in swapped])
    lower_is_better = np.array([name == MEDIAN for name in MEASURES])
    better = np.where(lower_is_better, found <= value + ROUNDING, found >= value - ROUNDING)
    return {
        "permuted": found.mean(axis=0),
        "p_permuted": (1 + better.sum(axis=0)) / (1 + len(orders)),
    }


def _plain(ranks: np.ndarray) -> np.ndarray:
    """The measures of each row of ranks: (n, queries) to float (n, measures)."""
    hits = [(ranks <= k).mean(axis=1) for k in RECALLS]
    return np.column_stack([*hits, np.median(ranks, axis=1), (1 / ranks).mean(axis=1)])


def _pieces(rows: np.ndarray, width: int) -> list[np.ndarray]:
    """Rows in pieces that take a bounded memory, with `width` values of each."""
    step = max(1, VALUES_AT_ONCE // width)
    return [rows[start : start + step] for start in range(0, len(rows), step)]
