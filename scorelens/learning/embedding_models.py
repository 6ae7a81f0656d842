"""Models on the embeddings of a pretrained network: a linear one, and attention over the tiles.

The network has heard hundreds of thousands of songs; what is left to learn is which of its
directions speak of which genre. That takes few films, where a network from scratch takes many.
"""

from collections.abc import Mapping

import numpy as np
import soxr
from scipy import special
from sklearn.linear_model import LogisticRegression

from scorelens.genres.model.folds import predict, train_folds, weigh_instances
from scorelens.learning.dataset import Material, tile_means
from scorelens.learning.instances import Bags, fit_scale, standardise
from scorelens.learning.model_io import Fold
from scorelens.media.cuts import whole_seconds
from scorelens.tagger import RATE_HZ

BAGS_AT_ONCE = 512
STRENGTH = 10.0  # of the ridge: the best power of ten on two demo corpora
CERTAIN = 5.0  # log-odds of what all films, or none, carry
ATTENTION = "single_attention"  # the genre stage's model of a bag, here of a track's tiles


def learn_linear(material: Material, tracks: np.ndarray) -> dict[str, np.ndarray]:
    """A logistic regression for each genre on the tracks' mean embeddings.

    Films count alike, however many tracks they have: the genres of a film are one observation.
    tracks: numbers of those that teach. Returns `mean`, `gain` (columns,), `weight` (columns,
    genres), `bias` (genres,), float32.
    """
    rows = material.tiles_of(tracks)
    starts = np.append(np.searchsorted(material.track[rows], tracks), len(rows))
    means = Bags(material.inputs[rows], starts).means().instances
    found = fit_scale(means)
    values = standardise(means, found)
    film = material.film[tracks]
    weights = 1 / np.bincount(film)[film]
    columns = [_regression(values, own, weights) for own in material.actual[tracks].T]
    weight, bias = zip(*columns, strict=True)
    return found | {"weight": np.stack(weight, 1), "bias": np.array(bias, np.float32)}


def ask_linear(arrays: Mapping[str, np.ndarray], inputs: np.ndarray) -> np.ndarray:
    """The probability of each genre in each tile: float32 (tiles, genres)."""
    odds = standardise(inputs, arrays) @ arrays["weight"] + arrays["bias"]
    return special.expit(odds).astype(np.float32)


def learn_attention(
    material: Material, tracks: np.ndarray, settings: Mapping, seed: int
) -> dict[str, np.ndarray]:
    """Single attention (Ma et al. 2021) over the tiles of a track.

    tracks: numbers of those that teach. settings: those of `genres.network`. Returns its arrays.
    """
    rows = material.tiles_of(tracks)
    starts = np.append(np.searchsorted(material.track[rows], tracks), len(rows))
    # The genre stage holds a bag out and takes its loss: here a tile, of which nothing hangs.
    bags = Bags(material.inputs[[*rows, rows[0]]], np.append(starts, len(rows) + 1))
    actual = material.actual[[*tracks, tracks[0]]]
    (own,) = train_folds(ATTENTION, bags, actual, [np.array([len(tracks)])], settings, seed, 1)
    return own.fold.arrays


def ask_attention(
    arrays: Mapping[str, np.ndarray], inputs: np.ndarray, track: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The probability of each genre in each tile, and the tile's weight in its track's.

    track: int64 (tiles,), ascending. Returns two float32 (tiles, genres).
    """
    fold = Fold(dict(arrays))
    said = [
        predict(ATTENTION, fold, Bags(some, np.arange(len(some) + 1)))[0]
        for some in np.split(inputs, range(BAGS_AT_ONCE, len(inputs), BAGS_AT_ONCE))
    ]
    ends = [*np.flatnonzero(np.diff(track)) + 1, len(track)]
    whole = Bags(inputs, np.array([0, *ends]))
    weights = [weigh_instances(ATTENTION, fold, whole.one(bag)) for bag in range(len(ends))]
    return np.concatenate(said).astype(np.float32), np.concatenate(weights).astype(np.float32)


def embed_tiles(samples: np.ndarray, starts_s: np.ndarray, encoder: object) -> np.ndarray:
    """The mean embedding of the tiles of a track: float32 (tiles, columns), NaN of silence.

    samples: float32 (n,) at RATE_HZ. starts_s: (tiles,). encoder: an `AudioEncoder`.
    """
    seconds = whole_seconds(0, len(samples) / RATE_HZ)
    sound = soxr.resample(samples, RATE_HZ, encoder.sample_rate_hz)
    return tile_means(encoder.encode_at([sound], seconds + 0.5), seconds, starts_s)


def _regression(values, actual, weights) -> tuple[np.ndarray, float]:
    if actual.all() or not actual.any():  # nothing to tell apart
        return np.zeros(values.shape[1], np.float32), CERTAIN if actual.all() else -CERTAIN
    model = LogisticRegression(C=1 / STRENGTH, max_iter=1000).fit(values, actual, weights)
    return model.coef_[0].astype(np.float32), float(model.intercept_[0])
