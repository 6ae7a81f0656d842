"""Synthetic trailers: their table, samples, vectors and predictions."""

import numpy as np
import pandas as pd

from scorelens.tables import TRAILER_PREDICTIONS, TRAILER_VECTORS, write_table
from scorelens.trailers.data.frame_sampling import Sample

GENRES = ["Action", "Comedy", "Horror", "Drama"]


def make_labels(titles, genres=4, seed=0):
    """Random labels, bool (titles, genres); every title has at least one genre."""
    actual = np.random.default_rng(seed).random((titles, genres)) < 0.4
    actual[~actual.any(axis=1), 0] = True
    return actual


def trailer_ids(count):
    return [f"trailer_{number:02d}" for number in range(count)]


def write_trailers(folder, actual, title=None, genres=GENRES):
    """Write the table. actual: bool (titles, genres). title: int (trailers,), row in actual."""
    title = np.arange(len(actual)) if title is None else title
    videos = [f"{name}.mp4" for name in trailer_ids(len(title))]
    for video in videos:
        (folder / video).write_bytes(b"a film")
    labels = [";".join(np.array(genres)[actual[number]]) for number in title]
    columns = {
        "trailer_id": trailer_ids(len(title)),
        "title": [f"Title {number:02d}" for number in title],
        "video": videos,
        "genres": labels,
    }
    path = folder / "trailers.tsv"
    pd.DataFrame(columns).to_csv(path, sep="\t", index=False)
    return path


def write_vectors(path, vectors):
    """Write TRAILER_VECTORS. vectors: (trailers, moments, columns); NaN trailers have no rows."""
    trailers, moments, columns = vectors.shape
    names = {f"v_{column:02d}": vectors[:, :, column].ravel() for column in range(columns)}
    table = pd.DataFrame(
        {
            "trailer_id": np.repeat(trailer_ids(trailers), moments),
            "number": np.tile(np.arange(moments), trailers),
            "time_s": np.tile(np.arange(moments) * 2.0, trailers),
            **{name: values.astype(np.float32) for name, values in names.items()},
        }
    )
    write_table(table[~np.isnan(vectors[:, :, 0]).ravel()], path, TRAILER_VECTORS)
    return path


def make_vectors(actual, planted, moments=4, seed=0):
    """Gaussian noise, (trailers, moments, 8), plus 3 in the columns of the planted genres."""
    random = np.random.default_rng(seed)
    signal = np.zeros((len(actual), 8))
    signal[:, planted] = 3 * actual[:, planted]
    return random.normal(size=(len(actual), moments, 8)) + signal[:, None]


def write_sample(path, frames, sound=()):
    """Write a sample with one frame every two seconds."""
    count = len(frames)
    sample = Sample(frames, np.arange(count) * 50, np.arange(count) * 2.0, 0, np.float32(sound))
    with path.open("wb") as file:
        np.savez(file, **sample._asdict())
    return path


def predictions_table(
    probability, actual, title=None, threshold=0.5, genres=GENRES, run=("none", "fusion")
):
    """TRAILER_PREDICTIONS of held-out trailers.

    probability: (trailers, genres). actual: bool (titles, genres).
    """
    title = np.arange(len(probability)) if title is None else np.asarray(title)
    count = len(genres)
    return pd.DataFrame(
        {
            "network": run[0],
            "model": run[1],
            "fold": np.repeat(title % 5, count),
            "part": "held_out",
            "trailer_id": np.repeat(trailer_ids(len(title)), count),
            "title": np.repeat([f"Title {number:02d}" for number in title], count),
            "genre": np.tile(genres, len(title)),
            "probability": np.asarray(probability, float).ravel(),
            "threshold": np.broadcast_to(threshold, (len(title), count)).ravel(),
            "actual": actual[title].ravel(),
            "seen": True,
        }
    )


def write_predictions(path, *arguments, **options):
    write_table(predictions_table(*arguments, **options), path, TRAILER_PREDICTIONS)
    return path
