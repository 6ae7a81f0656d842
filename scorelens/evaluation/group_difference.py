"""Differences between two groups of films: medians, permutation p-values, bootstrap intervals.

Table 5 of Ma et al. 2021 gives, for each genre, the median of a measure over the clips labelled
with it minus the median over all other clips. Here a film counts once: the labels are a film's, so
its clips are no independent evidence.

False positives are compared with films that are neither labelled nor predicted. If the genre's own
films were among those, false positives that resemble any film would seem to differ as soon as the
genre does.
"""

import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats
from tqdm import tqdm

from scorelens.evaluation.clustered_difference import compare_clustered
from scorelens.evaluation.multiplicity import benjamini_hochberg

LABELLINGS = ("actual", "predicted", "false_positive")
MIN_FILMS = 2  # a smaller group has no spread to compare a difference with
BATCH_VALUES = 2**20  # values that are resampled at once, 8 MB


def compare_labellings(
    cells: Sequence[tuple[str, str]],
    values: pd.DataFrame,
    actual: pd.DataFrame,
    predicted: pd.DataFrame,
    permutations: int,
    samples: int,
    seed: int,
    cluster: np.ndarray | None = None,
) -> pd.DataFrame:
    """Compare the films of a genre with the others, by every labelling of `LABELLINGS`.

    Parameters
    ----------
    cells : sequence of (str, str)
        Genre and measure of each comparison.
    values : pandas.DataFrame, shape (films, measures)
        NaN where a film lacks the measure.
    actual, predicted : pandas.DataFrame of bool, shape (films, genres)
        Labels and predictions of the same films.
    permutations : int
        Most permutations behind a p-value; where the labels can be distributed in no more ways, all
        ways are taken.
    samples : int
        Bootstrap samples behind an interval.
    seed : int
    cluster : ndarray of int, shape (films,), optional
        Cluster of each film, such as its composer. Where films share one, samples draw clusters,
        and clusters of as many films exchange labels; each film is a cluster if left out.

    Returns
    -------
    pandas.DataFrame, one row per cell and labelling
        genre, measure, labelling, films_with, films_without, difference (medians), low, high, p,
        and p_adjusted, corrected over the tests of a labelling (Benjamini and Hochberg).
    """
    rows = []
    tests = list(itertools.product(cells, LABELLINGS))
    for number, ((genre, measure), labelling) in enumerate(tqdm(tests, disable=None)):
        masks = group_films(labelling, actual[genre].to_numpy(), predicted[genre].to_numpy())
        column = values[measure].to_numpy()
        known = [mask & ~np.isnan(column) for mask in masks]
        # A generator per test: none depends on what was computed before it.
        random = np.random.default_rng([seed, number])
        names = {"genre": genre, "measure": measure, "labelling": labelling}
        if _share_clusters(cluster, known):
            results = _compare_clusters(column, *known, cluster, permutations, samples, random)
        else:
            groups = (column[mask] for mask in known)
            results = compare_groups(*groups, permutations, samples, random)
        rows.append(names | results)
    table = pd.DataFrame(rows)
    by_labelling = table.groupby("labelling")["p"]
    adjusted = by_labelling.transform(lambda p: benjamini_hochberg(p.to_numpy()))
    return table.assign(p_adjusted=adjusted)


def group_films(
    labelling: str, actual: np.ndarray, predicted: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Select the films of a genre and those that they are compared with.

    Parameters
    ----------
    labelling : {"actual", "predicted", "false_positive"}
    actual, predicted : ndarray of bool, shape (films,)

    Returns
    -------
    tuple of ndarray of bool, shape (films,)
        For `false_positive` the second group has the films neither labelled nor predicted, else all
        films that the first has not.

    Examples
    --------
    >>> actual, predicted = np.array([True, False, False]), np.array([True, True, False])
    >>> [mask.tolist() for mask in group_films("false_positive", actual, predicted)]
    [[False, True, False], [False, False, True]]
    """
    if labelling == "false_positive":
        return predicted & ~actual, ~predicted & ~actual
    mask = actual if labelling == "actual" else predicted
    return mask, ~mask


def compare_groups(
    inside: np.ndarray,
    outside: np.ndarray,
    permutations: int,
    samples: int,
    random: np.random.Generator,
) -> dict[str, float]:
    """Compare two groups of values by their medians.

    Parameters
    ----------
    inside, outside : ndarray of float, shape (films,) each
    permutations, samples : int
        As `compare_labellings` takes them.
    random : numpy.random.Generator

    Returns
    -------
    dict of str to float
        `films_with`, `films_without` (sizes), `difference`, `low`, `high`, `p`; the last four are
        NaN where a group has fewer than `MIN_FILMS`.
    """
    films = {"films_with": len(inside), "films_without": len(outside)}
    if min(films.values()) < MIN_FILMS:
        return films | dict.fromkeys(("difference", "low", "high", "p"), np.nan)
    low, high = bootstrap_interval(inside, outside, samples, random)
    difference = float(median_difference(inside, outside))
    p = permutation_p(inside, outside, permutations, random)
    return films | {"difference": difference, "low": low, "high": high, "p": p}


def _share_clusters(cluster: np.ndarray | None, masks: Sequence[np.ndarray]) -> bool:
    """Whether two films of either group are of one cluster."""
    if cluster is None:
        return False
    numbers = cluster[np.logical_or(*masks)]
    return len(np.unique(numbers)) < len(numbers)


def _compare_clusters(
    values: np.ndarray,
    inside: np.ndarray,
    outside: np.ndarray,
    cluster: np.ndarray,
    permutations: int,
    samples: int,
    random: np.random.Generator,
) -> dict[str, float]:
    """`compare_groups` of clusters of films. inside, outside: bool (films,)."""
    films = np.flatnonzero(inside | outside)
    result = compare_clustered(
        *(values[films], inside[films, None], np.arange(len(films)), permutations, samples),
        seed=int(random.integers(2**32)),
        family=cluster[films],
    )
    names = ("difference", "low", "high", "p")
    sizes = {"films_with": int(inside.sum()), "films_without": int(outside.sum())}
    return sizes | {name: float(getattr(result, name)[0]) for name in names}


def median_difference(inside: np.ndarray, outside: np.ndarray, axis: int = -1) -> np.ndarray:
    """Median of one group minus median of the other.

    Parameters
    ----------
    inside, outside : ndarray of float
    axis : int
        The axis of the films.

    Returns
    -------
    ndarray of float

    Examples
    --------
    >>> float(median_difference(np.array([3.0, 4.0, 9.0]), np.array([1.0, 2.0])))
    2.5
    """
    return np.median(inside, axis=axis) - np.median(outside, axis=axis)


def permutation_p(
    inside: np.ndarray, outside: np.ndarray, permutations: int, random: np.random.Generator
) -> float:
    """Two-sided p of the median difference if the labels are distributed at random.

    Parameters
    ----------
    inside, outside : ndarray of float, shape (films,) each
        Two films or more.
    permutations : int
        If there are no more ways to distribute the labels, all are taken.
    random : numpy.random.Generator

    Returns
    -------
    float
        The share of ways whose difference is at least as large in size; for m random ones, b of
        them as large, (b + 1) / (m + 1). Above 0, at most 1.

    References
    ----------
    Phipson and Smyth, "Permutation P-values should never be zero", Stat. Appl. Genet. Mol. Biol.,
    2010, section 3.
    """
    test = stats.permutation_test(
        (inside, outside),
        lambda a, b, axis: np.abs(median_difference(a, b, axis)),
        n_resamples=permutations,
        vectorized=True,
        alternative="greater",
        batch=max(1, BATCH_VALUES // (len(inside) + len(outside))),
        rng=random,
    )
    return float(test.pvalue)


def bootstrap_interval(
    inside: np.ndarray, outside: np.ndarray, samples: int, random: np.random.Generator
) -> tuple[float, float]:
    """95% percentile interval of the median difference; each group is resampled by itself.

    Parameters
    ----------
    inside, outside : ndarray of float, shape (films,) each
        Two films or more.
    samples : int
        Bootstrap samples.
    random : numpy.random.Generator

    Returns
    -------
    tuple of float
        Lower and upper bound.
    """
    drawn = stats.bootstrap(
        (inside, outside),
        median_difference,
        n_resamples=samples,
        vectorized=True,
        method="percentile",
        batch=max(1, BATCH_VALUES // (len(inside) + len(outside))),
        rng=random,
    )
    return float(drawn.confidence_interval.low), float(drawn.confidence_interval.high)


def standardise(values: pd.DataFrame) -> pd.DataFrame:
    """Scale each column to mean 0 and standard deviation 1.

    Parameters
    ----------
    values : pandas.DataFrame, shape (films, measures)
        NaN where a film lacks the measure.

    Returns
    -------
    pandas.DataFrame
        A column without spread is all NaN.

    Examples
    --------
    >>> standardise(pd.DataFrame({"brightness": [1.0, 3.0]}))["brightness"].tolist()
    [-1.0, 1.0]
    """
    spread = values.std(ddof=0).where(values.max() > values.min())
    return (values - values.mean()) / spread
