"""Permutation importance of groups of features, on films that the model never saw.

The score of a group is the F1 of a genre less the mean F1 once the group is shuffled (Ma et al.
2021, "Feature importance"): the values of the group's columns are exchanged at random among the
cues of all films, and each film is judged anew by the fold that never saw it. Nothing is trained
again. Each column is shuffled on its own, as in the paper, or the columns of a group together, so
that what is lost is what the group says of a cue, and not also that its columns fit together.
Of a network that is trained several times the first run is ranked.
"""

import logging
import os
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from scorelens.errors import Problem, TableError
from scorelens.genres.evaluate.score import BOUNDS, with_macro
from scorelens.genres.model.folds import predict
from scorelens.genres.model.labels import read_labels
from scorelens.learning.instances import Bags, read_bags
from scorelens.learning.model_io import Fold, load_about, load_fold
from scorelens.tables import IMPORTANCE, write_table

log = logging.getLogger(__name__)

OVERALL = "overall"
CHUNK_INSTANCES = 4096  # instances judged at once: bounds the memory, and stays inside the cache


def rank(
    bags: str | os.PathLike,
    films: str | os.PathLike,
    models: str | os.PathLike,
    together: bool,
    repeats: int,
    samples: int,
    seed: int,
    output: str | os.PathLike,
) -> None:
    """Write the importance of every group of features for every genre and overall.

    bags, films: the tables that the model was trained on. models: the model file with all folds.
    together: whether the columns of a group are shuffled together, or each on its own.
    repeats: shuffles of each group. samples: bootstrap samples of the films.
    Raises TableError if the features are all of one group.
    """
    torch.set_num_threads(1)
    about = load_about(models)
    packed, labels, features, _ = read_bags(bags, read_labels(films, about.genres))
    groups = feature_groups(features, bags)
    columns = list(groups.values())
    orders = draw_orders(columns, len(packed.instances), repeats, together, seed)
    loaded = (load_fold(models, film) for film in labels.film_ids)
    intact, shuffled = judge(about.model, loaded, packed, columns, orders)
    tables = [
        score_group(intact, said, labels.actual, samples, seed).assign(
            group=group, genre=[*labels.genres, OVERALL]
        )
        for group, said in zip(groups, shuffled, strict=True)
    ]
    by_genre = pd.concat(tables).sort_index(kind="stable").reset_index(drop=True)
    named = by_genre.assign(feature_set=about.feature_set, model=about.model)
    write_table(named, output, IMPORTANCE)
    log.info("%s: %d groups, %d repeats", about.model, len(groups), repeats)


def feature_groups(features: Sequence[str], where: str | os.PathLike) -> dict[str, np.ndarray]:
    """The columns of each group, by the first part of their names `group.feature.statistic`.

    where: the file, for the message. Returns positions int64, groups in order of appearance.
    Raises TableError if there are fewer than two groups.
    """
    names = np.array([name.split(".")[0] for name in features])
    groups = {str(group): np.flatnonzero(names == group) for group in dict.fromkeys(names)}
    if len(groups) < 2:
        found = f"groups of features: {', '.join(groups) or 'none'}"
        hint = "a group is the first part of a column's name, such as `mfcc` in mfcc.mfcc_1.mean"
        raise TableError(Problem(str(where), found, "at least 2", hint))
    return groups


def draw_orders(
    groups: Sequence[np.ndarray], instances: int, repeats: int, together: bool, seed: int
) -> list[np.ndarray]:
    """Random orders of the instances for each group: where each takes its values from.

    groups: positions of the columns of each group. Returns, a group, int32 (columns, repeats,
    instances); if they move together (1, repeats, instances), the same for all groups, so that two
    groups differ by what is shuffled and not by how.
    """
    straight = np.tile(np.arange(instances, dtype=np.int32), (repeats, 1))

    def order(*stream: int) -> np.ndarray:
        return np.random.default_rng([seed, *stream]).permuted(straight, axis=1)

    if together:
        return [order()[None]] * len(groups)
    return [np.stack([order(1 + column) for column in columns]) for columns in groups]


def judge(
    model: str,
    folds: Iterator[Fold],
    bags: Bags,
    groups: Sequence[np.ndarray],
    orders: Sequence[np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:
    """What each fold decides on the film it never saw, as it is and with each group shuffled.

    folds: one a bag, in order. groups: positions of the columns of each group. orders: one array
    a group, see `draw_orders`.
    Returns two bool arrays: (films, genres) and (groups, repeats, films, genres).
    """
    intact, shuffled = [], []
    films = range(len(bags.sizes))
    for film, fold in tqdm(zip(films, folds, strict=True), total=len(films), disable=None):
        intact.append(predict(model, fold, bags.one(film))[1][0])
        chunks = (
            [predict(model, fold, copies)[1] for copies in _copies(bags, film, columns, order)]
            for columns, order in zip(groups, orders, strict=True)
        )
        shuffled.append([np.concatenate(decided) for decided in chunks])
    return np.stack(intact), np.stack(shuffled, axis=2)


def _copies(bags: Bags, film: int, columns: np.ndarray, order: np.ndarray) -> Iterator[Bags]:
    """Copies of a film, a bag each, with these columns taken from other instances; in chunks."""
    own = bags.one(film).instances
    sources = order[:, :, bags.starts[film] : bags.starts[film + 1]]
    repeats, at_once = order.shape[1], max(1, CHUNK_INSTANCES // len(own))
    for start in range(0, repeats, at_once):
        chunk = sources[:, start : start + at_once]
        copies = chunk.shape[1]
        instances = np.tile(own, (copies, 1))
        moved = bags.instances[chunk, columns[:, None, None]]
        instances[:, columns] = moved.reshape(len(columns), -1).T
        yield Bags(instances, np.arange(copies + 1) * len(own))


def score_group(
    intact: np.ndarray, shuffled: np.ndarray, actual: np.ndarray, samples: int, seed: int
) -> pd.DataFrame:
    """The F1 that one group is worth, for each genre and, in the last row, their unweighted mean.

    intact: bool (films, genres), decisions. shuffled: bool (repeats, films, genres), the same with
    the group shuffled. actual: bool (films, genres), labels. samples: bootstrap samples of films.
    Returns `f1` before shuffling, 0..1; `score`, what is lost on average over the repeats, -1..1;
    `low` and `high`, the 95% percentile interval of the score over samples of the films;
    `repeat_low` and `repeat_high`, the middle 95% of the single repeats.
    """
    once = np.ones((1, len(actual)))
    whole = with_macro(_f1(intact, actual, once)[0])
    lost = whole - with_macro(_f1(shuffled, actual, once)[:, 0])
    random = np.random.default_rng(seed)
    draws = random.multinomial(len(actual), np.full(len(actual), 1 / len(actual)), samples)
    drawn = _f1(intact, actual, draws)
    # One repeat after the other: all at once would take a hundred times the memory.
    sampled = sum(drawn - _f1(said, actual, draws) for said in shuffled) / len(shuffled)
    bounds = np.percentile(with_macro(sampled), BOUNDS, axis=0)
    spread = np.percentile(lost, BOUNDS, axis=0)
    names = ("f1", "score", "low", "high", "repeat_low", "repeat_high")
    return pd.DataFrame(dict(zip(names, (whole, lost.mean(axis=0), *bounds, *spread), strict=True)))


def _f1(said: np.ndarray, actual: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """F1 of each genre in samples of the films; 0 where neither a decision nor a label says yes.

    said: bool (..., films, genres). draws: (samples, films), how often each film is drawn.
    Returns float (..., samples, genres).
    """
    hits = draws @ (said & actual).astype(float)
    said_or_true = draws @ (said.astype(float) + actual)
    return np.divide(2 * hits, said_or_true, out=np.zeros_like(hits), where=said_or_true > 0)
