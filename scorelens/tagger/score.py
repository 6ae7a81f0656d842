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
from scorelens.evaluation.average_precision import average_precision
from scorelens.evaluation.bootstrap import draw_groups, interval, score_observations
from scorelens.evaluation.classification import with_macro
from scorelens.evaluation.grouped_precision import grouped_average_precision
from scorelens.evaluation.multilabel_scores import score_columns, score_tags, support
from scorelens.evaluation.permutation import draw_orders
from scorelens.evaluation.predictions import Predictions
from scorelens.tables import TAGGER_CONFUSIONS, TAGGER_OUTCOMES, TAGGER_SCORES, write_table
from scorelens.tagger import RANDOM
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
    """
    tables = {"scores": [], "confusions": [], "outcomes": []}
    for model, path in tracks.items():
        by_track = read_tracks(path)
        films, random = len(by_track.labels), np.random.default_rng(seed)
        draws = draw_groups(films, samples, random, by_track.cluster).astype(float)
        orders = draw_orders(films, permutations, random, cluster=by_track.cluster)
        levels = {"track": by_track, "tile": read_tiles(tiles[model], by_track)}
        for level, predictions in levels.items():
            if model == next(iter(tracks)):  # a random ranking depends on the labels alone
                table = score_random(predictions, tops, draws)
                tables["scores"].append(table.assign(model=RANDOM, level=level))
            table = score_model(predictions, tops, draws, orders)
            tables["scores"].append(table.assign(model=model, level=level))
        tables["confusions"].append(count_confusions(by_track).assign(model=model))
        tables["outcomes"].append(track_outcomes(by_track).assign(model=model))
    write_table(pd.concat(tables["scores"], ignore_index=True), scores, TAGGER_SCORES)
    write_table(pd.concat(tables["confusions"], ignore_index=True), confusions, TAGGER_CONFUSIONS)
    write_table(pd.concat(tables["outcomes"], ignore_index=True), outcomes, TAGGER_OUTCOMES)


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
        The columns of TAGGER_SCORES without `model` and `level`.
    """
    ranks = label_ranking.worst_ranks(predictions.probability[0])
    means = label_ranking.group_metrics(ranks, predictions.group, predictions.labels)
    counts = np.stack([predictions.count_by_group(predictions.rank <= top) for top in tops])
    tables = [
        _score_ranking(means, predictions, draws, orders),
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
    """means: from `label_ranking.group_metrics`."""
    units, films = predictions.group_sizes, np.arange(len(predictions.labels))
    observed = means[:, films, films]
    value, sampled = observed.mean(axis=1), observed @ draws.T / draws.sum(axis=1)
    permuted = means[:, films, orders].mean(axis=-1)
    bounds, is_error = label_ranking.bounds(len(predictions.genres)), np.array([[True], [False]])
    observations = score_observations(predictions.labels, 1, predictions.cluster)[-1]
    columns = score_columns(value, sampled, permuted, is_error, bounds, observations)
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
    """Average precision of each genre and their mean; it is not compared with chance."""
    probability, labels = predictions.probability[0], predictions.labels
    value, sampled = (
        with_macro(grouped_average_precision(probability, predictions.group, labels, drawn))
        for drawn in (np.ones((1, len(labels))), draws)
    )
    no_chance = np.empty((value.shape[1], 0))
    observations = score_observations(labels, 1, predictions.cluster)
    columns = score_columns(value[0], sampled.T, no_chance, observations=observations)
    once = np.ones((1, len(predictions.units)))
    unit_value = with_macro(average_precision(probability, predictions.unit_labels, once))[0]
    names = {"measure": AVERAGE_PRECISION, "top": pd.NA, "genre": [*predictions.genres, MACRO]}
    table = pd.DataFrame({**columns, **names, "unit_value": unit_value})
    return table.assign(support=support(predictions, 1))


def _concatenate(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    named = [table.rename(columns={"name": "top"}).astype({"top": "Int64"}) for table in tables]
    return pd.concat(named, ignore_index=True)
