"""Cross-validation folds that never have bags of one group on both sides."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from scorelens.errors import Problem, TableError
from scorelens.learning.datasets import Dataset
from scorelens.learning.film_groups import group_numbers

N_DRAWS = 1000  # random assignments, of which the most balanced one counts
VALIDATION_SHARE = 0.2  # of the groups that are not held out (Stone's thesis)

HeldOut = int | np.ndarray  # rows of the bags that a fold holds out; a number for a single bag


class Split(NamedTuple):
    """Numbers of the bags that are held out, validate (stop the training), and train."""

    held_out: np.ndarray
    validation: np.ndarray
    training: np.ndarray


class NestedFold(NamedTuple):
    """Numbers of the bags that are held out and that train; the latter also in inner folds.

    Each model of the fold's inner ensemble is trained without one inner fold and predicts it. That
    gives predictions for calibration, thresholds and fusion without the bags held out.
    """

    held_out: np.ndarray
    training: np.ndarray
    inner: list[np.ndarray]


def make_folds(
    films: Sequence[str],
    present: Sequence[str],
    n_folds: int,
    seed: int,
    groups: Mapping[str, str] | None = None,
) -> list[np.ndarray]:
    """Assign films to the folds that hold them out. Films of one group are in one fold.

    Parameters
    ----------
    films : sequence of str
        All films in use. A film's fold depends on these, their groups, the number of folds and the
        seed, so that it is the same for all models and feature sets.
    present : sequence of str
        The films that take part, in the same order.
    n_folds : int
        0 holds out each group on its own, in order of its first film; another number assigns the
        groups at random to so many folds with the same number of groups, or one less.
    seed : int
        Of the random assignment.
    groups : mapping of str to str, optional
        film_id -> group; by default each film is a group by itself.

    Returns
    -------
    list of ndarray of int64
        The rows of `present` that each fold holds out, ascending. No fold is empty.

    Raises
    ------
    TableError
        If all films are in one fold, which leaves none to train on.

    Examples
    --------
    >>> make_folds(["a", "b", "c"], ["a", "c"], 0, 1)
    [array([0]), array([1])]
    >>> make_folds(["a", "b", "c"], ["a", "b", "c"], 0, 1, {"a": "a", "b": "b", "c": "a"})
    [array([0, 2]), array([1])]
    """
    units, fold = np.unique(group_numbers(films, groups), return_inverse=True)
    if n_folds:
        fold = (np.random.default_rng([seed, n_folds]).permutation(len(units)) % n_folds)[fold]
    fold_of = dict(zip(films, fold, strict=True))
    folds = np.array([fold_of[film] for film in present])
    held_out = [np.flatnonzero(folds == number) for number in np.unique(folds)]
    if len(held_out) < 2:
        raise _single_fold(len(present), n_folds, groups)
    return held_out


def _single_fold(films: int, n_folds: int, groups: Mapping[str, str] | None) -> TableError:
    if groups and len(set(groups.values())) < 2:
        where, what = "the groups of the films", f"all {films} films with cues are in one group"
        hint = "results/corpus/groups.tsv says why: the column `group`, or audio that they share"
    else:
        where, what = "config: genres.folds", f"{n_folds}: all {films} films with cues are in one"
        hint = "choose more folds, or 0"
    expected = "at least 2: a model is tested on films held out of training"
    return TableError(Problem(where, what, expected, hint))


def balanced_folds(
    labels: np.ndarray, sizes: np.ndarray, n_folds: int, random: np.random.Generator
) -> list[np.ndarray]:
    """Assign groups to folds that are alike in their number of bags and in their genres.

    The most balanced of N_DRAWS random assignments. A fold that holds much of a genre would leave
    little of it for training, and a model would rank its bags' own genres low.

    Parameters
    ----------
    labels : ndarray of bool or float, shape (n_groups, n_genres)
        The labels of the groups, or the share of each group's bags that carry them.
    sizes : ndarray of int, shape (n_groups,)
        Bags of each group.
    n_folds : int
        Folds; at most the number of groups.
    random : numpy.random.Generator
        Draws the assignments.

    Returns
    -------
    list of ndarray of int64
        The rows of the groups of each fold, ascending.
    """
    n_folds = min(n_folds, len(labels))
    counts = np.column_stack([labels, np.ones(len(labels))]) * sizes[:, None]
    counts = counts[:, counts.any(axis=0)]
    even = counts.sum(axis=0) / n_folds
    best, min_imbalance = None, np.inf
    for _ in range(N_DRAWS):
        fold = random.permutation(len(labels)) % n_folds
        shares = (fold == np.arange(n_folds)[:, None]) @ counts / even
        imbalance = np.square(shares - 1).sum()
        if imbalance < min_imbalance:
            best, min_imbalance = fold, imbalance
    return [np.flatnonzero(best == number) for number in range(n_folds)]


def split_dataset(dataset: Dataset, by_group: bool, n_folds: int, seed: int) -> list[Split]:
    """Split the bags that have instances into folds, each with a validation set.

    Parameters
    ----------
    dataset : Dataset
        The bags to split.
    by_group : bool
        Whether bags of one `split_group` stay together; otherwise every bag is on its own.
    n_folds : int
        Folds, balanced as `balanced_folds` does it.
    seed : int
        Of the random assignments.

    Returns
    -------
    list of Split
        One for each fold, and a last one that holds nothing out, for the final model. Of what a
        fold does not hold out a fifth of the groups validates, at least one if there are three.
    """
    nonempty = dataset.nonempty_bags
    unit = (dataset.split_group if by_group else np.arange(len(dataset.group)))[nonempty]
    units, number, sizes = np.unique(unit, return_inverse=True, return_counts=True)
    labels = _mean_labels(dataset.labels[nonempty], number)
    folds = balanced_folds(labels, sizes, n_folds, np.random.default_rng([seed, n_folds]))
    splits = []
    for fold, rows in enumerate([*folds, np.zeros(0, np.int64)]):
        rest = np.delete(np.arange(len(units)), rows)
        validation = _validation_rows(rest, labels, np.random.default_rng([seed, fold]))
        parts = (units[part] for part in (rows, validation, np.setdiff1d(rest, validation)))
        splits.append(Split(*(nonempty[np.isin(unit, part)] for part in parts)))
    return splits


def nested_folds(dataset: Dataset, n_folds: int, n_inner: int, seed: int) -> list[NestedFold]:
    """Assign all bags to folds by split group, and the training bags of each to inner folds.

    Parameters
    ----------
    dataset : Dataset
        Bags without instances are assigned as well, so that all models have the same folds.
    n_folds, n_inner : int
        Folds and inner folds, balanced as `balanced_folds` does it.
    seed : int
        Of the random assignments.

    Returns
    -------
    list of NestedFold
        One for each fold.
    """
    bags, folds = np.arange(len(dataset.bag_ids)), []
    for held_out in _folds_of(dataset, bags, n_folds, seed):
        training = np.setdiff1d(bags, held_out)
        folds.append(NestedFold(held_out, training, _folds_of(dataset, training, n_inner, seed)))
    return folds


def _folds_of(dataset: Dataset, bags: np.ndarray, n_folds: int, seed: int) -> list[np.ndarray]:
    """Folds of some bags, ascending, by split group."""
    _, group, sizes = np.unique(dataset.split_group[bags], return_inverse=True, return_counts=True)
    labels, random = (
        _mean_labels(dataset.labels[bags], group),
        np.random.default_rng([seed, n_folds]),
    )
    folds = balanced_folds(labels, sizes, n_folds, random)
    return [bags[np.isin(group, fold)] for fold in folds]


def _mean_labels(labels: np.ndarray, group: np.ndarray) -> np.ndarray:
    """The share of the bags of each group that carry each genre: float (n_groups, n_genres)."""
    sums = np.zeros((group.max(initial=-1) + 1, labels.shape[1]))
    np.add.at(sums, group, labels)
    return sums / np.bincount(group)[:, None]


def _validation_rows(
    rows: np.ndarray, labels: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """A fifth of the rows, the one of many draws whose genres are most like those of all.

    A plain random fifth of a small corpus often lacks a genre, and cannot validate it.
    """
    if len(rows) < 3:
        return rows[:0]
    count = max(1, round(VALIDATION_SHARE * len(rows)))
    draws = random.permuted(np.tile(rows, (N_DRAWS, 1)), axis=1)[:, :count]
    distance = np.abs(labels[draws].mean(axis=1) - labels[rows].mean(axis=0)).sum(axis=1)
    return np.sort(draws[distance.argmin()])
