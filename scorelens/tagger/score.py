"""How good the tagger's models are, on tracks and on their tiles.

A ranking of the genres is judged as a whole (coverage error and label-ranking average precision),
and genre by genre by what is found and what is right among its first tags. The films are what a
result must hold for: intervals come from samples of the films, the same ones for all models, and
chance from films that swap their labels while the answers stay (as in `evaluation.permutation`).
Films that carry none of the genres are left out.
"""

import os
from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
import pandas as pd

from scorelens.evaluation import average_precision as genre_ranking
from scorelens.evaluation import label_ranking
from scorelens.evaluation.permutation import TIE
from scorelens.evaluation.predictions import HeldOut, read_tiles, read_tracks
from scorelens.genres.evaluate.score import BOUNDS, MACRO, measures, with_macro
from scorelens.tables import TAGGER_CONFUSIONS, TAGGER_SCORES, TAGGER_VERDICTS, write_table
from scorelens.tagger import RANDOM
from scorelens.tagger import track_outcomes as judging

WEIGHTED, ALL = "weighted", "all"
TAG_MEASURES = ("precision", "recall", "f1")
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
    verdicts: str | os.PathLike,
) -> None:
    """Score every model, and a random ranking, and write the three tables.

    tiles, tracks: each model's tables of the contracts TAGGER_TILES and TAGGER_TRACKS, all of the
    same tracks and genres. tops: how many of the likeliest tags count as given. samples: bootstrap
    samples of the films. permutations: how often the films swap their labels.
    scores, confusions, verdicts: paths of the tables to write.
    """
    scored, confused, judged = [], [], []
    for model, path in tracks.items():
        heard = read_tracks(path)
        draws, orders = chances(len(heard.true), samples, permutations, seed)
        levels = {"track": heard, "tile": read_tiles(tiles[model], heard)}
        for level, own in levels.items():
            if model == next(iter(tracks)):  # a random ranking asks for the labels alone
                table = score_random(own, tops, draws)
                scored.append(table.assign(model=RANDOM, level=level))
            scored.append(score_model(own, tops, draws, orders).assign(model=model, level=level))
        confused.append(judging.confusions(heard).assign(model=model))
        judged.append(judging.verdicts(heard).assign(model=model))
    write_table(pd.concat(scored, ignore_index=True), scores, TAGGER_SCORES)
    write_table(pd.concat(confused, ignore_index=True), confusions, TAGGER_CONFUSIONS)
    write_table(pd.concat(judged, ignore_index=True), verdicts, TAGGER_VERDICTS)


def score_model(
    own: HeldOut, tops: Sequence[int], draws: np.ndarray, orders: np.ndarray
) -> pd.DataFrame:
    """All measures of one model on tracks or on tiles.

    draws: (samples, films), how often each film is drawn. orders: int (permutations, films), whose
    labels each film has. Returns the columns of TAGGER_SCORES without `model` and `level`.
    """
    ranks = label_ranking.worst_ranks(own.probability)
    sums = label_ranking.film_sums(ranks, own.film, own.true)
    said = np.stack([by_film(own.place <= top, own) for top in tops])
    tables = [
        _score_ranking(sums, own, draws, orders),
        score_tags(said, tops, own, draws, orders),
        _score_precision(own, draws),
    ]
    return _joined(tables)


def score_random(own: HeldOut, tops: Sequence[int], draws: np.ndarray) -> pd.DataFrame:
    """The ranking and the tags of a random order of the genres for each unit.

    The measures of a ranking are the mean over all orders; of the tags the hits and misses are, and
    the measures are theirs. Takes and returns what `score_model` does; it has no chance.
    """
    units, (films, genres) = _units(own), own.true.shape
    means = label_ranking.random_means(own.true)
    share = np.minimum(np.array(tops) / genres, 1)
    said = np.broadcast_to(np.multiply.outer(share, units)[:, :, None], (len(tops), films, genres))
    nobody = np.empty((0, films), int)
    sums = np.repeat((means * units)[:, :, None], films, axis=2)
    tables = [
        _score_ranking(sums, own, draws, nobody),
        score_tags(said, tops, own, draws, nobody),
    ]
    return _joined(tables)


def _score_ranking(
    sums: np.ndarray, own: HeldOut, draws: np.ndarray, orders: np.ndarray
) -> pd.DataFrame:
    """sums: (2, films, films), of `ranking.film_sums`."""
    units, films = _units(own), np.arange(len(own.true))
    straight = sums[:, films, films]
    value = straight.sum(axis=1) / units.sum()
    sampled = (straight @ draws.T) / (draws @ units)
    permuted = sums[:, films, orders].sum(axis=-1) / units.sum()
    good = np.array([[-1], [1]])  # a coverage error is good when it is low
    names = pd.DataFrame({"measure": label_ranking.RANKINGS, "top": pd.NA, "genre": ALL})
    figures = interval_and_chance(value, sampled, permuted, good) | _gains(straight, own, draws)
    return names.assign(**figures, support=len(own.units))


def _gains(straight: np.ndarray, own: HeldOut, draws: np.ndarray) -> dict[str, np.ndarray]:
    """What a ranking has over a random one of the same units, in the same samples.

    straight: (2, films), RANKINGS summed over the units of each film.
    """
    units = _units(own)
    gained = straight - label_ranking.random_means(own.true) * units
    low, high = np.percentile((gained @ draws.T) / (draws @ units), BOUNDS, axis=-1)
    return {"gain": gained.sum(axis=1) / units.sum(), "gain_low": low, "gain_high": high}


def score_tags(
    said: np.ndarray,
    tops: Sequence[object],
    own: HeldOut,
    draws: np.ndarray,
    orders: np.ndarray,
) -> pd.DataFrame:
    """TAG_MEASURES of each genre and their means, for some ways to give tags, named by `tops`.

    said: (tops, films, genres), how many units of a film get a genre as a tag. draws, orders: as
    `score_model` takes them. Returns the columns measure, top, genre, value, low, high, chance, p,
    support.
    """
    units = _units(own)
    whole = np.ones((1, len(units)))
    value = _sampled_tags(said, own.true, units, whole)[:, :, 0]
    sampled = np.moveaxis(_sampled_tags(said, own.true, units, draws), 2, -1)
    permuted = np.moveaxis(_permuted_tags(said, own.true, units, orders), 2, -1)
    genres = [*own.genres, MACRO, WEIGHTED]
    names = pd.DataFrame(product(TAG_MEASURES, tops, genres), columns=["measure", "top", "genre"])
    support = np.tile(_support(own, 2), len(TAG_MEASURES) * len(tops))
    return names.assign(**interval_and_chance(value, sampled, permuted), support=support)


def _sampled_tags(
    said: np.ndarray, true: np.ndarray, units: np.ndarray, draws: np.ndarray
) -> np.ndarray:
    """TAG_MEASURES in samples of the films: (3, tops, samples, genres + 2)."""
    return _tag_measures(draws @ (said * true), draws @ said, draws @ (units[:, None] * true))


def _permuted_tags(
    said: np.ndarray, true: np.ndarray, units: np.ndarray, orders: np.ndarray
) -> np.ndarray:
    """TAG_MEASURES when film i has the labels of film order[i]: (3, tops, orders, genres + 2)."""
    everything = np.broadcast_to(units[:, None], (1, *true.shape))
    counted = np.moveaxis(np.concatenate([said, everything]), -1, 0)  # (genres, tops + 1, films)
    found = [
        label[orders].astype(float) @ own.T for label, own in zip(true.T, counted, strict=True)
    ]
    *hits, support = np.stack(found, axis=-1).swapaxes(0, 1)
    return _tag_measures(np.stack(hits), said.sum(axis=1)[:, None], support)


def _tag_measures(hits: np.ndarray, said: np.ndarray, support: np.ndarray) -> np.ndarray:
    """Of each genre, of their mean, and of that by support: (3, tops, ..., genres + 2)."""
    each = measures(np.stack([hits, said - hits, support - hits]))
    weighted = (each * support).sum(axis=-1, keepdims=True) / support.sum(axis=-1, keepdims=True)
    return np.concatenate([with_macro(each), weighted], axis=-1)


def _score_precision(own: HeldOut, draws: np.ndarray) -> pd.DataFrame:
    """The average precision of each genre and of their mean; it is not held against chance."""
    once = np.ones((1, len(own.units)))
    value = genre_ranking.average_precision(own.probability, own.true[own.film], once)[0]
    sampled = label_ranking.sampled_average_precision(own.probability, own.film, own.true, draws)
    figures = interval_and_chance(
        with_macro(value), with_macro(sampled).T, np.empty((len(value) + 1, 0))
    )
    names = pd.DataFrame({"genre": [*own.genres, MACRO]})
    named = names.assign(measure=AVERAGE_PRECISION, top=pd.NA, support=_support(own, 1))
    return named.assign(**figures)


def interval_and_chance(
    value: np.ndarray, sampled: np.ndarray, permuted: np.ndarray, good: np.ndarray | int = 1
) -> dict[str, np.ndarray]:
    """Columns of a table of scores, flat: `value`, `low`, `high`, `chance` and `p`.

    value: (...). sampled: (..., samples). permuted: (..., permutations); of none there is no
    chance. good: 1 if a high value is good, -1 if a low one is, for each row.
    """
    low, high = np.percentile(sampled, BOUNDS, axis=-1)
    chance = p = np.full(value.shape, np.nan)
    if number := permuted.shape[-1]:
        chance = permuted.mean(axis=-1)
        reached = good * (permuted - value[..., None]) >= -TIE
        p = (1 + reached.sum(axis=-1)) / (1 + number)
    columns = {"value": value, "low": low, "high": high, "chance": chance, "p": p}
    return {name: values.ravel() for name, values in columns.items()}


def chances(
    films: int, samples: int, permutations: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """How often each sample draws each film, float (samples, films), and orders of the films.

    The orders, int (permutations, films), say whose labels each film has.
    """
    random = np.random.default_rng(seed)
    draws = random.multinomial(films, np.full(films, 1 / films), samples).astype(float)
    straight = np.tile(np.arange(films), (permutations, 1))
    return draws, random.permuted(straight, axis=1)


def by_film(tagged: np.ndarray, own: HeldOut) -> np.ndarray:
    """How many units of each film get each tag: int (films, genres). tagged: (units, genres)."""
    films = len(own.true)
    return np.stack([np.bincount(own.film[column], minlength=films) for column in tagged.T], -1)


def _units(own: HeldOut) -> np.ndarray:
    return np.bincount(own.film, minlength=len(own.true))


def _support(own: HeldOut, means: int) -> np.ndarray:
    """How many units carry each genre, then how many there are, once for each mean."""
    return np.append(_units(own) @ own.true, [len(own.units)] * means)


def _joined(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat([table.astype({"top": "Int64"}) for table in tables], ignore_index=True)
