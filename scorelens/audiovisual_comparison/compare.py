"""How films of a genre differ in their picture from the others, with the statistics.

Table 5 of Ma et al. 2021 gives, for each genre, the median brightness and contrast of the clips
labelled with it minus the median of all other clips, in standardised units. Here a film counts
once, by the median over its seconds: the labels are a film's, so its clips are no independent
evidence. p-values and intervals, which the paper lacks, are over films.

False positives are held against films that are neither labelled nor predicted. Against all others,
the genre's own films among them, false positives that look like any film would seem to differ as
soon as the genre does.
"""

import itertools
import logging
import os
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats
from tqdm import tqdm

from scorelens.tables import MODES, PREDICTIONS, VISUALS, read_table, write_table

MEDIANS = ("brightness", "contrast", "saturation", "motion_energy")
CUT_RATE = "cut_rate"
MEASURES = ("brightness", "contrast", "saturation", CUT_RATE, "motion_energy")
LABELLINGS = ("actual", "predicted", "false_positive")
FEWEST_FILMS = 2  # a group of fewer has no spread to judge a difference by
BATCH_VALUES = 2**20  # values that are permuted at once, 8 MB

log = logging.getLogger(__name__)


def compare(
    predictions: str | os.PathLike,
    visuals: Sequence[str | os.PathLike],
    feature_set: str,
    model: str,
    permutations: int,
    repeats: int,
    seed: int,
    output: str | os.PathLike,
) -> None:
    """Write `tables.MODES` of one genre model.

    predictions: what the model says of the films that it never saw; of several training runs the
    first, as a mean of decisions would label no film. visuals: the table of every film; one without
    pictures takes no part. permutations, repeats: as in `compare_films`.
    """
    actual, predicted = read_labels(predictions)
    values = film_values(pd.concat([read_table(path, VISUALS) for path in visuals]))
    seen = [film for film in actual.index if film in values.index]
    log.info("%s on %s: %d of %d films have pictures", model, feature_set, len(seen), len(actual))
    table = compare_films(
        standardise(values.loc[seen]),
        actual.loc[seen],
        predicted.loc[seen],
        permutations,
        repeats,
        seed,
    )
    write_table(table.assign(feature_set=feature_set, model=model), output, MODES)


def read_labels(predictions: str | os.PathLike) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The films' own genres and those of the first training run: bool (films, genres) each."""
    said = read_table(predictions, PREDICTIONS)
    said = said[said["repeat"] == 0]
    return _films_by_genre(said, "actual"), _films_by_genre(said, "predicted")


def film_values(visuals: pd.DataFrame) -> pd.DataFrame:
    """Each film's value of every measure of MEASURES, NaN where the film lacks it.

    visuals: rows of the contract VISUALS, of any number of films. Returns a row a film: medians
    over the seconds, and the cuts a minute.
    """
    seconds = visuals.astype(dict.fromkeys((*MEDIANS, "cuts"), np.float64))
    films = seconds.groupby("film_id")
    values = films[list(MEDIANS)].median()
    values[CUT_RATE] = 60 * films["cuts"].mean()
    return values[list(MEASURES)]


def standardise(values: pd.DataFrame) -> pd.DataFrame:
    """Each column with mean 0 and standard deviation 1 over the films that have a value.

    A column without spread is all NaN.
    """
    spread = values.std(ddof=0).where(values.max() > values.min())
    return (values - values.mean()) / spread


def compare_films(
    values: pd.DataFrame,
    actual: pd.DataFrame,
    predicted: pd.DataFrame,
    permutations: int,
    repeats: int,
    seed: int,
) -> pd.DataFrame:
    """The difference of every genre, measure and labelling: as `compare_cells` gives it."""
    cells = itertools.product(actual.columns, values.columns)
    return compare_cells(list(cells), values, actual, predicted, permutations, repeats, seed)


def compare_cells(
    cells: Sequence[tuple[str, str]],
    values: pd.DataFrame,
    actual: pd.DataFrame,
    predicted: pd.DataFrame,
    permutations: int,
    repeats: int,
    seed: int,
) -> pd.DataFrame:
    """The difference of some genres and measures by every labelling; rows of MODES but the model.

    cells: genre and measure of each. values: (films, measures), NaN if missing. actual, predicted:
    bool (films, genres) with the same films. A labelling takes the films that carry the genre or
    those predicted to, against all other films, or the false positives alone, against the films
    neither labelled nor predicted.
    permutations: most of them behind a p-value; where there are no more ways to deal out the
    labels, all are taken. repeats: bootstrap samples behind an interval.
    `p_adjusted` holds the rate of false discoveries among the tests of one labelling (Benjamini
    and Hochberg 1995).
    """
    rows = []
    tests = list(itertools.product(cells, LABELLINGS))
    for place, ((genre, measure), labelling) in enumerate(tqdm(tests, disable=None)):
        labels = actual[genre].to_numpy(), predicted[genre].to_numpy()
        column = values[measure].to_numpy()
        # A generator a cell: none depends on what was computed before it.
        random = np.random.default_rng([seed, place])
        groups = [column[mask & ~np.isnan(column)] for mask in group_films(labelling, *labels)]
        names = {"genre": genre, "measure": measure, "labelling": labelling}
        rows.append(names | _compare_groups(*groups, permutations, repeats, random))
    table = pd.DataFrame(rows)
    return table.assign(p_adjusted=table.groupby("labelling")["p"].transform(_adjusted))


def median_difference(inside: np.ndarray, outside: np.ndarray, axis: int = -1) -> np.ndarray:
    """Median of one group minus median of the other, along an axis."""
    return np.median(inside, axis=axis) - np.median(outside, axis=axis)


def permutation_p(
    inside: np.ndarray, outside: np.ndarray, permutations: int, random: np.random.Generator
) -> float:
    """Two-sided p of the median difference when the labels are dealt out anew.

    inside, outside: (films,) each, two or more. The share of ways to deal out the labels whose
    difference is at least as large in size: of all ways if there are at most `permutations`, else
    (b + 1) / (m + 1) with b of m random ones (Phipson and Smyth 2010). Returns 0 < p <= 1.
    """
    test = stats.permutation_test(
        (inside, outside),
        lambda a, b, axis: np.abs(median_difference(a, b, axis)),
        n_resamples=permutations,
        vectorized=True,
        alternative="greater",
        batch=_batch(inside, outside),
        rng=random,
    )
    return float(test.pvalue)


def bootstrap_interval(
    inside: np.ndarray, outside: np.ndarray, repeats: int, random: np.random.Generator
) -> tuple[float, float]:
    """The 95% percentile interval of the median difference, films drawn anew in each group."""
    drawn = stats.bootstrap(
        (inside, outside),
        median_difference,
        n_resamples=repeats,
        vectorized=True,
        method="percentile",
        batch=_batch(inside, outside),
        rng=random,
    )
    return float(drawn.confidence_interval.low), float(drawn.confidence_interval.high)


def _compare_groups(inside, outside, permutations: int, repeats: int, random) -> dict[str, float]:
    films = {"films_with": len(inside), "films_without": len(outside)}
    if min(films.values()) < FEWEST_FILMS:
        return films | dict.fromkeys(("difference", "low", "high", "p"), np.nan)
    low, high = bootstrap_interval(inside, outside, repeats, random)
    difference = float(median_difference(inside, outside))
    p = permutation_p(inside, outside, permutations, random)
    return films | {"difference": difference, "low": low, "high": high, "p": p}


def group_films(
    labelling: str, actual: np.ndarray, predicted: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Which films count as the genre's, and which they are held against: bool (films,) each."""
    if labelling == "false_positive":
        return predicted & ~actual, ~predicted & ~actual
    said = actual if labelling == "actual" else predicted
    return said, ~said


def _adjusted(p: pd.Series) -> pd.Series:
    present = p.dropna()
    return pd.Series(stats.false_discovery_control(present), present.index).reindex(p.index)


def _batch(inside: np.ndarray, outside: np.ndarray) -> int:
    return max(1, BATCH_VALUES // (len(inside) + len(outside)))


def _films_by_genre(predictions: pd.DataFrame, column: str) -> pd.DataFrame:
    """One column of the predictions as bool (films, genres), in the table's order."""
    square = predictions.pivot_table(
        index="film_id", columns="genre", values=column, aggfunc="first"
    )
    order = {name: predictions[name].drop_duplicates() for name in ("film_id", "genre")}
    return square.loc[order["film_id"], order["genre"]].astype(bool)
