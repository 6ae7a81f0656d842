"""Predictions of a model for units (films, tracks, tiles, trailers) in groups, as arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True, eq=False)
class Predictions:
    """Multi-label predictions of one model for units that it was not trained on.

    The units of a group share its labels. Intervals and tests resample groups, never units, as the
    units of a group are not independent of one another. Where groups depend on one another too,
    such as films of one composer, they resample clusters of groups.

    Parameters
    ----------
    units : pandas.DataFrame, one row per unit
        The columns that identify a unit.
    genres : list of str
        Names of the labels.
    probability : ndarray of float, shape (runs, units, genres)
        Predicted probabilities in 0..1, one layer per training run of the model.
    predicted : ndarray of bool, shape (runs, units, genres), or None
        The decisions; None where the table has none.
    rank : ndarray of int, shape (units, genres)
        Rank of each genre among those of a unit in the first run, 1 for the most probable.
    group : ndarray of int, shape (units,)
        Group (film or title) of each unit: a row of `labels`.
    labels : ndarray of bool, shape (groups, genres)
        True labels of each group.
    thresholds : ndarray of float, shape (units, genres), or None
        Tuned decision thresholds, where the model has them.
    cluster : ndarray of int, shape (groups,), or None
        Cluster of each group, from 0; None where each group is a cluster.
    """

    units: pd.DataFrame
    genres: list[str]
    probability: np.ndarray
    predicted: np.ndarray | None
    rank: np.ndarray
    group: np.ndarray
    labels: np.ndarray
    thresholds: np.ndarray | None = None
    cluster: np.ndarray | None = None

    @property
    def unit_labels(self) -> np.ndarray:
        """True labels of each unit, bool (units, genres)."""
        return self.labels[self.group]

    @property
    def group_sizes(self) -> np.ndarray:
        """Number of units of each group, int (groups,)."""
        return np.bincount(self.group, minlength=len(self.labels))

    def count_by_group(self, tagged: np.ndarray) -> np.ndarray:
        """Count the units of each group that have each tag.

        Parameters
        ----------
        tagged : ndarray of bool, shape (units, genres)

        Returns
        -------
        ndarray of int, shape (groups, genres)
        """
        groups = len(self.labels)
        return np.stack([np.bincount(self.group[tag], minlength=groups) for tag in tagged.T], -1)

    def mean_by_group(self, values: np.ndarray) -> np.ndarray:
        """Average values over the units of each group.

        Parameters
        ----------
        values : ndarray, shape (..., units)

        Returns
        -------
        ndarray of float, shape (..., groups)
        """
        return group_means(values, self.group, len(self.labels))


def from_table(
    table: pd.DataFrame,
    keys: Sequence[str],
    run: str | None = None,
    rank: str | None = None,
    threshold: str | None = None,
    genres: Sequence[str] | None = None,
    sort: bool = True,
    clusters: Mapping[str, object] | None = None,
) -> Predictions:
    """Make predictions from a table that has a row per run, unit and genre.

    Parameters
    ----------
    table : pandas.DataFrame
        Rows in any order, complete: each run has each unit and genre once. Columns `genre`,
        `probability`, `actual` (the label), those of `keys`, and optionally `predicted`.
    keys : sequence of str
        Columns that identify a unit; the first is the group.
    run, rank, threshold : str, optional
        Columns of the training run, of the rank of a genre (computed from the probabilities if
        left out; among equal ones the first genre comes first), and of tuned thresholds.
    genres : sequence of str, optional
        Names of the labels, in the order of the result; as they first appear if left out.
    sort : bool
        Order groups and units by `keys`; otherwise they stay in the order of the table.
    clusters : mapping, optional
        Name of the cluster of a group, such as its composer, by the value of the first of `keys`.
        A group that it lacks is a cluster by itself.

    Returns
    -------
    Predictions

    Examples
    --------
    >>> table = pd.DataFrame({"film_id": ["b", "b", "a", "a"], "genre": ["Drama", "Horror"] * 2,
    ...     "probability": [0.9, 0.2, 0.4, 0.6], "actual": [True, False, False, True]})
    >>> predictions = from_table(table, ["film_id"])
    >>> predictions.units["film_id"].tolist(), predictions.rank.tolist()
    (['a', 'b'], [[2, 1], [1, 2]])
    """
    genres = list(genres or table["genre"].drop_duplicates())
    runs = table[run].nunique() if run else 1
    rows = _row_order(table, keys, genres, run, sort).reshape(runs, -1, len(genres))
    units = table[list(keys)].iloc[rows[0, :, 0]].reset_index(drop=True)
    group, names = pd.factorize(units[keys[0]])
    columns = {name: table[name].to_numpy()[rows] for name in ("probability", "actual")}
    first = np.unique(group, return_index=True)[1]
    return Predictions(
        units,
        genres,
        probability=columns["probability"],
        predicted=table["predicted"].to_numpy()[rows] if "predicted" in table else None,
        rank=table[rank].to_numpy()[rows[0]] if rank else rank_genres(columns["probability"][0]),
        group=group,
        labels=columns["actual"][0, first],
        thresholds=table[threshold].to_numpy()[rows[0]] if threshold else None,
        cluster=None if clusters is None else cluster_numbers(names, clusters),
    )


def cluster_numbers(groups: Sequence[str], clusters: Mapping[str, object]) -> np.ndarray:
    """Number the clusters of groups, in order of their first groups.

    Parameters
    ----------
    groups : sequence of str
    clusters : mapping
        Name of the cluster of a group; a group that it lacks is a cluster by itself.

    Returns
    -------
    ndarray of int, shape (groups,)

    Examples
    --------
    >>> cluster_numbers(["a", "b", "c", "d"], {"a": "Zimmer", "c": "Zimmer"}).tolist()
    [0, 1, 0, 2]
    """
    names = [("cluster", clusters[one]) if one in clusters else ("group", one) for one in groups]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return np.array([numbers[name] for name in names], int)


def group_means(values: np.ndarray, group: np.ndarray, groups: int) -> np.ndarray:
    """Average values over the units of each group.

    Parameters
    ----------
    values : ndarray, shape (..., units)
    group : ndarray of int, shape (units,)
        Group of each unit, with none left out.
    groups : int

    Returns
    -------
    ndarray of float, shape (..., groups)

    Examples
    --------
    >>> group_means(np.array([1.0, 3.0, 5.0]), np.array([0, 0, 1]), 2).tolist()
    [2.0, 5.0]
    """
    rows = values.reshape(-1, values.shape[-1])
    sums = [np.bincount(group, row, groups) for row in rows]
    means = np.reshape(sums, (-1, groups)) / np.bincount(group, minlength=groups)
    return means.reshape(*values.shape[:-1], groups)


def label_frames(predictions: Predictions) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Labels, and predictions of the first training run, as tables.

    Parameters
    ----------
    predictions : Predictions
        Each unit is a group of its own.

    Returns
    -------
    tuple of pandas.DataFrame of bool, shape (units, genres)
        `actual` and `predicted`, with the units' names as index.
    """
    names = predictions.units.set_index(predictions.units.columns[0]).index
    actual, predicted = predictions.labels, predictions.predicted[0]
    return tuple(pd.DataFrame(kind, names, predictions.genres) for kind in (actual, predicted))


def rank_genres(probability: np.ndarray) -> np.ndarray:
    """Rank the genres of each unit by their probability.

    Parameters
    ----------
    probability : ndarray of float, shape (units, genres)

    Returns
    -------
    ndarray of int, shape (units, genres)
        1 for the most probable genre; among equal ones the first comes first.

    Examples
    --------
    >>> rank_genres(np.array([[0.2, 0.9, 0.9]])).tolist()
    [[3, 1, 2]]
    """
    order = np.argsort(-probability, axis=1, kind="stable")
    return np.argsort(order, axis=1) + 1


def _row_order(
    table: pd.DataFrame, keys: Sequence[str], genres: list[str], run: str | None, sort: bool
) -> np.ndarray:
    """Rows of a table by run, then unit, then genre: int (rows,)."""
    genre = pd.Categorical(table["genre"], categories=genres).codes
    codes = [pd.factorize(table[key], sort=sort)[0] for key in keys]
    runs = [table[run].to_numpy()] if run else []
    return np.lexsort([genre, *codes[::-1], *runs])
