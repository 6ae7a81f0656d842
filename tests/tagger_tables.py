"""Synthetic predictions of the tagger's models: tags of tracks and of their tiles."""

import numpy as np
import pandas as pd

from scorelens.tagger import TILE_S

GENRES = [
    "Action", "Adventure", "Comedy", "Crime", "Drama",
    "Fantasy", "Musical", "Romance", "Sci-Fi", "Thriller",
]  # fmt: skip
FREQUENCY = (0.35, 0.4, 0.3, 0.15, 0.5, 0.25, 0.08, 0.25, 0.2, 0.3)


def make_labels(films, genres=10, seed=0):
    """Labels, bool (films, genres), at least one per film."""
    rng = np.random.default_rng(seed)
    actual = rng.random((films, genres)) < FREQUENCY[:genres]
    actual[~actual.any(axis=1), 0] = True
    return actual


def make_tables(actual, tracks=13, tiles=20, skill=1.0, seed=1):
    """TAGGER_TILES and TAGGER_TRACKS of a model; a larger `skill` gives better predictions.

    actual: bool (films, genres). tracks: mean number per film. tiles: maximum per track.
    """
    rng = np.random.default_rng(seed)
    lengths = [rng.integers(1, tiles, rng.integers(tracks // 2 + 1, 2 * tracks)) for _ in actual]
    film = np.repeat(np.arange(len(actual)), [counts.sum() for counts in lengths])
    track = np.concatenate([np.repeat(np.arange(len(counts)), counts) for counts in lengths])
    start_s = TILE_S * np.concatenate(
        [np.arange(length) for counts in lengths for length in counts]
    )
    track_effect = rng.normal(0, 1, (sum(map(len, lengths)), actual.shape[1]))
    track_effect = np.repeat(track_effect, np.concatenate(lengths), axis=0)
    logits = (
        skill * (2 * actual[film] - 1) + track_effect + rng.normal(0, 0.6, track_effect.shape) - 0.5
    )
    return tables_of(film, track, start_s, 1 / (1 + np.exp(-logits)), actual)


def tables_of(film, track, start_s, probability, actual, genres=GENRES):
    """TAGGER_TILES and TAGGER_TRACKS of tiles in order of film, track and time.

    film, track: int (tiles,). probability: (tiles, genres). actual: bool (films, genres). A track
    has the mean of its tiles.
    """
    number = probability.shape[1]
    keys = pd.DataFrame({"film": film, "track": track})
    mean = pd.DataFrame(probability).groupby([film, track]).transform("mean").to_numpy()
    first = ~keys.duplicated().to_numpy()
    weight = 1 / keys.groupby(["film", "track"])["track"].transform("size").to_numpy()
    tiles = _rows(keys, probability, genres[:number]).assign(
        start_s=np.repeat(start_s, number), weight=np.repeat(weight, number)
    )
    order = np.argsort(-mean[first], axis=1, kind="stable")
    tracks = _rows(keys[first], mean[first], genres[:number]).assign(
        rank=(np.argsort(order, axis=1) + 1).ravel(),
        actual=actual[keys["film"][first]].ravel(),
        fold=np.repeat(keys["film"].to_numpy()[first] % 5, number),
    )
    return tiles, tracks


def _rows(keys, probability, genres):
    film, track = (np.repeat(keys[name].to_numpy(), len(genres)) for name in ("film", "track"))
    return pd.DataFrame(
        {
            "film_id": [f"film_{number:03d}" for number in film],
            "track_id": [f"{number:02d}_a_track_of_the_album" for number in track],
            "genre": np.tile(genres, len(keys)),
            "probability": probability.ravel().astype(float),
        }
    )
