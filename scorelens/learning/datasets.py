"""One dataset for the tagger and the trailers: instances, their bags, and the labels of the bags.

The words are those of multiple-instance learning. A bag is a track or a trailer, an instance one of
its patches, frames or windows, and a group the film or title that bags belong to.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd


class Dataset(NamedTuple):
    """Instances in order of group, bag and time.

    Parameters
    ----------
    instances : ndarray of float, shape (n_instances, ...)
        What a model takes as input.
    bag : ndarray of int64, shape (n_instances,)
        Number of the bag of each instance.
    time_s : ndarray of float64, shape (n_instances,)
        Where each instance lies in its bag, in seconds.
    bag_ids : list of (str, str)
        Ids of the group and of the bag itself, for each bag.
    group : ndarray of int64, shape (n_bags,)
        Number of the group of each bag. The labels of a group are one observation.
    split_group : ndarray of int64, shape (n_bags,)
        Bags of one number are never on two sides of a split. Equal to `group`, unless films or
        titles are grouped: they share audio, or a name in the column `group` of their table.
    genres : list of str
        Names of the labels.
    labels : ndarray of bool, shape (n_bags, n_genres)
        Whether a bag carries a genre.
    """

    instances: np.ndarray
    bag: np.ndarray
    time_s: np.ndarray
    bag_ids: list[tuple[str, str]]
    group: np.ndarray
    split_group: np.ndarray
    genres: list[str]
    labels: np.ndarray

    @property
    def nonempty_bags(self) -> np.ndarray:
        """Numbers of the bags that have instances, int64, ascending."""
        return np.unique(self.bag)

    def rows_of(self, bags: np.ndarray) -> np.ndarray:
        """Return the rows of the instances of some bags, int64, ascending."""
        return np.flatnonzero(np.isin(self.bag, bags))

    def packed_rows(self, bags: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows of the instances of some bags, and where each bag starts among them.

        Parameters
        ----------
        bags : ndarray of int64, shape (n,)
            Numbers of bags that have instances, ascending.

        Returns
        -------
        rows : ndarray of int64, shape (m,)
            Ascending.
        starts : ndarray of int64, shape (n + 1,)
            Positions in `rows`, and m at the end, as `Bags` takes them.
        """
        rows = self.rows_of(bags)
        return rows, np.append(np.searchsorted(self.bag[rows], bags), len(rows))

    def genre_rows(self, bags: np.ndarray, names: tuple[str, str]) -> pd.DataFrame:
        """Make a row for each of some bags and each genre.

        Parameters
        ----------
        bags : ndarray of int64, shape (n,)
            Numbers of the bags, in any order.
        names : (str, str)
            Names of the columns for the ids of the group and of the bag.

        Returns
        -------
        pandas.DataFrame, shape (n * n_genres, 3)
            Both ids and `genre`, bag by bag.
        """
        ids = np.array(self.bag_ids, object)[np.repeat(bags, len(self.genres))]
        genres = np.tile(np.array(self.genres, object), len(bags))
        return pd.DataFrame({names[0]: ids[:, 0], names[1]: ids[:, 1], "genre": genres})


def bag_per_instance(dataset: Dataset) -> Dataset:
    """Make each instance a bag of its own.

    Parameters
    ----------
    dataset : Dataset
        Any dataset.

    Returns
    -------
    Dataset
        The same instances; the number of a bag is the row of its instance.
    """
    group = dataset.group[dataset.bag]
    return dataset._replace(
        bag=np.arange(len(group)),
        bag_ids=[dataset.bag_ids[number] for number in dataset.bag],
        group=group,
        split_group=dataset.split_group[dataset.bag],
        labels=dataset.labels[dataset.bag],
    )


def bag_per_group(dataset: Dataset) -> Dataset:
    """Join the bags of each group into one, so that training weighs all groups alike.

    Parameters
    ----------
    dataset : Dataset
        Its groups are numbered from 0 without gaps.

    Returns
    -------
    Dataset
        The same instances; the number of a bag is the number of its group.
    """
    group = dataset.group[dataset.bag]
    order = np.argsort(group, kind="stable")
    groups, first = np.unique(dataset.group, return_index=True)
    return Dataset(
        instances=dataset.instances[order],
        bag=group[order],
        time_s=dataset.time_s[order],
        bag_ids=[dataset.bag_ids[number] for number in first],
        group=groups,
        split_group=dataset.split_group[first],
        genres=dataset.genres,
        labels=dataset.labels[first],
    )
