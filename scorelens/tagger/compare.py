"""Tests whether one model of the tagger is better than another, for every pair of models.

Approximate randomisation over films, corrected for all pairs after Holm. The thesis compares its
models by the scores alone.
"""

import os
from collections.abc import Mapping
from itertools import combinations

import pandas as pd

from scorelens.evaluation.label_ranking import RANKINGS
from scorelens.evaluation.paired import compare_means, compare_pairs
from scorelens.tables import TAGGER_COMPARISONS, write_table
from scorelens.tagger.film_rankings import film_metrics
from scorelens.tagger.predictions import read_tracks


def compare_models(
    tracks: Mapping[str, str | os.PathLike],
    samples: int,
    seed: int,
    output: str | os.PathLike,
    groups: Mapping[str, str] | None = None,
) -> None:
    """Compare every pair of models by both metrics of a ranking, and write one table.

    Parameters
    ----------
    tracks : mapping of str to path
        Each model's table of TAGGER_TRACKS, all of the same tracks and genres.
    samples : int
        Bootstrap samples of the films. Of random swaps there are as many as the number of pairs
        asks for.
    seed : int
    output : path
        Where TAGGER_COMPARISONS goes.
    groups : mapping of str to str, optional
        As `predictions.read_tracks` takes them.
    """
    models = {model: read_tracks(path, groups) for model, path in tracks.items()}
    metrics = {model: film_metrics(one) for model, one in models.items()}
    first = next(iter(models.values()))
    tables = []
    for number, width in enumerate((len(first.genres) - 1, 1)):
        pairs = {
            names: tuple(metrics[model][None, number] for model in names)
            for names in combinations(models, 2)
        }
        table = compare_pairs(
            pairs, compare_means, samples, seed, cluster=first.cluster, width=width
        )
        tables.append(table.assign(measure=RANKINGS[number]))
    table = pd.concat(tables, ignore_index=True).assign(films=len(first.labels))
    renamed = table.rename(columns={"first": "model", "second": "other_model"})
    write_table(renamed[TAGGER_COMPARISONS.names], output, TAGGER_COMPARISONS)
