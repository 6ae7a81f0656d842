"""Permutation importance of groups of features, on films that the model was not trained on.

The score of a group is the F1 of a genre less the mean F1 once the group is shuffled (Ma et al.
2021, "Feature importance"): the values of the group's columns are exchanged at random among the
cues of all films, and each film is predicted again by the fold that holds it out. Nothing is
trained again. Each column is shuffled on its own, as in the paper, or the columns of a group
together, so that the loss does not include what their combination says.
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
from scorelens.evaluation.bootstrap import draw_groups, interval, percentile_interval
from scorelens.evaluation.classification import sampled_f1, with_macro
from scorelens.genres import predict_bags
from scorelens.importance import OVERALL
from scorelens.learning.film_groups import group_numbers, read_film_groups
from scorelens.learning.labels import read_labels
from scorelens.learning.model_io import Arrays, load_about, load_fold
from scorelens.learning.packed_bags import Bags, read_bags
from scorelens.tables import IMPORTANCE, write_table

log = logging.getLogger(__name__)

CHUNK_INSTANCES = 4096  # predicted at once: bounds the memory, and stays inside the cache


def rank(
    bags: str | os.PathLike,
    films: str | os.PathLike,
    models: str | os.PathLike,
    together: bool,
    repeats: int,
    samples: int,
    seed: int,
    output: str | os.PathLike,
    film_groups: str | os.PathLike | None = None,
) -> None:
    """Write the importance of every group of features for every genre and overall.

    Parameters
    ----------
    bags, films : path
        The tables that the model was trained on.
    models : path
        The model file with all folds.
    together : bool
        Whether the columns of a group are shuffled together, or each on its own.
    repeats : int
        Shuffles of each group.
    samples : int
        Bootstrap samples of the films.
    seed : int
        Of shuffles and samples.
    output : path
        Where the table of tables.IMPORTANCE goes.
    film_groups : path, optional
        The groups of films (tables.FILM_GROUPS), which are resampled as a whole; by default each
        film is a group by itself.

    Raises
    ------
    TableError
        If the features are all of one group.
    """
    torch.set_num_threads(1)
    about = load_about(models)
    packed, labels, features, _ = read_bags(bags, read_labels(films, about.genres))
    groups = feature_groups(features, bags)
    columns = list(groups.values())
    orders = draw_orders(columns, len(packed.instances), repeats, together, seed)
    loaded = (load_fold(models, film) for film in labels.film_ids)
    intact, shuffled = predict_shuffled(about.model, loaded, packed, columns, orders)
    joined = read_film_groups(film_groups) if film_groups else None
    cluster = np.unique(group_numbers(labels.film_ids, joined), return_inverse=True)[1]
    tables = [
        score_group(intact, predicted, labels.matrix, samples, seed, cluster).assign(
            group=group, genre=[*labels.genres, OVERALL]
        )
        for group, predicted in zip(groups, shuffled, strict=True)
    ]
    by_genre = pd.concat(tables).sort_index(kind="stable").reset_index(drop=True)
    named = by_genre.assign(feature_set=about.feature_set, model=about.model)
    write_table(named, output, IMPORTANCE)
    log.info("%s: %d groups, %d repeats", about.model, len(groups), repeats)


def feature_groups(features: Sequence[str], where: str | os.PathLike) -> dict[str, np.ndarray]:
    """Group the columns by the first part of their names, `group.feature.statistic`.

    Parameters
    ----------
    features : sequence of str
        Names of the columns.
    where : path
        The file, for the message.

    Returns
    -------
    dict
        Group -> positions of its columns, int64; groups in order of appearance.

    Raises
    ------
    TableError
        If there are fewer than two groups.

    Examples
    --------
    >>> feature_groups(["mfcc.1.mean", "pitch.mode.mean", "mfcc.2.mean"], "bags.parquet")
    {'mfcc': array([0, 2]), 'pitch': array([1])}
    """
    names = np.array([name.split(".")[0] for name in features])
    groups = {str(group): np.flatnonzero(names == group) for group in dict.fromkeys(names)}
    if len(groups) < 2:
        what = f"groups of features: {', '.join(groups) or 'none'}"
        hint = "a group is the first part of a column's name, such as `mfcc` in mfcc.mfcc_1.mean"
        raise TableError(Problem(str(where), what, "at least 2", hint))
    return groups


def draw_orders(
    groups: Sequence[np.ndarray], instances: int, repeats: int, together: bool, seed: int
) -> list[np.ndarray]:
    """Draw random orders of the instances for each group.

    Parameters
    ----------
    groups : sequence of ndarray of int64
        Positions of the columns of each group.
    instances, repeats : int
        Number of instances, and of orders.
    together : bool
        Whether the columns of a group have one order, or each its own.
    seed : int
        Of the orders.

    Returns
    -------
    list of ndarray of int32, shape (n_columns, repeats, instances)
        For each group the instance that each instance takes its values from. If columns move
        together the shape is (1, repeats, instances), and the orders of all groups are the same, so
        that two groups differ by what is shuffled and not by how.
    """
    identity = np.tile(np.arange(instances, dtype=np.int32), (repeats, 1))

    def order(*stream: int) -> np.ndarray:
        return np.random.default_rng([seed, *stream]).permuted(identity, axis=1)

    if together:
        return [order()[None]] * len(groups)
    return [np.stack([order(1 + column) for column in columns]) for columns in groups]


def predict_shuffled(
    model: str,
    folds: Iterator[Arrays],
    bags: Bags,
    groups: Sequence[np.ndarray],
    orders: Sequence[np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:
    """Predict each film by the fold that holds it out, as it is and with each group shuffled.

    Parameters
    ----------
    model : str
        A name of `scorelens.genres.MODELS`, no baseline.
    folds : iterator of dict
        Arrays of the fold of each bag, in order.
    bags : Bags
        One for each film.
    groups : sequence of ndarray of int64
        Positions of the columns of each group.
    orders : sequence of ndarray of int32
        Of each group, see `draw_orders`.

    Returns
    -------
    intact : ndarray of bool, shape (n_films, n_genres)
        Predictions of the films as they are.
    shuffled : ndarray of bool, shape (n_groups, n_repeats, n_films, n_genres)
        Predictions with a group shuffled.
    """
    intact, shuffled = [], []
    films = range(len(bags.sizes))
    for film, fold in tqdm(zip(films, folds, strict=True), total=len(films), disable=None):
        intact.append(predict_bags(model, fold, bags.one(film))[1][0])
        chunks = (
            [predict_bags(model, fold, copies)[1] for copies in _copies(bags, film, columns, order)]
            for columns, order in zip(groups, orders, strict=True)
        )
        shuffled.append([np.concatenate(predicted) for predicted in chunks])
    return np.stack(intact), np.stack(shuffled, axis=2)


def _copies(bags: Bags, film: int, columns: np.ndarray, order: np.ndarray) -> Iterator[Bags]:
    """Copies of a film, a bag each, with these columns taken from other instances; in chunks."""
    rows = bags.one(film).instances
    sources = order[:, :, bags.starts[film] : bags.starts[film + 1]]
    repeats, at_once = order.shape[1], max(1, CHUNK_INSTANCES // len(rows))
    for start in range(0, repeats, at_once):
        chunk = sources[:, start : start + at_once]
        copies = chunk.shape[1]
        instances = np.tile(rows, (copies, 1))
        moved = bags.instances[chunk, columns[:, None, None]]
        instances[:, columns] = moved.reshape(len(columns), -1).T
        yield Bags(instances, np.arange(copies + 1) * len(rows))


def score_group(
    intact: np.ndarray,
    shuffled: np.ndarray,
    labels: np.ndarray,
    samples: int,
    seed: int,
    cluster: np.ndarray | None = None,
) -> pd.DataFrame:
    """Compute the F1 that is lost with one group, for each genre and their unweighted mean.

    Parameters
    ----------
    intact : ndarray of bool, shape (n_films, n_genres)
        Predictions of the films as they are.
    shuffled : ndarray of bool, shape (n_repeats, n_films, n_genres)
        Predictions with the group shuffled.
    labels : ndarray of bool, shape (n_films, n_genres)
        The films' labels.
    samples : int
        Bootstrap samples of the films.
    seed : int
        Of the samples.
    cluster : ndarray of int, shape (n_films,), optional
        Cluster of each film, from 0 with none left out; each is one by itself if left out.

    Returns
    -------
    DataFrame
        A row for each genre, then one for the mean. `f1` before shuffling, in 0..1; `score`, the
        mean loss over the repeats, in -1..1; `low` and `high`, the 95% interval of the score over
        samples of the films; `repeat_low` and `repeat_high`, the middle 95% of the
        repeats.
    """
    once = np.ones((1, len(labels)))
    whole = with_macro(sampled_f1(intact, labels, once)[0])
    lost = whole - with_macro(sampled_f1(shuffled, labels, once)[:, 0])
    draws = draw_groups(len(labels), samples, seed, cluster)
    drawn = sampled_f1(intact, labels, draws)
    # One repeat after the other: all at once would take a hundred times the memory.
    sampled = sum(drawn - sampled_f1(repeat, labels, draws) for repeat in shuffled) / len(shuffled)
    score = lost.mean(axis=0)
    bounds = interval(score, with_macro(sampled), bounds=(-1.0, 1.0))
    spread = percentile_interval(lost)
    names = ("f1", "score", "low", "high", "repeat_low", "repeat_high")
    return pd.DataFrame(dict(zip(names, (whole, score, *bounds, *spread), strict=True)))
