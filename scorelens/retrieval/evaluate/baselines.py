"""Baselines of retrieval that know one number of a film and of each track, and nothing else.

`year`: the tracks whose release year is nearest to the film's come first. `loudness` and
`album_length`: the number is predicted from what the primary model sees of the film, by ridge
regression on the training films, and the tracks with the nearest number come first. A model that is
no better than these says nothing about the content of the music: films of a year, of loud masters
or of long albums would find their music as well.

Tracks at the same distance, such as all of an album by its length, are in random order; the scores
are means over many such orders.
"""

from collections.abc import Mapping

import numpy as np

from scorelens.retrieval import ALBUM_LENGTH, LOUDNESS, YEAR, all_parts
from scorelens.retrieval.data.dataset import RetrievalDataset
from scorelens.retrieval.evaluate.rankings import Rankings

ORDERS = 10  # random orders of tracks at the same distance
PENALTIES = np.logspace(0, 6, 13)  # of the ridge regression; chosen by leave-one-out in training


def baseline_rankings(
    primary: str, dataset: RetrievalDataset, years: np.ndarray, loudness: np.ndarray, seed: int
) -> list[Rankings]:
    """Rank the tracks of the test films by year, by loudness and by the length of their album.

    Parameters
    ----------
    primary : str
        Configuration whose parts of a film the predictions are made from.
    dataset : RetrievalDataset
        Films, tracks, vectors and split, as that configuration sees them.
    years : ndarray of int, shape (films,)
        Release year of each film.
    loudness : ndarray of float, shape (tracks,)
        Level of each track, dB.
    seed : int
        Of the order of tracks at the same distance.

    Returns
    -------
    list of Rankings
    """
    film, test = dataset.pairs.film, dataset.split.test
    counts = np.bincount(film)
    lengths = np.log(counts)
    mean_loudness = np.bincount(film, loudness) / counts
    vectors = description_vectors(dataset)
    training = dataset.split.training
    queries = {
        YEAR: years[test],
        LOUDNESS: predict_values(vectors, mean_loudness, training, test),
        ALBUM_LENGTH: predict_values(vectors, lengths, training, test),
    }
    numbers = {YEAR: years[film], LOUDNESS: loudness, ALBUM_LENGTH: lengths[film]}
    seen = {YEAR: YEAR, LOUDNESS: all_parts(primary), ALBUM_LENGTH: all_parts(primary)}
    tracks = np.isin(film, test)
    random = np.random.default_rng(seed)
    names, owner = np.array(dataset.films, object)[test], np.searchsorted(test, film[tracks])
    return [
        Rankings(
            name,
            seen[name],
            names,
            owner,
            rank_by_distance(np.abs(query[:, None] - numbers[name][tracks]), random),
        )
        for name, query in queries.items()
    ]


def predict_values(
    vectors: np.ndarray, values: np.ndarray, training: np.ndarray, test: np.ndarray
) -> np.ndarray:
    """Predict a number of films by ridge regression, fitted to the training films.

    Parameters
    ----------
    vectors : ndarray of float, shape (films, d)
    values : ndarray of float, shape (films,)
        Those of the test films are not used.
    training, test : ndarray of int
        Numbers of the films of both parts.

    Returns
    -------
    ndarray of float, shape (len(test),)
    """
    from sklearn.linear_model import RidgeCV  # slow to import: not for who reads figures
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), RidgeCV(PENALTIES))
    return model.fit(vectors[training], values[training]).predict(vectors[test])


def description_vectors(dataset: RetrievalDataset) -> np.ndarray:
    """Join the first vectors of each film.

    Parameters
    ----------
    dataset : RetrievalDataset

    Returns
    -------
    ndarray of float64, shape (films, d)
        In the order of `dataset.films`.
    """
    films = np.arange(len(dataset.films))
    views: Mapping = dataset.pairs.views
    first = [rows.values[np.searchsorted(rows.owner, films)] for rows in views.values()]
    return np.concatenate(first, axis=1).astype(float)


def rank_by_distance(distance: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Rank tracks by a distance; those at the same distance are in random order.

    Parameters
    ----------
    distance : ndarray of float, shape (films, tracks)
    random : numpy.random.Generator

    Returns
    -------
    ndarray of int32, shape (ORDERS, films, tracks)
        1 for the nearest.

    Examples
    --------
    >>> ranks = rank_by_distance(np.array([[0.5, 0.1, 0.5]]), np.random.default_rng(0))
    >>> ranks[:, 0, 1].tolist() == [1] * ORDERS, sorted(set(ranks[:, 0, 0].tolist()))
    (True, [2, 3])
    """
    ranks = np.empty((ORDERS, *distance.shape), np.int32)
    positions = np.arange(1, distance.shape[1] + 1)
    for run in ranks:
        order = np.lexsort((random.random(distance.shape), distance))
        np.put_along_axis(run, order, np.broadcast_to(positions, order.shape), axis=1)
    return ranks
