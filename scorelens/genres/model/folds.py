"""Train a genre model with some films held out, and predict the genres of these films or others."""

from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType

import numpy as np

from scorelens.evaluation import THRESHOLD
from scorelens.genres.model import classifiers
from scorelens.genres.registry import MODEL_SPECS, NETWORKS
from scorelens.learning.fitted_fold import FittedFold
from scorelens.learning.grouped_folds import HeldOut
from scorelens.learning.packed_bags import Bags


def train_folds(
    model: str,
    bags: Bags,
    labels: np.ndarray,
    folds: Sequence[HeldOut],
    settings: Mapping[str, float],
    seed: int,
    threads: int,
    repeat: int = 0,
) -> Iterator[FittedFold]:
    """Train a model fold by fold, each without the films that it holds out.

    Parameters
    ----------
    model : str
        A name of `scorelens.genres.MODELS`, no baseline.
    bags : Bags
        One for each film.
    labels : ndarray of bool, shape (n_films, n_genres)
        Their labels.
    folds : sequence of int or ndarray of int
        The films that each fold holds out (`grouped_folds.make_folds`). A fold's result depends
        neither on these films nor on the other folds.
    settings : mapping
        The model's block of the configuration.
    seed : int
        Of everything random.
    threads : int
        Processes of a classifier.
    repeat : int
        Number of a network's training run.

    Yields
    ------
    FittedFold
        In the order of the folds.
    """
    if model in NETWORKS:
        return _networks(model).fit_folds(model, bags, labels, folds, settings, seed, repeat)
    return classifiers.fit_folds(model, bags, labels, folds, settings, seed, threads)


def predict_bags(
    model: str, arrays: Mapping[str, np.ndarray], bags: Bags
) -> tuple[np.ndarray, np.ndarray]:
    """Predict the genres of bags with one fold.

    Parameters
    ----------
    model : str
        A name of `scorelens.genres.MODELS`, no baseline.
    arrays : mapping
        Of the fold.
    bags : Bags
        Instances with the features of the model file, in their own units, NaN where missing.

    Returns
    -------
    probability : ndarray of float64, shape (n_bags, n_genres)
        In 0..1. A genre that all training films carry, or none, is predicted so.
    predicted : ndarray of bool, shape (n_bags, n_genres)
        Whether the probability is above THRESHOLD.
    """
    predict = (_networks(model) if model in NETWORKS else classifiers).predict
    probability = predict(model, arrays, bags)
    return probability, probability > THRESHOLD


def weigh_instances(model: str, arrays: Mapping[str, np.ndarray], bag: Bags) -> np.ndarray:
    """Compute the weight of each instance in the prediction of one bag.

    Parameters
    ----------
    model : str
        A name of `scorelens.genres.MODELS`, no baseline.
    arrays : mapping
        Of the fold.
    bag : Bags
        A single bag, as `predict_bags` takes it.

    Returns
    -------
    ndarray of float64, shape (n_instances, n_genres)
        The weights of each genre sum to 1. For a classifier all instances have the same weight.
    """
    if model in NETWORKS:
        return _networks(model).weigh_instances(model, arrays, bag)
    count = len(bag.instances)
    return np.full((count, len(arrays["frequency"])), 1 / count)


def _networks(model: str) -> ModuleType:
    """The module of the networks. It imports torch, which no classifier needs."""
    return MODEL_SPECS[model].load()
