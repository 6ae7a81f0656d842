"""Synthetic films in which one part (image, tags or plot) determines the music."""

import numpy as np

from scorelens.retrieval import text_segment, uses_image
from scorelens.retrieval.data.batches import PairDataset, Rows

LATENT = 6  # dimensions that determine the music


def planted_parts(planted, films=216, tracks=2, fragments=2, seed=0):
    """Vectors of the parts of films, fragments, and the film of each track."""
    random = np.random.default_rng(seed)
    latent = random.normal(size=(films, LATENT))
    parts = {
        "image": random.normal(size=(films, LATENT)),
        "tags": random.normal(size=(films, LATENT)),
        "plot": random.normal(size=(films, LATENT)),
    }
    if planted:
        parts[planted] = latent
    mixing = {name: random.normal(size=(LATENT, 16)) for name in (*parts, "audio")}
    vectors = {name: part @ mixing[name] for name, part in parts.items()}
    film = np.repeat(np.arange(films), tracks)
    track = np.repeat(np.arange(len(film)), fragments)
    audio = (latent @ mixing["audio"])[film[track]] + 0.1 * random.normal(size=(len(track), 16))
    return vectors, Rows(audio.astype(np.float32), track), film


def make_pairs(configuration, planted="image", **sizes):
    """Synthetic films as inputs of a configuration. A plot has two equal paragraphs."""
    vectors, fragments, film = planted_parts(planted, **sizes)
    films = np.arange(len(vectors["image"]))
    views, segment = {}, text_segment(configuration)
    if uses_image(configuration):
        views["image"] = Rows(vectors["image"].astype(np.float32), films)
    if segment:
        text = np.concatenate([vectors[part] for part in segment.split("_")], axis=1)
        repeats = 1 if segment == "tags" else 2
        views["text"] = Rows(
            np.repeat(text, repeats, 0).astype(np.float32), np.repeat(films, repeats)
        )
    return PairDataset(views, fragments, film)
