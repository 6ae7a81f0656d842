"""Simulated corpora without skill: labels of films, units in films, and predictions."""

import numpy as np
import pandas as pd

from scorelens.evaluation.predictions import Predictions, rank_genres

FREQUENCY = (0.5, 0.4, 0.35, 0.3, 0.2, 0.15)


def draw_labels(random, films, genres=6):
    """Labels, bool (films, genres); each film and each genre has one at least."""
    while True:
        labels = random.random((films, genres)) < FREQUENCY[:genres]
        labels[~labels.any(axis=1), 0] = True
        if labels.any(axis=0).all() and not labels.all(axis=0).any():
            return labels


def predictions_of(probability, labels, group, cluster=None):
    """`Predictions` of one run. probability: (units, genres)."""
    units = pd.DataFrame({"film_id": group, "unit": np.arange(len(group))})
    names = [f"Genre {number}" for number in range(labels.shape[1])]
    return Predictions(
        units,
        names,
        probability[None],
        probability[None] > 0.5,
        rank_genres(probability),
        group,
        labels,
        cluster=cluster,
    )


def noise(random, labels, sizes, shared=0.5):
    """Predictions without skill for units in films, which share a part of their noise.

    sizes: int (films,), the number of units of each film.
    """
    group = np.repeat(np.arange(len(labels)), sizes)
    film = random.normal(size=labels.shape)[group]
    unit = random.normal(size=(len(group), labels.shape[1]))
    logits = np.sqrt(shared) * film + np.sqrt(1 - shared) * unit
    return predictions_of(1 / (1 + np.exp(-logits)), labels, group)
