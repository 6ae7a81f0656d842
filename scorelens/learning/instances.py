"""Bags of instances, packed one after the other, and the scale that a fold puts them on."""

import logging
import os
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from scorelens.errors import Problem, TableError
from scorelens.genres.model.labels import Labels, too_few_films
from scorelens.tables import BAGS, feature_columns, read_table

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Bags:
    """Packed bags: the instances of bag b are rows starts[b] to starts[b + 1].

    instances: float32 (instances, features), NaN where a feature is missing.
    starts: int64 (bags + 1,), from 0 to the number of instances; no bag is empty.
    """

    instances: np.ndarray
    starts: np.ndarray

    @property
    def sizes(self) -> np.ndarray:
        return np.diff(self.starts)

    @property
    def bag_of_instance(self) -> np.ndarray:
        return np.repeat(np.arange(len(self.sizes)), self.sizes)

    def one(self, bag: int) -> "Bags":
        """One bag on its own."""
        rows = self.instances[self.starts[bag] : self.starts[bag + 1]]
        return Bags(rows, np.array([0, len(rows)]))

    def means(self) -> "Bags":
        """Bags of a single instance, the mean of the bag's own, missing values passed over."""
        known = ~np.isnan(self.instances)
        sums = np.add.reduceat(np.where(known, self.instances, 0), self.starts[:-1], axis=0)
        counts = np.add.reduceat(known.astype(np.float32), self.starts[:-1], axis=0)
        means = np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)
        return Bags(means, np.arange(len(means) + 1))


class BagTable(NamedTuple):
    """The bags of a corpus, one a film that has cues, and what belongs to them.

    labels: of these films. features: their names. cue_ids: (instances,), the cue of each.
    """

    bags: Bags
    labels: Labels
    features: list[str]
    cue_ids: np.ndarray


def read_bags(path: str | os.PathLike, labels: Labels) -> BagTable:
    """Read the bags of all films, in the order of the film table.

    A film without cues has no bag: it takes no part, and the log names it.
    Raises TableError if fewer than two films have cues or if a bag's film is not in use.
    """
    table = read_table(path, BAGS)
    strange = sorted(set(table["film_id"]) - set(labels.film_ids))
    if strange:
        found = f"bags of films that are not in use: {', '.join(strange)}"
        raise TableError(Problem(str(path), found, "the films of the film table"))
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
    return BagTable(Bags(instances, starts), labels.of(films), features, cue_ids)


def fit_scale(instances: np.ndarray) -> dict[str, np.ndarray]:
    """The mean of each feature and the gain that brings it to unit variance.

    instances: float32 (instances, features) of the training films; NaN is passed over.
    Returns `mean` and `gain`, float32 (features,). A feature that is constant or missing in all
    training films gets gain 0, for it can say nothing about the film held out.
    """
    known = ~np.isnan(instances)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, instances, 0).sum(axis=0, dtype=np.float64) / count
    spread = np.where(known, instances - mean, 0)
    deviation = np.sqrt(np.square(spread).sum(axis=0) / count)
    lowest = np.where(known, instances, np.inf).min(axis=0)
    highest = np.where(known, instances, -np.inf).max(axis=0)
    varies = (highest > lowest) & (deviation > 0)
    gain = np.divide(1, deviation, out=np.zeros_like(deviation), where=varies)
    return {"mean": mean.astype(np.float32), "gain": gain.astype(np.float32)}


def standardise(instances: np.ndarray, scale: dict[str, np.ndarray]) -> np.ndarray:
    """Instances with zero mean and unit variance in the training films, float32, without NaN.

    A missing value becomes the mean of the training films, which is zero here.
    """
    return np.nan_to_num((instances - scale["mean"]) * scale["gain"])
