"""How good the genre models are: precision, recall and F1 with bootstrap intervals over films.

The table of Ma et al. 2021 (Table 4), each figure with the interval that its films allow.
One draw of a random guess says little, so its scores are the mean over many draws.
"""

import os
from collections.abc import Mapping

import numpy as np
import pandas as pd

from scorelens.genres import NO_FEATURES, RANDOM_GUESS
from scorelens.tables import GENRE_SCORES, PREDICTIONS, read_table, write_table

MEASURES = ("precision", "recall", "f1")
BOUNDS = (2.5, 97.5)  # percentiles of the interval
MACRO = "macro"


def score(
    predictions: Mapping[tuple[str, str], str | os.PathLike],
    repeats: int,
    seed: int,
    output: str | os.PathLike,
) -> None:
    """Score every model and write one table.

    predictions: the table of each (feature set, model). repeats: bootstrap samples of the films.
    """
    tables = []
    for (feature_set, model), path in predictions.items():
        guessed = model == RANDOM_GUESS
        table = score_predictions(read_table(path, PREDICTIONS), repeats, seed, guessed)
        table["feature_set"], table["model"] = feature_set, model
        table["level"] = "film" if feature_set == NO_FEATURES else "cue"
        tables.append(table)
    write_table(pd.concat(tables, ignore_index=True), output, GENRE_SCORES)


def score_predictions(
    predictions: pd.DataFrame, repeats: int, seed: int, guessed: bool = False
) -> pd.DataFrame:
    """Precision, recall and F1 of each genre and of their unweighted mean, `macro`.

    predictions: the table `predictions` of one model. guessed: the decisions are random draws with
    the table's probabilities; they are drawn again for every repeat, and the scores are the mean
    over these draws. Returns a row a genre, each measure with its bounds `_low` and `_high`: the
    percentile interval of `repeats` samples of the films.
    """
    genres = predictions["genre"].drop_duplicates().tolist()
    true = _film_by_genre(predictions, "actual").astype(bool)
    films = len(true)
    random = np.random.default_rng(seed)
    draws = random.multinomial(films, np.full(films, 1 / films), repeats)
    if guessed:
        probability = _film_by_genre(predictions, "probability")
        drawn = (_outcomes(random.random(true.shape) < probability, true) for _ in draws)
        counts = [
            (guesses.sum(axis=1), sample @ guesses)
            for guesses, sample in zip(drawn, draws, strict=True)
        ]
        whole, sampled = np.stack(counts, axis=2)
        once = with_macro(measures(whole)).mean(axis=1)
    else:
        decided = outcomes(predictions)
        once = with_macro(measures(decided.sum(axis=1)))
        sampled = draws @ decided
    low, high = np.percentile(with_macro(measures(sampled)), BOUNDS, axis=1)
    columns = {
        f"{measure}{ending}": values[place]
        for place, measure in enumerate(MEASURES)
        for ending, values in (("", once), ("_low", low), ("_high", high))
    }
    return pd.DataFrame({"genre": [*genres, MACRO], **columns})


def measures(outcomes: np.ndarray) -> np.ndarray:
    """Precision, recall and F1, stacked in this order; 0 where one is not defined.

    outcomes: (3, ...), the numbers of true positives, false positives and false negatives.
    Returns float (3, ...) in 0..1.
    """
    hits, false_alarms, misses = outcomes
    parts = np.stack([hits, hits, 2 * hits])
    wholes = np.stack([hits + false_alarms, hits + misses, 2 * hits + false_alarms + misses])
    return np.divide(parts, wholes, out=np.zeros_like(parts), where=wholes > 0)


def with_macro(values: np.ndarray) -> np.ndarray:
    """Values (..., genres) with their mean over the genres as a further last one."""
    return np.concatenate([values, values.mean(axis=-1, keepdims=True)], axis=-1)


def outcomes(predictions: pd.DataFrame) -> np.ndarray:
    """Whether each decision is a true positive, a false positive, a false negative.

    predictions: a table of the contract PREDICTIONS. Returns float (3, films, genres), 0 or 1; the
    films in order of their ids, the genres in that of the table.
    """
    said, true = (_film_by_genre(predictions, column) for column in ("predicted", "actual"))
    return _outcomes(said.astype(bool), true.astype(bool))


def _outcomes(said: np.ndarray, true: np.ndarray) -> np.ndarray:
    return np.stack([said & true, said & ~true, ~said & true]).astype(float)


def _film_by_genre(predictions: pd.DataFrame, column: str) -> np.ndarray:
    genres = predictions["genre"].drop_duplicates().tolist()
    square = predictions.pivot_table(
        index="film_id", columns="genre", values=column, aggfunc="first"
    )
    return square[genres].to_numpy()
