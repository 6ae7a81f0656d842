"""The thesis's network of 1000, 100, 50 and 50 on principal components of the MFCCs.

Scaler and components are fitted on the training tiles of each split. Components are a linear map,
so that after training they are multiplied into the first dense layer: a fitted network takes tiles
as the other networks do, and `networks.predict` predicts with it.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from sklearn.decomposition import PCA

from scorelens.learning.cnn_batches import TrainingSet
from scorelens.learning.cnn_training import train_networks
from scorelens.learning.datasets import Dataset
from scorelens.learning.grouped_folds import Split
from scorelens.learning.model_io import prefix_arrays
from scorelens.tagger.model import ALL_GENRES, CURVE
from scorelens.tagger.models.frequency import frequency
from scorelens.tagger.models.networks import predict, training_sets
from scorelens.tagger.registry import MODEL_SPECS

REFIT, BALANCED_LOSS = False, False
VARIANCE = 0.99  # share of the variance that the components retain (the thesis)
FIRST = "dense.0"  # the layer that the components are multiplied into

Arrays = dict[str, np.ndarray]
__all__ = ["BALANCED_LOSS", "REFIT", "fit", "predict"]


def fit(
    name: str, dataset: Dataset, splits: Sequence[Split], settings: Mapping, seed: int
) -> list[Arrays]:
    """Fit components and network on the training tracks of each split.

    Parameters
    ----------
    name : str
        Of the model.
    dataset : Dataset
        Its instances are tiles, (n_instances, height, width).
    splits : sequence of Split
        Of the tracks; validation stops the training.
    settings : mapping
        `tiles_per_track` and `tiles_per_class` (0 for all), and `network`.
    seed : int
        Of everything random.

    Returns
    -------
    list of dict
        Arrays of each split, as those of `networks.fit`.
    """
    position = list(MODEL_SPECS).index(name)
    arrays = []
    for fold, split in enumerate(splits):
        [one] = training_sets(name, dataset, split, settings, (seed, position, fold)).values()
        fitted, curve = _fit_network(name, dataset, one, settings["network"])
        arrays.append(
            frequency(dataset, split.training)
            | prefix_arrays(ALL_GENRES, fitted)
            | {f"{CURVE}{ALL_GENRES}": curve}
        )
    return arrays


def fit_components(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fit the principal components that retain `VARIANCE` of the variance.

    Parameters
    ----------
    values : ndarray of float32, shape (n, n_features)
        Standardised.

    Returns
    -------
    mean : ndarray of float32, shape (n_features,)
    components : ndarray of float32, shape (n_components, n_features)
        Orthonormal rows; of the scores nothing is scaled.
    """
    solver = "covariance_eigh" if len(values) > values.shape[1] else "full"
    pca = PCA(n_components=VARIANCE, svd_solver=solver).fit(values)
    return pca.mean_, pca.components_


def _fit_network(
    name: str, dataset: Dataset, training_set: TrainingSet, settings: Mapping
) -> tuple[Arrays, np.ndarray]:
    """The parameters of a network that takes tiles, and its curve."""
    rows = np.union1d(training_set.rows, training_set.validation_rows)
    values = _standardised(dataset.instances[rows], training_set)
    mean, components = fit_components(values[np.isin(rows, training_set.rows)])
    scores = (values - mean) @ components.T
    count = scores.shape[1]
    of_scores = training_set._replace(
        rows=np.searchsorted(rows, training_set.rows),
        validation_rows=np.searchsorted(rows, training_set.validation_rows),
        mean=np.zeros(count, np.float32),
        inverse_std=np.ones(count, np.float32),
    )
    [trained] = train_networks(name, scores[:, :, None], [of_scores], len(dataset.genres), settings)
    weight = trained.arrays[f"{FIRST}.weight"] @ components
    merged = {
        f"{FIRST}.weight": weight,
        f"{FIRST}.bias": trained.arrays[f"{FIRST}.bias"] - weight @ mean,
        "mean": training_set.mean,
        "inverse_std": training_set.inverse_std,
    }
    return trained.arrays | merged, trained.curve


def _standardised(tiles: np.ndarray, training_set: TrainingSet) -> np.ndarray:
    scaled = (tiles - training_set.mean) * training_set.inverse_std
    return scaled.reshape(len(tiles), -1).astype(np.float32)
