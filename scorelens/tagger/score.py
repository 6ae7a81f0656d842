"""Scores the tagger's models on tracks and on tiles, with intervals and chance.

A ranking of the genres is scored as a whole (coverage error, label-ranking average precision) and
genre by genre by precision, recall and F1 of its first tags. Films are what a result must hold for:
intervals come from bootstrap samples of the films, the same ones for all models, and chance from
films that exchange their labels while the predictions stay. Films that carry none of the genres are
left out.
"""

import os
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from scorelens.evaluation import ALL, MACRO, label_ranking
from scorelens.evaluation.average_precision import average_precision, random_average_precision
from scorelens.evaluation.bootstrap import draw_groups, interval, score_observations
from scorelens.evaluation.classification import with_macro
from scorelens.evaluation.grouped_precision import grouped_average_precision
from scorelens.evaluation.multilabel_scores import score_columns, score_tags, support
from scorelens.evaluation.permutation import draw_orders, exchangeable
from scorelens.evaluation.predictions import Predictions
from scorelens.tables import TAGGER_CONFUSIONS, TAGGER_OUTCOMES, TAGGER_SCORES, write_table
from scorelens.tagger import RANDOM
from scorelens.tagger.film_rankings import LOWER_IS_BETTER, best_of_models, exchanged_metrics
from scorelens.tagger.predictions import read_tiles, read_tracks
from scorelens.tagger.track_outcomes import confusions as count_confusions
from scorelens.tagger.track_outcomes import track_outcomes

AVERAGE_PRECISION = "average_precision"


def score(
    tiles: Mapping[str, str | os.PathLike],
    tracks: Mapping[str, str | os.PathLike],
    tops: Sequence[int],
    samples: int,
    permutations: int,
    seed: int,
    scores: str | os.PathLike,
    confusions: str | os.PathLike,
    outcomes: str | os.PathLike,
    groups: Mapping[str, str] | None = None,
) -> None:
    """Score every model, and a random ranking, and write the three tables.

    Parameters
    ----------
    tiles, tracks : mapping of str to path
        Each model's tables of TAGGER_TILES and TAGGER_TRACKS, all of the same tracks and genres.
    tops : sequence of int
        How many of the most probable genres count as tags.
    samples : int
        Bootstrap samples of the films.
    permutations : int
        Random orders in which films exchange their labels.
    seed : int
    scores, confusions, outcomes : path
        Where TAGGER_SCORES, TAGGER_CONFUSIONS and TAGGER_OUTCOMES go.
    groups : mapping of str to str, optional
        As `predictions.read_tracks` takes them.
    """
    by_track = {model: read_tracks(path, groups) for model, path in tracks.items()}
    by_tile = {model: read_tiles(path, by_track[model]) for model, path in tiles.items()}
    first, random = next(iter(by_track.values())), np.random.default_rng(seed)
    films = len(first.labels)
    draws = draw_groups(films, samples, random, first.cluster).astype(float)
    orders = draw_orders(films, permutations, random, cluster=first.cluster)
    levels = {"track": by_track, "tile": by_tile}
    parts = [
        score_models(models, tops, draws, orders).assign(level=level)
        for level, models in levels.items()
    ]
    table = pd.concat(parts, ignore_index=True)
    table["exchangeable"] = exchangeable(films, cluster=first.cluster).sum()
    write_table(table, scores, TAGGER_SCORES)
    for count, output, table in (
        (count_confusions, confusions, TAGGER_CONFUSIONS),
        (track_outcomes, outcomes, TAGGER_OUTCOMES),
    ):
        parts = [count(one).assign(model=model) for model, one in by_track.items()]
        write_table(pd.concat(parts, ignore_index=True), output, table)


def score_models(
    models: Mapping[str, Predictions], tops: Sequence[int], draws: np.ndarray, orders: np.ndarray
) -> pd.DataFrame:
    """Score all models, and a random ranking, on tracks or on tiles.

    Parameters
    ----------
    models : mapping of str to Predictions
        Of the same films and genres.
    tops, draws, orders
        As `score_model` takes them.

    Returns
    -------
    pandas.DataFrame
        The columns of TAGGER_SCORES without `level` and `exchangeable`.
    """
    random = score_random(next(iter(models.values())), tops, draws)  # depends on the labels alone
    parts = [random.assign(model=RANDOM)]
    parts += [
        score_model(one, tops, draws, orders).assign(model=model) for model, one in models.items()
    ]
    best = best_of_models(models, orders)
    table = pd.concat(parts, ignore_index=True)
    return table.merge(best, how="left", on=["model", "measure"])


def score_model(
    predictions: Predictions, tops: Sequence[int], draws: np.ndarray, orders: np.ndarray
) -> pd.DataFrame:
    """Score one model on tracks or on tiles.

    Parameters
    ----------
    predictions : Predictions
    tops : sequence of int
        How many of the most probable genres count as tags.
    draws : ndarray of float, shape (samples, films)
        How often each bootstrap sample draws each film.
    orders : ndarray of int, shape (permutations, films)
        Whose labels each film has.

    Returns
    -------
    pandas.DataFrame
        The columns of TAGGER_SCORES without `model`, `level`, `exchangeable` and `p_best`.
    """
    counts = np.stack([predictions.count_by_group(predictions.rank <= top) for top in tops])
    tables = [
        _score_ranking(exchanged_metrics(predictions), predictions, draws, orders),
        score_tags(counts, tops, predictions, draws, orders),
        _score_precision(predictions, draws),
    ]
    return _concatenate(tables)


def score_random(predictions: Predictions, tops: Sequence[int], draws: np.ndarray) -> pd.DataFrame:
    """Score a random order of the genres for each unit.

    Parameters
    ----------
    predictions : Predictions
        The labels count, and which unit is of which film.
    tops : sequence of int
        How many of the first genres count as tags.
    draws : ndarray of float, shape (samples, films)
        How often each bootstrap sample draws each film.

    Returns
    -------
    pandas.DataFrame
        The columns of TAGGER_SCORES without `model` and `level`; there is no chance. The metrics of
        a ranking are means over all orders; of tags the counts are, and the metrics follow.
    """
    units, (films, genres) = predictions.group_sizes, predictions.labels.shape
    means = label_ranking.random_means(predictions.labels)
    share = np.minimum(np.array(tops) / genres, 1)
    shape = (len(tops), films, genres)
    counts = np.broadcast_to(np.multiply.outer(share, units)[:, :, None], shape)
    no_orders = np.empty((0, films), int)
    tables = [
        _score_ranking(np.repeat(means[:, :, None], films, axis=2), predictions, draws, no_orders),
        score_tags(counts, tops, predictions, draws, no_orders),
    ]
    return _concatenate(tables)


def _score_ranking(
    means: np.ndarray, predictions: Predictions, draws: np.ndarray, orders: np.ndarray
) -> pd.DataFrame:
    """means: from `film_rankings.exchanged_metrics`."""
    units, films = predictions.group_sizes, np.arange(len(predictions.labels))
    observed = means[:, films, films]
    value, sampled = observed.mean(axis=1), observed @ draws.T / draws.sum(axis=1)
    permuted = means[:, films, orders].mean(axis=-1)
    bounds = label_ranking.bounds(len(predictions.genres))
    lower_is_better = np.array(LOWER_IS_BETTER)[:, None]
    observations = score_observations(predictions.labels, 1, predictions.cluster)[-1]
    columns = score_columns(value, sampled, permuted, lower_is_better, bounds, observations)
    table = pd.DataFrame({"measure": label_ranking.RANKINGS, "top": pd.NA, "genre": ALL})
    gains = _gain_over_random(observed, predictions, draws)
    unit_value = observed @ units / units.sum()
    return table.assign(**columns, **gains, unit_value=unit_value, support=len(predictions.units))


def _gain_over_random(
    observed: np.ndarray, predictions: Predictions, draws: np.ndarray
) -> dict[str, np.ndarray]:
    """observed: (2, films), the metrics of a ranking averaged over the units of each film."""
    gain = observed - label_ranking.random_means(predictions.labels)
    width = np.array([len(predictions.genres) - 1.0, 1.0])
    value, sampled = gain.mean(axis=1), gain @ draws.T / draws.sum(axis=1)
    low, high = interval(value, sampled, axis=-1, bounds=(-width, width))
    return {"gain": value, "gain_low": low, "gain_high": high}


def _score_precision(predictions: Predictions, draws: np.ndarray) -> pd.DataFrame:
    """Average precision of each genre and their mean; chance is that of a random order."""
    probability, labels = predictions.probability[0], predictions.labels
    value, sampled = (
        with_macro(grouped_average_precision(probability, predictions.group, labels, drawn))
        for drawn in (np.ones((1, len(labels))), draws)
    )
    no_chance = np.empty((value.shape[1], 0))
    observations = score_observations(labels, 1, predictions.cluster)
    columns = score_columns(value[0], sampled.T, no_chance, observations=observations)
    if len(labels) > 1:
        carriers = np.maximum(labels.sum(axis=0), 1)
        columns["chance"] = with_macro(random_average_precision(carriers, len(labels)))
    once = np.ones((1, len(predictions.units)))
    unit_value = with_macro(average_precision(probability, predictions.unit_labels, once))[0]
    names = {"measure": AVERAGE_PRECISION, "top": pd.NA, "genre": [*predictions.genres, MACRO]}
    table = pd.DataFrame({**columns, **names, "unit_value": unit_value})
    return table.assign(support=support(predictions, 1))


def _concatenate(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    named = [table.rename(columns={"name": "top"}).astype({"top": "Int64"}) for table in tables]
    return pd.concat(named, ignore_index=True)
