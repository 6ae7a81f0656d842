"""Train a model with some films left out, and ask it about those films or others."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch

from scorelens.genres import NETWORKS, THRESHOLD
from scorelens.genres.model import classifiers
from scorelens.genres.model.labels import HeldOut, training_frequency
from scorelens.learning.instances import Bags, standardise
from scorelens.learning.mil_networks import evaluate, weigh
from scorelens.learning.mil_trainer import fit_networks
from scorelens.learning.model_io import Fold
from scorelens.learning.stacked_layers import Parameters


class Learnt(NamedTuple):
    """A fold, and the curve of its losses if it is a network (`training.Trained`)."""

    fold: Fold
    curve: np.ndarray | None


def train_folds(
    model: str,
    bags: Bags,
    actual: np.ndarray,
    folds: Sequence[HeldOut],
    settings: Mapping[str, float],
    seed: int,
    threads: int,
    repeat: int = 0,
) -> Iterator[Learnt]:
    """Train a model fold by fold, each without the films that it holds out.

    model: a name of `scorelens.genres.MODELS`, no baseline. bags: one a film. actual: bool (films,
    genres). folds: the films that each holds out (`labels.deal_films`); what a fold learns depends
    neither on these nor on the folds beside it. repeat: number of a network's training run.
    """
    if model in NETWORKS:
        trained = fit_networks(model, bags, actual, folds, settings, seed, repeat)
        fitted = ((network.arrays, None, network.curve) for network in trained)
    else:
        found = classifiers.fit_classifiers(model, bags, actual, folds, settings, seed, threads)
        fitted = ((arrays, classifier, None) for arrays, classifier in found)
    for held_out, (arrays, classifier, curve) in zip(folds, fitted, strict=True):
        frequency = training_frequency(actual, held_out)
        yield Learnt(Fold({"frequency": frequency, **arrays}, classifier), curve)


def predict(model: str, fold: Fold, bags: Bags) -> tuple[np.ndarray, np.ndarray]:
    """What a fold says of new bags.

    bags: instances with the features of the model file, in their own units, NaN where missing.
    Returns the probability of each genre, float (bags, genres) in 0..1, and the decision, bool. A
    genre that all training films carry, or none, is predicted so.
    """
    frequency = fold.arrays["frequency"]
    varied = (frequency > 0) & (frequency < 1)
    probability = np.tile(frequency.astype(float), (len(bags.sizes), 1))
    if varied.any():
        probability[:, varied] = _varied_probability(model, fold, bags, varied)
    return probability, probability > THRESHOLD


@torch.no_grad()
def weigh_instances(model: str, fold: Fold, bag: Bags) -> np.ndarray:
    """How much each instance counts in what a fold says of one bag.

    bag: a single bag, as `predict` takes it. Returns float (instances, genres); each genre's
    weights sum to 1 (`heads.instance_weights`). For a classifier all instances count the same.
    """
    genres = len(fold.arrays["frequency"])
    if model not in NETWORKS:
        return np.full((len(bag.instances), genres), 1 / len(bag.instances))
    scaled = torch.from_numpy(standardise(bag.instances, fold.arrays))
    return weigh(model, _parameters(fold), scaled[None], genres)[0].T.double().numpy()


def _varied_probability(model: str, fold: Fold, bags: Bags, varied: np.ndarray) -> np.ndarray:
    if model in NETWORKS:
        scaled = standardise(bags.instances, fold.arrays)
        return _network_probability(model, fold, Bags(scaled, bags.starts))[:, varied]
    seen = classifiers.instances_seen(model, bags)
    scaled = standardise(seen.instances, fold.arrays)
    return classifiers.bag_probability(model, fold.classifier, Bags(scaled, seen.starts))


@torch.no_grad()
def _network_probability(model: str, fold: Fold, bags: Bags) -> np.ndarray:
    members = bags.bag_of_instance[:, None] == np.arange(len(bags.sizes))
    answer = evaluate(
        model,
        _parameters(fold),
        torch.from_numpy(bags.instances)[None],
        torch.from_numpy(members.astype(np.float32))[None],
    )
    return answer[0].T.double().numpy()


def _parameters(fold: Fold) -> Parameters:
    return {name: torch.from_numpy(value)[None] for name, value in fold.arrays.items()}
