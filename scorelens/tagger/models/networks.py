"""The networks of the tagger that are trained from scratch, on MFCCs or log-mel bands."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from scorelens.learning import cnn
from scorelens.learning.cnn_batches import TrainingSet
from scorelens.learning.cnn_training import train_networks
from scorelens.learning.datasets import Dataset
from scorelens.learning.grouped_folds import Split
from scorelens.learning.instance_predictions import equal_weights
from scorelens.learning.model_io import group_arrays, prefix_arrays
from scorelens.learning.scaling import fit_band_scaler, fit_value_scaler
from scorelens.learning.training_sets import (
    Targets,
    class_targets,
    multi_label_targets,
    one_vs_rest_targets,
    sample_rows,
)
from scorelens.tagger.model import ALL_GENRES, CURVE
from scorelens.tagger.models.frequency import frequency
from scorelens.tagger.registry import MODEL_SPECS

REFIT, BALANCED_LOSS = False, False
ENSEMBLE, MULTI_LABEL = "cnn_ensemble", "mel_cnn"  # the others have one class an instance

Arrays = dict[str, np.ndarray]
MakeTargets = Callable[[np.ndarray, np.random.Generator], Targets]


def fit(
    name: str, dataset: Dataset, splits: Sequence[Split], settings: Mapping, seed: int
) -> list[Arrays]:
    """Train all networks of all splits side by side.

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
        Arrays of each split: `frequency`, and those of each network under its genre's number, or
        `all`; `curve.NETWORK` are its losses, float32 (n_epochs, 2), in training and validation.
    """
    position = list(MODEL_SPECS).index(name)
    chosen = [
        (fold, network, training_set)
        for fold, split in enumerate(splits)
        for network, training_set in training_sets(
            name, dataset, split, settings, (seed, position, fold)
        ).items()
    ]
    n_outputs = 1 if name == ENSEMBLE else len(dataset.genres)
    sets = [training_set for *_, training_set in chosen]
    trained = train_networks(name, dataset.instances, sets, n_outputs, settings["network"])
    arrays = [frequency(dataset, split.training) for split in splits]
    for (fold, network, _), one in zip(chosen, trained, strict=True):
        arrays[fold] |= prefix_arrays(network, one.arrays) | {f"{CURVE}{network}": one.curve}
    return arrays


def predict(
    name: str, arrays: Mapping[str, np.ndarray], instances: np.ndarray, bag: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Predict the genres of each instance.

    Parameters
    ----------
    name : str
        Of the model.
    arrays : mapping
        Of `fit`.
    instances : ndarray of float16 or float32, shape (n_instances, height, width)
        Tiles.
    bag : ndarray of int64, shape (n_instances,)
        Number of the bag of each instance.

    Returns
    -------
    probability, weight : ndarray of float32, shape (n_instances, n_genres)
        A genre of the ensemble that has no network has its frequency in training, which is 0 or 1.
        The weights of a bag are equal and sum to 1.
    """
    networks = group_arrays(arrays)
    predicted = cnn.predict(name, list(networks.values()), instances) if networks else None
    if ALL_GENRES in networks:
        probability = predicted[0]
    else:
        probability = np.tile(arrays["frequency"], (len(instances), 1))
        if networks:
            probability[:, [int(number) for number in networks]] = predicted[:, :, 0].T
    return probability, equal_weights(bag, probability.shape[1])


def training_sets(
    name: str, dataset: Dataset, split: Split, settings: Mapping, seed: tuple[int, ...]
) -> dict[str, TrainingSet]:
    """Make the training sets of a model in one split.

    Parameters
    ----------
    name : str
        Of the model.
    dataset : Dataset
        Its instances are tiles.
    split : Split
        Of the tracks.
    settings : mapping
        `tiles_per_track` and `tiles_per_class`, 0 for all.
    seed : tuple of int
        Of the model and the split.

    Returns
    -------
    dict
        Number of the genre, or `all` -> TrainingSet. A genre that all training tracks carry, or
        none, has no network in the ensemble. The scaler is that of the training tiles: of each of
        the 4,000 values, as in the thesis, or of each mel band.
    """
    random = np.random.default_rng(seed)
    rows = [
        sample_rows(dataset, bags, settings["tiles_per_track"], random)
        for bags in (split.training, split.validation)
    ]
    fit_scaler = fit_band_scaler if name == MULTI_LABEL else fit_value_scaler
    scaler = fit_scaler(dataset.instances[rows[0]])
    max_tiles, labels = settings["tiles_per_class"], dataset.labels[dataset.bag]

    def training_set(number: int, make_targets: MakeTargets) -> TrainingSet:
        generator = np.random.default_rng([*seed, number])
        targets = [part for used in rows for part in make_targets(used, generator)]
        return TrainingSet(*targets, *scaler, (*seed, number))

    if name == ENSEMBLE:
        share = dataset.labels[split.training].mean(axis=0)
        return {
            str(genre): training_set(
                genre + 1,
                lambda used, generator, genre=genre: one_vs_rest_targets(
                    used, labels[used, genre], max_tiles, generator
                ),
            )
            for genre in np.flatnonzero((share > 0) & (share < 1)).tolist()
        }
    if name == MULTI_LABEL:
        return {
            ALL_GENRES: training_set(0, lambda used, _: multi_label_targets(used, labels[used]))
        }
    return {
        ALL_GENRES: training_set(
            0, lambda used, generator: class_targets(used, labels[used], max_tiles, generator)
        )
    }
