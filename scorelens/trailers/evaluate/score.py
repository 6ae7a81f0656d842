"""How well picture, sound and both tell the genres of trailers.

Titles are what a result must hold for: intervals come from samples of the titles, the same ones for
all models, and chance from titles that swap their genres while the answers stay. Only titles of as
many trailers swap: else a genre would become more frequent, or less, and a model that always says
the same could seem better than chance.
"""

import os
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from tqdm import tqdm

from scorelens.evaluation.average_precision import average_precision, permuted_precision
from scorelens.evaluation.permutation import BLOCK
from scorelens.evaluation.predictions import HeldOut
from scorelens.genres.evaluate.score import MACRO, with_macro
from scorelens.tables import TRAILER_ARMS, TRAILER_SCORES, write_table
from scorelens.tagger.score import ALL, WEIGHTED, by_film, chances, interval_and_chance, score_tags
from scorelens.trailers import MODELS, TUNED, Run
from scorelens.trailers.evaluate.modality_comparison import compare_arms
from scorelens.trailers.evaluate.predictions import Answers, read_answers

AVERAGE_PRECISION, LIKELIEST_RIGHT = "average_precision", "likeliest_right"


def score(
    predictions: Mapping[Run, str | os.PathLike],
    thresholds: Sequence[float],
    samples: int,
    permutations: int,
    seed: int,
    scores: str | os.PathLike,
    arms: str | os.PathLike,
) -> None:
    """Score every run, hold the arms side by side, and write the two tables.

    predictions: each run's table of TRAILER_PREDICTIONS, all of the same trailers and genres; the
    runs in the order of `trailers.runs`.
    thresholds: of the probability, above which a genre counts as given; each genre's own comes
    besides. samples: bootstrap samples of the titles. permutations: how often titles swap their
    genres, or the answers of two arms. scores, arms: paths of the tables to write.
    """
    answers = {run: read_answers(path) for run, path in predictions.items()}
    own = {run: one.own for run, one in answers.items()}
    title = next(iter(own.values())).film
    draws, _ = chances(title.max() + 1, samples, 0, seed)
    orders = swapped_titles(title, permutations, seed)
    tables = []
    for (network, model), one in tqdm(answers.items(), unit="run", disable=None):
        found = score_model(one, thresholds, draws, orders)
        tables.append(found.assign(network=network, model=model, arm=MODELS[model] or None))
    write_table(pd.concat(tables, ignore_index=True), scores, TRAILER_SCORES)
    write_table(compare_arms(own, samples, permutations, seed), arms, TRAILER_ARMS)


def swapped_titles(title: np.ndarray, permutations: int, seed: int) -> np.ndarray:
    """Random orders of the titles, in which each has the place of one of equally many trailers.

    title: int (trailers,), the number of each one's title, from 0. Returns int (permutations,
    titles): whose genres each title has. A title whose number of trailers no other has keeps its
    own.
    """
    trailers = np.bincount(title)
    random = np.random.default_rng([seed, permutations])
    orders = np.tile(np.arange(len(trailers)), (permutations, 1))
    for number in np.unique(trailers):
        alike = trailers == number
        orders[:, alike] = random.permuted(orders[:, alike], axis=1)
    return orders


def score_model(
    answers: Answers, thresholds: Sequence[float], draws: np.ndarray, orders: np.ndarray
) -> pd.DataFrame:
    """All measures of one model.

    draws: (samples, titles), how often each title is drawn. orders: of `swapped_titles`. Returns
    the columns of TRAILER_SCORES without those that name the run and its arm.
    """
    own = answers.own
    limits = (*thresholds, answers.threshold)
    said = np.stack([by_film(own.probability > limit, own) for limit in limits])
    names = [*(f"{limit:g}" for limit in thresholds), TUNED]
    with np.errstate(invalid="ignore"):  # where a sample carries no genre: only of WEIGHTED
        tags = score_tags(said, names, own, draws, orders)
    tags = tags[tags["genre"] != WEIGHTED].rename(columns={"top": "threshold"})
    tables = [tags, _score_precision(own, draws, orders), _score_likeliest(own, draws, orders)]
    return pd.concat(tables, ignore_index=True)


def _score_precision(own: HeldOut, draws: np.ndarray, orders: np.ndarray) -> pd.DataFrame:
    """The average precision of each genre and of their mean."""
    true = own.true[own.film]
    value, sampled = (
        with_macro(average_precision(own.probability, true, some))
        for some in (np.ones((1, len(true))), draws[:, own.film])
    )
    blocks = np.split(orders, range(BLOCK, len(orders), BLOCK))
    permuted = with_macro(
        np.concatenate(
            [permuted_precision(own.probability, own.true, own.film, part) for part in blocks]
        )
    )
    support = np.append(true.sum(axis=0), len(true))
    figures = interval_and_chance(value[0], sampled.T, permuted.T)
    names = {"measure": AVERAGE_PRECISION, "threshold": None, "support": support}
    return pd.DataFrame({"genre": [*own.genres, MACRO], **names, **figures})


def _score_likeliest(own: HeldOut, draws: np.ndarray, orders: np.ndarray) -> pd.DataFrame:
    """How often a trailer's likeliest genre is one of its own, of those that have any."""
    first, titles = by_film(own.place == 1, own), np.arange(len(own.true))
    units = first.sum(axis=1) * own.true.any(axis=1)
    right = first @ own.true.T.astype(int)  # of title i, had it the genres of title j
    straight = right[titles, titles]
    value = straight.sum(keepdims=True) / units.sum()
    drawn = draws @ units
    sampled = np.divide(draws @ straight, drawn, out=np.zeros_like(drawn), where=drawn > 0)[None]
    permuted = (right[titles, orders].sum(axis=1) / units.sum())[None]
    figures = interval_and_chance(value, sampled, permuted)
    names = {"measure": LIKELIEST_RIGHT, "threshold": None, "genre": ALL}
    return pd.DataFrame({**figures, **names, "support": units.sum()})
