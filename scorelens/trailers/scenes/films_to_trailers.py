"""Music against picture, asked with what trailers teach about looks.

The question of the stage `audiovisual_comparison` (Ma et al. 2021, Table 5), with a learnt measure
in place of brightness and its like: how much a film's scenes look like the very genre that its
labels, or its music, say.
"""

import logging
import os
from collections.abc import Sequence

import pandas as pd

from scorelens.audiovisual_comparison.compare import (
    compare_cells,
    group_films,
    read_labels,
    standardise,
)
from scorelens.errors import Problem, TableError
from scorelens.tables import (
    FILMS,
    SCENES,
    TRAILER_MODES,
    TRAILER_SCENES,
    read_table,
    write_table,
)
from scorelens.trailers.data.dataset import read_dataset
from scorelens.trailers.scenes.scenes import film_looks, judge_scenes

log = logging.getLogger(__name__)


def compare(
    vectors: Sequence[str | os.PathLike],
    table: str | os.PathLike,
    genres: Sequence[str],
    scenes: Sequence[str | os.PathLike],
    films: str | os.PathLike,
    predictions: str | os.PathLike,
    names: tuple[str, str, str],
    permutations: int,
    repeats: int,
    seed: int,
    judged: str | os.PathLike,
    scores: str | os.PathLike,
) -> None:
    """Judge the scenes of all films by what trailers teach, and compare the films.

    vectors: tables of TRAILER_VECTORS, of the frames. table, genres: of the trailers, as
    `dataset.read_dataset` takes them. scenes: tables of SCENES by the same
    network, of every film; one without pictures takes no part. films: the table of FILMS.
    predictions: of a model of their music, as `audiovisual_comparison.compare.compare` takes them.
    names: feature set and model of the predictions, and the network. permutations, repeats: as in
    `compare_looks`. judged, scores: where TRAILER_SCENES and TRAILER_MODES go. Raises TableError if
    trailers and films have no genre in common.
    """
    material = read_dataset("frame_linear", table, genres, {}, vectors)
    actual, predicted = read_labels(predictions)
    if not set(material.genres) & set(actual.columns):
        found = f"films have {'; '.join(actual.columns)}, trailers {'; '.join(material.genres)}"
        hint = "name the genres alike in corpus.genres and trailers.genres"
        raise TableError(Problem(str(table), found, "a genre that both have", hint))
    seen = pd.concat([read_table(path, SCENES) for path in scenes])
    titles = read_table(films, FILMS).set_index("film_id")["title"]
    said = judge_scenes(seen.reset_index(drop=True), titles, material)
    write_table(said, judged, TRAILER_SCENES)
    looks = film_looks(said, material.genres)
    compared = compare_looks(looks, actual, predicted, permutations, repeats, seed)
    feature_set, model, network = names
    named = compared.assign(feature_set=feature_set, model=model, network=network)
    write_table(named, scores, TRAILER_MODES)


def compare_looks(
    looks: pd.DataFrame,
    actual: pd.DataFrame,
    predicted: pd.DataFrame,
    permutations: int,
    repeats: int,
    seed: int,
) -> pd.DataFrame:
    """Do the films of a genre look like it? Rows of TRAILER_MODES but for the names.

    looks: (films, genres) in 0..1. actual, predicted: bool (films, genres) with the same films.
    Films and genres that both have take part. permutations, repeats: as in
    `audiovisual_comparison.compare`, whose differences, tests and correction these are.
    """
    films = actual.index.intersection(looks.index, sort=False)
    genres = actual.columns.intersection(looks.columns, sort=False)
    log.info("films with scenes: %d of %d; genres: %d", len(films), len(actual), len(genres))
    looks, actual, predicted = looks.loc[films, genres], actual.loc[films], predicted.loc[films]
    cells = [(genre, genre) for genre in genres]
    values = standardise(looks)
    table = compare_cells(cells, values, actual, predicted, permutations, repeats, seed)
    names = zip(table["genre"], table["labelling"], strict=True)
    table[["look_with", "look_without"]] = [
        [looks[genre][own].median() for own in group_films(by, actual[genre], predicted[genre])]
        for genre, by in names
    ]
    return table.drop(columns="measure")
