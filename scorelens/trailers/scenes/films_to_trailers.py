"""Compares the scenes of films of a genre with trailers: do they resemble trailers of the genre?

Music against picture, as in Table 5 of Ma et al. 2021, with the output of a trained model in place
of brightness and contrast: the probability of the genre by a film's scenes, for films that have the
genre by their labels, or by their music.
"""

import logging
import os
from collections.abc import Sequence

import pandas as pd

from scorelens.errors import Problem, TableError
from scorelens.evaluation.group_difference import compare_labellings, group_films, standardise
from scorelens.evaluation.predictions import from_table, label_frames
from scorelens.tables import (
    FILMS,
    FILMS_TO_TRAILERS,
    PREDICTIONS,
    SCENES,
    TRAILER_SCENES,
    read_table,
    write_table,
)
from scorelens.trailers.data.dataset import read_dataset
from scorelens.trailers.data.groups import read_groups
from scorelens.trailers.scenes.scenes import average_scenes, classify_scenes

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
    samples: int,
    seed: int,
    classified: str | os.PathLike,
    scores: str | os.PathLike,
    groups: str | os.PathLike | None = None,
) -> None:
    """Classify the scenes of all films by models of trailers, and compare the films.

    Parameters
    ----------
    vectors : sequence of path
        Tables of TRAILER_VECTORS, of the trailers' frames.
    table : path
        The table of the trailers.
    genres : sequence of str
        Genres of the trailers.
    scenes : sequence of path
        Tables of SCENES by the same network, of every film; one without pictures
        takes no part.
    films : path
        Table of FILMS.
    predictions : path
        Table of PREDICTIONS of a genre model; of several training runs the first counts.
    names : (str, str, str)
        Feature set and model of the predictions, and the network.
    permutations, samples : int
        Behind a p-value and behind an interval, as in `compare_films`.
    seed : int
    classified, scores : path
        Where TRAILER_SCENES and FILMS_TO_TRAILERS go.
    groups : path, optional
        The groups of the titles (tables.TRAILER_GROUPS).

    Raises
    ------
    TableError
        If trailers and films have no genre in common.
    """
    of_title, of_film = read_groups(groups) if groups else (None, {})
    trailers = read_dataset("frame_linear", table, genres, {}, vectors, of_title)
    labels = read_table(predictions, PREDICTIONS)
    actual, predicted = label_frames(from_table(labels, ["film_id"], run="repeat", sort=False))
    if not set(trailers.genres) & set(actual.columns):
        fault = f"films have {'; '.join(actual.columns)}, trailers {'; '.join(trailers.genres)}"
        hint = "name the genres alike in corpus.genres and trailers.genres"
        raise TableError(Problem(str(table), fault, "a genre that both have", hint))
    embeddings = pd.concat([read_table(path, SCENES) for path in scenes])
    titles = read_table(films, FILMS).set_index("film_id")["title"]
    by_scene = classify_scenes(embeddings.reset_index(drop=True), titles, trailers, of_film)
    write_table(by_scene, classified, TRAILER_SCENES)
    by_film = average_scenes(by_scene, trailers.genres)
    compared = compare_films(by_film, actual, predicted, permutations, samples, seed)
    feature_set, model, network = names
    named = compared.assign(feature_set=feature_set, model=model, network=network)
    write_table(named, scores, FILMS_TO_TRAILERS)


def compare_films(
    probability: pd.DataFrame,
    actual: pd.DataFrame,
    predicted: pd.DataFrame,
    permutations: int,
    samples: int,
    seed: int,
) -> pd.DataFrame:
    """Compare, for each genre, films that have it with the others, by the picture's probability.

    Parameters
    ----------
    probability : pandas.DataFrame, shape (films, genres)
        From `scenes.average_scenes`, 0..1.
    actual, predicted : pandas.DataFrame of bool, shape (films, genres)
        Labels and predictions. Films and genres that are also in `probability` take part.
    permutations : int
        Most permutations behind a p-value.
    samples : int
        Bootstrap samples behind an interval.
    seed : int

    Returns
    -------
    pandas.DataFrame
        Rows of FILMS_TO_TRAILERS without the names of model and network.
    """
    films = actual.index.intersection(probability.index, sort=False)
    genres = actual.columns.intersection(probability.columns, sort=False)
    log.info("films with scenes: %d of %d; genres: %d", len(films), len(actual), len(genres))
    probability = probability.loc[films, genres]
    actual, predicted = actual.loc[films], predicted.loc[films]
    cells = [(genre, genre) for genre in genres]
    table = compare_labellings(
        cells, standardise(probability), actual, predicted, permutations, samples, seed
    )
    names = zip(table["genre"], table["labelling"], strict=True)
    table[["probability_with", "probability_without"]] = [
        [
            probability[genre][films].median()
            for films in group_films(labelling, actual[genre], predicted[genre])
        ]
        for genre, labelling in names
    ]
    return table.drop(columns="measure")
