"""Whether one genre model is better than another: paired tests over films.

Approximate randomisation (Noreen 1989; Yeh, COLING 2000): if two models are equally good, whose
predictions of a film are whose is a toss of a coin. One toss decides for all training runs of a
model: runs are no further films, and the films are what a result must hold for. The p-values of all
pairs are corrected together after Holm (1979). The paper compares its models by their scores alone.
"""

import os
from collections.abc import Mapping
from itertools import combinations

import numpy as np
import pandas as pd

from scorelens.genres import RANDOM_GUESS
from scorelens.genres.evaluate.score import BOUNDS, measures, outcomes
from scorelens.tables import GENRE_COMPARISONS, PREDICTIONS, read_table, write_table

BLOCK = 1000  # random assignments at once, to bound the memory


def compare_models(
    predictions: Mapping[tuple[str, str], str | os.PathLike],
    repeats: int,
    seed: int,
    output: str | os.PathLike,
) -> None:
    """Compare every pair of models and write `tables.GENRE_COMPARISONS`.

    predictions: the table of each (feature set, model). repeats: random assignments, and bootstrap
    samples of the films. A random guess is not compared: its decisions are one draw of many.
    """
    chosen = {
        run: read_table(path, PREDICTIONS)
        for run, path in predictions.items()
        if run[1] != RANDOM_GUESS
    }
    rows = [
        _row(first, second, compare_pair(chosen[first], chosen[second], repeats, seed))
        for first, second in combinations(chosen, 2)
    ]
    frame = pd.DataFrame(rows, columns=GENRE_COMPARISONS.names)
    write_table(frame.assign(p_holm=holm(frame.p.to_numpy(float))), output, GENRE_COMPARISONS)


def compare_pair(
    first: pd.DataFrame, second: pd.DataFrame, repeats: int, seed: int
) -> dict[str, float]:
    """The difference in macro F1 of two models on the films that both have predictions of.

    first, second: tables of the contract PREDICTIONS; F1 is the mean over a model's training runs.
    Returns films (how many), difference (first less second), its 95% bootstrap interval over films,
    low and high, and p, two-sided.
    """
    common = np.intersect1d(first.film_id, second.film_id)
    counts = _runs_paired(
        *(outcomes(table[table.film_id.isin(common)]) for table in (first, second))
    )
    random = np.random.default_rng(seed)
    difference = np.subtract(*(macro_f1(one.sum(axis=2)) for one in counts))
    extreme, sampled = 0, []
    for done in range(0, repeats, BLOCK):
        size = min(BLOCK, repeats - done)
        own = (random.random((size, len(common))) < 0.5).astype(float)
        swapped = [macro_f1(own @ a + (1 - own) @ b) for a, b in (counts, counts[::-1])]
        extreme += (np.abs(swapped[0] - swapped[1]) >= abs(difference) - 1e-12).sum()
        draws = random.multinomial(len(common), np.full(len(common), 1 / len(common)), size)
        sampled.append(np.subtract(*(macro_f1(draws.astype(float) @ one) for one in counts)))
    low, high = np.percentile(np.concatenate(sampled), BOUNDS)
    p = (1 + extreme) / (1 + repeats)
    return {"films": len(common), "difference": difference, "low": low, "high": high, "p": p}


def macro_f1(counts: np.ndarray) -> np.ndarray:
    """The mean F1 over runs and genres. counts: (3, runs, ..., genres), for `score.measures`."""
    return measures(counts)[2].mean(axis=(0, -1))


def _runs_paired(first: np.ndarray, second: np.ndarray) -> list[np.ndarray]:
    """Outcomes (3, runs, films, genres), repeated until two models have equally many runs."""
    runs = np.lcm(first.shape[1], second.shape[1])
    return [np.tile(own, (1, runs // own.shape[1], 1, 1)) for own in (first, second)]


def holm(p: np.ndarray) -> np.ndarray:
    """p-values (n,), corrected for being n (Holm 1979): at least as large, in the same order."""
    order = np.argsort(p, kind="stable")
    steps = p[order] * np.arange(len(p), 0, -1)
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(1, np.maximum.accumulate(steps))
    return corrected


def _row(first: tuple[str, str], second: tuple[str, str], found: dict) -> dict[str, object]:
    names = {"feature_set": first[0], "model": first[1]}
    return names | {"other_feature_set": second[0], "other_model": second[1]} | found
