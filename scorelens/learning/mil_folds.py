"""Fitted folds of the MIL networks: training, predictions of bags, weights of instances."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch

from scorelens.learning.class_weights import label_frequency
from scorelens.learning.fitted_fold import FittedFold
from scorelens.learning.grouped_folds import HeldOut
from scorelens.learning.mil_networks import instance_weights, predict_bags
from scorelens.learning.mil_training import fit_networks
from scorelens.learning.packed_bags import Bags
from scorelens.learning.scaling import standardise
from scorelens.learning.trainer import Parameters


def fit_folds(
    model: str,
    bags: Bags,
    labels: np.ndarray,
    folds: Sequence[HeldOut],
    settings: Mapping[str, float],
    seed: int,
    repeat: int = 0,
) -> Iterator[FittedFold]:
    """Train a network fold by fold, each without the bags that it holds out.

    Parameters
    ----------
    model : str
        A name of `mil_pooling.POOLINGS`.
    bags, labels, folds, settings, seed, repeat
        As `mil_training.fit_networks` takes them: packed bags, bool (n_bags, n_genres), the bags
        that each fold holds out, the settings of the network, the seed, the number of the run.

    Yields
    ------
    FittedFold
        Its arrays are `frequency`, the share of the training bags that carry each genre, the
        scaler `mean` and `inverse_std`, and the parameters.
    """
    trained = fit_networks(model, bags, labels, folds, settings, seed, repeat)
    for held_out, network in zip(folds, trained, strict=True):
        arrays = {"frequency": label_frequency(labels, held_out), **network.arrays}
        yield FittedFold(arrays, network.curve)


@torch.no_grad()
def predict(model: str, arrays: Mapping[str, np.ndarray], bags: Bags) -> np.ndarray:
    """Predict the genres of bags with one fold.

    Parameters
    ----------
    model : str
        A name of `mil_pooling.POOLINGS`.
    arrays : mapping
        Of the fold.
    bags : Bags
        In their own units, NaN where a feature is missing.

    Returns
    -------
    ndarray of float64, shape (n_bags, n_genres)
        Probabilities in 0..1. A genre that all training bags carry, or none, is predicted so.
    """
    members = bags.bag_of_instance[:, None] == np.arange(len(bags.sizes))
    probability = predict_bags(
        model,
        _parameters(arrays),
        torch.from_numpy(standardise(bags.instances, arrays))[None],
        torch.from_numpy(members.astype(np.float32))[None],
    )
    frequency = arrays["frequency"]
    varied = (frequency > 0) & (frequency < 1)
    return np.where(varied, probability[0].T.double().numpy(), frequency.astype(float))


@torch.no_grad()
def weigh_instances(model: str, arrays: Mapping[str, np.ndarray], bag: Bags) -> np.ndarray:
    """Compute the weight of each instance in the prediction of one bag.

    Parameters
    ----------
    model : str
        A name of `mil_pooling.POOLINGS`.
    arrays : mapping
        Of the fold.
    bag : Bags
        A single bag, as `predict` takes it.

    Returns
    -------
    ndarray of float64, shape (n_instances, n_genres)
        The weights of each genre sum to 1.
    """
    instances = torch.from_numpy(standardise(bag.instances, arrays))[None]
    weight = instance_weights(model, _parameters(arrays), instances, len(arrays["frequency"]))
    return weight[0].T.double().numpy()


def _parameters(arrays: Mapping[str, np.ndarray]) -> Parameters:
    """The arrays of one fold as a stack of one; the embedding layers ignore the others."""
    return {name: torch.from_numpy(value)[None] for name, value in arrays.items()}
