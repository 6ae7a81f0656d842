"""How good the genre models are: precision, recall, F1 and average precision, with intervals.

The table of Ma et al. 2021 (Table 4), each figure with the interval that its films allow. A model
that is trained several times is scored run by run: a measure is the mean over the runs. One draw of
a random guess says little, so its scores are the mean over many draws.
"""

import os
from collections.abc import Mapping

import numpy as np
import pandas as pd

from scorelens.evaluation.average_precision import average_precision
from scorelens.evaluation.permutation import against_chance
from scorelens.genres import BASELINES, NO_FEATURES, RANDOM_GUESS
from scorelens.tables import GENRE_SCORES, PREDICTIONS, read_table, write_table

MEASURES = ("precision", "recall", "f1", "average_precision")
BOUNDS = (2.5, 97.5)  # percentiles of the interval
MACRO = "macro"


def score(
    predictions: Mapping[tuple[str, str], str | os.PathLike],
    samples: int,
    permutations: int,
    seed: int,
    output: str | os.PathLike,
) -> None:
    """Score every model and write one table.

    predictions: the table of each (feature set, model). samples: bootstrap samples of the films.
    permutations: how often the answers are handed to other films (`chance.against_chance`).
    """
    tables = []
    for (feature_set, model), path in predictions.items():
        own = read_table(path, PREDICTIONS)
        guessed = model == RANDOM_GUESS
        table = score_predictions(own, samples, seed, guessed)
        if not guessed:  # it is chance itself
            table = table.assign(**against_chance(answers(own), labels(own), permutations, seed))
        named = {"feature_set": feature_set, "model": model, "level": _level(feature_set)}
        tables.append(table.assign(**named))
    joined = pd.concat(tables, ignore_index=True)
    write_table(joined.reindex(columns=GENRE_SCORES.names), output, GENRE_SCORES)


def score_predictions(
    predictions: pd.DataFrame, samples: int, seed: int, guessed: bool = False
) -> pd.DataFrame:
    """Precision, recall, F1 and average precision of each genre and of their mean, `macro`.

    predictions: the table `predictions` of one model. guessed: the decisions are random draws with
    the table's probabilities; they are drawn again for every sample, and the scores are the mean
    over these draws, which also are what is ranked by.
    Returns a row a genre: each measure, mean over the training runs, with its bounds `_low` and
    `_high`, the percentile interval of `samples` samples of the films; and `f1_spread`, the
    standard deviation of F1 over the runs, NaN for a single run.
    """
    genres = predictions["genre"].drop_duplicates().tolist()
    true = labels(predictions)
    random = np.random.default_rng(seed)
    draws = random.multinomial(len(true), np.full(len(true), 1 / len(true)), samples)
    probability = answers(predictions, "probability")
    if guessed:
        by_run, sampled = _guess(probability[0], true, draws, random)
    else:
        decided = answers(predictions)
        by_run = _measured(decided, probability, true, np.ones((1, len(true))))
        sampled = _measured(decided, probability, true, draws)
    by_run = with_macro(by_run[:, :, 0])
    once, f1 = by_run.mean(axis=1), by_run[MEASURES.index("f1")]
    low, high = np.percentile(with_macro(sampled.mean(axis=1)), BOUNDS, axis=1)
    columns = {
        f"{measure}{ending}": values[place]
        for place, measure in enumerate(MEASURES)
        for ending, values in (("", once), ("_low", low), ("_high", high))
    }
    spread = f1.std(axis=0, ddof=1) if len(f1) > 1 else np.nan
    return pd.DataFrame({"genre": [*genres, MACRO], **columns, "f1_spread": spread})


def best_models(scores: pd.DataFrame) -> list[tuple[str, str]]:
    """The (feature set, model) of the highest macro F1 in each feature set, without baselines."""
    macro = scores[(scores.genre == MACRO) & ~scores.model.isin(BASELINES)]
    best = macro.loc[macro.groupby("feature_set", sort=False).f1.idxmax()]
    return list(zip(best.feature_set, best.model, strict=True))


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


def answers(predictions: pd.DataFrame, column: str = "predicted") -> np.ndarray:
    """A column of the table `predictions` as an array (runs, films, genres).

    The films are in order of their ids, the genres in that of the table, the training runs in
    that of their numbers. `predicted` is bool, `probability` float in 0..1.
    """
    genres = predictions["genre"].drop_duplicates().tolist()
    square = predictions.pivot_table(
        index=["repeat", "film_id"], columns="genre", values=column, aggfunc="first"
    )
    return square[genres].to_numpy().reshape(predictions["repeat"].nunique(), -1, len(genres))


def labels(predictions: pd.DataFrame) -> np.ndarray:
    """The films' labels, bool (films, genres), in the order of `answers`."""
    return answers(predictions, "actual")[0]


def outcomes(predictions: pd.DataFrame) -> np.ndarray:
    """Whether each decision is a true positive, a false positive, a false negative.

    predictions: a table of the contract PREDICTIONS. Returns float (3, runs, films, genres), 0 or
    1, ordered as `answers` orders them.
    """
    return _outcomes(answers(predictions), labels(predictions))


def _outcomes(said: np.ndarray, true: np.ndarray) -> np.ndarray:
    return np.stack([said & true, said & ~true, ~said & true]).astype(float)


def _measured(
    said: np.ndarray, probability: np.ndarray, true: np.ndarray, draws: np.ndarray
) -> np.ndarray:
    """All of MEASURES in samples of the films: float (measures, runs, samples, genres).

    said, probability: (runs, films, genres). true: bool (films, genres). draws: (samples, films),
    how often each film is drawn.
    """
    decided = measures(draws.astype(float) @ _outcomes(said, true))
    ranked = np.stack([average_precision(one, true, draws) for one in probability])
    return np.concatenate([decided, ranked[None]])


def _guess(
    probability: np.ndarray, true: np.ndarray, draws: np.ndarray, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """As `_measured`, of a guess drawn anew for each sample: their mean over all films, and each.

    probability: float (films, genres).
    """
    whole, sampled = np.ones((1, len(true))), []
    total = 0.0
    for sample in draws:
        drawn = (random.random(true.shape) < probability)[None]
        ranked = drawn.astype(float)
        total = total + _measured(drawn, ranked, true, whole)
        sampled.append(_measured(drawn, ranked, true, sample[None]))
    return total / len(draws), np.concatenate(sampled, axis=2)


def _level(feature_set: str) -> str:
    if feature_set == NO_FEATURES:
        return "film"
    return "frame" if feature_set.endswith("_frames") else "cue"
