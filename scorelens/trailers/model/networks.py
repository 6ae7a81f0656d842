"""CNNs on trailers: on frames or log-mel windows, or on feature maps of a pretrained network.

The source trains a classifier on what VGG16 (Simonyan and Zisserman 2015) makes of each
frame, and does not give its layers. Here it takes the maps before they are averaged, so that it
counts where something is in the picture: `cnn_architectures` has its layers.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from scorelens.learning import cnn
from scorelens.learning.class_weights import group_weights
from scorelens.learning.cnn_architectures import ARCHITECTURES
from scorelens.learning.cnn_batches import TrainingSet
from scorelens.learning.cnn_training import train_networks
from scorelens.learning.datasets import Dataset
from scorelens.learning.instance_predictions import equal_weights
from scorelens.learning.scaling import fit_band_scaler
from scorelens.learning.training_sets import Targets, multi_label_targets
from scorelens.trailers.registry import MODEL_SPECS

BALANCED_LOSS = False
ARCHITECTURE = {"frame_cnn": "frame_cnn", "window_cnn": "mel_cnn", "frame_map_cnn": "map_cnn"}

Arrays = dict[str, np.ndarray]
Subset = tuple[np.ndarray, np.ndarray]


def fit(
    name: str, dataset: Dataset, subsets: Sequence[Subset], settings: Mapping, seed: int
) -> list[Arrays]:
    """Train the networks of all subsets side by side.

    Parameters
    ----------
    name : str
        Of the model.
    dataset : Dataset
        Its instances are small frames, windows or feature maps, (n_instances, height, width).
    subsets : sequence of (ndarray, ndarray)
        Numbers of training and validation trailers; the latter stop the training.
    settings : mapping
        `network`: the block of the networks.
    seed : int
        Of everything random.

    Returns
    -------
    list of dict
        Arrays of each subset.
    """
    position = list(MODEL_SPECS).index(name)
    sets = [
        training_set(name, dataset, *subset, (seed, position, number))
        for number, subset in enumerate(subsets)
    ]
    n_outputs = len(dataset.genres)
    trained = train_networks(
        ARCHITECTURE[name], dataset.instances, sets, n_outputs, settings["network"]
    )
    return [network.arrays for network in trained]


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
        Small frames, windows or feature maps.
    bag : ndarray of int64, shape (n_instances,)
        Number of the trailer of each instance.

    Returns
    -------
    probability, weight : ndarray of float32, shape (n_instances, n_genres)
        The weights of a trailer are equal and sum to 1.
    """
    probability = cnn.predict(ARCHITECTURE[name], [arrays], instances)[0]
    return probability, equal_weights(bag, probability.shape[1])


def training_set(
    name: str,
    dataset: Dataset,
    training: np.ndarray,
    validation: np.ndarray,
    seed: tuple[int, ...],
) -> TrainingSet:
    """Make the training set of one network; the instances of a title have the total weight 1.

    Parameters
    ----------
    name : str
        Of the model.
    dataset : Dataset
        Its instances are small frames, windows or feature maps.
    training, validation : ndarray of int64
        Numbers of the trailers.
    seed : tuple of int
        Of this network alone.

    Returns
    -------
    TrainingSet
        Its scaler has one scale for each mel band, or for each plane, such as a colour: a row of
        pixels has none of its own, for it may be the bar of a letterbox in all training frames.
    """
    rows = dataset.rows_of(training)
    targets = *_targets(dataset, rows), *_targets(dataset, dataset.rows_of(validation))
    instances, planes = dataset.instances[rows], ARCHITECTURES[ARCHITECTURE[name]].planes
    if planes == 1:
        return TrainingSet(*targets, *fit_band_scaler(instances), seed)
    height = instances.shape[1] // planes
    scaler = fit_band_scaler(instances.reshape(len(instances), planes, -1))
    return TrainingSet(*targets, *(np.repeat(part, height) for part in scaler), seed)


def _targets(dataset: Dataset, rows: np.ndarray) -> Targets:
    bag = dataset.bag[rows]
    weights = group_weights(dataset.group[bag]).astype(np.float32)
    return multi_label_targets(rows, dataset.labels[bag])._replace(weights=weights)
