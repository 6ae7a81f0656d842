"""Bags of instances, packed one after the other, and the table that they are read from."""

import logging
import os
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from scorelens.errors import Problem, TableError
from scorelens.learning.labels import Labels, too_few_films
from scorelens.tables import BAGS, feature_columns, read_table

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Bags:
    """Packed bags: the instances of bag b are rows starts[b] to starts[b + 1].

    Parameters
    ----------
    instances : ndarray of float32, shape (n_instances, n_features)
        NaN marks a missing feature.
    starts : ndarray of int64, shape (n_bags + 1,)
        From 0 to the number of instances; no bag is empty.

    Examples
    --------
    >>> bags = Bags(np.float32([[1], [3], [9]]), np.array([0, 2, 3]))
    >>> bags.sizes.tolist(), bags.bag_of_instance.tolist()
    ([2, 1], [0, 0, 1])
    >>> bags.means().instances.tolist()
    [[2.0], [9.0]]
    """

    instances: np.ndarray
    starts: np.ndarray

    @property
    def sizes(self) -> np.ndarray:
        """Number of instances of each bag, int64 of shape (n_bags,)."""
        return np.diff(self.starts)

    @property
    def bag_of_instance(self) -> np.ndarray:
        """Number of the bag of each instance, int64 of shape (n_instances,)."""
        return np.repeat(np.arange(len(self.sizes)), self.sizes)

    def one(self, bag: int) -> "Bags":
        """Return one bag on its own."""
        rows = self.instances[self.starts[bag] : self.starts[bag + 1]]
        return Bags(rows, np.array([0, len(rows)]))

    def sample(self, per_bag: int, seed: int) -> "Bags":
        """Return bags of at most so many instances, drawn at random and left in their order.

        Parameters
        ----------
        per_bag : int
            Instances of a bag, at most; at least 1.
        seed : int
            The draw of a bag depends on the seed, its number and its size alone.
        """
        rows = [
            start + np.sort(np.random.default_rng([seed, bag]).permutation(size)[:per_bag])
            for bag, (start, size) in enumerate(zip(self.starts, self.sizes, strict=False))
        ]
        starts = np.cumsum([0, *map(len, rows)])
        return Bags(self.instances[np.concatenate(rows)], starts)

    def means(self) -> "Bags":
        """Return bags of a single instance, the mean of the bag's known values."""
        known = ~np.isnan(self.instances)
        sums = np.add.reduceat(np.where(known, self.instances, 0), self.starts[:-1], axis=0)
        counts = np.add.reduceat(known.astype(np.float32), self.starts[:-1], axis=0)
        means = np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)
        return Bags(means, np.arange(len(means) + 1))


class BagTable(NamedTuple):
    """The bags of a corpus, one for each film that has cues.

    Parameters
    ----------
    bags : Bags
        In the order of the film table.
    labels : Labels
        Of the same films.
    features : list of str
        Names of the features.
    cue_ids : ndarray of object, shape (n_instances,)
        The cue of each instance.
    """

    bags: Bags
    labels: Labels
    features: list[str]
    cue_ids: np.ndarray


def read_bags(path: str | os.PathLike, labels: Labels) -> BagTable:
    """Read the bags of all films, in the order of the film table.

    A film without cues has no bag: it is left out, and the log names it. The bags of films without
    genres are left out.

    Parameters
    ----------
    path : path
        A table of tables.BAGS.
    labels : Labels
        Of the films in use.

    Returns
    -------
    BagTable
        The bags and the labels of the films that have one.

    Raises
    ------
    TableError
        If fewer than two films have cues, or a bag's film is not in use.
    """
    table = read_table(path, BAGS)
    unknown = sorted(set(table["film_id"]) - set(labels.film_ids) - labels.unlabelled)
    if unknown:
        what = f"bags of films that are not in use: {', '.join(unknown)}"
        raise TableError(Problem(str(path), what, "the films of the film table"))
    rows = table.groupby("film_id", sort=False).indices
    films = [film for film in labels.film_ids if film in rows]
    for film in labels.film_ids:
        if film not in rows:
            log.warning("%s: no cues, so no bag: left out of training and scoring", film)
    if len(films) < 2:
        raise too_few_films(path, len(films), "films with cues")
    features = feature_columns(table, BAGS)
    order = np.concatenate([rows[film] for film in films])
    starts = np.cumsum([0, *(len(rows[film]) for film in films)])
    instances = table[features].to_numpy(np.float32, na_value=np.nan)[order]
    cue_ids = table["cue_id"].to_numpy(object)[order]
    return BagTable(Bags(instances, starts), labels.select(films), features, cue_ids)
