"""Scores the genre models: precision, recall, F1, average precision, with intervals and chance.

Table 4 of Ma et al. 2021, each value with the interval that its films allow. A model that is
trained several times is scored run by run: a metric is the mean over the runs. One random guess
varies a lot, so its scores are means over many guesses.

The primary model, fixed before the run, has its p-value as it is; every other one counts as the
best of several, and has the p-value that this choice leaves (docs/evaluation.md).
"""

import os
from collections.abc import Mapping

import numpy as np
import pandas as pd

from scorelens.evaluation import MACRO
from scorelens.evaluation.average_precision import average_precision
from scorelens.evaluation.bootstrap import draw_groups, interval, score_observations
from scorelens.evaluation.classification import confusion_counts, precision_recall_f1, with_macro
from scorelens.evaluation.predictions import Predictions, from_table
from scorelens.genres import BASELINES, NO_FEATURES, RANDOM_GUESS
from scorelens.genres.evaluate.chance import (
    TESTED,
    best_of_models,
    chance_columns,
    permuted_metrics,
)
from scorelens.learning.film_groups import read_film_groups
from scorelens.tables import GENRE_SCORES, PREDICTIONS, read_table, write_table

METRICS = ("precision", "recall", "f1", "average_precision")


def score(
    predictions: Mapping[tuple[str, str], str | os.PathLike],
    samples: int,
    permutations: int,
    seed: int,
    output: str | os.PathLike,
    groups: str | os.PathLike | None = None,
    primary: tuple[str, str] | None = None,
) -> None:
    """Score every model and write one table.

    Parameters
    ----------
    predictions : mapping of (feature set, model) to path
        Tables of PREDICTIONS.
    samples : int
        Bootstrap samples of the films.
    permutations : int
        Random orders in which films exchange their labels.
    seed : int
    output : path
        Where GENRE_SCORES goes.
    groups : path, optional
        The groups of films (tables.FILM_GROUPS), which are resampled and exchanged as a whole; by
        default each film is a group by itself.
    primary : (feature set, model), optional
        The run of the headline.
    """
    clusters = read_film_groups(groups) if groups else None
    tables, permuted = [], {}
    for run, path in predictions.items():
        run_predictions = read_predictions(path, clusters)
        table, drawn = _score_run(run, run_predictions, samples, permutations, seed)
        tables.append(table.assign(is_primary=run == primary))
        if run[1] not in BASELINES:
            permuted[run] = drawn[..., -1]
    joined = _with_best(pd.concat(tables, ignore_index=True), permuted)
    write_table(joined[GENRE_SCORES.names], output, GENRE_SCORES)


def read_predictions(
    path: str | os.PathLike, clusters: Mapping[str, str] | None = None
) -> Predictions:
    """Read the predictions of a genre model for the films that each fold held out.

    Parameters
    ----------
    path : path of a table of PREDICTIONS
    clusters : mapping of str to str, optional
        Group of each film, of `film_groups.read_film_groups`; by default each film alone.

    Returns
    -------
    Predictions
        Units and groups are films, in order of their ids; clusters are the groups of films.
    """
    table = read_table(path, PREDICTIONS)
    return from_table(table, ["film_id"], run="repeat", clusters=clusters)


def score_predictions(
    predictions: Predictions, samples: int, seed: int, is_guess: bool = False
) -> pd.DataFrame:
    """Compute all metrics of one model, for each genre and their mean.

    Parameters
    ----------
    predictions : Predictions
    samples : int
        Bootstrap samples of the films.
    seed : int
    is_guess : bool
        The decisions are random draws with the predicted probabilities, and the films are ranked at
        random. Both are drawn again for every sample, and the scores are means over the draws.

    Returns
    -------
    pandas.DataFrame, one row per genre, and `macro`
        `genre`; each metric of `METRICS`, the mean over training runs, with the bounds `_low` and
        `_high` of its 95% interval; and `f1_spread`, the standard deviation of F1 over the runs,
        NaN for a single run.
    """
    random = np.random.default_rng(seed)
    draws = draw_groups(len(predictions.labels), samples, random, predictions.cluster)
    if is_guess:
        by_run, sampled = _score_guesses(predictions, draws, random)
    else:
        arrays = predictions.predicted, predictions.probability, predictions.labels
        by_run = _sampled_metrics(*arrays, np.ones((1, len(predictions.labels))))
        sampled = _sampled_metrics(*arrays, draws)
    by_run = with_macro(by_run[:, :, 0])
    value, f1 = by_run.mean(axis=1), by_run[METRICS.index("f1")]
    observations = score_observations(predictions.labels, 1, predictions.cluster)
    low, high = interval(value, with_macro(sampled.mean(axis=1)), 1, observations=observations)
    columns = {
        f"{metric}{ending}": values[number]
        for number, metric in enumerate(METRICS)
        for ending, values in (("", value), ("_low", low), ("_high", high))
    }
    spread = f1.std(axis=0, ddof=1) if len(f1) > 1 else np.nan
    return pd.DataFrame({"genre": [*predictions.genres, MACRO], **columns, "f1_spread": spread})


def best_models(scores: pd.DataFrame) -> list[tuple[str, str]]:
    """Find the model with the highest macro F1 in each feature set, without baselines.

    Parameters
    ----------
    scores : pandas.DataFrame
        Rows of GENRE_SCORES.

    Returns
    -------
    list of (feature set, model)
    """
    macro = scores[(scores.genre == MACRO) & ~scores.model.isin(BASELINES)]
    best = macro.loc[macro.groupby("feature_set", sort=False).f1.idxmax()]
    return list(zip(best.feature_set, best.model, strict=True))


def shown_models(scores: pd.DataFrame) -> list[tuple[str, str]]:
    """Choose the models whose predictions are drawn.

    Parameters
    ----------
    scores : pandas.DataFrame
        Rows of GENRE_SCORES.

    Returns
    -------
    list of (feature set, model)
        The model of the headline, unless it is a baseline, and the best one of each feature set.
    """
    best, first = best_models(scores), headline_model(scores)
    return best if first is None or first[1] in BASELINES else [*dict.fromkeys([first, *best])]


def headline_model(scores: pd.DataFrame) -> tuple[str, str] | None:
    """Choose the model of the headline.

    Parameters
    ----------
    scores : pandas.DataFrame
        Rows of GENRE_SCORES.

    Returns
    -------
    (feature set, model) or None
        The primary model, or else that of the highest macro F1 without baselines; None if no model
        was trained.
    """
    macro = scores[scores.genre == MACRO]
    primary, trained = macro[macro.is_primary], macro[~macro.model.isin(BASELINES)]
    if primary.empty and trained.empty:
        return None
    row = trained.loc[trained.f1.idxmax()] if primary.empty else primary.iloc[0]
    return row.feature_set, row.model


def _score_run(
    run: tuple[str, str], predictions: Predictions, samples: int, permutations: int, seed: int
) -> tuple[pd.DataFrame, np.ndarray | None]:
    """The rows of a run without those columns that depend on others, and its permuted metrics."""
    feature_set, model = run
    is_guess = model == RANDOM_GUESS
    table = score_predictions(predictions, samples, seed, is_guess)
    permuted = None if is_guess else permuted_metrics(predictions, permutations, seed)
    values = {name: table[name].to_numpy() for name in TESTED}
    columns = chance_columns(predictions, values, permuted)
    names = {"feature_set": feature_set, "model": model, "level": _level(feature_set)}
    return table.assign(**names, **columns), permuted


def _with_best(
    scores: pd.DataFrame, permuted: Mapping[tuple[str, str], np.ndarray]
) -> pd.DataFrame:
    """Add the p-values of the best of all models that are no baselines, in rows of means."""
    macro = scores[scores["genre"] == MACRO].set_index(["feature_set", "model"])
    values = {run: macro.loc[run, list(TESTED)].to_numpy(float) for run in permuted}
    best = best_of_models(values, permuted)
    rows = [
        {"feature_set": run[0], "model": run[1], "genre": MACRO}
        | dict(zip(("p_best", "average_precision_p_best"), p, strict=True))
        for run, p in best.items()
    ]
    columns = ["feature_set", "model", "genre", "p_best", "average_precision_p_best"]
    adjusted = pd.DataFrame(rows, columns=columns)
    return scores.merge(adjusted, how="left", on=columns[:3])


def _sampled_metrics(
    predicted: np.ndarray, probability: np.ndarray, labels: np.ndarray, draws: np.ndarray
) -> np.ndarray:
    """METRICS in samples of the films: float (metrics, runs, samples, genres)."""
    decided = precision_recall_f1(draws.astype(float) @ confusion_counts(predicted, labels))
    ranked = np.stack([average_precision(run, labels, draws) for run in probability])
    return np.concatenate([decided, ranked[None]])


def _score_guesses(
    predictions: Predictions, draws: np.ndarray, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Like `_sampled_metrics`: the mean of all guesses on all films, and one guess per sample."""
    labels, everything = predictions.labels, np.ones((1, len(predictions.labels)))
    total, sampled = 0.0, []
    for draw in draws:
        guess = (random.random(labels.shape) < predictions.probability[0])[None]
        ranked = random.random((1, *labels.shape))
        total = total + _sampled_metrics(guess, ranked, labels, everything)
        sampled.append(_sampled_metrics(guess, ranked, labels, draw[None]))
    return total / len(draws), np.concatenate(sampled, axis=2)


def _level(feature_set: str) -> str:
    if feature_set == NO_FEATURES:
        return "film"
    return "frame" if feature_set.endswith("_frames") else "cue"
