"""A synthetic dataset whose embeddings depend on the genres, for learning and the tagger."""

import numpy as np

from scorelens.learning.datasets import Dataset

SECONDS = 9.0  # between the starts of two instances


def make_dataset(films=10, tracks=4, each=3, genres=("Comedy", "Drama", "Horror")) -> Dataset:
    """Embeddings shifted by the genres, `each` per track; film 0 has all genres, film 1 none."""
    random = np.random.default_rng(1)
    labels = random.random((films, len(genres))) < 0.5
    labels[0], labels[1] = True, False
    film = np.repeat(np.arange(films), tracks)
    track = np.repeat(np.arange(films * tracks), each)
    inputs = random.normal(size=(len(track), 6)) + 3 * np.pad(labels, ((0, 0), (0, 3)))[film[track]]
    return Dataset(
        inputs.astype(np.float32),
        track,
        np.tile(np.arange(each) * SECONDS, films * tracks),
        [
            (f"film_{number}", f"track_{index}")
            for number in range(films)
            for index in range(tracks)
        ],
        film,
        film,
        list(genres),
        labels[film],
    )
